/** The judge of rollovers can condemn: histories with a known verdict (ROLLOVER 6.4, 7). */
import { describe, expect, it } from 'vitest';
import { type Histories, judge, judgeClaims, type Rules } from '../../support/rollover-judge.ts';

const ENDLESS = Number.POSITIVE_INFINITY;
const RULES: Rules = {
  algorithms: new Map([
    ['K1', 13],
    ['K2', 13],
    ['Z1', 13],
    ['Z2', 13],
    ['C1', 13],
    ['C2', 15],
  ]),
  isKeyStrict: false,
  isEverSecure: true,
};

function span(first: number, last = ENDLESS, ttl = 10) {
  return { first, last, deadAt: last + ttl, ttl };
}

/** A ZSK rollover whose new key signs from `switchAt`; DNSKEY without it was served until 100, TTL 10. */
function zskRoll(switchAt: number): Histories {
  return {
    dnskey: [
      { ...span(0, 100), keys: ['K1', 'Z1'], signers: ['K1'] },
      { ...span(100), keys: ['K1', 'Z1', 'Z2'], signers: ['K1'] },
    ],
    zone: [
      { ...span(0, switchAt), signers: ['Z1'] },
      { ...span(switchAt), signers: ['Z2'] },
    ],
    cds: [],
    ds: [{ ...span(0), keys: ['K1'] }],
  };
}

/** A KSK swap whose old key leaves DNSKEY at `removeAt`; the DS TTL is 50. */
function kskSwap(removeAt: number): Histories {
  return {
    dnskey: [
      { ...span(0, removeAt), keys: ['K1', 'K2', 'Z1'], signers: ['K1', 'K2'] },
      { ...span(removeAt), keys: ['K2', 'Z1'], signers: ['K2'] },
    ],
    zone: [{ ...span(0), signers: ['Z1'] }],
    cds: [],
    ds: [
      { ...span(0, 200, 50), keys: ['K1'] },
      { ...span(200, ENDLESS, 50), keys: ['K2'] },
    ],
  };
}

describe('the judge', () => {
  it('sees a ZSK that signs a second before the old DNSKEY RRset has left all caches', () => {
    expect(judge(zskRoll(110), RULES)).toEqual([]);
    expect(judge(zskRoll(109), RULES)).toMatchObject([{ property: 'P1', from: 109, until: 110 }]);
  });

  it('sees a KSK that leaves a second before its DS has left all caches', () => {
    expect(judge(kskSwap(250), RULES)).toEqual([]);
    expect(judge(kskSwap(249), RULES)).toMatchObject([{ property: 'P1', from: 249, until: 250 }]);
  });

  it('sees an algorithm in DS or DNSKEY that does not sign', () => {
    const keys = ['C1', 'C2'];
    const histories: Histories = {
      dnskey: [{ ...span(0), keys, signers: keys }],
      zone: [{ ...span(0), signers: ['C1'] }],
      cds: [],
      ds: [{ ...span(0), keys: ['C1'] }],
    };
    expect(judge(histories, RULES)).toEqual([]);
    expect(judge(histories, { ...RULES, isKeyStrict: true })).toMatchObject([{ property: 'P3' }]);
    const both = { ...histories, ds: [{ ...span(0), keys }] };
    expect(judge(both, RULES)).toMatchObject([{ property: 'P2' }]);
  });

  it('sees a gap in the DS, unless it is from before the first', () => {
    const empty = {
      ...zskRoll(110),
      ds: [
        { ...span(0, 5), keys: [] },
        { ...span(5), keys: ['K1'] },
      ],
    };
    expect(judge(empty, RULES)).toEqual([]);
    const gap = {
      ...empty,
      ds: [
        { ...span(0, 50), keys: ['K1'] },
        { ...span(50), keys: [] },
      ],
    };
    expect(judge(gap, RULES)).toMatchObject([{ property: 'P4', from: 50 }]);
    expect(judge(gap, { ...RULES, isEverSecure: false })).toEqual([]);
  });

  it('sees CDS that no cached DNSKEY, or no DS of now, vouches for', () => {
    const cds = (signers: readonly string[]) => [{ ...span(150), keys: ['K2'], isDelete: false, signers }];
    expect(judge({ ...kskSwap(250), cds: cds(['K1', 'K2']) }, RULES)).toEqual([]);
    const byOld = judge({ ...kskSwap(250), cds: cds(['K1']) }, RULES);
    expect(byOld).toMatchObject([{ property: 'P5', from: 250 }]);
  });

  it('sees a claim that caches belie', () => {
    const histories = zskRoll(110);
    const claimed = (states: string, at: number) => judgeClaims(new Map([['Z2', states]]), histories, at);
    expect(claimed('O/-/H/-', 109)).toMatchObject([{ property: 'P10' }]);
    expect(claimed('O/-/H/-', 110)).toMatchObject([{ property: 'P10' }]);
    expect(claimed('O/-/R/-', 110)).toEqual([]);
    expect(claimed('O/-/O/-', 119)).toMatchObject([{ property: 'P10' }]);
    expect(claimed('O/-/O/-', 120)).toEqual([]);
  });
});
