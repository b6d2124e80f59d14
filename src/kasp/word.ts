/**
 * What an operator says of the DS at the parent. A monitor looks again until what it sees lasts (`proof.ts`); a person
 * looks once and is believed: the word is kept, and becomes an observation at the first instant at which one counts.
 * Until then it can be replaced by another, and the monitor may find otherwise.
 */
import type { UnixSeconds } from '../base/time.ts';
import { isShown, type Key, stateOf } from './key.ts';
import { type DsSighting, observeDs, observeNoDs } from './parent.ts';
import type { Policy } from './policy.ts';
import { absenceLastsFrom, presenceLastsFrom } from './proof.ts';
import { type DsWord, findKey, type ZoneState } from './zonestate.ts';

/** The state after an operator said that a key's DS is on every server of the parent, or on none. */
export function hearDs(state: ZoneState, sighting: DsSighting, policy: Policy, now: UnixSeconds): ZoneState {
  const { keyId, seen } = sighting;
  return withWords(observeDs(state, sighting, policy, now), [{ keyId, seen }]);
}

/** The state after an operator said that the parent has no DS of the zone. */
export function hearNoDs(state: ZoneState, policy: Policy, now: UnixSeconds): ZoneState {
  const words = state.keys.map(({ id }) => ({ keyId: id, seen: false }));
  return withWords(observeNoDs(state, policy, now), words);
}

/** Makes observations of the words whose time has come. */
export function heedWords(before: ZoneState, policy: Policy, now: UnixSeconds): ZoneState {
  let state = before;
  for (const word of before.dsWords) {
    const from = countsFrom(state, word, policy);
    if (!isMeant(state, word)) state = withoutWord(state, word.keyId);
    else if (from !== null && from <= now) state = hearDs(state, { ...word, ttl: null }, policy, now);
  }
  return state;
}

/** When a word counts; null as long as nobody can say. */
export function countsFrom(state: ZoneState, { keyId, seen }: DsWord, policy: Policy): UnixSeconds | null {
  const key = findKey(state, keyId);
  if (key === undefined) return null;
  return seen ? presenceLastsFrom(state, key, policy) : absenceLastsFrom(state, key, policy);
}

/** The word on a key's DS that does not count yet, if it says that. */
export function wordOn({ dsWords }: ZoneState, { id }: Key, seen: boolean): DsWord | undefined {
  return dsWords.find((word) => word.keyId === id && word.seen === seen);
}

/** Keeps the words that do not count yet. */
function withWords(state: ZoneState, words: readonly DsWord[]): ZoneState {
  const fresh = words.filter((word) => isMeant(state, word) && !isObserved(state, word));
  const kept = state.dsWords.filter(({ keyId }) => !words.some((word) => word.keyId === keyId));
  if (fresh.length === 0 && kept.length === state.dsWords.length) return state;
  return { ...state, dsWords: [...kept, ...fresh] };
}

function withoutWord(state: ZoneState, id: string): ZoneState {
  return { ...state, dsWords: state.dsWords.filter(({ keyId }) => keyId !== id) };
}

/** A DS is waited for that shall come, and for the end of one that shall go. Everything else counts at once. */
function isMeant(state: ZoneState, { keyId, seen }: DsWord): boolean {
  const key = findKey(state, keyId);
  if (key === undefined || key.states.ds === null || (key.goal === 'IN') !== seen) return false;
  return seen || !isShown(key, 'ds') || hasPeer(state, key);
}

/**
 * A DS that CDS still name may come back by them after it was said to be gone. That breaks nothing if a key that stays
 * has one of the same algorithm; else the word must be said again when the DS is no longer asked for.
 */
function hasPeer({ keys }: ZoneState, { algorithm }: Key): boolean {
  return keys.some((key) => key.goal === 'IN' && key.algorithm === algorithm && isShown(key, 'ds'));
}

function isObserved(state: ZoneState, { keyId, seen }: DsWord): boolean {
  const key = findKey(state, keyId)!;
  const { seenAllAt, goneAllAt } = key.dsObservation;
  return seen ? seenAllAt !== null : goneAllAt !== null || stateOf(key, 'ds') === 'hidden';
}
