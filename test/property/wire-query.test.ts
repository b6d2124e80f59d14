/** parseQuery against arbitrary octets, against a slow twin, and against dns-packet. */
import dnsPacket from 'dns-packet';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatType, RCODE } from '../../src/wire/iana.ts';
import { lowerName } from '../../src/wire/name.ts';
import { hashName } from '../../src/wire/namehash.ts';
import { DROP, parseQuery, Query } from '../../src/wire/query.ts';
import { arbitraryName, fewLetters, longName, optRecord, queryMessage } from '../support/wiretext.ts';

const SEED = 0x5eed;
const OUTCOMES = new Set<number>([
  DROP,
  RCODE.NOERROR,
  RCODE.FORMERR,
  RCODE.NOTIMP,
  RCODE.BADVERS,
  RCODE.NOTAUTH,
]);

/** Options that a query may have: cookies of any length, others, unknown ones. */
const options = fc
  .array(fc.tuple(fc.constantFrom(3, 10, 10, 11, 12, 100), fc.uint8Array({ maxLength: 42 })), {
    maxLength: 4,
  })
  .map((list) => list.flatMap(([code, value]) => [0, code, 0, value.length, ...value]));

/** Arbitrary records as they may follow a question; mostly well formed, with a pointer to the question or a name. */
const record = fc
  .record({
    owner: fc.oneof(fc.constant([0]), fc.constant([0xc0, 12]), fc.constant([1, 97, 0xc0, 12])),
    type: fc.constantFrom(1, 6, 41, 41, 250, 24, 999),
    version: fc.constantFrom(0, 0, 0, 1),
    flags: fc.constantFrom(0, 0x8000, 0x4000, 0xc001),
    rdata: fc.oneof(fc.array(fc.nat(255), { maxLength: 12 }), options),
  })
  .map(({ owner, type, version, flags, rdata }) => [
    ...[...owner, type >> 8, type & 255, 4, 208, 0, version, flags >> 8, flags & 255],
    ...[rdata.length >> 8, rdata.length & 255, ...rdata],
  ]);

const plausible = fc
  .record({
    name: fc.oneof({ weight: 4, arbitrary: arbitraryName(fc.nat(255)) }, longName(fc.nat(255))),
    flags: fc.constantFrom(0, 0x0100, 0x0110, 0x8000, 0x2000),
    qtype: fc.constantFrom(1, 6, 251, 252, 255, 65_280),
    records: fc.array(record, { maxLength: 3 }),
    placed: fc.constantFrom(1, 2, 3, 3, 3),
    questions: fc.constantFrom(0, 1, 1, 1),
  })
  .map(({ name, flags, qtype, records, placed, questions }) => {
    const counts: [number, number, number, number] = [questions, 0, 0, 0];
    counts[placed] = records.length;
    const question = questions === 0 ? {} : { qname: name, qtype };
    return queryMessage({ flags, ...question, counts, rest: Uint8Array.from(records.flat()) });
  });

const mutated = fc
  .tuple(
    plausible,
    fc.array(
      fc.tuple(fc.oneof(fc.nat(40), fc.nat(400)), fc.oneof(fc.nat(255), fc.constantFrom(62, 63, 64))),
      {
        maxLength: 4,
      },
    ),
    fc.integer({ min: -6, max: 6 }),
  )
  .map(([message, changes, growth]) => {
    const copy = new Uint8Array(Math.max(0, message.length + growth));
    copy.set(message.subarray(0, copy.length));
    for (const [at, octet] of changes) if (at < copy.length) copy[at] = octet;
    return copy;
  });

describe('parseQuery', () => {
  it('gives an outcome for any octets and reads none behind the message', () => {
    const query = new Query(SEED);
    const twin = new Query(SEED);
    const any = fc.oneof(fc.uint8Array({ maxLength: 600 }), mutated, plausible);
    fc.assert(
      fc.property(any, fc.nat(255), (message, filler) => {
        const larger = new Uint8Array(message.length + 80).fill(filler);
        larger.set(message);
        const outcome = parseQuery(message, message.length, query);
        expect(OUTCOMES.has(outcome)).toBe(true);
        expect(parseQuery(larger, message.length, twin)).toBe(outcome);
        expect({ ...twin, qname: null }).toEqual({ ...query, qname: null });
      }),
      { numRuns: 20_000 },
    );
  });

  it('agrees with a slow twin', () => {
    const query = new Query(SEED);
    fc.assert(
      fc.property(fc.oneof(mutated, plausible), (message) => {
        const outcome = parseQuery(message, message.length, query);
        expect(outcome).toBe(slowOutcome(message));
        if (outcome === RCODE.NOERROR || outcome === RCODE.NOTAUTH)
          expect(told(query)).toEqual(slowFields(message));
      }),
      { numRuns: 20_000 },
    );
  });

  it('takes a name of 255 octets, and none of 256', () => {
    const query = new Query(SEED);
    fc.assert(
      fc.property(longName(fc.nat(255)), fc.integer({ min: 1, max: 3 }), (longest, more) => {
        const octets = longest.length + more + 1;
        const name = Uint8Array.of(more, ...new Array<number>(more).fill(97), ...longest);
        const message = queryMessage({ qname: name });
        expect(parseQuery(message, message.length, query)).toBe(
          octets <= 255 ? RCODE.NOERROR : RCODE.FORMERR,
        );
        if (octets <= 255) expect(told(query)).toEqual(slowFields(message));
      }),
      { numRuns: 300 },
    );
  });

  it('reads of a well-formed query what dns-packet reads', () => {
    const query = new Query(SEED);
    fc.assert(
      fc.property(
        arbitraryName(fewLetters),
        fc.constantFrom(1, 2, 6, 16, 28, 255),
        fc.boolean(),
        fc.nat(0xffff),
        (name, qtype, dnssecOk, payload) => {
          const rest = optRecord(payload, 0, dnssecOk ? 0x8000 : 0);
          const message = queryMessage({ qname: name, qtype, counts: [1, 0, 0, 1], rest });
          expect(parseQuery(message, message.length, query)).toBe(RCODE.NOERROR);
          const decoded = dnsPacket.decode(Buffer.from(message));
          const question = decoded.questions?.[0];
          const opt = decoded.additionals?.[0];
          expect(decoded.id).toBe(query.id);
          expect(question?.type).toBe(formatType(query.qtype));
          expect(opt).toMatchObject({
            type: 'OPT',
            udpPayloadSize: query.udpPayload,
            flag_do: query.dnssecOk,
          });
          const labels = question?.name === '.' ? [] : (question?.name ?? '').split('.');
          expect(query.qname.labels).toBe(labels.length);
          expect(query.qname.octets.subarray(0, query.qname.length)).toEqual(lowerName(name));
          for (let i = 0; i <= query.qname.labels; i++) {
            expect(query.qname.suffixHash[i]).toBe(hashName(name, query.qname.labelAt[i]!, SEED));
          }
        },
      ),
      { numRuns: 3_000 },
    );
  });
});

/** The rules of wire/query once more, plainly: exceptions, slices, no care for speed. */
function slowOutcome(message: Uint8Array): number {
  if (message.length < 12) return DROP;
  const view = new DataView(message.buffer, message.byteOffset, message.length);
  const flags = view.getUint16(2);
  if (flags >= 0x8000) return DROP;
  const isQuery = ((flags >> 11) & 15) === 0;
  const seen = { version: 0, types: [] as number[], cookies: [] as number[] };
  try {
    slowRecords(message, view, isQuery, seen);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    if (isQuery) return RCODE.FORMERR;
  }
  const [cookie = 8] = seen.cookies;
  if (isQuery && cookie !== 8 && (cookie < 16 || cookie > 40)) return RCODE.FORMERR;
  if (seen.version > 0) return RCODE.BADVERS;
  if (!isQuery) return RCODE.NOTIMP;
  return seen.types.includes(250) ? RCODE.NOTAUTH : RCODE.NOERROR;
}

function slowRecords(
  message: Uint8Array,
  view: DataView,
  isQuery: boolean,
  seen: { version: number; types: number[]; cookies: number[] },
): void {
  const fault = (): never => {
    throw new RangeError('malformed');
  };
  const [qd, an, ns, ar] = [4, 6, 8, 10].map((at) => view.getUint16(at)) as [number, number, number, number];
  if (qd > 1) fault();
  let at = 12;
  let qtype = 0;
  if (qd === 1) {
    at = slowName(message, at, false);
    qtype = view.getUint16(at);
    view.getUint16(at + 2);
    at += 4;
  }
  if (isQuery && (an !== 0 || ns > (qtype === 251 ? 1 : 0))) fault();
  const { types } = seen;
  for (let i = 0; i < an + ns + ar; i++) {
    const isAdditional = i >= an + ns;
    if (types.includes(250)) fault();
    const owner = at;
    at = slowName(message, at, true);
    const type = view.getUint16(at);
    const rdata = message.slice(at + 10, at + 10 + view.getUint16(at + 8));
    if (rdata.length !== view.getUint16(at + 8)) fault();
    if (type === 41) {
      if (!isAdditional || message[owner] !== 0 || types.includes(41)) fault();
      if (view.getUint8(at + 5) === 0) seen.cookies.push(...slowCookies(rdata));
      seen.version = view.getUint8(at + 5);
    }
    if (type === 250 && !isAdditional) fault();
    types.push(type);
    at += 10 + rdata.length;
  }
  if (at !== message.length || (qd === 0 && seen.cookies.length === 0)) fault();
}

function slowName(message: Uint8Array, start: number, mayPoint: boolean): number {
  let at = start;
  for (;;) {
    const length = message[at];
    if (length === undefined) throw new RangeError('name ends outside');
    if (length === 0) return at + 1;
    if (length >= 0xc0 && mayPoint) {
      const low = message[at + 1];
      if (low === undefined) throw new RangeError('half a pointer');
      const target = (length - 0xc0) * 256 + low;
      if (target < 12 || target >= start) throw new RangeError('pointer to nowhere');
      return at + 2;
    }
    if (length > 63) throw new RangeError('label type');
    at += length + 1;
    if (at - start > 254) throw new RangeError('name too long');
  }
}

/** All that a query says, of a well-formed one. */
interface Told {
  readonly id: number;
  readonly flags: string;
  readonly question: string;
  readonly opt: string;
  readonly cookie: string;
  readonly wants: string;
  readonly tsigAt: number;
}

const marks = (list: Readonly<Record<string, boolean>>): string =>
  Object.keys(list)
    .filter((key) => list[key])
    .join(' ');

function told(query: Query): Told {
  const { id, isTruncated, recursionDesired, authenticData, checkingDisabled } = query;
  const { questionIsWhole, questionOctets, qtype, qclass, qname } = query;
  const name = Buffer.from(qname.octets.subarray(0, qname.length)).toString('hex');
  const { hasEdns, ednsVersion, udpPayload, dnssecOk, compactOk, wantsNsid, wantsKeepalive, wantsPadding } =
    query;
  return {
    id,
    flags: `${query.opcode} ${marks({ isTruncated, recursionDesired, authenticData, checkingDisabled })}`,
    question: questionIsWhole ? `${name} ${qtype} ${qclass} ${questionOctets}` : '',
    opt: hasEdns ? `${ednsVersion} ${udpPayload} ${marks({ dnssecOk, compactOk })}` : '',
    cookie: `${query.cookieAt} ${query.cookieOctets}`,
    wants: marks({ wantsNsid, wantsKeepalive, wantsPadding }),
    tsigAt: query.tsigAt,
  };
}

/** The fields of a well-formed query once more, each looked for by itself. */
function slowFields(message: Uint8Array): Told {
  const view = Buffer.from(message);
  const flags = view.readUInt16BE(2).toString(2).padStart(16, '0');
  const hasQuestion = view.readUInt16BE(4) === 1;
  const nameEnd = hasQuestion ? slowName(message, 12, false) : 12;
  const name = Buffer.from(lowerName(message.slice(12, nameEnd))).toString('hex');
  const question = hasQuestion
    ? `${name} ${view.readUInt16BE(nameEnd)} ${view.readUInt16BE(nameEnd + 2)} ${nameEnd + 4 - 12}`
    : '';
  let opt = '';
  let tsigAt = 0;
  const options: { code: number; at: number; length: number }[] = [];
  for (let at = hasQuestion ? nameEnd + 4 : 12; at < message.length; ) {
    const fields = slowName(message, at, true);
    const end = fields + 10 + view.readUInt16BE(fields + 8);
    if (view.readUInt16BE(fields) === 250) tsigAt = at;
    if (view.readUInt16BE(fields) === 41) {
      const bits = view.readUInt16BE(fields + 6);
      const [dnssecOk, compactOk] = [bits >= 0x8000, bits % 0x8000 >= 0x4000];
      opt = `${view[fields + 5]} ${view.readUInt16BE(fields + 2)} ${marks({ dnssecOk, compactOk })}`;
      for (let option = fields + 10; option < end; option += 4 + view.readUInt16BE(option + 2)) {
        options.push({
          code: view.readUInt16BE(option),
          at: option + 4,
          length: view.readUInt16BE(option + 2),
        });
      }
    }
    at = end;
  }
  const cookie = options.find(({ code }) => code === 10);
  const has = (wanted: number) => options.some(({ code }) => code === wanted);
  const isSet = (bit: number) => flags[bit] === '1';
  return {
    id: view.readUInt16BE(0),
    flags: `${Number.parseInt(flags.slice(1, 5), 2)} ${marks({
      isTruncated: isSet(6),
      recursionDesired: isSet(7),
      authenticData: isSet(10),
      checkingDisabled: isSet(11),
    })}`,
    question,
    opt,
    cookie: `${cookie?.at ?? 0} ${cookie?.length ?? 0}`,
    wants: marks({ wantsNsid: has(3), wantsKeepalive: has(11), wantsPadding: has(12) }),
    tsigAt,
  };
}

/** Octets of each COOKIE option. */
function slowCookies(rdata: Uint8Array): number[] {
  const view = new DataView(rdata.buffer, rdata.byteOffset, rdata.length);
  const cookies: number[] = [];
  let at = 0;
  while (at < rdata.length) {
    const [code, length] = [view.getUint16(at), view.getUint16(at + 2)];
    at += 4 + length;
    if (at > rdata.length) throw new RangeError('option ends outside');
    if (code === 10) cookies.push(length);
  }
  return cookies;
}
