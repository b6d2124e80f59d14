/**
 * What is signaled in each zone (RFC 9615), kept up from event to event, against signals that are worked out anew after
 * each: zones that hold signals, ask for a DS or both come, change, are loaded with what they shall hold, and go.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { DerivedRRset } from '../../src/daemon/derived.ts';
import { type HoldingZone, signalsOf } from '../../src/daemon/signaling.ts';
import { type VouchedZone, Vouching } from '../../src/daemon/vouching.ts';
import { asksForFirstDs } from '../../src/kasp/bootstrap.ts';
import { cdsSet } from '../../src/kasp/records.ts';
import { createLog } from '../../src/ops/log.ts';
import { RRTYPE } from '../../src/wire/iana.ts';
import { formatName, type Name, nameOf } from '../../src/wire/name.ts';
import { isAuthoritativeFor, nodeOf, rdatasAt } from '../../src/zone/contents.ts';
import { APEX, type ImageMemory, NO_NODE, ZoneImage } from '../../src/zone/image.ts';
import { keyIn, NOON, zoneOf } from '../support/kasp-states.ts';
import { imageOf } from '../support/served.ts';
import { cdnskeyText, cdsText } from '../support/signals.ts';

/** Each may hold signals and ask for a DS; some begin above, at and below the names of signals of others. */
const NAMES = [
  ...['test.', 'h.test.', 'ns.h.test.', '_signal.ns.h.test.', 'test._signal.ns.h.test.'],
  ...['_dsboot.a.test._signal.ns.h.test.', 'a.test.', 'b.test.', 'in.b.test.', `${'long.'.repeat(46)}test.`],
];
const HOSTS = ['ns.h.test.', 'NS2.h.test.', 'ns.b.test.', 'ns.a.test.', 'ns.elsewhere.', 'x.in.b.test.'];
/** Where the authority of a zone may end, as lines with names relative to its apex. */
const CUTS = [
  ...['', '_signal.ns NS ns.else.', 'ns NS ns.else.', '_signal.ns DNAME else.', 'x NS ns.else.'],
  ...['test._signal.ns NS ns.else.', '_dsboot.a.test._signal.ns NS ns.else.', 'ns DNAME else.'],
];
/** Below a longer name there is none of these. */
const LONG = 200;
/** What becomes of the keys of a zone. */
const WISHES = ['first', 'second', 'short', 'silent', 'seen', 'idle', 'unsigned'] as const;

const change = fc.record({
  zone: fc.constantFrom(...NAMES, 'h.test.', 'h.test.', 'a.test.', 'b.test.'),
  what: fc.constantFrom('hosts', 'cuts', 'wish', 'wish', 'load', 'go', 'unserved', 'signed') as fc.Arbitrary<
    'hosts' | 'cuts' | 'wish' | 'load' | 'go' | 'unserved' | 'signed'
  >,
  hosts: fc.uniqueArray(fc.constantFrom(...HOSTS), { minLength: 1, maxLength: 3 }),
  cuts: fc.constantFrom(...CUTS),
  wish: fc.constantFrom(...WISHES),
});
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

/** Two zones that are signaled in a third: what comes after changes something. */
const begin = { hosts: ['ns.h.test.', 'ns2.h.test.'], cuts: '', wish: 'first' as const };
const BEGINNING: readonly Change[] = [
  { ...begin, zone: 'h.test.', what: 'hosts' },
  ...['a.test.', 'b.test.'].flatMap((zone): Change[] => [
    { ...begin, zone, what: 'hosts' },
    { ...begin, zone, what: 'wish' },
  ]),
];

interface Model {
  readonly name: string;
  readonly origin: Name;
  hosts: readonly string[];
  cuts: string;
  wish: (typeof WISHES)[number];
  isSigned: boolean;
  served: VouchedZone['served'];
  readonly signing: VouchedZone['signing'];
}

function modelOf(name: string): Model {
  return {
    name,
    origin: nameOf(name),
    ...{ hosts: ['ns.elsewhere.'], cuts: '', wish: 'idle', isSigned: true, served: undefined },
    get signing() {
      return signingOf(this.wish);
    },
  };
}

function signingOf(wish: Model['wish']): VouchedZone['signing'] {
  if (wish === 'unsigned') return undefined;
  const isSeen = wish === 'seen';
  const key = keyIn(wish === 'second' ? 'second' : 'first', 'O/O/O/R', {
    dsObservation: { seenAllAt: isSeen ? NOON : null, goneAllAt: null, lastSeenAnywhereAt: null },
  });
  const cds = wish === 'silent' ? 'never' : 'always';
  return {
    waitingSince: wish === 'idle' || isSeen ? null : NOON,
    zoneState: zoneOf([key], { delegation: 'unconfirmed' }),
    policy: { cds, digests: [2], cdsTtl: wish === 'short' ? 60 : 300 },
  };
}

/** A server's zones, with who vouches for them. */
class World {
  readonly zones = new Map<string, Model>();
  readonly renewed: string[] = [];
  readonly vouching = new Vouching<VouchedZone>({
    log: createLog('fatal' as 'error', { isTerminal: false }),
    events: { add: () => undefined },
    find: (apex) => this.zones.get(formatName(apex)),
    renew: ({ name }) => this.renewed.push(name),
  });

  apply({ zone: name, what, hosts, cuts, wish }: Change): void {
    const zone = this.zones.get(name) ?? modelOf(name);
    if (what === 'go') {
      if (!this.zones.delete(name)) return;
      zone.served = undefined;
      this.vouching.forget(zone);
      return;
    }
    if (what === 'unserved' && this.zones.has(name)) return;
    this.zones.set(name, zone);
    if (what === 'hosts') zone.hosts = hosts;
    if (what === 'cuts') zone.cuts = cuts;
    if (what === 'wish') zone.wish = wish;
    if (what === 'signed') zone.isSigned = !zone.isSigned;
    const isSame = zone.served !== undefined && (what === 'wish' || what === 'signed');
    const image = isSame ? zone.served!.epoch.image : this.#imageOf(zone, what === 'load');
    if (what !== 'unserved') zone.served = servedOf(image, zone.isSigned);
    this.vouching.touch(zone);
  }

  /** As its file has it, with what it shall hold or without. */
  #imageOf({ name, hosts, cuts }: Model, isLoaded: boolean): ImageMemory {
    const lines = [`@ 300 SOA ns.else. admin.else. 1 7200 900 1209600 300`];
    lines.push(
      ...hosts.map((host) => `@ 300 NS ${host}`),
      ...(cuts === '' || name.length > LONG ? [] : [cuts]),
    );
    if (isLoaded) lines.push(...this.vouching.signalsIn(name).flatMap(linesOf));
    return imageOf(name, `$TTL 300\n${lines.join('\n')}\n`);
  }

  /** What belongs into each zone, from nothing but the zones as they are. */
  signals(): Map<string, string[]> {
    const found = new Map(NAMES.map((name) => [name, [] as string[]]));
    for (const zone of this.zones.values()) {
      for (const [holder, rrsets] of this.signalsOf(zone)) found.get(holder)!.push(...rrsets.map(textOf));
    }
    return new Map([...found].map(([name, texts]) => [name, texts.toSorted()]));
  }

  signalsOf({ origin, signing, served }: Model): [string, readonly DerivedRRset[]][] {
    if (signing === undefined || served === undefined || signing.waitingSince === null) return [];
    const cds = cdsSet(signing.zoneState, origin, signing.policy);
    if (!asksForFirstDs(signing.zoneState) || cds.cds.length + cds.cdnskey.length === 0) return [];
    const hosts = rdatasAt(served.image, APEX, RRTYPE.NS);
    const asking = { origin, hosts, cds, ttl: signing.policy.cdsTtl };
    const signals = signalsOf(asking, (apex) => {
      const zone = this.zones.get(formatName(apex));
      return zone && holdingOf(zone);
    });
    return signals.flatMap((signal) => (signal.holder ? [[signal.holder.name, signal.rrsets]] : []));
  }

  isServed(zone: Model): boolean {
    return this.signalsOf(zone).every(([holder, rrsets]) => {
      const image = this.zones.get(holder)!.served!.image;
      return rrsets.every(({ owner, type, rdatas }) => {
        const node = nodeOf(image, owner);
        return node !== NO_NODE && hexOf(rdatasAt(image, node, type)) === hexOf(rdatas);
      });
    });
  }
}

function holdingOf({ name, origin, served }: Model): HoldingZone {
  const holds = (owner: Name) => served !== undefined && isAuthoritativeFor(served.image, owner);
  return { name, origin, isSigned: served !== undefined && served.epoch.apex !== null, holds };
}

function servedOf(memory: ImageMemory, isSigned: boolean): VouchedZone['served'] {
  return { image: ZoneImage.open(memory), epoch: { image: memory, apex: isSigned ? memory : null } };
}

function linesOf({ owner, type, ttl, rdatas }: DerivedRRset): string[] {
  const words = type === RRTYPE.CDS ? cdsText : cdnskeyText;
  const name = type === RRTYPE.CDS ? 'CDS' : 'CDNSKEY';
  return rdatas.map((rdata) => `${formatName(owner)} ${ttl} ${name} ${words(rdata)}`);
}

const hexOf = (rdatas: readonly Uint8Array[]) =>
  rdatas
    .map((rdata) => Buffer.from(rdata).toString('hex'))
    .toSorted()
    .join(' ');
const textOf = ({ owner, type, ttl, rdatas }: DerivedRRset) =>
  `${formatName(owner)} ${ttl} ${type} ${hexOf(rdatas)}`;

it('signals the same as if it were worked out anew after each event, and renews exactly what that changes', () => {
  let signaled = 0;
  let cut = 0;
  fc.assert(
    fc.property(fc.array(change, { minLength: 20, maxLength: 60 }), (changes) => {
      const world = new World();
      let before = world.signals();
      for (const one of [...BEGINNING, ...changes]) {
        world.renewed.length = 0;
        world.apply(one);
        const after = world.signals();
        const own = new Map(
          NAMES.map((name) => [name, world.vouching.signalsIn(name).map(textOf).toSorted()]),
        );
        expect(own).toEqual(after);
        const isOther = (name: string) => `${before.get(name)}` !== `${after.get(name)}`;
        const others = NAMES.filter((name) => world.zones.has(name) && isOther(name));
        expect([...new Set(world.renewed)].toSorted()).toEqual(others.toSorted());
        for (const zone of world.zones.values())
          expect(world.vouching.isServed(zone)).toBe(world.isServed(zone));
        signaled += [...after.values()].filter(({ length }) => length > 0).length;
        if (one.what === 'cuts' && others.length > 0) cut++;
        before = after;
      }
    }),
    { numRuns: 150 },
  );
  // The changes are such that much is signaled, and that the end of an authority makes a difference.
  expect(signaled).toBeGreaterThan(500);
  expect(cut).toBeGreaterThan(5);
});

it('sees the end of an authority go below a domain below which nobody asked when it came', () => {
  const world = new World();
  const apply = (zone: string, what: Change['what'], more: Partial<Change> = {}) =>
    world.apply({ ...begin, zone, what, ...more });
  const only = { hosts: ['ns2.h.test.'] };
  apply('h.test.', 'hosts');
  apply('a.test.', 'hosts', only);
  apply('a.test.', 'wish');
  apply('h.test.', 'cuts', { cuts: '_signal.ns NS ns.else.' });
  apply('b.test.', 'hosts', { hosts: ['ns.h.test.'] });
  apply('b.test.', 'wish');
  const signaled = () => world.vouching.signalsIn('h.test.').map(({ owner }) => formatName(owner));
  expect(new Set(signaled())).toEqual(new Set(['_dsboot.a.test._signal.ns2.h.test.']));
  apply('h.test.', 'cuts');
  expect(signaled()).toContain('_dsboot.b.test._signal.ns.h.test.');
});
