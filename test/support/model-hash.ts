/**
 * Worlds up to time (ROLLOVER 6.3): two that differ only in when they are, or in what is over and decides nothing any
 * more, have the same text. Instants become distances from now, cut off where no wait reaches; versions that are dead
 * vanish; what only the operator reads (steps, reasons, when a rollover began) is left out.
 */
import { type Key, RECORD_KINDS } from '../../src/kasp/key.ts';
import type { Policy } from '../../src/kasp/policy.ts';
import { type DsVersion, type Rollover, rolloversOf, type Span } from '../../src/kasp/zonestate.ts';
import type { World, WorldRules } from './model-world.ts';
import type { Lifespan } from './rollover-judge.ts';

/** The text of a world. */
export function textOf(world: World, { policy }: WorldRules): string {
  const { now, state, facts, maxTtl, served, parent, edits, late } = world;
  // Longer than the longest wait: hold, DS TTL and propagation.
  const longAgo = policy.cdsHold + policy.parent.dsTtl + policy.parent.propagation + 1;
  const ago = (at: number | null) => (at === null ? 'x' : Math.max(-longAgo, at - now));
  const ahead = (at: number | null) =>
    at === null || at === Number.POSITIVE_INFINITY ? 'x' : Math.max(0, at - now);
  const { dnskey, zone, cds, ds } = state.logs;
  const r = policy.propagation;
  const log = <V extends Span>(versions: readonly V[], contentOf: (version: V) => unknown) =>
    versions
      .map((version, index) => ({ version, isNewest: index === versions.length - 1 }))
      .map(({ version, isNewest }) => ({ version, isNewest, end: ahead(endOf(version, r)) }))
      .filter(({ isNewest, end }) => isNewest || end !== 0)
      .map(({ version, end }) => [end, end === 'x' ? version.ttl : 0, contentOf(version)]);
  const versions = <V extends Lifespan>(all: readonly V[], contentOf: (version: V) => unknown) =>
    longest(
      all.map((version) => [
        ahead(version.deadAt),
        version.last === Number.POSITIVE_INFINITY,
        contentOf(version),
      ]),
    );
  return JSON.stringify([
    state.keys.map((key) => keyText(key, ahead(holdEndOf(state, key, policy)), ahead, policy)),
    state.delegation,
    state.goal,
    rolloversOf(state).map(rolloverText),
    ago(state.pendingSince),
    [state.zoneTtl.current, ahead(state.zoneTtl.horizon)],
    log(dnskey, ({ keys, signers }) => [keys, signers]),
    log(zone, ({ signers }) => signers),
    log(cds, ({ keys, signers, isDelete }) => [keys, signers, isDelete]),
    dsText(ds, (version) => ahead(endOfDs(version, policy.parent))),
    [facts.maxTtl, maxTtl, edits, late],
    versions(served.dnskey, ({ keys, signers }) => [keys, signers]),
    versions(served.zone, ({ signers, longer }) => [signers, ahead(longer)]),
    versions(served.cds, ({ keys, signers, isDelete, isPassed }) => [keys, signers, isDelete, isPassed]),
    versions(served.ds, ({ keys }) => keys).toSorted(byText),
    parent.servers,
    ago(parent.behindSince),
    parent.decided === null ? 'x' : [parent.decided.keys, ago(parent.decided.at)],
    parent.isUnfaithful,
  ]);
}

type Ended = readonly [end: number | string, isOpen: boolean, content: unknown];

/** Of versions of the same content that ended, the one that is alive longest stands for all; the last one stays. */
function longest(versions: readonly Ended[]): readonly Ended[] {
  const contents = versions.map(([, , content]) => JSON.stringify(content));
  return versions.filter(([end, isOpen], index) => {
    if (isOpen || index === versions.length - 1) return true;
    return versions.every(([other], at) => {
      if (at === index || contents[at] !== contents[index]) return true;
      return other === 'x' ? false : other < end || (other === end && at < index);
    });
  });
}

function byText(one: unknown, other: unknown): number {
  return JSON.stringify(one) < JSON.stringify(other) ? -1 : 1;
}

interface EndedDs {
  readonly version: DsVersion;
  /** Ticks ahead; Infinity while open. */
  readonly end: number;
}

/**
 * The DS log. What caches may hold counts, whatever the order in which it got there: of versions that were closed only
 * those count that no other one outlives. The open ones and the newest are told as they are.
 */
function dsText(log: readonly DsVersion[], endOf: (version: DsVersion) => number | string): unknown {
  const all = log.map((version): EndedDs => {
    const end = endOf(version);
    return { version, end: typeof end === 'number' ? end : Number.POSITIVE_INFINITY };
  });
  const contentOf = ({ version: { keys, isConfirmed, ttl }, end }: EndedDs) =>
    JSON.stringify([keys.toSorted(), isConfirmed, end, ttl]);
  const isClosed = (one: EndedDs, index: number) => Number.isFinite(one.end) && index < all.length - 1;
  const closed = all.filter(isClosed).filter(({ end }) => end > 0);
  const kept = closed.filter((one) => !all.some((other) => other !== one && outlives(other, one)));
  const open = all.filter((one, index) => !isClosed(one, index));
  return [[...new Set(kept.map(contentOf))].sort(), open.map(contentOf)];
}

/** True if all that a closed version does to waits and to the oracle, the other one does too, for longer. */
function outlives(other: EndedDs, one: EndedDs): boolean {
  const [a, b] = [other.version, one.version];
  const isAsStrong = a.ttl >= b.ttl && Number(a.isConfirmed) >= Number(b.isConfirmed);
  const isStronger = other.end > one.end || a.ttl > b.ttl || (a.isConfirmed && !b.isConfirmed);
  return (
    a.keys.toSorted().join() === b.keys.toSorted().join() && isAsStrong && other.end >= one.end && isStronger
  );
}

type Distance = (at: number | null) => number | string;

/** When the hold of a key whose rollover is cancelled is over; null if it has none, or not yet. */
function holdEndOf(state: World['state'], { id, states }: Key, policy: Policy): number | null {
  const isHeld = rolloversOf(state).some(
    ({ cancelledAt, method, incoming, outgoing }) =>
      (cancelledAt !== null || method === 'unsign') && [...incoming, ...outgoing].includes(id),
  );
  const doneAt = states.ds?.doneAt ?? null;
  return isHeld && doneAt !== null ? doneAt + policy.cdsHold : null;
}

/** When every cache has what the parent was seen with; null if it was not. */
function drainEnd(seenAt: number | null, { parent }: Policy): number | null {
  return seenAt === null ? null : seenAt + parent.dsTtl + parent.propagation;
}

function keyText(key: Key, holdEnd: number | string, ahead: Distance, policy: Policy): unknown {
  const { goneAllAt, seenAllAt, lastSeenAnywhereAt } = key.dsObservation;
  const since = key.states.ds?.since ?? 0;
  const ds = key.states.ds?.state;
  const isGone = goneAllAt !== null;
  const seen = [
    seenAllAt !== null,
    ds === 'rumoured' && ahead(drainEnd(seenAllAt, policy)),
    ds === 'unretentive' && [isGone, ahead(drainEnd(goneAllAt, policy))],
    isGone && goneAllAt >= since,
  ];
  const times = RECORD_KINDS.map((kind) => {
    const record = key.states[kind];
    if (record === null) return null;
    const { state, doneAt, notBefore } = record;
    return [state, doneAt !== null, ahead(notBefore)];
  });
  const links = [key.predecessor, key.successor, key.roles.length];
  const held = [holdEnd, lastSeenAnywhereAt !== null];
  return [key.id, key.goal, links, key.publishedAt !== null, times, seen, held];
}

function rolloverText({ id, method, emergency, incoming, outgoing, cancelledAt }: Rollover): unknown {
  return [id, method, emergency, incoming, outgoing, cancelledAt !== null];
}

function endOf({ last, ttl }: Span, r: number): number | null {
  return last === null ? null : last + ttl + r;
}

/** What nobody saw lasts as long as what was seen. */
function endOfDs(
  { last, ttl }: DsVersion,
  { propagation, dsTtl }: { propagation: number; dsTtl: number },
): number | null {
  return last === null ? null : last + Math.max(ttl, dsTtl) + propagation;
}
