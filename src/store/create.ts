/**
 * Making keys: generated from strong octets until their tags are new to the zone, written, read back and probed
 * (`keypairs.ts`). Nothing of a key that was made is visible before the state names it.
 */
import type { Random } from '../base/ports.ts';
import type { UnixSeconds } from '../base/time.ts';
import { dnskeyRdata, keyTag, revokedKeyTag } from '../dnssec/dnskey.ts';
import { generateKey } from '../dnssec/keypair.ts';
import { CSK_ROLES, flagsFor, hiddenKey, type Key, type KeyRole, KSK_ROLES, ZSK_ROLES } from '../kasp/key.ts';
import type { Policy } from '../kasp/policy.ts';
import { keyFileBase } from './keyfile.ts';
import { type KeyDirectory, KeystoreError, type NewPair, writePairs } from './keypairs.ts';
import type { Tombstone } from './state.ts';

const GENERATE_TRIES = 1000;

/** A key to be made. */
export interface WantedKey {
  readonly roles: readonly KeyRole[];
  readonly algorithm: number;
}

/** The keys that a new zone gets. */
export function newKeys({ scheme, algorithm }: Pick<Policy, 'scheme' | 'algorithm'>): WantedKey[] {
  if (scheme === 'csk') return [{ roles: CSK_ROLES, algorithm }];
  return [
    { roles: KSK_ROLES, algorithm },
    { roles: ZSK_ROLES, algorithm },
  ];
}

/** What making keys needs to know. */
export interface Making {
  readonly random: Random;
  readonly now: UnixSeconds;
  /** Keys that the zone has, and had. */
  readonly keys: readonly Key[];
  readonly tombstones: readonly Tombstone[];
}

/** Makes keys (durable, probed, all hidden) whose tags, revoked or not, no other key of the zone has or had. */
export async function createKeys(
  directory: KeyDirectory,
  wanted: readonly WantedKey[],
  { random, now, keys, tombstones }: Making,
): Promise<Key[]> {
  const usedTags = new Set(tombstones.flatMap(({ tag, revokedTag }) => [tag, revokedTag]));
  for (const key of keys) addTags(usedTags, dnskeyRdata(key.flags, key.algorithm, key.publicKey));
  const octets = (count: number) => random.octets(count);
  const pairs: NewPair[] = [];
  for (const { roles, algorithm } of wanted) {
    const pair = generateUnique(directory, { flags: flagsFor(roles), algorithm, usedTags }, octets);
    addTags(usedTags, dnskeyRdata(pair.flags, algorithm, pair.publicKey));
    pairs.push(pair);
  }
  await writePairs(directory, pairs, now, octets);
  return wanted.map(({ roles, algorithm }, i) =>
    hiddenKey({ id: keyId(random), algorithm, roles, publicKey: pairs[i]!.publicKey }, now),
  );
}

function addTags(tags: Set<number>, rdata: Uint8Array): void {
  tags.add(keyTag(rdata)).add(revokedKeyTag(rdata));
}

function generateUnique(
  { files, path, origin }: KeyDirectory,
  wanted: { readonly flags: number; readonly algorithm: number; readonly usedTags: ReadonlySet<number> },
  random: (count: number) => Uint8Array,
): NewPair {
  const { flags, algorithm, usedTags } = wanted;
  for (let tries = 0; tries < GENERATE_TRIES; tries++) {
    const pair = generateKey(algorithm, random);
    const rdata = dnskeyRdata(flags, algorithm, pair.publicKey);
    const tag = keyTag(rdata);
    const isUsed = usedTags.has(tag) || usedTags.has(revokedKeyTag(rdata));
    const base = `${path}/${keyFileBase(origin, algorithm, tag)}`;
    // A key file that the state does not name is not overwritten either.
    if (!isUsed && files.stat(`${base}.private`) === undefined && files.stat(`${base}.key`) === undefined) {
      return { flags, algorithm, ...pair };
    }
  }
  throw new KeystoreError('KEYS_AMBIGUOUS', `${path}: no key tag is left for another key`);
}

/** A new key id: a version 4 UUID (RFC 9562 §5.4). */
export function keyId(random: Random): string {
  const octets = random.octets(16);
  octets[6] = (octets[6]! & 0x0f) | 0x40;
  octets[8] = (octets[8]! & 0x3f) | 0x80;
  const hex = Buffer.from(octets).toString('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
