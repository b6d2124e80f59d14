/** Handlers of the operations on keys. */
import type { ZoneSigning } from '../daemon/signing.ts';
import type { Zone } from '../daemon/zone.ts';
import { dsRdata } from '../dnssec/ds.ts';
import { type Key, RECORD_KINDS, type RecordKind } from '../kasp/key.ts';
import { dnskeyOf } from '../kasp/records.ts';
import type { Waiting } from '../kasp/step.ts';
import { findKey } from '../kasp/zonestate.ts';
import { formatRdata } from '../rdata/text.ts';
import { keyFileBase } from '../store/keyfile.ts';
import { RRTYPE } from '../wire/iana.ts';
import { algorithmName, iso, keySummary, waitingSummary } from './describe.ts';
import { trailOf } from './failures.ts';
import { findSigned, type SignedZone } from './find.ts';
import { importKeys, type KeyContext } from './key-import.ts';
import type { KEY_OPERATIONS } from './key-operations.ts';
import type { KeyDetail, KeyShown } from './key-shapes.ts';
import { OperationError } from './operation.ts';
import type { Handlers } from './server.ts';

export function createKeyHandlers(context: KeyContext): Pick<Handlers, keyof typeof KEY_OPERATIONS> {
  const { zones } = context;
  return {
    'key.list': ({ zone: name }) => {
      const { zone, signing } = findSigned(zones, name);
      return { zone: zone.name, keys: signing.zoneState.keys.map((key) => detailOf(zone, signing, key)) };
    },
    'key.show': ({ zone: name, key: tag }) => {
      const found = findSigned(zones, name);
      return { zone: found.zone.name, key: shownOf(found.zone, found.signing, keyWithTag(found, tag)) };
    },
    'key.import': (params) => importKeys(context, params),
  };
}

/** The key of a zone with a tag; the one that stays, if an old one has it too. Throws OperationError. */
function keyWithTag({ zone, signing }: SignedZone, tag: number): Key {
  const { keys } = signing.zoneState;
  const found = keys.filter((key) => key.tag === tag);
  const key = found.find(({ goal }) => goal === 'IN') ?? found[0];
  if (key !== undefined) return key;
  const fix = `its keys: ${keys.map((one) => one.tag).join(', ') || 'none'}`;
  throw new OperationError('NO_SUCH_OBJECT', 'NO_SUCH_KEY', `${zone.name} has no key ${tag}`, fix);
}

function detailOf(zone: Zone, signing: ZoneSigning, key: Key): KeyDetail {
  const records = Object.fromEntries(
    RECORD_KINDS.map((record) => [record, recordOf(signing, key, record)]),
  ) as KeyDetail['records'];
  return {
    ...keySummary(key),
    algorithmName: algorithmName(key.algorithm),
    createdAt: iso(key.createdAt)!,
    publishedAt: iso(key.publishedAt),
    records,
    file: `${signing.keys.path}/${keyFileBase(zone.origin, key.algorithm, key.tag)}.private`,
  };
}

function recordOf(signing: ZoneSigning, key: Key, record: RecordKind): KeyDetail['records'][RecordKind] {
  const times = key.states[record];
  if (times === null) return null;
  const wait = signing.waiting.find((one) => one.keyId === key.id && one.record === record);
  return {
    state: times.state,
    since: iso(times.since)!,
    doneAt: iso(times.doneAt),
    next: wait === undefined ? null : nextOf(wait),
  };
}

function nextOf({ to, until, because }: Waiting): { to: string; at: string | null; because: string } {
  return { to, at: iso(until), because };
}

function shownOf(zone: Zone, signing: ZoneSigning, key: Key): KeyShown['key'] {
  const rdata = dnskeyOf(key);
  const digests = key.states.ds === null ? [] : signing.policy.digests;
  const tagOf = (id: string | null) => (id === null ? null : (findKey(signing.zoneState, id)?.tag ?? null));
  const { seenAllAt, goneAllAt, lastSeenAnywhereAt } = key.dsObservation;
  return {
    ...detailOf(zone, signing, key),
    dnskeyRdata: textOf(RRTYPE.DNSKEY, rdata),
    dsRdata: digests.map((digest) => textOf(RRTYPE.DS, dsRdata(zone.origin, rdata, digest))),
    publicKeyHash: key.publicKeyHash,
    predecessor: tagOf(key.predecessor),
    successor: tagOf(key.successor),
    dsObservation: {
      seenAllAt: iso(seenAllAt),
      goneAllAt: iso(goneAllAt),
      lastSeenAnywhereAt: iso(lastSeenAnywhereAt),
    },
    waiting: signing.waiting.filter(({ keyId }) => keyId === key.id).map(waitingSummary),
    history: historyOf(signing, key),
  };
}

function textOf(type: number, rdata: Uint8Array): string {
  return formatRdata(type, rdata, 0, rdata.length);
}

function historyOf(signing: ZoneSigning, { id }: Key): KeyShown['key']['history'] {
  return trailOf(signing)
    .entries.filter(({ kind, details }) => kind === 'edge' && details.keyId === id)
    .map(({ at, details: { record, from, to, because } }) => ({
      at: iso(at)!,
      ...{ record: String(record), from: String(from), to: String(to), because: String(because) },
    }));
}
