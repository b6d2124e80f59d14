/**
 * Why a zone that waits for its parent still waits, as its looks show it: which server says what and since when, what the
 * parent has and what it was asked for. Words for people; nothing is decided by them.
 */
import { formatDuration, type UnixSeconds } from '../base/time.ts';
import { tagOfDs } from '../dnssec/ds.ts';
import { isShown, type Key } from '../kasp/key.ts';
import { dnskeyOf } from '../kasp/records.ts';
import { formatName, type Name } from '../wire/name.ts';
import type { UnknownReason } from './judge.ts';
import type { Look, Sight } from './look.ts';
import { type Scene, waitingSince } from './news.ts';
import { foreignDs, type KeySight, provenOf, sightOf, type Watch } from './watch.ts';

/** What looks find that is no fault of one server. */
export type ParentState =
  | 'PARENT_NOT_SEEN'
  | 'PARENT_SERVERS_DISAGREE'
  | 'PARENT_FLAPS'
  | 'PARENT_DS_MISSING'
  | 'PARENT_DS_PARTIAL'
  | 'PARENT_DS_FOREIGN'
  | 'PARENT_DS_AWAITED'
  | 'PARENT_DS_LINGERS'
  | 'PARENT_IGNORES_CDS'
  | 'PARENT_LOOKS_AGREE';

export interface ParentReason {
  readonly code: UnknownReason | ParentState;
  /** The address that it is about; null if it is about the parent as a whole. */
  readonly address: string | null;
  readonly since: UnixSeconds | null;
  /** One clause. */
  readonly text: string;
}

/** From so many returns on a parent is called unsteady: one is a change that was taken back. */
const FLAPS = 2;

/** A parent that was told of new CDS, and did nothing for so many intervals of the monitor, ignores them. */
const IGNORED_INTERVALS = 3;

/**
 * All reasons, those first that keep others from being seen; none if the zone waits for nothing of its parent. `wasTold`:
 * the parent answered a NOTIFY about the CDS that are served (RFC 9859).
 */
export function reasonsOf(watch: Watch, child: Name, scene: Scene, wasTold: boolean): ParentReason[] {
  const since = waitingSince(scene.state);
  if (since === null) return [];
  const { last } = watch;
  if (last === null) {
    return [{ code: 'PARENT_NOT_SEEN', address: null, since, text: 'nobody has looked at the parent yet' }];
  }
  if (last.outcome.kind === 'unknown') {
    const { reason, text } = last.outcome;
    return [{ code: reason, address: null, since: watch.failedSince, text }];
  }
  const look = last.outcome;
  const steadySince = watch.failed === 0 ? watch.steadySince : null;
  const own = scene.state.keys.filter(({ states }) => states.ds !== null);
  const sights = own.map((key) => ({ key, sight: sightOf(look.sights, child, dnskeyOf(key)) }));
  return [
    ...serverReasons(watch, look),
    ...flapReasons(watch),
    ...(scene.state.goal === 'secure' ? setReasons(look, sights, steadySince) : []),
    ...foreignReasons(watch, child, own),
    ...keyReasons(watch, sights, { child, scene, steadySince, wasTold }),
  ];
}

/** What single servers say, or do not. */
function serverReasons({ silent }: Watch, { sights }: Look): ParentReason[] {
  return sights.flatMap(({ server, verdict }): ParentReason[] => {
    if (verdict.kind === 'known') return [];
    const since = silent.get(server.address)?.since ?? null;
    const text = `${formatName(server.name)} (${server.address}): ${verdict.text}`;
    return [{ code: verdict.reason, address: server.address, since, text }];
  });
}

function flapReasons({ flaps }: Watch): ParentReason[] {
  if (flaps === null || flaps.times < FLAPS) return [];
  const text = `the parent shows one DS set, then another, and the first again: ${flaps.times} times`;
  return [{ code: 'PARENT_FLAPS', address: null, since: flaps.since, text }];
}

interface KeyAndSight {
  readonly key: Key;
  readonly sight: KeySight;
}

/** What the DS RRset as a whole is, where all servers that speak agree. */
function setReasons(
  { sights, parent }: Look,
  keys: readonly KeyAndSight[],
  since: UnixSeconds | null,
): ParentReason[] {
  const wasThere = keys.some(({ key }) => key.dsObservation.lastSeenAnywhereAt !== null);
  const known = sights.flatMap(({ verdict }) => (verdict.kind === 'known' ? [verdict.ds] : []));
  const where = formatName(parent);
  if (wasThere && known.length > 0 && known.every((ds) => ds.length === 0)) {
    const text = `${where} has no DS of the zone any more: for validators it is unsigned`;
    return [{ code: 'PARENT_DS_MISSING', address: null, since, text }];
  }
  const asked = keys.filter(({ key }) => isShown(key, 'ds'));
  const has = asked.filter(({ sight }) => sight === 'IN');
  const lacks = asked.filter(
    ({ key, sight }) => sight === 'OUT' && key.dsObservation.lastSeenAnywhereAt !== null,
  );
  if (has.length === 0 || lacks.length === 0) return [];
  const tags = (some: readonly KeyAndSight[]) => some.map(({ key }) => key.tag).join(', ');
  const text = `${where} was asked for DS of ${tags(asked)} and has ${tags(has)} alone`;
  return [{ code: 'PARENT_DS_PARTIAL', address: null, since, text }];
}

function foreignReasons(watch: Watch, child: Name, keys: readonly Key[]): ParentReason[] {
  const tags = foreignDs(watch, child, keys.map(dnskeyOf)).map(tagOfDs);
  if (tags.length === 0) return [];
  const text = `the parent has DS of no key that is here: ${tags.join(', ')}`;
  return [{ code: 'PARENT_DS_FOREIGN', address: null, since: null, text }];
}

interface Awaited {
  readonly child: Name;
  readonly scene: Scene;
  readonly steadySince: UnixSeconds | null;
  readonly wasTold: boolean;
}

/** What is awaited of each key's DS, and how far it is. */
function keyReasons(watch: Watch, keys: readonly KeyAndSight[], awaited: Awaited): ParentReason[] {
  return keys.flatMap(({ key, sight }): ParentReason[] => {
    const ds = key.states.ds!;
    const isComing = ds.state === 'rumoured' && key.dsObservation.seenAllAt === null;
    const isGoing = ds.state === 'unretentive' && key.dsObservation.goneAllAt === null;
    // Of what not all servers say, the servers are the reason.
    const isSplit = sight === 'MIXED' && isSplitOver(watch, awaited.child, key);
    if ((!isComing && !isGoing) || (!isSplit && (sight === 'MIXED' || sight === 'UNKNOWN'))) return [];
    return [keyReason(watch, { key, sight }, isComing, awaited)];
  });
}

function keyReason(
  watch: Watch,
  { key, sight }: KeyAndSight,
  isComing: boolean,
  { child, scene: { policy, now }, steadySince, wasTold }: Awaited,
): ParentReason {
  const { since } = key.states.ds!;
  const waited = formatDuration(Math.max(0, now - since));
  const asked = isComing ? 'asked for it' : 'asked for its removal';
  const ds = `the DS of key ${key.tag}`;
  const of = (code: ParentState, text: string, from = since): ParentReason => {
    return { code, address: null, since: from, text };
  };
  if (sight === 'MIXED') {
    const having = havingText(lastSights(watch), child, key);
    return of('PARENT_SERVERS_DISAGREE', `${ds} is not the same everywhere: ${having}`, steadySince ?? since);
  }
  if ((sight === 'IN') !== isComing) {
    const isIgnored = wasTold && now - since > IGNORED_INTERVALS * policy.monitor.interval;
    const code = isIgnored ? 'PARENT_IGNORES_CDS' : isComing ? 'PARENT_DS_AWAITED' : 'PARENT_DS_LINGERS';
    const is = isComing ? 'is on no server' : 'is still on all servers';
    return of(code, `${ds} ${is}; the parent was ${asked} ${waited} ago`);
  }
  const is = isComing ? 'is on all servers' : 'is gone from all servers';
  const isProven = provenOf(watch, child, dnskeyOf(key), policy.monitor).sight === sight;
  const until = isProven
    ? 'it counts when nobody can get older CDS any more'
    : `it counts after ${policy.monitor.rounds} looks that agree, ${policy.monitor.roundGap} s apart`;
  return of('PARENT_LOOKS_AGREE', `${ds} ${is}; ${until}`);
}

/** Some servers have the DS of the key, and some that can be seen do not. */
function isSplitOver(watch: Watch, child: Name, key: Key): boolean {
  const sights = lastSights(watch).map((sight) => sightOf([sight], child, dnskeyOf(key)));
  return sights.includes('IN') && sights.includes('OUT');
}

function lastSights({ last }: Watch): readonly Sight[] {
  return last?.outcome.kind === 'look' ? last.outcome.sights : [];
}

/** `192.0.2.1 has it, 192.0.2.2 does not`. */
function havingText(sights: readonly Sight[], child: Name, key: Key): string {
  const words = { IN: 'has it', OUT: 'does not have it', MIXED: 'has it', UNKNOWN: 'says nothing' } as const;
  return sights
    .map((sight) => `${sight.server.address} ${words[sightOf([sight], child, dnskeyOf(key))]}`)
    .join(', ');
}
