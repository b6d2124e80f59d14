/**
 * The servers of `bench:manyzones`, each with the same small zones in one folder, unsigned but for Keyturn where it is
 * told to sign: Keyturn, NSD, Knot and BIND, as Debian packs them, on a port of 127.0.0.1.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** Where a server finds the zones and may write. */
export interface Fleet {
  /** A file `<origin>zone` for each zone. */
  readonly zones: string;
  /** With a final dot. */
  readonly origins: readonly string[];
  /** Empty; the server's own. */
  readonly folder: string;
  readonly port: number;
}

export type Command = readonly [program: string, ...args: string[]];

/** Eight records. */
export function zoneText(i: number): string {
  return `$TTL 3600
@ SOA ns hostmaster 1 7200 900 1209600 300
@ NS ns
@ MX 10 mail
@ TXT "v=spf1 mx -all"
ns A 192.0.2.1
mail A 192.0.2.2
www A 10.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}
www AAAA 2001:db8::${(i >> 16).toString(16)}:${(i & 0xffff).toString(16)}
`;
}

/** `keys` outlives the server: another start finds them. */
export function keyturn({ zones, port }: Fleet, keys: string, flags: readonly string[]): Command {
  const options = ['--zones', zones, '--keys', keys, '--listen', `127.0.0.1:${port}`];
  const fixed = ['--udp', 'batched', '--workers', '1', '--log-level', 'warn'];
  return [process.execPath, resolve('dist/cli.js'), 'serve', ...options, ...fixed, ...flags];
}

export function nsd({ zones, origins, folder, port }: Fleet): Command {
  const rows = [
    'server:',
    `  ip-address: 127.0.0.1@${port}`,
    '  server-count: 1',
    '  username: ""',
    '  pidfile: ""',
    `  zonesdir: "${folder}"`,
    `  xfrdfile: "${folder}/xfrd.state"`,
    `  zonelistfile: "${folder}/zone.list"`,
    `  xfrdir: "${folder}"`,
    '  rrl-ratelimit: 0',
    '  rrl-whitelist-ratelimit: 0',
    'remote-control:',
    '  control-enable: no',
    ...origins.map((origin) => `zone:\n  name: "${origin}"\n  zonefile: "${join(zones, `${origin}zone`)}"`),
  ];
  return ['nsd', '-d', '-c', written(folder, 'nsd.conf', rows)];
}

export function knot({ zones, origins, folder, port }: Fleet): Command {
  for (const path of ['journal', 'timers', 'keys']) mkdirSync(join(folder, path), { mode: 0o700 });
  const rows = [
    'server:',
    `    listen: 127.0.0.1@${port}`,
    `    rundir: "${folder}"`,
    '    udp-workers: 1',
    '    tcp-workers: 1',
    '    background-workers: 1',
    'log:',
    '  - target: stderr',
    '    any: error',
    'database:',
    `    storage: "${folder}"`,
    '    journal-db-max-size: 64M',
    '    timer-db-max-size: 256M',
    'template:',
    '  - id: default',
    `    storage: "${zones}"`,
    '    file: "%s.zone"',
    '    zonefile-sync: -1',
    '    zonefile-load: whole',
    '    journal-content: none',
    'zone:',
    ...origins.map((origin) => `  - domain: ${origin}\n    file: "${origin}zone"`),
  ];
  return ['knotd', '-c', written(folder, 'knot.conf', rows)];
}

export function named({ zones, origins, folder, port }: Fleet): Command {
  const rows = [
    'options {',
    `  directory "${folder}";`,
    `  listen-on port ${port} { 127.0.0.1; };`,
    '  listen-on-v6 { none; };',
    '  recursion no;',
    '  notify no;',
    '  pid-file none;',
    '  session-keyfile none;',
    '};',
    'controls { };',
    ...origins.map((origin) => `zone "${origin}" { type primary; file "${join(zones, `${origin}zone`)}"; };`),
  ];
  return ['named', '-f', '-n', '1', '-c', written(folder, 'named.conf', rows)];
}

function written(folder: string, name: string, rows: readonly string[]): string {
  const file = join(folder, name);
  writeFileSync(file, `${rows.join('\n')}\n`);
  return file;
}
