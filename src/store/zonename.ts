/**
 * Names of zone files (DESIGN §8): `<origin>.zone`, `root.zone` for the root, octets outside `a-z0-9-_.` as %XX, and
 * for an origin whose name would be longer than 200 octets the SHA-256 of it, in which case `$ORIGIN` at the head of
 * the file says which zone it is. Capitals are taken as small letters: they name the same zone.
 */
import { LOWER, type Name, parseName } from '../wire/name.ts';
import { zoneStem } from './stem.ts';

export const ZONE_FILE_SUFFIX = '.zone';
const HASHED_STEM = /^[0-9a-f]{64}$/;
/** Nothing in it is escaped, a capital or too long; nor is it a hash. */
const PLAIN_FILE = /^(?:[a-z0-9_-]{1,63}\.)+zone$/;
const MAX_PLAIN_CHARACTERS = 253 + ZONE_FILE_SUFFIX.length;
const DOT = 46;

/** The file name of a zone: `example.com.zone`. */
export function zoneFileName(origin: Name): string {
  return `${zoneStem(origin)}${ZONE_FILE_SUFFIX}`;
}

/** Whether the name of a directory entry claims to be that of a zone file. Hidden files (of editors) do not. */
export function isZoneFileName(name: string): boolean {
  return !name.startsWith('.') && name.toLowerCase().endsWith(ZONE_FILE_SUFFIX);
}

/** True if the file name does not tell the origin, and the file must. */
export function isHashedName(name: string): boolean {
  return HASHED_STEM.test(name.slice(0, -ZONE_FILE_SUFFIX.length).toLowerCase());
}

/**
 * The name of the zone (as `formatName` has it), if that of its file is the same but for the suffix, as nearly all are:
 * so many are told quickly.
 */
export function plainZoneName(file: string): string | undefined {
  const isPlain = file.length <= MAX_PLAIN_CHARACTERS && PLAIN_FILE.test(file) && file !== 'root.zone';
  // Joined, it is a string of its own; a slice would keep that of the file.
  return isPlain ? [file.slice(0, -ZONE_FILE_SUFFIX.length), '.'].join('') : undefined;
}

/** The origin (in lower case) that the name of a zone file stands for; a string says why it stands for none. */
export function originOfFileName(name: string): Name | string {
  const stem = name.slice(0, -ZONE_FILE_SUFFIX.length);
  if (stem.toLowerCase() === 'root') return Uint8Array.of(0);
  const octets: number[] = [];
  for (const part of stem.split('.')) {
    const lengthAt = octets.push(0) - 1;
    const fault = putLabel(part, octets);
    if (fault !== undefined) return fault;
    octets[lengthAt] = octets.length - lengthAt - 1;
  }
  octets.push(0);
  return octets.length > 255 ? 'the name is over 255 octets' : new Uint8Array(octets);
}

/** Appends the octets of a label; a string says why it is none. */
function putLabel(text: string, octets: number[]): string | undefined {
  if (text === '') return 'it has an empty label (two dots, or a dot at an end)';
  const from = octets.length;
  for (let i = 0; i < text.length; i++) {
    const octet = text.charCodeAt(i);
    if (octet === 37) {
      const hex = /^[0-9a-f]{2}/i.exec(text.slice(i + 1, i + 3));
      if (hex === null) return 'a % is not followed by two hexadecimal digits';
      octets.push(LOWER[Number.parseInt(hex[0], 16)]!);
      i += 2;
      continue;
    }
    if (octet > 126) return 'it has octets that are not ASCII: write them as %XX, or an IDN as xn--…';
    if (octet === DOT || octet <= 32) return 'it has blanks: write them as %20';
    octets.push(LOWER[octet]!);
  }
  return octets.length - from > 63 ? 'a label is over 63 octets' : undefined;
}

/** The origin that the first `$ORIGIN` in the head of a zone file names, or undefined. */
export function originOfHead(head: string): Name | undefined {
  const match = /^\$ORIGIN[ \t]+(\S+\.)[ \t]*(?:;.*)?\r?$/im.exec(head);
  const name = match === null ? '' : parseName(match[1]!);
  return typeof name === 'string' ? undefined : name.map((octet) => LOWER[octet]!);
}
