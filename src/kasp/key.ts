/**
 * Keys and their states (ROLLOVER 1.1, 1.2). A key has up to four records whose visibility is tracked: its DNSKEY,
 * the RRSIG it makes over the DNSKEY RRset (krrsig), the RRSIGs it makes over zone data (zrrsig), and its DS.
 *
 *     goal IN:   hidden → rumoured → omnipresent      unretentive → rumoured
 *     goal OUT:  rumoured, omnipresent → unretentive → hidden
 *
 * The states are the only switch: what is served follows from them (`records.ts`). A key is known by its id and by
 * the hash of its public key, never by its tag.
 */
import type { UnixSeconds } from '../base/time.ts';
import { dnskeyRdata, FLAGS_SEP, FLAGS_ZONE, keyTag, publicKeyHash } from '../dnssec/dnskey.ts';

/**
 * hidden: no cache can hold the record. rumoured: some caches have it, others still the answer without it.
 * omnipresent: every cache that holds this RRset type has a version with it. unretentive: it is withdrawn, some
 * caches may still have it.
 */
export type RecordState = 'hidden' | 'rumoured' | 'omnipresent' | 'unretentive';
export const RECORD_STATES: readonly RecordState[] = ['hidden', 'rumoured', 'omnipresent', 'unretentive'];

/** The records of a key, in the order in which ROLLOVER writes their states. */
export type RecordKind = 'dnskey' | 'krrsig' | 'zrrsig' | 'ds';
export const RECORD_KINDS: readonly RecordKind[] = ['dnskey', 'krrsig', 'zrrsig', 'ds'];

/** Signs the DNSKEY RRset (and has a DS), or zone data. A CSK has both roles. */
export type KeyRole = 'key-signing' | 'zone-signing';

export const CSK_ROLES: readonly KeyRole[] = ['key-signing', 'zone-signing'];
export const KSK_ROLES: readonly KeyRole[] = ['key-signing'];
export const ZSK_ROLES: readonly KeyRole[] = ['zone-signing'];

/** Whether a key is to come and stay, or to go. */
export type KeyGoal = 'IN' | 'OUT';

/** State of one record, with absolute times that are written once per edge. */
export interface RecordTimes {
  readonly state: RecordState;
  /** When the state was committed. */
  readonly since: UnixSeconds;
  /** tDone: when every server was known to have switched (ROLLOVER 1.6); null until then. */
  readonly doneAt: UnixSeconds | null;
  /** Earliest instant of the next edge; null while unknown, or where time alone does not lead on. */
  readonly notBefore: UnixSeconds | null;
}

/** States of a key's records; null where the key's roles have no such record. */
export type KeyStates = Readonly<Record<RecordKind, RecordTimes | null>>;

/** What was seen of a key's DS at the parent, by its monitor or by the operator (ROLLOVER 1.1). */
export interface DsObservation {
  /** Since when every server of the parent has the DS; null if not so, or if that need not last (`proof.ts`). */
  readonly seenAllAt: UnixSeconds | null;
  /** Since when no server of the parent has it; null if not so, never looked, or if that need not last. */
  readonly goneAllAt: UnixSeconds | null;
  /** When any server had it last. */
  readonly lastSeenAnywhereAt: UnixSeconds | null;
}

export const NEVER_OBSERVED: DsObservation = { seenAllAt: null, goneAllAt: null, lastSeenAnywhereAt: null };

export interface Key {
  /** UUID. */
  readonly id: string;
  /** Key tag as published; a hint only. */
  readonly tag: number;
  readonly algorithm: number;
  readonly flags: number;
  /** The roles that it shall have. A CSK that hands zone signing to a ZSK keeps its zrrsig until that has left. */
  readonly roles: readonly KeyRole[];
  readonly goal: KeyGoal;
  /** Ids of the key that it replaces and of the one that replaces it (ROLLOVER 1.5). */
  readonly predecessor: string | null;
  readonly successor: string | null;
  readonly dsObservation: DsObservation;
  /** As in DNSKEY RDATA. */
  readonly publicKey: Uint8Array;
  /** SHA-256 in hex of algorithm and public key: the identity of the key pair. */
  readonly publicKeyHash: string;
  readonly createdAt: UnixSeconds;
  /** When its DNSKEY was first served; null if never. */
  readonly publishedAt: UnixSeconds | null;
  readonly states: KeyStates;
}

/** Whether the parent is known to have DS records of the zone. */
export type Delegation = 'unconfirmed' | 'none' | 'secure';

/** What a key is before anything of it is visible. */
export interface KeyMaterial {
  readonly id: string;
  readonly algorithm: number;
  readonly roles: readonly KeyRole[];
  readonly publicKey: Uint8Array;
}

/** Flags of a key with these roles: SEP for whatever signs keys. */
export function flagsFor(roles: readonly KeyRole[]): number {
  return roles.includes('key-signing') ? FLAGS_SEP : FLAGS_ZONE;
}

/** A key with the goal IN, all of whose records are hidden. */
export function hiddenKey(material: KeyMaterial, now: UnixSeconds): Key {
  const { id, algorithm, roles, publicKey } = material;
  const flags = flagsFor(roles);
  const hidden: RecordTimes = { state: 'hidden', since: now, doneAt: now, notBefore: null };
  const signsKeys = roles.includes('key-signing');
  return {
    id,
    tag: keyTag(dnskeyRdata(flags, algorithm, publicKey)),
    algorithm,
    flags,
    roles,
    goal: 'IN',
    predecessor: null,
    successor: null,
    dsObservation: NEVER_OBSERVED,
    publicKey,
    publicKeyHash: publicKeyHash(algorithm, publicKey),
    createdAt: now,
    publishedAt: null,
    states: {
      dnskey: hidden,
      krrsig: signsKeys ? hidden : null,
      zrrsig: roles.includes('zone-signing') ? hidden : null,
      ds: signsKeys ? hidden : null,
    },
  };
}

/** State of a record; a record that the key does not have counts as hidden (ROLLOVER 1.1). */
export function stateOf(key: Key, record: RecordKind): RecordState {
  return key.states[record]?.state ?? 'hidden';
}

/** True if a record is served or in effect: rumoured or omnipresent (ROLLOVER 1.2). */
export function isShown(key: Key, record: RecordKind): boolean {
  const state = stateOf(key, record);
  return state === 'rumoured' || state === 'omnipresent';
}

/** True if no record of the key can be in any cache. */
export function isEntirelyHidden(key: Key): boolean {
  return RECORD_KINDS.every((record) => stateOf(key, record) === 'hidden');
}

/** The goal of one record: OUT with the key, or because the key gives up the role that makes it. */
export function recordGoal(key: Key, record: RecordKind): KeyGoal {
  if (key.goal === 'OUT') return 'OUT';
  if (record === 'dnskey') return 'IN';
  return key.roles.includes(record === 'zrrsig' ? 'zone-signing' : 'key-signing') ? 'IN' : 'OUT';
}

/** The key with one record's state and times replaced; a DNSKEY that enters rumoured is published. */
export function withRecord(key: Key, record: RecordKind, times: RecordTimes): Key {
  const isPublished = record === 'dnskey' && times.state === 'rumoured';
  const publishedAt = isPublished ? (key.publishedAt ?? times.since) : key.publishedAt;
  return { ...key, publishedAt, states: { ...key.states, [record]: times } };
}

/** `dnskey/krrsig/zrrsig/ds` in one letter each, as ROLLOVER writes it: `R/R/R/H`, `-` for no such record. */
export function formatStates(key: Key): string {
  return RECORD_KINDS.map((record) => (key.states[record]?.state ?? '-').slice(0, 1).toUpperCase()).join('/');
}
