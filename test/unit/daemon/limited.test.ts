import { expect, it } from 'vitest';
import { ANSWER_CLASS, NO_ZONE, type RateLimitReport } from '../../../src/answer/ratelimit.ts';
import { limitedOf, tellLimited } from '../../../src/daemon/limited.ts';
import { EventRing } from '../../../src/ops/events.ts';
import { createLog } from '../../../src/ops/log.ts';
import { NOW, TestServer } from '../../support/served.ts';

const ZONE = '@ 300 SOA ns hostmaster 1 7200 900 1209600 300\n@ 300 NS ns.example.\n';
const { table } = new TestServer().add('example.com.', ZONE);
const [zone] = [...table.zones()].map(({ id }) => id);

/** What the event says of a report. */
function told(report: Partial<RateLimitReport>): { zone: string | null; message: string } {
  const events = new EventRing({ now: () => NOW, monotonicMs: () => 0 });
  const whole: RateLimitReport = {
    family: 4,
    octets: Uint8Array.of(192, 0, 2, 0),
    bits: 24,
    zone: zone!,
    answerClass: ANSWER_CLASS.POSITIVE,
    ...report,
  };
  tellLimited(limitedOf(whole, table), createLog('fatal' as 'error', { isTerminal: false }), events);
  const event = events.after(0, 10).events.at(-1)!;
  return { zone: event.zone, message: event.message };
}

it('tells who is over the limit with what', () => {
  expect(told({})).toEqual({
    zone: 'example.com.',
    message: 'answers to 192.0.2.0/24 are over the rate limit',
  });
  const octets = new Uint8Array(16);
  octets.set([0x20, 0x01, 0x0d, 0xb8]);
  expect(told({ family: 6, octets, bits: 56, answerClass: ANSWER_CLASS.NODATA })).toEqual({
    zone: 'example.com.',
    message: 'answers without records to 2001:db8::/56 are over the rate limit',
  });
  expect(told({ zone: NO_ZONE, answerClass: ANSWER_CLASS.ERROR })).toEqual({
    zone: null,
    message: 'errors to 192.0.2.0/24 are over the rate limit',
  });
  expect(told({ bits: 0, answerClass: ANSWER_CLASS.NXDOMAIN })).toEqual({
    zone: 'example.com.',
    message: 'NXDOMAIN answers to all sources are over the rate limit',
  });
});

it('knows no name of a zone that is gone', () => {
  expect(told({ zone: zone! + 1 }).zone).toBe(null);
});
