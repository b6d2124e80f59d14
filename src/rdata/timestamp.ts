/** Instants of signatures in presentation form (RFC 4034 §3.2). Pure arithmetic: no clock is asked. */

/** Seconds since 1970 modulo 2^32 of `YYYYMMDDHHmmSS` (UTC) or of a decimal number; undefined if it is neither. */
export function parseTimestamp(text: string): number | undefined {
  if (/^\d{1,10}$/.test(text)) {
    const seconds = Number(text);
    return seconds <= 0xffff_ffff ? seconds : undefined;
  }
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(text);
  if (parts === null) return undefined;
  const [year, month, day, hour, minute, second] = parts.slice(1).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const milliseconds = Date.UTC(year, month - 1, day, hour, minute, Math.min(second, 59));
  const written = new Date(milliseconds).toISOString().replace(/[-:T]|\.000Z$/g, '');
  // What the calendar does not have would come back as another day.
  if (year < 1970 || second > 60 || written.slice(0, 12) !== text.slice(0, 12)) return undefined;
  const seconds = milliseconds / 1000 + second - Math.min(second, 59);
  return seconds % 2 ** 32;
}
