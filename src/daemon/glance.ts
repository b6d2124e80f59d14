/** What those who look at all zones ask of the keys of each, so that none need be woken for it. */
import type { UnixSeconds } from '../base/time.ts';
import type { WaitReason } from '../kasp/step.ts';
import { rolloversOf } from '../kasp/zonestate.ts';
import { waitingSince } from '../parent/news.ts';
import type { ZoneSigning } from './signing.ts';

export interface Glance {
  /** A rollover runs. */
  readonly isRolling: boolean;
  /** Not every thread serves yet what is committed. */
  readonly isPending: boolean;
  /** Since when the parent is waited for; null if it is not. */
  readonly waitingSince: UnixSeconds | null;
  /** There may be something that only a person or the parent can do. */
  readonly isForOthers: boolean;
}

/** Waits that time does not end. */
const FOR_OTHERS: readonly WaitReason[] = [
  'parent_ds',
  'parent_ds_gone',
  'delegation_unconfirmed',
  'clock_step',
];

/** Of most zones: one object for all of them. */
const QUIET: Glance = { isRolling: false, isPending: false, waitingSince: null, isForOthers: false };

/** Of zones that wait for their parent: one for all that do since the same second, as long as these are few. */
const WAITING = new Map<UnixSeconds, Glance>();
const MAX_SHARED = 4_096;

function waitingGlance(since: UnixSeconds): Glance {
  const known = WAITING.get(since);
  if (known !== undefined) return known;
  const glance: Glance = { isRolling: false, isPending: false, waitingSince: since, isForOthers: true };
  if (WAITING.size >= MAX_SHARED) WAITING.clear();
  WAITING.set(since, glance);
  return glance;
}

export function glanceAt(signing: Pick<ZoneSigning, 'zoneState' | 'waiting' | 'missing'>): Glance {
  const { zoneState, waiting, missing } = signing;
  const isRolling = rolloversOf(zoneState).length > 0;
  const isPending = zoneState.pendingSince !== null;
  const since = waitingSince(zoneState);
  const isForOthers =
    missing.length > 0 ||
    zoneState.pausedSince !== null ||
    waiting.some(({ reason }) => FOR_OTHERS.includes(reason));
  if (!isRolling && !isPending && isForOthers === (since !== null)) {
    return since === null ? QUIET : waitingGlance(since);
  }
  return { isRolling, isPending, waitingSince: since, isForOthers };
}
