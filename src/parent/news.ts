/**
 * From what looks prove to what the key states are told (kasp/parent), and when to look again (ROLLOVER 3.4). The machine
 * is told only what it does not know: a look that shows nothing new costs no commit.
 */
import { plus, type UnixSeconds } from '../base/time.ts';
import { type Key, stateOf } from '../kasp/key.ts';
import { observeDs, observeDsSomewhere } from '../kasp/parent.ts';
import type { Policy } from '../kasp/policy.ts';
import { dnskeyOf } from '../kasp/records.ts';
import { isParentStep } from '../kasp/steps.ts';
import { countsFrom } from '../kasp/word.ts';
import { rolloversOf, type ZoneState } from '../kasp/zonestate.ts';
import type { Name } from '../wire/name.ts';
import { chainOf } from './chain.ts';
import { type KeySight, provenOf, type Watch } from './watch.ts';

/** Something about the DS of one key that the key states do not know yet. */
export interface News {
  readonly keyId: string;
  readonly tag: number;
  readonly what: 'seen' | 'gone' | 'somewhere';
  /** In seconds; null if it was not seen. */
  readonly ttl: number | null;
}

/** What looks prove and the states do not say, what came before what went. */
export function newsOf(watch: Watch, child: Name, scene: Scene): News[] {
  const { state, policy } = scene;
  const rescued = rescuedBy(watch, child, state);
  const news = state.keys
    .filter(({ states }) => states.ds !== null)
    .flatMap((key): News[] => {
      const { sight, ttl } = provenOf(watch, child, dnskeyOf(key), policy.monitor);
      const what = whatOf(sight, ttl, key, scene) ?? (rescued.includes(key) ? 'somewhere' : undefined);
      return what === undefined ? [] : [{ keyId: key.id, tag: key.tag, what, ttl }];
    });
  return news.toSorted((one, other) => ORDER[one.what] - ORDER[other.what]);
}

/**
 * Keys that are kept and could end an outage: no DS fits a key that is served, and one fits them (ROLLOVER 3.4.7). One look
 * of one server is enough: to serve a DNSKEY more breaks nothing.
 */
function rescuedBy(watch: Watch, child: Name, state: ZoneState): readonly Key[] {
  const chain = chainOf(watch, child, state);
  if (chain === undefined || !chain.isBroken) return [];
  return chain.retained.filter((key) => key.goal === 'OUT' && stateOf(key, 'ds') === 'hidden');
}

const ORDER: Readonly<Record<News['what'], number>> = { seen: 0, somewhere: 1, gone: 2 };

/** The keys of a zone at an instant. */
export interface Scene {
  readonly state: ZoneState;
  readonly policy: Policy;
  readonly now: UnixSeconds;
}

function whatOf(sight: KeySight, ttl: number | null, key: Key, scene: Scene): News['what'] | undefined {
  const { seenAllAt, goneAllAt, lastSeenAnywhereAt } = key.dsObservation;
  if (sight === 'IN') {
    const isNew = goneAllAt !== null || lastSeenAnywhereAt === null || stateOf(key, 'ds') === 'hidden';
    const isLonger = (ttl ?? 0) > believedTtl(scene.state, key);
    return isNew || isLonger || (seenAllAt === null && counts(key, true, scene)) ? 'seen' : undefined;
  }
  if (sight === 'MIXED') {
    return goneAllAt !== null || stateOf(key, 'ds') === 'hidden' ? 'somewhere' : undefined;
  }
  if (sight === 'UNKNOWN' || goneAllAt !== null || stateOf(key, 'ds') === 'hidden') return undefined;
  // That a DS which was never there is not there yet is no news: nobody may build on it.
  const isMeant = key.goal === 'OUT' || seenAllAt !== null;
  return isMeant && (seenAllAt !== null || counts(key, false, scene)) ? 'gone' : undefined;
}

/** Whether what is seen lasts from now on (kasp/proof). */
function counts(key: Key, seen: boolean, { state, policy, now }: Scene): boolean {
  const from = countsFrom(state, { keyId: key.id, seen }, policy);
  return from !== null && from <= now;
}

/** The TTL that caches are believed to have the DS of a key with, at most. */
function believedTtl({ logs }: ZoneState, { id }: Key): number {
  return Math.max(
    0,
    ...logs.ds.filter(({ last, keys }) => last === null && keys.includes(id)).map(({ ttl }) => ttl),
  );
}

/** The state after the news. */
export function withNews(
  state: ZoneState,
  news: readonly News[],
  policy: Policy,
  now: UnixSeconds,
): ZoneState {
  return news.reduce((told, { keyId, what, ttl }) => {
    if (what === 'somewhere') return observeDsSomewhere(told, { keyId, ttl }, policy, now);
    return observeDs(told, { keyId, seen: what === 'seen', ttl }, policy, now);
  }, state);
}

// ---- When to look again ----

/** After a change was asked for, looks come soon and then ever more rarely; seconds. */
const SOON: readonly number[] = [60, 120, 300, 600, 1_200, 1_800, 3_600];
/** A zone that waits for nothing is looked at so much more rarely. */
const IDLE_FACTOR = 24;

/** When the next look is due. */
export function nextLookAt(watch: Watch, state: ZoneState, policy: Policy, now: UnixSeconds): UnixSeconds {
  const { last, rounds } = watch;
  if (last === null) return now;
  const { interval, roundGap, rounds: count } = policy.monitor;
  const since = waitingSince(state);
  const usual = since === null ? interval * IDLE_FACTOR : interval;
  const times: UnixSeconds[] = [plus(last.at, usual)];
  if (since !== null) {
    const soon = SOON.map((seconds) => plus(since, seconds)).find((at) => at > last.at);
    if (soon !== undefined) times.push(soon);
  }
  // What is not proven yet is soon, what cannot be seen ever more rarely.
  const isUnsure = watch.failed > 0 || rounds.length < count;
  if (isUnsure) times.push(plus(last.at, Math.min(interval, Math.max(roundGap, 1) * 2 ** watch.failed)));
  // What is seen may count only from an instant on, which may be before the next look.
  for (const { id } of state.keys.filter(({ states }) => states.ds !== null)) {
    for (const seen of [true, false]) {
      const from = countsFrom(state, { keyId: id, seen }, policy);
      if (from !== null && from > last.at) times.push(from);
    }
  }
  return Math.max(Math.min(...times), plus(last.at, 1), now) as UnixSeconds;
}

/** Since when the zone waits for its parent; null if it does not. */
export function waitingSince(state: ZoneState): UnixSeconds | null {
  const steps = rolloversOf(state)
    .filter(isParentStep)
    .map(({ stepSince }) => stepSince);
  const keys = state.keys.filter(isAwaited).map(({ states }) => states.ds!.since);
  return steps.length + keys.length === 0 ? null : (Math.max(...steps, ...keys) as UnixSeconds);
}

/** The parent was asked for the DS, or for its removal, and has not been seen to have done it. */
function isAwaited(key: Key): boolean {
  if (key.states.ds === null) return false;
  const { state } = key.states.ds;
  if (state === 'rumoured') return key.dsObservation.seenAllAt === null;
  return state === 'unretentive' && key.dsObservation.goneAllAt === null;
}
