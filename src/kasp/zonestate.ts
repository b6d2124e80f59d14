/**
 * What the machine knows of one zone: its keys, the rollover that runs, and the publication logs (ROLLOVER 1.1). Plain
 * data, replaced as a whole; durable before anything that follows from it is served.
 *
 * The logs say what may be in caches. A version is alive, that is obtainable or cached, during
 * `[first, last + r + ttl)`, where r is the propagation that no acknowledgement covers (ROLLOVER 1.7); versions that
 * are dead are dropped. Waits are computed from them (`timing.ts`), the oracle judges by them (`oracle.ts`).
 */
import type { UnixSeconds } from '../base/time.ts';
import type { Delegation, Key, KeyRole } from './key.ts';

/** Span in which a version was served: `first` is written before it is, `last` when nobody serves it any more. */
export interface Span {
  readonly first: UnixSeconds;
  readonly last: UnixSeconds | null;
  /** How long a copy fetched at `last` stays in caches. */
  readonly ttl: number;
}

/** A DNSKEY RRset with its signers, as key ids; no keys: there was none (`ttl` is then the negative TTL). */
export interface DnskeyVersion extends Span {
  readonly keys: readonly string[];
  readonly signers: readonly string[];
}

/** Who signed the zone's data; no signers: unsigned. `ttl` reaches to the cache horizon when the version is closed. */
export interface ZoneVersion extends Span {
  readonly signers: readonly string[];
}

/** CDS and CDNSKEY: the keys they name, or that they ask for removal of the DS RRset. Empty: none published. */
export interface CdsVersion extends Span {
  readonly keys: readonly string[];
  readonly isDelete: boolean;
  readonly signers: readonly string[];
  /** Digest types of its CDS records; absent where it has none, and in versions of before 2026-11-24. */
  readonly digests?: readonly number[];
}

/** A DS RRset of our keys at the parent; no keys: none. */
export interface DsVersion extends Span {
  readonly keys: readonly string[];
  /** Observed; else only asked for, so that it may be there. */
  readonly isConfirmed: boolean;
}

/** In each log the newest version is the last; several DS versions may be open (`last` null) at once. */
export interface PublicationLogs {
  readonly dnskey: readonly DnskeyVersion[];
  readonly zone: readonly ZoneVersion[];
  readonly cds: readonly CdsVersion[];
  readonly ds: readonly DsVersion[];
}

export const ROLLOVER_TYPES = ['zsk', 'ksk', 'csk', 'algorithm', 'scheme', 'insecure'] as const;
export type RolloverType = (typeof ROLLOVER_TYPES)[number];
/** The variant of a rollover's steps (ROLLOVER 2). */
export type RolloverMethod =
  | 'pre-publication'
  | 'additive'
  | 'swap'
  | 'double-ds'
  | 'replace'
  | 'conservative'
  | 'liberal'
  | 'split'
  | 'merge'
  | 'unsign';
/** Margins are zero; with containment the bad key goes at once, and the forecast of what breaks was shown (2.8). */
export type Emergency = 'continuity' | 'containment';

export interface Rollover {
  /** UUID. */
  readonly id: string;
  readonly type: RolloverType;
  readonly method: RolloverMethod;
  readonly emergency: Emergency | null;
  readonly startedAt: UnixSeconds;
  /** Keys that come and keys that go; a cancel exchanges them. */
  readonly incoming: readonly string[];
  readonly outgoing: readonly string[];
  readonly cancelledAt: UnixSeconds | null;
  /** When the step that is shown was reached. */
  readonly step: string;
  readonly stepSince: UnixSeconds;
  /** The parent was waited for longer than `staleAfter`. */
  readonly isStalled: boolean;
  /** What starts by itself when this one is done. */
  readonly followedBy: 'scheme' | null;
}

/** Pacing (ROLLOVER 2.10): when the last rollover that replaced keys of a role was started. */
export type LastStarted = Readonly<Record<KeyRole, UnixSeconds | null>>;

/** The DS of a key is on every server of the parent; `seen` false: on none. */
export interface DsWord {
  readonly keyId: string;
  readonly seen: boolean;
}

/** Something that a person must see to, and that was told (`concerns.ts`). */
export interface Concerned {
  readonly code: string;
  readonly since: UnixSeconds;
  readonly toldAt: UnixSeconds;
}

export interface ZoneState {
  readonly keys: readonly Key[];
  readonly delegation: Delegation;
  /** Whether the zone shall be signed. */
  readonly goal: 'secure' | 'insecure';
  readonly rollover: Rollover | null;
  /** A ZSK rollover while `rollover` waits for the parent: the one overlap that is allowed (ROLLOVER 2.10). */
  readonly overlapping: Rollover | null;
  /** A rollover that an emergency left to be done: splitting the roles that it merged (ROLLOVER 2.8). */
  readonly owed: 'scheme' | null;
  /** What an operator said of DS records and does not count yet (`word.ts`). */
  readonly dsWords: readonly DsWord[];
  /** Since when an operator lets nothing be changed; null in general. */
  readonly pausedSince: UnixSeconds | null;
  /** Until when all reminders that were due have been given (`reminders.ts`); null if none ever was. */
  readonly remindedUntil: UnixSeconds | null;
  /** What is wrong at the parent, or was when anybody could say. */
  readonly concerns: readonly Concerned[];
  /** When the content that is the newest in the logs was committed, until all servers have acknowledged it. */
  readonly pendingSince: UnixSeconds | null;
  /** Largest TTL of zone data that is served, and until when data with a longer one may be cached (ROLLOVER 1.6). */
  readonly zoneTtl: { readonly current: number; readonly horizon: UnixSeconds };
  readonly lastStarted: LastStarted;
  readonly logs: PublicationLogs;
}

const EVER = 0 as UnixSeconds;

/** The state of a zone whose keys nobody has seen. */
export function newZoneState(keys: readonly Key[]): ZoneState {
  const open = { first: EVER, last: null, ttl: 0 };
  return {
    keys,
    delegation: 'unconfirmed',
    goal: 'secure',
    rollover: null,
    overlapping: null,
    owed: null,
    dsWords: [],
    pausedSince: null,
    remindedUntil: null,
    concerns: [],
    pendingSince: null,
    zoneTtl: { current: 0, horizon: EVER },
    lastStarted: { 'key-signing': null, 'zone-signing': null },
    logs: {
      dnskey: [{ ...open, keys: [], signers: [] }],
      zone: [{ ...open, signers: [] }],
      cds: [{ ...open, keys: [], isDelete: false, signers: [] }],
      ds: [{ ...open, keys: [], isConfirmed: false }],
    },
  };
}

/** The key with this id; undefined if it was purged. */
export function findKey(state: Pick<ZoneState, 'keys'>, id: string): Key | undefined {
  return state.keys.find((key) => key.id === id);
}

/** The keys with these ids that still exist, in the order of the ids. */
export function keysOf(state: Pick<ZoneState, 'keys'>, ids: readonly string[]): Key[] {
  return ids.map((id) => findKey(state, id)).filter((key) => key !== undefined);
}

/** The state with some keys replaced by their id. */
export function withKeys(state: ZoneState, changed: readonly Key[]): ZoneState {
  const byId = new Map(changed.map((key) => [key.id, key]));
  return { ...state, keys: state.keys.map((key) => byId.get(key.id) ?? key) };
}

/** The rollovers that run: none, one, or one with its overlap. */
export function rolloversOf(state: ZoneState): Rollover[] {
  return [state.rollover, state.overlapping].filter((rollover) => rollover !== null);
}
