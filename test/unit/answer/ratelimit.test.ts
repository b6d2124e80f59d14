import { describe, expect, it } from 'vitest';
import { ANSWER_CLASS, NO_ZONE, RateLimiter, VERDICT } from '../../../src/answer/ratelimit.ts';
import { COUNTER, Counters } from '../../../src/base/counters.ts';
import type { Peer } from '../../../src/wire/peer.ts';
import { parsePrefix } from '../../../src/wire/prefix.ts';
import { limiterOf, peerOf, SETTINGS } from '../../support/ratelimit.ts';

const { POSITIVE, NODATA, NXDOMAIN, ERROR } = ANSWER_CLASS;
const { ANSWER, TRUNCATE, DROP } = VERDICT;
const ZONE = 1;
const NOW = 1_795_000_000;
const VICTIM = peerOf('192.0.2.1');

/** Verdicts over `count` answers at one instant. */
function flood(
  limiter: RateLimiter,
  peer: Peer,
  count: number,
  now = NOW,
  zone = ZONE,
  kind: number = POSITIVE,
) {
  return Array.from({ length: count }, () => limiter.judge(peer, false, zone, kind, now));
}

const passed = (verdicts: readonly number[]) => verdicts.filter((verdict) => verdict === ANSWER).length;

describe('RateLimiter', () => {
  it('lets one second of the rate through, then drops and truncates in turn', () => {
    const { limiter, counters } = limiterOf({ slip: 2 });
    const verdicts = flood(limiter, VICTIM, 16);
    expect(verdicts.slice(0, 10)).toEqual(new Array(10).fill(ANSWER));
    expect(verdicts.slice(10)).toEqual([DROP, TRUNCATE, DROP, TRUNCATE, DROP, TRUNCATE]);
    expect(counters.get(COUNTER.RATE_LIMITED)).toBe(6);
    expect(counters.get(COUNTER.RATE_DROPPED)).toBe(3);
    expect(counters.get(COUNTER.RATE_TRUNCATED)).toBe(3);
  });

  it.each([
    [0, [DROP, DROP, DROP, DROP]],
    [1, [TRUNCATE, TRUNCATE, TRUNCATE, TRUNCATE]],
    [3, [DROP, DROP, TRUNCATE, DROP]],
  ])('truncates every n-th: slip %i', (slip, expected) => {
    const { limiter } = limiterOf({ slip });
    expect(flood(limiter, VICTIM, 14).slice(10)).toEqual(expected);
  });

  it('never limits a source that keeps to its rate', () => {
    const { limiter } = limiterOf();
    for (let second = 0; second < 100; second++)
      expect(passed(flood(limiter, VICTIM, 10, NOW + second))).toBe(10);
  });

  it('limits a flood as a whole, and is over it within the window', () => {
    const { limiter } = limiterOf({ windowS: 15 });
    flood(limiter, VICTIM, 10);
    for (let second = 1; second <= 60; second++) {
      expect(passed(flood(limiter, VICTIM, 100, NOW + second)), `second ${second}`).toBe(
        second === 1 ? 10 : 0,
      );
    }
    expect(passed(flood(limiter, VICTIM, 1, NOW + 60 + 14))).toBe(0);
    expect(passed(flood(limiter, VICTIM, 10, NOW + 60 + 17))).toBe(10);
  });

  it('counts prefixes, not addresses', () => {
    const { limiter } = limiterOf();
    flood(limiter, VICTIM, 20);
    expect(flood(limiter, peerOf('192.0.2.254'), 1)).not.toEqual([ANSWER]);
    expect(flood(limiter, peerOf('192.0.3.1'), 1)).toEqual([ANSWER]);
    flood(limiter, peerOf('2001:db8:0:100::1'), 20);
    expect(flood(limiter, peerOf('2001:db8:0:1ff::9'), 1)).not.toEqual([ANSWER]);
    expect(flood(limiter, peerOf('2001:db8:0:200::1'), 1)).toEqual([ANSWER]);
    // The same bits of another family.
    expect(flood(limiter, peerOf('c000:200::'), 1)).toEqual([ANSWER]);
  });

  it.each([
    [8, '192.9.9.9', '193.0.2.1'],
    [32, '192.0.2.1', '192.0.2.2'],
    [1, '255.0.0.1', '1.0.0.1'],
  ])('takes %i bits of IPv4', (ipv4Bits, same, other) => {
    const { limiter } = limiterOf({ ipv4Bits });
    flood(limiter, VICTIM, 20);
    expect(flood(limiter, peerOf(same), 1)).not.toEqual([ANSWER]);
    expect(flood(limiter, peerOf(other), 1)).toEqual([ANSWER]);
  });

  it.each([
    [32, '2001:db8:ffff::', '2001:db9::'],
    [64, '2001:db8::ffff', '2001:db8:0:1::'],
    [20, '2001:fff:ffff:ffff::', '2001:1000::'],
  ])('takes %i bits of IPv6', (ipv6Bits, same, other) => {
    const { limiter } = limiterOf({ ipv6Bits });
    flood(limiter, peerOf('2001:db8::1'), 20);
    expect(flood(limiter, peerOf(same), 1)).not.toEqual([ANSWER]);
    expect(flood(limiter, peerOf(other), 1)).toEqual([ANSWER]);
  });

  it('has an account for each zone and class', () => {
    const { limiter } = limiterOf();
    flood(limiter, VICTIM, 20, NOW, ZONE, NXDOMAIN);
    for (const kind of [POSITIVE, NODATA])
      expect(flood(limiter, VICTIM, 1, NOW, ZONE, kind)).toEqual([ANSWER]);
    expect(flood(limiter, VICTIM, 1, NOW, NO_ZONE, ERROR)).toEqual([ANSWER]);
    expect(flood(limiter, VICTIM, 1, NOW, ZONE + 1, NXDOMAIN)).toEqual([ANSWER]);
    expect(flood(limiter, VICTIM, 1, NOW, ZONE, NXDOMAIN)).not.toEqual([ANSWER]);
  });

  it('has a rate for each class; 0 is none', () => {
    const { limiter } = limiterOf({ rates: [5, 0, 3, 1] });
    const passes = [POSITIVE, NODATA, NXDOMAIN, ERROR].map((kind) =>
      passed(flood(limiter, VICTIM, 50, NOW, ZONE, kind)),
    );
    expect(passes).toEqual([5, 50, 3, 1]);
  });

  it('lets TCP and valid cookies alone, and does not count them', () => {
    const { limiter } = limiterOf();
    expect(passed(flood(limiter, peerOf('192.0.2.1', 'tcp'), 100))).toBe(100);
    for (let i = 0; i < 100; i++) expect(limiter.judge(VICTIM, true, ZONE, POSITIVE, NOW)).toBe(ANSWER);
    expect(passed(flood(limiter, VICTIM, 20))).toBe(10);
    expect(limiter.judge(VICTIM, true, ZONE, POSITIVE, NOW)).toBe(ANSWER);
    expect(flood(limiter, peerOf('192.0.2.1', 'tcp'), 1)).toEqual([ANSWER]);
  });

  it('lets the sources of its list alone', () => {
    const allow = ['192.0.2.128/25', '2001:db8::/32'].map((text) => parsePrefix(text)) as never;
    const { limiter, counters } = limiterOf({ allow });
    flood(limiter, VICTIM, 20);
    expect(passed(flood(limiter, peerOf('192.0.2.200'), 50))).toBe(50);
    expect(passed(flood(limiter, peerOf('2001:db8::1'), 50))).toBe(50);
    expect(flood(limiter, VICTIM, 1)).not.toEqual([ANSWER]);
    expect(counters.get(COUNTER.RATE_LIMITED)).toBe(11);
  });

  it('only counts and reports if it is told so', () => {
    const { limiter, counters } = limiterOf({ isLogOnly: true });
    expect(passed(flood(limiter, VICTIM, 100))).toBe(100);
    expect(counters.get(COUNTER.RATE_LIMITED)).toBe(90);
    expect(counters.get(COUNTER.RATE_DROPPED) + counters.get(COUNTER.RATE_TRUNCATED)).toBe(0);
    expect(limiter.isAmplified(VICTIM, false, 30, 3000, NOW)).toBe(false);
    expect(limiter.takeReport()).toMatchObject({ bits: 24, zone: ZONE, answerClass: POSITIVE });
  });

  it('reports an account once a minute', () => {
    const { limiter } = limiterOf();
    flood(limiter, peerOf('192.0.2.77'), 11);
    const report = {
      family: 4,
      octets: Uint8Array.of(192, 0, 2, 0),
      bits: 24,
      zone: ZONE,
      answerClass: POSITIVE,
    };
    expect(limiter.takeReport()).toEqual(report);
    expect(limiter.takeReport()).toBe(null);
    flood(limiter, VICTIM, 100, NOW + 59);
    expect(limiter.takeReport()).toBe(null);
    flood(limiter, VICTIM, 100, NOW + 60);
    expect(limiter.takeReport()).toEqual(report);
    flood(limiter, peerOf('2001:db8:1:2ff::1'), 11, NOW, NO_ZONE, ERROR);
    const octets = new Uint8Array(16);
    octets.set([0x20, 0x01, 0x0d, 0xb8, 0, 1, 2]);
    expect(limiter.takeReport()).toEqual({ family: 6, octets, bits: 56, zone: NO_ZONE, answerClass: ERROR });
  });

  it('forgives when the clock is set back', () => {
    const { limiter } = limiterOf();
    flood(limiter, VICTIM, 500);
    expect(passed(flood(limiter, VICTIM, 20, NOW - 3_600))).toBe(10);
  });

  it('works beyond 2038', () => {
    const { limiter } = limiterOf();
    const later = 2 ** 31 - 2;
    for (let second = 0; second < 5; second++)
      expect(passed(flood(limiter, VICTIM, 10, later + second))).toBe(10);
    expect(passed(flood(limiter, VICTIM, 30, later + 5))).toBe(10);
  });

  it('shares its accounts with other threads', () => {
    const { limiter, memory } = limiterOf();
    const other = limiterOf().limiter;
    const sharing = new RateLimiter({ ...SETTINGS, slip: 1 }, memory, new Counters());
    flood(limiter, VICTIM, 10);
    expect(flood(sharing, VICTIM, 1)).toEqual([TRUNCATE]);
    expect(flood(other, VICTIM, 1)).toEqual([ANSWER]);
  });
});

describe('the bound of a flooded source', () => {
  it('holds for all zones and classes, and ends with the window', () => {
    const { limiter, counters } = limiterOf();
    expect(limiter.isAmplified(VICTIM, false, 30, 301, NOW)).toBe(false);
    flood(limiter, VICTIM, 11);
    expect(limiter.isAmplified(VICTIM, false, 30, 300, NOW)).toBe(false);
    expect(limiter.isAmplified(VICTIM, false, 30, 301, NOW)).toBe(true);
    expect(limiter.isAmplified(VICTIM, false, 30, 301, NOW + 15)).toBe(true);
    expect(limiter.isAmplified(VICTIM, false, 30, 301, NOW + 16)).toBe(false);
    expect(counters.get(COUNTER.AMPLIFICATION_CUT)).toBe(2);
    // From the last answer over the limit on, not from the first.
    flood(limiter, VICTIM, 11, NOW + 30);
    flood(limiter, VICTIM, 11, NOW + 40);
    expect(limiter.isAmplified(VICTIM, false, 30, 301, NOW + 55)).toBe(true);
  });

  it('does not hold for proven sources and others', () => {
    const { limiter } = limiterOf({ allow: [parsePrefix('192.0.2.9') as never] });
    flood(limiter, VICTIM, 11);
    expect(limiter.isAmplified(VICTIM, true, 30, 301, NOW)).toBe(false);
    expect(limiter.isAmplified(peerOf('192.0.2.1', 'tcp'), false, 30, 301, NOW)).toBe(false);
    expect(limiter.isAmplified(peerOf('192.0.2.9'), false, 30, 301, NOW)).toBe(false);
    expect(limiter.isAmplified(peerOf('192.0.3.1'), false, 30, 301, NOW)).toBe(false);
  });
});

describe('the NXDOMAIN of a zone', () => {
  it('are sent to TCP when all sources together ask for too many', () => {
    const { limiter, counters } = limiterOf({ zoneNxdomainRate: 50 });
    const sources = Array.from({ length: 100 }, (_, i) => peerOf(`10.0.${i}.1`));
    const verdicts = sources.map((peer) => limiter.judge(peer, false, ZONE, NXDOMAIN, NOW));
    expect(verdicts.slice(0, 50)).toEqual(new Array(50).fill(ANSWER));
    expect(verdicts.slice(50)).toEqual(new Array(50).fill(TRUNCATE));
    expect(counters.get(COUNTER.RATE_TRUNCATED)).toBe(50);
    expect(limiter.takeReport()).toMatchObject({ bits: 0, zone: ZONE, answerClass: NXDOMAIN });
    expect(flood(limiter, peerOf('10.1.0.1'), 1, NOW, ZONE, NODATA)).toEqual([ANSWER]);
    expect(flood(limiter, peerOf('10.1.0.1'), 1, NOW, ZONE + 1, NXDOMAIN)).toEqual([ANSWER]);
  });
});
