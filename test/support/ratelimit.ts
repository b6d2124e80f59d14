/** A rate limit for tests: settings to vary, a key that is known, sources by number. */
import { RateLimiter, type RateLimitSettings } from '../../src/answer/ratelimit.ts';
import { makeTableMemory } from '../../src/answer/ratelimit-table.ts';
import { Counters } from '../../src/base/counters.ts';
import { Peer, type Transport } from '../../src/wire/peer.ts';

/** The key of the hash. */
export const KEY: Uint8Array = Uint8Array.from([11, 22, 33, 44, 55, 66, 77, 88]);

export const SETTINGS: RateLimitSettings = {
  isLogOnly: false,
  rates: [10, 10, 10, 10],
  zoneNxdomainRate: 0,
  windowS: 15,
  slip: 2,
  ipv4Bits: 24,
  ipv6Bits: 56,
  amplification: 10,
  allow: [],
};

/** A limiter of its own memory, and what it counts. */
export function limiterOf(
  settings: Partial<RateLimitSettings> = {},
  accounts = 4096,
): { limiter: RateLimiter; counters: Counters; memory: SharedArrayBuffer } {
  const memory = makeTableMemory(accounts, KEY);
  const counters = new Counters();
  return { limiter: new RateLimiter({ ...SETTINGS, ...settings }, memory, counters), counters, memory };
}

export function peerOf(address: string, transport: Transport = 'udp'): Peer {
  const peer = new Peer();
  peer.setText(transport, address.includes(':') ? 6 : 4, address, 40_000);
  return peer;
}

/** A query, whose last record is an OPT without options, with a COOKIE option (RFC 7873) in that. */
export function withCookie(query: Uint8Array, cookie: Uint8Array): Uint8Array {
  const octets = new Uint8Array(query.length + 4 + cookie.length);
  octets.set(query);
  octets.set([0, 4 + cookie.length], query.length - 2);
  octets.set([0, 10, 0, cookie.length], query.length);
  octets.set(cookie, query.length + 4);
  return octets;
}
