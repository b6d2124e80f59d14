/**
 * @hot The name that follows another one in canonical order (RFC 4034 §6.1), as an NSEC made for one answer needs it
 * (RFC 9824 §3.1): so near that no name lies between. Of names that are as long as names can be, a label grows or its
 * last octet does. What follows never leaves the zone: behind its last possible name comes the apex, as in every chain.
 *
 * Names are in lower case: octets that would be capitals are skipped, for they stand for others.
 */
import { MAX_LABEL_OCTETS, MAX_NAME_OCTETS } from '../wire/name.ts';

const LAST_OCTET = 0xff;
/** The octet in front of the capitals, and the one behind them. */
const BEFORE_CAPITALS = 0x40;
const BEHIND_CAPITALS = 0x5b;

/**
 * Writes the name right behind that of `octets` octets at `nameAt` to `outAt` of `out`; returns its octets. The last
 * `apexOctets` octets of the name are those of the zone's apex.
 */
export function putSuccessor(
  out: Uint8Array,
  outAt: number,
  name: Uint8Array,
  nameAt: number,
  octets: number,
  apexOctets: number,
): number {
  // Too long for a name below it: then what follows all names below follows the name itself.
  if (octets + 2 > MAX_NAME_OCTETS) return putBehindTree(out, outAt, name, nameAt, octets, apexOctets);
  out[outAt] = 1;
  out[outAt + 1] = 0;
  copy(out, outAt + 2, name, nameAt, octets);
  return octets + 2;
}

/** As `putSuccessor`, but writes the name right behind all names below (RFC 9824 §3.4: those below a zone cut). */
export function putBehindTree(
  out: Uint8Array,
  outAt: number,
  name: Uint8Array,
  nameAt: number,
  octets: number,
  apexOctets: number,
): number {
  let from = nameAt;
  let left = octets;
  while (left > apexOctets) {
    const label = name[from]!;
    if (label < MAX_LABEL_OCTETS && left < MAX_NAME_OCTETS) {
      copy(out, outAt, name, from, label + 1);
      out[outAt] = label + 1;
      out[outAt + label + 1] = 0;
      copy(out, outAt + label + 2, name, from + label + 1, left - label - 1);
      return left + 1;
    }
    let kept = label;
    while (kept > 0 && name[from + kept] === LAST_OCTET) kept--;
    if (kept > 0) {
      copy(out, outAt, name, from, kept + 1);
      const last = name[from + kept]!;
      out[outAt] = kept;
      out[outAt + kept] = last === BEFORE_CAPITALS ? BEHIND_CAPITALS : last + 1;
      copy(out, outAt + kept + 1, name, from + label + 1, left - label - 1);
      return left - label + kept;
    }
    from += label + 1;
    left -= label + 1;
  }
  copy(out, outAt, name, from, left);
  return left;
}

function copy(out: Uint8Array, outAt: number, from: Uint8Array, at: number, count: number): void {
  for (let i = 0; i < count; i++) out[outAt + i] = from[at + i]!;
}
