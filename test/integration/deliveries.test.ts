/**
 * What a zone wants of its parent reaches a webhook although the server is killed between tries, and the next channel has
 * its turn when one fails. The receiver is the example of packaging/hooks, which verifies each signature.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { Hooks } from '../../src/daemon/hook.ts';
import { Daemon } from '../support/daemon.ts';
import { freePort, ServerProcess, Workplace, waitUntil } from '../support/processes.ts';
import { ROOT_FOLDER } from '../support/sources.ts';

const ZONE = 'example.test.';
const TEXT =
  `$TTL 60\n${ZONE} SOA ns.${ZONE} a.${ZONE} 1 3600 600 86400 60\n` +
  `${ZONE} NS ns.${ZONE}\nns.${ZONE} A 127.0.0.1\n`;

const running: { stop(): unknown }[] = [];
afterEach(async () => {
  for (const one of running.splice(0).reverse()) await one.stop();
});

it('a DS that is wanted is delivered after kill -9, over the second channel', {
  timeout: 60_000,
}, async () => {
  const workplace = new Workplace();
  running.push({ stop: () => workplace.remove() });
  const port = await freePort();
  const secret = workplace.at('secret');
  writeFileSync(secret, 'a secret of some length\n');
  const configuration = `channels:
  broken: { hook: { command: [/bin/false] } }
  web: { webhook: { url: "http://127.0.0.1:${port}/ds", secret: "${secret}" } }
policies:
  default: { bootstrapHold: 0s, handover: [broken, web] }
`;
  const daemon = await Daemon.start({ workplace, zones: { [`${ZONE}zone`]: TEXT }, configuration });
  running.push({ stop: () => daemon.process.stop('SIGKILL') });
  const file = join(daemon.keys, 'deliveries.json');
  const kept = () => {
    try {
      return readFileSync(file, 'utf8');
    } catch {
      return '';
    }
  };
  await waitUntil(
    () => kept().includes('"last":"no answer'),
    'a try without a receiver',
    20_000,
    daemon.process,
  );
  await daemon.process.stop('SIGKILL');
  const script = join(ROOT_FOLDER, 'packaging/hooks/webhook-receiver.py');
  const receiver = new ServerProcess('python3', [script, '127.0.0.1', `${port}`, secret]);
  running.push(receiver);
  const again = await Daemon.start({ workplace, configuration });
  running.push(again);
  const told = () => receiver.lines.find((line) => line.includes(ZONE));
  await waitUntil(() => told() !== undefined, 'the delivery', 30_000, again.process);
  const tag = Number((await again.keyturn('ds', ZONE)).stdout.split(/\s+/)[3]);
  expect(JSON.parse(told()!)).toMatchObject({
    ...{ format: 1, topic: 'ds-wanted', zone: ZONE, remove: false },
    ds: [{ keyTag: tag, algorithm: 13, digestType: 2 }],
    dnskey: [{ flags: 257, protocol: 3, algorithm: 13 }],
  });
  await waitUntil(() => kept().includes('"state":"handed"'), 'the note of it', 10_000, again.process);
  const { stdout } = await again.keyturn('handover', 'list', '--json');
  expect(JSON.parse(stdout).deliveries).toMatchObject([
    {
      ...{ zone: ZONE, topic: 'ds-wanted', state: 'handed', channel: 'web', left: [], nextAt: null },
      outcomes: [
        { channel: 'broken', outcome: 'failed' },
        { channel: 'web', outcome: 'done' },
      ],
    },
  ]);
  expect((await again.keyturn('parent', 'show', ZONE)).stdout).toMatch(/handed over +web: taken at/);
  expect(await again.keyturn('handover', 'retry', ZONE)).toMatchObject({
    code: 4,
    stderr: expect.stringContaining('NO_SUCH_DELIVERY'),
  });
});

it.each([
  [['/bin/sh', '-c', 'cat >/dev/null; echo done'], 'done', 'exit 0: done'],
  [['/bin/sh', '-c', 'exit 75'], 'retry', 'exit 75'],
  [['/bin/sh', '-c', 'echo no >&2; exit 3'], 'failed', 'exit 3: no'],
  [['/bin/sh', '-c', 'exec sleep 60'], 'retry', 'no end within 1 s'],
  [['/nonexistent'], 'retry', 'cannot be run'],
])('a hook %j is judged by its end', async (command, kind, text) => {
  const outcome = await new Hooks().run({ command, timeout: 1 }, '{}'.repeat(100_000));
  expect(outcome).toMatchObject({ kind, text: expect.stringContaining(text) });
});
