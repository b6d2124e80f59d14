/**
 * Testers of others look at a tree of our zones (`test/support/outside-tree.ts`) as they look at the Internet, and find
 * nothing. All that they print is kept below reports/.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { grok, probe, runZonemaster, type TesterReport } from '../support/outside-testers.ts';
import { CHILD_ORIGINS, OutsideTree } from '../support/outside-tree.ts';
import { describeWithPeers } from '../support/peers.ts';
import { Workplace } from '../support/processes.ts';
import { ROOT_FOLDER } from '../support/sources.ts';

const PEERS = ['dnsviz', 'zonemaster-cli', 'ip', 'unshare', 'nsenter'] as const;
const REPORTS = join(ROOT_FOLDER, 'reports');

/** The tree needs ten seconds where nothing else runs. */
const START_MS = 150_000;

/** Keeps what a tester printed, and tells in a line what it was. */
function keep(name: string, { findings, looked, text }: TesterReport): void {
  mkdirSync(REPORTS, { recursive: true });
  writeFileSync(join(REPORTS, name), text);
  process.stderr.write(`${name}: ${looked} things looked at, ${findings.length} findings\n`);
}

describeWithPeers(PEERS, 'testers of others', () => {
  const workplace = new Workplace();
  let tree: OutsideTree;
  let probed: string;

  beforeAll(async () => {
    tree = await OutsideTree.start(workplace);
    probed = await probe(tree, CHILD_ORIGINS, workplace);
  }, START_MS);

  afterAll(async () => {
    await tree?.stop();
    workplace.remove();
  });

  it('dnsviz finds nothing', async () => {
    const report = await grok(tree, probed, tree.anchor, workplace);
    keep('dnsviz.json', report);
    expect(report.findings).toEqual([]);
    expect(report.looked).toBeGreaterThan(100 * CHILD_ORIGINS.length);
  });

  it('dnsviz finds that another trust anchor does not match', async () => {
    const key = tree.anchor.replace(/\S\S\S\S==$/m, 'AAAA==');
    const report = await grok(tree, probed, key, workplace);
    expect(report.findings.join('\n')).toContain('BOGUS');
  });

  it.each(['test.', ...CHILD_ORIGINS])('zonemaster finds nothing in %s', async (origin) => {
    const report = await runZonemaster(tree, origin, workplace);
    keep(`zonemaster-${origin}txt`, report);
    expect(report.findings).toEqual([]);
    expect(report.looked).toBeGreaterThan(50);
  });

  it('zonemaster finds that another DS does not match', async () => {
    const wrong = ['--ds', `12345,13,2,${'0'.repeat(64)}`];
    const report = await runZonemaster(tree, CHILD_ORIGINS[0]!, workplace, ...wrong);
    expect(report.findings.join('\n')).toMatch(/ERROR/);
  });
});
