import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { unixSeconds } from '../../../src/base/time.ts';
import { isSerialAfter, nextSerial, type SerialMode } from '../../../src/zone/serial.ts';

/** 2026-11-24. */
const NOW = unixSeconds(1_795_478_400);

describe('isSerialAfter (RFC 1982)', () => {
  it.each([
    [1, 0, true],
    [0, 1, false],
    [5, 5, false],
    [0, 0xffff_ffff, true],
    [0x7fff_ffff, 0, true],
    [0x8000_0000, 0, false],
    [0, 0x8000_0000, false],
    [3, 0xffff_fff0, true],
  ])('%s after %s: %s', (a, b, isAfter) => expect(isSerialAfter(a, b)).toBe(isAfter));
});

describe('nextSerial', () => {
  it.each([
    ['file', 7, 9, 7],
    ['increment', 10, undefined, 10],
    ['increment', 10, 9, 10],
    ['increment', 10, 10, 11],
    ['increment', 3, 10, 11],
    ['increment', 1, 0xffff_ffff, 1],
    ['increment', 0xffff_ffff, 0xffff_ffff, 0],
    ['unixtime', 1, 5, 1_795_478_400],
    ['unixtime', 1, 1_795_478_400, 1_795_478_401],
    ['dateserial', 1, 2_026_112_200, 2_026_112_400],
    ['dateserial', 1, 2_026_112_400, 2_026_112_401],
    ['dateserial', 1, 2_026_112_499, 2_026_112_500],
    // From the time to the date it is a step back: one after the other, until the date has caught up.
    ['unixtime', 1, 2_026_112_400, 2_026_112_401],
  ] satisfies [SerialMode, number, number | undefined, number][])(
    '%s, file %s, before %s: %s',
    (mode, file, before, expected) => expect(nextSerial(mode, { file, before }, NOW)).toBe(expected),
  );

  it('never goes back, and never stays', () => {
    const serial = fc.integer({ min: 0, max: 0xffff_ffff });
    const mode = fc.constantFrom<SerialMode>('increment', 'unixtime', 'dateserial');
    fc.assert(
      fc.property(mode, serial, serial, serial, (one, file, before, now) => {
        const after = nextSerial(one, { file, before }, unixSeconds(now));
        return isSerialAfter(after, before) && after >= 0 && after <= 0xffff_ffff;
      }),
      { numRuns: 2_000 },
    );
  });
});
