/**
 * How each server of `bench:peers` is set up: the same zone, a port of 127.0.0.1, one thread that answers. Keyturn with
 * batched UDP; Knot, PowerDNS and BIND sign themselves, with one key of ECDSAP256SHA256 as Keyturn has it; NSD has the
 * plain zone.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { runOk } from '../test/support/processes.ts';

export interface Setup {
  /** Empty, for this server alone. */
  readonly folder: string;
  readonly port: number;
  readonly origin: string;
  /** The zone as a master file. */
  readonly text: string;
}

export type Command = readonly [program: string, ...args: string[]];

/** Makes the server's files and keys; the command starts it in the foreground. */
type Prepare = (setup: Setup) => Command | Promise<Command>;

export const SETUPS = {
  keyturn: (setup) => keyturn(setup, []),
  'keyturn nsec3': (setup) => keyturn(setup, ['--denial', 'nsec3']),
  'keyturn compact': (setup) => keyturn(setup, ['--denial', 'compact'], UNBUDGETED),
  'keyturn compact budgeted': (setup) => keyturn(setup, ['--denial', 'compact']),
  'keyturn two workers': (setup) => keyturn(setup, ['--workers', '2']),
  'keyturn unsigned': (setup) => keyturn(setup, ['--unsigned']),
  knot: (setup) => knot(setup, 'nsec'),
  'knot two workers': (setup) => knot(setup, 'nsec', 2),
  'knot nsec3': (setup) => knot(setup, 'nsec3'),
  'knot onlinesign': (setup) => knot(setup, 'online'),
  'knot unsigned': (setup) => knot(setup, undefined),
  'nsd unsigned': nsd,
  pdns: (setup) => powerdns(setup, 'nsec'),
  'pdns nsec3': (setup) => powerdns(setup, 'nsec3'),
  named: (setup) => named(setup, 'nsec'),
  'named nsec3': (setup) => named(setup, 'nsec3'),
} as const satisfies Record<string, Prepare>;

export type ServerName = keyof typeof SETUPS;

/** Signs without bound and keeps nothing of it: a signature an answer, as Knot's module has it. */
const UNBUDGETED = ['synthesis: { signatures: 0, cacheOctets: 0 }'];
/** More than the bench opens, for all come from one address. */
const CONNECTIONS = ['tcp: { connectionsPerAddress: 1000 }'];

/** A configuration file of lines; returns its path. */
function configure(folder: string, file: string, lines: readonly string[]): string {
  const path = join(folder, file);
  writeFileSync(path, `${lines.join('\n')}\n`);
  return path;
}

function keyturn(
  { folder, port, origin, text }: Setup,
  flags: readonly string[],
  lines: readonly string[] = [],
): Command {
  const [zones, keys] = [join(folder, 'zones'), join(folder, 'keys')];
  for (const path of [zones, keys]) mkdirSync(path, { mode: 0o700 });
  writeFileSync(join(zones, `${origin}zone`), text);
  const config = configure(folder, 'keyturn.yaml', [...CONNECTIONS, ...lines]);
  const options = ['--config', config, '--zones', zones, '--keys', keys, '--listen', `127.0.0.1:${port}`];
  const fixed = ['--udp', 'batched', '--workers', '1', '--log-level', 'warn'];
  return [process.execPath, resolve('dist/cli.js'), 'serve', ...options, ...fixed, ...flags];
}

function knot(
  { folder, port, origin, text }: Setup,
  signs: 'nsec' | 'nsec3' | 'online' | undefined,
  workers = 1,
): Command {
  const isSigned = signs === 'nsec' || signs === 'nsec3';
  const isOnline = signs === 'online';
  // Without them it starts, and serves the zone unsigned.
  for (const path of ['keys', 'keys/keys', 'journal', 'timers'])
    mkdirSync(join(folder, path), { mode: 0o700 });
  writeFileSync(join(folder, 'zone'), text);
  const config = configure(folder, 'knot.conf', [
    'server:',
    `    listen: 127.0.0.1@${port}`,
    `    rundir: "${folder}"`,
    `    udp-workers: ${workers}`,
    '    tcp-workers: 1',
    '    background-workers: 1',
    'log:',
    '  - target: stderr',
    '    any: warning',
    'database:',
    `    storage: "${folder}"`,
    '    journal-db-max-size: 64M',
    '    kasp-db-max-size: 16M',
    '    timer-db-max-size: 16M',
    'policy:',
    '  - id: single',
    '    single-type-signing: on',
    '    algorithm: ecdsap256sha256',
    `    nsec3: ${signs === 'nsec3' ? 'on' : 'off'}`,
    '    nsec3-iterations: 0',
    '    nsec3-salt-length: 0',
    ...(isOnline ? ['mod-onlinesign:', '  - id: online', '    policy: single'] : []),
    'zone:',
    `  - domain: ${origin}`,
    `    file: "${join(folder, 'zone')}"`,
    '    zonefile-sync: -1',
    '    zonefile-load: whole',
    '    journal-content: none',
    ...(isOnline ? ['    module: mod-onlinesign/online'] : []),
    ...(isSigned ? ['    dnssec-signing: on', '    dnssec-policy: single'] : []),
  ]);
  return ['knotd', '-c', config];
}

function nsd({ folder, port, origin, text }: Setup): Command {
  writeFileSync(join(folder, 'zone'), text);
  const config = configure(folder, 'nsd.conf', [
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
    'zone:',
    `  name: "${origin}"`,
    `  zonefile: "${join(folder, 'zone')}"`,
  ]);
  return ['nsd', '-d', '-c', config];
}

/** The BIND backend with a database for DNSSEC: it signs as it answers, and keeps what it signed and what it sent. */
async function powerdns({ folder, port, origin, text }: Setup, denial: 'nsec' | 'nsec3'): Promise<Command> {
  const zone = origin.replace(/\.$/, '');
  const database = join(folder, 'dnssec.db');
  writeFileSync(join(folder, 'zone'), text);
  const zones = configure(folder, 'named.conf', [
    `zone "${zone}" { type master; file "${join(folder, 'zone')}"; };`,
  ]);
  configure(folder, 'pdns.conf', [
    'launch=bind',
    `bind-config=${zones}`,
    `bind-dnssec-db=${database}`,
    'local-address=127.0.0.1',
    `local-port=${port}`,
    `socket-dir=${folder}`,
    'daemon=no',
    'guardian=no',
    'setuid=',
    'setgid=',
    'receiver-threads=1',
    'distributor-threads=1',
    'signing-threads=1',
    'security-poll-suffix=',
    'loglevel=3',
    // Default are 20 and 60 s, less than a round of all servers: its warm answers shall be warm.
    'cache-ttl=3600',
    'query-cache-ttl=3600',
    'negquery-cache-ttl=3600',
  ]);
  const place = `--config-dir=${folder}`;
  await runOk('pdnsutil', [place, 'create-bind-db', database]);
  await runOk('pdnsutil', [place, 'secure-zone', zone]);
  if (denial === 'nsec3') await runOk('pdnsutil', [place, 'set-nsec3', zone, '1 0 0 -']);
  return ['pdns_server', place];
}

function named({ folder, port, origin, text }: Setup, denial: 'nsec' | 'nsec3'): Command {
  writeFileSync(join(folder, 'zone'), text);
  const nsec3 = denial === 'nsec3' ? 'nsec3param iterations 0 optout no salt-length 0;' : '';
  const config = configure(folder, 'named.conf', [
    'options {',
    `  directory "${folder}";`,
    `  listen-on port ${port} { 127.0.0.1; };`,
    '  listen-on-v6 { none; };',
    '  pid-file none;',
    `  session-keyfile "${join(folder, 'session.key')}";`,
    '  recursion no;',
    '  dnssec-validation no;',
    '  notify no;',
    '  allow-transfer { none; };',
    // The others leave the name servers out of positive answers.
    '  minimal-responses yes;',
    // By default it signs some records at a time, and is not done after a minute.
    '  sig-signing-nodes 1000;',
    '  sig-signing-signatures 1000;',
    '};',
    'controls { };',
    'logging { category default { null; }; };',
    `dnssec-policy single { keys { csk lifetime unlimited algorithm ecdsap256sha256; }; ${nsec3} };`,
    `zone "${origin}" { type primary; file "zone"; inline-signing yes; dnssec-policy single; };`,
  ]);
  return ['named', '-g', '-n', '1', '-c', config];
}
