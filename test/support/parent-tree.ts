/**
 * A small Internet: a root, a TLD and what is below, on loopback addresses with one port, an `nsd` on each of them. Zones
 * are signed by `dnssec-signzone`, so that nothing of it is ours.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { nameOf } from '../../src/wire/name.ts';
import { getPeer } from './peers.ts';
import { freePort, run, runOk, ServerProcess, type Workplace, waitUntil } from './processes.ts';

/** A zone of the tree. */
export interface TreeZone {
  /** With a final dot. */
  readonly origin: string;
  /** Records but SOA and its own NS, one a line; `{dsset ORIGIN}` becomes the DS records of a zone made before. */
  readonly records: readonly string[];
  /** Where it is served; its NS are `ns1.ORIGIN`, `ns2.ORIGIN`, … at these, unless `hosts` names others. */
  readonly addresses: readonly string[];
  readonly hosts?: readonly string[];
  /** Undefined: unsigned. */
  readonly signing?: { readonly algorithm: string; readonly nsec3: 'none' | 'chain' | 'opt-out' };
}

interface MadeZone extends TreeZone {
  readonly file: string;
  /** DS records, whole lines. */
  readonly ds: readonly string[];
}

export class ParentTree {
  readonly port: number;
  readonly #zones: ReadonlyMap<string, MadeZone>;
  readonly #servers: readonly ServerProcess[];

  private constructor(port: number, zones: ReadonlyMap<string, MadeZone>, servers: readonly ServerProcess[]) {
    this.port = port;
    this.#zones = zones;
    this.#servers = servers;
  }

  /** Children come first, so that their parents can have their DS. */
  static async start(zones: readonly TreeZone[], workplace: Workplace): Promise<ParentTree> {
    const made = new Map<string, MadeZone>();
    for (const zone of zones) made.set(zone.origin, await makeZone(zone, made, workplace));
    const port = await freePort();
    const addresses = [...new Set(zones.flatMap((zone) => zone.addresses))];
    const servers = addresses.map((address) => startServer(address, port, [...made.values()], workplace));
    await Promise.all(
      addresses.map((address, i) =>
        isUp(address, port, zones.find((zone) => zone.addresses.includes(address))!.origin, servers[i]!),
      ),
    );
    return new ParentTree(port, made, servers);
  }

  /** DS RDATA in presentation form of a zone that is signed. */
  dsOf(origin: string): string[] {
    return this.#zones.get(origin)!.ds.map((line) => line.replace(/^.*\sDS\s+/, ''));
  }

  async stop(): Promise<void> {
    await Promise.all(this.#servers.map((server) => server.stop()));
  }
}

async function makeZone(
  zone: TreeZone,
  made: ReadonlyMap<string, MadeZone>,
  workplace: Workplace,
): Promise<MadeZone> {
  const { origin, addresses, hosts } = zone;
  const folder = workplace.at(`zone-${made.size}`);
  mkdirSync(folder);
  const names = hosts ?? addresses.map((_, i) => `ns${i + 1}.${origin === '.' ? '' : origin}`);
  const glue = hosts === undefined ? addresses.map((address, i) => `${names[i]} IN A ${address}`) : [];
  const records = zone.records.flatMap((line) => {
    const of = /^\{dsset (.+)\}$/.exec(line)?.[1];
    return of === undefined ? [line] : made.get(of)!.ds;
  });
  const rows = [
    '$TTL 60',
    `${origin} IN SOA ${names[0]} hostmaster.${origin === '.' ? 'root.' : origin} 1 3600 600 86400 30`,
    ...names.map((name) => `${origin} IN NS ${name}`),
    ...glue,
    ...records,
  ];
  const file = `${folder}/zone`;
  writeFileSync(file, `${rows.join('\n')}\n`);
  if (zone.signing === undefined) return { ...zone, file, ds: [] };
  return { ...zone, ...(await sign(origin, file, folder, zone.signing)) };
}

async function sign(
  origin: string,
  file: string,
  folder: string,
  { algorithm, nsec3 }: NonNullable<TreeZone['signing']>,
): Promise<{ file: string; ds: string[] }> {
  const size = algorithm.startsWith('RSA') ? ['-b', '2048'] : [];
  const made = await runOk(getPeer('dnssec-keygen'), [
    ...['-q', '-K', folder, '-a', algorithm, ...size, '-f', 'KSK'],
    origin,
  ]);
  const key = `${folder}/${made.trim()}`;
  writeFileSync(file, readFileSync(file, 'latin1') + readFileSync(`${key}.key`, 'latin1'));
  const chain = { none: [], chain: ['-3', 'ab', '-H', '3'], 'opt-out': ['-3', '-', '-A'] }[nsec3];
  await runOk(getPeer('dnssec-signzone'), [
    ...['-q', '-z', '-O', 'full', '-d', folder, ...chain, '-o', origin, '-f', `${file}.signed`],
    ...[file, key],
  ]);
  const signed = readFileSync(`${file}.signed`, 'latin1');
  writeFileSync(`${file}.signed`, withoutMnemonics(signed));
  const ds = await runOk(getPeer('dnssec-dsfromkey'), ['-2', `${key}.key`]);
  return { file: `${file}.signed`, ds: ds.trim().split('\n') };
}

/** NSD 4.6 does not know DSYNC: its records in the form of RFC 3597. */
function withoutMnemonics(zone: string): string {
  const records = zone.replace(/DSYNC\s+CDS NOTIFY (\d+) (\S+)$/gm, (_all, port: string, target: string) => {
    const head = Buffer.of(0, 59, 1, Number(port) >> 8, Number(port) & 255);
    const rdata = Buffer.concat([head, nameOf(target)]).toString('hex');
    return `TYPE66 \\# ${rdata.length / 2} ${rdata}`;
  });
  return records.replace(/\bDSYNC\b/g, 'TYPE66');
}

function startServer(
  address: string,
  port: number,
  zones: readonly MadeZone[],
  workplace: Workplace,
): ServerProcess {
  const folder = workplace.at(`nsd-${address}`);
  mkdirSync(folder);
  const server = [
    ...[`ip-address: ${address}@${port}`, 'server-count: 1', 'username: ""', 'pidfile: ""'],
    ...[`zonesdir: "${folder}"`, `xfrdfile: "${folder}/xfrd.state"`, `zonelistfile: "${folder}/zone.list"`],
    ...['database: ""', `xfrdir: "${folder}"`, 'rrl-ratelimit: 0', 'rrl-whitelist-ratelimit: 0'],
  ];
  const rows = zones
    .filter((zone) => zone.addresses.includes(address))
    .map(({ origin, file }) => `zone:\n  name: "${origin}"\n  zonefile: "${file}"`);
  const parts = [
    'server:',
    ...server.map((row) => `  ${row}`),
    'remote-control:\n  control-enable: no',
    ...rows,
  ];
  writeFileSync(`${folder}/nsd.conf`, `${parts.join('\n')}\n`);
  return new ServerProcess(getPeer('nsd'), ['-d', '-c', `${folder}/nsd.conf`]);
}

async function isUp(address: string, port: number, origin: string, server: ServerProcess): Promise<void> {
  const args = [`@${address}`, '-p', `${port}`, '+tcp', '+time=1', '+tries=1', origin, 'SOA'];
  const answers = async () => (await run(getPeer('dig'), args)).stdout.includes('status: NOERROR');
  await waitUntil(answers, `nsd answers on ${address}`, 20_000, server);
}
