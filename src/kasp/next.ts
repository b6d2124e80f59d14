/**
 * The interpreter of the tables (DESIGN §4). `next` takes every edge that is due and runs to a fixpoint:
 *
 *     arrow of the table → gate (1.3) → hold of the rollover → deadline from the logs (1.6) → three invariants (1.4)
 *     → what is served follows → interval oracle over the publication logs (1.7)
 *
 * Edges into rumoured and unretentive are actions, all of which go into one epoch; edges into omnipresent and hidden
 * are observations. Pure: the same arguments give the same step. Persist `zoneState` before anything that follows
 * from it is served; when all servers serve it, call `acknowledge` and `next` again.
 */
import { assert } from '../base/assert.ts';
import { formatInstant, type UnixSeconds } from '../base/time.ts';
import { ARROWS, type Arrow, type EdgeContext, gateOf } from './edges.ts';
import { holdOf } from './holds.ts';
import { isAcceptable } from './invariants.ts';
import { type Key, type RecordKind, type RecordState, recordGoal, stateOf, withRecord } from './key.ts';
import { contradictions, type OracleOptions, PROPERTIES, type Violation } from './oracle.ts';
import type { Policy } from './policy.ts';
import { progress } from './progress.ts';
import type { Action, EdgeTaken, Facts, Step, Waiting, WaitReason } from './step.ts';
import { deadline } from './timing.ts';
import { isDsWaived, noteZoneTtl, prune, recordContent, requestDs } from './versions.ts';
import { countsFrom, heedWords, wordOn } from './word.ts';
import { type Rollover, rolloversOf, withKeys, type ZoneState } from './zonestate.ts';

const MAX_PASSES = 64;

/** One edge that may be taken as far as gates, holds and deadlines say. */
interface Move {
  readonly key: Key;
  readonly record: RecordKind;
  readonly from: RecordState;
  readonly to: RecordState;
  readonly because: string;
}

/** Why an edge is not taken. */
interface Blocked {
  readonly reason: WaitReason;
  readonly until: UnixSeconds | null;
  readonly because: string;
}

interface Run {
  readonly facts: Facts;
  readonly policy: Policy;
  readonly now: UnixSeconds;
  readonly taken: EdgeTaken[];
}

/** Takes every edge that is due at `now` and says what the others wait for. */
export function next(before: ZoneState, facts: Facts, policy: Policy, now: UnixSeconds): Step {
  const noted = noteZoneTtl(before, facts, now);
  // A DS that was seen, an operator or a policy may change content that is not acknowledged yet.
  if (noted.pendingSince !== null) return pendingStep(before, recordContent(noted, policy, facts, now));
  const run: Run = { facts, policy, now, taken: [] };
  const heard = heedWords(noted, policy, now);
  let state = settle(heard, run, () => true);
  const refused = contradiction(state, run);
  if (refused !== null) {
    // The second guard says no: only what time and the parent made true is kept.
    run.taken.length = 0;
    state = settle(heard, run, (arrow) => !arrow.isAction);
  }
  const after = progress(requestDs(state, policy, now), policy, now);
  // A rollover that ends may change what is served: with double-ds, zone signers sign CDS until then.
  const recorded = recordContent(after.state, policy, facts, now);
  // By a clock that is ahead, versions would be dropped that caches still hold when it is set back, keys destroyed
  // that may be needed, and rollovers started before their time.
  const isTrusted = facts.isClockTrusted !== false;
  const served = isTrusted ? prune(recorded, policy, now) : recorded;
  // By the logs that moves were judged by: with a version that is dropped now, a wait may end that none could take.
  const waiting = refused === null ? waits(recorded, run) : [refused, ...waits(recorded, run)];
  const isPurged = (id: string) => isTrusted && facts.namedByParent?.includes(id) !== true;
  const events = after.events.filter((event) => event.kind !== 'purge' || isPurged(event.keyId));
  const actions: Action[] = [...run.taken, ...events];
  return {
    zoneState: served,
    isChanged: served !== before,
    isContentChanged: served.pendingSince !== null,
    actions,
    nextWake: earliest([...waiting.map(({ until }) => until), ...after.wakes], now),
    waiting,
    // What is undone comes first: it changes what may start.
    due: isTrusted && served.pausedSince === null && after.forgotten === null ? after.due : null,
    forgotten: isTrusted ? (after.forgotten?.id ?? null) : null,
  };
}

/** Nothing moves while a server may still serve what was served before (ROLLOVER 1.6). */
function pendingStep(before: ZoneState, state: ZoneState): Step {
  const waiting = state.keys.slice(0, 1).map(
    (key): Waiting => ({
      keyId: key.id,
      tag: key.tag,
      record: 'dnskey',
      to: stateOf(key, 'dnskey'),
      reason: 'acknowledgement',
      until: null,
      because: 'not every thread serves the newest keys and signers yet (ROLLOVER 1.8)',
    }),
  );
  const isChanged = state !== before;
  return {
    zoneState: state,
    isChanged,
    isContentChanged: true,
    actions: [],
    nextWake: null,
    waiting,
    due: null,
    forgotten: null,
  };
}

// ---- Fixpoint ----

function contextOf(state: ZoneState, run: Run): EdgeContext {
  return { state, policy: run.policy, isDsWaived: isWaived(state, run) };
}

/** By a clock that is ahead, a DS would seem to have left the caches that still hold it. */
function isWaived(state: ZoneState, { facts, policy, now }: Run): boolean {
  return facts.isClockTrusted !== false && isDsWaived(state, policy, now);
}

/** Follows the arrows that `mayFollow` admits until a full pass changes nothing. */
function settle(start: ZoneState, run: Run, mayFollow: (arrow: Arrow) => boolean): ZoneState {
  let state = start;
  for (let pass = 0; ; pass++) {
    assert(pass < MAX_PASSES, 'the machine reaches a fixpoint');
    const before = state;
    const stuck: Move[] = [];
    for (const arrow of ARROWS.filter(mayFollow)) {
      for (const { id } of state.keys) {
        const move = moveOf(arrow, state, id, run);
        if (move === null) continue;
        if (move.to === move.from) state = withKeys(state, [move.key]);
        else if (isSafe(state, [move], run)) state = take(state, [move], run);
        else if (arrow.isAction) stuck.push(move);
      }
    }
    if (state === before) state = takePair(state, stuck, run);
    if (state === before) return state;
  }
}

/** A signer set or a DS changes hands in one epoch: what neither edge may do alone, both may do together. */
function takePair(state: ZoneState, stuck: readonly Move[], run: Run): ZoneState {
  for (const enter of stuck.filter(({ to }) => to === 'rumoured')) {
    for (const leave of stuck.filter(({ to, record }) => to === 'unretentive' && record === enter.record)) {
      if (isSafe(state, [enter, leave], run)) return take(state, [enter, leave], run);
    }
  }
  return state;
}

/** The move along an arrow if nothing but the invariants can forbid it; `to === from`: a deadline is written down. */
function moveOf(arrow: Arrow, state: ZoneState, id: string, run: Run): Move | null {
  const key = state.keys.find((one) => one.id === id)!;
  const times = key.states[arrow.record];
  if (times === null || times.state !== arrow.from || recordGoal(key, arrow.record) !== arrow.goal)
    return null;
  const blocked = blockOf(arrow, state, key, run);
  if (blocked === null) {
    const because = arrow.isAction ? arrow.because : deadline(state, key, arrow, run).because;
    return { key, record: arrow.record, from: arrow.from, to: arrow.to, because };
  }
  if (arrow.isAction || blocked.until === null || times.notBefore !== null || isUntimed(blocked)) return null;
  const dated = withRecord(key, arrow.record, { ...times, notBefore: blocked.until });
  return { key: dated, record: arrow.record, from: arrow.from, to: arrow.from, because: blocked.because };
}

/** DS deadlines follow observations, which may be taken back: they are not written down. */
function isUntimed({ reason }: Blocked): boolean {
  return reason === 'ds_ttl' || reason === 'cds_hold' || reason === 'clock_step';
}

function blockOf(arrow: Arrow, state: ZoneState, key: Key, run: Run): Blocked | null {
  if (arrow.isAction) {
    const context = contextOf(state, run);
    const shut =
      gateOf(key, arrow.record, arrow.to, context) ??
      holdOf(key, arrow.record, arrow.to, context) ??
      pauseOf(state);
    return shut === null ? null : { ...shut, until: null };
  }
  const found = deadline(state, key, arrow, run);
  const until = key.states[arrow.record]?.notBefore ?? found.due;
  if (until === null || until > run.now) return { reason: found.reason, until, because: found.because };
  if (run.facts.isClockTrusted !== false) return null;
  return { reason: 'clock_step', until: null, because: 'the clock was stepped; confirm that it is right' };
}

/** Manual mode blocks actions, never observations (ROLLOVER 1.2). */
function pauseOf({ pausedSince }: ZoneState): Omit<Blocked, 'until'> | null {
  if (pausedSince === null) return null;
  return {
    reason: 'paused',
    because: `the operator paused the keys of the zone at ${formatInstant(pausedSince)}`,
  };
}

function isSafe(state: ZoneState, moves: readonly Move[], run: Run): boolean {
  const after = moved(state, moves, run.now);
  const context = {
    isDsWaived: isWaived(state, run),
    isGoalInsecure: state.goal === 'insecure',
  };
  if (isOverridden(state, moves)) return true;
  return isAcceptable(
    state.keys,
    after.keys,
    moves.map(({ key, record, to }) => ({ key, record, to })),
    context,
  );
}

/** Containment removes the bad key whatever the invariants say: its forecast was shown and accepted (2.8). */
function isOverridden(state: ZoneState, moves: readonly Move[]): boolean {
  const named = contained(state).flatMap(({ incoming, outgoing }) => [...incoming, ...outgoing]);
  return named.length > 0 && moves.every(({ key }) => named.includes(key.id));
}

function contained(state: ZoneState): Rollover[] {
  return rolloversOf(state).filter(({ emergency }) => emergency === 'containment');
}

function take(state: ZoneState, moves: readonly Move[], run: Run): ZoneState {
  for (const { key, record, from, to, because } of moves) {
    run.taken.push({ kind: 'edge', keyId: key.id, tag: key.tag, record, from, to, because });
  }
  return moved(state, moves, run.now);
}

function moved(state: ZoneState, moves: readonly Move[], now: UnixSeconds): ZoneState {
  let after = state;
  for (const { key, record, to } of moves) {
    const isAction = to === 'rumoured' || to === 'unretentive';
    const times = { state: to, since: now, doneAt: isAction ? null : now, notBefore: null };
    const current = after.keys.find(({ id }) => id === key.id)!;
    after = withKeys(after, [withRecord(current, record, times)]);
  }
  return after;
}

// ---- Second guard ----

/** What the oracle finds wrong with the content that would follow; null if nothing new. */
function contradiction(state: ZoneState, run: Run): Waiting | null {
  const { policy, facts, now } = run;
  const first = run.taken.find(({ to }) => to === 'rumoured' || to === 'unretentive');
  if (first === undefined || contained(state).length > 0) return null;
  const tentative = recordContent(requestDs(state, policy, now), policy, facts, now);
  const options = oracleOptions(state, policy);
  const found = contradictions(prune(state, policy, now).logs, tentative.logs, options, now);
  const violation = found.find((one) => policy.bootstrapHold === 'auto' || !isFromUnsigned(one));
  if (violation === undefined) return null;
  const { from, until, property } = violation;
  const window = `from ${formatInstant(from)} ${until === null ? 'on' : `to ${formatInstant(until)}`}`;
  const because = `${PROPERTIES[property]}: that would not hold ${window} (ROLLOVER 1.7, ${property})`;
  const { keyId, tag, record, to } = first;
  return { keyId, tag, record, to, reason: 'oracle', until, because };
}

function oracleOptions(state: ZoneState, policy: Policy): OracleOptions {
  const isLiberal = rolloversOf(state).some(({ method }) => method === 'liberal');
  return {
    algorithms: new Map(state.keys.map(({ id, algorithm }) => [id, algorithm])),
    r: policy.propagation,
    rp: policy.parent.propagation,
    isKeyStrict: policy.rollover.algorithm === 'conservative' && !isLiberal,
    mustBeSecure: state.goal === 'secure' && state.delegation === 'secure',
  };
}

/** A combination with the zone as it was before it was signed: `bootstrapHold` is the operator's word about those. */
function isFromUnsigned({ versions: { dnskey, zone } }: Violation): boolean {
  return dnskey?.keys.length === 0 || zone?.signers.length === 0;
}

// ---- Waits ----

const CONSEQUENCES: readonly WaitReason[] = ['gate', 'plan'];

/** What is waited for. An edge that only waits for another edge is told when nothing else is. */
function waits(state: ZoneState, run: Run): Waiting[] {
  const all: Waiting[] = [];
  for (const key of state.keys) {
    for (const arrow of ARROWS) {
      const times = key.states[arrow.record];
      if (times === null || times.state !== arrow.from || recordGoal(key, arrow.record) !== arrow.goal)
        continue;
      const blocked = waitOf(arrow, state, key, run);
      const word = arrow.record === 'ds' ? wordOn(state, key, arrow.to === 'omnipresent') : undefined;
      if (word !== undefined && !arrow.isAction) {
        const until = countsFrom(state, word, run.policy);
        all.push(waitingOf(arrow, key, { reason: 'cds_hold', until, because: SAID }));
        continue;
      }
      // Nobody waits for the DS of a key that shall go where no DS matters.
      if (key.goal === 'OUT' && blocked.reason === 'parent_ds' && isWaived(state, run)) continue;
      all.push(waitingOf(arrow, key, blocked));
    }
  }
  const telling = all.filter(({ reason }) => !CONSEQUENCES.includes(reason));
  return telling.length > 0 ? telling : all;
}

const SAID = 'it was confirmed; that counts when nobody can get a CDS that says otherwise (ROLLOVER 2.9)';

/**
 * Each field by name: objects that are put together by spreading have each a shape of its own, which is larger than they.
 */
function waitingOf({ record, to }: Arrow, { id, tag }: Key, { reason, until, because }: Blocked): Waiting {
  return { keyId: id, tag, record, to, reason, until, because };
}

function waitOf(arrow: Arrow, state: ZoneState, key: Key, run: Run): Blocked {
  const blocked = blockOf(arrow, state, key, run);
  if (blocked === null) {
    return { reason: 'invariant', until: null, because: 'it would break the chain of trust (ROLLOVER 1.4)' };
  }
  const isFirstDs = arrow.record === 'ds' && arrow.to === 'rumoured' && key.predecessor === null;
  if (!isFirstDs || state.rollover !== null || blocked.reason !== 'bootstrap_hold') return blocked;
  const because = 'a DS is asked for when every cache knows the signed zone (ROLLOVER 2.7 S2)';
  return { ...blocked, until: bootstrapEnd(state, key), because };
}

/** When the zone's first keys and signatures are known everywhere. */
function bootstrapEnd(state: ZoneState, key: Key): UnixSeconds | null {
  const own = [key.states.dnskey, key.states.krrsig];
  const signing = state.keys.filter(({ goal }) => goal === 'IN').map(({ states }) => states.zrrsig);
  const open = [...own, ...signing].filter((times) => times !== null && times.state !== 'omnipresent');
  if (open.length === 0 || open.some((times) => times!.notBefore === null)) return null;
  return Math.max(...open.map((times) => times!.notBefore!)) as UnixSeconds;
}

function earliest(instants: readonly (UnixSeconds | null)[], now: UnixSeconds): UnixSeconds | null {
  const ahead = instants.filter((instant) => instant !== null && instant > now) as UnixSeconds[];
  return ahead.length === 0 ? null : (Math.min(...ahead) as UnixSeconds);
}
