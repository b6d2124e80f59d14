import { describe, expect, it } from 'vitest';
import type { DsObservation, Key } from '../../../src/kasp/key.ts';
import { isDone, stepOf } from '../../../src/kasp/steps.ts';
import type { Rollover, ZoneState } from '../../../src/kasp/zonestate.ts';
import { keyIn, leaving, rollingZone, SCENE_TIME } from '../../support/zone-scene.ts';

const SEEN: DsObservation = { seenAllAt: SCENE_TIME, goneAllAt: null, lastSeenAnywhereAt: SCENE_TIME };
const GONE: DsObservation = { seenAllAt: null, goneAllAt: SCENE_TIME, lastSeenAnywhereAt: SCENE_TIME };
const seen = { dsObservation: SEEN } as const;
const gone = { dsObservation: GONE } as const;

const n = (states: string, changes: Partial<Key> = {}) => keyIn('n', states, changes);
const o = (states: string, changes: Partial<Key> = {}) => leaving('o', states, changes);

type Row = readonly [step: string, ...keys: Key[]];

/** What `stepOf` says, or `done`. */
function shown(rollover: Partial<Rollover>, keys: readonly Key[], changes: Partial<ZoneState> = {}): string {
  const zone = rollingZone(keys, rollover, changes);
  const isDsWaived = zone.delegation === 'none';
  return isDone(zone.rollover!, zone, isDsWaived) ? 'done' : stepOf(zone.rollover!, zone);
}

function timeline(rollover: Partial<Rollover>, rows: readonly Row[], changes: Partial<ZoneState> = {}): void {
  expect(rows.map(([, ...keys]) => shown(rollover, keys, changes))).toEqual(rows.map(([step]) => step));
}

describe('steps are named by what the key states show', () => {
  it('ZSK by pre-publication (2.1)', () => {
    timeline({ type: 'zsk', method: 'pre-publication' }, [
      ['publish', n('H/-/H/-'), o('O/-/O/-')],
      ['publish', n('R/-/H/-'), o('O/-/O/-')],
      ['switch', n('O/-/R/-'), o('O/-/U/-')],
      ['switch', n('O/-/R/-'), o('O/-/H/-')],
      ['switch', n('O/-/O/-'), o('O/-/U/-')],
      ['remove', n('O/-/O/-'), o('O/-/H/-')],
      ['remove', n('O/-/O/-'), o('U/-/H/-')],
      ['done', n('O/-/O/-'), o('H/-/H/-')],
    ]);
  });

  it('KSK, additive (2.2)', () => {
    timeline({ method: 'additive' }, [
      ['publish', n('R/R/-/H'), o('O/O/-/O', seen)],
      ['request', n('O/O/-/R'), o('O/O/-/O', seen)],
      ['soak', n('O/O/-/R', seen), o('O/O/-/O', seen)],
      ['withdraw', n('O/O/-/O', seen), o('O/O/-/U', seen)],
      ['drain', n('O/O/-/O', seen), o('O/O/-/U', gone)],
      ['remove', n('O/O/-/O', seen), o('U/U/-/H', gone)],
      ['done', n('O/O/-/O', seen), o('H/H/-/H', gone)],
    ]);
  });

  it('CSK, additive: signatures belong to the drain (2.4)', () => {
    timeline({ type: 'csk', method: 'additive' }, [
      ['publish', n('R/R/H/H'), o('O/O/O/O')],
      ['request', n('O/O/H/R'), o('O/O/O/O')],
      ['withdraw', n('O/O/R/O', seen), o('O/O/U/U')],
      ['drain', n('O/O/R/O', seen), o('O/O/U/U', gone)],
      ['drain', n('O/O/R/O', seen), o('O/O/U/H', gone)],
      ['drain', n('O/O/O/O', seen), o('O/O/H/U', gone)],
      ['remove', n('O/O/O/O', seen), o('U/U/H/H', gone)],
      ['done', n('O/O/O/O', seen), o('H/H/H/H', gone)],
    ]);
  });

  it('KSK, swap: one step for both changes at the parent (2.2)', () => {
    timeline({ method: 'swap' }, [
      ['publish', n('R/R/-/H'), o('O/O/-/O', seen)],
      ['swap', n('O/O/-/R'), o('O/O/-/U', seen)],
      ['swap', n('O/O/-/R', seen), o('O/O/-/U', seen)],
      ['swap', n('O/O/-/R'), o('O/O/-/U', gone)],
      ['drain', n('O/O/-/R', seen), o('O/O/-/U', gone)],
      ['drain', n('O/O/-/R', seen), o('O/O/-/H', gone)],
      ['drain', n('O/O/-/O', seen), o('O/O/-/U', gone)],
      ['remove', n('O/O/-/O', seen), o('U/U/-/H', gone)],
      ['done', n('O/O/-/O', seen), o('H/H/-/H', gone)],
    ]);
  });

  it('KSK, double-DS (2.3)', () => {
    timeline({ method: 'double-ds' }, [
      ['request', n('H/H/-/H'), o('O/O/-/O')],
      ['request', n('H/H/-/R'), o('O/O/-/O')],
      ['soak', n('H/H/-/R', seen), o('O/O/-/O')],
      ['swap', n('R/R/-/O', seen), o('U/U/-/O')],
      ['swap', n('O/O/-/O', seen), o('U/U/-/O')],
      ['withdraw', n('O/O/-/O', seen), o('H/H/-/U')],
      ['drain', n('O/O/-/O', seen), o('H/H/-/U', gone)],
      ['done', n('O/O/-/O', seen), o('H/H/-/H', gone)],
    ]);
  });

  it('algorithm, conservative (2.5)', () => {
    const at = (a: string, b: string, ofA = {}, ofB = {}): Key[] => [
      keyIn('b', b, { algorithm: 15, ...ofB }),
      leaving('a', a, ofA),
    ];
    timeline({ type: 'algorithm', method: 'conservative' }, [
      ['pre-sign', ...at('O/O/O/O', 'H/R/R/H')],
      ['publish', ...at('O/O/O/O', 'R/O/O/H')],
      ['request', ...at('O/O/O/O', 'O/O/O/R')],
      ['soak', ...at('O/O/O/O', 'O/O/O/R', seen, seen)],
      ['withdraw', ...at('O/O/O/U', 'O/O/O/O', seen, seen)],
      ['drain', ...at('O/O/O/U', 'O/O/O/O', gone, seen)],
      ['unpublish', ...at('U/O/O/H', 'O/O/O/O', gone, seen)],
      ['stop', ...at('H/U/U/H', 'O/O/O/O', gone, seen)],
      ['stop', ...at('H/H/U/H', 'O/O/O/O', gone, seen)],
      ['done', ...at('H/H/H/H', 'O/O/O/O', gone, seen)],
    ]);
    timeline({ type: 'algorithm', method: 'liberal' }, [
      ['publish', ...at('O/O/O/O', 'R/R/R/H')],
      ['drain', ...at('O/O/O/U', 'O/O/O/O', gone, seen)],
      ['stop', ...at('U/U/U/H', 'O/O/O/O', gone, seen)],
      ['done', ...at('H/H/H/H', 'O/O/O/O', gone, seen)],
    ]);
  });

  it('algorithm: every key counts, not only those with a DS', () => {
    const b = (states: string) => keyIn('b', states, { algorithm: 15 });
    timeline({ type: 'algorithm', method: 'conservative' }, [
      ['pre-sign', b('R/O/-/H'), n('H/-/R/-'), o('O/O/-/O')],
      ['unpublish', b('O/O/-/O'), n('O/-/O/-'), o('H/O/-/H'), leaving('z', 'U/-/O/-')],
    ]);
  });

  it('schemes: the key that only gave up a role is done when its signatures are gone (2.6)', () => {
    const csk = (states: string) => keyIn('x', states, { roles: ['key-signing'] });
    timeline({ type: 'scheme', method: 'split', incoming: ['n'], outgoing: ['x'] }, [
      ['publish', n('R/-/H/-'), csk('O/O/O/O')],
      ['switch', n('O/-/R/-'), csk('O/O/U/O')],
      ['switch', n('O/-/O/-'), csk('O/O/U/O')],
      ['done', n('O/-/O/-'), csk('O/O/H/O')],
    ]);
    timeline({ type: 'scheme', method: 'merge' }, [
      ['switch', n('O/O/H/O'), o('O/-/O/-')],
      ['switch', n('O/O/R/O'), o('O/-/U/-')],
      ['remove', n('O/O/O/O'), o('U/-/H/-')],
      ['done', n('O/O/O/O'), o('H/-/H/-')],
    ]);
  });

  it('going insecure (2.7)', () => {
    const z = (states: string) => leaving('z', states);
    timeline({ type: 'insecure', method: 'unsign' }, [
      ['ask', o('O/O/-/U', seen), z('O/-/O/-')],
      ['drain', o('O/O/-/U', gone), z('O/-/O/-')],
      ['unsign', o('O/O/-/H', gone), z('O/-/O/-')],
      ['unsign', o('H/H/-/H', gone), z('U/-/H/-')],
      ['done', o('H/H/-/H', gone), z('H/-/H/-')],
    ]);
  });
});

describe('steps without a parent that helps', () => {
  it('are over without a DS where none is waited for', () => {
    const none = { delegation: 'none' } as const;
    const rows: Row[] = [
      ['publish', n('R/R/H/H'), o('O/O/O/R')],
      ['drain', n('O/O/R/R'), o('O/O/U/U')],
      ['remove', n('O/O/O/R'), o('U/U/H/H')],
      ['done', n('O/O/O/R'), o('H/H/H/H')],
    ];
    timeline({ type: 'csk', method: 'additive' }, rows, none);
  });

  it('stay at the request while nobody knows of a DS', () => {
    const rows: Row[] = [['request', n('O/O/-/R'), o('O/O/-/R')]];
    timeline({ method: 'additive' }, rows, { delegation: 'unconfirmed' });
  });

  it('do not depend on an observation of a key that is in no DS', () => {
    timeline({ method: 'additive' }, [['soak', n('O/O/-/R', seen), keyIn('z', 'O/-/O/-'), o('O/O/-/O')]]);
  });
});

describe('a cancelled rollover', () => {
  const back = { method: 'additive', cancelledAt: SCENE_TIME } as const;

  it('is where its new key is on the way out', () => {
    timeline(back, [
      ['withdraw', n('O/O/-/O', seen), o('O/O/-/U', seen)],
      ['drain', n('O/O/-/O', seen), o('O/O/-/U', gone)],
      ['remove', n('O/O/-/O', seen), o('U/U/-/H')],
      ['done', n('O/O/-/O', seen), o('H/H/-/H')],
    ]);
  });

  it('asks for the old DS again if that was leaving', () => {
    timeline(back, [
      ['request', n('O/O/-/R'), o('O/O/-/O', seen)],
      ['soak', n('O/O/-/R', seen), o('O/O/-/O', seen)],
    ]);
  });

  it('ends without a DS that nobody ever saw', () => {
    const unconfirmed = { delegation: 'unconfirmed' } as const;
    timeline(back, [['done', n('O/O/-/R'), o('H/H/-/H')]], unconfirmed);
    timeline(back, [['request', n('O/O/-/R'), o('H/H/-/H')]]);
  });
});
