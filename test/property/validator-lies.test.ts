/**
 * The independent validator can fail: responses that are signed by a key that it trusts and are wrong all the same, one
 * for each rule of RFC 4035 §5.4, 5155 §8, 6840 §4 and 9824, and right answers that are told of the wrong question.
 */
import { describe, expect, it } from 'vitest';
import { NOW } from '../support/served.ts';
import { readSource, typescriptBelow } from '../support/sources.ts';
import { type Judgement, Validator } from '../support/validator.ts';
import { bitmapOf } from '../support/validator-chain.ts';
import { TYPE, type WireRecord } from '../support/validator-message.ts';
import { encodeMessage, LIAR_DNSKEY, signAnew } from '../support/validator-mutants.ts';
import { type Name, nameOfLabels, nameToWire } from '../support/validator-name.ts';
import { nsec3Label, nsec3Owner } from '../support/validator-nsec3.ts';
import type { DenialMode, FactRecord } from '../support/validator-zone.ts';

const APEX = nameOfLabels(['example']);
const TTL = 300;

function at(text: string): Name {
  return nameOfLabels([...text.split('.').filter(Boolean), 'example']);
}

function record(owner: string, type: number, rdata: Buffer): FactRecord {
  return { owner: at(owner), type, ttl: TTL, rdata };
}

const SOA = Buffer.concat([nameToWire(APEX), nameToWire(APEX), Buffer.alloc(16), Buffer.from([0, 0, 1, 44])]);
const ADDRESS = Buffer.from([192, 0, 2, 1]);
const ZONE: readonly FactRecord[] = [
  record('', TYPE.SOA, SOA),
  record('', TYPE.NS, nameToWire(at('b'))),
  record('', TYPE.DNSKEY, LIAR_DNSKEY),
  record('b', TYPE.A, ADDRESS),
  record('deep.ent', TYPE.A, ADDRESS),
  record('*.w', TYPE.A, ADDRESS),
  record('cut', TYPE.NS, nameToWire(at('ns.cut'))),
  record('d', TYPE.DNAME, nameToWire(at('b'))),
];
const CHAIN = ['', 'b', 'cut', 'd', 'deep.ent', '*.w'] as const;

/** What a lying server says; everything but the NS of a referral is signed. */
interface Lie {
  readonly asked: string;
  readonly type?: number;
  readonly rcode?: number;
  readonly answer?: readonly WireRecord[];
  readonly authority?: readonly (readonly WireRecord[])[];
  readonly isReferral?: boolean;
}

const { A, NS, DS, NSEC, RRSIG, NXNAME, CNAME, DNAME, TXT } = TYPE;

function wire(owner: Name, type: number, rdata: Buffer, ttl = TTL): WireRecord {
  return { owner, type, class: 1, ttl, rdata };
}

function signed(owner: Name, type: number, rdata: Buffer, labels?: number): WireRecord[] {
  return signAnew([wire(owner, type, rdata)], APEX, NOW, labels);
}

function nsec(owner: string, next: string, ...types: number[]): WireRecord[] {
  const rdata = Buffer.concat([nameToWire(at(next)), bitmapOf([...types, RRSIG, NSEC])]);
  // An asterisk in front is not counted.
  return signed(at(owner), NSEC, rdata, at(owner).split('\0').length - 1 - (owner.startsWith('*') ? 1 : 0));
}

/** An NSEC3 from the hash of one name to that of another, or from just before a hash to just behind it. */
function nsec3(owner: string, next: string, ...types: number[]): WireRecord[] {
  return nsec3Raw(nsec3Owner(at(owner), APEX), nsec3Label(at(next)), types);
}

function nsec3Around(covered: string): WireRecord[] {
  const value = BigInt(`0x${base32hexToHex(nsec3Label(at(covered)))}`);
  const label = (n: bigint) => hexToBase32hex(n.toString(16).padStart(40, '0'));
  return nsec3Raw(nameOfLabels([label(value - 1n), 'example']), label(value + 1n), []);
}

function nsec3Raw(owner: Name, next: string, types: readonly number[]): WireRecord[] {
  const hash = Buffer.from(base32hexToHex(next), 'hex');
  return signed(owner, TYPE.NSEC3, Buffer.concat([Buffer.from([1, 0, 0, 0, 0, 20]), hash, bitmapOf(types)]));
}

function base32hexToHex(text: string): string {
  let bits = 0n;
  for (const digit of text) bits = bits * 32n + BigInt(Number.parseInt(digit, 32));
  return bits.toString(16).padStart(40, '0');
}

function hexToBase32hex(hex: string): string {
  let rest = BigInt(`0x${hex}`);
  let text = '';
  for (let i = 0; i < 32; i++, rest /= 32n) text = (rest % 32n).toString(32) + text;
  return text;
}

function judge(mode: DenialMode, lie: Lie): Judgement {
  const setup = { apex: APEX, records: ZONE, trusted: [LIAR_DNSKEY], mode, now: NOW };
  const { asked, type = A, rcode = 0, answer = [], authority = [], isReferral = false } = lie;
  const soa = answer.length === 0 && !isReferral ? signed(APEX, TYPE.SOA, SOA) : [];
  const octets = encodeMessage({
    id: 1,
    flags: isReferral ? 0x8000 : 0x8400,
    rcode,
    question: { name: at(asked), type, class: 1 },
    answer,
    authority: [...soa, ...authority.flat()],
    additional: [],
    ednsFlags: 0x8000,
  });
  return new Validator(setup).judge({ name: at(asked), type, dnssecOk: true }, octets);
}

/** The whole true chain, from which right answers pick. */
const TRUE_NSEC = CHAIN.map((owner, i) => {
  const types = ZONE.filter((one) => one.owner === at(owner)).map(({ type }) => type);
  return nsec(owner, CHAIN[i + 1] ?? '', ...types);
});
const [OF_APEX, OF_B, OF_CUT, OF_D, OF_DEEP, OF_WILD] = TRUE_NSEC as [
  WireRecord[],
  WireRecord[],
  WireRecord[],
  WireRecord[],
  WireRecord[],
  WireRecord[],
];
const EXPANDED = signed(at('x.w'), A, ADDRESS, 2);
const REFERRAL = [wire(at('cut'), NS, nameToWire(at('ns.cut')))];
const NX = 3;

describe('right responses', () => {
  it.each<[string, DenialMode, Lie, Judgement['verdict']]>([
    ['no such name', 'nsec', { asked: 'c', rcode: NX, authority: [OF_B, OF_APEX] }, 'secure'],
    ['no such type', 'nsec', { asked: 'b', type: TXT, authority: [OF_B] }, 'secure'],
    ['an empty non-terminal', 'nsec', { asked: 'ent', authority: [OF_D] }, 'secure'],
    ['a wildcard', 'nsec', { asked: 'x.w', answer: EXPANDED, authority: [OF_WILD] }, 'secure'],
    ['no such type of a wildcard', 'nsec', { asked: 'x.w', type: TXT, authority: [OF_WILD] }, 'secure'],
    ['a referral', 'nsec', { asked: 'x.cut', authority: [REFERRAL, OF_CUT], isReferral: true }, 'insecure'],
    ['compact no such name', 'compact', { asked: 'c', authority: [nsec('c', '\0.c', NXNAME)] }, 'secure'],
    [
      'compact no such type',
      'compact',
      { asked: 'b', type: TXT, authority: [nsec('b', '\0.b', A)] },
      'secure',
    ],
  ])('%s', (_, mode, lie, verdict) => {
    const { reason, faults, ...is } = judge(mode, lie);
    expect({ verdict: is.verdict, reason, faults }).toEqual({ verdict, reason, faults: [] });
  });
});

describe('bogus responses', () => {
  it.each<[string, Lie, RegExp]>([
    [
      'a range that ends too early',
      { asked: 'c', rcode: NX, authority: [nsec('', 'b'), OF_DEEP] },
      /no NSEC covers/,
    ],
    ['no record about the wildcard', { asked: 'c', rcode: NX, authority: [OF_B] }, /no NSEC covers \*/],
    ['a name that exists', { asked: 'b', rcode: NX, authority: [OF_B, OF_APEX] }, /an NSEC matches/],
    ['an empty non-terminal', { asked: 'ent', rcode: NX, authority: [OF_D, OF_APEX] }, /empty non-terminal/],
    ['the type that is asked for', { asked: 'b', authority: [OF_B] }, /bitmap has type 1/],
    ['a CNAME', { asked: 'b', type: TXT, authority: [nsec('b', 'cut', CNAME)] }, /CNAME/],
    ['the record of a cut', { asked: 'cut', type: A, authority: [OF_CUT] }, /zone cut/],
    ['a name below a cut', { asked: 'x.cut', rcode: NX, authority: [OF_CUT, OF_APEX] }, /no NSEC covers/],
    ['a name below a DNAME', { asked: 'x.d', rcode: NX, authority: [OF_D, OF_APEX] }, /no NSEC covers/],
    ['a wildcard without its proof', { asked: 'x.w', answer: EXPANDED }, /no proof/],
    [
      'a wildcard with another proof',
      { asked: 'x.w', answer: EXPANDED, authority: [OF_B] },
      /no NSEC covers/,
    ],
    [
      'a denial from a wildcard',
      { asked: 'x.w', type: TXT, authority: [signedNsecFromWildcard()] },
      /from a wildcard/,
    ],
    [
      'a referral without denial',
      { asked: 'x.cut', authority: [REFERRAL], isReferral: true },
      /without its denial/,
    ],
    [
      'a referral whose denial has DS',
      { asked: 'x.cut', authority: [REFERRAL, nsec('cut', 'd', NS, DS)], isReferral: true },
      /has DS/,
    ],
    [
      'a referral whose denial is of the child',
      { asked: 'x.cut', authority: [REFERRAL, nsec('cut', 'd', NS, TYPE.SOA)], isReferral: true },
      /of no cut/,
    ],
    [
      'a DNAME without its CNAME',
      { asked: 'x.d', answer: signed(at('d'), DNAME, nameToWire(at('b'))) },
      /CNAME/,
    ],
    [
      'a CNAME that the DNAME does not make',
      {
        asked: 'x.d',
        answer: [...signed(at('d'), DNAME, nameToWire(at('b'))), wire(at('x.d'), CNAME, nameToWire(at('b')))],
      },
      /leads to/,
    ],
    ['more than is needed', { asked: 'b', type: TXT, authority: [OF_B, OF_D] }, /nothing needs/],
    [
      'NSEC beside NSEC3',
      { asked: 'b', type: TXT, authority: [OF_B, nsec3('b', 'd', A)] },
      /in one response/,
    ],
    ['NXNAME beside other types', { asked: 'c', authority: [nsec('c', '\0.c', NXNAME, A)] }, /beside NXNAME/],
    ['no signature', { asked: 'b', answer: [wire(at('b'), A, ADDRESS)] }, /no signature/],
  ])('%s', (_, lie, reason) => {
    const { verdict, reason: told } = judge('nsec', lie);
    expect([verdict, told]).toEqual(['bogus', expect.stringMatching(reason)]);
  });

  function signedNsecFromWildcard(): WireRecord[] {
    return signed(at('x.w'), NSEC, Buffer.concat([nameToWire(APEX), bitmapOf([A, RRSIG, NSEC])]), 2);
  }
});

describe('bogus responses with NSEC3', () => {
  const apex = nsec3('', '', NS, TYPE.SOA, RRSIG);
  it.each<[string, Lie, RegExp]>([
    [
      'no closest encloser',
      { asked: 'c', rcode: NX, authority: [nsec3Around('c')] },
      /no NSEC3 matches an encloser/,
    ],
    ['no next closer name', { asked: 'c', rcode: NX, authority: [nsec3('', '\0', RRSIG)] }, /next closer/],
    [
      'no record about the wildcard',
      { asked: 'c', rcode: NX, authority: [nsec3Match(''), nsec3Around('c')] },
      /no NSEC3 covers \*/,
    ],
    ['a name that exists', { asked: 'b', rcode: NX, authority: [nsec3Match('b'), apex] }, /an NSEC3 matches/],
    [
      'an encloser that is a cut',
      { asked: 'x.cut', rcode: NX, authority: [nsec3Match('cut', NS), nsec3Around('x.cut')] },
      /encloser is a cut/,
    ],
    ['the type that is asked for', { asked: 'b', authority: [nsec3Match('b', A)] }, /bitmap has type 1/],
    [
      'a wildcard whose next closer name is not covered',
      { asked: 'x.w', answer: EXPANDED, authority: [nsec3Match('w')] },
      /next closer/,
    ],
    [
      'a referral whose denial has DS',
      { asked: 'x.cut', authority: [REFERRAL, nsec3Match('cut', NS, DS)], isReferral: true },
      /has DS/,
    ],
  ])('%s', (_, lie, reason) => {
    const { verdict, reason: told } = judge('nsec3', lie);
    expect([verdict, told]).toEqual(['bogus', expect.stringMatching(reason)]);
  });

  /** A record that matches and covers next to nothing. */
  function nsec3Match(owner: string, ...types: number[]): WireRecord[] {
    const hash = nsec3Label(at(owner));
    const next = (BigInt(`0x${base32hexToHex(hash)}`) + 1n).toString(16).padStart(40, '0');
    return nsec3Raw(nameOfLabels([hash, 'example']), hexToBase32hex(next), types);
  }
});

describe('responses that a resolver must believe, and that are untrue', () => {
  it.each<[string, DenialMode, Lie, RegExp]>([
    [
      'a type left out of the bitmap',
      'nsec',
      { asked: 'b', authority: [nsec('b', 'cut')] },
      /not that of the chain/,
    ],
    [
      'a type too many',
      'nsec',
      { asked: 'b', type: TXT, authority: [nsec('b', 'cut', A, NS + 28)] },
      /of the chain/,
    ],
    [
      'a name skipped',
      'nsec',
      { asked: 'c', rcode: NX, authority: [nsec('', 'd')] },
      /not that of the chain/,
    ],
    [
      'no such name of one that is',
      'compact',
      { asked: 'b', authority: [nsec('b', '\0.b', NXNAME)] },
      /types/,
    ],
    [
      'a compact record that skips a name',
      'compact',
      { asked: 'b', type: TXT, authority: [nsec('b', 'd', A)] },
      /skips/,
    ],
    [
      'other data',
      'nsec',
      { asked: 'b', answer: signed(at('b'), A, Buffer.from([192, 0, 2, 9])) },
      /not c0000201/,
    ],
    ['NXDOMAIN to a resolver that knows no CO', 'compact', compactNxdomain(), /rcode 3, not 0/],
  ])('%s', (_, mode, lie, fault) => {
    const { verdict, reason, faults } = judge(mode, lie);
    expect([verdict, reason]).toEqual(['secure', expect.any(String)]);
    expect(faults).toContainEqual(expect.stringMatching(fault));
  });

  function compactNxdomain(): Lie {
    return { asked: 'c', rcode: NX, authority: [nsec('c', '\0.c', NXNAME)] };
  }
});

it('is judged by code that shares nothing with what it judges', () => {
  const paths = typescriptBelow('test/support')
    .map(({ path }) => path)
    .filter((path) => /\/validator[\w-]*\.ts$/.test(path) && !path.endsWith('-rig.ts'));
  expect(paths.length).toBeGreaterThan(9);
  const imports = paths.flatMap((path) =>
    [...readSource(path).text.matchAll(/from '([^']+)'/g)].map((match) => `${path}: ${match[1]}`),
  );
  expect(
    imports.filter((line) => !/: (node:(crypto|buffer)|fast-check|\.\/validator-[\w-]+\.ts)$/.test(line)),
  ).toEqual([]);
});
