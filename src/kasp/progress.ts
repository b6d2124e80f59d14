/**
 * How far the rollovers of a zone have come, as the key states show it: steps, ends, stalls, keys that may be
 * destroyed, and the rollover that is due next. Nothing here changes what is served.
 */
import { formatDuration, plus, type UnixSeconds } from '../base/time.ts';
import { forgottenRollovers } from './forgotten.ts';
import { isEntirelyHidden, type Key, RECORD_KINDS } from './key.ts';
import { dueByLifetime } from './lifecycle.ts';
import type { Policy } from './policy.ts';
import { refusalOf } from './start.ts';
import type { Action, RolloverEvent, RolloverRequest } from './step.ts';
import { isDone, isParentStep, stepOf } from './steps.ts';
import { isDsWaived } from './versions.ts';
import { type Rollover, rolloversOf, type ZoneState } from './zonestate.ts';

export interface Progress {
  readonly state: ZoneState;
  readonly events: readonly Action[];
  readonly wakes: readonly (UnixSeconds | null)[];
  readonly due: RolloverRequest | null;
  readonly forgotten: Rollover | null;
}

/** Brings the rollovers' steps up to what the key states say. */
export function progress(before: ZoneState, policy: Policy, now: UnixSeconds): Progress {
  const events: Action[] = [];
  let state = before;
  for (const rollover of rolloversOf(before)) {
    const updated = advance(rollover, state, policy, now);
    events.push(...eventsOf(rollover, updated));
    state = replace(state, rollover, updated);
  }
  const staleAt = rolloversOf(state)
    .filter((rollover) => isParentStep(rollover) && !rollover.isStalled)
    .map(({ stepSince }) => plus(stepSince, policy.staleAfter));
  const purges = state.keys.filter((key) => purgeAt(state, key, policy) !== null);
  for (const { id, tag } of purges.filter((key) => purgeAt(state, key, policy)! <= now)) {
    events.push({ kind: 'purge', keyId: id, tag });
  }
  if (state.rollover?.type === 'scheme' && state.owed === 'scheme') state = { ...state, owed: null };
  const planned = owedOf(state, now) ?? dueByLifetime(state, policy, now);
  const isDue = planned !== null && planned.at <= now;
  const mayStart = isDue && refusalOf(state, planned.request, policy, now) === undefined;
  const [forgotten] = forgottenRollovers(state, policy);
  const pacedFrom = pacedAt(state, policy, isDue && !mayStart);
  const purgeTimes = purges.map((key) => purgeAt(state, key, policy));
  return {
    state,
    events,
    wakes: [...staleAt, ...purgeTimes, planned?.at ?? null, forgotten?.at ?? null, pacedFrom],
    due: mayStart ? planned.request : null,
    forgotten: forgotten !== undefined && forgotten.at <= now ? forgotten.rollover : null,
  };
}

/** The rollover as of now; null when it is done. */
function advance(rollover: Rollover, state: ZoneState, policy: Policy, now: UnixSeconds): Rollover | null {
  if (isDone(rollover, state, isDsWaived(state, policy, now))) return null;
  const step = stepOf(rollover, state);
  const stepSince = step === rollover.step ? rollover.stepSince : now;
  const isStalled = isParentStep({ step }) && now - stepSince >= policy.staleAfter;
  if (step === rollover.step && isStalled === rollover.isStalled) return rollover;
  return { ...rollover, step, stepSince, isStalled };
}

function eventsOf(before: Rollover, after: Rollover | null): RolloverEvent[] {
  const { type, id } = before;
  const event = (name: RolloverEvent['event'], step: string, because: string): RolloverEvent => ({
    ...{ kind: 'rollover', event: name, type, id, step, because },
  });
  if (after === null) {
    const because = before.cancelledAt === null ? 'all its waits are over' : 'it was cancelled and is undone';
    return [event('done', 'done', because)];
  }
  if (after === before) return [];
  if (after.step !== before.step) return [event('step', after.step, `${before.step} is over`)];
  const waited = formatDuration(after.stepSince - before.startedAt);
  return after.isStalled ? [event('stalled', after.step, `the parent has not acted since ${waited}`)] : [];
}

function replace(state: ZoneState, before: Rollover, after: Rollover | null): ZoneState {
  if (after === before) return state;
  const place = state.rollover === before ? 'rollover' : 'overlapping';
  const owed = after === null && before.followedBy !== null ? before.followedBy : state.owed;
  const replaced = { ...state, [place]: after, owed };
  if (after !== null) return replaced;
  const ended = [...before.incoming, ...before.outgoing];
  // Succession is over with the rollover: the next one begins with keys that nothing depends on.
  const keys = state.keys.map((key) =>
    ended.includes(key.id) ? { ...key, predecessor: null, successor: null } : key,
  );
  if (replaced.rollover !== null || replaced.overlapping === null) return { ...replaced, keys };
  return { ...replaced, keys, rollover: replaced.overlapping, overlapping: null };
}

/** What an emergency left to be done is due as soon as it can start. */
function owedOf(
  { owed, rollover }: ZoneState,
  now: UnixSeconds,
): { request: RolloverRequest; at: UnixSeconds } | null {
  if (owed === null || rollover !== null) return null;
  return { request: { type: owed, scheme: 'ksk-zsk' }, at: now };
}

/** When a key that left may be destroyed; null while it is in use, or may be needed again. */
function purgeAt(state: ZoneState, key: Key, policy: Policy): UnixSeconds | null {
  if (key.goal !== 'OUT' || !isEntirelyHidden(key) || state.goal === 'insecure') return null;
  if (rolloversOf(state).some(({ incoming, outgoing }) => [...incoming, ...outgoing].includes(key.id)))
    return null;
  const hiddenSince = Math.max(...RECORD_KINDS.map((record) => key.states[record]?.since ?? 0));
  return plus(hiddenSince as UnixSeconds, policy.purgeAfter);
}

/** A due rollover that may not start yet is looked at again when its pacing allows it. */
function pacedAt(state: ZoneState, policy: Policy, isHeld: boolean): UnixSeconds | null {
  const last = state.lastStarted['key-signing'];
  return isHeld && last !== null ? plus(last, policy.minInterval) : null;
}
