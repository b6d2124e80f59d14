import { describe, expect, it } from 'vitest';
import { unixSeconds } from '../../../src/base/time.ts';
import { dnskeyRdata } from '../../../src/dnssec/dnskey.ts';
import { dsRdata } from '../../../src/dnssec/ds.ts';
import {
  formatStates,
  hiddenKey,
  isEntirelyHidden,
  type Key,
  type RecordState,
} from '../../../src/kasp/key.ts';
import { type CdsMode, DEFAULT_POLICY } from '../../../src/kasp/policy.ts';
import {
  cdsSet,
  cdsSigners,
  dnskeySet,
  dnskeySigners,
  wantedDs,
  zoneSigners,
} from '../../../src/kasp/records.ts';
import type { Rollover, RolloverMethod, ZoneState } from '../../../src/kasp/zonestate.ts';
import { nameOf } from '../../../src/wire/name.ts';

const APEX = nameOf('example.com.');
const NOW = unixSeconds(1_795_521_600);
const LETTERS: Readonly<Record<string, RecordState>> = {
  H: 'hidden',
  R: 'rumoured',
  O: 'omnipresent',
  U: 'unretentive',
};

/** A key in states written as ROLLOVER does: `O/O/-/R`. */
function keyIn(states: string, seed = 1): Key {
  const [dnskey, krrsig, zrrsig, ds] = states
    .split('/')
    .map((letter) =>
      letter === '-' ? null : { state: LETTERS[letter]!, since: NOW, doneAt: NOW, notBefore: null },
    );
  const roles = [
    krrsig === null ? [] : ['key-signing'],
    zrrsig === null ? [] : ['zone-signing'],
  ].flat() as Key['roles'];
  const publicKey = new Uint8Array(64).fill(seed);
  const key = hiddenKey({ id: `key-${seed}`, algorithm: 13, roles, publicKey }, NOW);
  return { ...key, states: { dnskey: dnskey!, krrsig: krrsig!, zrrsig: zrrsig!, ds: ds! } };
}

function secure(keys: Key[]): Pick<ZoneState, 'keys' | 'goal'> {
  return { keys, goal: 'secure' };
}

function rolloverBy(method: RolloverMethod): Rollover {
  return {
    ...{ id: 'roll', type: 'ksk', method, emergency: null, startedAt: NOW, incoming: [], outgoing: [] },
    ...{ cancelledAt: null, step: 'publish', stepSince: NOW, isStalled: false, followedBy: null },
  };
}

describe('what is served follows from the states', () => {
  it('one record at a time, for each of the four states', () => {
    for (const [letter, shown] of [
      ['H', 0],
      ['R', 1],
      ['O', 1],
      ['U', 0],
    ] as const) {
      expect(dnskeySet([keyIn(`${letter}/H/H/H`)])).toHaveLength(shown);
      expect(dnskeySigners([keyIn(`O/${letter}/H/H`)])).toHaveLength(shown);
      expect(zoneSigners([keyIn(`O/H/${letter}/H`)])).toHaveLength(shown);
      expect(cdsSet(secure([keyIn(`O/O/O/${letter}`)]), APEX, DEFAULT_POLICY).cds).toHaveLength(shown);
    }
  });

  it('DNSKEY has flags by role and is sorted', () => {
    const set = dnskeySet([keyIn('O/O/-/O', 9), keyIn('R/-/R/-', 8), keyIn('U/-/U/-', 7)]);
    expect(set).toEqual([
      dnskeyRdata(256, 13, new Uint8Array(64).fill(8)),
      dnskeyRdata(257, 13, new Uint8Array(64).fill(9)),
    ]);
    expect(dnskeySigners([keyIn('O/O/-/O', 9), keyIn('R/-/R/-', 8)]).map(({ id }) => id)).toEqual(['key-9']);
  });

  it('CDS and CDNSKEY name the same keys, in all digests of the policy', () => {
    const keys = [keyIn('O/O/O/R', 1), keyIn('O/O/O/O', 2), keyIn('O/O/O/U', 3), keyIn('O/-/O/-', 4)];
    const { cds, cdnskey } = cdsSet(secure(keys), APEX, { cds: 'always', digests: [2, 4] });
    const [one, two] = [1, 2].map((seed) => dnskeyRdata(257, 13, new Uint8Array(64).fill(seed)));
    expect(cdnskey).toEqual([one, two]);
    expect(new Set(cds)).toEqual(
      new Set([one!, two!].flatMap((rdata) => [dsRdata(APEX, rdata, 2), dsRdata(APEX, rdata, 4)])),
    );
  });

  it('CDS obeys the mode of the policy', () => {
    const settled = [keyIn('O/O/O/O')];
    const rolling = [keyIn('O/O/O/O'), keyIn('O/O/O/R', 2)];
    const count = (keys: Key[], cds: 'always' | 'rollover' | 'never') =>
      cdsSet(secure(keys), APEX, { cds, digests: [2] }).cdnskey.length;
    expect([count(settled, 'always'), count(settled, 'rollover'), count(settled, 'never')]).toEqual([
      1, 0, 0,
    ]);
    expect([count(rolling, 'always'), count(rolling, 'rollover'), count(rolling, 'never')]).toEqual([
      2, 2, 0,
    ]);
  });

  it('a zone that shall be insecure asks for removal until no cache has its DS', () => {
    const ask = (states: string[], goal: ZoneState['goal'], cds: CdsMode = 'rollover') => {
      const keys = states.map((text, index) => keyIn(text, index));
      return cdsSet({ keys, goal }, APEX, { cds, digests: [2] });
    };
    const removal = { cds: [Uint8Array.of(0, 0, 0, 0, 0)], cdnskey: [Uint8Array.of(0, 0, 3, 0, 0)] };
    const nothing = { cds: [], cdnskey: [] };
    expect(ask(['O/O/O/U'], 'insecure')).toEqual(removal);
    expect(ask(['O/O/O/U', 'O/O/-/H'], 'insecure')).toEqual(removal);
    expect(ask(['O/O/O/H'], 'insecure')).toEqual(nothing);
    expect(ask(['O/O/O/U'], 'secure')).toEqual(nothing);
    expect(ask(['O/O/O/U'], 'insecure', 'never')).toEqual(nothing);
    // Removal stands alone in its RRset: not while another DS is wanted.
    expect(ask(['O/O/O/U', 'O/O/-/O'], 'insecure').cdnskey).toEqual([
      dnskeyRdata(257, 13, new Uint8Array(64).fill(1)),
    ]);
  });

  it('CDS are signed by who signs DNSKEY, with double-DS by who signs the zone too', () => {
    const keys = [keyIn('O/O/-/O', 1), keyIn('O/-/O/-', 2), keyIn('H/H/-/R', 3), keyIn('O/O/O/O', 4)];
    const signers = (rollover: Rollover | null) => cdsSigners({ keys, rollover }).map(({ id }) => id);
    expect(signers(null)).toEqual(['key-1', 'key-4']);
    expect(signers(rolloverBy('additive'))).toEqual(['key-1', 'key-4']);
    expect(signers(rolloverBy('double-ds'))).toEqual(['key-1', 'key-2', 'key-4']);
  });

  it('the DS to ask for are those of key-signing keys that shall stay, whatever their state', () => {
    const leaving = { ...keyIn('O/O/-/O', 2), goal: 'OUT' as const };
    const staying = keyIn('R/R/-/H', 1);
    const expected = [dsRdata(APEX, dnskeyRdata(257, 13, staying.publicKey), 2)];
    expect(wantedDs([staying, leaving, keyIn('O/-/O/-', 3)], APEX, DEFAULT_POLICY)).toEqual(expected);
  });

  it('a key is written as ROLLOVER does', () => {
    expect(formatStates(keyIn('R/-/U/-'))).toBe('R/-/U/-');
    expect(isEntirelyHidden(keyIn('H/H/-/H'))).toBe(true);
    expect(isEntirelyHidden(keyIn('H/U/-/H'))).toBe(false);
  });
});
