/** The command line against a running server: every operation, its exit codes, and what others make of its output. */
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CLI, Daemon } from '../support/daemon.ts';
import { versionedZone } from '../support/daemon-watch.ts';
import { dig } from '../support/dig.ts';
import { describeWithPeers, getPeer } from '../support/peers.ts';
import { type Output, run, runOk, ServerProcess, Workplace, waitUntil } from '../support/processes.ts';
import { wholeZoneFaults } from '../support/whole-zone.ts';

const ZONE = 'control.example.';
const FILES = ['control.example.', 'other.example.'];
const ZONES = Object.fromEntries(FILES.map((origin) => [`${origin}zone`, versionedZone(origin, 1, 5)]));

/** Runs `keyturn` without a server of its own. */
function keyturn(...args: string[]): Promise<Output> {
  return run(process.execPath, [CLI, ...args]);
}

describeWithPeers(['dig'], 'command line', () => {
  const workplace = new Workplace();
  let daemon: Daemon;
  const file = (origin: string) => join(daemon.zones, `${origin}zone`);

  beforeAll(async () => {
    daemon = await Daemon.start({ workplace, zones: ZONES });
  });
  afterAll(async () => {
    await daemon?.stop();
    workplace.remove();
  });

  /** Stdout of a command that succeeds. */
  async function good(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await daemon.keyturn(...args);
    expect(code, stderr).toBe(0);
    return stdout;
  }

  function replace(origin: string, text: string): void {
    writeFileSync(workplace.at('aside'), text);
    renameSync(workplace.at('aside'), file(origin));
  }

  it('shows what the server does', async () => {
    const status = JSON.parse(await good('--json', 'status'));
    expect(status).toMatchObject({
      schema_version: 1,
      pid: daemon.process.pid,
      listen: [`127.0.0.1:${daemon.port}`],
      zones: { total: 2, served: 2, stale: 0, failed: 0, held: 0 },
      alarms: [],
      problems: [],
    });
    expect(status.counters.queries).toBeGreaterThan(0);
    expect(status.counters.faults).toBe(0);
    expect(status.threads.map(({ name }: { name: string }) => name).sort()).toEqual([
      'loader',
      'stream',
      'udp-1',
    ]);
    expect(status.needs.map(({ zone }: { zone: string }) => zone)).toEqual(FILES);
    expect(await good('status')).toMatch(
      /2 served.*\n(?:.*\n)* +warn control\.example\. needs you: DS of key/,
    );
  });

  it('lists and shows zones', async () => {
    expect(await good('zone', 'list')).toMatch(
      /^ZONE .*\ncontrol\.example\. +ok served +1 +\d+ +CSK \d+ +published/,
    );
    const shown = JSON.parse(await good('zone', 'show', 'Control.Example', '--json'));
    expect(shown).toMatchObject({
      zone: ZONE,
      state: 'served',
      signed: true,
      file: file(ZONE),
      keys: [{ algorithm: 13, flags: 257, goal: 'IN', dnskey: 'omnipresent', ds: 'rumoured' }],
      delegation: 'unconfirmed',
    });
    expect(shown.waiting.map(({ reason }: { reason: string }) => reason)).toContain('parent_ds');
  });

  it('reloads a zone and tells the outcome', async () => {
    expect(await good('zone', 'reload', ZONE)).toBe(`${ZONE} unchanged, serial 1\n`);
    replace(ZONE, versionedZone(ZONE, 2, 5));
    // The watcher may have been faster.
    expect(await good('zone', 'reload', ZONE)).toMatch(
      /^control\.example\. (?:unchanged, serial 2|loaded, serial 2: \d+ added, \d+ removed.*)\n$/,
    );
    expect(await daemon.serial(ZONE)).toBe(2);
    expect(await good('zone', 'reload')).toMatch(
      /control\.example\. unchanged.*\nother\.example\. unchanged/,
    );
  });

  it('shows where a file is broken and what is served meanwhile', async () => {
    replace(ZONE, `${versionedZone(ZONE, 3, 5)}oops IN A 192.0.2.300\n`);
    const { code, stdout } = await daemon.keyturn('zone', 'reload', ZONE);
    expect(code).toBe(1);
    expect(stdout).toMatch(/control\.example\.zone:15:11: error: .*\n {4}oops IN A 192\.0\.2\.300\n {14}\^/);
    expect(stdout).toMatch(
      /control\.example\. failed: still serving serial 2, loaded .*; nothing was changed/,
    );
    expect(await good('status')).toMatch(/1 served, 1 stale/);
    expect(await daemon.serial(ZONE)).toBe(2);
    replace(ZONE, versionedZone(ZONE, 4, 5));
    expect(await good('zone', 'reload', ZONE)).toMatch(/(?:loaded|unchanged), serial 4/);
  });

  it('rolls a key as far as it may without a word of the parent, and back', async () => {
    const json = async (...args: string[]) => JSON.parse(await good('--json', 'rollover', ...args));
    const other = 'other.example.';
    const planned = await json('start', other, '--type', 'csk', '--dry-run');
    expect(planned.plan.rows.at(-1)).toMatchObject({ step: null, dnskey: ['new CSK'], ds: ['new CSK'] });
    expect(await json('status', other)).toMatchObject({
      ...{ schema_version: 1, zone: other, rollover: null, overlapping: null, delegation: 'unconfirmed' },
      keys: [{ goal: 'IN', roles: ['key-signing', 'zone-signing'] }],
    });
    expect(await good('rollover', 'start', other, '--type', 'csk')).toMatch(
      /^ok made CSK \d+ \(ECDSAP256SHA256\)\nok started the csk rollover of other\.example\.\n(?: {2}then: .*\n)+/,
    );
    const { rollover, keys } = await json('status', other);
    expect(rollover).toMatchObject({ type: 'csk', method: 'additive', step: 'publish', cancelledAt: null });
    expect(rollover.waiting[0]).toMatchObject({ reason: 'dnskey_ttl', until: expect.stringMatching(/Z$/) });
    const dnskeys = await dig(daemon.port, other, 'DNSKEY');
    expect(dnskeys.answer.filter(({ type }) => type === 'DNSKEY')).toHaveLength(2);
    expect(await good('rollover', 'status', other)).toMatch(
      /csk rollover \d+ -> \d+ .*, step 1 of 6\n {2}> +1 publish/,
    );
    expect(await good('rollover', 'list')).toMatch(/^ZONE .*\nother\.example\. +csk +publish +running/);
    expect(await good('rollover', 'cancel', other)).toMatch(
      /^ok other\.example\.: the rollover is being undone/,
    );
    expect(keys).toHaveLength(2);
    expect(await good('rollover', 'history', other)).toMatch(
      /order rollover start .*\n(?:.*\n)*.*order rollover cancel/,
    );
    expect(await good('rollover', 'plan', other)).toMatch(/^AT +STEP +DNSKEY/);
    expect(await good('rollover', 'confirm-ds', ZONE, '--none')).toMatch(
      /no server of the parent has a DS of it/,
    );
    expect((await json('status', ZONE)).delegation).toBe('none');
  });

  it('tells a zone that is not there, wrong usage and a missing server apart', async () => {
    const codes = async (...args: string[]) => (await daemon.keyturn(...args)).code;
    for (const words of [
      ['zone', 'show'],
      ['zone', 'reload'],
      ['zone', 'export'],
      ['zone', 'forget'],
      ['zone', 'unsign'],
      ['rollover', 'status'],
      ['rollover', 'plan'],
      ['rollover', 'cancel'],
      ['rollover', 'start'],
      ['rollover', 'history'],
      ['ds'],
    ]) {
      expect(await codes(...words, 'nosuch.example'), words.join(' ')).toBe(4);
    }
    expect(await codes('zone', 'forget', ZONE), 'its file is there').toBe(5);
    expect(await codes('rollover', 'cancel', ZONE), 'there is none').toBe(5);
    expect(await codes('zone', 'sign', ZONE), 'it is signed').toBe(5);
    for (const words of [
      ['nosuch'],
      ['zone', 'nosuch'],
      ['ds'],
      ['ds', ZONE, '--format', 'nosuch'],
      ['rollover', 'start', ZONE],
      ['rollover', 'start', ZONE, '--type', 'nosuch'],
      ['rollover', 'start', ZONE, '--type', 'ksk'],
      ['rollover', 'confirm-ds', ZONE, '--key', '1'],
      ['rollover', 'confirm-ds', ZONE, '--key', 'one', '--seen'],
      ['--nosuch'],
    ]) {
      expect(await codes(...words), words.join(' ')).toBe(2);
    }
    expect(await codes('zone', 'show', 'a..b')).toBe(2);
    const nobody = await keyturn('--control', workplace.at('none.sock'), 'status');
    expect(nobody.code).toBe(3);
    expect(nobody.stderr).toMatch(/none\.sock/);
    expect(nobody.stderr).toMatch(/fix: .*keyturn serve/);
    const asJson = await keyturn('--control', workplace.at('none.sock'), '--json', 'status');
    expect(JSON.parse(asJson.stdout)).toMatchObject({ schema_version: 1, error: { code: 'NOT_RUNNING' } });
  });

  it('finds the server by KEYTURN_CONTROL', async () => {
    const process = new ServerProcess(globalThis.process.execPath, [CLI, 'zone', 'list'], {
      KEYTURN_CONTROL: join(daemon.keys, 'control.sock'),
    });
    expect(await process.ended).toEqual({ code: 0, signal: null });
    expect(process.lines.join('\n')).toContain(ZONE);
  });

  it('says its version', async () => {
    expect((await keyturn('--version')).stdout).toMatch(
      /^keyturn \d+\.\d+\.\d+ \(node \d+\.\d+\.\d+, openssl /,
    );
    expect((await keyturn('--help')).code).toBe(0);
  });

  it('keeps its sockets and keys to its user', () => {
    const mode = (name: string) => statSync(join(daemon.keys, name)).mode & 0o777;
    expect(mode('')).toBe(0o700);
    expect(mode('control.sock')).toBe(0o600);
    expect(mode('lock.sock')).toBe(0o600);
    expect(mode('control.example')).toBe(0o700);
    for (const name of readdirSync(join(daemon.keys, 'control.example'))) {
      expect(mode(join('control.example', name)), name).toBe(0o600);
    }
  });

  it('lets no second server use the same keys', async () => {
    const args = ['serve', '--zones', daemon.zones, '--keys', daemon.keys, '--listen', '127.0.0.1:1053'];
    const { code, stderr } = await keyturn(...args, '--control', workplace.at('other.sock'));
    expect(code).toBe(1);
    expect(stderr).toMatch(/another keyturn uses the keys/);
    expect((await dig(daemon.port, ZONE, 'SOA')).status).toBe('NOERROR');
  });

  it('forgets zones that vanished together only when it is told to', async () => {
    const crowd = ['c1.example.', 'c2.example.', 'c3.example.', 'c4.example.', 'c5.example.'];
    for (const origin of crowd) writeFileSync(file(origin), versionedZone(origin, 1, 2));
    const isServed = async () => /7 served/.test((await daemon.keyturn('status')).stdout);
    await waitUntil(isServed, 'all zones are served', 20_000, daemon.process);
    for (const origin of crowd) rmSync(file(origin));
    const isHeld = async () => /5 held/.test((await daemon.keyturn('status')).stdout);
    await waitUntil(isHeld, 'the zones are held', 20_000, daemon.process);
    expect((await dig(daemon.port, crowd[0]!, 'SOA')).status).toBe('NOERROR');
    expect((await good('zone', 'forget')).trim().split('\n').sort()).toEqual(crowd);
    expect((await dig(daemon.port, crowd[0]!, 'SOA')).status).toBe('REFUSED');
    expect(existsSync(join(daemon.keys, 'c1.example', 'state.json'))).toBe(true);
  });
});

describeWithPeers(
  ['dnssec-dsfromkey', 'dnssec-verify', 'ldns-verify-zone', 'named-checkzone'],
  'others',
  () => {
    const workplace = new Workplace();
    let daemon: Daemon;

    beforeAll(async () => {
      daemon = await Daemon.start({ workplace, zones: ZONES });
    });
    afterAll(async () => {
      await daemon?.stop();
      workplace.remove();
    });

    it('make the same DS of the key', async () => {
      const { stdout, stderr } = await daemon.keyturn('ds', ZONE);
      const directory = join(daemon.keys, 'control.example');
      const keyFile = readdirSync(directory).find((name) => name.endsWith('.key'))!;
      const theirs = await runOk(getPeer('dnssec-dsfromkey'), ['-2', join(directory, keyFile)]);
      expect(stdout).toBe(theirs);
      expect(stderr).toBe('');
      const dnskey = (await daemon.keyturn('ds', ZONE, '--format', 'dnskey')).stdout.trim();
      expect(readFileSync(join(directory, keyFile), 'utf8')).toContain(dnskey);
      const cds = (await daemon.keyturn('ds', ZONE, '--format', 'cds')).stdout.trim().split('\n');
      expect(cds.map((line) => line.split(' ')[2])).toEqual(['CDS', 'CDNSKEY']);
      const asJson = JSON.parse((await daemon.keyturn('ds', ZONE, '--format', 'json')).stdout);
      expect(stdout).toContain(asJson.ds[0].digest);
    });

    it('verify the export of a signed zone', async () => {
      const file = workplace.at('signed.zone');
      writeFileSync(file, (await daemon.keyturn('zone', 'export', ZONE, '--signed')).stdout);
      expect(await wholeZoneFaults(ZONE, file)).toEqual([]);
    });

    it('load the export of the zone alone', async () => {
      const file = workplace.at('plain.zone');
      const { stdout } = await daemon.keyturn('zone', 'export', ZONE);
      expect(stdout).not.toMatch(/RRSIG|NSEC|DNSKEY/);
      writeFileSync(file, stdout);
      await runOk(getPeer('named-checkzone'), [ZONE, file]);
      expect((await run(process.execPath, [CLI, 'zone', 'check', file, '--origin', ZONE])).code).toBe(0);
    });
  },
);

describe('a server with a hold on CDS', () => {
  it('warns on stderr, prints the DS all the same, and does so after a kill', async () => {
    const workplace = new Workplace();
    const first = await Daemon.start({ workplace, zones: ZONES, configuration: '{}\n' });
    const before = await first.keyturn('ds', ZONE);
    expect(before.code).toBe(0);
    expect(before.stdout).toMatch(/^control\.example\. IN DS \d+ 13 2 [0-9A-F]{64}\n$/);
    expect(before.stderr).toMatch(/caution: do not hand these to the parent before \d{4}-/);
    await first.process.stop('SIGKILL');
    // The sockets of the dead process are there still, and must not keep another from starting.
    expect(existsSync(join(first.keys, 'control.sock'))).toBe(true);
    const second = await Daemon.start({ workplace, zones: ZONES, configuration: '{}\n' });
    expect((await second.keyturn('ds', ZONE)).stdout).toBe(before.stdout);
    await second.stop();
    expect(existsSync(join(first.keys, 'control.sock'))).toBe(false);
    workplace.remove();
  });

  it('does not start with a configuration that is wrong', async () => {
    const workplace = new Workplace();
    const configuration = 'policies:\n  default: { bootstrapHold: soon }\n';
    const daemon = await Daemon.start({ workplace, configuration, wait: false });
    expect((await daemon.process.ended).code).toBe(1);
    expect(daemon.process.lines.join('\n')).toMatch(
      /keyturn\.yaml:2:29: error: policies\.default\.bootstrapHold/,
    );
    workplace.remove();
  });
});

describe('a reader that goes away', () => {
  it('ends a command in peace, but no server', async () => {
    const workplace = new Workplace();
    const daemon = await Daemon.start({
      workplace,
      zones: { 'big.example.zone': versionedZone('big.example.', 1, 3_000) },
    });
    const shell = (command: string) => run('sh', ['-c', `${command} | head -1`]);
    const tool = `${process.execPath} ${CLI} --control ${join(daemon.keys, 'control.sock')}`;
    const { stdout, stderr } = await shell(`${tool} zone export big.example --signed`);
    expect(stdout).toMatch(/SOA/);
    expect(stderr).toBe('');
    expect((await daemon.keyturn('status')).code).toBe(0);
    await daemon.stop();
    workplace.remove();
  });
});
