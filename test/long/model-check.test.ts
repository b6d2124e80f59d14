/**
 * Every kind of rollover in all six orders of TTLs, with every order of events (ROLLOVER 6.3): once with servers, a
 * parent and a controller that dawdle, once with a monitor that looks when it likes, once with a parent that takes parts
 * of what CDS ask for, once with edits of TTLs. Prints how many worlds there are. `KEYTURN_MODEL_KIND` chooses kinds by
 * a part of their name.
 */
import { describe, expect, it } from 'vitest';
import { KINDS, type Limits, searchKind, TTL_ORDERS } from '../support/model-kinds.ts';

const CALM: Limits = {
  mostWorlds: 2_000_000,
  sample: 7,
  mostLate: 0,
  isPrompt: true,
  mayOverlook: false,
  mayTakeSubset: false,
  fewerEdits: 1,
};
const MODES: readonly (Limits & { readonly mode: string })[] = [
  { ...CALM, mode: 'all dawdle', isPrompt: false, mostLate: 1 },
  { ...CALM, mode: 'monitor looks away', mayOverlook: true },
  { ...CALM, mode: 'parent takes parts', mayTakeSubset: true },
  { ...CALM, mode: 'TTLs are edited', fewerEdits: 0 },
];
const CHOSEN = process.env.KEYTURN_MODEL_KIND ?? '';

describe.each(MODES)('$mode', (limits) => {
  describe.each(TTL_ORDERS)('TTLs of DNSKEY %i, DS %i, data %i', (...ttls) => {
    it.each(KINDS.filter(({ name }) => name.includes(CHOSEN)))('$name', (kind) => {
      const began = Date.now();
      const { worlds, rests, finding } = searchKind(kind, ttls, limits);
      const seconds = Math.round((Date.now() - began) / 1_000);
      console.info(
        `${limits.mode}, ${kind.name}, ${ttls.join('/')}: ${worlds} worlds, ${rests} at rest, ${seconds} s`,
      );
      expect(finding).toBeNull();
      expect(rests).toBeGreaterThan(0);
    });
  });
});
