/**
 * A little Internet for testers of others: the root, the top-level domain `test.` and below it one zone for each mode
 * of denial, by three Keyturns with two name servers each, IPv4 and IPv6, on port 53 in a network of their own. Each
 * parent has the DS that `keyturn ds` of its child printed; the trust anchor is the key of the root.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { CLI } from './daemon.ts';
import { NetNamespace } from './netns.ts';
import { type Output, runOk, ServerProcess, type Workplace, waitUntil } from './processes.ts';

/** A zone, and which policy it has. */
export interface TreeZone {
  /** With a final dot. */
  readonly origin: string;
  /** Rows of its policy. */
  readonly policy: string;
  /** Names of its servers. */
  readonly servers: readonly string[];
  /** Records besides SOA and NS. */
  readonly records: readonly string[];
}

/** What one Keyturn serves, and where: public addresses, as testers want them, but nothing leaves. */
interface TreeServer {
  readonly zones: readonly TreeZone[];
  readonly ipv4: readonly string[];
  readonly ipv6: readonly string[];
}

const addressesOf = (net: number): Omit<TreeServer, 'zones'> => ({
  ipv4: [`185.10.${net}.1`, `186.10.${net}.1`],
  ipv6: [`2a00:a:${net}::1`, `2a01:a:${net}::1`],
});

const ROOT: TreeServer = {
  ...addressesOf(1),
  zones: [{ origin: '.', policy: 'scheme: ksk-zsk', servers: ['ns1.servers.', 'ns2.servers.'], records: [] }],
};
const PARENT: TreeServer = {
  ...addressesOf(2),
  zones: [
    {
      origin: 'test.',
      policy: 'scheme: ksk-zsk',
      servers: ['ns1.nic.test.', 'ns2.nic.test.'],
      records: ['test. MX 0 .', 'nic.test. MX 10 mail.nic.test.', 'mail.nic.test. A 185.10.2.25'],
    },
  ],
};

/** The zones that are looked at: their policies differ in the mode of denial, in scheme and algorithm. */
const CHILDREN: TreeServer = {
  ...addressesOf(3),
  zones: [
    childZone('nsec.test.', 'denial: nsec, digests: [2, 4]'),
    childZone('nsec3.test.', 'denial: nsec3, scheme: ksk-zsk, algorithm: ECDSAP384SHA384'),
    childZone('compact.test.', 'denial: compact, algorithm: ED25519'),
  ],
};

export const CHILD_ORIGINS: readonly string[] = CHILDREN.zones.map(({ origin }) => origin);

function childZone(origin: string, policy: string): TreeZone {
  const records = [
    `${origin} MX 10 mail.${origin}`,
    `${origin} TXT "v=spf1 mx -all"`,
    `mail.${origin} A 185.10.3.25`,
    `mail.${origin} AAAA 2a00:a:3::25`,
    `${origin} A 185.10.3.80`,
    `${origin} AAAA 2a00:a:3::80`,
    `www.${origin} CNAME ${origin}`,
    `*.wild.${origin} TXT "w"`,
    `deep.empty.${origin} TXT "d"`,
    `old.${origin} DNAME wild.${origin}`,
  ];
  return { origin, policy, servers: [`ns1.${origin}`, `ns2.${origin}`], records };
}

/** Names to look at in a zone: data, alias, wildcard, DNAME, empty non-terminal, and what is not there. */
export function namesIn(origin: string): string[] {
  return ['', 'www.', 'a.wild.', 'b.old.', 'empty.', 'nothing.'].map((label) => `${label}${origin}`);
}

function addressRows({ servers }: TreeZone, { ipv4, ipv6 }: TreeServer): string[] {
  return servers.flatMap((name, index) => [`${name} A ${ipv4[index]}`, `${name} AAAA ${ipv6[index]}`]);
}

/** PTR records of all names of all servers; the root zone has them itself. */
function reverseRows(): string[] {
  return [ROOT, PARENT, CHILDREN].flatMap(({ zones, ipv4, ipv6 }) =>
    zones.flatMap(({ servers }) =>
      servers.flatMap((name, index) => [
        `${ipv4[index]!.split('.').reverse().join('.')}.in-addr.arpa. PTR ${name}`,
        `${[...expanded(ipv6[index]!)].reverse().join('.')}.ip6.arpa. PTR ${name}`,
      ]),
    ),
  );
}

/** The 32 digits of an IPv6 address that is written with one `::`. */
function expanded(address: string): string {
  const [head, tail] = address
    .split('::')
    .map((part) => part.split(':').map((word) => word.padStart(4, '0')));
  const missing = 8 - head!.length - tail!.length;
  return [...head!, ...new Array<string>(missing).fill('0000'), ...tail!].join('');
}

/** A master file; `cuts` are NS, glue and DS of the zones below. */
function zoneText(zone: TreeZone, server: TreeServer, cuts: readonly string[]): string {
  const { origin, servers } = zone;
  const contact = `hostmaster.${servers[0]!.slice(servers[0]!.indexOf('.') + 1)}`;
  return [
    '$TTL 86400',
    `${origin} SOA ${servers[0]} ${contact} 2026112801 14400 3600 1209600 3600`,
    ...servers.map((name) => `${origin} NS ${name}`),
    ...addressRows(zone, server),
    ...zone.records,
    ...(origin === '.' ? reverseRows() : []),
    ...cuts,
    '',
  ].join('\n');
}

function cutRows(zone: TreeZone, server: TreeServer, ds: string): string[] {
  return [...zone.servers.map((name) => `${zone.origin} NS ${name}`), ...addressRows(zone, server), ds];
}

/** The running tree. */
export class OutsideTree {
  readonly #namespace: NetNamespace;
  readonly #servers: ServerProcess[] = [];
  /** DNSKEY records that a validator trusts, one a line. */
  anchor = '';

  private constructor(namespace: NetNamespace) {
    this.#namespace = namespace;
  }

  /** Starts the tree from the leaves to the root. */
  static async start(workplace: Workplace): Promise<OutsideTree> {
    const levels = [CHILDREN, PARENT, ROOT];
    const addresses = levels.flatMap(({ ipv4, ipv6 }) => [...ipv4, ...ipv6]);
    const tree = new OutsideTree(await NetNamespace.create(addresses));
    let cuts: string[] = [];
    for (const server of levels) cuts = await tree.#startServer(server, cuts, workplace);
    return tree;
  }

  /** Starts a server; returns what the zone above says of its zones. */
  async #startServer(server: TreeServer, cuts: readonly string[], workplace: Workplace): Promise<string[]> {
    const folder = workplace.at(`server-${this.#servers.length}`);
    const args = writeFolders(folder, server, cuts);
    const process = new ServerProcess(...this.#namespace.inside(globalThis.process.execPath, args));
    this.#servers.push(process);
    const control = `${folder}/keys/control.sock`;
    const rows: string[] = [];
    for (const zone of server.zones) {
      rows.push(...cutRows(zone, server, await dsOf(process, control, zone.origin)));
    }
    if (server === ROOT) this.anchor = await keyturn(control, 'ds', '.', '--format', 'dnskey');
    return rows;
  }

  /** NS and addresses of the root, for resolvers. */
  get hints(): string {
    const rows = cutRows(ROOT.zones[0]!, ROOT, '').filter(Boolean);
    return rows.map((row) => `${row.replace(/ (NS|A|AAAA) /, ' 3600 IN $1 ')}\n`).join('');
  }

  /** Name servers of the root, as `name=address`. */
  get rootServers(): string[] {
    const { servers } = ROOT.zones[0]!;
    const of = (addresses: readonly string[]) =>
      addresses.map((address, at) => `${servers[at]!.slice(0, -1)}=${address}`);
    return [...of(ROOT.ipv4), ...of(ROOT.ipv6.map((address) => `[${address}]`))];
  }

  /** Runs a program inside of the tree's network to its end. */
  run(program: string, args: readonly string[], withinMs: number): Promise<Output> {
    return this.#namespace.run(program, args, withinMs);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#servers.map((server) => server.stop()));
    await this.#namespace.remove();
  }
}

/** So that a tester who enforces cookies is content. */
const COOKIES = 'cookies: { mode: require }';

/** Writes zones and configuration of a server; returns the arguments that start it. */
function writeFolders(folder: string, server: TreeServer, cuts: readonly string[]): string[] {
  for (const part of ['', '/zones', '/keys']) mkdirSync(folder + part, { mode: 0o700 });
  const policies: string[] = [];
  const zones: string[] = [];
  for (const [index, zone] of server.zones.entries()) {
    const name = zone.origin === '.' ? 'root' : zone.origin.slice(0, -1);
    writeFileSync(`${folder}/zones/${name}.zone`, zoneText(zone, server, cuts));
    policies.push(`  p${index}: { bootstrapHold: 0s, ${zone.policy} }`);
    zones.push(`  "${zone.origin}": { policy: p${index} }`);
  }
  writeFileSync(
    `${folder}/keyturn.yaml`,
    [COOKIES, 'policies:', ...policies, 'zones:', ...zones, ''].join('\n'),
  );
  const listen = [...server.ipv4, ...server.ipv6.map((address) => `[${address}]`)];
  return [
    ...[CLI, 'serve', '--config', `${folder}/keyturn.yaml`],
    ...['--zones', `${folder}/zones`, '--keys', `${folder}/keys`],
    ...listen.flatMap((address) => ['--listen', `${address}:53`]),
  ];
}

function keyturn(control: string, ...args: string[]): Promise<string> {
  return runOk(process.execPath, [CLI, '--control', control, ...args]);
}

/** Waits until the zone is signed; returns its DS records, one a line. */
async function dsOf(server: ServerProcess, control: string, origin: string): Promise<string> {
  let ds = '';
  const isThere = async (): Promise<boolean> => {
    ds = await keyturn(control, 'ds', origin).catch(() => '');
    return ds !== '';
  };
  await waitUntil(isThere, `the DS of ${origin}`, 20_000, server);
  return ds.trim();
}
