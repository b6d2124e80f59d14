/** The file of a zone with a DS goes under a running server: real files, real processes, answers over the network. */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Daemon } from '../support/daemon.ts';
import { versionedZone } from '../support/daemon-watch.ts';
import { dig } from '../support/dig.ts';
import { describeWithPeers } from '../support/peers.ts';
import { Workplace, waitUntil } from '../support/processes.ts';

const ZONE = 'kept.example.';

describeWithPeers(['dig'], 'a zone whose file goes while its parent has a DS of it', () => {
  const workplace = new Workplace();
  let daemon: Daemon;
  beforeAll(async () => {
    daemon = await Daemon.start({ workplace, zones: { 'kept.example.zone': versionedZone(ZONE, 1, 2) } });
  });
  afterAll(async () => {
    await daemon.stop();
    workplace.remove();
  });
  const status = async () => (await dig(daemon.port, ZONE, 'SOA')).status;
  const copy = () => join(daemon.keys, '.kept', 'kept.example.zone');

  it('is served on, by the next process too, until it is forgotten for a reason', async () => {
    const { keys } = JSON.parse((await daemon.keyturn('--json', 'key', 'list', ZONE)).stdout);
    const tag = `${keys[0].tag}`;
    const seen = await daemon.keyturn('rollover', 'confirm-ds', ZONE, '--key', tag, '--seen');
    expect(seen.code, seen.stderr).toBe(0);
    rmSync(join(daemon.zones, 'kept.example.zone'));
    await waitUntil(async () => existsSync(copy()), 'the copy is there', 20_000, daemon.process);
    expect(await status()).toBe('NOERROR');
    expect((await daemon.keyturn('status')).stdout).toContain('[ZONE_HELD_FOR_DS]');
    await daemon.stop();
    daemon = await Daemon.start({ workplace });
    await waitUntil(async () => (await status()) === 'NOERROR', 'it is served', 20_000, daemon.process);
    const refused = await daemon.keyturn('zone', 'forget', ZONE, '--yes');
    expect([refused.code, refused.stderr]).toEqual([5, expect.stringContaining('ZONE_HELD_FOR_DS')]);
    const forced = await daemon.keyturn('zone', 'forget', ZONE, '--force-orphan', 'sold', '--yes');
    expect(forced.code, forced.stderr).toBe(0);
    expect(await status()).toBe('REFUSED');
    expect(existsSync(copy())).toBe(false);
    const { stdout } = await daemon.keyturn('health');
    expect(stdout).not.toContain('ZONE_HELD_FOR_DS');
  });
});
