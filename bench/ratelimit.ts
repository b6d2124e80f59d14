/**
 * `npm run bench:ratelimit`: what the rate limit costs an answer, in nanoseconds and octets allocated. First `judge()`
 * alone: one source; 10,000 sources, whose accounts are found; a million, whose accounts make room for one another; a
 * flood. Then `respond()` without a limit, with one, and over it.
 */
import { ANSWER_CLASS, RateLimiter } from '../src/answer/ratelimit.ts';
import { makeTableMemory } from '../src/answer/ratelimit-table.ts';
import { Responder } from '../src/answer/respond.ts';
import { RESPONDER_DEFAULTS } from '../src/answer/settings.ts';
import { Counters } from '../src/base/counters.ts';
import { plus } from '../src/base/time.ts';
import { Peer } from '../src/wire/peer.ts';
import { KEY, SETTINGS } from '../test/support/ratelimit.ts';
import { NOW, queryOctets, SEED, TestServer } from '../test/support/served.ts';
import { measure, print } from './measure.ts';

const ACCOUNTS = 262_144;
const COUNT = 20_000;
/** So many answers a second: below the rate of a source. */
const PER_SECOND = 10_000;
const RATE = 100_000;
/** Golden ratio: sources come in no order. */
const STRIDE = 0x9e3779b1;
const NAMES = 1_000;

const address = new Uint8Array(4);
const peer = new Peer();

/** The source number `i` of `sources`, a /24 each. */
function from(i: number, sources: number): Peer {
  const source = (Math.imul(i, STRIDE) >>> 0) % sources;
  address[0] = 1 + (source >> 16);
  address[1] = source >> 8;
  address[2] = source;
  peer.setOctets('udp', 4, address, 0, 40_000);
  return peer;
}

function limiter(rate: number): RateLimiter {
  const settings = { ...SETTINGS, rates: [rate, rate, rate, rate] as const };
  return new RateLimiter(settings, makeTableMemory(ACCOUNTS, KEY), new Counters());
}

function judging(name: string, sources: number, rate = RATE) {
  const limits = limiter(rate);
  let done = 0;
  return {
    name,
    count: COUNT,
    run: (count: number) => {
      for (let i = 0; i < count; i++) {
        done++;
        limits.judge(from(done, sources), false, 1, ANSWER_CLASS.POSITIVE, NOW + ((done / PER_SECOND) | 0));
      }
    },
  };
}

const lines = ['$TTL 3600', '@ SOA ns hostmaster 1 7200 900 1209600 300', '@ NS ns', 'ns A 192.0.2.1'];
for (let i = 0; i < NAMES; i++) lines.push(`host${i} A 192.0.2.${i % 250}`);
const server = new TestServer().add('example.com.', `${lines.join('\n')}\n`);
const queries = Array.from({ length: NAMES }, (_, i) =>
  queryOctets(`host${i}.example.com.`, 'A', { dnssecOk: true }),
);
const out = new Uint8Array(1232);

function responding(name: string, limits: RateLimiter | null) {
  const options = { ...RESPONDER_DEFAULTS, limiter: limits };
  const responder = new Responder(server.table, server.counters, SEED, options);
  let done = 0;
  return {
    name,
    count: COUNT,
    run: (count: number) => {
      for (let i = 0; i < count; i++) {
        done++;
        const query = queries[done % NAMES]!;
        responder.respond(query, query.length, from(done, 10_000), plus(NOW, (done / PER_SECOND) | 0), out);
      }
    },
  };
}

print(
  `judge(), ${ACCOUNTS} accounts`,
  measure([
    judging('1 source', 1),
    judging('10,000 sources', 10_000),
    judging('1,000,000 sources', 1_000_000),
    judging('1 source, over the limit', 1, 1),
  ]),
);
print(
  'respond(), positive, DO, 10,000 sources',
  measure([
    responding('no limit', null),
    responding('below the limit', limiter(RATE)),
    responding('over the limit, half dropped', limiter(1)),
  ]),
);
