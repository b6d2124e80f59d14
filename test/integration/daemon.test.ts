/**
 * The server as a process: what it says when it starts, how it ends, what it does with a port in use, with signals,
 * and with being killed while it makes its first key.
 */
import { existsSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RRTYPE } from '../../src/wire/iana.ts';
import { nameOf } from '../../src/wire/name.ts';
import { Asker, encodeQuery, type Question } from '../support/asker.ts';
import { Daemon } from '../support/daemon.ts';
import { versionedZone } from '../support/daemon-watch.ts';
import { dig, parseDig } from '../support/dig.ts';
import { describeWithPeers, getPeer } from '../support/peers.ts';
import { freePort, runOk, Workplace, waitUntil } from '../support/processes.ts';
import { SeededRandom } from '../support/zones.ts';

const ORIGINS = ['one.example.', 'two.example.', 'xn--bcher-kva.example.'];
const ZONES = Object.fromEntries(ORIGINS.map((origin) => [`${origin}zone`, versionedZone(origin, 1)]));

describeWithPeers(['dig'], 'a running server', () => {
  const workplace = new Workplace();
  let daemon: Daemon;

  beforeAll(async () => {
    daemon = await Daemon.start({ workplace, zones: ZONES });
  });

  afterAll(async () => {
    if (!daemon.process.hasEnded) await daemon.stop();
    workplace.remove();
  });

  it('prints a dig line for each zone that works as it stands', async () => {
    await waitUntil(
      () => /dig @.* xn--bcher-kva/.test(daemon.process.tail(100)),
      'a summary',
      5_000,
      daemon.process,
    );
    const text = daemon.process.lines.join('\n');
    const lines = [...text.matchAll(/dig @127\.0\.0\.1 -p \d+ [\w.-]+ [A-Z]+(?: \+\w+)*/g)].map(
      ([line]) => line,
    );
    for (const origin of ORIGINS) {
      const line = lines.find((candidate) => ` ${candidate} `.includes(` ${origin.slice(0, -1)}`));
      expect(line, `a dig line for ${origin}`).toBeDefined();
      const { status, answer } = parseDig(await runOk(getPeer('dig'), (line as string).split(' ').slice(1)));
      expect(status).toBe('NOERROR');
      expect(answer.length).toBeGreaterThan(0);
    }
  });

  it('answers over UDP and TCP, signed and authoritative', async () => {
    for (const transport of ['+notcp', '+tcp']) {
      const { status, flags, answer } = await dig(daemon.port, 'one.example.', 'SOA', '+dnssec', transport);
      expect(status).toBe('NOERROR');
      expect(flags).toContain('aa');
      expect(answer.map(({ type }) => type)).toEqual(['SOA', 'RRSIG']);
    }
  });

  it('refuses what it does not serve, and transfers', async () => {
    expect((await dig(daemon.port, 'example.org.', 'A')).status).toBe('REFUSED');
    const asker = new Asker(daemon.port);
    for (const type of [RRTYPE.AXFR, RRTYPE.IXFR]) {
      const question = { name: nameOf('one.example.'), type };
      expect([(await asker.askUdp(question)).rcode, (await asker.askTcp(question)).rcode]).toEqual([5, 5]);
    }
    asker.close();
  });

  it('explains a port that is in use, and leaves the running server alone', async () => {
    const other = new Workplace();
    const second = await Daemon.start({ workplace: other, zones: ZONES, port: daemon.port, wait: false });
    const { code } = await second.process.ended;
    other.remove();
    expect(code).not.toBe(0);
    const text = second.process.lines.join('\n');
    expect(text).toMatch(/in use/i);
    expect(text).toContain(`${daemon.port}`);
    expect(text).not.toMatch(/^\s+at .*\(.*:\d+:\d+\)$/m);
    expect((await dig(daemon.port, 'one.example.', 'SOA')).status).toBe('NOERROR');
  });

  it('does not open the inspector at SIGUSR1', async () => {
    daemon.process.signal('SIGUSR1');
    await sleep(700);
    expect(daemon.process.hasEnded).toBe(false);
    expect(daemon.process.lines.join('\n')).not.toMatch(/Debugger listening/);
    const sockets = await runOk('cat', [`/proc/${daemon.process.pid}/net/tcp`]);
    expect(await ownsInspector(daemon, sockets)).toBe(false);
    expect((await dig(daemon.port, 'one.example.', 'SOA')).status).toBe('NOERROR');
  });

  it('answers what it has received when SIGTERM comes, then ends with 0', async () => {
    const questions: Question[] = Array.from({ length: 50 }, (_, i) => ({
      name: nameOf(`n${i}.one.example.`),
      type: 16,
    }));
    const socket = await connected(daemon.port);
    const received = countMessages(socket);
    socket.write(Buffer.concat(questions.map((question, id) => framed(encodeQuery(id, question, true)))));
    daemon.process.signal('SIGTERM');
    const startedMs = performance.now();
    const { code, signal } = await daemon.process.ended;
    expect({ code, signal }).toEqual({ code: 0, signal: null });
    expect(performance.now() - startedMs).toBeLessThan(8_000);
    expect(await received).toBe(questions.length);
  });
});

/** True if the process listens on 9229 (hex 240D), by the socket inodes of its own file descriptors. */
async function ownsInspector(daemon: Daemon, table: string): Promise<boolean> {
  const inodes = [...table.matchAll(/:240D 00000000:0000 0A (?:\S+\s+){6}(\d+)/g)].map(
    ([, inode]) => inode as string,
  );
  const own = await runOk('ls', ['-l', `/proc/${daemon.process.pid}/fd`]);
  return inodes.some((inode) => own.includes(`socket:[${inode}]`));
}

function framed(message: Buffer): Buffer {
  return Buffer.concat([Buffer.from([message.length >> 8, message.length & 255]), message]);
}

function connected(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket));
    socket.once('error', reject);
  });
}

/** Whole messages that arrive until the connection ends. */
function countMessages(socket: Socket): Promise<number> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  return new Promise((resolve) => {
    socket.once('close', () => {
      const all = Buffer.concat(chunks);
      let count = 0;
      for (let at = 0; at + 2 <= all.length && at + 2 + all.readUInt16BE(at) <= all.length; count++) {
        at += 2 + all.readUInt16BE(at);
      }
      resolve(count);
    });
  });
}

describe('kill -9 during the first start', () => {
  const KILLS = 50;
  const random = new SeededRandom(9);
  const zone = { 'one.example.zone': versionedZone('one.example.', 1, 3) };
  const dnskey: Question = { name: nameOf('one.example.'), type: 48 };

  /** Octets of all DNSKEY RDATA of 68 octets (algorithm 13) in an answer, as hex. */
  function keysIn(octets: Uint8Array): string[] {
    const hex = Buffer.from(octets).toString('hex');
    return [...hex.matchAll(/004401010[0-9a-f]0d([0-9a-f]{128})/g)].map(([, key]) => key as string);
  }

  /** Asks for the DNSKEY RRset until the process has ended; returns every key that was ever visible. */
  async function watchKeys(daemon: Daemon): Promise<Set<string>> {
    const asker = new Asker(daemon.port, { tries: 1, timeoutMs: 20 });
    const seen = new Set<string>();
    while (!daemon.process.hasEnded) {
      const answer = await asker.askUdp(dnskey).catch(() => undefined);
      for (const key of answer === undefined ? [] : keysIn(answer.octets)) seen.add(key);
    }
    asker.close();
    return seen;
  }

  async function servedKeys(daemon: Daemon): Promise<string[]> {
    const asker = new Asker(daemon.port);
    const answer = await asker.ask(dnskey);
    asker.close();
    return keysIn(answer.octets);
  }

  /** Milliseconds from the start of the process to the first answer with a key. */
  async function startUpMs(): Promise<number> {
    const workplace = new Workplace();
    const startedMs = performance.now();
    const daemon = await Daemon.start({ workplace, zones: zone });
    const tookMs = performance.now() - startedMs;
    expect(await servedKeys(daemon)).toHaveLength(1);
    await daemon.stop();
    workplace.remove();
    return tookMs;
  }

  /** Looks as often as it can: key making takes some ten milliseconds. */
  async function folderAppears(folder: string, daemon: Daemon): Promise<void> {
    while (!existsSync(folder) && !daemon.process.hasEnded) await new Promise(setImmediate);
  }

  /** A crash on the way back from a crash. */
  async function killDuringRecovery(workplace: Workplace, afterMs: number): Promise<void> {
    const daemon = await Daemon.start({ workplace, zones: zone, wait: false });
    await sleep(afterMs);
    await daemon.process.stop('SIGKILL');
  }

  it(`shows the same key after each of ${KILLS} kills, or none was ever visible`, {
    timeout: 400_000,
  }, async () => {
    const tookMs = await startUpMs();
    let visible = 0;
    let hidden = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      const workplace = new Workplace();
      const daemon = await Daemon.start({ workplace, zones: zone, port: await freePort(), wait: false });
      const watching = watchKeys(daemon);
      // Every second kill falls where the key is made: just after its folder has appeared. The others fall anywhere, also on
      // a machine that is slower by then.
      if (kill % 2 === 0) await sleep(tookMs * (0.3 + 1.5 * random.next()));
      else
        await folderAppears(join(daemon.keys, 'one.example'), daemon).then(() => sleep(80 * random.next()));
      await daemon.process.stop('SIGKILL');
      const seen = await watching;
      if (kill % 5 === 4) await killDuringRecovery(workplace, tookMs * random.next());
      const again = await Daemon.start({ workplace, zones: zone });
      const served = await servedKeys(again);
      await again.process.stop('SIGKILL');
      expect(served, `kill ${kill}`).toHaveLength(1);
      if (seen.size > 0) expect([...seen], `kill ${kill}`).toEqual(served);
      if (seen.size > 0) visible++;
      else hidden++;
      workplace.remove();
    }
    expect(visible, 'some kills came after the key was visible').toBeGreaterThan(0);
    expect(hidden, 'some kills came before').toBeGreaterThan(0);
  });
});
