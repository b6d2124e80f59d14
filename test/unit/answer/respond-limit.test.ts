/** What a responder with a rate limit says, and with `minimalResponses`. */
import { describe, expect, it } from 'vitest';
import type { RateLimitSettings } from '../../../src/answer/ratelimit.ts';
import { Responder } from '../../../src/answer/respond.ts';
import { RESPONDER_DEFAULTS } from '../../../src/answer/settings.ts';
import { COUNTER } from '../../../src/base/counters.ts';
import { plus } from '../../../src/base/time.ts';
import { RCODE, RRTYPE } from '../../../src/wire/iana.ts';
import type { Transport } from '../../../src/wire/peer.ts';
import { cookieIn } from '../../support/cookie-peers.ts';
import { type Message, readMessage } from '../../support/message.ts';
import { limiterOf, peerOf, withCookie } from '../../support/ratelimit.ts';
import { type AskOptions, NOW, queryOctets, SEED, TestServer } from '../../support/served.ts';

const ZONE = `$TTL 300
@ SOA ns hostmaster 1 7200 900 1209600 300
@ NS ns
@ MX 10 mail
ns A 192.0.2.1
mail A 192.0.2.2
mail AAAA 2001:db8::2
big TXT ${Array.from({ length: 4 }, () => `"${'x'.repeat(200)}"`).join(' ')}
cut NS ns.cut
cut NS ns.other
ns.cut A 192.0.2.3
ns.other A 192.0.2.4
other NS ns.other
`;
const NOTHING = new Uint8Array(0);
const TC = 0x0200;

const isTruncated = ({ flags }: Message): boolean => (flags & TC) !== 0;
const addressesIn = ({ additional }: Message) => additional.filter(({ type }) => type !== RRTYPE.OPT);

/** A server with a rate limit, to be asked from any address. */
class LimitedServer {
  readonly server = new TestServer().add('example.com.', ZONE).add('example.net.', ZONE);
  readonly responder: Responder;
  readonly #out = new Uint8Array(65_535);

  constructor(settings: Partial<RateLimitSettings> = {}) {
    const { limiter } = limiterOf(settings);
    const { table, counters } = this.server;
    const cookies = { secrets: [new Uint8Array(16).fill(5)], isRequired: false };
    this.responder = new Responder(table, counters, SEED, { ...RESPONDER_DEFAULTS, limiter, cookies });
  }

  /** The response; empty if there is none. */
  send(query: Uint8Array, from = '192.0.2.1', transport: Transport = 'udp', afterS = 0): Uint8Array {
    const peer = peerOf(from, transport);
    const octets = this.responder.respond(query, query.length, peer, plus(NOW, afterS), this.#out);
    if (this.responder.lastFault !== null) throw this.responder.lastFault;
    return octets === 0 ? NOTHING : this.#out.slice(0, octets);
  }

  ask(
    name: string,
    type: string,
    options: AskOptions & { readonly from?: string } = {},
  ): Message | undefined {
    const octets = this.send(queryOctets(name, type, options), options.from, options.transport);
    return octets.length === 0 ? undefined : readMessage(octets);
  }

  count(counter: (typeof COUNTER)['QUERIES' | 'DROPPED' | 'SIGNATURES_MADE' | 'REFLECTED_RESPONSE']): number {
    return this.server.counters.get(counter);
  }
}

describe('an answer over the rate limit', () => {
  it('is dropped, or header, question and OPT with TC, no larger than the query', () => {
    const server = new LimitedServer({ slip: 2 });
    const query = queryOctets('wWw.Example.com.', 'A', { dnssecOk: true, flags: 0x0100 });
    for (let i = 0; i < 10; i++) expect(server.send(query).length).toBeGreaterThan(query.length);
    expect(server.send(query)).toEqual(NOTHING);
    const slipped = server.send(query);
    expect(slipped.length).toBe(query.length);
    expect(slipped.subarray(12)).toEqual(
      // The question as it was asked; OPT with our size.
      Uint8Array.of(...query.subarray(12, -8), 0x04, 0xd0, ...query.subarray(-6)),
    );
    const { rcode, flags, answer, authority } = readMessage(slipped);
    // QR, AA, TC, RD.
    expect({ rcode, flags: flags & 0xff80 }).toEqual({ rcode: RCODE.NXDOMAIN, flags: 0x8700 });
    expect([...answer, ...authority]).toEqual([]);
    expect(server.count(COUNTER.DROPPED)).toBe(1);
  });

  it('is not signed', () => {
    const server = new LimitedServer({ rates: [1, 1, 1, 1], slip: 1 });
    server.ask('ns.example.com.', 'A', { dnssecOk: true });
    const made = server.count(COUNTER.SIGNATURES_MADE);
    expect(isTruncated(server.ask('mail.example.com.', 'A', { dnssecOk: true })!)).toBe(true);
    expect(server.count(COUNTER.SIGNATURES_MADE)).toBe(made);
  });

  it('is whole over TCP', () => {
    const server = new LimitedServer({ slip: 1 });
    for (let i = 0; i < 20; i++) server.ask('ns.example.com.', 'A');
    expect(server.ask('ns.example.com.', 'A')?.answer).toEqual([]);
    expect(server.ask('ns.example.com.', 'A', { transport: 'tcp' })?.answer).toHaveLength(1);
  });

  it('leaves other sources, zones and classes alone', () => {
    const server = new LimitedServer({ slip: 0 });
    for (let i = 0; i < 20; i++) server.ask('no.example.com.', 'A');
    expect(server.ask('no.example.com.', 'A')).toBe(undefined);
    expect(server.ask('no.example.com.', 'A', { from: '192.0.3.1' })?.rcode).toBe(RCODE.NXDOMAIN);
    expect(server.ask('no.example.net.', 'A')?.rcode).toBe(RCODE.NXDOMAIN);
    expect(server.ask('ns.example.com.', 'A')?.answer).toHaveLength(1);
    expect(server.ask('ns.example.com.', 'MX')?.authority).toHaveLength(1);
  });

  it('counts a name that is denied compactly as one that does not exist, and no other behind it', () => {
    const server = new LimitedServer({ rates: [0, 0, 1, 0], slip: 0 });
    server.server.add('compact.test.', ZONE, 'compact');
    const isAnswered = (name: string) => server.ask(name, 'A', { dnssecOk: true }) !== undefined;
    expect(isAnswered('no.compact.test.')).toBe(true);
    for (let i = 0; i < 3; i++) expect(isAnswered('ns.compact.test.')).toBe(true);
    expect(isAnswered('neither.compact.test.')).toBe(false);
  });

  it('counts NODATA and referrals together', () => {
    const server = new LimitedServer({ slip: 0 });
    for (let i = 0; i < 5; i++) {
      expect(server.ask('ns.example.com.', 'MX')).toBeDefined();
      expect(server.ask('x.cut.example.com.', 'A')).toBeDefined();
    }
    expect(server.ask('ns.example.com.', 'MX')).toBe(undefined);
    expect(server.ask('x.cut.example.com.', 'A')).toBe(undefined);
    expect(server.ask('ns.example.com.', 'A')?.answer).toHaveLength(1);
  });
});

describe('a query with a cookie', () => {
  const CLIENT = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
  const query = queryOctets('ns.example.com.', 'A');

  /** A server whose limit for the source is spent, and a valid cookie of that source. */
  function flooded(): { server: LimitedServer; cookie: Uint8Array } {
    const server = new LimitedServer({ slip: 1 });
    const cookie = cookieIn(server.send(withCookie(query, CLIENT)))!;
    for (let i = 0; i < 30; i++) server.send(query);
    expect(isTruncated(readMessage(server.send(query)))).toBe(true);
    return { server, cookie };
  }

  it('is answered whole if the cookie is valid, however large the answer is', () => {
    const { server, cookie } = flooded();
    for (let i = 0; i < 100; i++) {
      expect(readMessage(server.send(withCookie(query, cookie))).answer).toHaveLength(1);
    }
    const big = withCookie(queryOctets('big.example.net.', 'TXT'), cookie);
    expect(server.send(big).length).toBeGreaterThan(800);
  });

  it('is limited if the cookie is another address’s, or none of ours, and told of one that is valid', () => {
    const { server, cookie } = flooded();
    const forged = Uint8Array.from(cookie, (octet, i) => (i === 23 ? octet ^ 1 : octet));
    const elsewhere = cookieIn(server.send(withCookie(query, CLIENT), '203.0.113.1'))!;
    for (const invalid of [CLIENT, forged, elsewhere]) {
      const response = server.send(withCookie(query, invalid));
      expect(readMessage(response)).toMatchObject({ rcode: RCODE.BADCOOKIE, answer: [] });
      expect(readMessage(server.send(withCookie(query, cookieIn(response)!))).answer).toHaveLength(1);
    }
  });
});

describe('errors over the rate limit', () => {
  const kinds: readonly (readonly [number, Uint8Array])[] = [
    [RCODE.FORMERR, queryOctets('example.com.', 'A').subarray(0, 20)],
    [RCODE.FORMERR, queryOctets('example.com.', 'MAILB')],
    [RCODE.NOTIMP, queryOctets('example.com.', 'A', { flags: 0x2000 })],
    [RCODE.REFUSED, queryOctets('example.org.', 'A')],
    [RCODE.REFUSED, queryOctets('example.com.', 'AXFR')],
  ];

  it('are counted together, and sent whole now and then', () => {
    const server = new LimitedServer({ slip: 2 });
    for (let i = 0; i < 10; i++) {
      const [rcode, query] = kinds[i % kinds.length]!;
      expect(readMessage(server.send(query)).rcode).toBe(rcode);
    }
    for (const [rcode, query] of kinds) {
      const responses = [server.send(query), server.send(query)].filter(({ length }) => length > 0);
      expect(responses).toHaveLength(1);
      const message = readMessage(responses[0]!);
      expect(message.rcode).toBe(rcode);
      expect(isTruncated(message)).toBe(false);
    }
    expect(server.ask('ns.example.com.', 'A')?.answer).toHaveLength(1);
  });
});

describe('answers to a source that is flooded', () => {
  it('are at most ten times as large as the query, whatever zone they are of', () => {
    const server = new LimitedServer({ slip: 1 });
    const big = queryOctets('big.example.net.', 'TXT');
    expect(server.send(big).length).toBeGreaterThan(10 * big.length);
    for (let i = 0; i < 11; i++) server.ask('no.example.com.', 'A');
    const cut = server.send(big);
    expect(cut.length).toBeLessThanOrEqual(big.length);
    expect(isTruncated(readMessage(cut))).toBe(true);
    expect(server.send(big, '192.0.3.1').length).toBeGreaterThan(10 * big.length);
    expect(server.send(big, '192.0.2.1', 'tcp').length).toBeGreaterThan(10 * big.length);
    expect(server.ask('ns.example.net.', 'A')?.answer).toHaveLength(1);
    expect(server.send(big, '192.0.2.1', 'udp', 40).length).toBeGreaterThan(10 * big.length);
  });

  it.each([1, 2, 0])('are smaller than what was asked in all: slip %i', (slip) => {
    const server = new LimitedServer({ slip });
    const queries = [
      queryOctets('example.com.', 'ANY'),
      queryOctets('example.com.', 'DNSKEY', { dnssecOk: true }),
      queryOctets('big.example.com.', 'TXT', { dnssecOk: true }),
      queryOctets('no.example.com.', 'A', { dnssecOk: true }),
      queryOctets('big.example.net.', 'TXT', { edns: false }),
      queryOctets('no.example.net.', 'A', { dnssecOk: true }),
      queryOctets('cut.example.net.', 'A', { dnssecOk: true }),
      queryOctets('example.org.', 'A'),
    ];
    // Into debt first: only then does the limit hold from the first query of a second on.
    for (let i = 0; i < 20; i++) for (const query of queries) server.send(query);
    let [asked, answered] = [0, 0];
    for (let second = 1; second <= 30; second++) {
      for (let i = 0; i < 25; i++) {
        for (const query of queries) {
          asked += query.length;
          answered += server.send(query, '192.0.2.77', 'udp', second).length;
        }
      }
    }
    expect(answered / asked).toBeLessThanOrEqual(1);
    expect(answered > 0).toBe(slip > 0);
  });
});

describe('a message that is a response', () => {
  it('gets no answer and is counted', () => {
    const server = new LimitedServer();
    const response = queryOctets('ns.example.com.', 'A', { flags: 0x8000 });
    for (let i = 0; i < 100; i++) expect(server.send(response)).toEqual(NOTHING);
    expect(server.send(response.subarray(0, 11))).toEqual(NOTHING);
    expect(server.count(COUNTER.REFLECTED_RESPONSE)).toBe(100);
    expect(server.count(COUNTER.DROPPED)).toBe(101);
  });
});

describe('minimal responses', () => {
  const { table, counters } = new TestServer().add('example.com.', ZONE);
  const out = new Uint8Array(4096);

  function ask(isMinimal: boolean, name: string, type: string): Message {
    const responder = new Responder(table, counters, SEED, { ...RESPONDER_DEFAULTS, isMinimal });
    const query = queryOctets(name, type);
    return readMessage(out.slice(0, responder.respond(query, query.length, peerOf('192.0.2.1'), NOW, out)));
  }

  it('leave out the addresses of hosts that the answer names', () => {
    expect(addressesIn(ask(false, 'example.com.', 'MX'))).toHaveLength(2);
    expect(addressesIn(ask(true, 'example.com.', 'MX'))).toHaveLength(0);
    expect(ask(true, 'example.com.', 'MX').answer).toHaveLength(1);
    expect(addressesIn(ask(true, 'example.com.', 'NS'))).toHaveLength(0);
  });

  it('keep the glue of referrals and the SOA of negative answers', () => {
    for (const name of ['www.cut.example.com.', 'no.example.com.']) {
      expect(ask(true, name, 'A')).toEqual(ask(false, name, 'A'));
    }
    expect(addressesIn(ask(true, 'www.cut.example.com.', 'A'))).toHaveLength(2);
  });
});
