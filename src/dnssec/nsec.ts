/**
 * NSEC RDATA (RFC 4034 §4): the next owner of the zone in canonical order, and the types that exist at this one.
 */
import { encodeTypeBitmap } from '../rdata/bitmap.ts';
import { lowerName, type Name } from '../wire/name.ts';

/**
 * Builds NSEC RDATA. The next name is written in lower case: RFC 6840 §5.1 tells signers not to lower it and
 * validators disagree, so it never has capitals. `types` in any order; RRSIG and NSEC are the caller's to name.
 */
export function nsecRdata(nextName: Name, types: readonly number[]): Uint8Array {
  const bitmap = encodeTypeBitmap([...types]);
  const rdata = new Uint8Array(nextName.length + bitmap.length);
  rdata.set(lowerName(nextName));
  rdata.set(bitmap, nextName.length);
  return rdata;
}
