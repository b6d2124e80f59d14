/** The control socket under requests that nobody should send: answers go on, and memory comes back. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BadRequest, badRequests, sendBad } from '../support/control-fuzz.ts';
import { Daemon } from '../support/daemon.ts';
import { versionedZone } from '../support/daemon-watch.ts';
import { dig } from '../support/dig.ts';
import { Workplace } from '../support/processes.ts';
import { SeededRandom } from '../support/zones.ts';

const ZONE = 'a.example.';
const REQUESTS = 10_000;
const WARM_UP = 1_000;
const AT_ONCE = 250;
const HOLD_MS = 400;
/** What a heap that was collected at another moment may differ by. */
const SLACK_KIB = 40 * 1024;
/** V8 of Node 24 lets a heap grow further, and tidies it when there is time. */
const REST_MS = 45_000;

describe('the control socket', () => {
  const workplace = new Workplace();
  let daemon: Daemon;
  beforeAll(async () => {
    daemon = await Daemon.start({ workplace, zones: { [`${ZONE}zone`]: versionedZone(ZONE, 1, 1) } });
  });
  afterAll(async () => {
    await daemon?.stop();
    workplace.remove();
  });

  const residentKib = () => {
    const status = readFileSync(`/proc/${daemon.process.pid}/status`, 'latin1');
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]);
  };

  async function send(requests: readonly BadRequest[]): Promise<Map<string, string[]>> {
    const path = join(daemon.keys, 'control.sock');
    const replies = new Map<string, string[]>();
    for (let at = 0; at < requests.length; at += AT_ONCE) {
      const portion = requests.slice(at, at + AT_ONCE);
      await Promise.all(
        portion.map(async (request) => {
          const reply = await sendBad(path, request, HOLD_MS);
          const status = /^HTTP\/1\.1 (\d{3})/.exec(reply)?.[1] ?? 'none';
          replies.set(request.kind, [...new Set([...(replies.get(request.kind) ?? []), status])]);
        }),
      );
    }
    return replies;
  }

  it(`takes ${REQUESTS} bad requests without harm to answers or memory`, async () => {
    const stream = badRequests(new SeededRandom(5));
    const take = (count: number) => Array.from({ length: count }, () => stream.next().value as BadRequest);
    await send(take(WARM_UP));
    const before = residentKib();
    let isOver = false;
    const answers = (async () => {
      let asked = 0;
      for (; !isOver; asked++) {
        const { answer, status } = await dig(daemon.port, ZONE, 'SOA', '+dnssec');
        expect([status, answer.map(({ type }) => type)]).toEqual(['NOERROR', ['SOA', 'RRSIG']]);
      }
      return asked;
    })();
    const replies = await send(take(REQUESTS)).finally(() => {
      isOver = true;
    });
    expect(await answers).toBeGreaterThan(10);
    for (const [kind, statuses] of replies) {
      for (const status of statuses) expect(status, kind).toMatch(/^(none|4\d\d)$/);
    }
    expect([...replies.keys()].length).toBeGreaterThan(20);
    const good = await daemon.keyturn('--json', 'zone', 'list');
    expect(good.code, good.stderr).toBe(0);
    await expect
      .poll(() => residentKib() - before, { timeout: REST_MS, interval: 500, message: `from ${before} KiB` })
      .toBeLessThan(SLACK_KIB);
    const half = { kind: 'half', octets: Buffer.from('POST /v1/rel'), isHalf: true };
    const reply = await sendBad(join(daemon.keys, 'control.sock'), half, 60_000);
    expect(reply, 'the server ends what is not sent in time').toMatch(/^HTTP\/1\.1 408/);
    const bad = daemon.log.filter(({ level }) => level >= 50);
    expect(bad, 'errors in the log').toEqual([]);
  });
});
