/**
 * A zone's state as JSON and back: instants as ISO 8601, public keys as base64, everything else as it is in memory.
 * Reading trusts nothing: what does not have the shape of a state throws ShapeError.
 */
import { formatInstant, type UnixSeconds } from '../base/time.ts';
import { findAlgorithm } from '../dnssec/algorithm.ts';
import { dnskeyRdata, keyTag, publicKeyHash } from '../dnssec/dnskey.ts';
import { DIGEST_TYPE } from '../dnssec/ds.ts';
import {
  type Delegation,
  type DsObservation,
  type Key,
  type KeyRole,
  type KeyStates,
  RECORD_KINDS,
  RECORD_STATES,
  type RecordKind,
  type RecordState,
  type RecordTimes,
} from '../kasp/key.ts';
import {
  type Concerned,
  type DsWord,
  type Emergency,
  type PublicationLogs,
  ROLLOVER_TYPES,
  type Rollover,
  type RolloverMethod,
  type Span,
  type ZoneState,
} from '../kasp/zonestate.ts';
import {
  asObject,
  isObject,
  type JsonObject,
  must,
  oneOf,
  readBoolean,
  readInstant,
  readInstantOrNull,
  readList,
  readSeconds,
  readText,
} from './json-shape.ts';

const DELEGATIONS: readonly Delegation[] = ['unconfirmed', 'none', 'secure'];
const EMERGENCIES: readonly Emergency[] = ['continuity', 'containment'];
const METHODS: readonly RolloverMethod[] = [
  'pre-publication',
  'additive',
  'swap',
  'double-ds',
  'replace',
  'conservative',
  'liberal',
  'split',
  'merge',
  'unsign',
];

// ---- Writing ----

/** Fields of ZoneState, fit for JSON, in the order in which they are stored. */
export function zoneStateDocument(state: ZoneState): JsonObject {
  const { dnskey, zone, cds, ds } = state.logs;
  return {
    delegation: state.delegation,
    goal: state.goal,
    rollover: rolloverDocument(state.rollover),
    overlapping: rolloverDocument(state.overlapping),
    owed: state.owed,
    dsWords: state.dsWords.map(({ keyId, seen }) => ({ keyId, seen })),
    pausedSince: instantText(state.pausedSince),
    remindedUntil: instantText(state.remindedUntil),
    concerns: state.concerns.map(({ code, since, toldAt }) => {
      return { code, since: formatInstant(since), toldAt: formatInstant(toldAt) };
    }),
    pendingSince: instantText(state.pendingSince),
    zoneTtl: { current: state.zoneTtl.current, horizon: formatInstant(state.zoneTtl.horizon) },
    lastStarted: {
      'key-signing': instantText(state.lastStarted['key-signing']),
      'zone-signing': instantText(state.lastStarted['zone-signing']),
    },
    keys: state.keys.map(keyDocument),
    logs: {
      dnskey: dnskey.map(spanDocument),
      zone: zone.map(spanDocument),
      cds: cds.map(spanDocument),
      ds: ds.map(spanDocument),
    },
  };
}

function instantText(at: UnixSeconds | null): string | null {
  return at === null ? null : formatInstant(at);
}

function spanDocument(span: Span): JsonObject {
  return { ...span, first: formatInstant(span.first), last: instantText(span.last) };
}

function rolloverDocument(rollover: Rollover | null): JsonObject | null {
  if (rollover === null) return null;
  const { startedAt, cancelledAt, stepSince } = rollover;
  return {
    ...rollover,
    startedAt: formatInstant(startedAt),
    cancelledAt: instantText(cancelledAt),
    stepSince: formatInstant(stepSince),
  };
}

function keyDocument(key: Key): JsonObject {
  const { seenAllAt, goneAllAt, lastSeenAnywhereAt } = key.dsObservation;
  return {
    ...key,
    dsObservation: {
      seenAllAt: instantText(seenAllAt),
      goneAllAt: instantText(goneAllAt),
      lastSeenAnywhereAt: instantText(lastSeenAnywhereAt),
    },
    publicKey: Buffer.from(key.publicKey).toString('base64'),
    createdAt: formatInstant(key.createdAt),
    publishedAt: instantText(key.publishedAt),
    states: Object.fromEntries(RECORD_KINDS.map((record) => [record, timesDocument(key.states[record])])),
  };
}

function timesDocument(times: RecordTimes | null): JsonObject | null {
  if (times === null) return null;
  const { state, since, doneAt, notBefore } = times;
  return {
    state,
    since: formatInstant(since),
    doneAt: instantText(doneAt),
    notBefore: instantText(notBefore),
  };
}

// ---- Reading ----

/** The state in a document of format 2. Throws ShapeError. */
export function readZoneState(document: JsonObject): ZoneState {
  const { goal, zoneTtl, lastStarted, logs } = document;
  must(
    isObject(zoneTtl) && isObject(lastStarted) && isObject(logs),
    'a state has zoneTtl, lastStarted, logs',
  );
  const keys = readList(document.keys, 'keys', readKey);
  must(new Set(keys.map(({ id }) => id)).size === keys.length, 'a key is named once');
  return {
    keys,
    delegation: oneOf(document.delegation, DELEGATIONS, 'delegation'),
    goal: oneOf(goal, ['secure', 'insecure'] as const, 'goal'),
    rollover: readRollover(document.rollover),
    overlapping: readRollover(document.overlapping),
    // States of before 2026-11-24 have none of these.
    dsWords: readList(document.dsWords ?? [], 'dsWords', readDsWord),
    pausedSince: readInstantOrNull(document.pausedSince ?? null),
    remindedUntil: readInstantOrNull(document.remindedUntil ?? null),
    // States of before 2026-11-28 have none.
    concerns: readList(document.concerns ?? [], 'concerns', readConcerned),
    owed: document.owed === null ? null : oneOf(document.owed, ['scheme'] as const, 'owed'),
    pendingSince: readInstantOrNull(document.pendingSince),
    zoneTtl: { current: readSeconds(zoneTtl.current), horizon: readInstant(zoneTtl.horizon) },
    lastStarted: {
      'key-signing': readInstantOrNull(lastStarted['key-signing']),
      'zone-signing': readInstantOrNull(lastStarted['zone-signing']),
    },
    logs: readLogs(logs),
  };
}

function readConcerned(value: unknown): Concerned {
  const { code, since, toldAt } = asObject(value);
  return { code: readText(code), since: readInstant(since), toldAt: readInstant(toldAt) };
}

/** Each field by name: to spread an object costs more than to read what is in it. */
function readLogs(logs: JsonObject): PublicationLogs {
  const names = (value: unknown) => readList(value, 'ids of keys', readText);
  const read: PublicationLogs = {
    dnskey: readList(logs.dnskey, 'log of DNSKEY', (version) => {
      const object = asObject(version);
      const { first, last, ttl } = readSpan(object);
      return { first, last, ttl, keys: names(object.keys), signers: names(object.signers) };
    }),
    zone: readList(logs.zone, 'log of zone data', (version) => {
      const object = asObject(version);
      const { first, last, ttl } = readSpan(object);
      return { first, last, ttl, signers: names(object.signers) };
    }),
    cds: readList(logs.cds, 'log of CDS', (version) => {
      const object = asObject(version);
      const isDelete = readBoolean(object.isDelete);
      const signers = names(object.signers);
      const digests = object.digests === undefined ? {} : { digests: readDigests(object.digests) };
      const { first, last, ttl } = readSpan(object);
      return { first, last, ttl, keys: names(object.keys), isDelete, signers, ...digests };
    }),
    ds: readList(logs.ds, 'log of DS', (version) => {
      const object = asObject(version);
      const isConfirmed = readBoolean(object.isConfirmed);
      const { first, last, ttl } = readSpan(object);
      return { first, last, ttl, keys: names(object.keys), isConfirmed };
    }),
  };
  must(
    Object.values(read).every((log) => log.length > 0),
    'a log has a newest version',
  );
  return read;
}

function readSpan(version: JsonObject): Span {
  const { first, last, ttl } = version;
  return { first: readInstant(first), last: readInstantOrNull(last), ttl: readSeconds(ttl) };
}

function readDigests(value: unknown): number[] {
  return readList(value, 'digest types', (digest) => {
    must(digest === DIGEST_TYPE.SHA256 || digest === DIGEST_TYPE.SHA384, 'a digest type is 2 or 4');
    return digest;
  });
}

function readDsWord(value: unknown): DsWord {
  const { keyId, seen } = asObject(value);
  return { keyId: readText(keyId), seen: readBoolean(seen) };
}

function readRollover(value: unknown): Rollover | null {
  if (value === null) return null;
  const rollover = asObject(value);
  const { emergency, followedBy } = rollover;
  return {
    id: readText(rollover.id),
    type: oneOf(rollover.type, ROLLOVER_TYPES, 'type'),
    method: oneOf(rollover.method, METHODS, 'method'),
    emergency: emergency === null ? null : oneOf(emergency, EMERGENCIES, 'emergency'),
    startedAt: readInstant(rollover.startedAt),
    incoming: readList(rollover.incoming, 'incoming', readText),
    outgoing: readList(rollover.outgoing, 'outgoing', readText),
    cancelledAt: readInstantOrNull(rollover.cancelledAt),
    step: readText(rollover.step),
    stepSince: readInstant(rollover.stepSince),
    isStalled: readBoolean(rollover.isStalled),
    followedBy: followedBy === null ? null : oneOf(followedBy, ['scheme'] as const, 'followedBy'),
  };
}

function readKey(value: unknown): Key {
  const key = asObject(value);
  const { id, tag, algorithm, flags, publicKey: keyText } = key;
  must(isObject(key.states), 'a key has states');
  must(typeof id === 'string' && id !== '', 'a key has an id');
  must(typeof flags === 'number' && typeof algorithm === 'number', 'a key has flags and an algorithm');
  must(typeof keyText === 'string', 'a key has a publicKey');
  const publicKey = Uint8Array.from(Buffer.from(keyText, 'base64'));
  must(findAlgorithm(algorithm)?.publicKeyOctets === publicKey.length, 'a public key has its length');
  must(keyTag(dnskeyRdata(flags, algorithm, publicKey)) === tag, 'a tag is that of its key');
  must(publicKeyHash(algorithm, publicKey) === key.publicKeyHash, 'publicKeyHash is that of its key');
  const { states } = key;
  const times = RECORD_KINDS.map((record) => [record, readTimes(states[record])]);
  return {
    id,
    tag,
    algorithm,
    flags,
    roles: readList(key.roles, 'roles', (role) =>
      oneOf<KeyRole>(role, ['key-signing', 'zone-signing'], 'role'),
    ),
    goal: oneOf(key.goal, ['IN', 'OUT'] as const, 'goal'),
    predecessor: key.predecessor === null ? null : readText(key.predecessor),
    successor: key.successor === null ? null : readText(key.successor),
    dsObservation: readObservation(asObject(key.dsObservation)),
    publicKey,
    publicKeyHash: key.publicKeyHash,
    createdAt: readInstant(key.createdAt),
    publishedAt: readInstantOrNull(key.publishedAt),
    states: Object.fromEntries(times) as Record<RecordKind, RecordTimes | null> satisfies KeyStates,
  };
}

function readObservation(seen: JsonObject): DsObservation {
  return {
    seenAllAt: readInstantOrNull(seen.seenAllAt),
    goneAllAt: readInstantOrNull(seen.goneAllAt),
    lastSeenAnywhereAt: readInstantOrNull(seen.lastSeenAnywhereAt),
  };
}

function readTimes(value: unknown): RecordTimes | null {
  if (value === null) return null;
  const times = asObject(value);
  return {
    state: oneOf<RecordState>(times.state, RECORD_STATES, 'state'),
    since: readInstant(times.since),
    doneAt: readInstantOrNull(times.doneAt),
    notBefore: readInstantOrNull(times.notBefore),
  };
}
