/**
 * Serials of zones: arithmetic modulo 2^32 (RFC 1982), and what a zone is served with when its content has changed. It
 * never goes back, or secondaries would keep what they have.
 */
import type { UnixSeconds } from '../base/time.ts';

/** Where the serial comes from: the file as it is, or at least one more than before, in three forms. */
export type SerialMode = 'file' | 'increment' | 'unixtime' | 'dateserial';

const HALF = 0x8000_0000;
/** Changes of one day in `YYYYMMDDnn`. */
const CHANGES_A_DAY = 100;

/** RFC 1982 §3.2: `a` comes after `b`. */
export function isSerialAfter(a: number, b: number): boolean {
  const ahead = (a - b) >>> 0;
  return ahead !== 0 && ahead < HALF;
}

/**
 * The serial of content that was not served before. `file` is what the zone file says, `before` what was served last,
 * undefined if nothing was. A wish that is not after `before` gives way to the serial that follows it.
 */
export function nextSerial(
  mode: SerialMode,
  { file, before }: { readonly file: number; readonly before: number | undefined },
  now: UnixSeconds,
): number {
  if (mode === 'file') return file;
  const wish = wishOf(mode, file, now);
  return before === undefined || isSerialAfter(wish, before) ? wish : (before + 1) >>> 0;
}

function wishOf(mode: Exclude<SerialMode, 'file'>, file: number, now: UnixSeconds): number {
  if (mode === 'increment') return file;
  if (mode === 'unixtime') return now >>> 0;
  const day = new Date(now * 1_000).toISOString().slice(0, 10).replaceAll('-', '');
  return (Number(day) * CHANGES_A_DAY) >>> 0;
}
