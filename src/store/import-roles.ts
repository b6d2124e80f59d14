/**
 * What the keys of another signer are to the zone: flags, roles, and the states of those whose files tell none. A key
 * that is seen in the DNSKEY RRset of the other signer is used as its times say; one of which nobody knows whether it
 * was ever served begins as a new key does, which costs time and breaks nothing.
 */
import { plus, type UnixSeconds } from '../base/time.ts';
import { readDnskey } from '../dnssec/dnskey.ts';
import { compareRdata } from '../dnssec/rrsig.ts';
import { CSK_ROLES, flagsFor, type KeyRole, KSK_ROLES, ZSK_ROLES } from '../kasp/key.ts';
import {
  type ForeignKey,
  type ForeignRecord,
  type ForeignTiming,
  flagsOfWord,
  ROLES_OF,
} from './import-key.ts';
import { KeystoreError } from './keypairs.ts';
import type { RoleWord } from './words.ts';

/** A foreign key of which all is settled. */
export interface SettledKey extends ForeignKey {
  readonly flags: number;
  readonly roles: readonly KeyRole[];
  readonly timing: ForeignTiming;
  /** The other signer told its states; else they follow from what is served. */
  readonly hasStates: boolean;
}

export interface Settling {
  /** DNSKEY records that are served now; undefined if nobody looked. */
  readonly served: readonly Uint8Array[] | undefined;
  /** What the operator says of keys without flags: one for all, or one for each in their order. */
  readonly words: readonly RoleWord[];
  readonly now: UnixSeconds;
}

/** Signatures of the key before may be served so long after a key was to be active. */
const REPLACED_S = 30 * 86_400;

/** Settles flags, roles and states; `notes` tells which keys are left out. Throws KeystoreError. */
export function settleKeys(
  keys: readonly ForeignKey[],
  settling: Settling,
): { readonly keys: SettledKey[]; readonly notes: string[] } {
  const { served, now } = settling;
  const notes: string[] = [];
  const used: (ForeignKey & { readonly flags: number })[] = [];
  const flagged = withFlags(keys, settling);
  const isAnyServed = flagged.some((key) => isServed(key, served));
  for (const key of flagged) {
    const why = key.timing === null ? outOfUse(key, { served, isAnyServed, now }) : goneWhy(key.timing);
    if (why === undefined) used.push(key);
    else notes.push(`${key.source} is not taken over: ${why}`);
  }
  const settled = used.map((key) => {
    const roles = key.roles ?? rolesOf(key, used);
    if (key.flags !== flagsFor(roles)) {
      throw new KeystoreError(
        'KEY_ROLES',
        `${key.source}: flags ${key.flags} do not fit a key for ${roles.join(', ')}`,
      );
    }
    const isSeen = isServed(key, served);
    const isStale = isAnyServed && !isSeen && key.timing !== null && isPublished(key.timing);
    if (isStale)
      notes.push(`${key.source}: its state says that it is published, but it is not served: it begins anew`);
    const timing = isStale
      ? hiddenTiming(now)
      : (key.timing ?? (isSeen ? plannedTiming(key, now) : hiddenTiming(now)));
    return { ...key, roles, timing: withRoles(timing, roles, now), hasStates: key.timing !== null };
  });
  return { keys: settled, notes };
}

function withFlags(keys: readonly ForeignKey[], { served, words }: Settling) {
  const bare = keys.filter(({ flags }) => flags === null);
  if (words.length > 1 && words.length !== bare.length) {
    throw new KeystoreError(
      'KEY_ROLES',
      `roles are named for ${words.length} keys, and ${bare.length} keys have no flags of their own`,
    );
  }
  return keys.map((key) => {
    const word = words.length > 1 ? words[bare.indexOf(key)] : words[0];
    const flags = key.flags ?? (word === undefined ? servedFlags(key, served) : flagsOfWord(word));
    if (flags === undefined) {
      throw new KeystoreError('KEY_ROLES', `${key.source}: a PEM file does not tell what the key is for`);
    }
    const roles = key.roles ?? (key.flags === null && word !== undefined ? ROLES_OF[word] : null);
    return { ...key, flags, roles };
  });
}

/** 256 signs zone data; 257 signs keys, and zone data as well if no 256 of its algorithm does. */
function rolesOf(
  key: ForeignKey & { readonly flags: number },
  all: readonly (ForeignKey & { readonly flags: number })[],
): readonly KeyRole[] {
  if (key.flags === flagsFor(ZSK_ROLES)) return ZSK_ROLES;
  if (key.flags !== flagsFor(KSK_ROLES)) {
    throw new KeystoreError('KEY_ROLES', `${key.source}: its flags are ${key.flags}, and not 256 or 257`);
  }
  const hasZsk = all.some(
    ({ flags, algorithm }) => flags === flagsFor(ZSK_ROLES) && algorithm === key.algorithm,
  );
  return hasZsk ? KSK_ROLES : CSK_ROLES;
}

// ---- Served or not ----

type KeyOctets = Pick<ForeignKey, 'algorithm' | 'publicKey'>;

/** The DNSKEY record of a key among those that are served. */
export function servedRecord(
  key: KeyOctets,
  served: readonly Uint8Array[] | undefined,
): Uint8Array | undefined {
  return served?.find((rdata) => {
    const found = readDnskey(rdata);
    return found?.algorithm === key.algorithm && compareRdata(found.publicKey, key.publicKey) === 0;
  });
}

function isServed(key: KeyOctets, served: readonly Uint8Array[] | undefined): boolean {
  return servedRecord(key, served) !== undefined;
}

function servedFlags(key: KeyOctets, served: readonly Uint8Array[] | undefined): number | undefined {
  const rdata = servedRecord(key, served);
  return rdata === undefined ? undefined : readDnskey(rdata)?.flags;
}

/** Why a key without states is left out; undefined if it is not. */
function outOfUse(
  key: ForeignKey,
  { served, isAnyServed, now }: { served: Settling['served']; isAnyServed: boolean; now: UnixSeconds },
): string | undefined {
  if (isServed(key, served)) return undefined;
  const { activate, retire, remove } = key.plan;
  if (isAnyServed) return 'it is not among the keys that are served';
  if (remove !== null && remove <= now) return 'its Delete time is over';
  if (retire !== null && retire <= now) return 'its Inactive time is over';
  const isLater = activate !== null && activate !== key.createdAt && activate > now;
  return isLater ? 'its Activate time is still to come' : undefined;
}

function isPublished({ dnskey }: ForeignTiming): boolean {
  return dnskey.state === 'rumoured' || dnskey.state === 'omnipresent';
}

function goneWhy({ goal, dnskey, krrsig, zrrsig, ds }: ForeignTiming): string | undefined {
  const isHidden = [dnskey, krrsig, zrrsig, ds].every(({ state }) => state === 'hidden');
  return goal === 'OUT' && isHidden ? 'it has left the zone' : undefined;
}

// ---- States of keys without any ----

function hidden(now: UnixSeconds): ForeignRecord {
  return { state: 'hidden', since: now };
}

function hiddenTiming(now: UnixSeconds): ForeignTiming {
  const record = hidden(now);
  const records = { dnskey: record, krrsig: record, zrrsig: record, ds: record };
  return { goal: 'IN', ...records, dsSeenAt: null, dsGoneAt: null };
}

/** A key that is served, since it was to be. */
function plannedTiming({ plan, createdAt }: ForeignKey, now: UnixSeconds): ForeignTiming {
  const past = (at: UnixSeconds | null) => (at !== null && at <= now ? at : null);
  const published = past(plan.publish) ?? past(createdAt) ?? now;
  const isLater = plan.activate !== null && plan.activate > now;
  const isRetired = past(plan.retire) !== null;
  const active = past(plan.activate) ?? now;
  const replaced = plus(active, REPLACED_S) <= now ? active : now;
  const zrrsig: ForeignRecord = isLater
    ? hidden(now)
    : isRetired
      ? { state: 'unretentive', since: now }
      : { state: 'rumoured', since: replaced };
  return {
    goal: isRetired ? 'OUT' : 'IN',
    dnskey: { state: 'rumoured', since: published },
    krrsig: isLater ? hidden(now) : { state: 'rumoured', since: active },
    zrrsig,
    ds: hidden(now),
    dsSeenAt: null,
    dsGoneAt: null,
  };
}

/** Records that the roles do not have are hidden. */
function withRoles(timing: ForeignTiming, roles: readonly KeyRole[], now: UnixSeconds): ForeignTiming {
  const signsKeys = roles.includes('key-signing');
  const none = hidden(now);
  return {
    ...timing,
    krrsig: signsKeys ? timing.krrsig : none,
    ds: signsKeys ? timing.ds : none,
    zrrsig: roles.includes('zone-signing') ? timing.zrrsig : none,
  };
}
