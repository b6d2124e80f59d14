import { describe, expect, it } from 'vitest';
import { Settling } from '../../../src/daemon/settling.ts';
import { nameOf } from '../../../src/wire/name.ts';
import { ManualClock } from '../../support/manual-clock.ts';

function setup() {
  const clock = new ManualClock();
  const settling = new Settling(clock);
  /** A file that was written `agoMs` ago. */
  const seen = (agoMs: number, octets = 100) => ({
    ...{ name: 'a.', origin: nameOf('a.'), path: 'a.zone', directory: '/zones', signature: 's', octets },
    modifiedMs: clock.now() * 1_000 - agoMs,
  });
  return { clock, settling, seen };
}

describe('a file', () => {
  it('that was written long ago has settled at the first look', () => {
    const { settling, seen } = setup();
    expect(settling.waitMs(seen(501), 's', 0)).toBe(0);
    expect(settling.waitMs(seen(500), 's', 0)).toBe(500);
  });

  it('settles when it is seen unchanged for half a second', () => {
    const { clock, settling, seen } = setup();
    const file = seen(0);
    expect(settling.waitMs(file, 'a', 0)).toBe(500);
    clock.advance(0.3);
    expect(settling.waitMs({ ...file, modifiedMs: clock.now() * 1_000 }, 'a', 0)).toBeCloseTo(200);
    expect(settling.waitMs({ ...file, modifiedMs: clock.now() * 1_000 }, 'b', 0)).toBe(500);
    clock.advance(0.5);
    expect(settling.waitMs({ ...file, modifiedMs: clock.now() * 1_000 }, 'b', 0)).toBe(0);
  });

  it('that lost more than half must rest for longer', () => {
    const { settling, seen } = setup();
    expect(settling.waitMs(seen(1_000, 50), 's', 100)).toBe(0);
    expect(settling.waitMs(seen(1_000, 49), 's', 100)).toBe(5_000);
    expect(settling.waitMs(seen(6_000, 49), 's', 100)).toBe(0);
  });

  it('of tomorrow (its clock is another) settles, too', () => {
    const { clock, settling, seen } = setup();
    const file = seen(-86_400_000);
    expect(settling.waitMs(file, 's', 0)).toBe(500);
    clock.advance(1);
    expect(settling.waitMs(file, 's', 0)).toBe(0);
  });

  it('that changed while it was read starts anew, however old it claims to be', () => {
    const { clock, settling, seen } = setup();
    settling.done(true);
    expect(settling.waitMs(seen(90_000), 's', 0)).toBe(500);
    clock.advance(1);
    expect(settling.waitMs(seen(90_000), 's', 0)).toBe(0);
    settling.done(false);
    expect(settling.waitMs(seen(90_000), 't', 0)).toBe(0);
  });
});
