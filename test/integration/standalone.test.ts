/** What the build makes, by itself: without the sources, and without the packages that it was made of. */
import { cpSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { CLI, Daemon } from '../support/daemon.ts';
import { versionedZone } from '../support/daemon-watch.ts';
import { dig } from '../support/dig.ts';
import { describeWithPeers } from '../support/peers.ts';
import { Workplace } from '../support/processes.ts';
import { ROOT_FOLDER } from '../support/sources.ts';

const ORIGIN = 'alone.example.';

describeWithPeers(['dig'], 'a copy of dist/ and package.json', () => {
  const workplace = new Workplace();
  afterAll(() => workplace.remove());

  it('serves a signed zone, does what it is told, and ends in peace', async () => {
    cpSync(dirname(CLI), workplace.at('dist'), { recursive: true });
    cpSync(join(ROOT_FOLDER, 'package.json'), workplace.at('package.json'));
    const zones = { [`${ORIGIN}zone`]: versionedZone(ORIGIN, 7, 5) };
    const daemon = await Daemon.start({ workplace, zones, cli: workplace.at('dist', 'cli.js') });
    try {
      const { answer } = await dig(daemon.port, ORIGIN, 'SOA', '+dnssec');
      expect(answer.map(({ type }) => type)).toEqual(['SOA', 'RRSIG']);
      const { stdout, stderr } = await daemon.keyturn('zone', 'list');
      expect(stdout, stderr).toMatch(/^alone\.example\. +ok served +7 /m);
    } finally {
      await daemon.stop();
    }
  });
});
