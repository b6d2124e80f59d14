/**
 * What a zone serves, as a pure function of its key states (ROLLOVER 1.2, 3.1): the DNSKEY RRset holds the
 * keys whose DNSKEY is rumoured or omnipresent, those with krrsig rumoured or omnipresent sign it, those
 * with zrrsig sign zone data, and CDS and CDNSKEY name the keys whose DS is, or ask for removal once a zone
 * that shall be insecure wants no DS any more. No other switch exists.
 */
import { dnskeyRdata } from '../dnssec/dnskey.ts';
import { CDNSKEY_DELETE, CDS_DELETE, dsRdata } from '../dnssec/ds.ts';
import { sortRdata } from '../dnssec/rrsig.ts';
import type { Name } from '../wire/name.ts';
import { isShown, type Key, stateOf } from './key.ts';
import type { Policy } from './policy.ts';
import type { ZoneState } from './zonestate.ts';

/** RDATA of a key's DNSKEY (and CDNSKEY) record. */
export function dnskeyOf(key: Key): Uint8Array {
  return dnskeyRdata(key.flags, key.algorithm, key.publicKey);
}

/** RDATA of the DNSKEY RRset, in canonical order. */
export function dnskeySet(keys: readonly Key[]): Uint8Array[] {
  return sortRdata(keys.filter((key) => isShown(key, 'dnskey')).map(dnskeyOf));
}

/** The keys that sign the DNSKEY RRset, and CDS and CDNSKEY with it (RFC 7344 §4.1). */
export function dnskeySigners(keys: readonly Key[]): Key[] {
  return keys.filter((key) => isShown(key, 'krrsig'));
}

/** The keys that sign zone data. */
export function zoneSigners(keys: readonly Key[]): Key[] {
  return keys.filter((key) => isShown(key, 'zrrsig'));
}

/**
 * The keys that CDS and CDNSKEY name, or that they ask for removal; no keys and no removal: none is
 * published.
 */
export interface CdsRequest {
  readonly keys: readonly Key[];
  readonly isDelete: boolean;
}

type CdsState = Pick<ZoneState, 'keys' | 'goal'>;

/**
 * What CDS and CDNSKEY ask the parent for. Removal is asked for until the last DS has left all caches (RFC
 * 8078 §4).
 */
export function cdsRequest({ keys, goal }: CdsState, policy: Pick<Policy, 'cds'>): CdsRequest {
  if (policy.cds === 'never') return { keys: [], isDelete: false };
  const shown = keys.filter((key) => isShown(key, 'ds'));
  const isLeaving = keys.some((key) => stateOf(key, 'ds') === 'unretentive');
  if (goal === 'insecure' && isLeaving && shown.length === 0) {
    // Nobody would believe what nobody signs: a zone that went unsigned at once asks for nothing.
    return { keys: [], isDelete: dnskeySigners(keys).length > 0 };
  }
  const isMoving = isLeaving || shown.some((key) => stateOf(key, 'ds') === 'rumoured');
  return { keys: policy.cds === 'always' || isMoving ? shown : [], isDelete: false };
}

/**
 * RDATA of the CDS and CDNSKEY RRsets, each in canonical order; both name the same keys, or both are empty.
 */
export interface CdsSet {
  readonly cds: readonly Uint8Array[];
  readonly cdnskey: readonly Uint8Array[];
}

/** What CDS and CDNSKEY at `apex` ask the parent for. Empty means "no change" (RFC 7344 §4). */
export function cdsSet(state: CdsState, apex: Name, policy: Pick<Policy, 'cds' | 'digests'>): CdsSet {
  const { keys, isDelete } = cdsRequest(state, policy);
  if (isDelete) return { cds: [CDS_DELETE], cdnskey: [CDNSKEY_DELETE] };
  const cdnskey = keys.map(dnskeyOf);
  const cds = cdnskey.flatMap((rdata) => policy.digests.map((digest) => dsRdata(apex, rdata, digest)));
  return { cds: sortRdata(cds), cdnskey: sortRdata(cdnskey) };
}

/**
 * The keys that sign CDS and CDNSKEY: those that sign DNSKEY. With double-DS the zone's signers join them,
 * because the others leave the DNSKEY RRset at once while caches hold a CDS that they signed (ROLLOVER 2.3,
 * 3.1).
 */
export function cdsSigners({ keys, rollover }: Pick<ZoneState, 'keys' | 'rollover'>): Key[] {
  const isDoubleDs = rollover?.method === 'double-ds';
  return keys.filter((key) => isShown(key, 'krrsig') || (isDoubleDs && isShown(key, 'zrrsig')));
}

/** DS RDATA of every key-signing key that shall stay, whatever its state: what `keyturn ds` prints. */
export function wantedDs(keys: readonly Key[], apex: Name, policy: Pick<Policy, 'digests'>): Uint8Array[] {
  const staying = keys.filter((key) => key.goal === 'IN' && key.roles.includes('key-signing'));
  return sortRdata(
    staying.flatMap((key) => policy.digests.map((digest) => dsRdata(apex, dnskeyOf(key), digest))),
  );
}
