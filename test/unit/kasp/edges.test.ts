import { describe, expect, it } from 'vitest';
import { ARROWS, gateOf } from '../../../src/kasp/edges.ts';
import type { Key, RecordKind, RecordState } from '../../../src/kasp/key.ts';
import { RECORD_KINDS } from '../../../src/kasp/key.ts';
import { DEFAULT_POLICY } from '../../../src/kasp/policy.ts';
import { newZoneState, type ZoneState } from '../../../src/kasp/zonestate.ts';
import { keyIn, leaving, rollingZone } from '../../support/zone-scene.ts';

const R = 'rumoured';
const U = 'unretentive';

function gate(zone: ZoneState, id: string, record: RecordKind, to: RecordState) {
  const key = zone.keys.find((one) => one.id === id)!;
  return gateOf(key, record, to, { state: zone, policy: DEFAULT_POLICY, isDsWaived: false });
}

/** Whether the gates before an edge of the first key are open, with no rollover. */
function isOpen(keys: readonly Key[], record: RecordKind, to: RecordState): boolean {
  const zone: ZoneState = { ...newZoneState(keys), delegation: 'secure' };
  return gate(zone, keys[0]!.id, record, to) === null;
}

describe('the edges of ROLLOVER 1.2', () => {
  const edgesOf = (record: RecordKind) =>
    ARROWS.filter((arrow) => arrow.record === record).map(
      ({ goal, from, to, isAction }) =>
        `${goal} ${from[0]!.toUpperCase()}→${to[0]!.toUpperCase()}${isAction ? '!' : ''}`,
    );

  it.each(RECORD_KINDS)('are the same seven for %s', (record) => {
    const coming = ['IN H→R!', 'IN U→R!', 'IN R→O'];
    expect(edgesOf(record)).toEqual([...coming, 'OUT R→O', 'OUT R→U!', 'OUT O→U!', 'OUT U→H']);
  });

  it('have one action at most from a state for one goal', () => {
    const actions = ARROWS.filter(({ isAction }) => isAction);
    const starts = actions.map(({ record, goal, from }) => `${record} ${goal} ${from}`);
    expect(new Set(starts).size).toBe(starts.length);
  });

  it('say what they are for', () => {
    for (const { because } of ARROWS) expect(because).toMatch(/^the key shall/);
  });
});

describe('gates into rumoured (ROLLOVER 1.3)', () => {
  it('DNSKEY: none', () => {
    expect(isOpen([keyIn('a', 'H/H/H/H')], 'dnskey', R)).toBe(true);
    expect(isOpen([keyIn('a', 'U/U/O/O')], 'dnskey', R)).toBe(true);
  });

  it('krrsig: own DNSKEY is not hidden', () => {
    expect(isOpen([keyIn('a', 'H/H/-/H')], 'krrsig', R)).toBe(false);
    for (const dnskey of ['R', 'O', 'U'])
      expect(isOpen([keyIn('a', `${dnskey}/H/-/H`)], 'krrsig', R)).toBe(true);
  });

  it('DS: own DNSKEY and krrsig are omnipresent', () => {
    const signer = keyIn('z', 'O/-/O/-');
    for (const chain of ['R/R', 'R/O', 'O/R', 'U/O', 'O/U', 'H/H']) {
      expect(isOpen([keyIn('a', `${chain}/-/H`), signer], 'ds', R)).toBe(false);
    }
    expect(isOpen([keyIn('a', 'O/O/-/H'), signer], 'ds', R)).toBe(true);
  });

  it('the first DS of an algorithm: signatures of it are omnipresent, by a known key', () => {
    const key = keyIn('a', 'O/O/-/H');
    expect(isOpen([key, keyIn('z', 'O/-/R/-')], 'ds', R)).toBe(false);
    expect(isOpen([key, keyIn('z', 'R/-/O/-')], 'ds', R)).toBe(false);
    expect(isOpen([key, keyIn('z', 'O/-/O/-', { algorithm: 15 })], 'ds', R)).toBe(false);
    expect(isOpen([key, keyIn('z', 'O/-/O/-')], 'ds', R)).toBe(true);
  });

  it('a later DS of an algorithm does not wait for a ZSK that is being replaced', () => {
    const switching = [keyIn('z', 'O/-/R/-'), leaving('y', 'O/-/U/-')];
    expect(isOpen([keyIn('b', 'O/O/-/H'), keyIn('a', 'O/O/-/O'), ...switching], 'ds', R)).toBe(true);
    expect(isOpen([keyIn('b', 'O/O/-/H'), ...switching], 'ds', R)).toBe(false);
  });

  it('zrrsig: own DNSKEY is omnipresent, once another key of the algorithm signed', () => {
    for (const other of ['O', 'R', 'U']) {
      const old = leaving('x', `O/-/${other}/-`);
      expect(isOpen([keyIn('z', 'R/-/H/-'), old], 'zrrsig', R)).toBe(false);
      expect(isOpen([keyIn('z', 'O/-/H/-'), old], 'zrrsig', R)).toBe(true);
    }
  });

  it('zrrsig: at once where the algorithm is new to the zone', () => {
    expect(isOpen([keyIn('a', 'R/R/H/H')], 'zrrsig', R)).toBe(true);
    expect(isOpen([keyIn('z', 'R/-/H/-'), keyIn('k', 'R/R/-/H')], 'zrrsig', R)).toBe(true);
    const other = leaving('x', 'O/O/O/O', { algorithm: 8 });
    expect(isOpen([keyIn('a', 'R/R/H/H'), other], 'zrrsig', R)).toBe(true);
  });

  it('zrrsig: not at once where a chain of trust leads through the algorithm', () => {
    const zsk = keyIn('z', 'R/-/H/-');
    const swapOfDs = [keyIn('b', 'O/O/-/R'), leaving('a', 'O/O/-/U')];
    const swapOfKeys = [keyIn('b', 'R/R/-/O'), leaving('a', 'U/U/-/O')];
    expect(isOpen([zsk, keyIn('k', 'O/O/-/O')], 'zrrsig', R)).toBe(false);
    expect(isOpen([zsk, ...swapOfDs], 'zrrsig', R)).toBe(false);
    expect(isOpen([zsk, ...swapOfKeys], 'zrrsig', R)).toBe(false);
    expect(isOpen([zsk, swapOfDs[0]!], 'zrrsig', R)).toBe(true);
    expect(isOpen([zsk, swapOfKeys[0]!], 'zrrsig', R)).toBe(true);
  });

  it('that no DS is waited for does not make an algorithm new (DESIGN 8)', () => {
    const keys = [keyIn('b', 'R/R/H/H'), leaving('a', 'O/O/O/R')];
    const zone = rollingZone(keys, { type: 'csk' }, { delegation: 'none' });
    const context = { state: zone, policy: DEFAULT_POLICY, isDsWaived: true };
    expect(gateOf(keys[0]!, 'zrrsig', R, context)).toMatchObject({ reason: 'gate' });
  });
});

describe('gates into unretentive (ROLLOVER 1.3)', () => {
  it('DNSKEY: own DS and own zrrsig are hidden', () => {
    for (const tail of ['O/O', 'H/U', 'U/H', 'H/R', 'R/H']) {
      expect(isOpen([leaving('a', `O/O/${tail}`)], 'dnskey', U)).toBe(false);
    }
    expect(isOpen([leaving('a', 'O/O/H/H')], 'dnskey', U)).toBe(true);
    expect(isOpen([leaving('a', 'O/-/H/-')], 'dnskey', U)).toBe(true);
  });

  it('krrsig: own DNSKEY leaves or has left', () => {
    for (const dnskey of ['R', 'O']) {
      expect(isOpen([leaving('a', `${dnskey}/O/-/H`)], 'krrsig', U)).toBe(false);
    }
    for (const dnskey of ['U', 'H'])
      expect(isOpen([leaving('a', `${dnskey}/O/-/H`)], 'krrsig', U)).toBe(true);
  });

  it('zrrsig: another key of the algorithm that stays signs', () => {
    const old = leaving('a', 'O/-/O/-');
    expect(isOpen([old], 'zrrsig', U)).toBe(false);
    expect(isOpen([old, keyIn('b', 'O/-/H/-')], 'zrrsig', U)).toBe(false);
    expect(isOpen([old, keyIn('b', 'O/-/U/-')], 'zrrsig', U)).toBe(false);
    expect(isOpen([old, keyIn('b', 'O/-/R/-', { algorithm: 15 })], 'zrrsig', U)).toBe(false);
    expect(isOpen([old, leaving('b', 'O/-/O/-')], 'zrrsig', U)).toBe(false);
    expect(isOpen([old, keyIn('b', 'O/-/R/-')], 'zrrsig', U)).toBe(true);
    expect(isOpen([old, keyIn('b', 'O/O/O/O')], 'zrrsig', U)).toBe(true);
  });

  it('zrrsig: a CSK that gives up the role is no relief', () => {
    const csk = keyIn('x', 'O/O/O/O', { roles: ['key-signing'] });
    expect(isOpen([leaving('z', 'O/-/O/-'), csk], 'zrrsig', U)).toBe(false);
    expect(isOpen([csk, keyIn('z', 'O/-/R/-')], 'zrrsig', U)).toBe(true);
  });

  it('DS may always leave', () => {
    expect(isOpen([leaving('a', 'O/O/O/O')], 'ds', U)).toBe(true);
  });
});

describe('what a shut gate says', () => {
  it('names bootstrapHold while a zone goes signed, and a gate during a rollover', () => {
    const keys = [keyIn('a', 'R/R/R/H')];
    expect(gate(newZoneState(keys), 'a', 'ds', R)).toMatchObject({ reason: 'bootstrap_hold' });
    expect(gate(rollingZone(keys, { type: 'csk' }), 'a', 'ds', R)).toEqual({
      reason: 'gate',
      because: 'a DS is asked for when every cache has the DNSKEY and its signature (ROLLOVER 1.3)',
    });
  });
});

describe('gates that a method waives', () => {
  const isWaivedIn = (zone: ZoneState, id: string, record: RecordKind, to: RecordState) =>
    gate(zone, id, record, to) === null;

  it('double-ds: the DS comes before its DNSKEY, which then leaves before its DS', () => {
    const first = [keyIn('n', 'H/H/-/H'), leaving('o', 'O/O/-/O'), keyIn('z', 'O/-/O/-')];
    const named = { incoming: ['n'], outgoing: ['o'] };
    expect(isWaivedIn(rollingZone(first, { method: 'double-ds', ...named }), 'n', 'ds', R)).toBe(true);
    expect(isWaivedIn(rollingZone(first, { method: 'additive', ...named }), 'n', 'ds', R)).toBe(false);
    expect(isWaivedIn(rollingZone(first, { method: 'double-ds', ...named }), 'o', 'dnskey', U)).toBe(true);
    expect(isWaivedIn(rollingZone(first, { method: 'swap', ...named }), 'o', 'dnskey', U)).toBe(false);
  });

  it('double-ds of a CSK: its DNSKEY stays until its signatures are gone', () => {
    const keys = [keyIn('y', 'R/R/H/O'), leaving('x', 'O/O/O/O')];
    const zone = rollingZone(keys, { type: 'csk', method: 'double-ds' });
    expect(gate(zone, 'x', 'dnskey', U)?.because).toContain('signatures of zone data');
  });

  it('conservative: signatures come before, and go after, their DNSKEY', () => {
    const keys = [keyIn('b', 'H/H/H/H', { algorithm: 15 }), leaving('a', 'O/O/O/H')];
    const rolling = { type: 'algorithm', incoming: ['b'], outgoing: ['a'] } as const;
    const zone = rollingZone(keys, { ...rolling, method: 'conservative' });
    expect(isWaivedIn(zone, 'b', 'krrsig', R)).toBe(true);
    expect(isWaivedIn(zone, 'b', 'zrrsig', R)).toBe(true);
    expect(isWaivedIn(zone, 'a', 'dnskey', U)).toBe(true);
    expect(isWaivedIn(zone, 'a', 'zrrsig', U)).toBe(true);
    const liberal = rollingZone(keys, { ...rolling, method: 'liberal' });
    expect(isWaivedIn(liberal, 'b', 'krrsig', R)).toBe(false);
  });

  it('conservative: not the DS of a DNSKEY, whatever else', () => {
    const keys = [keyIn('b', 'R/O/O/H', { algorithm: 15 }), leaving('a', 'O/O/O/U')];
    const zone = rollingZone(keys, { type: 'algorithm', method: 'conservative' });
    expect(isWaivedIn(zone, 'b', 'ds', R)).toBe(false);
    expect(isWaivedIn(zone, 'a', 'dnskey', U)).toBe(false);
  });

  it('unsign: everything goes at once, but no DNSKEY with a DS', () => {
    const keys = [leaving('a', 'O/O/O/H')];
    const zone = rollingZone(keys, { type: 'insecure', method: 'unsign' }, { goal: 'insecure' });
    expect(isWaivedIn(zone, 'a', 'dnskey', U)).toBe(true);
    expect(isWaivedIn(zone, 'a', 'zrrsig', U)).toBe(true);
    const asked = { ...zone, keys: [leaving('a', 'O/O/O/U')] };
    expect(isWaivedIn(asked, 'a', 'dnskey', U)).toBe(false);
  });

  it('containment: a bad key is replaced at once', () => {
    const keys = [keyIn('n', 'R/R/-/H'), leaving('o', 'O/O/-/O'), keyIn('z', 'O/-/O/-')];
    const rolling = { method: 'swap', incoming: ['n'], outgoing: ['o'] } as const;
    expect(isWaivedIn(rollingZone(keys, { ...rolling, emergency: 'containment' }), 'n', 'ds', R)).toBe(true);
    expect(isWaivedIn(rollingZone(keys, { ...rolling, emergency: 'continuity' }), 'n', 'ds', R)).toBe(false);
  });

  it('only for the keys that the rollover names', () => {
    const keys = [
      keyIn('n', 'H/H/-/H'),
      leaving('o', 'O/O/-/O'),
      keyIn('z', 'O/-/O/-'),
      keyIn('s', 'H/H/-/H'),
    ];
    const zone = rollingZone(keys, { method: 'double-ds', incoming: ['n'], outgoing: ['o'] });
    expect(isWaivedIn(zone, 's', 'ds', R)).toBe(false);
  });
});
