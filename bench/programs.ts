/** Programs of others that a bench runs: named at once if they are missing, with the line that installs them. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Program → Debian packages. */
const PACKAGES = {
  taskset: 'util-linux',
  dig: 'bind9-dnsutils',
  dnsperf: 'dnsperf',
  knotd: 'knot',
  kzonecheck: 'knot-dnssecutils',
  nsd: 'nsd',
  'nsd-checkzone': 'nsd',
  named: 'bind9',
  'named-checkzone': 'bind9-utils',
  pdns_server: 'pdns-server pdns-backend-bind',
  pdnsutil: 'pdns-server',
} as const;

export type Program = keyof typeof PACKAGES;

const FOLDERS = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/usr/local/sbin', '/sbin'].filter(
  Boolean,
);

/** Throws if one of them is not installed. */
export function needPrograms(programs: readonly Program[]): void {
  const missing = programs.filter((program) => !FOLDERS.some((folder) => existsSync(join(folder, program))));
  if (missing.length === 0) return;
  const packages = [...new Set(missing.flatMap((program) => PACKAGES[program].split(' ')))];
  throw new Error(
    `not installed: ${missing.join(', ')}; apt-get install ${packages.join(' ')} (with a /usr/sbin/policy-rc.d ` +
      'that says "exit 101", so that Debian starts none of them)',
  );
}
