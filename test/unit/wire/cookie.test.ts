/** Cookies: the vectors of RFC 9018 appendix A, times at their bounds, secrets while they roll, lengths. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sipHash24 as fastSipHash24 } from '../../../src/base/siphash.ts';
import { COOKIE_STATE, CookieMaker, isCookieLength } from '../../../src/wire/cookie.ts';
import { Peer } from '../../../src/wire/peer.ts';
import { sipHash24, wholeCookie } from '../../support/siphash.ts';
import { hex } from '../../support/wiretext.ts';

const CLIENT = hex('2464c4abcf10c957');
const SECRET = hex('e5e973e5a6b2a43f48e7dc849e37bfcf');
const OTHER_SECRET = hex('445536bcd2513298075a5d379663c962');
const ADDRESS = '198.51.100.100';
const ADDRESS_OCTETS = hex('c6336464');
const NOW = 1_559_731_985;

function peerAt(address: string): Peer {
  const peer = new Peer();
  peer.setText('udp', address.includes(':') ? 6 : 4, address, 4_000);
  return peer;
}

function judge(cookie: Uint8Array, now: number, address = ADDRESS, secrets = [SECRET]) {
  const maker = new CookieMaker(secrets);
  const state = maker.judge(cookie, 0, cookie.length, peerAt(address), now);
  return { state, cookie: Buffer.from(maker.cookie).toString('hex') };
}

/** A cookie of ours for CLIENT at ADDRESS. */
const madeAt = (time: number, secret = SECRET): Uint8Array =>
  wholeCookie(secret, CLIENT, ADDRESS_OCTETS, time >>> 0);

describe('the vectors of RFC 9018 appendix A', () => {
  it('A.1: a new cookie', () => {
    expect(judge(CLIENT, NOW)).toEqual({
      state: COOKIE_STATE.CLIENT_ONLY,
      cookie: '2464c4abcf10c957010000005cf79f111f8130c3eee29480',
    });
  });

  it('A.2: the same client later, an old cookie is made anew', () => {
    expect(judge(hex('2464c4abcf10c957010000005cf79f111f8130c3eee29480'), 1_559_734_385)).toEqual({
      state: COOKIE_STATE.VALID,
      cookie: '2464c4abcf10c957010000005cf7a871d4a564a1442aca77',
    });
  });

  it('A.3: another client, a cookie with reserved octets', () => {
    expect(
      judge(hex('fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5'), 1_559_727_985, '203.0.113.203'),
    ).toMatchObject({ state: COOKIE_STATE.VALID });
    expect(
      judge(hex('fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5'), 1_559_734_700, '203.0.113.203'),
    ).toEqual({
      state: COOKIE_STATE.BAD,
      cookie: 'fc93fc62807ddb86010000005cf7a9acf73a7810aca2381e',
    });
  });

  it('A.4: IPv6, with a secret that was rolled', () => {
    const cookie = hex('22681ab97d52c298010000005cf7c57926556bd0934c72f8');
    const rolled = [OTHER_SECRET, hex('dd3bdf9344b678b185a6f5cb60fca715')];
    expect(judge(cookie, 1_559_741_961, '2001:db8:220:1:59de:d0f4:8769:82b8', rolled)).toEqual({
      state: COOKIE_STATE.VALID,
      cookie: '22681ab97d52c298010000005cf7c609a6bb79d16625507a',
    });
  });
});

describe('a server cookie', () => {
  it.each([
    ['an hour old', 3_600, COOKIE_STATE.VALID],
    ['a second older', 3_601, COOKIE_STATE.BAD],
    ['five minutes ahead', -300, COOKIE_STATE.VALID],
    ['a second further', -301, COOKIE_STATE.BAD],
    ['68 years old', 0x7fff_ffff, COOKIE_STATE.BAD],
    ['68 years ahead', -0x8000_0000, COOKIE_STATE.BAD],
  ])('%s: state by time', (_, age, state) => {
    expect(judge(madeAt(NOW - age), NOW).state).toBe(state);
  });

  it.each([
    ['of this second', 0, true],
    ['half an hour old', 1_800, true],
    ['a second older', 1_801, false],
    ['of the next second', -1, false],
  ])('%s: sent back as it is or made anew', (_, age, isKept) => {
    const cookie = madeAt(NOW - age);
    const kept = Buffer.from(isKept ? cookie : madeAt(NOW)).toString('hex');
    expect(judge(cookie, NOW)).toEqual({ state: COOKIE_STATE.VALID, cookie: kept });
  });

  it.each([0x8000_0000, 0x1_0000_0000])('is taken on both sides of second %i', (turn) => {
    expect(judge(madeAt(turn - 60), turn + 60).state).toBe(COOKIE_STATE.VALID);
    expect(judge(madeAt(turn + 60), turn - 60).state).toBe(COOKIE_STATE.VALID);
    expect(judge(madeAt(turn - 3_000), turn + 601).state).toBe(COOKIE_STATE.BAD);
  });

  it('of the second secret is taken, and made anew by the first', () => {
    expect(judge(madeAt(NOW, OTHER_SECRET), NOW, ADDRESS, [SECRET, OTHER_SECRET])).toEqual({
      state: COOKIE_STATE.VALID,
      cookie: Buffer.from(madeAt(NOW)).toString('hex'),
    });
    expect(judge(madeAt(NOW, OTHER_SECRET), NOW).state).toBe(COOKIE_STATE.BAD);
  });

  it('is bad if one bit of it is another, or if another address sends it', () => {
    for (let bit = 0; bit < 24 * 8; bit++) {
      const cookie = madeAt(NOW);
      cookie[bit >> 3]! ^= 1 << (bit & 7);
      expect(judge(cookie, NOW).state, `bit ${bit}`).toBe(COOKIE_STATE.BAD);
    }
    expect(judge(madeAt(NOW), NOW, '198.51.100.101').state).toBe(COOKIE_STATE.BAD);
  });

  it('is bad if it has the length of other servers', () => {
    for (const octets of [16, 23, 25, 40]) {
      const cookie = new Uint8Array(octets);
      cookie.set(madeAt(NOW).subarray(0, octets));
      expect(judge(cookie, NOW).state).toBe(COOKIE_STATE.BAD);
    }
  });
});

describe('the length of a COOKIE option', () => {
  it('is 8, or 16 to 40', () => {
    const lengths = Array.from({ length: 100 }, (_, octets) => octets).filter(isCookieLength);
    expect(lengths).toEqual([8, ...Array.from({ length: 25 }, (_, i) => 16 + i)]);
  });
});

describe('SipHash-2-4', () => {
  it('is that of its definition in 64-bit integers', () => {
    const into = new Int32Array(2);
    const words = fc.array(fc.integer(), { maxLength: 9 });
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), words, (key, message) => {
        fastSipHash24(new Int32Array(key.buffer.slice(0)), Int32Array.from(message), message.length, into);
        const slow = sipHash24(key, new Uint8Array(Int32Array.from(message).buffer));
        expect(new Uint8Array(into.buffer)).toEqual(slow);
      }),
      { numRuns: 2_000 },
    );
  });
});
