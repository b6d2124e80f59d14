/**
 * Every kind of rollover in all six orders of TTLs, with every order of events (ROLLOVER 6.3). Prints how many worlds
 * there are. `KEYTURN_MODEL_KIND` chooses kinds by a part of their name.
 */
import { describe, expect, it } from 'vitest';
import { KINDS, type Limits, searchKind, TTL_ORDERS } from '../support/model-kinds.ts';

const LIMITS: Limits = { mostWorlds: 3_000_000, sample: 5, mostLate: 1, isPrompt: false };
const CHOSEN = process.env.KEYTURN_MODEL_KIND ?? '';

describe.each(TTL_ORDERS)('TTLs of DNSKEY %i, DS %i, data %i', (...ttls) => {
  it.each(KINDS.filter(({ name }) => name.includes(CHOSEN)))('$name', (kind) => {
    const began = Date.now();
    const { worlds, rests, finding } = searchKind(kind, ttls, LIMITS);
    const seconds = Math.round((Date.now() - began) / 1_000);
    console.info(`${kind.name}, ${ttls.join('/')}: ${worlds} worlds, ${rests} at rest, ${seconds} s`);
    expect(finding).toBeNull();
    expect(rests).toBeGreaterThan(0);
  });
});
