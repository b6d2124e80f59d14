/**
 * Instants and durations. An instant is a whole number of seconds since 1970 (UTC), handed in by the shell: nothing
 * below the shell reads a clock. A duration is a number of seconds, written `90s`, `5m`, `1h`, `7d`, `2w`, `1y`.
 */
import { assert } from './assert.ts';

/** Seconds since 1970-01-01T00:00:00Z. */
export type UnixSeconds = number & { readonly __brand: 'UnixSeconds' };

/** Brands a number of seconds since 1970; fractions are cut off. */
export function unixSeconds(seconds: number): UnixSeconds {
  assert(Number.isFinite(seconds), 'an instant is a finite number');
  return Math.floor(seconds) as UnixSeconds;
}

/** The instant `seconds` after `at`; negative for before. */
export function plus(at: UnixSeconds, seconds: number): UnixSeconds {
  return unixSeconds(at + seconds);
}

/** The first whole second after `now`, which was cut: what ended just now may have ended after `now`, but not after this. */
export function roundedUp(now: UnixSeconds): UnixSeconds {
  return plus(now, 1);
}

const UNIT_SECONDS: Readonly<Record<string, number>> = {
  s: 1,
  m: 60,
  h: 3_600,
  d: 86_400,
  w: 604_800,
  y: 31_536_000,
};

/** Parses `1h`, `1h30m`, `7d` or a bare number of seconds; undefined if the text is none of these. */
export function parseDuration(text: string): number | undefined {
  if (/^\d{1,10}$/.test(text)) return Number(text);
  if (!/^(?:\d{1,10}[smhdwy])+$/i.test(text)) return undefined;
  let seconds = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+)([smhdwy])/gi)) {
    seconds += Number(amount) * (UNIT_SECONDS[(unit as string).toLowerCase()] as number);
  }
  return seconds;
}

/** Formats seconds in the largest units that are exact: 5400 → `1h30m`, 0 → `0s`. Years are given in days. */
export function formatDuration(seconds: number): string {
  if (seconds === 0) return '0s';
  let rest = Math.abs(Math.floor(seconds));
  let text = seconds < 0 ? '-' : '';
  for (const unit of ['d', 'h', 'm', 's']) {
    const size = UNIT_SECONDS[unit] as number;
    if (rest >= size) text += `${Math.floor(rest / size)}${unit}`;
    rest %= size;
  }
  return text;
}

/** ISO 8601 in UTC with whole seconds: `2026-11-24T12:00:00Z`. */
export function formatInstant(at: UnixSeconds): string {
  return new Date(at * 1000).toISOString().replace('.000Z', 'Z');
}
