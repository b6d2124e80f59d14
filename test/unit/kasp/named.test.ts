import { describe, expect, it } from 'vitest';
import { plus } from '../../../src/base/time.ts';
import type { DsObservation, Key } from '../../../src/kasp/key.ts';
import { NEVER_OBSERVED } from '../../../src/kasp/key.ts';
import { namedKeys } from '../../../src/kasp/named.ts';
import { next } from '../../../src/kasp/next.ts';
import { DEFAULT_POLICY } from '../../../src/kasp/policy.ts';
import { keyIn, NOON, zoneOf } from '../../support/kasp-states.ts';

const LATER = plus(NOON, 3_600);
const FACTS = { maxTtl: 300, negativeTtl: 300 };

/** Tags do not tell keys apart here; their ids do. */
function named(keys: readonly Key[], logs = {}): string[] {
  const state = zoneOf(keys);
  return namedKeys({ ...state, logs: { ...state.logs, ds: [], ...logs } }, DEFAULT_POLICY, LATER).map(
    ({ id }) => id,
  );
}

const observed = (observation: Partial<DsObservation>) => ({
  dsObservation: { ...NEVER_OBSERVED, ...observation },
});

describe('keys that the parent names', () => {
  it('are those whose DS every cache knows, or that was seen anywhere and not to be gone', () => {
    expect(named([keyIn('K', 'O/O/O/O')])).toEqual(['K']);
    expect(named([keyIn('K', 'O/O/O/R', observed({ lastSeenAnywhereAt: NOON }))])).toEqual(['K']);
    const leaving = { goal: 'OUT', ...observed({ lastSeenAnywhereAt: NOON }) } as const;
    expect(named([keyIn('K', 'O/O/O/U', leaving)])).toEqual(['K']);
  });

  it('are none that were only asked for, were found to be gone, or are hidden', () => {
    expect(named([keyIn('K', 'O/O/O/R')])).toEqual([]);
    const gone = observed({ lastSeenAnywhereAt: NOON, goneAllAt: NOON });
    expect(named([keyIn('K', 'O/O/O/R', gone)])).toEqual([]);
    expect(named([keyIn('K', 'O/O/O/H', observed({ lastSeenAnywhereAt: NOON }))])).toEqual([]);
    expect(named([keyIn('Z', 'O/-/O/-')])).toEqual([]);
  });

  it('are also those whose DS caches may still have', () => {
    const gone = observed({ lastSeenAnywhereAt: NOON, goneAllAt: NOON });
    const key = keyIn('K', 'O/O/O/U', { goal: 'OUT', ...gone });
    const version = { keys: ['K'], first: NOON, last: NOON, ttl: 3_600, isConfirmed: true };
    expect(named([key], { ds: [version] })).toEqual(['K']);
    expect(named([key], { ds: [{ ...version, isConfirmed: false }] }), 'only asked for').toEqual([]);
    const long = plus(NOON, -30 * 86_400);
    expect(named([key], { ds: [{ ...version, first: long, last: long }] })).toEqual([]);
  });
});

describe('a private half', () => {
  const left = keyIn('L', 'H/H/H/H', { goal: 'OUT' });
  const state = zoneOf([keyIn('K', 'O/O/O/O'), left]);
  const after = plus(NOON, DEFAULT_POLICY.purgeAfter + 1);
  const purged = (facts: object) =>
    next(state, { ...FACTS, ...facts }, DEFAULT_POLICY, after).actions.flatMap((action) =>
      action.kind === 'purge' ? [action.keyId] : [],
    );

  it('is destroyed when its key has been hidden for long enough', () => {
    expect(purged({})).toEqual(['L']);
    expect(purged({ namedByParent: ['K'] })).toEqual(['L']);
  });

  it('stays while a server of the parent has a DS of it', () => {
    expect(purged({ namedByParent: ['L'] })).toEqual([]);
  });
});
