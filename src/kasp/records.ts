/**
 * What a zone serves, as a pure function of its key states (ROLLOVER 1.2, 3.1): the DNSKEY RRset holds the keys
 * whose DNSKEY is rumoured or omnipresent, those with krrsig rumoured or omnipresent sign it, those with zrrsig sign
 * zone data, and CDS and CDNSKEY name the keys whose DS is. No other switch exists.
 */
import { dnskeyRdata } from '../dnssec/dnskey.ts';
import { dsRdata } from '../dnssec/ds.ts';
import { sortRdata } from '../dnssec/rrsig.ts';
import type { Name } from '../wire/name.ts';
import { isShown, type Key, stateOf } from './key.ts';
import type { Policy } from './policy.ts';

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

/** RDATA of the CDS and CDNSKEY RRsets, each in canonical order; both name the same keys, or both are empty. */
export interface CdsSet {
  readonly cds: readonly Uint8Array[];
  readonly cdnskey: readonly Uint8Array[];
}

/** What CDS and CDNSKEY at `apex` ask the parent for. Empty means "no change" (RFC 7344 §4). */
export function cdsSet(keys: readonly Key[], apex: Name, policy: Pick<Policy, 'cds' | 'digests'>): CdsSet {
  if (!wantsCds(keys, policy)) return { cds: [], cdnskey: [] };
  const cdnskey = keys.filter((key) => isShown(key, 'ds')).map(dnskeyOf);
  const cds = cdnskey.flatMap((rdata) => policy.digests.map((digest) => dsRdata(apex, rdata, digest)));
  return { cds: sortRdata(cds), cdnskey: sortRdata(cdnskey) };
}

function wantsCds(keys: readonly Key[], policy: Pick<Policy, 'cds'>): boolean {
  if (policy.cds !== 'rollover') return policy.cds === 'always';
  return keys.some((key) => stateOf(key, 'ds') === 'rumoured' || stateOf(key, 'ds') === 'unretentive');
}

/** DS RDATA of every key-signing key that shall stay, whatever its state: what `keyturn ds` prints. */
export function wantedDs(keys: readonly Key[], apex: Name, policy: Pick<Policy, 'digests'>): Uint8Array[] {
  const staying = keys.filter((key) => key.goal === 'IN' && key.roles.includes('key-signing'));
  return sortRdata(
    staying.flatMap((key) => policy.digests.map((digest) => dsRdata(apex, dnskeyOf(key), digest))),
  );
}
