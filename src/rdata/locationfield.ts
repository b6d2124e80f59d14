/** The LOC record (RFC 1876): latitude, longitude, altitude, and how exact they are. Lengths are centimeters. */
import { type Field, readNumber, skipRest } from './field.ts';
import type { FieldParser } from './fieldparser.ts';

const WIRE_OCTETS = 16;
/** Latitude and longitude are thousandths of a second of arc around this. */
const ORIGIN = 2 ** 31;
/** Altitude counts from 100,000 m below the WGS 84 ellipsoid. */
const ALTITUDE_BASE_CM = 10_000_000;
const DEFAULT_SIZES_CM = [100, 1_000_000, 1_000] as const;
const SIZE_NAMES = ['size', 'horizontal precision', 'vertical precision'] as const;
const MAX_SIZE_CM = 9e9;

/** Consumes the next token if it matches; it is told as a fault only by the caller. */
function takeMatch(parser: FieldParser, pattern: RegExp): RegExpExecArray | undefined {
  if (!parser.hasToken()) return undefined;
  const match = pattern.exec(parser.tokens.text(parser.tokens.next));
  if (match === null) return undefined;
  parser.tokens.next++;
  return match;
}

/** `d [m [s]] N|S` in thousandths of a second of arc; undefined (and a fault) if it is none. */
function takeAngle(
  parser: FieldParser,
  what: string,
  limitDegrees: number,
  hemispheres: string,
): number | undefined {
  const first = parser.tokens.next;
  const degrees = takeMatch(parser, /^\d{1,3}$/);
  const minutes = degrees && takeMatch(parser, /^\d{1,2}$/);
  const seconds = minutes && takeMatch(parser, /^(\d{1,2})(?:\.(\d{1,3}))?$/);
  const hemisphere = degrees && takeMatch(parser, new RegExp(`^[${hemispheres}]$`, 'i'));
  const thousandths = Number((seconds?.[2] ?? '').padEnd(3, '0'));
  const whole = Number(degrees?.[0]) * 3600 + Number(minutes?.[0] ?? 0) * 60 + Number(seconds?.[1] ?? 0);
  const angle = whole * 1000 + thousandths;
  const isGood = Number(minutes?.[0] ?? 0) < 60 && Number(seconds?.[1] ?? 0) < 60;
  if (hemisphere === undefined || !isGood || angle > limitDegrees * 3_600_000) {
    const form = `degrees [minutes [seconds]] ${hemispheres[0]}|${hemispheres[1]}`;
    parser.fail(`the ${what} is not ${form}, up to ${limitDegrees} degrees`, { token: first });
    return undefined;
  }
  return hemisphere[0].toUpperCase() === hemispheres[0] ? angle : -angle;
}

/** `12.34m` in centimeters; undefined if the next token is none. */
function takeLength(parser: FieldParser): number | undefined {
  const match = takeMatch(parser, /^(-?)(\d{1,8})(?:\.(\d{1,2}))?m?$/i);
  if (match === undefined) return undefined;
  const centimeters = Number(match[2]) * 100 + Number((match[3] ?? '').padEnd(2, '0'));
  return match[1] === '-' ? -centimeters : centimeters;
}

/** One digit and a power of ten in two nibbles (RFC 1876 §2). */
function sizeOctet(centimeters: number): number {
  let mantissa = centimeters;
  let exponent = 0;
  for (; mantissa >= 10; mantissa = Math.floor(mantissa / 10)) exponent++;
  return (mantissa << 4) | exponent;
}

function parseLocation(parser: FieldParser): boolean {
  const latitude = takeAngle(parser, 'latitude', 90, 'NS');
  const longitude = latitude === undefined ? undefined : takeAngle(parser, 'longitude', 180, 'EW');
  if (latitude === undefined || longitude === undefined) return false;
  const altitude = takeLength(parser);
  if (altitude === undefined || altitude < -ALTITUDE_BASE_CM || altitude + ALTITUDE_BASE_CM > 0xffff_ffff) {
    return parser.fail('the altitude is not a length from -100000.00m to 42849672.95m', {
      token: parser.tokens.next,
    });
  }
  parser.put8(0);
  for (const [index, standard] of DEFAULT_SIZES_CM.entries()) {
    const centimeters = parser.hasToken() ? takeLength(parser) : standard;
    if (centimeters === undefined || centimeters < 0 || centimeters > MAX_SIZE_CM) {
      return parser.fail(`the ${SIZE_NAMES[index]} is not a length from 0.00m to 90000000.00m`, {
        token: parser.tokens.next,
      });
    }
    parser.put8(sizeOctet(centimeters));
  }
  parser.put32(ORIGIN + latitude);
  parser.put32(ORIGIN + longitude);
  parser.put32(altitude + ALTITUDE_BASE_CM);
  return true;
}

function isSizeGood(octet: number): boolean {
  return octet >> 4 <= 9 && (octet & 15) <= 9;
}

function formatAngle(value: number, hemispheres: string): string {
  const angle = Math.abs(value - ORIGIN);
  const seconds = Math.floor(angle / 1000);
  const thousandths = String(angle % 1000).padStart(3, '0');
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, `${seconds % 60}.${thousandths}`];
  return `${parts.join(' ')} ${hemispheres[value >= ORIGIN ? 0 : 1]}`;
}

function formatLength(centimeters: number): string {
  const whole = Math.abs(centimeters);
  const cents = String(whole % 100).padStart(2, '0');
  return `${centimeters < 0 ? '-' : ''}${Math.floor(whole / 100)}.${cents}m`;
}

export const location: Field = {
  parse: parseLocation,
  /** RDATA of another version is opaque (RFC 1876 §2). */
  check(cursor) {
    const { octets, at } = cursor;
    const length = skipRest(cursor);
    if (length === 0 || octets[at] !== 0) return length > 0;
    if (length !== WIRE_OCTETS) return false;
    const cursorAtAngles = { ...cursor, at: at + 4 };
    const latitude = Math.abs(readNumber(cursorAtAngles, 4) - ORIGIN);
    const longitude = Math.abs(readNumber(cursorAtAngles, 4) - ORIGIN);
    const areSizesGood = [1, 2, 3].every((offset) => isSizeGood(octets[at + offset]!));
    return areSizesGood && latitude <= 90 * 3_600_000 && longitude <= 180 * 3_600_000;
  },
  format(cursor) {
    const { octets, at } = cursor;
    // Text has no zero of another power of ten, and no other version.
    const isOdd = [1, 2, 3].some((offset) => octets[at + offset]! > 0 && octets[at + offset]! < 16);
    if (octets[at] !== 0 || isOdd) return undefined;
    cursor.at++;
    const sizes = [1, 2, 3].map(() => {
      const octet = readNumber(cursor, 1);
      return formatLength((octet >> 4) * 10 ** (octet & 15));
    });
    const latitude = formatAngle(readNumber(cursor, 4), 'NS');
    const longitude = formatAngle(readNumber(cursor, 4), 'EW');
    const altitude = formatLength(readNumber(cursor, 4) - ALTITUDE_BASE_CM);
    return [latitude, longitude, altitude, ...sizes].join(' ');
  },
};
