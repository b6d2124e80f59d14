/**
 * What many looks at the parent prove together (ROLLOVER 3.4). One look may meet one of many anycast nodes, so that only
 * complete looks that agree, some time apart, count; a server that is silent holds up everything, until it was silent for
 * so long that the others are believed without it. Pure: who looks, and when, is the business of the shell.
 */
import { plus, type UnixSeconds } from '../base/time.ts';
import type { Name } from '../wire/name.ts';
import type { Unknown } from './judge.ts';
import type { Look, Sight } from './look.ts';
import { isDsOf } from './validate.ts';

/** How a DS stands: on all servers, on none, on some, or nobody can say. */
export type KeySight = 'IN' | 'OUT' | 'MIXED' | 'UNKNOWN';

/** What of a zone's looks is remembered. */
export interface Watch {
  /** The newest look, complete or not; null before the first. */
  readonly last: { readonly at: UnixSeconds; readonly outcome: Look | Unknown } | null;
  /** The sights of complete looks that were far enough apart, the newest last. */
  readonly rounds: readonly Round[];
  /** Looks in a row that were not complete, and since when. */
  readonly failed: number;
  readonly failedSince: UnixSeconds | null;
  /** Since when complete looks show what the last of them showed. */
  readonly steadySince: UnixSeconds | null;
  /** Addresses that say nothing, and since when. */
  readonly silent: ReadonlyMap<string, Silence>;
  /** The parent shows now this and now that; null if it does not. */
  readonly flaps: Flaps | null;
}

/** What complete looks found that was found before, and not by the look between. */
export interface Flaps {
  readonly since: UnixSeconds;
  readonly times: number;
  /** What the last but one showed. */
  readonly before: readonly Sight[];
}

export interface Round {
  readonly at: UnixSeconds;
  readonly sights: readonly Sight[];
}

export interface Silence {
  readonly since: UnixSeconds;
  readonly looks: number;
}

/** How looks are counted; seconds. */
export interface WatchRules {
  readonly rounds: number;
  readonly roundGap: number;
}

export const UNWATCHED: Watch = {
  ...{ last: null, rounds: [], failed: 0, failedSince: null },
  ...{ steadySince: null, silent: new Map(), flaps: null },
};

/** An address is left out when it was silent in so many looks, over so long, and two name servers still speak. */
const SILENT_LOOKS = 8;
const SILENT_S = 86_400;
const SPEAKING_NAMES = 2;

/** What is known after one more look. */
export function afterLook(watch: Watch, outcome: Look | Unknown, rules: WatchRules, now: UnixSeconds): Watch {
  const last = { at: now, outcome };
  const failure = { failed: watch.failed + 1, failedSince: watch.failedSince ?? now };
  if (outcome.kind === 'unknown') return { ...watch, ...failure, last };
  const silent = silentAfter(watch.silent, outcome.sights, now);
  const sights = countedOf(outcome.sights, silent, now);
  if (!sights.every(({ verdict }) => verdict.kind === 'known')) return { ...watch, ...failure, last, silent };
  const before = watch.rounds.at(-1);
  const rounds = roundsAfter(watch.rounds, { at: now, sights }, rules);
  const isSteady = before !== undefined && isSame(before.sights, sights);
  return {
    ...{ last, failed: 0, failedSince: null, silent, rounds },
    steadySince: isSteady ? watch.steadySince : now,
    flaps: rounds.length >= rules.rounds ? null : flapsAfter(watch, sights, now),
  };
}

/** What comes back that was there before the last change; what stays for long enough to be proof ends it. */
function flapsAfter({ rounds, flaps }: Watch, sights: readonly Sight[], now: UnixSeconds): Flaps | null {
  const last = rounds.at(-1);
  if (last === undefined) return null;
  if (isSame(last.sights, sights)) return flaps;
  const { since, times } = flaps ?? { since: now, times: 0 };
  const isBack = flaps !== null && isSame(flaps.before, sights);
  return { since, times: isBack ? times + 1 : times, before: last.sights };
}

/** A look that comes too soon proves nothing new, unless it shows something else. */
function roundsAfter(
  rounds: readonly Round[],
  round: Round,
  { rounds: count, roundGap }: WatchRules,
): Round[] {
  const before = rounds.at(-1);
  if (before === undefined || !isSame(before.sights, round.sights)) return [round];
  if (round.at < plus(before.at, roundGap)) return [...rounds];
  return [...rounds, round].slice(-Math.max(1, count));
}

function isSame(some: readonly Sight[], others: readonly Sight[]): boolean {
  const textOf = (sights: readonly Sight[]) =>
    sights
      .map(({ server, verdict }) => {
        const ds =
          verdict.kind === 'known' ? verdict.ds.map((rdata) => Buffer.from(rdata).toString('hex')) : [];
        return `${server.address} ${server.port} ${ds.sort().join(' ')}`;
      })
      .sort()
      .join('\n');
  return textOf(some) === textOf(others);
}

function silentAfter(
  before: ReadonlyMap<string, Silence>,
  sights: readonly Sight[],
  now: UnixSeconds,
): ReadonlyMap<string, Silence> {
  const mute = sights.filter(({ verdict }) => verdict.kind === 'unknown');
  return new Map(
    mute.map(({ server: { address } }) => {
      const { since, looks } = before.get(address) ?? { since: now, looks: 0 };
      return [address, { since, looks: looks + 1 }];
    }),
  );
}

/** The sights without those that need not be waited for any longer. */
function countedOf(
  sights: readonly Sight[],
  silent: ReadonlyMap<string, Silence>,
  now: UnixSeconds,
): readonly Sight[] {
  const isLost = ({ server: { address } }: Sight) => {
    const silence = silent.get(address);
    return silence !== undefined && silence.looks >= SILENT_LOOKS && now - silence.since >= SILENT_S;
  };
  const kept = sights.filter((sight) => !isLost(sight));
  const speaking = new Set(kept.map(({ server }) => Buffer.from(server.name).toString('latin1')));
  return speaking.size >= SPEAKING_NAMES ? kept : sights;
}

// ---- What it proves ----

/** What is proven of the DS of one key. */
export interface Proven {
  readonly sight: KeySight;
  /** The largest TTL that the DS RRset was seen with, in seconds; null if it was not seen. */
  readonly ttl: number | null;
}

/** What all the looks that count prove of the key whose DNSKEY RDATA is given. */
export function provenOf(
  watch: Watch,
  child: Name,
  dnskey: Uint8Array,
  { rounds: count }: WatchRules,
): Proven {
  const { rounds } = watch;
  const newest = rounds.at(-1);
  if (newest === undefined || rounds.length < count) return { sight: 'UNKNOWN', ttl: null };
  return { sight: sightOf(newest.sights, child, dnskey), ttl: ttlOf(newest.sights) };
}

/** How the DS of a key stands in one look. A DS of any digest is one: the parent may have chosen another (3.5). */
export function sightOf(sights: readonly Sight[], child: Name, dnskey: Uint8Array): KeySight {
  const known = sights.flatMap(({ verdict }) => (verdict.kind === 'known' ? [verdict.ds] : []));
  const having = known.filter((ds) => ds.some((rdata) => isDsOf(rdata, child, dnskey)));
  if (known.length < sights.length || known.length === 0) return having.length > 0 ? 'MIXED' : 'UNKNOWN';
  if (having.length === known.length) return 'IN';
  return having.length === 0 ? 'OUT' : 'MIXED';
}

function ttlOf(sights: readonly Sight[]): number | null {
  const ttls = sights.flatMap(({ verdict }) => (verdict.kind === 'known' ? [verdict.ttl] : []));
  const largest = Math.max(0, ...ttls);
  return largest > 0 ? largest : null;
}

/** DS records at the parent that belong to none of the keys. */
export function foreignDs(watch: Watch, child: Name, dnskeys: readonly Uint8Array[]): readonly Uint8Array[] {
  const { last } = watch;
  if (last === null || last.outcome.kind === 'unknown') return [];
  const all = last.outcome.sights.flatMap(({ verdict }) => (verdict.kind === 'known' ? verdict.ds : []));
  const distinct = new Map(all.map((ds) => [Buffer.from(ds).toString('hex'), ds]));
  return [...distinct.values()].filter((ds) => !dnskeys.some((dnskey) => isDsOf(ds, child, dnskey)));
}
