/**
 * Strangers as judges: generated zones in our responder, `named`, `nsd` and `knotd`, the same questions to all. Where
 * the three agree we must agree; what we justify is in `differential-known.ts`. More seeds: test/long/differential.test.ts.
 */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { runDifferential, summarize } from '../support/differential.ts';
import { KNOWN_DIFFERENCES } from '../support/differential-known.ts';
import { comparePackets } from '../support/differential-packets.ts';
import { describeWithPeers } from '../support/peers.ts';

const SHOWN = 5;

describeWithPeers(['named', 'nsd', 'knotd'], 'the same questions to other servers', () => {
  const runs = [
    { seed: 1, zones: 220, questionsPerZone: 24, root: false },
    { seed: 2, zones: 40, questionsPerZone: 24, root: true },
  ];

  it('knows a reason in the documentation for each known difference', () => {
    const page = readFileSync(new URL('../../docs/conformance.md', import.meta.url), 'utf8');
    for (const { id } of KNOWN_DIFFERENCES) expect(page, id).toContain(`\`${id}\``);
  });

  it.each(runs)('zones of seed $seed, root zone: $root', async (run) => {
    const result = await runDifferential(run);
    process.stderr.write(`${summarize(run, result)}\n`);
    expect(result.refused.get('keyturn'), `seed ${run.seed}: zones that only we refuse`).toEqual([]);
    expect(result.compared).toBeGreaterThan(result.asked * 0.9);
    expect(result.agreed).toBeGreaterThan(result.asked / 2);
    const shown = result.failures.slice(0, SHOWN).join('\n\n');
    expect(result.failures.length, `seed ${run.seed}\n${shown}`).toBe(0);
  });

  it('says the same rcode to messages that are not as they should be', async () => {
    const seed = 3;
    const result = await comparePackets(seed, 1_500);
    process.stderr.write(
      `seed ${seed}: ${result.asked} messages, ${result.unanimous} with one rcode of the peers; ` +
        `known differences: ${[...result.known].map(([word, count]) => `${word} ${count}`).join(', ')}\n`,
    );
    expect(result.unanimous).toBeGreaterThan(result.asked / 3);
    expect(result.failures.length, `seed ${seed}\n${result.failures.slice(0, SHOWN).join('\n')}`).toBe(0);
  });
});
