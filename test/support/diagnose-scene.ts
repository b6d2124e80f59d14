/** A scene for `diagnose`: a real zone and its keys, an Internet in memory around it, and ways for servers to be wrong. */
import { plus, type UnixSeconds, unixSeconds } from '../../src/base/time.ts';
import { type Diagnosis, diagnosis } from '../../src/control/diagnose-shapes.ts';
import { createParentHandlers } from '../../src/control/parent-handlers.ts';
import type { Zone } from '../../src/daemon/zone.ts';
import { dnskeyRdata } from '../../src/dnssec/dnskey.ts';
import { dsRdata } from '../../src/dnssec/ds.ts';
import { publicKeyOf } from '../../src/dnssec/privatekey.ts';
import type { Key } from '../../src/kasp/key.ts';
import type { Policy } from '../../src/kasp/policy.ts';
import type { EpochKey } from '../../src/signer/epoch.ts';
import { getFlags, HEADER, setCount, setFlags, setU16 } from '../../src/wire/header.ts';
import { nameOf } from '../../src/wire/name.ts';
import { callsOf } from './calls.ts';
import { type Behaviour, PARENT_ADDRESSES, ScriptedInternet, type ScriptedZone } from './scripted-parent.ts';
import { imageOf, signedEpoch, TestServer } from './served.ts';
import { type BenchOptions, QUICK_POLICY, ZonesBench } from './zones-bench.ts';

export const ZONE = 'child.test.';
export const DAY = 86_400;
export const POLICY: Policy = { ...QUICK_POLICY, monitor: { interval: 60, rounds: 2, roundGap: 5 } };
export const FOREIGN = `${ZONE} DS 4711 13 2 ${'AB'.repeat(32)}`;
export const [ONE, OTHER] = ['192.0.2.21', '192.0.2.22'] as const;
export const [, OTHER_PARENT] = PARENT_ADDRESSES;
export const DSYNC = '*._dsync.test. DSYNC CDS NOTIFY 5300 ns1.test.';

export const DELEGATION = [
  `${ZONE} NS ns1.${ZONE}`,
  `${ZONE} NS ns2.${ZONE}`,
  `ns1.${ZONE} A ${ONE}`,
  `ns2.${ZONE} A ${OTHER}`,
] as const;
export const CHILD = [
  `@ 300 SOA ns1.${ZONE} admin.${ZONE} 7 7200 900 1209600 300`,
  `@ 300 NS ns1.${ZONE}`,
  `@ 300 NS ns2.${ZONE}`,
  `ns1 300 A ${ONE}`,
  `ns2 300 A ${OTHER}`,
].join('\n');

/** How a scene differs from one that is well. */
export interface SceneOptions extends BenchOptions {
  /** No chain of trust leads to the parent. */
  readonly isIsland?: boolean;
  /** The configuration does not say how parents are found. */
  readonly isUnwatched?: boolean;
  /** False: the parent was never seen with a DS. */
  readonly hasDs?: boolean;
}

export class DiagnoseScene {
  readonly internet: ScriptedInternet;
  readonly bench: ZonesBench;

  private constructor(options: SceneOptions) {
    const begun = unixSeconds(Date.now() / 1_000);
    let bench: ZonesBench | undefined;
    const { isIsland = false, isUnwatched = false, hasDs: _, ...rest } = options;
    const clock = () => bench?.clock.now() ?? begun;
    this.internet = new ScriptedInternet({ records: [...DELEGATION], isIsland }, clock);
    const parents = isUnwatched ? {} : { parents: this.internet.context };
    bench = new ZonesBench({ policies: { [ZONE]: POLICY }, ...parents, ...rest });
    this.bench = bench;
  }

  /** A zone that nothing is wrong with: delegated to two servers, its DS seen at the parent. */
  static async start(options: SceneOptions = {}): Promise<DiagnoseScene> {
    const scene = new DiagnoseScene(options);
    scene.bench.write('child.test.zone', `${CHILD}\n`);
    await scene.bench.settle();
    scene.parentHas(scene.usual(options.hasDs === false ? scene.ownDs() : []));
    await scene.bench.lapse(200);
    for (const address of [ONE, OTHER]) scene.internet.host(address, scene.honestServer());
    return scene;
  }

  close(): void {
    this.bench.close();
  }

  get zone(): Zone {
    return this.bench.zones.find(nameOf(ZONE))!;
  }

  keys(): readonly Key[] {
    return this.zone.signing?.zoneState.keys ?? [];
  }

  /** DS records of the zone's keys, as lines. */
  ownDs(): string[] {
    return this.keys().map(({ flags, algorithm, publicKey }) => {
      const ds = dsRdata(nameOf(ZONE), dnskeyRdata(flags, algorithm, publicKey), 2);
      const digest = Buffer.from(ds.subarray(4)).toString('hex');
      return `${ZONE} DS ${(ds[0]! << 8) | ds[1]!} ${ds[2]} ${ds[3]} ${digest}`;
    });
  }

  parentHas(
    records: readonly string[],
    addresses: readonly string[] = PARENT_ADDRESSES,
    more: Omit<ScriptedZone, 'records'> = {},
  ): void {
    for (const address of addresses) this.internet.serve(address, { records, ...more });
  }

  /** All that the parent has of a zone that is well, without some lines. */
  usual(leftOut: readonly string[] = []): string[] {
    return [...DELEGATION, DSYNC, ...this.ownDs()].filter((line) => !leftOut.includes(line));
  }

  /** A server with the zone exactly as it is served. */
  honestServer(): TestServer {
    const { image, epoch } = this.zone.served!;
    const server = new TestServer(image.seed);
    server.table.publish(1, epoch);
    return server;
  }

  /** A server with another state of the zone, signed at an instant by the zone's own key or another one. */
  otherServer(options: { text?: string; key?: EpochKey; at?: UnixSeconds } = {}): TestServer {
    const server = new TestServer();
    const { text = CHILD, key = this.#ownKey(), at: now = this.bench.clock.now() } = options;
    server.table.publish(1, signedEpoch(ZONE, imageOf(ZONE, `${text}\n`), { key, now }));
    return server;
  }

  /** A server that stopped so many seconds ago: its zone, its clock and its signatures. */
  stopServer(address: string, seconds: number): void {
    const at = () => plus(this.bench.clock.now(), -seconds);
    this.internet.host(address, this.otherServer({ at: at() }));
    this.internet.script(address, (_query, honest) => honest({ now: at() }));
  }

  #ownKey(): EpochKey {
    const [signer] = this.zone.served!.epoch.signers;
    const { algorithm, privateKey } = signer!;
    return { ...signer!, flags: 257, publicKey: publicKeyOf(algorithm, privateKey) };
  }

  async look(): Promise<Diagnosis> {
    const { call } = callsOf(() => createParentHandlers(this.bench));
    return diagnosis.parse(await call('diagnose', { zone: ZONE }));
  }
}

// ---- Ways to be wrong ----

export const withFlags =
  (change: (flags: number) => number): Behaviour =>
  (_query, honest) => {
    const octets = honest();
    setFlags(octets, change(getFlags(octets)));
    return octets;
  };

/** An answer without records, with an rcode. */
export const refusing =
  (rcode: number): Behaviour =>
  (query) => {
    const octets = Uint8Array.from(query);
    setFlags(octets, 0x8000 | rcode);
    return octets;
  };

export const OPT_OCTETS = 11;

/** As if the query had no OPT record. */
export const withoutEdns: Behaviour = (query, honest) => {
  const plain = query.slice(0, query.length - OPT_OCTETS);
  setCount(plain, HEADER.ARCOUNT, 0);
  return honest({ query: plain });
};

/** As if the query had no DO bit. */
export const withoutDo: Behaviour = (query, honest) => {
  const plain = Uint8Array.from(query);
  plain[plain.length - 4] = 0;
  return honest({ query: plain });
};

/** Padding (RFC 7830) far beyond what was asked for; the OPT record stands last. */
export const tooLarge: Behaviour = (_query, honest, transport) => {
  const octets = honest();
  if (transport === 'tcp') return octets;
  const padding = new Uint8Array(1_304);
  setU16(padding, 0, 12);
  setU16(padding, 2, padding.length - 4);
  const large = Uint8Array.from(Buffer.concat([octets, padding]));
  setU16(large, octets.length - 2, padding.length);
  return large;
};

export const silentOver =
  (silent: 'udp' | 'tcp'): Behaviour =>
  (_query, honest, transport) =>
    transport === silent ? { code: 'timeout', fault: 'no answer within 5 s' } : honest();
