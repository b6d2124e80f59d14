/**
 * What we vouch for (RFC 9615): of every zone of ours that asks for its first DS, the signals that belong into other zones
 * of ours. Each look is cheap, whatever happened; a zone that holds signals is made anew only if they are others. Very many
 * zones may wait for a first DS that never comes: one whose name servers are all inside costs nothing here, as nobody can
 * vouch for it, and of one that has others is kept what it asks for, packed.
 *
 *     a zone asks, its CDS or NS change, it has its DS, it goes ─┐
 *                                                               ├─▶ signals ─▶ other than before: `renew` the holder
 *     a zone that may hold signals comes, changes, goes ────────┘
 */
import { asksForFirstDs } from '../kasp/bootstrap.ts';
import type { Policy } from '../kasp/policy.ts';
import { cdsSet } from '../kasp/records.ts';
import type { ZoneState } from '../kasp/zonestate.ts';
import type { EventSink } from '../ops/events.ts';
import type { Log } from '../ops/log.ts';
import { signalingHosts, signalingName } from '../parent/signal.ts';
import { RRTYPE } from '../wire/iana.ts';
import { lowerName, type Name, nameOf } from '../wire/name.ts';
import { cutsNear, isAuthoritativeFor, nodeOf, rdatasAt } from '../zone/contents.ts';
import { APEX, type ImageMemory, NO_NODE, type ZoneImage } from '../zone/image.ts';
import type { DerivedRRset } from './derived.ts';
import {
  holdersIn,
  type Places,
  packWish,
  type SignalGroup,
  SignalGroups,
  unpackWish,
} from './signalgroups.ts';
import {
  type FoundAbove,
  type HoldingZone,
  placesOf,
  rrsetsAt,
  type Signal,
  signalsOf,
} from './signaling.ts';
import type { Zone } from './zone.ts';

/** What is asked of a zone here. */
export interface VouchedZone {
  readonly name: string;
  readonly origin: Name;
  /** Undefined if nothing is served. */
  readonly served:
    | {
        readonly image: ZoneImage;
        readonly epoch: { readonly image: ImageMemory; readonly apex: ImageMemory | null };
      }
    | undefined;
  readonly signing:
    | {
        readonly waitingSince: number | null;
        readonly zoneState: ZoneState;
        readonly policy: Pick<Policy, 'cds' | 'digests' | 'cdsTtl'>;
      }
    | undefined;
}

export interface VouchingContext<Z extends VouchedZone> {
  readonly log: Log;
  readonly events: EventSink;
  /** Our zone with exactly this apex. */
  readonly find: (apex: Name) => Z | undefined;
  /** What is signaled in a zone is other than it was. */
  readonly renew: (holder: Z) => void;
}

/** What a zone asks for, and where it is signaled. */
interface Asking extends Places {
  /** Packed. */
  readonly wish: string;
}

/** Of a zone that may hold signals: all that decides whether it does. */
interface Holder {
  /** By which that was found; null if the zone is not served. */
  readonly image: ImageMemory | null;
  readonly isSigned: boolean;
  /** Where authority ends, as far as signals can be there; null if the zone is not served. */
  readonly cuts: string | null;
}

export class Vouching<Z extends VouchedZone = Zone> {
  readonly #context: VouchingContext<Z>;
  readonly #groups = new SignalGroups<Z>();
  /** Zones that came or changed since somebody asks near them, as they were when they were looked at last. */
  readonly #holders = new Map<string, Holder>();

  constructor(context: VouchingContext<Z>) {
    this.#context = context;
  }

  /** Keys or content of a zone may be others than they were. */
  touch(zone: Z): void {
    this.#touchAsking(zone);
    this.#touchHolder(zone);
  }

  #touchAsking(zone: Z): void {
    const asking = askingOf(zone);
    const group = this.#groups.of(zone);
    if (asking === undefined) this.#put(zone, undefined);
    else if (group === undefined || !isSame(group, zone, asking)) {
      this.#put(zone, { ...asking, holders: this.#holdersOf(zone, asking.hosts) });
    }
  }

  /** A zone is no longer served, nor found. */
  forget(zone: Z): void {
    this.#put(zone, undefined);
    this.#holders.delete(zone.name);
    this.#changed(this.#groups.domainsNear(zone.origin));
  }

  /** What a zone can hold may be other than it was. */
  #touchHolder(zone: Z): void {
    const { name, origin, served } = zone;
    const domains = this.#groups.domainsNear(origin);
    // Who asks later finds it as it is then.
    if (domains.size === 0) {
      this.#holders.delete(name);
      return;
    }
    const known = this.#holders.get(name);
    const image = served?.epoch.image ?? null;
    const isSigned = served !== undefined && served.epoch.apex !== null;
    if (known?.image === image && known.isSigned === isSigned) return;
    const cuts = served === undefined ? null : cutsNear(served.image, [...domains].map(nameOf));
    this.#holders.set(name, { image, isSigned, cuts });
    // What it holds makes another image of it each time: that is no other place for anybody.
    if (known === undefined || known.isSigned !== isSigned || known.cuts !== cuts) this.#changed(domains);
  }

  /** There may be other places to signal at below these domains. */
  #changed(domains: Iterable<string>): void {
    const found: FoundAbove = new Map();
    for (const group of this.#groups.below(domains)) {
      const { hosts } = group;
      for (const [zone, wish] of [...group.wishes]) {
        const holders = this.#holdersOf(zone, hosts, found);
        // What is asked is as it was: only where it is signaled can be another place.
        if (!isSameList(group.holders, holders)) this.#put(zone, { hosts, holders, wish });
      }
    }
  }

  /** What is to be signaled in one of our zones, in no order. */
  signalsIn(holder: string): readonly DerivedRRset[] {
    const found: DerivedRRset[] = [];
    for (const group of this.#groups.signaledIn(holder)) {
      for (const [zone, wish] of group.wishes) found.push(...rrsetsIn(zone, { ...group, wish }, holder));
    }
    return found;
  }

  /** Where we would vouch for a zone, whether it asks now or not. */
  signalsFor({ origin, served }: Z): readonly Signal[] {
    const hosts = served === undefined ? [] : hostsOf(served.image);
    return signalsOf({ origin, hosts, cds: { cds: [], cdnskey: [] }, ttl: 0 }, (apex) => this.#zoneAt(apex));
  }

  /** All that we signal for a zone is in what is served. */
  isServed(zone: Z): boolean {
    const asking = this.#askingOf(zone);
    if (asking === undefined) return true;
    return [...holdersIn(asking)].every((holder) => {
      const image = this.#context.find(nameOf(holder))?.served?.image;
      return image !== undefined && rrsetsIn(zone, asking, holder).every((rrset) => hasRRset(image, rrset));
    });
  }

  /** What is known of a zone that asks. */
  #askingOf(zone: Z): Asking | undefined {
    const group = this.#groups.of(zone);
    if (group === undefined) return undefined;
    const { hosts, holders, wishes } = group;
    return { hosts, holders, wish: wishes.get(zone)! };
  }

  // ---- Places ----

  /** Of each of these hosts of a zone. */
  #holdersOf(zone: Z, hosts: readonly Name[], found?: FoundAbove): (string | null)[] {
    const places = placesOf({ origin: zone.origin, hosts }, (apex) => this.#zoneAt(apex), found);
    return places.map(({ holder }) => holder?.name ?? null);
  }

  #zoneAt(apex: Name): HoldingZone | undefined {
    const zone = this.#context.find(apex);
    return zone && holdingZone(zone);
  }

  /** Has those zones made anew for which it makes a difference what a zone asks for now. */
  #put(zone: Z, asking: Asking | undefined): void {
    const before = this.#askingOf(zone);
    if (asking === undefined) this.#groups.take(zone);
    // Holders were looked at with an eye to the domains that were.
    else if (this.#groups.put(zone, asking, asking.wish)) this.#holders.clear();
    for (const holder of new Set([before, asking].flatMap((one) => (one ? [...holdersIn(one)] : [])))) {
      const content = contentIn(asking, holder);
      if (content === contentIn(before, holder)) continue;
      const held = this.#context.find(nameOf(holder));
      if (held !== undefined) this.#context.renew(held);
      this.#tell(zone, holder, content !== undefined);
    }
  }

  /** Who owns a zone may want to know that its DS is under way (RFC 9615 §5.1). */
  #tell({ name }: Z, holder: string, isSignaled: boolean): void {
    const { log, events } = this.#context;
    const message = isSignaled
      ? `${name} asks for its first DS: it is signaled in ${holder} (RFC 9615)`
      : `${name} is signaled in ${holder} no longer`;
    log.info({ zone: name, holder }, message);
    events.add({ kind: 'parent', zone: name, message, details: { holder, signaled: isSignaled } });
  }
}

// ---- Zones as they are ----

/** Undefined if the zone asks for nothing, nothing of it is served, or nobody could vouch for it. */
function askingOf(zone: VouchedZone): Omit<Asking, 'holders'> | undefined {
  const { signing, served } = zone;
  // Who asks for a DS waits for its parent.
  if (signing === undefined || served === undefined || signing.waitingSince === null) return undefined;
  const { origin } = zone;
  const hosts = signalingHosts(origin, hostsOf(served.image));
  if (hosts.length === 0) return undefined;
  const { zoneState, policy } = signing;
  if (!asksForFirstDs(zoneState)) return undefined;
  const { cds, cdnskey } = cdsSet(zoneState, origin, policy);
  if (cds.length + cdnskey.length === 0) return undefined;
  return { hosts, wish: packWish({ ttl: policy.cdsTtl, cds, cdnskey }) };
}

function hostsOf(image: ZoneImage): Name[] {
  return rdatasAt(image, APEX, RRTYPE.NS).map(lowerName);
}

function holdingZone({ name, origin, served }: VouchedZone): HoldingZone {
  const image = served?.image;
  return {
    name,
    origin,
    isSigned: served !== undefined && served.epoch.apex !== null,
    holds: (owner) => image !== undefined && isAuthoritativeFor(image, owner),
  };
}

/** What is to be at the names of a zone in one of ours. */
function rrsetsIn({ origin }: VouchedZone, { hosts, holders, wish }: Asking, holder: string): DerivedRRset[] {
  const { ttl, ...cds } = unpackWish(wish);
  const held = hosts.filter((_, i) => holders[i] === holder);
  return held.flatMap((host) => rrsetsAt(signalingName(origin, host)!, { cds, ttl }));
}

function hasRRset(image: ZoneImage, { owner, type, rdatas }: DerivedRRset): boolean {
  const node = nodeOf(image, owner);
  return node !== NO_NODE && textOf(rdatasAt(image, node, type)) === textOf(rdatas);
}

// ---- Comparisons ----

function isSame<Z>(group: SignalGroup<Z>, zone: Z, { hosts, wish }: Omit<Asking, 'holders'>): boolean {
  return group.wishes.get(zone) === wish && textOf(group.hosts) === textOf(hosts);
}

function isSameList<T>(some: readonly T[], others: readonly T[]): boolean {
  return some.length === others.length && some.every((one, i) => one === others[i]);
}

/** All that one of our zones has of who asks; undefined if that is nothing. */
function contentIn(asking: Asking | undefined, holder: string): string | undefined {
  if (asking === undefined || !asking.holders.includes(holder)) return undefined;
  const { hosts, holders, wish } = asking;
  return `${textOf(hosts.filter((_, i) => holders[i] === holder))} ${wish}`;
}

function textOf(rdatas: readonly Uint8Array[]): string {
  return rdatas
    .map((rdata) => Buffer.from(rdata).toString('hex'))
    .sort()
    .join(' ');
}
