/**
 * Who is signaled where (RFC 9615). Very many zones have the same name servers, and their signals are in the same zones of
 * ours: such zones are a group, which knows all of that once, and of each of its zones only what that asks for.
 */
import { list, number, octets, pack, record, unpack } from '../base/packing.ts';
import type { CdsSet } from '../kasp/records.ts';
import { signalingDomain } from '../parent/signal.ts';
import { formatName, type Name, nameOf, parentName } from '../wire/name.ts';

/** Where a zone is signaled. */
export interface Places {
  /** Its name servers outside. */
  readonly hosts: readonly Name[];
  /** For each host, the name of the zone of ours that holds what is signaled below it; null if none can. */
  readonly holders: readonly (string | null)[];
}

/** What a zone asks for. */
export interface Wish extends CdsSet {
  /** Of its CDS, in seconds. */
  readonly ttl: number;
}

const WISH = record<Wish>({ ttl: number, cds: list(octets), cdnskey: list(octets) });

/** A wish as a text; equal ones are the same text. */
export function packWish(wish: Wish): string {
  return pack(WISH, wish);
}

export function unpackWish(packed: string): Wish {
  return unpack(WISH, packed);
}

export interface SignalGroup<Zone> extends Places {
  /** Below which its zones can be signaled, as text. */
  readonly domains: readonly string[];
  /** The packed wish of each of its zones; at least one. */
  readonly wishes: ReadonlyMap<Zone, string>;
}

interface GrowingGroup<Zone> extends SignalGroup<Zone> {
  readonly wishes: Map<Zone, string>;
}

export class SignalGroups<Zone> {
  readonly #groups = new Map<string, GrowingGroup<Zone>>();
  readonly #groupOf = new Map<Zone, GrowingGroup<Zone>>();
  readonly #byDomain = new Map<string, Set<SignalGroup<Zone>>>();
  /** Domains at or below a name. */
  readonly #domainsBelow = new Map<string, Set<string>>();
  readonly #byHolder = new Map<string, Set<SignalGroup<Zone>>>();

  of(zone: Zone): SignalGroup<Zone> | undefined {
    return this.#groupOf.get(zone);
  }

  /** The groups that are signaled in a zone of ours. */
  signaledIn(holder: string): Iterable<SignalGroup<Zone>> {
    return this.#byHolder.get(holder) ?? [];
  }

  /** The domains at or below a name, which is an apex, and those at or above it: a zone may begin below a domain, too. */
  domainsNear(apex: Name): Set<string> {
    if (this.#byDomain.size === 0) return new Set();
    const found = new Set(this.#domainsBelow.get(formatName(apex)));
    for (let name = apex; name[0] !== 0; name = parentName(name)) {
      const text = formatName(name);
      if (this.#byDomain.has(text)) found.add(text);
    }
    return found;
  }

  /** The groups that can be signaled below these domains. */
  below(domains: Iterable<string>): Set<SignalGroup<Zone>> {
    const found = new Set<SignalGroup<Zone>>();
    for (const domain of domains) for (const group of this.#byDomain.get(domain) ?? []) found.add(group);
    return found;
  }

  /** The zone asks for this from now on, and is signaled there. True if nobody asked below one of its domains before. */
  put(zone: Zone, places: Places, wish: string): boolean {
    const key = keyOf(places);
    const before = this.#groupOf.get(zone);
    const known = this.#groups.get(key);
    const group = known ?? { ...places, domains: domainsOf(places.hosts), wishes: new Map<Zone, string>() };
    group.wishes.set(zone, wish);
    if (before === group) return false;
    this.#groupOf.set(zone, group);
    const hasNewDomain = known === undefined && this.#add(key, group);
    if (before !== undefined) this.#drop(zone, before);
    return hasNewDomain;
  }

  /** The zone asks for nothing. */
  take(zone: Zone): void {
    const before = this.#groupOf.get(zone);
    this.#groupOf.delete(zone);
    if (before !== undefined) this.#drop(zone, before);
  }

  #add(key: string, group: GrowingGroup<Zone>): boolean {
    this.#groups.set(key, group);
    for (const holder of holdersIn(group)) setIn(this.#byHolder, holder).add(group);
    let hasNewDomain = false;
    for (const domain of group.domains) {
      hasNewDomain ||= !this.#byDomain.has(domain);
      setIn(this.#byDomain, domain).add(group);
      for (const above of namesAbove(domain)) setIn(this.#domainsBelow, above).add(domain);
    }
    return hasNewDomain;
  }

  #drop(zone: Zone, group: GrowingGroup<Zone>): void {
    group.wishes.delete(zone);
    if (group.wishes.size > 0) return;
    this.#groups.delete(keyOf(group));
    for (const holder of holdersIn(group)) takeFrom(this.#byHolder, holder, group);
    for (const domain of group.domains) {
      if (!takeFrom(this.#byDomain, domain, group)) continue;
      for (const above of namesAbove(domain)) takeFrom(this.#domainsBelow, above, domain);
    }
  }
}

/** The zones of ours in which it is signaled. */
export function holdersIn({ holders }: Places): Set<string> {
  return new Set(holders.filter((holder) => holder !== null));
}

function keyOf({ hosts, holders }: Places): string {
  return hosts.map((host, i) => `${Buffer.from(host).toString('latin1')}${holders[i] ?? ''}\n`).join('');
}

function domainsOf(hosts: readonly Name[]): string[] {
  const domains = hosts.map(signalingDomain).filter((domain) => domain !== undefined);
  return [...new Set(domains.map((domain) => formatName(domain)))];
}

/** A name and all above it, as text. */
function namesAbove(text: string): string[] {
  const found = [text];
  for (let name = nameOf(text); name[0] !== 0; name = parentName(name))
    found.push(formatName(parentName(name)));
  return found;
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
