/** Memory is accounted per zone, and the sum of the server moves with a zone. */
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Daemon } from '../support/daemon.ts';
import { versionedZone } from '../support/daemon-watch.ts';
import { describeWithPeers } from '../support/peers.ts';
import { Workplace, waitUntil } from '../support/processes.ts';

const [GROWING, OTHER] = ['growing.example.', 'other.example.'];
const HOSTS = 4_000;

describeWithPeers(['dig'], 'memory', () => {
  const workplace = new Workplace();
  let daemon: Daemon;
  beforeAll(async () => {
    const zones = Object.fromEntries(
      [GROWING, OTHER].map((name) => [`${name}zone`, versionedZone(name, 1, 5)]),
    );
    daemon = await Daemon.start({ workplace, zones });
  });
  afterAll(async () => {
    await daemon?.stop();
    workplace.remove();
  });

  async function json(...args: string[]) {
    const { code, stdout, stderr } = await daemon.keyturn('--json', ...args);
    expect(code, stderr).toBe(0);
    return JSON.parse(stdout);
  }
  const sum = async () => (await json('status')).memory;
  const of = async (zone: string) => (await json('zone', 'show', zone)).memory;

  it('grows with a zone, and goes with it', async () => {
    const [all, growing, other] = [await sum(), await of(GROWING), await of(OTHER)];
    expect(all.zones.total).toBe(growing.total + other.total);
    expect(all.resident).toBeGreaterThan(all.zones.total);

    writeFileSync(workplace.at('aside'), versionedZone(GROWING, 2, HOSTS));
    renameSync(workplace.at('aside'), join(daemon.zones, `${GROWING}zone`));
    await daemon.keyturn('zone', 'reload', GROWING);
    const grown = await of(GROWING);
    expect(grown.image - growing.image).toBeGreaterThan(HOSTS * 100);
    expect(grown.signatures).toBeGreaterThan(HOSTS * 64);
    expect(grown.keys).toBe(growing.keys);
    expect((await sum()).zones.total - all.zones.total).toBe(grown.total - growing.total);
    expect(await of(OTHER)).toEqual(other);

    const listed = await daemon.keyturn('zone', 'list', '--memory');
    expect(listed.stdout).toMatch(/ MEMORY\n.*growing\.example\. .* [\d.]+ (KiB|MiB)\n/);
    expect((await json('zone', 'list')).zones[0]).not.toHaveProperty('memory');

    rmSync(join(daemon.zones, `${GROWING}zone`));
    await waitUntil(async () => (await json('zone', 'list')).zones.length === 1, 'the zone is gone');
    expect((await sum()).zones).toEqual(other);
  });
});
