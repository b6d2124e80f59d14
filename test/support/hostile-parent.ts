/**
 * A parent over real sockets whose conduct a test scripts, child by child: `test.` on two loopback addresses below a root
 * of its own, signed as it is asked. It keeps the history of what each server had, which is the truth that the test
 * judges by, whatever its servers say.
 */
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { createServer, type Server, type Socket } from 'node:net';
import { unixSeconds } from '../../src/base/time.ts';
import { FLAG, getFlags, HEADER, opcodeOf, setFlags } from '../../src/wire/header.ts';
import { OPCODE, RRTYPE } from '../../src/wire/iana.ts';
import { formatName, nameOctets } from '../../src/wire/name.ts';
import type { ServedDs } from './rollover-judge.ts';
import { type Behaviour, dsTextOf, type Honest } from './scripted-parent.ts';
import { imageOf, signedEpoch, TestServer } from './served.ts';

export const ROOT = '127.0.12.1';
export const SERVERS = ['127.0.12.11', '127.0.12.12'] as const;
/** Of NS and address records, and of a DS unless a child has another. */
const TTL = 1;

/** Seconds since 1970, with fractions. */
export const seconds = () => Date.now() / 1_000;

/** A zone that is signed now, from rows without SOA and NS. */
export function zoneServer(origin: string, rows: readonly string[], isSigned = true): TestServer {
  const server = new TestServer();
  const head = [
    `$TTL ${TTL}`,
    `${origin} SOA ns1.test. hostmaster.test. 1 3600 600 86400 ${TTL}`,
    ...['ns1.test.', 'ns2.test.'].map((host) => `${origin} NS ${host}`),
  ];
  const text = `${[...head, ...rows].join('\n')}\n`;
  if (!isSigned) return server.add(origin, text, 'unsigned');
  server.table.publish(1, signedEpoch(origin, imageOf(origin, text), { now: unixSeconds(seconds()) }));
  return server;
}

/** What a server would say that has this zone. */
export function answerOf(
  server: TestServer,
  query: Uint8Array,
  options: Parameters<Honest>[0] = {},
): Uint8Array {
  return server.askRaw(options.query ?? query, {
    ...{ transport: 'tcp', now: unixSeconds(seconds()) },
    ...options,
  });
}

/** DS RDATA in presentation form, sorted; its first word is the tag. */
export type DsSet = readonly string[];

interface Child {
  readonly records: readonly string[];
  readonly ds: [DsSet, DsSet];
  ttl: number;
  readonly history: [ServedDs[], ServedDs[]];
  readonly lies: [Behaviour | undefined, Behaviour | undefined];
  readonly algorithms: Map<string, number>;
  notified: number;
}

export class HostileParent {
  readonly port: number;
  /** Called for each message that comes. */
  onMessage: () => void = () => undefined;
  readonly #children = new Map<string, Child>();
  readonly #zones: [TestServer | undefined, TestServer | undefined] = [undefined, undefined];
  readonly #root: TestServer;
  readonly #servers: (Server | UdpSocket)[] = [];
  readonly #connections = new Set<Socket>();

  private constructor(port: number) {
    this.port = port;
    const hosts = SERVERS.flatMap((address, i) => [
      `test. NS ns${i + 1}.test.`,
      `ns${i + 1}.test. A ${address}`,
    ]);
    this.#root = zoneServer('.', [...hosts, `test. DS ${dsTextOf('test.')}`]);
  }

  static async start(port: number): Promise<HostileParent> {
    const parent = new HostileParent(port);
    for (const address of [ROOT, ...SERVERS]) await parent.#listen(address);
    return parent;
  }

  /** What the configuration of a server says that looks at this parent. */
  configurationWith(rate: number): string {
    const anchor = `{ zone: ".", ds: ["${dsTextOf('.')}"], servers: ["${ROOT}:${this.port}"] }`;
    return `parents: { anchors: [${anchor}], port: ${this.port}, rate: ${rate}, timeout: 1s }\n`;
  }

  /** Delegates a child to the server at 127.0.0.1; `records` of `test.` belong to it. */
  delegate(child: string, records: readonly string[], ttl = TTL): void {
    const none = (): ServedDs[] => [{ first: 0, last: Infinity, deadAt: Infinity, ttl: TTL, keys: [] }];
    const delegation = [`${child} NS ns.${child}`, `ns.${child} A 127.0.0.1`];
    this.#children.set(child, {
      ...{ records: [...delegation, ...records], ds: [[], []], ttl, history: [none(), none()] },
      ...{ lies: [undefined, undefined], algorithms: new Map(), notified: 0 },
    });
    this.#zones.fill(undefined);
  }

  /** What both servers have of a child. */
  dsOf(child: string): readonly [DsSet, DsSet] {
    return this.#children.get(child)!.ds;
  }

  /** All versions that either server had, as caches may hold them. */
  historyOf(child: string): ServedDs[] {
    return this.#children.get(child)!.history.flat();
  }

  /** Algorithm of every key that ever had a DS, by tag. */
  algorithmsOf(child: string): ReadonlyMap<string, number> {
    return this.#children.get(child)!.algorithms;
  }

  /** How often the parent was told of new CDS. */
  notifiedOf(child: string): number {
    return this.#children.get(child)!.notified;
  }

  /** Publishes a DS RRset on one server, with this TTL from now on. */
  publish(child: string, server: 0 | 1, ds: DsSet, ttl = this.#children.get(child)!.ttl): void {
    const entry = this.#children.get(child)!;
    if (entry.ds[server].join() === ds.join() && entry.ttl === ttl) return;
    const now = seconds();
    const before = entry.history[server].at(-1)!;
    Object.assign(before, { last: now, deadAt: now + before.ttl });
    const keys = ds.map((text) => text.split(' ')[0]!);
    for (const text of ds) entry.algorithms.set(text.split(' ')[0]!, Number(text.split(' ')[1]));
    entry.history[server].push({
      first: now,
      last: Infinity,
      deadAt: Infinity,
      ttl: ds.length === 0 ? TTL : ttl,
      keys,
    });
    entry.ds[server] = ds;
    entry.ttl = ttl;
    this.#zones[server] = undefined;
  }

  /** What a server says to the question for the DS of a child, instead of what it has; undefined: what it has. */
  lie(child: string, server: 0 | 1, behaviour: Behaviour | undefined): void {
    this.#children.get(child)!.lies[server] = behaviour;
  }

  async stop(): Promise<void> {
    for (const socket of this.#connections) socket.destroy();
    await Promise.all(this.#servers.map((server) => new Promise<void>((done) => server.close(() => done()))));
  }

  // ---- Answers ----

  /** Undefined: silence; null: the connection is closed. */
  #answer(address: string, query: Uint8Array, transport: 'udp' | 'tcp'): Uint8Array | undefined | null {
    this.onMessage();
    const qname = formatName(query.subarray(HEADER.OCTETS, HEADER.OCTETS + nameOctets(query, HEADER.OCTETS)));
    if (opcodeOf(getFlags(query)) === OPCODE.NOTIFY) return this.#hear(qname, query);
    if (address === ROOT) return answerOf(this.#root, query, { transport });
    const server = SERVERS[0] === address ? 0 : 1;
    const honest: Honest = (options) => answerOf(this.#zoneOf(server), query, { transport, ...options });
    const type = query[HEADER.OCTETS + nameOctets(query, HEADER.OCTETS) + 1];
    const lie = type === RRTYPE.DS ? this.#children.get(qname.toLowerCase())?.lies[server] : undefined;
    if (lie === undefined) return honest();
    const said = lie(query, honest, transport);
    return 'fault' in said ? (said.code === 'timeout' ? undefined : null) : said;
  }

  #hear(child: string, query: Uint8Array): Uint8Array {
    const entry = this.#children.get(child.toLowerCase());
    if (entry !== undefined) entry.notified++;
    const response = Uint8Array.from(query);
    setFlags(response, getFlags(query) | FLAG.QR);
    return response;
  }

  /** The zone as a server has it. */
  #zoneOf(server: 0 | 1): TestServer {
    this.#zones[server] ??= zoneServer('test.', [
      ...SERVERS.map((address, i) => `ns${i + 1}.test. A ${address}`),
      ...[...this.#children].flatMap(([child, { records, ds, ttl }]) => [
        ...records,
        ...ds[server].map((text) => `${child} ${ttl} DS ${text}`),
      ]),
    ]);
    return this.#zones[server];
  }

  // ---- Sockets ----

  async #listen(address: string): Promise<void> {
    const tcp = createServer((socket) => this.#serve(address, socket));
    const udp = createSocket('udp4', (query, { port, address: peer }) => {
      const answer = this.#answer(address, Uint8Array.from(query), 'udp');
      if (answer instanceof Uint8Array) udp.send(answer, port, peer);
    });
    this.#servers.push(tcp, udp);
    await Promise.all([
      new Promise<void>((ready) => tcp.listen(this.port, address, ready)),
      new Promise<void>((ready) => udp.bind(this.port, address, ready)),
    ]);
  }

  #serve(address: string, socket: Socket): void {
    this.#connections.add(socket);
    socket.on('close', () => this.#connections.delete(socket));
    socket.on('error', () => socket.destroy());
    let got = Buffer.alloc(0);
    socket.on('data', (part) => {
      got = Buffer.concat([got, part]);
      while (got.length >= 2 && got.length >= 2 + got.readUInt16BE(0)) {
        const end = 2 + got.readUInt16BE(0);
        const answer = this.#answer(address, Uint8Array.from(got.subarray(2, end)), 'tcp');
        got = got.subarray(end);
        if (answer === null) socket.destroy();
        else if (answer !== undefined) {
          socket.write(Buffer.concat([Buffer.of(answer.length >> 8, answer.length & 255), answer]));
        }
      }
    });
  }
}
