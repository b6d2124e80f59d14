/**
 * SIGHUP: channels, their targets, secrets and order, come into force in a server at work, and nothing under way is lost.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { Daemon } from '../support/daemon.ts';
import { freePort, ServerProcess, Workplace, waitUntil } from '../support/processes.ts';
import { ROOT_FOLDER } from '../support/sources.ts';

const ZONE = 'example.test.';
const TEXT =
  `$TTL 60\n${ZONE} SOA ns.${ZONE} a.${ZONE} 1 3600 600 86400 60\n` +
  `${ZONE} NS ns.${ZONE}\nns.${ZONE} A 127.0.0.1\n`;
const REFUSING = '{ hook: { command: [/bin/false] } }';

const running: { stop(): unknown }[] = [];
afterEach(async () => {
  for (const one of running.splice(0).reverse()) await one.stop();
});

it('takes channels as they are configured now', { timeout: 60_000 }, async () => {
  const workplace = new Workplace();
  running.push({ stop: () => workplace.remove() });
  const [port, silentPort] = [await freePort(), await freePort()];
  const [secret, shared] = [workplace.at('secret'), workplace.at('shared')];
  writeFileSync(secret, 'a secret that is wrong\n');
  writeFileSync(shared, 'a secret of some length\n');
  const script = join(ROOT_FOLDER, 'packaging/hooks/webhook-receiver.py');
  const receiver = new ServerProcess('python3', [script, '127.0.0.1', `${port}`, shared]);
  running.push(receiver);
  const web = (to: number) => `{ webhook: { url: "http://127.0.0.1:${to}/ds", secret: "${secret}" } }`;
  const configured = (channels: Record<string, string>, order: readonly string[]) => {
    const rows = Object.entries(channels).map(([name, channel]) => `  ${name}: ${channel}\n`);
    return `channels:\n${rows.join('')}policies:\n  default: { bootstrapHold: 0s, handover: [${order}] }\n`;
  };
  const configuration = configured({ web: web(silentPort) }, ['web']);
  const daemon = await Daemon.start({ workplace, zones: { [`${ZONE}zone`]: TEXT }, configuration });
  running.push(daemon);
  const reload = (channels: Record<string, string>, order: readonly string[]) => {
    writeFileSync(workplace.at('keyturn.yaml'), configured(channels, order));
    process.kill(daemon.process.pid, 'SIGHUP');
  };
  const listed = async () => {
    const { stdout } = await daemon.keyturn('handover', 'list', '--json');
    return (JSON.parse(stdout) as { deliveries: Record<string, unknown>[] }).deliveries;
  };
  const until = (wanted: Record<string, unknown>) => {
    const isSo = async () => {
      const [one] = await listed();
      return Object.entries(wanted).every(
        ([field, value]) => JSON.stringify(one?.[field]) === JSON.stringify(value),
      );
    };
    return waitUntil(isSo, JSON.stringify(wanted), 15_000, daemon.process);
  };

  await until({ state: 'waiting', channel: 'web', tries: 2 });
  // Another target is tried at once: it refuses a signature with another secret, for good.
  reload({ web: web(port) }, ['web']);
  await until({ state: 'dead', channel: 'web' });
  expect((await listed())[0]).toMatchObject({ outcomes: [{ outcome: 'failed', because: 'HTTP 401' }] });
  // No key of the configuration has changed, but the file that one of them names.
  writeFileSync(secret, readFileSync(shared));
  reload({ web: web(port) }, ['web']);
  await until({ state: 'handed', channel: 'web', left: [] });
  expect(receiver.lines.filter((line) => line.includes(ZONE))).toHaveLength(1);
  // What was taken is not sent again; who comes after it has its turn when the parent does nothing.
  reload({ web: web(port), spare: REFUSING }, ['web', 'spare']);
  await until({ state: 'handed', channel: 'web', left: ['spare'] });
  expect(receiver.lines.filter((line) => line.includes(ZONE))).toHaveLength(1);
});

it('makes a dead letter of what was on its way over a channel that is gone', {
  timeout: 60_000,
}, async () => {
  const workplace = new Workplace();
  running.push({ stop: () => workplace.remove() });
  const slow = '{ hook: { command: [/bin/sleep, "600"], timeout: 500s } }';
  const configuration = `channels: { slow: ${slow} }\npolicies:\n  default: { bootstrapHold: 0s, handover: [slow] }\n`;
  const daemon = await Daemon.start({ workplace, zones: { [`${ZONE}zone`]: TEXT }, configuration });
  running.push(daemon);
  const kept = join(daemon.keys, 'deliveries.json');
  const isKept = (text: string) => () => {
    try {
      return readFileSync(kept, 'utf8').includes(text);
    } catch {
      return false;
    }
  };
  await waitUntil(isKept('"slow"'), 'a delivery under way', 15_000, daemon.process);
  writeFileSync(workplace.at('keyturn.yaml'), 'policies:\n  default: { bootstrapHold: 0s }\n');
  process.kill(daemon.process.pid, 'SIGHUP');
  await waitUntil(isKept('"state":"dead"'), 'a dead letter', 15_000, daemon.process);
  const { stdout } = await daemon.keyturn('handover', 'list');
  expect(stdout).toMatch(/dead letter +slow/);
  await daemon.waitForLog(/does not name slow for it any more/);
  // Named again, it is a new way.
  const mended = configuration.replace(slow, '{ hook: { command: [/bin/true] } }');
  writeFileSync(workplace.at('keyturn.yaml'), mended);
  process.kill(daemon.process.pid, 'SIGHUP');
  await waitUntil(isKept('"state":"handed"'), 'hand-over', 15_000, daemon.process);
});
