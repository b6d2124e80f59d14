/** Commands that watch a running server: events, health, the level of the log, what a file would change, queries. */
import { renameSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CLI, Daemon } from '../support/daemon.ts';
import { versionedZone } from '../support/daemon-watch.ts';
import { run, ServerProcess, Workplace, waitUntil } from '../support/processes.ts';

const ZONE = 'watch.example.';
const workplace = new Workplace();
let daemon: Daemon;

beforeAll(async () => {
  daemon = await Daemon.start({ workplace, zones: { [`${ZONE}zone`]: versionedZone(ZONE, 1, 5) } });
});
afterAll(async () => {
  await daemon?.stop();
  workplace.remove();
});

const control = () => join(daemon.keys, 'control.sock');

function replace(text: string): void {
  writeFileSync(workplace.at('aside'), text);
  renameSync(workplace.at('aside'), join(daemon.zones, `${ZONE}zone`));
}

/** A new serial, loaded. */
async function reload(serial: number): Promise<string> {
  replace(versionedZone(ZONE, serial, 5));
  return (await daemon.keyturn('zone', 'reload', ZONE)).stdout;
}

interface Event {
  readonly seq: number;
  readonly kind: string;
  readonly zone: string | null;
  readonly message: string;
}

async function eventsOf(...args: string[]): Promise<Event[]> {
  const { stdout, code, stderr } = await daemon.keyturn('--json', 'events', ...args);
  expect(code, stderr).toBe(0);
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Event);
}

describe('events', () => {
  it('show what happened, from the start on', async () => {
    const kinds = (await eventsOf()).map(({ kind }) => kind);
    expect(kinds).toEqual(expect.arrayContaining(['keys', 'edge', 'ds', 'loaded', 'server']));
    const { stdout } = await daemon.keyturn('events', '--zone', 'Watch.Example', '--limit', '1');
    expect(stdout).toMatch(/^\d{4}-\d\d-\d\dT[\d:]{8}Z watch\.example\. loaded: serial 1 is served\n$/);
  });

  it('go on behind a number', async () => {
    const last = (await eventsOf()).at(-1)!;
    expect(await eventsOf('--since', String(last.seq))).toEqual([]);
    await reload(2);
    const fresh = await eventsOf('--since', String(last.seq));
    expect(fresh).toMatchObject([
      { seq: last.seq + 1, kind: 'loaded', message: 'serial 2 is served instead of 1' },
    ]);
  });

  it('are followed as they happen, until interrupted', async () => {
    const follower = new ServerProcess(process.execPath, [
      CLI,
      '--control',
      control(),
      'events',
      '--follow',
      '--limit',
      '0',
    ]);
    await sleep(1_500);
    await reload(3);
    const isTold = () =>
      follower.lines.some((line) => line.endsWith('loaded: serial 3 is served instead of 2'));
    await waitUntil(isTold, 'the event is told');
    expect(await follower.stop('SIGINT')).toMatchObject({ code: 130 });
  });

  it('come over plain HTTP, a JSON object a line', async () => {
    const { stdout } = await run('curl', ['-sSi', '--unix-socket', control(), 'http://x/v1/events?limit=1']);
    expect(stdout).toMatch(/content-type: application\/x-ndjson/i);
    expect(JSON.parse(stdout.split('\r\n\r\n')[1]!)).toMatchObject({ kind: 'loaded', zone: ZONE });
  });

  it('cost the server nothing for readers that take nothing, and end with them', async () => {
    const readers = Array.from({ length: 64 }, () => {
      const request = http.get({ socketPath: control(), path: '/v1/events?follow=true&limit=10000' });
      request.on('response', (response) => response.pause()).on('error', () => request.destroy());
      return request;
    });
    const isFull = async () =>
      (await daemon.keyturn('events', '--follow')).stderr.includes('TOO_MANY_READERS');
    await waitUntil(isFull, 'all readers are there');
    expect(await reload(4)).toContain('serial 4');
    expect((await eventsOf('--limit', '1'))[0]!.message).toContain('serial 4');
    for (const request of readers) request.destroy();
    const isFree = async () => {
      const request = http.get({ socketPath: control(), path: '/v1/events?follow=true' });
      const status = await new Promise((resolve) => {
        request.on('response', ({ statusCode }) => resolve(statusCode));
      });
      request.destroy();
      return status === 200;
    };
    await waitUntil(isFree, 'readers that are gone count no more');
  });
});

describe('health', () => {
  it('is well, with exit code 0', async () => {
    const { code, stdout } = await daemon.keyturn('health');
    expect(code).toBe(0);
    // A zone that has no DS yet waits for a person, and nothing is wrong.
    expect(stdout).toMatch(/^ok nothing is wrong\n {2}zones +1 served[\s\S]* needs you: DS of key \d+ /);
    const plugin = await daemon.keyturn('health', '--nagios');
    expect(plugin.code).toBe(0);
    expect(plugin.stdout).toMatch(
      /^KEYTURN OK - 1 zones served \| zones=1 served=1 .*signatures_left=\d+s\n$/,
    );
  });

  it('tells a zone that is stale, with exit code 1, or 1 as a plugin', async () => {
    replace(`${versionedZone(ZONE, 9, 5)}www IN A x\n`);
    await daemon.keyturn('zone', 'reload', ZONE);
    const { code, stdout } = await daemon.keyturn('health', '--json');
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      schema_version: 1,
      level: 'warning',
      findings: [{ level: 'warning', code: 'ZONE_BAD_RDATA', zone: ZONE }],
    });
    const plugin = await daemon.keyturn('health', '--nagios');
    expect(plugin.code).toBe(1);
    expect(plugin.stdout).toMatch(/^KEYTURN WARNING - watch\.example\.: /);
    await reload(5);
  });

  it('is critical as a plugin, and unreachable else, if no server is there', async () => {
    const away = ['--control', workplace.at('none.sock')];
    const plugin = await run(process.execPath, [CLI, ...away, 'health', '--nagios']);
    expect([plugin.code, plugin.stdout.slice(0, 19)]).toEqual([2, 'KEYTURN CRITICAL - ']);
    expect((await run(process.execPath, [CLI, ...away, 'health'])).code).toBe(3);
  });
});

describe('log level', () => {
  it('logs more for a while, and then less again by itself', async () => {
    const { stdout, code } = await daemon.keyturn('log', 'level', 'error', '--for', '2s');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ok the log has level error until \S+Z, then info again\n$/);
    const served = (serial: number) =>
      daemon.log.some(({ msg }) => msg.includes(`serial ${serial} instead of`));
    await reload(6);
    expect(served(6)).toBe(false);
    await sleep(3_000);
    await reload(7);
    await waitUntil(() => served(7), 'it is logged again');
    const { stdout: text } = await daemon.keyturn('--json', 'log', 'level', 'info');
    expect(JSON.parse(text)).toEqual({ schema_version: 1, level: 'info', until: null, usual: 'info' });
    expect((await daemon.keyturn('log', 'level', 'loud')).code).toBe(2);
  });
});

describe('zone diff', () => {
  const draft = () => workplace.at('draft.txt');

  it('shows what a draft would change, and changes nothing', async () => {
    await reload(10);
    expect(await daemon.keyturn('zone', 'diff', ZONE)).toMatchObject({ code: 0, stderr: '' });
    writeFileSync(draft(), versionedZone(ZONE, 10, 5));
    expect((await daemon.keyturn('zone', 'diff', ZONE, '--file', draft())).code).toBe(0);
    writeFileSync(draft(), `${versionedZone(ZONE, 11, 5)}extra 60 IN A 192.0.2.77\n`);
    const { code, stdout } = await daemon.keyturn('zone', 'diff', ZONE, '--file', draft());
    expect(code).toBe(7);
    expect(stdout).toContain('+ extra.watch.example. 60 IN A 192.0.2.77');
    expect(stdout).toMatch(/\d+ added, \d+ removed(?:, \d+ with another TTL)?, serial 10 -> 11\n$/);
    expect(await daemon.serial(ZONE)).toBe(10);
    const { stdout: text } = await daemon.keyturn('--json', 'zone', 'diff', ZONE, '--file', draft());
    expect(JSON.parse(text)).toMatchObject({ schema_version: 1, zone: ZONE, outcome: 'different' });
  });

  it('shows that a file is rejected, and why', async () => {
    replace(`${versionedZone(ZONE, 12, 5)}www IN A x\n`);
    for (const words of [
      ['diff', ZONE],
      ['reload', ZONE, '--dry-run'],
      ['reload', '--dry-run'],
    ]) {
      const { code, stdout } = await daemon.keyturn('zone', ...words);
      expect(code).toBe(1);
      expect(stdout).toMatch(
        /ZONE_BAD_RDATA[\s\S]*the file would not be loaded: serial 10 would stay served/,
      );
    }
    expect(await reload(13)).toContain('serial 13');
    const dry = await daemon.keyturn('--json', 'zone', 'reload', '--dry-run');
    expect(dry.code).toBe(0);
    expect(JSON.parse(dry.stdout)).toMatchObject({
      schema_version: 1,
      zones: [{ zone: ZONE, outcome: 'same' }],
    });
  });

  it('knows no zone that is not there', async () => {
    expect((await daemon.keyturn('zone', 'diff', 'none.example')).code).toBe(4);
    expect((await daemon.keyturn('zone', 'diff', 'none.example', '--file', draft())).code).toBe(4);
  });
});

describe('query', () => {
  it('asks the server that runs here', async () => {
    const { code, stdout } = await daemon.keyturn('query', ZONE, 'SOA', '--dnssec');
    expect(code).toBe(0);
    expect(stdout).toMatch(/;; NOERROR, id \d+, flags qr aa\n;; EDNS version 0, flag do/);
    expect(stdout).toMatch(
      /\n;; ANSWER\nwatch\.example\. +\d+ +IN SOA .*\nwatch\.example\. +\d+ +IN RRSIG +SOA 13 2 /,
    );
    expect(stdout).toContain(`from 127.0.0.1:${daemon.port} over UDP`);
    expect((await daemon.keyturn('query', 'elsewhere.test')).code).toBe(1);
  });
});
