/**
 * A small part of test/long/model-check.test.ts: nobody dawdles but the monitor, one order of TTLs.
 * `KEYTURN_MODEL_KIND` names other kinds, with commas between them.
 */
import { describe, expect, it } from 'vitest';
import { KINDS, type Limits, searchKind } from '../support/model-kinds.ts';

const LIMITS: Limits = {
  mostWorlds: 40_000,
  sample: 7,
  mostLate: 0,
  isPrompt: true,
  mayOverlook: true,
  mayTakeSubset: false,
  fewerEdits: 1,
};
const USUAL = 'zsk,ksk additive,ksk swap,csk additive,split,merge,sign,unsign,sign or not slow';
const NAMES = (process.env.KEYTURN_MODEL_KIND ?? USUAL).split(',');

describe('every order of events', () => {
  it.each(KINDS.filter(({ name }) => NAMES.includes(name)))(
    'keeps all that ROLLOVER 6.2 asks of $name',
    { timeout: 120_000 },
    (kind) => {
      const { finding, worlds, rests } = searchKind(kind, [2, 3, 4], LIMITS);
      expect(finding).toBeNull();
      expect(rests).toBeGreaterThan(0);
      expect(worlds).toBeGreaterThan(30);
    },
  );
});
