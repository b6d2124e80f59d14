/**
 * Finds the parent of a zone and all its servers, by iteration of our own from a trust anchor (ROLLOVER 3.4): at each name
 * on the way down the zone above is asked whether there is a zone cut, and what it says is validated. A resolver that
 * caches could show us yesterday's delegation; here only zone cuts are remembered, for a bounded time.
 */
import { LRUCache } from 'lru-cache';
import { plus, type UnixSeconds } from '../base/time.ts';
import { RCODE, RRTYPE } from '../wire/iana.ts';
import { formatName, isAtOrBelow, labelCount, lowerName, type Name, suffixOffset } from '../wire/name.ts';
import { denialOf } from './denial.ts';
import { type Response, readResponse, type Unknown, unknown } from './judge.ts';
import type { Network } from './network.ts';
import { questionFor } from './question.ts';
import { findRRset, type ReceivedRRset } from './rrset.ts';
import { addressesIn, distinct, hostsOf, type NameServer } from './servers.ts';
import { faultOf, keysByDs, type TrustedZone } from './validate.ts';
import { isSpent, newVerifications, type Verifications } from './verifications.ts';

/** Where iteration starts: a zone whose servers and key are configured. */
export interface TrustAnchor {
  /** In lower case. */
  readonly apex: Name;
  /** DS RDATA of its keys; none: the zone counts as insecure. */
  readonly ds: readonly Uint8Array[];
  readonly servers: readonly NameServer[];
}

/** A zone with its servers, each address once. */
export interface FoundZone extends TrustedZone {
  readonly servers: readonly NameServer[];
  /** For how long caches may hold what was found, in seconds: the least TTL of its DS, DNSKEY and NS records. */
  readonly ttl: number;
}

export interface FinderOptions {
  readonly network: Network;
  readonly anchors: readonly TrustAnchor[];
  /** Port of servers that are found by name. */
  readonly port: number;
}

/** The zone below a cut, or that there is none, or why nobody can say. */
type Cut = FoundZone | 'no cut' | Unknown;

interface Remembered {
  readonly cut: Promise<Cut>;
  readonly since: UnixSeconds;
  isSettled: boolean;
  until: UnixSeconds;
}

/** What may still be asked, and verified; whoever has it takes from it. */
export interface Budget {
  questions: number;
  readonly verifications: Verifications;
}

export function newBudget(questions: number): Budget {
  return { questions, verifications: newVerifications() };
}

/** One way down, with the ways to addresses of servers that it needs. */
interface Search {
  readonly now: UnixSeconds;
  /** How many addresses of servers are being looked for, one because of the other. */
  readonly depth: number;
  /** What zones that point at each other, or at crowds, may cost in all. */
  readonly budget: Budget;
}

/** How long a zone cut is remembered at most, and at least, in seconds; what went wrong is asked again soon. */
const CACHE_S = 900;
const MIN_CACHE_S = 5;
const FAULT_CACHE_S = 10;
const MAX_CACHED = 20_000;
/** Servers of a zone that are asked one after the other before iteration gives up. */
const MAX_SERVERS_TRIED = 6;
/** Hosts whose addresses are looked up for the servers of others, in a row. */
const MAX_DEPTH = 6;
/** Hosts of one NS RRset. */
const MAX_HOSTS = 32;
const MAX_QUESTIONS = 400;

export class ParentFinder {
  readonly #options: FinderOptions;
  readonly #remembered = new LRUCache<string, Remembered>({ max: MAX_CACHED });

  constructor(options: FinderOptions) {
    this.#options = options;
  }

  /** Port of servers that are found by name. */
  get port(): number {
    return this.#options.port;
  }

  /** The zone that delegates `child`, or why it cannot be found. */
  parentOf(child: Name, now: UnixSeconds): Promise<FoundZone | Unknown> {
    return this.#zoneAbove(lowerName(child), labelCount(child) - 1, newSearch(now));
  }

  /** The servers to which the parent of a zone delegates it, or why they cannot be found. */
  async serversOf(child: Name, now: UnixSeconds): Promise<readonly NameServer[] | Unknown> {
    const search = newSearch(now);
    const parent = await this.#zoneAbove(lowerName(child), labelCount(child) - 1, search);
    if ('kind' in parent) return parent;
    const response = await this.#ask(parent.servers, lowerName(child), RRTYPE.NS, search);
    if ('kind' in response) return response;
    const servers = await this.#serversIn(response, lowerName(child), parent.apex, search);
    if (servers === undefined || servers.length === 0) return noAddress(child);
    return distinct(servers);
  }

  /** The addresses of a host; none if it cannot be found, or `budget`, which several searches may share, is used up. */
  addressesOf(host: Name, now: UnixSeconds, budget?: Budget): Promise<string[]> {
    return this.#addressesOf(lowerName(host), newSearch(now, budget));
  }

  /**
   * The RRset of a type at a name below `parent`, validated unless the zone is insecure; null if there is none. It may
   * come from a wildcard: what is asked for in this way is a hint.
   */
  async hintAt(
    name: Name,
    type: number,
    zoneLabels: number,
    now: UnixSeconds,
  ): Promise<ReceivedRRset | null | Unknown> {
    const search = newSearch(now);
    const zone = await this.#zoneAbove(lowerName(name), zoneLabels, search);
    if ('kind' in zone) return zone.reason === 'PARENT_NO_NAME' ? null : zone;
    const response = await this.#ask(zone.servers, lowerName(name), type, search);
    if ('kind' in response) return response;
    const rrset = findRRset(response.answer, lowerName(name), type) ?? null;
    if (rrset === null || zone.keys === null) return rrset;
    const { verifications } = search.budget;
    const fault = faultOf(rrset, { apex: zone.apex, keys: zone.keys, verifications }, now, 'allowed');
    return fault === undefined ? rrset : unknown('PARENT_BOGUS', `${formatName(name)}: ${fault}`);
  }

  /**
   * The zone that a name is in, or is the apex of; `keys` is null if nothing of it can be validated. Unknown if `budget`,
   * which several searches may share, is used up.
   */
  zoneOf(name: Name, now: UnixSeconds, budget?: Budget): Promise<FoundZone | Unknown> {
    return this.#zoneAbove(lowerName(name), labelCount(name), newSearch(now, budget));
  }

  /**
   * Forgets a zone: its servers or its keys may be others by now. Not one that was found a moment ago: thousands of
   * children for which one server is silent must not ask for its zone thousands of times.
   */
  forget(apex: Name, now: UnixSeconds): void {
    const name = formatName(apex);
    const known = this.#remembered.get(name);
    if (known !== undefined && now - known.since >= MIN_CACHE_S) this.#remembered.delete(name);
  }

  /** The zone that holds the last `labels` labels of `name`. */
  async #zoneAbove(name: Name, labels: number, search: Search): Promise<FoundZone | Unknown> {
    if (labels < 0) return unknown('PARENT_WRONG_ZONE', 'the root has no parent');
    const above = name.subarray(suffixOffset(name, labelCount(name) - labels));
    const anchor = this.#anchorFor(above);
    if (anchor === undefined)
      return unknown('PARENT_WRONG_ZONE', `no trust anchor is above ${formatName(name)}`);
    const start = await this.#remember(anchor.apex, search, () => this.#open(anchor, search));
    if (start === 'no cut' || 'kind' in start) return start as Unknown;
    let zone: FoundZone = start;
    for (let count = labelCount(anchor.apex) + 1; count <= labels; count++) {
      const at = name.subarray(suffixOffset(name, labelCount(name) - count));
      const within = zone;
      const cut = await this.#remember(at, search, () => this.#findCut(within, at, search));
      if (cut === 'no cut') continue;
      if ('kind' in cut) return cut;
      zone = cut;
    }
    return zone;
  }

  /** The deepest anchor at or above a name. */
  #anchorFor(name: Name): TrustAnchor | undefined {
    const above = this.#options.anchors.filter(({ apex }) => isAtOrBelow(name, apex));
    return above.toSorted((a, b) => labelCount(b.apex) - labelCount(a.apex))[0];
  }

  #remember(name: Name, { now, depth, budget }: Search, find: () => Promise<Cut>): Promise<Cut> {
    const key = formatName(name);
    const known = this.#remembered.get(key);
    // Only who looks for no addresses waits for others: two that wait for each other would wait for ever.
    if (known !== undefined && now < known.until && (known.isSettled || depth === 0)) return known.cut;
    const entry: Remembered = { cut: find(), since: now, isSettled: false, until: plus(now, CACHE_S) };
    if (known === undefined || now >= known.until) this.#remembered.set(key, entry);
    void entry.cut.then((cut) => {
      entry.isSettled = true;
      // That somebody had no question left says nothing of the zone.
      const isBudgetGone = budget.questions < 0 || isSpent(budget.verifications);
      const isUnsaid = isBudgetGone && cut !== 'no cut' && 'kind' in cut;
      entry.until = isUnsaid ? now : plus(now, lifetimeOf(cut));
    });
    return entry.cut;
  }

  // ---- One step down ----

  /** Whether `zone` delegates `name`, and what is there. */
  async #findCut(zone: FoundZone, name: Name, search: Search): Promise<Cut> {
    const { now, budget } = search;
    const response = await this.#ask(zone.servers, name, RRTYPE.DS, search);
    if ('kind' in response) return response;
    const ds = findRRset(response.answer, name, RRTYPE.DS);
    if (zone.keys === null) return this.#enter(zone, name, undefined, search);
    const trusted = { apex: zone.apex, keys: zone.keys, verifications: budget.verifications };
    if (ds !== undefined) {
      const fault = faultOf(ds, trusted, now);
      if (fault !== undefined) return unknown('PARENT_BOGUS', `DS of ${formatName(name)}: ${fault}`);
      return this.#enter(zone, name, ds, search);
    }
    const denial = denialOf(name, response.authority, trusted, now);
    if (denial === 'no cut') return denial;
    if (denial === 'no name') return unknown('PARENT_NO_NAME', `${formatName(name)} does not exist`);
    if (typeof denial === 'object')
      return unknown('PARENT_BOGUS', `DS of ${formatName(name)}: ${denial.fault}`);
    return this.#enter(zone, name, undefined, search);
  }

  /** Finds the servers of the zone below the cut at `name`; without `ds` nothing below can be validated. */
  async #enter(zone: FoundZone, name: Name, ds: ReceivedRRset | undefined, search: Search): Promise<Cut> {
    const referral = await this.#ask(zone.servers, name, RRTYPE.NS, search);
    if ('kind' in referral) return referral;
    if (referral.rcode === RCODE.NXDOMAIN) {
      return unknown('PARENT_NO_NAME', `${formatName(name)} does not exist`);
    }
    const delegated = await this.#serversIn(referral, name, zone.apex, search);
    if (delegated === undefined) {
      const isCut = ds !== undefined;
      return isCut ? unknown('PARENT_ERROR', `${formatName(name)} has a DS and no name servers`) : 'no cut';
    }
    if (delegated.length === 0) return noAddress(name);
    // The zone's own list may name more of them: a server that answers from it may be asked by anybody.
    const own = await this.#ask(delegated, name, RRTYPE.NS, search);
    const more = 'kind' in own ? [] : ((await this.#serversIn(own, name, name, search)) ?? []);
    const servers = [...delegated, ...more];
    const found = await this.#open({ apex: lowerName(name), ds: ds?.rdatas ?? [], servers }, search);
    if ('kind' in found) return found;
    const ns = findRRset(referral.answer, name, RRTYPE.NS) ?? findRRset(referral.authority, name, RRTYPE.NS);
    return { ...found, ttl: Math.min(found.ttl, ns?.ttl ?? 0, ds?.ttl ?? found.ttl) };
  }

  /** A zone whose servers are known, with its keys. */
  async #open({ apex, ds, servers: known }: TrustAnchor, search: Search): Promise<FoundZone | Unknown> {
    const servers = distinct(known);
    if (ds.length === 0) return { apex, keys: null, servers, ttl: CACHE_S };
    const response = await this.#ask(servers, apex, RRTYPE.DNSKEY, search);
    if ('kind' in response) return response;
    const dnskeys = findRRset(response.answer, apex, RRTYPE.DNSKEY);
    if (dnskeys === undefined) return unknown('PARENT_BOGUS', `${formatName(apex)} has a DS and no DNSKEY`);
    const outcome = keysByDs(apex, dnskeys, ds, { now: search.now, ...search.budget });
    if ('fault' in outcome) return unknown('PARENT_BOGUS', `${formatName(apex)}: ${outcome.fault}`);
    return { apex, keys: outcome.keys, servers, ttl: dnskeys.ttl };
  }

  // ---- Servers ----

  /** The servers that a response names for a zone; undefined if it has no NS RRset of it. */
  async #serversIn(
    { answer, authority, additional }: Response,
    apex: Name,
    bailiwick: Name,
    search: Search,
  ): Promise<NameServer[] | undefined> {
    const ns = findRRset(answer, apex, RRTYPE.NS) ?? findRRset(authority, apex, RRTYPE.NS);
    if (ns === undefined) return undefined;
    const hosts = hostsOf(ns).slice(0, MAX_HOSTS);
    const found = await Promise.all(
      hosts.map(async (name) => {
        const glue = isAtOrBelow(name, bailiwick) ? addressesIn(additional, name) : [];
        // What is inside the zone itself can only be had as glue.
        const isInside = isAtOrBelow(name, apex);
        const addresses = glue.length > 0 || isInside ? glue : await this.#addressesOf(name, search);
        return addresses.map((address) => ({ name, address, port: this.#options.port }));
      }),
    );
    return found.flat();
  }

  async #addressesOf(host: Name, before: Search): Promise<string[]> {
    const search = { ...before, depth: before.depth + 1 };
    if (search.depth > MAX_DEPTH) return [];
    const zone = await this.#zoneAbove(host, labelCount(host), search);
    if ('kind' in zone) return [];
    const responses = await Promise.all([
      this.#ask(zone.servers, host, RRTYPE.A, search),
      this.#ask(zone.servers, host, RRTYPE.AAAA, search),
    ]);
    return responses.flatMap((response) => ('kind' in response ? [] : addressesIn(response.answer, host)));
  }

  /** Asks servers of a zone until one gives an answer that can be read. */
  async #ask(
    servers: readonly NameServer[],
    name: Name,
    type: number,
    { budget }: Search,
  ): Promise<Response | Unknown> {
    const query = questionFor(name, type);
    let last: Unknown = unknown('PARENT_SILENT', `no server for ${formatName(name)} is known`);
    for (const server of servers.slice(0, MAX_SERVERS_TRIED)) {
      if (budget.questions-- <= 0)
        return unknown('PARENT_ERROR', 'more questions would be needed than one search may ask');
      const octets = await this.#options.network.exchange(server, query);
      const response =
        'fault' in octets ? unknown('PARENT_SILENT', octets.fault) : readResponse(octets, name, type);
      if (!('kind' in response)) return response;
      last = unknown(response.reason, `${server.address} about ${formatName(name)}: ${response.text}`);
    }
    return last;
  }
}

/** For how many seconds what was found is remembered. */
function lifetimeOf(cut: Cut): number {
  if (cut === 'no cut') return CACHE_S;
  return 'kind' in cut ? FAULT_CACHE_S : Math.min(CACHE_S, Math.max(MIN_CACHE_S, cut.ttl));
}

function newSearch(now: UnixSeconds, budget: Budget = newBudget(MAX_QUESTIONS)): Search {
  return { now, depth: 0, budget };
}

function noAddress(name: Name): Unknown {
  return unknown('PARENT_SILENT', `no address of a name server of ${formatName(name)} can be found`);
}
