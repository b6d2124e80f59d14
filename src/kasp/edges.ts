/**
 * The edges of the machine and their gates (ROLLOVER 1.2, 1.3). Edges into rumoured and unretentive are actions:
 * what is served changes with them, and gates, holds and invariants decide. Edges into omnipresent and hidden are
 * observations: only time or the parent makes them true, and no gate stands before them.
 *
 * Gates are the order in which a key's own records come and go. They ask for more than the invariants do, so that a
 * DS always points to a DNSKEY that is there (RFC 4035 §2.4); a method of rollover may waive one (`holds.ts`).
 */
import { type GateName, isWaived, type Obstacle, type PlanContext } from './holds.ts';
import {
  isShown,
  type Key,
  type KeyGoal,
  RECORD_KINDS,
  type RecordKind,
  type RecordState,
  recordGoal,
  stateOf,
} from './key.ts';
import type { WaitReason } from './step.ts';

/** What a gate may look at. */
export type EdgeContext = PlanContext;

/** One edge of one record; it is taken by keys whose goal for the record is `goal` (`recordGoal`). */
export interface Arrow {
  readonly record: RecordKind;
  readonly goal: KeyGoal;
  readonly from: RecordState;
  readonly to: RecordState;
  /** True if what is served changes with it; else it is an observation. */
  readonly isAction: boolean;
  /** What the edge is for. An observation is explained by its deadline. */
  readonly because: string;
}

/**
 *     IN:   hidden → rumoured → omnipresent        OUT:   rumoured, omnipresent → unretentive → hidden
 *           unretentive ↗                                 rumoured → omnipresent
 *
 * A key may have to go before all caches know it, and stay until its successor has come: what time makes true of it
 * meanwhile is observed all the same, because the successor may depend on it.
 */
const EDGES: readonly Omit<Arrow, 'record' | 'because'>[] = [
  { goal: 'IN', from: 'hidden', to: 'rumoured', isAction: true },
  { goal: 'IN', from: 'unretentive', to: 'rumoured', isAction: true },
  { goal: 'IN', from: 'rumoured', to: 'omnipresent', isAction: false },
  { goal: 'OUT', from: 'rumoured', to: 'omnipresent', isAction: false },
  { goal: 'OUT', from: 'rumoured', to: 'unretentive', isAction: true },
  { goal: 'OUT', from: 'omnipresent', to: 'unretentive', isAction: true },
  { goal: 'OUT', from: 'unretentive', to: 'hidden', isAction: false },
];

const PURPOSES: Readonly<Record<KeyGoal, Readonly<Record<RecordKind, string>>>> = {
  IN: {
    dnskey: 'the key shall be in use: its DNSKEY is published',
    krrsig: 'the key shall be in use: it signs the DNSKEY RRset',
    zrrsig: 'the key shall be in use: it signs zone data',
    ds: 'the key shall be trusted: the parent is asked for its DS',
  },
  OUT: {
    dnskey: 'the key shall go: its DNSKEY is withdrawn',
    krrsig: 'the key shall go: it no longer signs the DNSKEY RRset',
    zrrsig: 'the key shall no longer sign zone data',
    ds: 'the key shall go: the parent is asked to drop its DS',
  },
};

/** Every edge of every record; what comes stands before what goes. */
export const ARROWS: readonly Arrow[] = EDGES.flatMap((edge) =>
  RECORD_KINDS.map((record) => ({ record, ...edge, because: PURPOSES[edge.goal][record] })),
);

/** A condition on the way of a record into rumoured or unretentive. */
interface Gate {
  readonly record: RecordKind;
  readonly to: 'rumoured' | 'unretentive';
  readonly name: GateName;
  readonly isOpen: (key: Key, context: EdgeContext) => boolean;
  readonly because: string;
}

/** ROLLOVER 1.3. DNSKEY may always enter. */
const GATES: readonly Gate[] = [
  {
    record: 'krrsig',
    to: 'rumoured',
    name: 'dnskey is published',
    isOpen: (key) => stateOf(key, 'dnskey') !== 'hidden',
    because: 'a key signs the DNSKEY RRset when it is in it',
  },
  {
    record: 'ds',
    to: 'rumoured',
    name: 'dnskey is known',
    isOpen: (key) => stateOf(key, 'dnskey') === 'omnipresent' && stateOf(key, 'krrsig') === 'omnipresent',
    because: 'a DS is asked for when every cache has the DNSKEY and its signature',
  },
  {
    record: 'ds',
    to: 'rumoured',
    name: 'data is signed',
    isOpen: isDataSigned,
    because: 'the first DS of an algorithm is asked for when every cache has signed data',
  },
  {
    record: 'zrrsig',
    to: 'rumoured',
    name: 'dnskey can be relied on',
    isOpen: (key, { state }) => stateOf(key, 'dnskey') === 'omnipresent' || isFirstSigner(key, state.keys),
    because: 'a key signs zone data when every cache has its DNSKEY',
  },
  {
    record: 'dnskey',
    to: 'unretentive',
    name: 'ds is gone',
    isOpen: (key) => stateOf(key, 'ds') === 'hidden',
    because: 'a DNSKEY stays as long as a cache may have its DS',
  },
  {
    record: 'dnskey',
    to: 'unretentive',
    name: 'signatures are gone',
    isOpen: (key) => stateOf(key, 'zrrsig') === 'hidden',
    because: 'a DNSKEY stays as long as a cache may have its signatures of zone data',
  },
  {
    record: 'krrsig',
    to: 'unretentive',
    name: 'dnskey is leaving',
    isOpen: (key) => !isShown(key, 'dnskey'),
    because: 'a key signs the DNSKEY RRset as long as it is in it',
  },
  {
    record: 'zrrsig',
    to: 'unretentive',
    name: 'another key signs',
    isOpen: (key, { state }) => state.keys.some((other) => isReliefFor(key, other)),
    because: 'zone data is signed until another key of the algorithm signs it',
  },
];

/** The gate that is shut before an edge of a key; null if all are open or waived. */
export function gateOf(key: Key, record: RecordKind, to: RecordState, context: EdgeContext): Obstacle | null {
  for (const gate of GATES) {
    if (gate.record !== record || gate.to !== to) continue;
    if (gate.isOpen(key, context) || isWaived(key, gate.name, context)) continue;
    return { reason: reasonOf(gate, context), because: `${gate.because} (ROLLOVER 1.3)` };
  }
  return null;
}

/** While a zone goes signed and nothing rolls, CDS waits for what `bootstrapHold` bounds. */
function reasonOf(gate: Gate, { state }: EdgeContext): WaitReason {
  const isBootstrap = state.rollover === null && gate.record === 'ds';
  return isBootstrap ? 'bootstrap_hold' : 'gate';
}

/** A key of the algorithm has signed all that any cache holds, or a DS of the algorithm stood that test already. */
function isDataSigned(key: Key, { state }: EdgeContext): boolean {
  const kin = state.keys.filter((other) => other.algorithm === key.algorithm);
  return kin.some(
    (other) =>
      stateOf(other, 'ds') !== 'hidden' ||
      (stateOf(other, 'dnskey') === 'omnipresent' && stateOf(other, 'zrrsig') === 'omnipresent'),
  );
}

/** The other key takes over zone signing: of the same algorithm, here to stay, and it signs already. */
function isReliefFor(key: Key, other: Key): boolean {
  return (
    other.id !== key.id &&
    other.algorithm === key.algorithm &&
    recordGoal(other, 'zrrsig') === 'IN' &&
    isShown(other, 'zrrsig')
  );
}

/**
 * The algorithm is new to the zone: no cache has signatures by another key of it, and no chain of trust leads
 * through it that signatures by an unknown key could break. That a zone has no DS does not make its algorithm new.
 */
function isFirstSigner(key: Key, keys: readonly Key[]): boolean {
  const kin = keys.filter((other) => other.algorithm === key.algorithm);
  return !hasChain(kin) && kin.every((other) => other.id === key.id || stateOf(other, 'zrrsig') === 'hidden');
}

/** ROLLOVER 1.4, 3b to 3d; which of two keys succeeds which does not matter to whether a chain is at risk. */
function hasChain(keys: readonly Key[]): boolean {
  const isPublished = (key: Key) =>
    stateOf(key, 'dnskey') === 'omnipresent' && stateOf(key, 'krrsig') === 'omnipresent';
  const hasDs = (key: Key, state: RecordState) => stateOf(key, 'ds') === state;
  const inParent = keys.filter((key) => hasDs(key, 'omnipresent'));
  const isDsSwap = ['unretentive', 'rumoured'].every((state) =>
    keys.some((key) => isPublished(key) && hasDs(key, state as RecordState)),
  );
  const isDnskeySwap = inParent.some(isLeaving) && inParent.some(isEntering);
  return inParent.some(isPublished) || isDsSwap || isDnskeySwap;
}

function isLeaving(key: Key): boolean {
  return hasMoving(key, 'unretentive');
}

function isEntering(key: Key): boolean {
  return hasMoving(key, 'rumoured');
}

/** DNSKEY and krrsig: both in `state`, or one of them with the other omnipresent. */
function hasMoving(key: Key, state: RecordState): boolean {
  const pair = [stateOf(key, 'dnskey'), stateOf(key, 'krrsig')];
  return pair.includes(state) && pair.every((member) => member === state || member === 'omnipresent');
}
