/** Keys of other signers, in the one form that all readers of foreign formats give. */
import type { UnixSeconds } from '../base/time.ts';
import { FLAGS_SEP, FLAGS_ZONE } from '../dnssec/dnskey.ts';
import {
  CSK_ROLES,
  type KeyGoal,
  type KeyRole,
  KSK_ROLES,
  type RecordState,
  ZSK_ROLES,
} from '../kasp/key.ts';
import type { RoleWord } from './words.ts';

/** One record of a key as the other signer left it. */
export interface ForeignRecord {
  readonly state: RecordState;
  /** When it entered the state. */
  readonly since: UnixSeconds;
}

/** What the other signer knew of a key's records; what it did not tell counts as hidden. */
export interface ForeignTiming {
  readonly goal: KeyGoal;
  readonly dnskey: ForeignRecord;
  readonly krrsig: ForeignRecord;
  readonly zrrsig: ForeignRecord;
  readonly ds: ForeignRecord;
  /** Since when the parent was known to have its DS, and to have it no more. */
  readonly dsSeenAt: UnixSeconds | null;
  readonly dsGoneAt: UnixSeconds | null;
}

/** When a key without states was meant to be used; null where the file does not say. */
export interface ForeignPlan {
  readonly publish: UnixSeconds | null;
  readonly activate: UnixSeconds | null;
  readonly retire: UnixSeconds | null;
  readonly remove: UnixSeconds | null;
}

export interface ForeignKey {
  /** The file that holds its private half. */
  readonly source: string;
  readonly algorithm: number;
  readonly publicKey: Uint8Array;
  /** Secret. */
  readonly privateOctets: Uint8Array;
  /** Null if nothing tells: 257 alone is a CSK, 257 beside 256 a KSK; without flags somebody must say. */
  readonly flags: number | null;
  readonly roles: readonly KeyRole[] | null;
  readonly createdAt: UnixSeconds | null;
  /** TTL of its DNSKEY record; null if the file has none. */
  readonly ttl: number | null;
  /** States that the other signer kept; null if it kept none. */
  readonly timing: ForeignTiming | null;
  readonly plan: ForeignPlan;
}

export const NO_PLAN: ForeignPlan = { publish: null, activate: null, retire: null, remove: null };

/** The roles of a key that was said to be one of these. */
export const ROLES_OF: Readonly<Record<RoleWord, readonly KeyRole[]>> = {
  csk: CSK_ROLES,
  ksk: KSK_ROLES,
  zsk: ZSK_ROLES,
};

/** The roles of a key of which at least one is true. */
export function rolesThat(signsKeys: boolean, signsZone: boolean): readonly KeyRole[] {
  if (!signsKeys) return ZSK_ROLES;
  return signsZone ? CSK_ROLES : KSK_ROLES;
}

/** Flags of a key that was said to be one of these. */
export function flagsOfWord(word: RoleWord): number {
  return word === 'zsk' ? FLAGS_ZONE : FLAGS_SEP;
}

/** What was read, and what an operator should know of it, a sentence each. */
export interface ForeignKeys {
  readonly keys: readonly ForeignKey[];
  readonly notes: readonly string[];
}
