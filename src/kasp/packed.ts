/**
 * The state of a zone and what it waits for, packed (base/packing): as they lie in memory while nobody works on them. Every
 * field is named here, which the compiler sees to.
 */
import {
  type Form,
  flag,
  instant,
  list,
  nullable,
  number,
  octets,
  oneOf,
  optional,
  record,
  shared,
  text,
} from '../base/packing.ts';
import type { RecordTimes } from './key.ts';
import {
  CSK_ROLES,
  type DsObservation,
  type Key,
  type KeyStates,
  RECORD_KINDS,
  RECORD_STATES,
} from './key.ts';
import type { Waiting, WaitReason } from './step.ts';
import type {
  CdsVersion,
  Concerned,
  DnskeyVersion,
  DsVersion,
  DsWord,
  LastStarted,
  PublicationLogs,
  Rollover,
  ZoneState,
  ZoneVersion,
} from './zonestate.ts';

/** Reasons, and what they are told with: most of these are made of the policies alone. */
const MAX_SHARED = 4_096;

/** One of some words. A state goes from thread to thread, so that it has none that is shared. */
const word = <T extends string>() => text as Form<string> as Form<T>;

const when = nullable(instant);
const kind = oneOf(RECORD_KINDS);
const recordState = oneOf(RECORD_STATES);
const ids = list(text);

// ---- Keys ----

const times = nullable(
  record<RecordTimes>({ state: recordState, since: instant, doneAt: when, notBefore: when }),
);

const key = record<Key>({
  id: text,
  tag: number,
  algorithm: number,
  flags: number,
  roles: list(oneOf(CSK_ROLES)),
  goal: oneOf(['IN', 'OUT']),
  predecessor: nullable(text),
  successor: nullable(text),
  dsObservation: record<DsObservation>({ seenAllAt: when, goneAllAt: when, lastSeenAnywhereAt: when }),
  publicKey: octets,
  publicKeyHash: text,
  createdAt: instant,
  publishedAt: when,
  states: record<KeyStates>({ dnskey: times, krrsig: times, zrrsig: times, ds: times }),
});

// ---- Zones ----

const span = { first: instant, last: when, ttl: number };

const logs = record<PublicationLogs>({
  dnskey: list(record<DnskeyVersion>({ ...span, keys: ids, signers: ids })),
  zone: list(record<ZoneVersion>({ ...span, signers: ids })),
  cds: list(
    record<CdsVersion>({ ...span, keys: ids, isDelete: flag, signers: ids, digests: optional(list(number)) }),
  ),
  ds: list(record<DsVersion>({ ...span, keys: ids, isConfirmed: flag })),
});

const rollover = nullable(
  record<Rollover>({
    id: text,
    type: word(),
    method: word(),
    emergency: nullable(oneOf(['continuity', 'containment'])),
    startedAt: instant,
    incoming: ids,
    outgoing: ids,
    cancelledAt: when,
    step: text,
    stepSince: instant,
    isStalled: flag,
    followedBy: nullable(oneOf(['scheme'])),
  }),
);

/** Keys come first: `firstCount` tells how many there are. */
export const ZONE_STATE: Form<ZoneState> = record<ZoneState>({
  keys: list(key),
  delegation: oneOf(['unconfirmed', 'none', 'secure']),
  goal: oneOf(['secure', 'insecure']),
  rollover,
  overlapping: rollover,
  owed: nullable(oneOf(['scheme'])),
  dsWords: list(record<DsWord>({ keyId: text, seen: flag })),
  pausedSince: when,
  remindedUntil: when,
  concerns: list(record<Concerned>({ code: word(), since: instant, toldAt: instant })),
  pendingSince: when,
  zoneTtl: record<ZoneState['zoneTtl']>({ current: number, horizon: instant }),
  lastStarted: record<LastStarted>({ 'key-signing': when, 'zone-signing': when }),
  logs,
});

/** What a zone waits for. */
export const WAITS: Form<readonly Waiting[]> = list(
  record<Waiting>({
    keyId: text,
    tag: number,
    record: kind,
    to: recordState,
    reason: shared<WaitReason>(MAX_SHARED),
    until: when,
    because: shared(MAX_SHARED),
  }),
);
