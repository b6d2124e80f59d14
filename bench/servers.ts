/**
 * The servers of `bench:peers`, each with the same zone on a port of 127.0.0.1 and on one core: Keyturn (batched UDP,
 * one worker) signed with NSEC, NSEC3 and compact denial and unsigned, Knot with zones that it signed itself so, with one
 * that its module signs online, and with the plain one, NSD with the plain one.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { freePort, run, ServerProcess, type Workplace, waitUntil } from '../test/support/processes.ts';

export type ServerName =
  | 'keyturn'
  | 'keyturn nsec3'
  | 'keyturn compact'
  | 'keyturn unsigned'
  | 'knot'
  | 'knot nsec3'
  | 'knot onlinesign'
  | 'knot unsigned'
  | 'nsd unsigned';

export interface BenchServer {
  readonly name: ServerName;
  readonly port: number;
  readonly process: ServerProcess;
}

interface Setup {
  readonly folder: string;
  readonly port: number;
  readonly origin: string;
  readonly text: string;
}

type Command = readonly [program: string, ...args: string[]];

const SETUPS: Readonly<Record<ServerName, (setup: Setup) => Command>> = {
  keyturn: (setup) => keyturn(setup, []),
  'keyturn nsec3': (setup) => keyturn(setup, ['--denial', 'nsec3']),
  'keyturn compact': (setup) => keyturn(setup, ['--config', unbudgeted(setup), '--denial', 'compact']),
  'keyturn unsigned': (setup) => keyturn(setup, ['--unsigned']),
  knot: (setup) => knot(setup, 'nsec'),
  'knot nsec3': (setup) => knot(setup, 'nsec3'),
  'knot onlinesign': (setup) => knot(setup, 'online'),
  'knot unsigned': (setup) => knot(setup, undefined),
  'nsd unsigned': nsd,
};

/** Starts a server pinned to `core`; resolves when it answers for the zone. */
export async function startServer(
  name: ServerName,
  zone: { readonly origin: string; readonly text: string },
  workplace: Workplace,
  core: number,
): Promise<BenchServer> {
  const port = await freePort();
  const folder = workplace.at(name.replace(' ', '-'));
  mkdirSync(folder, { mode: 0o700 });
  const command = SETUPS[name]({ folder, port, ...zone });
  const process = new ServerProcess('taskset', ['-c', `${core}`, ...command]);
  await waitUntil(
    async () => (await ask(port, zone.origin, 'SOA')).includes('status: NOERROR'),
    `${name} answers`,
    60_000,
    process,
  );
  return { name, port, process };
}

/** What dig prints for a question to 127.0.0.1; with `dnssecOk` it asks for signatures. */
export async function ask(port: number, name: string, type: string, dnssecOk = false): Promise<string> {
  const args = ['-r', '+norecurse', '+tries=1', '+time=2', '@127.0.0.1', '-p', `${port}`, name, type];
  return (await run('dig', dnssecOk ? [...args, '+dnssec'] : args, 10_000)).stdout;
}

function keyturn({ folder, port, origin, text }: Setup, flags: readonly string[]): Command {
  const [zones, keys] = [join(folder, 'zones'), join(folder, 'keys')];
  for (const path of [zones, keys]) mkdirSync(path, { mode: 0o700 });
  writeFileSync(join(zones, `${origin}zone`), text);
  const options = ['--zones', zones, '--keys', keys, '--listen', `127.0.0.1:${port}`];
  const fixed = ['--udp', 'batched', '--workers', '1', '--log-level', 'warn'];
  return [process.execPath, resolve('dist/cli.js'), 'serve', ...options, ...fixed, ...flags];
}

/** A configuration that signs without bound and keeps nothing of it: a signature an answer, as Knot's module has it. */
function unbudgeted({ folder }: Setup): string {
  const file = join(folder, 'keyturn.yaml');
  writeFileSync(file, 'synthesis: { signatures: 0, cacheOctets: 0 }\n');
  return file;
}

function knot(
  { folder, port, origin, text }: Setup,
  signs: 'nsec' | 'nsec3' | 'online' | undefined,
): Command {
  const rows = [
    'server:',
    `    listen: 127.0.0.1@${port}`,
    `    rundir: "${folder}"`,
    '    udp-workers: 1',
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
    ...(signs === 'online' ? ['mod-onlinesign:', '  - id: online', '    policy: single'] : []),
    'zone:',
    `  - domain: ${origin}`,
    `    file: "${join(folder, 'zone')}"`,
    '    zonefile-sync: -1',
    '    zonefile-load: whole',
    '    journal-content: none',
    ...(signs === 'online' ? ['    module: mod-onlinesign/online'] : []),
    ...(signs === 'nsec' || signs === 'nsec3' ? ['    dnssec-signing: on', '    dnssec-policy: single'] : []),
  ];
  for (const path of ['keys', 'keys/keys', 'journal', 'timers'])
    mkdirSync(join(folder, path), { mode: 0o700 });
  writeFileSync(join(folder, 'zone'), text);
  writeFileSync(join(folder, 'knot.conf'), `${rows.join('\n')}\n`);
  return ['knotd', '-c', join(folder, 'knot.conf')];
}

function nsd({ folder, port, origin, text }: Setup): Command {
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
    'zone:',
    `  name: "${origin}"`,
    `  zonefile: "${join(folder, 'zone')}"`,
  ];
  writeFileSync(join(folder, 'zone'), text);
  writeFileSync(join(folder, 'nsd.conf'), `${rows.join('\n')}\n`);
  return ['nsd', '-d', '-c', join(folder, 'nsd.conf')];
}
