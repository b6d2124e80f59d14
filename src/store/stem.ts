/**
 * The file stem of a zone (DESIGN §8): names its zone file (`<stem>.zone`) and its directory of keys.
 */
import { sha256 } from '../dnssec/algorithm.ts';
import { LOWER, type Name } from '../wire/name.ts';

export const MAX_STEM_OCTETS = 200;
const DOT = 46;

/**
 * The origin in lower case without its final dot; octets outside `a-z0-9-_` within labels as %XX, `root` for the root
 * (and `%72oot` for a zone of that name). A stem of more than 200 octets becomes the SHA-256 of the name in hex,
 * which no label can be.
 */
export function zoneStem(origin: Name): string {
  if (origin[0] === 0) return 'root';
  // Joined, the stem is one string; put together by additions it would keep all its parts.
  const parts: string[] = [];
  for (let at = 0; origin[at] !== 0; at += origin[at]! + 1) {
    if (at > 0) parts.push('.');
    for (let i = at + 1; i <= at + origin[at]!; i++) parts.push(STEM_OCTETS[LOWER[origin[i]!]!]!);
  }
  const stem = parts.join('');
  if (stem === 'root') return '%72oot';
  if (stem.length <= MAX_STEM_OCTETS) return stem;
  return Buffer.from(sha256(origin.map((octet) => LOWER[octet]!))).toString('hex');
}

/** Each octet as it stands in a stem. */
const STEM_OCTETS = Array.from({ length: 256 }, (_, octet) => stemOctet(octet));

function stemOctet(octet: number): string {
  const character = String.fromCharCode(octet);
  if (octet !== DOT && /[a-z0-9_-]/.test(character)) return character;
  return `%${octet.toString(16).toUpperCase().padStart(2, '0')}`;
}
