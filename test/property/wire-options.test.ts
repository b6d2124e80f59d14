/** What a response says beside its records, against plain twins: the OPT record, cookies, and the TSIG record BADKEY. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { COOKIE_STATE, CookieMaker } from '../../src/wire/cookie.ts';
import { OptRecord } from '../../src/wire/edns-record.ts';
import type { Name } from '../../src/wire/name.ts';
import { Peer, type Transport } from '../../src/wire/peer.ts';
import { Query } from '../../src/wire/query.ts';
import { putBadKey } from '../../src/wire/tsig.ts';
import { Writer } from '../../src/wire/writer.ts';
import { wholeCookie } from '../support/siphash.ts';
import { nameAt } from '../support/validator-name.ts';
import { arbitraryName, longName } from '../support/wiretext.ts';

const octet = fc.nat(255);
const octets = (count: number) => fc.uint8Array({ minLength: count, maxLength: count });
const isOneOf = fc.boolean();

function peerAt(address: Uint8Array, transport: Transport = 'udp'): Peer {
  const peer = new Peer();
  peer.setOctets(transport, address.length === 4 ? 4 : 6, address, 0, 4_000);
  return peer;
}

// ---- The OPT record ----

const OPTION = { NSID: 3, COOKIE: 10, KEEPALIVE: 11, PADDING: 12, EDE: 15, REPORT_CHANNEL: 18 } as const;

interface OptCase {
  readonly nsid: Uint8Array | null;
  readonly reportAgent: Name | null;
  readonly keepalive: number;
  readonly transport: Transport;
  readonly hasCookie: boolean;
  readonly wantsNsid: boolean;
  readonly wantsKeepalive: boolean;
  readonly wantsPadding: boolean;
  readonly isBrief: boolean;
  readonly ede: { readonly code: number; readonly text: Uint8Array } | null;
  readonly rcode: number;
  readonly dnssecOk: boolean;
  readonly compactOk: boolean;
  /** Octets in front of the record, and octets behind what must have room. */
  readonly before: number;
  readonly spare: number;
}

const COOKIE = Uint8Array.from({ length: 24 }, (_, i) => 100 + i);

const optCase: fc.Arbitrary<OptCase> = fc.record({
  nsid: fc.option(fc.uint8Array({ maxLength: 20 }), { freq: 2 }),
  reportAgent: fc.option(fc.oneof(arbitraryName(octet, 3), longName(octet)), { freq: 1 }),
  keepalive: fc.constantFrom(0, 1, 300, 65_535, 70_000),
  transport: fc.constantFrom<Transport>('udp', 'tcp', 'tls', 'tls'),
  hasCookie: isOneOf,
  wantsNsid: isOneOf,
  wantsKeepalive: isOneOf,
  wantsPadding: isOneOf,
  isBrief: fc.constantFrom(false, false, false, true),
  ede: fc.option(fc.record({ code: fc.nat(0xffff), text: fc.uint8Array({ maxLength: 30 }) }), { freq: 2 }),
  rcode: fc.nat(0xfff),
  dnssecOk: isOneOf,
  compactOk: isOneOf,
  before: fc.oneof(fc.nat(100), fc.integer({ min: 430, max: 480 })),
  spare: fc.oneof(fc.nat(60), fc.constant(2_000)),
});

/** The options as lists of code and value: what was asked for, then what has room behind it, padding at the end. */
function plainOptions(opt: OptCase): { asked: number; options: [code: number, value: number[]][] } {
  const { nsid, keepalive, transport, ede, reportAgent } = opt;
  const options: [number, number[]][] = [];
  if (opt.hasCookie) options.push([OPTION.COOKIE, [...COOKIE]]);
  if (opt.wantsNsid && nsid !== null) options.push([OPTION.NSID, [...nsid]]);
  const idle = Math.min(keepalive, 65_535);
  if (opt.wantsKeepalive && transport !== 'udp' && keepalive > 0)
    options.push([OPTION.KEEPALIVE, [idle >> 8, idle & 255]]);
  const size = () => 11 + options.reduce((sum, [, value]) => sum + 4 + value.length, 0);
  const asked = size();
  const hasRoom = (value: readonly number[]) => size() + 4 + value.length <= asked + opt.spare;
  if (!opt.isBrief) {
    if (ede !== null) {
      const code = [ede.code >> 8, ede.code & 255];
      const whole = [...code, ...ede.text];
      if (hasRoom(whole)) options.push([OPTION.EDE, whole]);
      else if (hasRoom(code)) options.push([OPTION.EDE, code]);
    }
    if (reportAgent !== null && hasRoom([...reportAgent]))
      options.push([OPTION.REPORT_CHANNEL, [...reportAgent]]);
  }
  if (opt.wantsPadding && transport === 'tls' && hasRoom([])) {
    const zeros: number[] = [];
    while ((opt.before + size() + 4 + zeros.length) % 468 !== 0 && hasRoom([...zeros, 0])) zeros.push(0);
    options.push([OPTION.PADDING, zeros]);
  }
  return { asked, options };
}

describe('the OPT record', () => {
  it('has the options that a list of them has, as far as there is room', () => {
    const cookies = new CookieMaker([new Uint8Array(16)]);
    cookies.cookie.set(COOKIE);
    fc.assert(
      fc.property(optCase, (opt) => {
        const { asked, options } = plainOptions(opt);
        const query = Object.assign(new Query(1), {
          hasEdns: true,
          dnssecOk: opt.dnssecOk,
          cookieState: opt.hasCookie ? COOKIE_STATE.VALID : COOKIE_STATE.NONE,
          wantsNsid: opt.wantsNsid,
          wantsKeepalive: opt.wantsKeepalive,
          wantsPadding: opt.wantsPadding,
        });
        const peer = peerAt(Uint8Array.of(192, 0, 2, 1), opt.transport);
        const record = new OptRecord(opt, cookies);
        record.reset();
        if (opt.ede !== null) record.explain(opt.ede.code, opt.ede.text);
        if (opt.isBrief) record.beBrief();
        expect(record.octetsFor(query, peer)).toBe(asked);
        const writer = new Writer(new Uint8Array(4_000).fill(7));
        writer.attach(writer.octets, opt.before + asked + opt.spare);
        writer.reserve(opt.before);
        record.put(writer, opt.rcode, query, peer, opt.compactOk);
        const rdata = options.flatMap(([code, value]) => [
          0,
          code,
          value.length >> 8,
          value.length & 255,
          ...value,
        ]);
        const flags = (opt.dnssecOk ? 0x80 : 0) | (opt.compactOk ? 0x40 : 0);
        expect(writer.isOverflowed).toBe(false);
        expect([...writer.octets.subarray(opt.before, writer.position)]).toEqual([
          ...[0, 0, 41, 0x04, 0xd0, opt.rcode >> 4, 0, flags, 0],
          ...[rdata.length >> 8, rdata.length & 255, ...rdata],
        ]);
        expect(writer.octets.subarray(writer.limit).every((other) => other === 7)).toBe(true);
      }),
      { numRuns: 1_500 },
    );
  });

  it('is not there without EDNS', () => {
    const record = new OptRecord({ nsid: null, reportAgent: null, keepalive: 0 }, new CookieMaker([]));
    expect(record.octetsFor(new Query(1), peerAt(Uint8Array.of(192, 0, 2, 1)))).toBe(0);
  });
});

// ---- Cookies ----

const SECRETS = [11, 22, 33].map((fill) => new Uint8Array(16).fill(fill));
const instant = fc.oneof(
  fc.nat(0xffff_ffff),
  fc
    .constantFrom(0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0)
    .chain((turn) => fc.integer({ min: -4_000, max: 4_000 }).map((by) => (turn + by + 2 ** 32) % 2 ** 32)),
);
const age = fc.oneof(
  fc.constantFrom(-301, -300, -1, 0, 1_800, 1_801, 3_600, 3_601, 2 ** 31 - 1, -(2 ** 31)),
  fc.integer({ min: -400, max: 3_700 }),
);
const cookieCase = fc.record({
  now: instant,
  age,
  client: octets(8),
  address: fc.oneof(octets(4), octets(16)),
  /** Index of the secret: the server knows the first two. */
  secret: fc.constantFrom(0, 0, 0, 1, 2),
  reserved: fc.constantFrom(0, 0, 255),
  changed: fc.option(fc.tuple(fc.nat(23), octet), { freq: 1 }),
  isOther: fc.constantFrom(false, false, false, true),
  length: fc.constantFrom(24, 24, 24, 24, 8, 16, 25, 40),
  at: fc.nat(5),
});

describe('CookieMaker', () => {
  it('judges as the rules of RFC 9018 do in large integers, and answers as they do', () => {
    const maker = new CookieMaker(SECRETS.slice(0, 2));
    const seen = new Set<number>();
    fc.assert(
      fc.property(
        cookieCase,
        ({ now, age, client, address, secret, reserved, changed, isOther, length, at }) => {
          const made = (time: number, by: number, to: Uint8Array) =>
            wholeCookie(SECRETS[by]!, client, to, time, reserved);
          const time = (now - age + 2 ** 33) % 2 ** 32;
          const to = isOther ? address.map((value) => value ^ 1) : address;
          const cookie = new Uint8Array(40);
          cookie.set(made(time, secret, to));
          if (changed !== null) cookie[changed[0]] = changed[1];
          const sent = cookie.slice(0, length);
          const message = Uint8Array.from([...new Array<number>(at).fill(9), ...sent, 9, 9]);
          const state = maker.judge(message, at, length, peerAt(address), now);
          const expected = slowJudge(sent, address, now);
          seen.add(state);
          expect(state).toBe(expected.state);
          expect(maker.cookie).toEqual(expected.cookie);
        },
      ),
      { numRuns: 1_000 },
    );
    expect(seen).toEqual(new Set([COOKIE_STATE.CLIENT_ONLY, COOKIE_STATE.VALID, COOKIE_STATE.BAD]));
  });
});

function slowJudge(
  sent: Uint8Array,
  address: Uint8Array,
  now: number,
): { state: number; cookie: Uint8Array } {
  const client = sent.slice(0, 8);
  const anew = wholeCookie(SECRETS[0]!, client, address, now);
  if (sent.length === 8) return { state: COOKIE_STATE.CLIENT_ONLY, cookie: anew };
  if (sent.length !== 24 || sent[8] !== 1) return { state: COOKIE_STATE.BAD, cookie: anew };
  const time = Buffer.from(sent).readUInt32BE(12);
  const age = Number(BigInt.asIntN(32, BigInt(now) - BigInt(time)));
  // Which of the secrets made it: reserved octets are whatever they are, and hashed.
  const makers = SECRETS.slice(0, 2).map((secret) => {
    const twin = wholeCookie(secret, client, address, time, sent[9]);
    return Buffer.from(twin).equals(Buffer.from(sent));
  });
  const isKnown = makers.includes(true) && age <= 3_600 && age >= -300;
  if (!isKnown) return { state: COOKIE_STATE.BAD, cookie: anew };
  const isYoung = makers[0]! && age >= 0 && age <= 1_800;
  return { state: COOKIE_STATE.VALID, cookie: isYoung ? sent : anew };
}

// ---- The TSIG record of an unknown key ----

const name = fc.oneof(
  arbitraryName(octet, 3),
  longName(octet),
  longName(octet).map((longest) => Uint8Array.of(1, 97, ...longest)),
);
const tsigCase = fc.record({
  owner: name,
  algorithm: name,
  times: octets(8),
  mac: fc.uint8Array({ maxLength: 64 }),
  id: octets(2),
  other: fc.uint8Array({ maxLength: 6 }),
  /** By how much RDLENGTH lies. */
  lie: fc.constantFrom(0, 0, 0, 0, -1, 1, -7),
  before: fc.nat(3),
  behind: fc.nat(2),
  changed: fc.option(fc.tuple(fc.nat(600), octet), { freq: 1 }),
  /** Room, less what the record takes; the writer begins behind three octets. */
  spare: fc.constantFrom(-1, 0, 1, 500),
});

/** RFC 8945 §5.3.2 on slices; undefined where the record of the query cannot be read. */
function slowBadKey(request: Uint8Array, at: number): number[] | undefined {
  try {
    const ownerEnd = nameAt(request, at).end;
    const view = Buffer.from(request);
    const rdataAt = ownerEnd + 10;
    const rdata = view.subarray(rdataAt, rdataAt + view.readUInt16BE(ownerEnd + 8));
    if (rdata.length !== view.readUInt16BE(ownerEnd + 8)) return undefined;
    const timesAt = nameAt(rdata, 0).end;
    const idAt = timesAt + 10 + rdata.readUInt16BE(timesAt + 8);
    // Error and length of other data follow.
    rdata.readUInt16BE(idAt + 4);
    const told = [...rdata.subarray(0, timesAt + 8), 0, 0, ...rdata.subarray(idAt, idAt + 2), 0, 17, 0, 0];
    return [
      ...request.subarray(at, ownerEnd),
      0,
      250,
      0,
      255,
      0,
      0,
      0,
      0,
      told.length >> 8,
      told.length & 255,
      ...told,
    ];
  } catch {
    return undefined;
  }
}

describe('putBadKey', () => {
  it('puts what slices of the record of the query make, or nothing', () => {
    const counts = { put: 0, unreadable: 0 };
    fc.assert(
      fc.property(tsigCase, (tsig) => {
        const { mac, other, before } = tsig;
        const rdata = [
          ...tsig.algorithm,
          ...tsig.times,
          0,
          mac.length,
          ...mac,
          ...tsig.id,
          0,
          0,
          0,
          other.length,
          ...other,
        ];
        const length = rdata.length + tsig.lie;
        const tail = [0, 250, 0, 255, 0, 0, 0, 0, length >> 8, length & 255];
        const whole = [...new Array<number>(before).fill(1), ...tsig.owner, ...tail, ...rdata];
        const request = Uint8Array.from([...whole, ...new Array<number>(tsig.behind).fill(0)]);
        if (tsig.changed !== null && tsig.changed[0] < request.length)
          request[tsig.changed[0]] = tsig.changed[1];
        const expected = slowBadKey(request, before);
        if (expected === undefined) counts.unreadable++;
        else counts.put++;
        const writer = new Writer(new Uint8Array(1_500).fill(7));
        writer.attach(writer.octets, 3 + Math.max(0, (expected?.length ?? 0) + tsig.spare));
        writer.putOctets(Uint8Array.of(7, 7, 7), 0, 3);
        const isPut = putBadKey(writer, request, before);
        expect(isPut).toBe(expected !== undefined && tsig.spare >= 0);
        const put = isPut ? expected! : [];
        expect([...writer.octets.subarray(3, writer.position)]).toEqual(put);
        expect(writer.octets.subarray(writer.position).every((filler) => filler === 7)).toBe(true);
      }),
      { numRuns: 1_500 },
    );
    expect(Math.min(counts.put, counts.unreadable)).toBeGreaterThan(20);
  });
});
