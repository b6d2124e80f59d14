/**
 * Zone and question pairs over the real way (parse, compile, sign, respond), judged by the independent validator in all
 * modes of denial. A hundred thousand pairs: test/long/validator.test.ts.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JudgedZone, judgeMutants, judgePairs, MODES, PairCounts } from '../support/validator-rig.ts';
import {
  buildZone,
  namesOfZone,
  questionOf,
  questionRecipe,
  zoneRecipe,
} from '../support/validator-zones.ts';

const SEED = 20_261_128;

describe.each(MODES)('%s', (mode) => {
  it('answers random questions to random zones exactly right', { timeout: 120_000 }, () => {
    const counts = new PairCounts();
    judgePairs({ mode, seed: SEED, zones: 200, questionsPerZone: 15 }, counts);
    console.info(`${mode}: ${counts.pairs} pairs, ${counts.verified} signatures verified`, counts.kinds);
    expect(counts.pairs).toBe(3_000);
    for (const kind of [
      'data',
      'nodata',
      'nxdomain',
      'wildcard data',
      'wildcard nodata',
      'empty non-terminal',
    ])
      expect(counts.kinds[kind], kind).toBeGreaterThan(10);
  });

  it('would be found wrong in every single fault of a response', { timeout: 120_000 }, () => {
    let found = 0;
    const tryZone = fc.property(
      zoneRecipe,
      fc.array(questionRecipe, { minLength: 6 }),
      (recipe, questions) => {
        const zone = buildZone(recipe);
        const judged = new JudgedZone(zone, mode);
        for (const question of questions) {
          const asked = { ...questionOf(zone, namesOfZone(zone), question), dnssecOk: true };
          const outcome = judgeMutants(judged, asked);
          expect(outcome.missed).toEqual([]);
          found += outcome.found;
        }
      },
    );
    fc.assert(tryZone, { seed: SEED, numRuns: 25 });
    expect(found).toBeGreaterThan(2_000);
  });
});
