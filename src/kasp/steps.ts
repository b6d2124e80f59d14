/**
 * The steps of a rollover as people read them (ROLLOVER 2), named by what the states show. A step lasts until its
 * condition is true; the step that runs is the first that is not over. Nothing is decided here: the machine moves
 * records, and a step is the name of where it stands. A rollover is done when every step is over.
 */
import { isDsTrusted } from './holds.ts';
import { isEntirelyHidden, isShown, type Key, type RecordKind, recordGoal, stateOf } from './key.ts';
import { keysOf, type Rollover, type RolloverMethod, type ZoneState } from './zonestate.ts';

/** A rollover with its keys. */
interface Scene {
  readonly rollover: Rollover;
  readonly state: ZoneState;
  readonly incoming: readonly Key[];
  readonly outgoing: readonly Key[];
  readonly isDsWaived: boolean;
}

interface Stage {
  readonly name: string;
  readonly isOver: (scene: Scene) => boolean;
}

// ---- Conditions ----

const areShown = (keys: readonly Key[], record: RecordKind) =>
  keys.every((key) => key.states[record] === null || isShown(key, record));
const areKnown = (keys: readonly Key[], record: RecordKind) =>
  keys.every((key) => key.states[record] === null || stateOf(key, record) === 'omnipresent');
const areHidden = (keys: readonly Key[], record: RecordKind) =>
  keys.every((key) => stateOf(key, record) === 'hidden');

/** Every server of the parent has the DS of the keys that come; or it is known to all caches, or to none. */
function isDsSeen(scene: Scene): boolean {
  const isSeen = ({ dsObservation, states }: Key) => states.ds === null || dsObservation.seenAllAt !== null;
  return areShown(scene.incoming, 'ds') && (scene.incoming.every(isSeen) || isDsTrusted(scene));
}

/** No server of the parent has a DS of the keys that go. */
function isDsGone({ rollover, outgoing, isDsWaived }: Scene): boolean {
  const isProofWanted = rollover.cancelledAt !== null || rollover.method === 'unsign';
  return outgoing.every((key) => {
    const state = stateOf(key, 'ds');
    const isAbsent = (isDsWaived && !isProofWanted) || key.dsObservation.goneAllAt !== null;
    return state === 'hidden' || (state === 'unretentive' && isAbsent);
  });
}

/** Zone data is signed by the keys that shall sign it, and no cache has signatures of the others. */
function isSwitched({ incoming, state }: Scene): boolean {
  const leaving = state.keys.filter((key) => recordGoal(key, 'zrrsig') === 'OUT');
  const coming = incoming.filter((key) => recordGoal(key, 'zrrsig') === 'IN');
  return areKnown(coming, 'zrrsig') && areHidden(leaving, 'zrrsig');
}

/** Whatever has the goal OUT is gone. A key that only gave up a role stays. */
function isRemoved({ outgoing }: Scene): boolean {
  return outgoing.every((key) => key.goal === 'IN' || isEntirelyHidden(key));
}

const isKnown = ({ incoming }: Scene) => areKnown(incoming, 'dnskey') && areKnown(incoming, 'krrsig');
const isDrained = ({ outgoing }: Scene) => areHidden(outgoing, 'ds');
const isSigning = ({ incoming }: Scene) => areShown(incoming, 'zrrsig');
const isRequested = ({ incoming }: Scene) => areShown(incoming, 'ds');
const isUnpublished = ({ outgoing }: Scene) => areHidden(outgoing, 'dnskey');
const isPublished = ({ incoming }: Scene) => areShown(incoming, 'dnskey');

/** The new key is in every cache, and of the old one only the DS is left. */
const isExchanged = (scene: Scene) =>
  areKnown(scene.incoming, 'dnskey') && areKnown(scene.incoming, 'krrsig') && isUnpublished(scene);

// ---- The tables ----

const REQUEST: readonly Stage[] = [
  { name: 'request', isOver: isDsSeen },
  { name: 'soak', isOver: isDsTrusted },
];

const WITHDRAW: Stage = { name: 'withdraw', isOver: isDsGone };
const DRAIN: Stage = { name: 'drain', isOver: isDrained };

const STAGES: Readonly<Record<RolloverMethod, readonly Stage[]>> = {
  'pre-publication': [
    { name: 'publish', isOver: isSigning },
    { name: 'switch', isOver: isSwitched },
    { name: 'remove', isOver: isRemoved },
  ],
  additive: [
    { name: 'publish', isOver: isRequested },
    ...REQUEST,
    WITHDRAW,
    { name: 'drain', isOver: (scene) => isDrained(scene) && hasSwitchedWithDs(scene) },
    { name: 'remove', isOver: isRemoved },
  ],
  swap: [
    { name: 'publish', isOver: isRequested },
    { name: 'swap', isOver: (scene) => isDsSeen(scene) && isDsGone(scene) },
    { name: 'drain', isOver: (scene) => isDsTrusted(scene) && isDrained(scene) && hasSwitchedWithDs(scene) },
    { name: 'remove', isOver: isRemoved },
  ],
  'double-ds': [
    ...REQUEST,
    { name: 'swap', isOver: (scene) => isExchanged(scene) && hasSwitchedWithDs(scene) },
    WITHDRAW,
    { name: 'drain', isOver: isRemoved },
  ],
  replace: [
    { name: 'swap', isOver: (scene) => isDsSeen(scene) && isDsGone(scene) },
    {
      name: 'drain',
      isOver: (scene) => isDsTrusted(scene) && isDrained(scene) && isKnown(scene) && isSwitched(scene),
    },
    { name: 'remove', isOver: isRemoved },
  ],
  conservative: [
    { name: 'pre-sign', isOver: isPublished },
    { name: 'publish', isOver: isRequested },
    ...REQUEST,
    WITHDRAW,
    DRAIN,
    { name: 'unpublish', isOver: isUnpublished },
    { name: 'stop', isOver: isRemoved },
  ],
  liberal: [
    { name: 'publish', isOver: isRequested },
    ...REQUEST,
    WITHDRAW,
    DRAIN,
    { name: 'stop', isOver: isRemoved },
  ],
  split: [
    { name: 'publish', isOver: isSigning },
    { name: 'switch', isOver: isSwitched },
  ],
  merge: [
    { name: 'switch', isOver: isSwitched },
    { name: 'remove', isOver: isRemoved },
  ],
  unsign: [
    { name: 'ask', isOver: isDsGone },
    { name: 'drain', isOver: isDrained },
    { name: 'unsign', isOver: isRemoved },
  ],
};

/** A key-signing key takes no zone data with it; for a CSK the change of signers belongs to the drain. */
function hasSwitchedWithDs(scene: Scene): boolean {
  return scene.rollover.type !== 'csk' || isSwitched(scene);
}

/** Steps that only the parent, or whoever speaks to it, can end (ROLLOVER 2.10). */
const PARENT_STEPS: readonly string[] = ['request', 'swap', 'withdraw', 'ask'];

// ---- Questions ----

/** True if a rollover waits for the parent. */
export function isParentStep({ step }: Pick<Rollover, 'step'>): boolean {
  return PARENT_STEPS.includes(step);
}

/** The name of the step in which a rollover is, as people are told it: without a DS the parent's steps are over. */
export function stepOf(rollover: Rollover, state: ZoneState): string {
  const scene = sceneOf(rollover, state, state.delegation === 'none');
  const stages = STAGES[rollover.method];
  return (stages.find(({ isOver }) => !isOver(scene)) ?? stages.at(-1)!).name;
}

/** The names of a rollover's steps, in their order; a parent that has no DS of the zone is asked for nothing. */
export function stepsOf(
  { method, step }: Pick<Rollover, 'method' | 'step'>,
  delegation: ZoneState['delegation'],
): string[] {
  const names = STAGES[method].map(({ name }) => name);
  return delegation === 'none' ? names.filter((name) => name === step || !isOfParent(name, method)) : names;
}

function isOfParent(name: string, method: RolloverMethod): boolean {
  return ['request', 'soak', 'withdraw'].includes(name) || (name === 'swap' && method !== 'double-ds');
}

/** True if every step of a rollover is over: nothing of it is left to wait for. */
export function isDone(rollover: Rollover, state: ZoneState, isDsWaived: boolean): boolean {
  const scene = sceneOf(rollover, state, isDsWaived);
  return STAGES[rollover.method].every(({ isOver }) => isOver(scene));
}

function sceneOf(rollover: Rollover, state: ZoneState, isDsWaived: boolean): Scene {
  return {
    rollover,
    state,
    incoming: keysOf(state, rollover.incoming),
    outgoing: keysOf(state, rollover.outgoing),
    isDsWaived,
  };
}
