/**
 * An answer that was cut because its source is flooded was counted by its rcode twice, as the answer that it was and as the
 * one that went out; and a SERVFAIL for an error of ours was no response.
 */
import { expect, it } from 'vitest';
import { Responder } from '../../src/answer/respond.ts';
import { RESPONDER_DEFAULTS } from '../../src/answer/settings.ts';
import { ZoneTable } from '../../src/answer/zonetable.ts';
import { COUNTER } from '../../src/base/counters.ts';
import { limiterOf, peerOf } from '../support/ratelimit.ts';
import { imageOf, NOW, queryOctets, SEED, signedEpoch } from '../support/served.ts';

const ZONE = '@ 60 SOA ns h 1 2 3 4 5\n@ 60 NS ns\nns 60 A 192.0.2.1\n';
const peer = peerOf('192.0.2.7');
const out = new Uint8Array(4096);

it('counts each response by the rcode that it has, once', () => {
  const { limiter, counters } = limiterOf({ rates: [1, 0, 0, 0], amplification: 1 });
  const table = new ZoneTable();
  table.publish(1, signedEpoch('example.com.', imageOf('example.com.', ZONE)));
  const responder = new Responder(table, counters, SEED, { ...RESPONDER_DEFAULTS, limiter });
  const ask = (name: string, type: string) => {
    const query = queryOctets(name, type, { dnssecOk: true });
    return responder.respond(query, query.length, peer, NOW, out);
  };
  for (let i = 0; i < 5; i++) ask('ns.example.com.', 'A');
  expect(ask('no.example.com.', 'A')).toBeGreaterThan(0);
  expect(counters.get(COUNTER.AMPLIFICATION_CUT)).toBe(1);
  expect(counters.get(COUNTER.NXDOMAIN)).toBe(1);
});

it('counts the SERVFAIL of an error as a response', () => {
  const { limiter, counters } = limiterOf();
  const table = new ZoneTable();
  table.publish(1, signedEpoch('example.com.', imageOf('example.com.', ZONE)));
  const responder = new Responder(table, counters, SEED, { ...RESPONDER_DEFAULTS, limiter });
  Object.assign(table, {
    find: () => {
      throw new Error('an error of ours');
    },
  });
  const query = queryOctets('ns.example.com.', 'A');
  expect(responder.respond(query, query.length, peer, NOW, out)).toBeGreaterThan(0);
  const counts = [COUNTER.FAULTS, COUNTER.SERVFAIL, COUNTER.RESPONSES, COUNTER.DROPPED];
  expect(counts.map((counter) => counters.get(counter))).toEqual([1, 1, 1, 0]);
});
