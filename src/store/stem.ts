/**
 * The file stem of a zone (DESIGN §8): names its zone file (`<stem>.zone`) and its directory of keys.
 */
import { sha256 } from '../dnssec/algorithm.ts';
import { LOWER, MAX_NAME_OCTETS, type Name } from '../wire/name.ts';

export const MAX_STEM_OCTETS = 200;
const DOT = 46;

/**
 * The origin in lower case without its final dot; octets outside `a-z0-9-_` within labels as %XX, `root` for the root
 * (and `%72oot` for a zone of that name). A stem of more than 200 octets becomes the SHA-256 of the name in hex,
 * which no label can be.
 */
export function zoneStem(origin: Name): string {
  if (origin[0] === 0) return 'root';
  let end = 0;
  for (let at = 0; origin[at] !== 0; at += origin[at]! + 1) {
    if (at > 0) written[end++] = DOT;
    for (let i = at + 1; i <= at + origin[at]!; i++) {
      const octet = LOWER[origin[i]!]!;
      if (IS_PLAIN[octet] === 1) written[end++] = octet;
      else end += written.write(stemOctet(octet), end, 'latin1');
    }
  }
  const stem = written.toString('latin1', 0, end);
  if (stem === 'root') return '%72oot';
  if (stem.length <= MAX_STEM_OCTETS) return stem;
  return Buffer.from(sha256(origin.map((octet) => LOWER[octet]!))).toString('hex');
}

/** Each octet of a name takes three characters at most. One string is made of it, and no parts. */
const written = Buffer.alloc(MAX_NAME_OCTETS * 3);
/** 1 for octets that stand for themselves. */
const IS_PLAIN = Uint8Array.from({ length: 256 }, (_, octet) => (stemOctet(octet).length === 1 ? 1 : 0));

function stemOctet(octet: number): string {
  const character = String.fromCharCode(octet);
  if (octet !== DOT && /[a-z0-9_-]/.test(character)) return character;
  return `%${octet.toString(16).toUpperCase().padStart(2, '0')}`;
}
