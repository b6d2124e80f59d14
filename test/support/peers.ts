/**
 * Programs of others that judge us, or that we complete for. `.ci/run` installs them; there (CI=true) a missing one
 * fails the run. Elsewhere the tests that need it are skipped, and one line says which, why, and how to install it.
 */
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'vitest';

/** Program → Debian package. `.ci/run` installs the packages of this table (it reads this file). */
export const PEERS = {
  named: 'bind9',
  'named-checkzone': 'bind9-utils',
  'named-compilezone': 'bind9-utils',
  'dnssec-keygen': 'bind9-utils',
  'dnssec-settime': 'bind9-utils',
  'dnssec-signzone': 'bind9-utils',
  'dnssec-verify': 'bind9-utils',
  'dnssec-dsfromkey': 'bind9-utils',
  'dnssec-cds': 'bind9-utils',
  dig: 'bind9-dnsutils',
  nsupdate: 'bind9-dnsutils',
  delv: 'bind9-dnsutils',
  unbound: 'unbound',
  'ldns-verify-zone': 'ldnsutils',
  'ldns-read-zone': 'ldnsutils',
  'ldns-keygen': 'ldnsutils',
  'ldns-signzone': 'ldnsutils',
  knotd: 'knot',
  knotc: 'knot',
  keymgr: 'knot',
  kdig: 'knot-dnsutils',
  openssl: 'openssl',
  python3: 'python3',
  jq: 'jq',
  curl: 'curl',
  shellcheck: 'shellcheck',
  nsd: 'nsd',
  'nsd-checkzone': 'nsd',
  dnsperf: 'dnsperf',
  zsh: 'zsh',
  fish: 'fish',
  man: 'man-db',
  mandoc: 'mandoc',
  dnsviz: 'dnsviz',
  'zonemaster-cli': 'zonemaster-cli',
  ip: 'iproute2',
  nsenter: 'util-linux',
  unshare: 'util-linux',
} as const;

export type Peer = keyof typeof PEERS;

const FOLDERS = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/usr/local/sbin', '/sbin'].filter(
  Boolean,
);

/** True in CI, where nothing may be skipped. */
export const IS_CI: boolean = process.env.CI === 'true';

/** Full path of a program, or undefined. */
export function findPeer(peer: Peer): string | undefined {
  return FOLDERS.map((folder) => join(folder, peer)).find(isExecutable);
}

/** Full path of a program that must be there (inside of `describeWithPeers` it is). */
export function getPeer(peer: Peer): string {
  const path = findPeer(peer);
  if (path === undefined) throw new Error(`${peer} is not installed: apt-get install ${PEERS[peer]}`);
  return path;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false; // not there, or not for us: both mean that we cannot run it
  }
}

/** A `describe` that needs programs of others; without them it is skipped and says so, in CI it fails. */
export function describeWithPeers(peers: readonly Peer[], title: string, body: () => void): void {
  const missing = peers.filter((peer) => findPeer(peer) === undefined);
  if (missing.length === 0) {
    describe(title, body);
    return;
  }
  const packages = [...new Set(missing.map((peer) => PEERS[peer]))].join(' ');
  const reason = `needs ${missing.join(', ')}: apt-get install ${packages}`;
  if (IS_CI) {
    describe(title, () => {
      it('has its peers', () => {
        throw new Error(reason);
      });
    });
    return;
  }
  process.stderr.write(`skipped: ${title}: ${reason}\n`);
  describe.skip(`${title} (${reason})`, body);
}
