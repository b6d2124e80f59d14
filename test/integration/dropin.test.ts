/**
 * Zone files that come, change and go under a running server, as real files and under load. No query is lost, no
 * answer mixes two versions of a zone, and a bad file never harms what is served.
 */
import {
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { Daemon } from '../support/daemon.ts';
import { Load, Observer, versionedZone } from '../support/daemon-watch.ts';
import { dig } from '../support/dig.ts';
import { describeWithPeers } from '../support/peers.ts';
import { runOk, Workplace, waitUntil } from '../support/processes.ts';

const ORIGIN = 'moving.example.';
const STEADY = 'steady.example.';

const FOREIGN_KEY = `${ORIGIN} IN DNSKEY 257 3 13 ${'A'.repeat(86)}==`;

/** A file of this length that takes no room on the disk. */
function writeSparse(path: string, octets: number): void {
  writeFileSync(path, '');
  truncateSync(path, octets);
}

describeWithPeers(['dig', 'dnsperf'], 'zone files under a running server', () => {
  const workplace = new Workplace();
  let daemon: Daemon;
  let load: Load;
  let observers: Observer[];
  let file: string;
  let version = 1;

  beforeAll(async () => {
    const zones = {
      'moving.example.zone': versionedZone(ORIGIN, 1),
      'steady.example.zone': versionedZone(STEADY, 1),
    };
    daemon = await Daemon.start({ workplace, zones });
    file = join(daemon.zones, 'moving.example.zone');
  });

  afterAll(async () => {
    await daemon?.stop();
    workplace.remove();
  });

  beforeEach(() => {
    load = new Load(daemon.port, STEADY, workplace);
    observers = [new Observer(daemon.port, ORIGIN), new Observer(daemon.port, STEADY, 2)];
  });

  afterEach(async () => {
    const [moving, steady] = await Promise.all(observers.map((observer) => observer.stop()));
    const { sent, lost, text } = await load.stop();
    expect({ lost: [moving?.lost, steady?.lost], mixed: moving?.mixed, denied: moving?.denied }).toEqual({
      lost: [0, 0],
      mixed: [],
      denied: [],
    });
    expect(Object.keys(steady?.rcodes ?? {}).sort()).toEqual(['0', '3']);
    expect([...(steady?.versions ?? [])]).toEqual([1]);
    expect(moving?.answers).toBeGreaterThan(50);
    expect(sent).toBeGreaterThan(0);
    expect(lost, text).toBe(0);
  });

  /** Replaces the file as editors and tools do: written aside, then renamed. */
  function replace(text: string): void {
    writeFileSync(workplace.at('aside'), text, 'latin1');
    renameSync(workplace.at('aside'), file);
  }

  /** The next version of the moving zone is dropped in and served. */
  async function moveOn(): Promise<void> {
    replace(versionedZone(ORIGIN, ++version));
    await daemon.waitForSerial(ORIGIN, version);
  }

  async function keyOf(origin: string): Promise<string[]> {
    const { answer } = await dig(daemon.port, origin, 'DNSKEY');
    return answer.map(({ rdata }) => rdata).sort();
  }

  /** Does something to the file that must not change what is served; the log must say why, by this code. */
  async function harm(code: string, what: () => unknown): Promise<void> {
    const before = daemon.process.lines.length;
    await what();
    const explained = `"zone":"${ORIGIN}","code":"${code}"`;
    const isExplained = (): boolean =>
      daemon.process.lines.slice(before).some((line) => line.includes(explained));
    await waitUntil(isExplained, `a log line with ${code}`, 15_000, daemon.process);
    expect(await daemon.serial(ORIGIN)).toBe(version);
  }

  it('serves a zone that appears, signed', async () => {
    writeFileSync(join(daemon.zones, 'new.example.zone'), versionedZone('new.example.', 9));
    await daemon.waitForSerial('new.example.', 9);
    const { answer } = await dig(daemon.port, 'n1.new.example.', 'TXT', '+dnssec');
    expect(answer.map(({ type }) => type)).toEqual(['TXT', 'RRSIG']);
    expect(await keyOf('new.example.')).toHaveLength(1);
  });

  it('swaps a changed zone at once, ten times', async () => {
    for (let i = 0; i < 10; i++) await moveOn();
  });

  it('notices a file that is written in place', async () => {
    writeFileSync(file, versionedZone(ORIGIN, ++version));
    await daemon.waitForSerial(ORIGIN, version);
  });

  it('never serves a file that is still being written', async () => {
    const text = versionedZone(ORIGIN, ++version);
    const lines = text.split('\n').map((line) => `${line}\n`);
    const descriptor = openSync(file, 'w');
    for (let i = 0; i < lines.length; i += 5) {
      writeSync(descriptor, lines.slice(i, i + 5).join(''));
      await sleep(100);
    }
    await daemon.waitForSerial(ORIGIN, version);
  });

  it('reloads at SIGHUP', async () => {
    replace(versionedZone(ORIGIN, ++version));
    daemon.process.signal('SIGHUP');
    await daemon.waitForSerial(ORIGIN, version);
  });

  const BAD_TEXTS: readonly (readonly [string, string, (good: string) => string])[] = [
    ['ZONE_BAD_RDATA', 'a broken record', (good) => `${good}oops IN A 192.0.2.300\n`],
    ['ZONE_EMPTY', 'no octets at all', () => ''],
    ['ZONE_QUOTES', 'half a record at its end', (good) => good.slice(0, good.lastIndexOf('"'))],
    ['ZONE_NO_SOA', 'no SOA record', (good) => good.replace(/^.*\sSOA\s.*\n/m, '')],
    ['ZONE_OUT_OF_ZONE', 'a record of another zone', (good) => `${good}www.example.net. IN A 192.0.2.1\n`],
    [
      'ZONE_CNAME_AND_OTHER',
      'a CNAME beside other data',
      (good) => `${good}n1.${ORIGIN} IN CNAME n2.${ORIGIN}\n`,
    ],
    ['ZONE_SYNTAX', 'an image instead of text', () => '\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\x01\0'],
    ['ZONE_INCLUDE', 'an include of a file outside', (good) => `${good}$INCLUDE /etc/passwd\n`],
    ['ZONE_FOREIGN_KEYS', 'a key of somebody else', (good) => `${good}${FOREIGN_KEY}\n`],
  ];
  for (const [code, what, spoil] of BAD_TEXTS) {
    it(`goes on with the old zone when the file has ${what}, and recovers`, async () => {
      await harm(code, () => replace(spoil(versionedZone(ORIGIN, 200))));
      await moveOn();
    });
  }

  const BAD_FILES: readonly (readonly [string, string, () => unknown])[] = [
    ['ZONE_LINK_OUTSIDE', 'a symbolic link that leads outside', () => symlinkSync('/etc/hostname', file)],
    ['ZONE_NOT_A_FILE', 'a FIFO', () => runOk('mkfifo', [file])],
    ['ZONE_NOT_A_FILE', 'a folder', () => mkdirSync(file)],
    ['ZONE_TOO_LARGE', 'a file of 10 GB', () => writeSparse(file, 10_000_000_000)],
  ];
  for (const [code, what, make] of BAD_FILES) {
    it(`goes on with the old zone when the file becomes ${what}, and recovers`, async () => {
      await harm(code, async () => {
        rmSync(file);
        await make();
      });
      rmSync(file, { recursive: true });
      await moveOn();
    });
  }

  it('ignores signatures in the file, with a warning', async () => {
    const rows = versionedZone(ORIGIN, ++version);
    const rrsig = `n1.${ORIGIN} IN RRSIG TXT 13 3 3600 20300101000000 20200101000000 1 ${ORIGIN} ${'A'.repeat(86)}==`;
    replace(`${rows}${rrsig}\nn1.${ORIGIN} IN NSEC ${ORIGIN} TXT\n`);
    await daemon.waitForSerial(ORIGIN, version);
    const { answer } = await dig(daemon.port, `n1.${ORIGIN}`, 'TXT', '+dnssec');
    expect(answer.filter(({ rdata }) => rdata.includes('AAAAAAAA'))).toEqual([]);
    expect(answer.filter(({ type }) => type === 'RRSIG')).toHaveLength(1);
  });

  it('goes on when the whole folder is gone, and when it comes back', async () => {
    renameSync(daemon.zones, workplace.at('away'));
    await waitUntil(() => daemon.log.some(({ level }) => level >= 40), 'an alarm', 15_000, daemon.process);
    await sleep(2_000);
    expect(await daemon.serial(ORIGIN)).toBe(version);
    renameSync(workplace.at('away'), daemon.zones);
    await moveOn();
  });
});

describeWithPeers(['dig'], 'zone files that go', () => {
  const workplace = new Workplace();
  let daemon: Daemon;
  const origins = Array.from({ length: 6 }, (_, i) => `gone${i}.example.`);
  const fileOf = (origin: string): string => join(daemon.zones, `${origin}zone`);

  beforeAll(async () => {
    const zones = Object.fromEntries(origins.map((origin) => [`${origin}zone`, versionedZone(origin, 1, 3)]));
    daemon = await Daemon.start({ workplace, zones });
  });

  afterAll(async () => {
    await daemon?.stop();
    workplace.remove();
  });

  const status = async (origin: string): Promise<string> => (await dig(daemon.port, origin, 'SOA')).status;

  it('refuses a removed zone, keeps its key, and serves it again with that key', async () => {
    const origin = origins[0] as string;
    const key = (await dig(daemon.port, origin, 'DNSKEY')).answer;
    rmSync(fileOf(origin));
    await waitUntil(
      async () => (await status(origin)) === 'REFUSED',
      'the zone is refused',
      15_000,
      daemon.process,
    );
    expect(await status(origins[1] as string)).toBe('NOERROR');
    writeFileSync(fileOf(origin), versionedZone(origin, 2, 3));
    await daemon.waitForSerial(origin, 2);
    expect((await dig(daemon.port, origin, 'DNSKEY')).answer).toEqual(key);
  });

  it('keeps everything when more than half of the zones vanish at once', async () => {
    const before = daemon.process.lines.length;
    for (const origin of origins.slice(0, 4)) rmSync(fileOf(origin));
    const isAlarmed = (): boolean =>
      daemon.process.lines.slice(before).some((line) => /"level":[456]0/.test(line));
    await waitUntil(isAlarmed, 'an alarm', 15_000, daemon.process);
    await sleep(2_000);
    expect(await Promise.all(origins.map(status))).toEqual(origins.map(() => 'NOERROR'));
  });

  it('serves 200 zones that appear at once', async () => {
    const crowd = Array.from({ length: 200 }, (_, i) => `crowd${i}.example.`);
    for (const origin of crowd) writeFileSync(fileOf(origin), versionedZone(origin, 1, 3));
    const areServed = async (): Promise<boolean> =>
      (await Promise.all(crowd.slice(-5).map(status))).every((found) => found === 'NOERROR');
    await waitUntil(areServed, 'the last zones are served', 60_000, daemon.process);
    await waitUntil(
      async () => (await Promise.all(crowd.slice(0, 20).map(status))).every((s) => s === 'NOERROR'),
      'all',
      30_000,
    );
  });
});
