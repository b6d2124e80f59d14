/**
 * An Internet in memory: a signed root and a signed `test.` at two addresses, both served by our own responder, so that
 * signatures are real; what stands between an address and who asks can be scripted, and servers of zones below can be
 * hosted at other addresses. No socket, no clock.
 */

import type { UnixSeconds } from '../../src/base/time.ts';
import type { ParentNetCounters } from '../../src/daemon/parentnet.ts';
import type { ParentsContext } from '../../src/daemon/parents.ts';
import { dnskeyRdata } from '../../src/dnssec/dnskey.ts';
import { dsRdata } from '../../src/dnssec/ds.ts';
import { ParentFinder } from '../../src/parent/finder.ts';
import type { Network, NetworkFault, ServerAddress } from '../../src/parent/network.ts';
import { nameOf } from '../../src/wire/name.ts';
import { type AskOptions, imageOf, NOW, signedEpoch, TestServer, testKey } from './served.ts';

/** What the server would have said; to another query, if one is given. */
export type Honest = (options?: AskOptions & { readonly query?: Uint8Array }) => Uint8Array;

/** What a server does with a query. */
export type Behaviour = (
  query: Uint8Array,
  honest: Honest,
  transport: 'udp' | 'tcp',
) => Uint8Array | NetworkFault;

export const ROOT_ADDRESS = '192.0.2.1';
export const PARENT_ADDRESSES = ['192.0.2.11', '192.0.2.12'] as const;
const PORT = 53;

const DNSKEY = (() => {
  const key = testKey();
  return dnskeyRdata(key.flags, key.algorithm, key.publicKey);
})();

/** DS RDATA in presentation form of the key that signs all zones here. */
export function dsTextOf(origin: string): string {
  const ds = dsRdata(nameOf(origin), DNSKEY, 2);
  const [tag, algorithm, type] = [(ds[0]! << 8) | ds[1]!, ds[2], ds[3]];
  return `${tag} ${algorithm} ${type} ${Buffer.from(ds.subarray(4)).toString('hex')}`;
}

/** Lines of `test.`, but for SOA, NS and addresses of its servers. */
export interface ScriptedZone {
  readonly records: readonly string[];
  readonly ttl?: number;
  /** The root has no DS for `test.`: no chain of trust leads to it. */
  readonly isIsland?: boolean;
}

export class ScriptedInternet implements Network {
  readonly finder: ParentFinder;
  /** Nothing here takes time. */
  readonly rate = 1_000;
  /** How often each address was asked. */
  readonly asked = new Map<string, number>();
  /** Where parents are looked at, for a server of zones. */
  readonly context: ParentsContext;
  readonly #root: readonly string[];
  readonly #servers = new Map<string, TestServer>();
  readonly #clock: () => UnixSeconds;
  readonly #behaviours = new Map<string, Behaviour>();

  /** `clock` says what time it is when a server answers. */
  constructor(zone: ScriptedZone, clock: () => UnixSeconds = () => NOW) {
    this.#clock = clock;
    this.#root = [
      '$TTL 600',
      '. SOA ns. hostmaster. 1 3600 600 86400 60',
      '. NS ns.',
      `ns. A ${ROOT_ADDRESS}`,
      ...['test. NS ns1.test.', 'test. NS ns2.test.'],
      ...(zone.isIsland === true ? [] : [`test. DS ${dsTextOf('test.')}`]),
      ...PARENT_ADDRESSES.map((address, i) => `ns${i + 1}.test. A ${address}`),
    ];
    this.signRoot();
    for (const address of PARENT_ADDRESSES) this.serve(address, zone);
    this.finder = this.finderWith([dsRdata(nameOf('.'), DNSKEY, 2)]);
    this.context = { network: this, finder: this.finder, isPushing: false };
  }

  /** Signs the root at the instant that it is now: its signatures last for a week. */
  signRoot(): void {
    this.#servers.set(ROOT_ADDRESS, this.#signed('.', this.#root));
  }

  /** One that starts at the root with these DS records for trust anchors. */
  finderWith(ds: readonly Uint8Array[]): ParentFinder {
    const servers = [{ name: nameOf('ns.'), address: ROOT_ADDRESS, port: PORT }];
    return new ParentFinder({ network: this, anchors: [{ apex: nameOf('.'), ds, servers }], port: PORT });
  }

  /** Lets an address serve this version of `test.`. */
  serve(address: string, { records, ttl = 30 }: ScriptedZone): void {
    const rows = [
      `$TTL ${ttl}`,
      'test. SOA ns1.test. hostmaster.test. 1 3600 600 86400 60',
      ...['test. NS ns1.test.', 'test. NS ns2.test.'],
      ...PARENT_ADDRESSES.map((one, i) => `ns${i + 1}.test. A ${one}`),
      ...records,
    ];
    this.#servers.set(address, this.#signed('test.', rows));
  }

  #signed(origin: string, rows: readonly string[]): TestServer {
    const server = new TestServer();
    const image = imageOf(origin, `${rows.join('\n')}\n`);
    server.table.publish(1, signedEpoch(origin, image, { now: this.#clock() }));
    return server;
  }

  close(): void {}

  get counters(): ParentNetCounters {
    const none = { datagrams: 0, connections: 0, timeouts: 0, faults: 0, spared: 0, open: 0, waiting: 0 };
    const questions = [...this.asked.values()].reduce((sum, count) => sum + count, 0);
    return { ...none, questions, answers: questions, perSecond: 0, mostPerSecond: 0 };
  }

  /** Scripts an address from now on. */
  script(address: string, behaviour: Behaviour): void {
    this.#behaviours.set(address, behaviour);
  }

  /** Lets a server of other zones answer at an address; undefined: nobody is there any longer. */
  host(address: string, server: TestServer | undefined): void {
    if (server === undefined) this.#servers.delete(address);
    else this.#servers.set(address, server);
  }

  tell(server: ServerAddress, message: Uint8Array): Promise<Uint8Array | NetworkFault> {
    return Promise.resolve(this.#answer(server, message, 'udp'));
  }

  exchange(server: ServerAddress, query: Uint8Array): Promise<Uint8Array | NetworkFault> {
    return Promise.resolve(this.#answer(server, query, 'tcp'));
  }

  #answer(
    { address }: ServerAddress,
    query: Uint8Array,
    transport: 'udp' | 'tcp',
  ): Uint8Array | NetworkFault {
    this.asked.set(address, (this.asked.get(address) ?? 0) + 1);
    const server = this.#servers.get(address);
    if (server === undefined) return { code: 'timeout', fault: 'no answer within 5 s' };
    const honest: Honest = ({ query: other = query, ...options } = {}) =>
      server.askRaw(other, { transport, now: this.#clock(), ...options });
    const behaviour = this.#behaviours.get(address);
    return behaviour === undefined ? honest() : behaviour(query, honest, transport);
  }
}
