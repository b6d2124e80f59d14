import { describe, expect, it } from 'vitest';
import { plus } from '../../src/base/time.ts';
import { readRrsig } from '../../src/dnssec/rrsig.ts';
import { RCODE, RRTYPE } from '../../src/wire/iana.ts';
import { imageOf, NOW, signedEpoch, TestServer } from '../support/served.ts';

const ZONE = '$TTL 60\n@ SOA ns h 1 2 3 4 5\n@ NS ns\nns A 192.0.2.1\n';
const DAY = 86_400;

function dnskeyInception(server: TestServer): number {
  const { answer } = server.ask('example.', 'DNSKEY', { dnssecOk: true });
  return readRrsig(answer.find(({ type }) => type === RRTYPE.RRSIG)!.rdata)!.inception;
}

describe('signatures at the apex', () => {
  it('are valid now even if the epoch before was made while the clock was ahead', () => {
    const image = imageOf('example.', ZONE);
    const ahead = signedEpoch('example.', image, { now: plus(NOW, 30 * DAY) });
    const server = new TestServer();
    server.table.publish(1, signedEpoch('example.', image, { previous: ahead }));
    expect(dnskeyInception(server)).toBeLessThanOrEqual(NOW);
  });

  it('begin later than those of the epoch before (RFC 7344 §6.2)', () => {
    const image = imageOf('example.', ZONE);
    const before = signedEpoch('example.', image);
    expect(signedEpoch('example.', image, { previous: before }).apexInception).toBeGreaterThan(
      before.apexInception,
    );
  });

  it('are not served when they have expired', () => {
    const server = new TestServer().add('example.', ZONE);
    const late = { dnssecOk: true, now: plus(NOW, 8 * DAY) };
    expect(server.ask('example.', 'DNSKEY', late).rcode).toBe(RCODE.SERVFAIL);
    expect(server.ask('example.', 'SOA', late).rcode).toBe(RCODE.NOERROR);
    expect(server.ask('example.', 'DNSKEY', { now: late.now }).rcode).toBe(RCODE.NOERROR);
  });
});
