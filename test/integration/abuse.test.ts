/**
 * The built server under abuse: floods over the rate limit, reflections, two servers that are set on each other.
 * Sources are addresses of 127.0.0.0/8; those that nobody has are forged, which needs root.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cookieIn } from '../support/cookie-peers.ts';
import { Daemon } from '../support/daemon.ts';
import { versionedZone } from '../support/daemon-watch.ts';
import { askOverTcp, Flooder, forge, mayForge } from '../support/flood.ts';
import { readMessage } from '../support/message.ts';
import { Workplace, waitUntil } from '../support/processes.ts';
import { withCookie } from '../support/ratelimit.ts';
import { queryOctets } from '../support/served.ts';

const ZONES = { 'one.example.zone': versionedZone('one.example.', 1) };
const RATE = 50;
const CONFIGURATION = `
policies:
  default: { bootstrapHold: 0s }
rateLimit: { answers: ${RATE}, nodata: ${RATE}, nxdomain: ${RATE}, errors: ${RATE}, window: 3s, allow: [127.9.0.0/16] }
`;
const SOA = queryOctets('one.example.', 'SOA', { dnssecOk: true });

type Counts = Readonly<Record<string, number>>;

async function countsOf(daemon: Daemon): Promise<Counts> {
  const { stdout } = await daemon.keyturn('--json', 'status');
  return (JSON.parse(stdout) as { counters: Counts }).counters;
}

/** Waits until the server has had `queries` more datagrams than in `before`, and returns how its counts grew. */
async function growth(daemon: Daemon, before: Counts, queries: number): Promise<Counts> {
  let grown: Counts = {};
  const isDone = async (): Promise<boolean> => {
    const now = await countsOf(daemon);
    grown = Object.fromEntries(Object.entries(now).map(([name, count]) => [name, count - before[name]!]));
    const { queries: asked = 0, reflectedPort = 0, reflectedAddress = 0, reflectedSelf = 0 } = grown;
    return asked + reflectedPort + reflectedAddress + reflectedSelf >= queries;
  };
  await waitUntil(isDone, `${queries} datagrams`, 20_000, daemon.process);
  return grown;
}

describe('a server with a rate limit', () => {
  const workplace = new Workplace();
  const flooders: Flooder[] = [];
  let daemon: Daemon;

  async function flooderFrom(address: string): Promise<Flooder> {
    const flooder = await Flooder.from(address, daemon.port);
    flooders.push(flooder);
    return flooder;
  }

  beforeAll(async () => {
    daemon = await Daemon.start({ workplace, zones: ZONES, configuration: CONFIGURATION });
  });

  afterAll(async () => {
    for (const flooder of flooders) flooder.close();
    await daemon.stop();
    workplace.remove();
  });

  /** A flood of `count` from one source, how long it took in seconds begun, and what the server counted. */
  async function flood(flooder: Flooder, messages: readonly Uint8Array[], count: number) {
    const before = await countsOf(daemon);
    const since = Math.floor(Date.now() / 1000);
    await flooder.send(messages, count);
    const counts = await growth(daemon, before, count);
    const seconds = Math.floor(Date.now() / 1000) - since + 1;
    await waitUntil(() => flooder.received >= counts.responses!, 'all responses', 5_000, daemon.process);
    return { counts, seconds };
  }

  it('limits a flood; others are answered, and the flooded over TCP', async () => {
    const victim = await flooderFrom('127.0.1.1');
    const other = await flooderFrom('127.0.2.1');
    const { counts, seconds } = await flood(victim, [SOA], 3_000);
    expect(victim.echoes.whole).toBeGreaterThanOrEqual(RATE);
    expect(victim.echoes.whole).toBeLessThanOrEqual(RATE * seconds);
    expect(counts.rateLimited).toBe(3_000 - victim.echoes.whole);
    expect(victim.echoes.truncated).toBe(counts.rateTruncated);
    expect(counts.rateTruncated! + counts.rateDropped!).toBe(counts.rateLimited);
    expect(Math.abs(counts.rateTruncated! - counts.rateDropped!)).toBeLessThanOrEqual(1);
    await other.send([SOA], 20);
    await waitUntil(() => other.received === 20, '20 answers', 5_000, daemon.process);
    expect(other.echoes.truncated).toBe(0);
    const { answer } = readMessage(await askOverTcp('127.0.1.1', daemon.port, SOA));
    expect(answer.length).toBeGreaterThan(0);
  });

  it('says who is over the limit in the log and as an event', async () => {
    await daemon.waitForLog(/answers to 127\.0\.1\.0\/24 are over the rate limit/);
    const { stdout } = await daemon.keyturn('--json', 'events');
    expect(stdout).toMatch(/"kind":\s*"limited",\s*"zone":\s*"one\.example\."/);
    expect((await daemon.keyturn('status')).stdout).toMatch(
      /rate limit +\d+ answers over it: \d+ dropped, \d+ sent to TCP/,
    );
  });

  it('sends less than it is sent by a flood of all kinds', async () => {
    const flooder = await flooderFrom('127.0.3.1');
    const messages = [
      queryOctets('one.example.', 'ANY'),
      queryOctets('one.example.', 'DNSKEY', { dnssecOk: true }),
      queryOctets('no.one.example.', 'A', { dnssecOk: true }),
      queryOctets('one.example.', 'LOC', { dnssecOk: true }),
      queryOctets('two.example.', 'A'),
      SOA.subarray(0, 20),
    ];
    await flood(flooder, messages, 2_000);
    const { octets } = flooder.echoes;
    await flood(flooder, messages, 3_000);
    const sent = (3_000 / messages.length) * messages.reduce((sum, { length }) => sum + length, 0);
    expect(flooder.echoes.octets).toBeGreaterThan(octets);
    expect(flooder.echoes.octets - octets).toBeLessThanOrEqual(sent);
  });

  it('lets the sources of its list alone', async () => {
    const allowed = await flooderFrom('127.9.1.1');
    const { counts } = await flood(allowed, [SOA], 500);
    expect(allowed.echoes.whole).toBe(500);
    expect(counts.rateLimited).toBe(0);
  });

  it('lets a valid cookie alone', async () => {
    const client = await flooderFrom('127.0.7.1');
    await client.send([withCookie(SOA, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8))], 1);
    await waitUntil(() => client.received === 1, 'an answer', 5_000, daemon.process);
    const cookie = cookieIn(client.last)!;
    await flood(await flooderFrom('127.0.7.2'), [SOA], 500);
    const before = client.echoes.whole;
    const { counts } = await flood(client, [withCookie(SOA, cookie)], 500);
    expect(client.echoes.whole - before).toBe(500);
    expect(counts).toMatchObject({ rateLimited: 0, cookiesValid: 500 });
  });

  it('answers no responses', async () => {
    const flooder = await flooderFrom('127.0.4.1');
    const { counts } = await flood(flooder, [queryOctets('one.example.', 'SOA', { flags: 0x8000 })], 20_000);
    expect(counts.reflectedResponse).toBe(20_000);
    expect(counts.responses).toBe(0);
    expect(flooder.received).toBe(0);
  });

  it.runIf(mayForge)(
    'answers nothing from ports that answer everything, and nothing from itself',
    async () => {
      const to = { to: '127.0.0.1', toPort: daemon.port, message: SOA };
      const ports = [0, 7, 17, 19, 123];
      const before = await countsOf(daemon);
      for (const fromPort of ports) await forge({ ...to, from: '127.0.5.1', fromPort, count: 100 });
      await forge({ ...to, from: '127.0.0.1', fromPort: daemon.port, count: 1_000 });
      const counts = await growth(daemon, before, 1_500);
      expect(counts).toMatchObject({
        reflectedPort: 500,
        reflectedSelf: 1_000,
        queries: 0,
        responses: 0,
        dropped: 1_500,
      });
    },
  );

  it.runIf(mayForge)('starts no loop with another server', async () => {
    const elsewhere = new Workplace();
    const second = await Daemon.start({ workplace: elsewhere, zones: ZONES, configuration: CONFIGURATION });
    try {
      const [before, beforeSecond] = [await countsOf(daemon), await countsOf(second)];
      // Queries, and what makes an error of each.
      for (const message of [
        SOA,
        SOA.subarray(0, 20),
        queryOctets('one.example.', 'SOA', { flags: 0x7800 }),
      ]) {
        await forge({
          from: '127.0.0.1',
          fromPort: second.port,
          to: '127.0.0.1',
          toPort: daemon.port,
          count: 30,
          message,
        });
      }
      const counts = await growth(daemon, before, 90);
      const heard = await growth(second, beforeSecond, counts.responses!);
      expect(counts.responses).toBeGreaterThan(0);
      expect(heard).toMatchObject({ responses: 0, reflectedResponse: counts.responses });
      expect(await growth(daemon, before, 90)).toMatchObject({ queries: 90, reflectedResponse: 0 });
    } finally {
      await second.stop();
      elsewhere.remove();
    }
  });
});

describe('a server with several threads', () => {
  it('gives a source with many ports no more than its rate', async () => {
    const workplace = new Workplace();
    const configuration = `${CONFIGURATION}workers: 3\n`;
    const daemon = await Daemon.start({ workplace, zones: ZONES, configuration });
    const flooders = await Promise.all(
      Array.from({ length: 24 }, (_, i) => Flooder.from(`127.0.6.${i + 1}`, daemon.port)),
    );
    try {
      const before = await countsOf(daemon);
      const since = Math.floor(Date.now() / 1000);
      await Promise.all(flooders.map((flooder) => flooder.send([SOA], 200)));
      const counts = await growth(daemon, before, 24 * 200);
      const seconds = Math.floor(Date.now() / 1000) - since + 1;
      const received = (): number => flooders.reduce((sum, flooder) => sum + flooder.received, 0);
      await waitUntil(() => received() >= counts.responses!, 'all responses', 5_000, daemon.process);
      const whole = flooders.reduce((sum, { echoes }) => sum + echoes.whole, 0);
      expect(whole).toBeGreaterThanOrEqual(RATE);
      // Two threads that count in the same instant may count one answer for two.
      expect(whole).toBeLessThanOrEqual(RATE * seconds * 1.1);
    } finally {
      for (const flooder of flooders) flooder.close();
      await daemon.stop();
      workplace.remove();
    }
  });
});
