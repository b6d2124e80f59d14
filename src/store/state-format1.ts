/**
 * State files of format 1, which the versions before rollovers wrote: keys and their states, no logs. What such a file
 * leaves out is made up on the safe side: what its keys show is in open versions of the logs, with a bound in place of
 * a TTL that nobody wrote down, and of unsigned answers is known how long their caches were to be waited for.
 */
import type { UnixSeconds } from '../base/time.ts';
import { isShown, type Key, NEVER_OBSERVED, RECORD_KINDS, type RecordKind } from '../kasp/key.ts';
import { newZoneState, type PublicationLogs, type ZoneState } from '../kasp/zonestate.ts';
import { asObject, type JsonObject, readList } from './json-shape.ts';
import { readZoneState, zoneStateDocument } from './state-shape.ts';

/** In place of the TTLs of what a file of format 1 shows; longer than any that was in use with it. */
const UNKNOWN_TTL = 86_400;

/** The state in a document of format 1. Throws ShapeError. */
export function readFormat1(document: JsonObject): ZoneState {
  const { delegation } = document;
  const keys = readList(document.keys, 'keys', keyDocument);
  const state = readZoneState({ ...zoneStateDocument(newZoneState([])), delegation, keys });
  return { ...state, logs: logsOf(state.keys, state.logs) };
}

/** The document of a key with what format 2 adds to it. */
function keyDocument(value: unknown): JsonObject {
  const key = asObject(value);
  const states = asObject(key.states);
  const completed = RECORD_KINDS.map((record) => {
    const times = states[record];
    if (times === null) return [record, null];
    // One machine served alone then: what it committed, it served.
    return [record, { ...asObject(times), doneAt: asObject(times).since }];
  });
  const added = { predecessor: null, successor: null, dsObservation: NEVER_OBSERVED };
  return { ...key, ...added, states: Object.fromEntries(completed) };
}

function logsOf(keys: readonly Key[], none: PublicationLogs): PublicationLogs {
  const ids = (record: RecordKind) => keys.filter((key) => isShown(key, record)).map(({ id }) => id);
  const [dnskey, krrsig, zrrsig, ds] = RECORD_KINDS.map(ids) as [string[], string[], string[], string[]];
  const open = (record: RecordKind) => ({ first: shownSince(keys, record), last: null, ttl: UNKNOWN_TTL });
  const cdsKeys = { keys: ds, isDelete: false, signers: krrsig };
  return {
    dnskey:
      dnskey.length === 0
        ? none.dnskey
        : [...closed(none.dnskey, keys, 'dnskey'), { ...open('dnskey'), keys: dnskey, signers: krrsig }],
    zone:
      zrrsig.length === 0
        ? none.zone
        : [...closed(none.zone, keys, 'zrrsig'), { ...open('zrrsig'), signers: zrrsig }],
    cds: ds.length === 0 ? none.cds : [{ ...open('ds'), ...cdsKeys }],
    ds: ds.length === 0 ? none.ds : [...none.ds, { ...open('ds'), keys: ds, isConfirmed: false }],
  };
}

/** The version without signatures, if its copies were still waited for when the file was written. */
function closed<Version extends object>(
  none: readonly Version[],
  keys: readonly Key[],
  record: RecordKind,
): Version[] {
  const last = shownSince(keys, record);
  const ends = keys.map((key) => key.states[record]?.notBefore ?? 0);
  const ttl = Math.max(...ends) - last;
  return ttl > 0 ? none.map((version) => ({ ...version, last, ttl })) : [];
}

/** When the first key that shows the record began to. */
function shownSince(keys: readonly Key[], record: RecordKind): UnixSeconds {
  const shown = keys.filter((key) => isShown(key, record));
  return Math.min(...shown.map((key) => key.states[record]!.since)) as UnixSeconds;
}
