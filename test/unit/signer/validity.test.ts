import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { unixSeconds } from '../../../src/base/time.ts';
import { INCEPTION_LEAD, inceptionAt, isInWindow, windowLength } from '../../../src/signer/validity.ts';
import { nameOf } from '../../../src/wire/name.ts';

const DAY = 86_400;
const VALIDITY = 7 * DAY;

describe('validity windows', () => {
  it('never leave a served signature under 2 d 23 h, nor let it begin in the future', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1e9, max: 6e9 }), fc.integer({ min: 1, max: 65_535 }), (at, type) => {
        const now = unixSeconds(at);
        const inception = inceptionAt(now, VALIDITY, nameOf('www.example.'), 0, type);
        expect(isInWindow(now, VALIDITY, inception)).toBe(true);
        expect(inception).toBeLessThanOrEqual(now - INCEPTION_LEAD);
        expect(inception + VALIDITY - now).toBeGreaterThan(3 * DAY - INCEPTION_LEAD - 1);
      }),
    );
  });

  it('change once in four days, at an instant that depends on owner and type', () => {
    const ends = new Set<number>();
    for (let type = 1; type <= 100; type++) {
      const inception = inceptionAt(unixSeconds(2e9), VALIDITY, nameOf('a.example.'), 0, type);
      const end = inception + INCEPTION_LEAD + windowLength(VALIDITY);
      expect(inceptionAt(unixSeconds(end - 1), VALIDITY, nameOf('a.example.'), 0, type)).toBe(inception);
      expect(inceptionAt(unixSeconds(end), VALIDITY, nameOf('a.example.'), 0, type)).toBe(
        inception + 4 * DAY,
      );
      ends.add(end);
    }
    expect(ends.size).toBeGreaterThan(90);
  });
});
