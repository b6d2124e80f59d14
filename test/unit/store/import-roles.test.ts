/** What the keys of another signer are to the zone: roles, states and the rollover that goes on. */
import { describe, expect, it } from 'vitest';
import { unixSeconds } from '../../../src/base/time.ts';
import { dnskeyRdata } from '../../../src/dnssec/dnskey.ts';
import { CSK_ROLES, formatStates, KSK_ROLES, ZSK_ROLES } from '../../../src/kasp/key.ts';
import { DEFAULT_POLICY } from '../../../src/kasp/policy.ts';
import { type ForeignKey, NO_PLAN } from '../../../src/store/import-key.ts';
import { settleKeys } from '../../../src/store/import-roles.ts';
import { adoptedState } from '../../../src/store/import-state.ts';
import { adopting, BARE, codeOf, foreignKey } from '../../support/foreign-keys.ts';
import { NOON } from '../../support/kasp-states.ts';

const DAY = 86_400;
const ago = (seconds: number) => unixSeconds(NOON - seconds);

const servedOf = (...keys: ForeignKey[]) =>
  keys.map(({ flags, algorithm, publicKey }) => dnskeyRdata(flags!, algorithm, publicKey));

describe('keys without states', () => {
  it('begin as new ones do if nobody saw them', () => {
    const { keys } = settleKeys([foreignKey(), foreignKey({ flags: 256 })], BARE);
    expect(keys.map(({ roles }) => roles)).toEqual([KSK_ROLES, ZSK_ROLES]);
    expect(adoptedState(keys, adopting())).toMatchObject({ delegation: 'unconfirmed', rollover: null });
    expect(adoptedState(keys, adopting()).keys.map(formatStates)).toEqual(['H/H/-/H', 'H/-/H/-']);
  });

  it('are in use since their times if they are served, and no DS is assumed', () => {
    const past = unixSeconds(NOON - 90 * DAY);
    const plan = { ...NO_PLAN, publish: past, activate: past };
    const all = [foreignKey({ plan }), foreignKey({ plan, flags: 256 })];
    const { keys } = settleKeys(all, { ...BARE, served: servedOf(...all) });
    const state = adoptedState(keys, adopting());
    expect(state.keys.map(formatStates)).toEqual(['R/R/-/H', 'R/-/R/-']);
    expect(state.delegation).toBe('unconfirmed');
    expect(state.logs.zone.map(({ first, signers }) => [first, signers.length])).toEqual([
      [0, 0],
      [past, 1],
    ]);
  });

  it('are left out with a reason if others are served, or if their time is over', () => {
    const [used, other] = [foreignKey(), foreignKey()];
    const served = servedOf(used);
    expect(settleKeys([used, other], { ...BARE, served })).toMatchObject({
      keys: [{ source: used.source }],
      notes: [expect.stringContaining('not among the keys that are served')],
    });
    const late = foreignKey({ plan: { ...NO_PLAN, retire: ago(1) } });
    const early = foreignKey({ plan: { ...NO_PLAN, activate: ago(-1) } });
    const gone = foreignKey({ plan: { ...NO_PLAN, remove: ago(1) } });
    expect(settleKeys([late, early, gone, used], BARE)).toMatchObject({
      keys: [{ source: used.source }],
      notes: [/Inactive/, /still to come/, /Delete/].map((why) => expect.stringMatching(why)),
    });
  });

  it('roll on from a ZSK to the one that is published beside it', () => {
    const now = { ...NO_PLAN, publish: ago(DAY), activate: ago(DAY) };
    const all = [
      foreignKey({ plan: now }),
      foreignKey({ plan: now, flags: 256 }),
      foreignKey({ plan: { ...now, activate: ago(-DAY) }, flags: 256 }),
    ];
    const { keys } = settleKeys(all, { ...BARE, served: servedOf(...all) });
    const state = adoptedState(keys, adopting());
    expect(state.rollover).toMatchObject({ type: 'zsk', outgoing: ['id-2'], incoming: ['id-3'] });
    expect(state.keys.map(({ goal }) => goal)).toEqual(['IN', 'OUT', 'IN']);
  });

  it.each([
    ['KEYS_AMBIGUOUS', () => [foreignKey(), foreignKey()]],
    ['KEYS_AMBIGUOUS', () => [foreignKey(), foreignKey({ flags: 256 }), foreignKey({ flags: 256 })]],
    ['KEYS_INCOMPLETE', () => [foreignKey({ flags: 256 })]],
    ['KEYS_INCOMPLETE', () => [foreignKey({ roles: KSK_ROLES })]],
    ['KEY_ROLES', () => [foreignKey({ flags: 0 })]],
    ['KEY_ROLES', () => [foreignKey({ flags: 256, roles: CSK_ROLES })]],
    ['KEYS_AMBIGUOUS', () => [foreignKey({ roles: CSK_ROLES }), foreignKey({ flags: 256 })]],
    [
      'KEYS_AMBIGUOUS',
      () => [foreignKey(), foreignKey({ flags: 256, algorithm: 15, publicKey: new Uint8Array(32) })],
    ],
  ])('are refused where it would have to be guessed: %s', (code, keys) => {
    expect(codeOf(() => adoptedState(settleKeys(keys(), BARE).keys, adopting()))).toBe(code);
  });

  it('are refused if one is there twice', () => {
    const key = foreignKey();
    expect(codeOf(() => adoptedState(settleKeys([key, { ...key }], BARE).keys, adopting()))).toBe('KEY_TAGS');
  });

  it('whose states claim what is not served begin anew', () => {
    const used = foreignKey();
    const shown = { state: 'omnipresent', since: ago(DAY) } as const;
    const timing = {
      goal: 'IN',
      dnskey: shown,
      krrsig: shown,
      zrrsig: shown,
      ds: shown,
      dsSeenAt: null,
      dsGoneAt: null,
    } as const;
    const zsk = foreignKey({ flags: 256, timing });
    const { keys, notes } = settleKeys([used, zsk], { ...BARE, served: servedOf(used) });
    expect(notes).toEqual([expect.stringContaining('begins anew')]);
    expect(keys[1]!.timing.dnskey.state).toBe('hidden');
  });
});

describe('a rollover of a KSK that goes on', () => {
  const shown = { state: 'omnipresent', since: ago(DAY) } as const;
  const told = (goal: 'IN' | 'OUT', ds: 'omnipresent' | 'rumoured' | 'unretentive' | 'hidden') =>
    foreignKey({
      roles: KSK_ROLES,
      timing: {
        ...{ goal, dnskey: shown, krrsig: shown, zrrsig: shown, dsSeenAt: null, dsGoneAt: null },
        ds: { state: ds, since: ago(3_600) },
      },
    });

  it.each([
    ['omnipresent', 'rumoured', 'additive', 'additive'],
    ['omnipresent', 'rumoured', 'swap', 'swap'],
    ['omnipresent', 'hidden', 'double-ds', 'additive'],
    ['unretentive', 'rumoured', 'additive', 'swap'],
    ['hidden', 'omnipresent', 'additive', 'swap'],
  ] as const)(
    'whose old DS is %s and new one %s, under the policy %s, is one of %s',
    (old, fresh, ksk, method) => {
      const all = [told('OUT', old), told('IN', fresh), foreignKey({ flags: 256 })];
      const policy = { ...DEFAULT_POLICY, rollover: { ...DEFAULT_POLICY.rollover, ksk } };
      const state = adoptedState(settleKeys(all, BARE).keys, { ...adopting(), policy });
      expect(state.rollover).toMatchObject({ type: 'ksk', method, outgoing: ['id-1'], incoming: ['id-2'] });
      expect(state.lastStarted['key-signing']).toBe(state.rollover!.startedAt);
    },
  );
});
