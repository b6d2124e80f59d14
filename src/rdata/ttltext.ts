/**
 * TTLs and durations of master files: a number of seconds, or numbers with units as BIND reads them (`1w2d3h4m5s`,
 * any order, any case; a number without a unit stands alone).
 *
 * @hot once a record
 */

const MAX_U32 = 0xffff_ffff;

function unitSeconds(octet: number): number {
  switch (octet | 32) {
    case 115: // s
      return 1;
    case 109: // m
      return 60;
    case 104: // h
      return 3_600;
    case 100: // d
      return 86_400;
    case 119: // w
      return 604_800;
    default:
      return 0;
  }
}

/** Seconds that `text[start, end)` says, 0 to 2^32 - 1; -1 if it is no duration. */
export function ttlOf(text: Uint8Array, start: number, end: number): number {
  let seconds = 0;
  let value = 0;
  let digits = 0;
  let hasUnit = false;
  for (let i = start; i < end; i++) {
    const octet = text[i]!;
    if (octet >= 48 && octet <= 57) {
      value = value * 10 + octet - 48;
      if (value > MAX_U32) return -1;
      digits++;
      continue;
    }
    const unit = unitSeconds(octet);
    if (unit === 0 || digits === 0) return -1;
    seconds += value * unit;
    if (seconds > MAX_U32) return -1;
    value = 0;
    digits = 0;
    hasUnit = true;
  }
  if (hasUnit) return digits === 0 ? seconds : -1;
  return digits === 0 ? -1 : value;
}
