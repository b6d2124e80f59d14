/**
 * The rate limit under a million forged sources (reliability: rows 6 and 7 of the threats): its memory, the pauses of
 * the garbage collector, sources that keep to their rate, and the whole server beside a flood from everywhere.
 */
import { readFileSync } from 'node:fs';
import { PerformanceObserver } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { ANSWER_CLASS, RateLimiter, VERDICT } from '../../src/answer/ratelimit.ts';
import { makeTableMemory } from '../../src/answer/ratelimit-table.ts';
import { COUNTER, Counters } from '../../src/base/counters.ts';
import { Peer } from '../../src/wire/peer.ts';
import { Daemon } from '../support/daemon.ts';
import { versionedZone } from '../support/daemon-watch.ts';
import { DatagramClient } from '../support/datagrams.ts';
import { forge, mayForge } from '../support/flood.ts';
import { readMessage } from '../support/message.ts';
import { Workplace } from '../support/processes.ts';
import { KEY, peerOf, SETTINGS } from '../support/ratelimit.ts';
import { queryOctets } from '../support/served.ts';
import { SeededRandom } from '../support/zones.ts';

const START = 1_795_000_000;
const SOURCES = 1_000_000;
const ANSWERS = 20_000_000;
const PER_SECOND = 300_000;
const HONEST = 100;
const RATE = 10;
const MAX_OCTETS = 16 << 20;
const MAX_PAUSE_MS = 50;

const address = new Uint8Array(4);

/** Makes `peer` the source of that number, a /24 each; allocates nothing, so that pauses are not the test's. */
function fromSource(peer: Peer, source: number): void {
  address[0] = 1 + (source >> 16);
  address[1] = source >> 8;
  address[2] = source;
  peer.setOctets('udp', 4, address, 0, 40_000);
}

it('counts a million sources in 16 MiB without a pause, and costs an honest one nothing', async () => {
  const memory = makeTableMemory(524_288, KEY);
  expect(memory.byteLength).toBeLessThanOrEqual(MAX_OCTETS + 64);
  const counters = new Counters();
  const settings = { ...SETTINGS, rates: [RATE, RATE, RATE, RATE] as const, slip: 2 };
  const limiter = new RateLimiter(settings, memory, counters);
  const pauses: number[] = [];
  const observer = new PerformanceObserver((list) =>
    pauses.push(...list.getEntries().map(({ duration }) => duration)),
  );
  observer.observe({ entryTypes: ['gc'] });
  const honest = Array.from({ length: HONEST }, (_, i) => peerOf(`198.51.${i}.1`));
  const random = new SeededRandom(20_261_128);
  const forged = new Peer();
  let refused = 0;
  for (let i = 0; i < ANSWERS; i++) {
    const now = START + Math.floor(i / PER_SECOND);
    const source = random.below(SOURCES);
    fromSource(forged, source);
    limiter.judge(forged, false, 1 + (source & 3), source & 1, now);
    // Each asks RATE times a second.
    if (i % (PER_SECOND / (HONEST * RATE)) !== 0) continue;
    const peer = honest[(i / (PER_SECOND / (HONEST * RATE))) % HONEST]!;
    if (limiter.judge(peer, false, 1, ANSWER_CLASS.POSITIVE, now) !== VERDICT.ANSWER) refused++;
    if (i % 3_000_000 === 0) await sleep(0);
  }
  await sleep(10);
  observer.disconnect();
  expect(refused).toBe(0);
  expect(counters.get(COUNTER.RATE_LIMITED)).toBe(0);
  expect(Math.max(0, ...pauses)).toBeLessThan(MAX_PAUSE_MS);
});

it('holds a thousand victims to their rate while a million others come and go', () => {
  const counters = new Counters();
  const settings = { ...SETTINGS, rates: [RATE, RATE, RATE, RATE] as const, slip: 0 };
  const limiter = new RateLimiter(settings, makeTableMemory(262_144, KEY), counters);
  const victims = Array.from({ length: 1_000 }, (_, i) => peerOf(`100.${i >> 8}.${i & 255}.1`));
  const random = new SeededRandom(7);
  const forged = new Peer();
  const seconds = 30;
  let answered = 0;
  for (let second = 0; second < seconds; second++) {
    for (let i = 0; i < 100_000; i++) {
      const source = random.below(SOURCES);
      fromSource(forged, source);
      limiter.judge(forged, false, 1, ANSWER_CLASS.POSITIVE, START + second);
      const victim = victims[i % victims.length]!;
      if (limiter.judge(victim, false, 1, ANSWER_CLASS.POSITIVE, START + second) === VERDICT.ANSWER)
        answered++;
    }
  }
  // 100 queries a second each: those of the first second within the rate, and what forgotten debts let through.
  const forgiven = counters.get(COUNTER.RATE_FORGIVEN);
  expect(answered).toBeLessThanOrEqual(victims.length * RATE + forgiven * RATE);
  expect(forgiven).toBeLessThan(victims.length / 100);
});

it.runIf(mayForge)(
  'serves on while 1,000,000 queries come from everywhere',
  { timeout: 600_000 },
  async () => {
    const workplace = new Workplace();
    const configuration = 'policies: { default: { bootstrapHold: 0s } }\nrateLimit: {}\n';
    const zones = { 'one.example.zone': versionedZone('one.example.', 1) };
    const daemon = await Daemon.start({ workplace, zones, configuration });
    const rssMiB = (): number => {
      const status = readFileSync(`/proc/${daemon.process.pid}/status`, 'utf8');
      return Number(/^VmRSS:\s+(\d+)/m.exec(status)![1]) / 1024;
    };
    // Asks again as resolvers do: on a busy machine the kernel drops some of what a flood leaves no room for.
    const honest = new DatagramClient(daemon.port, { timeoutMs: 500, tries: 3 });
    const message = queryOctets('one.example.', 'SOA', { dnssecOk: true });
    const flood = { from: 'any', fromPort: 40_000, to: '127.0.0.1', toPort: daemon.port, message };
    try {
      await forge({ ...flood, count: 100_000 });
      const before = rssMiB();
      let isFlooding = true;
      const flooding = forge({ ...flood, count: 1_000_000 }).finally(() => {
        isFlooding = false;
      });
      let [asked, came, whole] = [0, 0, 0];
      while (isFlooding) {
        const answers = await honest.askAll(new Array(10).fill(message), 10);
        const heard = answers.filter((answer) => answer !== undefined);
        asked += answers.length;
        came += heard.length;
        whole += heard.filter((answer) => readMessage(answer).answer.length > 0).length;
        await sleep(100);
      }
      await flooding;
      expect(asked).toBeGreaterThan(100);
      // The rate limit touches none; what does not come was lost in queues of the kernel.
      expect(whole).toBe(came);
      expect(came).toBeGreaterThanOrEqual(asked * 0.99);
      expect(rssMiB() - before).toBeLessThan(32);
    } finally {
      honest.close();
      await daemon.stop();
      workplace.remove();
    }
  },
);
