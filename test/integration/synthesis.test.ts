/** The built server with compact denial under a flood of random names: what it signs, what it sends to TCP, what goes on. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Daemon } from '../support/daemon.ts';
import { DatagramClient } from '../support/datagrams.ts';
import { askOverTcp, Flooder } from '../support/flood.ts';
import { type Message, readMessage } from '../support/message.ts';
import { Workplace, waitUntil } from '../support/processes.ts';
import { queryOctets } from '../support/served.ts';

const RATE = 20;
const FLOOD = 600;
const ORIGIN = 'flood.example.';
const ZONE = '$TTL 60\n@ SOA ns h 1 2 3 4 5\n@ NS ns\nns A 192.0.2.1\nwww A 192.0.2.2\n';
const CONFIGURATION = `
policies:
  default: { bootstrapHold: 0s, denial: compact }
synthesis: { signatures: ${RATE} }
`;

/** A question whose answer has to be signed, or not. */
const about = (label: string, type = 'A') => queryOctets(`${label}.${ORIGIN}`, type, { dnssecOk: true });

describe('a server with compact denial', () => {
  const workplace = new Workplace();
  let daemon: Daemon;
  let flooder: Flooder;
  let client: DatagramClient;

  beforeAll(async () => {
    daemon = await Daemon.start({
      workplace,
      zones: { [`${ORIGIN}zone`]: ZONE },
      configuration: CONFIGURATION,
      args: ['--workers', '1'],
    });
    client = new DatagramClient(daemon.port);
    flooder = await Flooder.from('127.0.3.1', daemon.port);
  });

  afterAll(async () => {
    flooder?.close();
    client?.close();
    await daemon?.stop();
    workplace.remove();
  });

  async function counters(): Promise<Readonly<Record<string, number>>> {
    const { stdout } = await daemon.keyturn('--json', 'status');
    return (JSON.parse(stdout) as { counters: Record<string, number> }).counters;
  }

  async function askOverUdp(message: Uint8Array): Promise<Message> {
    const answer = await client.ask(message);
    expect(answer).toBeDefined();
    return readMessage(Uint8Array.from(answer!));
  }

  it('signs within its budget, sends others to TCP, and answers for what exists all the while', async () => {
    const since = Math.floor(Date.now() / 1000);
    const random = Array.from({ length: FLOOD }, (_, i) => about(`random${i}`));
    const flood = flooder.send(random, FLOOD);
    const overTcp = readMessage(Uint8Array.from(await askOverTcp('127.0.3.2', daemon.port, about('by-tcp'))));
    expect(overTcp.authority).toHaveLength(4);
    for (const [label, type, records] of [
      ['www', 'A', 2],
      ['www', 'AAAA', 4],
      ['ns', 'TXT', 4],
    ] as const) {
      const { flags, answer, authority } = await askOverUdp(about(label, type));
      expect([flags & 0x0200, answer.length + authority.length], label).toEqual([0, records]);
    }
    await flood;
    const isOver = async () => (await counters()).queries! >= FLOOD + 4;
    await waitUntil(isOver, 'the end of the flood', 20_000, daemon.process);
    const seconds = Math.floor(Date.now() / 1000) - since + 1;
    const { synthesizedMade, budgetTruncated, budgetDropped } = await counters();
    const sent = FLOOD - budgetDropped!;
    await waitUntil(() => flooder.received >= sent, 'all responses', 5_000, daemon.process);
    expect(flooder.echoes).toMatchObject({ whole: synthesizedMade! - 1, truncated: budgetTruncated! });
    expect(synthesizedMade! - 1 + budgetTruncated! + budgetDropped!).toBe(FLOOD);
    expect(synthesizedMade! - 1).toBeGreaterThanOrEqual(RATE);
    expect(synthesizedMade! - 1).toBeLessThanOrEqual(seconds * RATE);
    expect(budgetTruncated!).toBeLessThanOrEqual(seconds * RATE * 4);
    expect(budgetTruncated!).toBeGreaterThanOrEqual(RATE);
    const over = `${budgetTruncated} sent to TCP, ${budgetDropped} dropped`;
    const told = `${synthesizedMade} signatures, 0 reused; over the budget: ${over}`;
    expect((await daemon.keyturn('status')).stdout).toContain(`made-up names   ${told}`);
  });
});
