import { describe, expect, it } from 'vitest';
import { ARROWS, type EdgeContext, gateOf } from '../../../src/kasp/edges.ts';
import { HOLDS, holdOf } from '../../../src/kasp/holds.ts';
import { type Key, RECORD_KINDS, recordGoal, stateOf } from '../../../src/kasp/key.ts';
import { DEFAULT_POLICY } from '../../../src/kasp/policy.ts';
import type { Rollover, ZoneState } from '../../../src/kasp/zonestate.ts';
import { keyIn, leaving, rollingZone, rolloverOf, SCENE_TIME } from '../../support/zone-scene.ts';

const CANCELLED = { cancelledAt: SCENE_TIME } as const;
const b15 = { algorithm: 15 } as const;

/** The actions that gates and holds allow, as `key record→R`. */
function allowed(zone: ZoneState, isDsWaived = false): string[] {
  const context: EdgeContext = { state: zone, policy: DEFAULT_POLICY, isDsWaived };
  return zone.keys.flatMap((key) =>
    ARROWS.filter(
      ({ record, goal, from, to, isAction }) =>
        isAction &&
        key.states[record] !== null &&
        recordGoal(key, record) === goal &&
        stateOf(key, record) === from &&
        gateOf(key, record, to, context) === null &&
        holdOf(key, record, to, context) === null,
    ).map(({ record, to }) => `${key.id} ${record}→${to[0]!.toUpperCase()}`),
  );
}

/** The reason of the hold on the outgoing key's DS, or null. */
function heldDs(zone: ZoneState, isDsWaived = false) {
  const key = zone.keys.find(({ goal }) => goal === 'OUT')!;
  return holdOf(key, 'ds', 'unretentive', { state: zone, policy: DEFAULT_POLICY, isDsWaived });
}

type Row = readonly [title: string, keys: readonly Key[], edges: readonly string[]];

function rows(rollover: Partial<Rollover>, table: readonly Row[], changes: Partial<ZoneState> = {}): void {
  it.each(table.map(([title, keys, edges]) => ({ title, keys, edges })))('$title', ({ keys, edges }) => {
    expect(allowed(rollingZone(keys, rollover, changes))).toEqual(edges);
  });
}

const zsk = keyIn('z', 'O/-/O/-');
const named = { incoming: ['n'], outgoing: ['o'] } as const;
const n = (states: string) => keyIn('n', states);
const o = (states: string) => leaving('o', states);

describe('ZSK by pre-publication (2.1)', () => {
  rows({ type: 'zsk', method: 'pre-publication' }, [
    ['starts with the DNSKEY alone', [n('H/-/H/-'), o('O/-/O/-')], ['n dnskey→R']],
    ['waits while it is rumoured', [n('R/-/H/-'), o('O/-/O/-')], []],
    ['switches to the new key', [n('O/-/H/-'), o('O/-/O/-')], ['n zrrsig→R']],
    ['and away from the old one', [n('O/-/R/-'), o('O/-/O/-')], ['o zrrsig→U']],
    ['keeps the old DNSKEY with its signatures', [n('O/-/O/-'), o('O/-/U/-')], []],
    ['removes it after them', [n('O/-/O/-'), o('O/-/H/-')], ['o dnskey→U']],
  ]);
});

describe('KSK, additive (2.2)', () => {
  rows({ method: 'additive', ...named }, [
    ['starts with the DNSKEY', [n('H/H/-/H'), o('O/O/-/O'), zsk], ['n dnskey→R']],
    ['which signs itself', [n('R/H/-/H'), o('O/O/-/O'), zsk], ['n krrsig→R']],
    ['1 waits', [n('R/R/-/H'), o('O/O/-/O'), zsk], []],
    ['2 requests the DS', [n('O/O/-/H'), o('O/O/-/O'), zsk], ['n ds→R']],
    ['3 soaks', [n('O/O/-/R'), o('O/O/-/O'), zsk], []],
    ['4 withdraws the old DS', [n('O/O/-/O'), o('O/O/-/O'), zsk], ['o ds→U']],
    ['5 drains', [n('O/O/-/O'), o('O/O/-/U'), zsk], []],
    ['6 removes the old key', [n('O/O/-/O'), o('O/O/-/H'), zsk], ['o dnskey→U']],
    ['6 and its signature', [n('O/O/-/O'), o('U/O/-/H'), zsk], ['o krrsig→U']],
  ]);

  it('keeps an old key that never had a DS until the new one is known', () => {
    expect(allowed(rollingZone([n('R/R/-/H'), o('O/O/-/H'), zsk], named))).toEqual([]);
  });
});

describe('KSK, swap (2.2)', () => {
  rows({ method: 'swap', ...named }, [
    ['1 waits', [n('R/R/-/H'), o('O/O/-/O'), zsk], []],
    ['asks for the new DS first', [n('O/O/-/H'), o('O/O/-/O'), zsk], ['n ds→R']],
    ['and drops the old one with it', [n('O/O/-/R'), o('O/O/-/O'), zsk], ['o ds→U']],
    ['waits for the parent', [n('O/O/-/R'), o('O/O/-/U'), zsk], []],
    ['keeps the old DS if the parent was quicker than the caches', [n('R/R/-/R'), o('O/O/-/O'), zsk], []],
  ]);
});

describe('KSK, double-DS (2.3)', () => {
  rows({ method: 'double-ds', ...named }, [
    ['1 asks for the DS of a key nobody has seen', [n('H/H/-/H'), o('O/O/-/O'), zsk], ['n ds→R']],
    ['2 soaks', [n('H/H/-/R'), o('O/O/-/O'), zsk], []],
    ['3 publishes the new key', [n('H/H/-/O'), o('O/O/-/O'), zsk], ['n dnskey→R']],
    ['3 both records', [n('R/H/-/O'), o('O/O/-/O'), zsk], ['n krrsig→R']],
    ['3 withdraws the old key with it', [n('R/R/-/O'), o('O/O/-/O'), zsk], ['o dnskey→U']],
    ['3 both records', [n('R/R/-/O'), o('U/O/-/O'), zsk], ['o krrsig→U']],
    ['keeps the old DS while the keys change', [n('R/R/-/O'), o('U/U/-/O'), zsk], []],
    ['and while only one of them is known', [n('R/R/-/O'), o('H/H/-/O'), zsk], []],
    ['4 withdraws the old DS', [n('O/O/-/O'), o('H/H/-/O'), zsk], ['o ds→U']],
  ]);
});

describe('CSK, additive with the late switch (2.4)', () => {
  rows({ type: 'csk', method: 'additive' }, [
    ['1 waits', [n('R/R/H/H'), o('O/O/O/O')], []],
    ['2 requests the DS, and does not switch', [n('O/O/H/H'), o('O/O/O/O')], ['n ds→R']],
    ['3 soaks', [n('O/O/H/R'), o('O/O/O/O')], []],
    ['4 withdraws the old DS and switches', [n('O/O/H/O'), o('O/O/O/O')], ['n zrrsig→R', 'o ds→U']],
    ['4 both ways', [n('O/O/R/O'), o('O/O/O/U')], ['o zrrsig→U']],
    ['5 waits for signatures', [n('O/O/R/O'), o('O/O/U/H')], []],
    ['5 waits for the DS', [n('O/O/O/O'), o('O/O/H/U')], []],
    ['6 removes', [n('O/O/O/O'), o('O/O/H/H')], ['o dnskey→U']],
  ]);
});

describe('CSK, swap with the late switch (2.2, 2.4)', () => {
  rows({ type: 'csk', method: 'swap' }, [
    ['asks for the new DS', [n('O/O/H/H'), o('O/O/O/O')], ['n ds→R']],
    ['drops the old one', [n('O/O/H/R'), o('O/O/O/O')], ['o ds→U']],
    ['and switches in the same step', [n('O/O/H/R'), o('O/O/O/U')], ['n zrrsig→R']],
  ]);
});

describe('algorithm, conservative (2.5)', () => {
  const keys = (k: string, z: string, kb: string, zb: string) => [
    leaving('k', k),
    leaving('z', z),
    keyIn('K', kb, b15),
    keyIn('Z', zb, b15),
  ];
  rows({ type: 'algorithm', method: 'conservative' }, [
    ['1 signs first', keys('O/O/-/O', 'O/-/O/-', 'H/H/-/H', 'H/-/H/-'), ['K krrsig→R', 'Z zrrsig→R']],
    ['1 waits for both', keys('O/O/-/O', 'O/-/O/-', 'H/O/-/H', 'H/-/R/-'), []],
    ['2 publishes', keys('O/O/-/O', 'O/-/O/-', 'H/O/-/H', 'H/-/O/-'), ['K dnskey→R', 'Z dnskey→R']],
    ['3 waits for both', keys('O/O/-/O', 'O/-/O/-', 'O/O/-/H', 'R/-/O/-'), []],
    ['3 requests the DS', keys('O/O/-/O', 'O/-/O/-', 'O/O/-/H', 'O/-/O/-'), ['K ds→R']],
    ['3 soaks', keys('O/O/-/O', 'O/-/O/-', 'O/O/-/R', 'O/-/O/-'), []],
    ['4 withdraws the old DS', keys('O/O/-/O', 'O/-/O/-', 'O/O/-/O', 'O/-/O/-'), ['k ds→U']],
    ['4 drains', keys('O/O/-/U', 'O/-/O/-', 'O/O/-/O', 'O/-/O/-'), []],
    ['5 unpublishes', keys('O/O/-/H', 'O/-/O/-', 'O/O/-/O', 'O/-/O/-'), ['k dnskey→U', 'z dnskey→U']],
    ['5 signs on', keys('U/O/-/H', 'H/-/O/-', 'O/O/-/O', 'O/-/O/-'), []],
    ['6 stops', keys('H/O/-/H', 'H/-/O/-', 'O/O/-/O', 'O/-/O/-'), ['k krrsig→U', 'z zrrsig→U']],
  ]);

  it('does not unpublish keys that have no DS before the new algorithm is in place', () => {
    const early = keys('O/O/-/H', 'O/-/O/-', 'R/O/-/H', 'R/-/O/-');
    const zone = rollingZone(early, { type: 'algorithm', method: 'conservative' });
    expect(allowed(zone)).toEqual([]);
  });
});

describe('algorithm with keys left over from an earlier attempt', () => {
  const old = leaving('a', 'O/O/O/O');
  const gone = leaving('x', 'H/H/U/H', b15);
  it.each([
    ['conservative', 'H/H/H/H'],
    ['liberal', 'R/R/H/H'],
  ] as const)('%s does not wait for their signatures', (method, states) => {
    const keys = [keyIn('b', states, b15), old, gone];
    const zone = rollingZone(keys, { type: 'algorithm', method, incoming: ['b'], outgoing: ['a'] });
    expect(allowed(zone)).toContain('b zrrsig→R');
  });

  it('asks for the DS when every key that comes signs in every cache', () => {
    const at = (second: string) => {
      const signers = [keyIn('Z', 'O/-/O/-', b15), keyIn('Y', second, b15)];
      const keys = [keyIn('K', 'O/O/-/H', b15), ...signers, old];
      return allowed(rollingZone(keys, { type: 'algorithm', method: 'liberal' }));
    };
    expect(at('O/-/R/-')).toEqual([]);
    expect(at('R/-/O/-')).toEqual([]);
    expect(at('O/-/O/-')).toEqual(['K ds→R']);
  });
});

describe('algorithm, liberal (2.5)', () => {
  rows({ type: 'algorithm', method: 'liberal' }, [
    [
      'publishes and signs at once',
      [leaving('a', 'O/O/O/O'), keyIn('b', 'R/H/H/H', b15)],
      ['b krrsig→R', 'b zrrsig→R'],
    ],
    ['requests the DS when all is known', [leaving('a', 'O/O/O/O'), keyIn('b', 'O/O/R/H', b15)], []],
    ['drains', [leaving('a', 'O/O/O/U'), keyIn('b', 'O/O/O/O', b15)], []],
    ['unpublishes', [leaving('a', 'O/O/O/H'), keyIn('b', 'O/O/O/O', b15)], ['a dnskey→U']],
    [
      'and stops at once',
      [leaving('a', 'U/O/O/H'), keyIn('b', 'O/O/O/O', b15)],
      ['a krrsig→U', 'a zrrsig→U'],
    ],
  ]);
});

describe('schemes (2.6)', () => {
  const csk = (states: string) => keyIn('x', states, { roles: ['key-signing'] });
  describe('split', () => {
    rows({ type: 'scheme', method: 'split', incoming: ['n'], outgoing: ['x'] }, [
      ['1 publishes the ZSK', [n('R/-/H/-'), csk('O/O/O/O')], []],
      ['2 switches', [n('O/-/H/-'), csk('O/O/O/O')], ['n zrrsig→R']],
      ['2 both ways', [n('O/-/R/-'), csk('O/O/O/O')], ['x zrrsig→U']],
      ['keeps the DNSKEY of what was a CSK', [n('O/-/O/-'), csk('O/O/H/O')], []],
    ]);
  });
  describe('merge', () => {
    rows({ type: 'scheme', method: 'merge' }, [
      ['1 switches', [keyIn('k', 'O/O/H/O'), o('O/-/O/-')], ['k zrrsig→R']],
      ['1 both ways', [keyIn('k', 'O/O/R/O'), o('O/-/O/-')], ['o zrrsig→U']],
      ['waits', [keyIn('k', 'O/O/R/O'), o('O/-/U/-')], []],
      ['2 removes the ZSK', [keyIn('k', 'O/O/O/O'), o('O/-/H/-')], ['o dnskey→U']],
    ]);
  });
});

describe('going insecure (2.7)', () => {
  const table: readonly Row[] = [
    ['I1 asks for no DS', [leaving('k', 'O/O/-/O'), leaving('z', 'O/-/O/-')], ['k ds→U']],
    ['I2 drains, signed', [leaving('k', 'O/O/-/U'), leaving('z', 'O/-/O/-')], []],
    [
      'I3 unsigns',
      [leaving('k', 'O/O/-/H'), leaving('z', 'O/-/O/-')],
      ['k dnskey→U', 'z dnskey→U', 'z zrrsig→U'],
    ],
  ];
  rows({ type: 'insecure', method: 'unsign' }, table, { goal: 'insecure' });

  it('waits for the DS of every key, also of one that it does not name', () => {
    const keys = [leaving('k', 'O/O/-/H'), leaving('z', 'O/-/O/-'), leaving('s', 'O/O/-/R')];
    const zone = rollingZone(keys, { method: 'unsign', outgoing: ['k', 'z'] });
    expect(allowed(zone)).toEqual(['s ds→U']);
  });
});

describe('emergencies (2.8)', () => {
  it('ZSK contained: its DNSKEY goes with the switch, not before', () => {
    const bad = { type: 'zsk', method: 'merge', emergency: 'containment' } as const;
    expect(allowed(rollingZone([keyIn('k', 'O/O/H/O'), o('O/-/O/-')], bad))).toEqual(['k zrrsig→R']);
    expect(allowed(rollingZone([keyIn('k', 'O/O/R/O'), o('O/-/U/-')], bad))).toEqual(['o dnskey→U']);
    const kept = { ...bad, emergency: 'continuity' } as const;
    expect(allowed(rollingZone([keyIn('k', 'O/O/R/O'), o('O/-/U/-')], kept))).toEqual([]);
  });

  it('KSK contained: the DS is exchanged at once, the DNSKEY when its DS is gone', () => {
    const bad = { method: 'swap', emergency: 'containment', ...named } as const;
    expect(allowed(rollingZone([n('R/R/-/H'), o('O/O/-/O'), zsk], bad))).toEqual(['n ds→R']);
    expect(allowed(rollingZone([n('R/R/-/R'), o('O/O/-/O'), zsk], bad))).toEqual(['o ds→U']);
    expect(allowed(rollingZone([n('O/O/-/O'), o('O/O/-/U'), zsk], bad))).toEqual([]);
    expect(allowed(rollingZone([n('O/O/-/O'), o('O/O/-/H'), zsk], bad))).toEqual(['o dnskey→U']);
  });
});

describe('a parent of which nothing is known (DESIGN 8)', () => {
  const unconfirmed = { delegation: 'unconfirmed' } as const;
  it.each(['additive', 'swap', 'double-ds'] as const)('stops %s before the old DS leaves', (method) => {
    const keys = [n('O/O/H/R'), o('O/O/O/R')];
    const zone = rollingZone(keys, { type: 'csk', method }, unconfirmed);
    expect(allowed(zone)).toEqual([]);
    expect(heldDs(zone)).toMatchObject({ reason: 'delegation_unconfirmed' });
    expect(heldDs(zone)?.because).toContain('confirm-ds --seen');
  });

  it('stops an algorithm rollover there too', () => {
    const keys = [keyIn('b', 'O/O/O/R', b15), leaving('a', 'O/O/O/R')];
    const zone = rollingZone(keys, { type: 'algorithm', method: 'conservative' }, unconfirmed);
    expect(allowed(zone)).toEqual([]);
    expect(heldDs(zone)).toMatchObject({ reason: 'delegation_unconfirmed' });
  });

  it('lets a ZSK roll', () => {
    const keys = [n('O/-/R/-'), o('O/-/O/-'), keyIn('k', 'O/O/-/R')];
    const zone = rollingZone(keys, { type: 'zsk', method: 'pre-publication', ...named }, unconfirmed);
    expect(allowed(zone)).toEqual(['o zrrsig→U']);
  });

  it('lets a cancel withdraw the new DS', () => {
    const keys = [n('O/O/-/R'), o('O/O/-/R'), zsk];
    const zone = rollingZone(keys, { method: 'additive', ...named, ...CANCELLED }, unconfirmed);
    expect(allowed(zone)).toEqual(['o ds→U']);
    const seen = { ...zone, delegation: 'secure' } as const;
    expect(allowed(seen)).toEqual([]);
  });
});

describe('a parent without a DS (DESIGN 8)', () => {
  it('a CSK rolls without waiting for it', () => {
    const none = { delegation: 'none' } as const;
    const rolling = { type: 'csk', method: 'additive' } as const;
    const at = (young: string, old: string) => allowed(rollingZone([n(young), o(old)], rolling, none), true);
    expect(at('R/R/H/H', 'O/O/O/R')).toEqual([]);
    expect(at('O/O/H/H', 'O/O/O/R')).toEqual(['n zrrsig→R', 'n ds→R']);
    expect(at('O/O/R/R', 'O/O/O/R')).toEqual(['o ds→U', 'o zrrsig→U']);
    expect(at('O/O/O/R', 'O/O/H/H')).toEqual(['o dnskey→U']);
  });
});

describe('cancel exchanges the sides (2.9)', () => {
  it('KSK/CSK 2-3: the DS of the new key is withdrawn first, its DNSKEY follows', () => {
    const back = { type: 'csk', method: 'additive', ...CANCELLED } as const;
    const at = (old: string, young: string) =>
      allowed(rollingZone([keyIn('x', old), leaving('y', young)], back));
    expect(at('O/O/O/O', 'O/O/H/R')).toEqual(['y ds→U']);
    expect(at('O/O/O/O', 'O/O/H/U')).toEqual([]);
    expect(at('O/O/O/O', 'O/O/H/H')).toEqual(['y dnskey→U']);
  });

  it('CSK 4-5: the old DS is asked for again, zone data switches back', () => {
    const back = { type: 'csk', method: 'additive', ...CANCELLED } as const;
    const at = (old: string, young: string) =>
      allowed(rollingZone([keyIn('x', old), leaving('y', young)], back));
    expect(at('O/O/U/U', 'O/O/R/O')).toEqual(['x zrrsig→R', 'x ds→R']);
    expect(at('O/O/R/R', 'O/O/R/O')).toEqual(['y zrrsig→U']);
    expect(at('O/O/O/O', 'O/O/H/O')).toEqual(['y ds→U']);
  });

  it('algorithm 2 and 5: unpublish, then stop; republish while signatures never stopped', () => {
    const back = { type: 'algorithm', method: 'conservative', ...CANCELLED } as const;
    const at = (a: string, b: string) => allowed(rollingZone([keyIn('a', a), leaving('b', b, b15)], back));
    expect(at('O/O/O/O', 'H/R/R/H')).toEqual(['b krrsig→U', 'b zrrsig→U']);
    expect(at('O/O/O/O', 'R/O/O/H')).toEqual(['b dnskey→U']);
    expect(at('O/O/O/O', 'U/O/O/H')).toEqual([]);
    expect(at('U/O/O/H', 'O/O/O/O')).toEqual(['a dnskey→R']);
    expect(at('R/O/O/H', 'O/O/O/O')).toEqual([]);
    expect(at('O/O/O/H', 'O/O/O/O')).toEqual(['a ds→R']);
  });
});

describe('holds', () => {
  it('apply to each of two rollovers that overlap, each to its own keys', () => {
    const keys = [n('O/O/-/R'), o('O/O/-/O'), keyIn('Z', 'O/-/R/-'), leaving('z', 'O/-/O/-')];
    const zone = rollingZone(keys, { method: 'additive', ...named });
    const zskRoll = { type: 'zsk', method: 'pre-publication', incoming: ['Z'], outgoing: ['z'] } as const;
    expect(allowed({ ...zone, overlapping: rolloverOf(keys, zskRoll) })).toEqual(['z zrrsig→U']);
  });

  it('do not outlive the rollover', () => {
    const keys = [n('O/O/-/R'), o('O/O/-/O'), zsk];
    expect(allowed(rollingZone(keys, named))).toEqual([]);
    expect(allowed(rollingZone(keys, named, { rollover: null }))).toEqual(['o ds→U']);
  });

  it('name records, and say where they are specified', () => {
    for (const hold of Object.values(HOLDS).flat()) {
      for (const record of hold.records) expect(RECORD_KINDS).toContain(record);
      if (hold.reason === 'plan') expect(hold.because).toMatch(/\(ROLLOVER 2\.\d/);
    }
  });
});
