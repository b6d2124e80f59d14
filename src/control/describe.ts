/** Zones, keys, waits and rollovers in the shapes of operations, and in words: what is waited for, and who must act. */
import { formatInstant, type UnixSeconds } from '../base/time.ts';
import { zoneNeeds } from '../daemon/needs.ts';
import type { ZoneSigning } from '../daemon/signing.ts';
import type { Zone } from '../daemon/zone.ts';
import { findAlgorithm } from '../dnssec/algorithm.ts';
import { type Key, RECORD_KINDS } from '../kasp/key.ts';
import type { Waiting, WaitReason } from '../kasp/step.ts';
import { stepsOf } from '../kasp/steps.ts';
import { findKey, type Rollover } from '../kasp/zonestate.ts';
import type {
  KeySummary,
  Need,
  ParentReasonView,
  RolloverStatus,
  RolloverSummary,
  WaitingSummary,
} from './shapes.ts';
import { stepWords } from './words.ts';

/** ISO 8601, or null. */
export function iso(at: UnixSeconds | null): string | null {
  return at === null ? null : formatInstant(at);
}

/** `ECDSAP256SHA256`; of one that is not known, its number. */
export function algorithmName(algorithm: number): string {
  return findAlgorithm(algorithm)?.mnemonic ?? String(algorithm);
}

export function keySummary(key: Key): KeySummary {
  const [dnskey, krrsig, zrrsig, ds] = RECORD_KINDS.map((kind) => key.states[kind]?.state ?? null);
  const { id, tag, algorithm, flags, roles, goal } = key;
  return {
    ...{ id, tag, algorithm, flags, roles: [...roles], goal },
    ...{ dnskey: dnskey!, krrsig: krrsig!, zrrsig: zrrsig!, ds: ds! },
  };
}

export function waitingSummary({ tag, record, to, reason, until, because }: Waiting): WaitingSummary {
  return { tag, record, to, reason, until: iso(until), because };
}

/** The soonest first; what time does not end comes last. */
function inOrder(waiting: readonly Waiting[]): Waiting[] {
  const untilOf = ({ until }: Waiting) => until ?? Number.POSITIVE_INFINITY;
  return waiting.toSorted((a, b) => (untilOf(a) === untilOf(b) ? 0 : untilOf(a) - untilOf(b)));
}

function rolloverSummary(rollover: Rollover, signing: ZoneSigning): RolloverSummary {
  const tagsOf = (ids: readonly string[]) =>
    ids.map((id) => findKey(signing.zoneState, id)?.tag).filter((tag) => tag !== undefined);
  const named = [...rollover.incoming, ...rollover.outgoing];
  const { id, type, method, emergency, step } = rollover;
  const waiting = signing.waiting.filter(
    ({ keyId, reason }) => named.includes(keyId) || reason === 'acknowledgement',
  );
  return {
    ...{ id, type, method, emergency, step },
    steps: stepsOf(rollover, signing.zoneState.delegation),
    startedAt: formatInstant(rollover.startedAt),
    stepSince: formatInstant(rollover.stepSince),
    cancelledAt: iso(rollover.cancelledAt),
    stalled: rollover.isStalled,
    incoming: tagsOf(rollover.incoming),
    outgoing: tagsOf(rollover.outgoing),
    waiting: inOrder(waiting).map(waitingSummary),
  };
}

/** A zone's rollover in full. */
export function rolloverStatusOf(zone: Zone, signing: ZoneSigning): RolloverStatus {
  const { rollover, overlapping, delegation, goal, keys, pausedSince } = signing.zoneState;
  return {
    zone: zone.name,
    rollover: rollover === null ? null : rolloverSummary(rollover, signing),
    overlapping: overlapping === null ? null : rolloverSummary(overlapping, signing),
    delegation,
    goal,
    pausedSince: iso(pausedSince),
    keys: keys.map(keySummary),
    waiting: inOrder(signing.waiting).map(waitingSummary),
    needs: needsOf(zone),
    parent: parentReasonsOf(zone),
    nextAt: iso(signing.nextWake),
  };
}

/** Why what a zone waits for of its parent is still waited for. */
export function parentReasonsOf({ parentReasons }: Pick<Zone, 'parentReasons'>): ParentReasonView[] {
  return parentReasons.map(({ code, address, since, text }) => ({
    ...{ code, address, since: iso(since), because: text },
  }));
}

/** What only a person can do for a zone. */
export function needsOf({ name, signing }: Pick<Zone, 'name' | 'signing'>): Need[] {
  if (signing?.isForOthers !== true) return [];
  return zoneNeeds(name, signing).map((need) => ({ zone: name, ...need }));
}

/** What ends a wait that time does not end. */
const ENDED_BY: Partial<Record<WaitReason, string>> = {
  acknowledgement: 'when all threads serve it',
  clock_step: 'when the clock is confirmed',
  paused: 'when the keys are resumed',
  parent_ds: 'when the parent has acted',
  parent_ds_gone: 'when the parent has acted',
  delegation_unconfirmed: 'when it is known what the parent has',
};

/** What a zone waits for, a sentence each, the soonest first. */
export function nextWords({ waiting, zoneState }: ZoneSigning): string[] {
  const told = new Map<string, Waiting>();
  for (const wait of waiting) {
    const id = `${wait.reason} ${wait.until} ${wait.tag}`;
    if (!told.has(id)) told.set(id, wait);
  }
  const steps = [zoneState.rollover, zoneState.overlapping].flatMap((rollover) =>
    rollover === null
      ? []
      : [`${rollover.type} rollover, step ${rollover.step}: ${stepWords(rollover.step)}`],
  );
  const waits = inOrder([...told.values()]).map(({ tag, record, to, reason, until, because }) => {
    const when = until === null ? (ENDED_BY[reason] ?? 'after that') : `at ${formatInstant(until)}`;
    return `key ${tag} ${record} becomes ${to} ${when}: ${because}`;
  });
  return [...steps, ...waits];
}
