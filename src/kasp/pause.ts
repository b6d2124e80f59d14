/**
 * Pausing: manual mode for a while (ROLLOVER 1.2). Actions are blocked, observations are not: what is served stays as
 * it is, and caches and the parent go on to be understood. No rollover starts by a lifetime.
 */
import type { UnixSeconds } from '../base/time.ts';
import type { Refusal } from './refusal.ts';
import type { ZoneState } from './zonestate.ts';

/** Why a zone cannot be paused; undefined if it can. */
export function pauseRefusal({ pausedSince }: ZoneState): Refusal | undefined {
  if (pausedSince === null) return undefined;
  const message = 'the keys of the zone are paused already';
  return { code: 'ALREADY_PAUSED', message, fix: 'keyturn rollover resume ZONE ends that' };
}

/** Why a zone cannot go on; undefined if it can. */
export function resumeRefusal({ pausedSince }: ZoneState): Refusal | undefined {
  if (pausedSince !== null) return undefined;
  return { code: 'NOT_PAUSED', message: 'the keys of the zone are not paused', fix: 'nothing is to be done' };
}

export function paused(state: ZoneState, now: UnixSeconds): ZoneState {
  return { ...state, pausedSince: now };
}

export function resumed(state: ZoneState): ZoneState {
  return { ...state, pausedSince: null };
}
