/**
 * What we vouch for (RFC 9615): of every zone of ours that asks for its first DS, the signals that belong into other zones
 * of ours. Each look is cheap, whatever happened; a zone that holds signals is made anew only if they are others.
 *
 *     a zone asks, its CDS or NS change, it has its DS, it goes ─┐
 *                                                               ├─▶ signals ─▶ other than before: `renew` the holder
 *     a zone that may hold signals comes, changes, goes ────────┘
 */
import { asksForFirstDs } from '../kasp/bootstrap.ts';
import { cdsSet } from '../kasp/records.ts';
import type { EventSink } from '../ops/events.ts';
import type { Log } from '../ops/log.ts';
import { signalingDomain, signalingHosts } from '../parent/signal.ts';
import { RRTYPE } from '../wire/iana.ts';
import { formatName, lowerName, type Name, nameOf, parentName } from '../wire/name.ts';
import { isAuthoritativeFor, nodeOf, rdatasAt } from '../zone/contents.ts';
import { APEX, NO_NODE, type ZoneImage } from '../zone/image.ts';
import type { DerivedRRset } from './derived.ts';
import { type AskingZone, type HoldingZone, type Signal, signalsOf } from './signaling.ts';
import type { Zone } from './zone.ts';

export interface VouchingContext {
  readonly log: Log;
  readonly events: EventSink;
  /** Our zone with exactly this apex. */
  readonly find: (apex: Name) => Zone | undefined;
  /** What is signaled in a zone is other than it was. */
  readonly renew: (holder: Zone) => void;
}

interface Asking {
  readonly zone: AskingZone;
  /** Below which it can be signaled, as text. */
  readonly domains: readonly string[];
  signals: readonly Signal[];
}

export class Vouching {
  readonly #context: VouchingContext;
  readonly #asking = new Map<Zone, Asking>();
  /** Who is signaled below a domain. */
  readonly #byDomain = new Map<string, Set<Zone>>();
  /** Domains at or below a name. */
  readonly #domainsBelow = new Map<string, Set<string>>();
  /** All zones that came or changed since somebody asks, as they were when they were looked at last. */
  readonly #holders = new Map<string, { readonly image: ZoneImage; readonly isSigned: boolean }>();
  /** By the name of the holder, the signals of each zone. */
  readonly #held = new Map<string, Map<Zone, readonly DerivedRRset[]>>();

  constructor(context: VouchingContext) {
    this.#context = context;
  }

  /** Keys or content of a zone may be others than they were. */
  touch(zone: Zone): void {
    this.#touchAsking(zone);
    this.#touchHolder(zone);
  }

  #touchAsking(zone: Zone): void {
    const asking = askingOf(zone);
    const before = this.#asking.get(zone);
    if (isSame(before?.zone, asking)) return;
    if (before !== undefined) this.#leave(zone, before);
    const signals = asking === undefined ? [] : this.#signalsOf(asking);
    if (asking !== undefined) this.#enter(zone, { zone: asking, domains: domainsOf(asking), signals });
    this.#hold(zone, before?.signals ?? [], signals);
  }

  /** A zone is no longer served, nor found. */
  forget(zone: Zone): void {
    const before = this.#asking.get(zone);
    if (before !== undefined) {
      this.#leave(zone, before);
      this.#hold(zone, before.signals, []);
    }
    this.#touchHolder(zone);
  }

  /** What a zone can hold may be other than it was. */
  #touchHolder({ name, origin, served }: Zone): void {
    // Who asks later finds them as they are then.
    if (this.#asking.size === 0) return;
    const known = this.#holders.get(name);
    const isSigned = served !== undefined && served.epoch.apex !== null;
    const isSame = served === undefined ? known === undefined : known?.image.isSameAs(served.image) === true;
    if (isSame && known?.isSigned === isSigned) return;
    if (served === undefined) this.#holders.delete(name);
    else this.#holders.set(name, { image: served.image, isSigned });
    this.#changed(origin);
  }

  /** There may be other places to signal at. */
  #changed(apex: Name): void {
    const domains = new Set(this.#domainsBelow.get(formatName(apex)) ?? []);
    // A zone may begin below a domain, too.
    for (let name = apex; name[0] !== 0; name = parentName(name)) domains.add(formatName(name));
    for (const zone of new Set([...domains].flatMap((domain) => [...(this.#byDomain.get(domain) ?? [])]))) {
      const asking = this.#asking.get(zone)!;
      const before = asking.signals;
      asking.signals = this.#signalsOf(asking.zone);
      // What is asked is as it was: only where it is signaled can be another place.
      if (!hasSameHolders(before, asking.signals)) this.#hold(zone, before, asking.signals);
    }
  }

  /** What is to be signaled in one of our zones, in no order. */
  signalsIn(holder: string): readonly DerivedRRset[] {
    return [...(this.#held.get(holder)?.values() ?? [])].flat();
  }

  /** Where we would vouch for a zone, whether it asks now or not. */
  signalsFor(zone: Zone): readonly Signal[] {
    return this.#signalsOf({
      origin: zone.origin,
      hosts: hostsOf(zone),
      cds: { cds: [], cdnskey: [] },
      ttl: 0,
    });
  }

  /** All that we signal for a zone is in what is served. */
  isServed(zone: Zone): boolean {
    const signals = this.#asking.get(zone)?.signals ?? [];
    return signals.every(({ holder, ...signal }) => {
      const image = holder === null ? undefined : this.#context.find(holder.origin)?.served?.image;
      if (holder === null || !('rrsets' in signal)) return true;
      return signal.rrsets.every((rrset) => image !== undefined && hasRRset(image, rrset));
    });
  }

  // ---- Who asks ----

  #enter(zone: Zone, asking: Asking): void {
    this.#asking.set(zone, asking);
    for (const domain of asking.domains) {
      setIn(this.#byDomain, domain).add(zone);
      for (const above of namesAbove(domain)) setIn(this.#domainsBelow, above).add(domain);
    }
  }

  #leave(zone: Zone, { domains }: Asking): void {
    this.#asking.delete(zone);
    if (this.#asking.size === 0) this.#holders.clear();
    for (const domain of domains) {
      if (!takeFrom(this.#byDomain, domain, zone)) continue;
      for (const above of namesAbove(domain)) takeFrom(this.#domainsBelow, above, domain);
    }
  }

  // ---- What is held ----

  #signalsOf(asking: AskingZone): Signal[] {
    return signalsOf(asking, (apex) => {
      const zone = this.#context.find(apex);
      return zone && holdingZone(zone);
    });
  }

  /** Puts the signals of a zone where they belong, and has those zones made anew for which that makes a difference. */
  #hold(zone: Zone, before: readonly Signal[], signals: readonly Signal[]): void {
    const [old, fresh] = [byHolder(before), byHolder(signals)];
    for (const name of new Set([...old.keys(), ...fresh.keys()])) {
      const rrsets = fresh.get(name);
      if (contentOf(old.get(name)) === contentOf(rrsets)) continue;
      const held = this.#held.get(name) ?? new Map<Zone, readonly DerivedRRset[]>();
      if (rrsets === undefined) held.delete(zone);
      else held.set(zone, rrsets);
      if (held.size === 0) this.#held.delete(name);
      else this.#held.set(name, held);
      const holder = this.#context.find(nameOf(name));
      if (holder !== undefined) this.#context.renew(holder);
      this.#tell(zone, name, rrsets !== undefined);
    }
  }

  /** Who owns a zone may want to know that its DS is under way (RFC 9615 §5.1). */
  #tell({ name }: Zone, holder: string, isSignaled: boolean): void {
    const { log, events } = this.#context;
    const message = isSignaled
      ? `${name} asks for its first DS: it is signaled in ${holder} (RFC 9615)`
      : `${name} is signaled in ${holder} no longer`;
    log.info({ zone: name, holder }, message);
    events.add({ kind: 'parent', zone: name, message, details: { holder, signaled: isSignaled } });
  }
}

// ---- Zones as they are ----

/** Undefined if the zone asks for nothing, or nothing of it is served. */
function askingOf(zone: Zone): AskingZone | undefined {
  const { signing, served } = zone;
  // Who asks for a DS waits for its parent.
  if (signing === undefined || served === undefined || signing.waitingSince === null) return undefined;
  if (!asksForFirstDs(signing.zoneState)) return undefined;
  const { origin } = zone;
  const cds = cdsSet(signing.zoneState, origin, signing.policy);
  if (cds.cds.length + cds.cdnskey.length === 0) return undefined;
  return { origin, hosts: hostsOf(zone), cds, ttl: signing.policy.cdsTtl };
}

function hostsOf({ served }: Zone): Name[] {
  return served === undefined ? [] : rdatasAt(served.image, APEX, RRTYPE.NS).map(lowerName);
}

function holdingZone({ name, origin, served }: Zone): HoldingZone {
  return {
    name,
    origin,
    isSigned: served !== undefined && served.epoch.apex !== null,
    holds: (owner) => served !== undefined && isAuthoritativeFor(served.image, owner),
  };
}

function hasRRset(image: ZoneImage, { owner, type, rdatas }: DerivedRRset): boolean {
  const node = nodeOf(image, owner);
  return node !== NO_NODE && textOf(rdatasAt(image, node, type)) === textOf(rdatas);
}

// ---- Texts and sets ----

function domainsOf({ origin, hosts }: AskingZone): string[] {
  const domains = signalingHosts(origin, hosts).map(signalingDomain);
  return [...new Set(domains.flatMap((domain) => (domain === undefined ? [] : [formatName(domain)])))];
}

/** A name and all above it, as text. */
function namesAbove(text: string): string[] {
  const found = [text];
  for (let name = nameOf(text); name[0] !== 0; name = parentName(name))
    found.push(formatName(parentName(name)));
  return found;
}

function byHolder(signals: readonly Signal[]): Map<string, readonly DerivedRRset[]> {
  const found = new Map<string, readonly DerivedRRset[]>();
  for (const signal of signals) {
    if (signal.holder === null) continue;
    found.set(signal.holder.name, [...(found.get(signal.holder.name) ?? []), ...signal.rrsets]);
  }
  return found;
}

function hasSameHolders(some: readonly Signal[], others: readonly Signal[]): boolean {
  return some.every(({ holder }, i) => holder?.name === others[i]?.holder?.name);
}

function contentOf(rrsets: readonly DerivedRRset[] = []): string {
  return rrsets
    .map(({ owner, type, ttl, rdatas }) => `${formatName(owner)} ${type} ${ttl} ${textOf(rdatas)}`)
    .sort()
    .join('\n');
}

function isSame(one: AskingZone | undefined, other: AskingZone | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  const wordsOf = ({ hosts, cds, ttl }: AskingZone) =>
    [textOf(hosts), textOf(cds.cds), textOf(cds.cdnskey), ttl].join('|');
  return wordsOf(one) === wordsOf(other);
}

function textOf(rdatas: readonly Uint8Array[]): string {
  return rdatas
    .map((rdata) => Buffer.from(rdata).toString('hex'))
    .sort()
    .join(' ');
}

function setIn<K, V>(map: Map<K, Set<V>>, key: K): Set<V> {
  const known = map.get(key);
  if (known !== undefined) return known;
  const added = new Set<V>();
  map.set(key, added);
  return added;
}

/** True if nothing is left under the key. */
function takeFrom<K, V>(map: Map<K, Set<V>>, key: K, value: V): boolean {
  const known = map.get(key);
  known?.delete(value);
  if (known !== undefined && known.size === 0) map.delete(key);
  return known === undefined || known.size === 0;
}
