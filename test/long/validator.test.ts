/**
 * A hundred thousand zone and question pairs in each mode of denial, judged by the independent validator. It runs in
 * batches, each with a seed of its own and a line of its own: `KEYTURN_VALIDATOR_FROM=17` goes on at batch 17 after an
 * interruption, `KEYTURN_VALIDATOR_MODE=nsec3` takes one mode alone, `KEYTURN_VALIDATOR_SEED` tries other zones.
 */
import { setImmediate as settled } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { judgePairs, MODES, PairCounts } from '../support/validator-rig.ts';

const SEED = Number(process.env.KEYTURN_VALIDATOR_SEED ?? 1_128);
const FROM = Number(process.env.KEYTURN_VALIDATOR_FROM ?? 0);
const BATCHES = 50;
const BATCH = { zones: 200, questionsPerZone: 10 } as const;

const CHOSEN = process.env.KEYTURN_VALIDATOR_MODE;

describe.each(MODES.filter((mode) => CHOSEN === undefined || mode === CHOSEN))('%s', (mode) => {
  it(`answers ${BATCHES * BATCH.zones * BATCH.questionsPerZone} questions exactly right`, async () => {
    const counts = new PairCounts();
    for (let batch = FROM; batch < BATCHES; batch++) {
      judgePairs({ mode, seed: SEED * 1_000 + batch, ...BATCH }, counts);
      await settled(); // the line of a batch is seen when it is done
      console.info(`${mode}: batch ${batch} of ${BATCHES}, seed ${SEED}: ${counts.pairs} pairs`);
    }
    console.info(`${mode}: ${counts.zones} zones, ${counts.verified} signatures verified`, counts.kinds);
    expect(counts.pairs).toBe((BATCHES - FROM) * BATCH.zones * BATCH.questionsPerZone);
    expect(Object.keys(counts.kinds).length).toBeGreaterThan(20);
  });
});
