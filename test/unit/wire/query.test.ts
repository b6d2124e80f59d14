import { describe, expect, it } from 'vitest';
import { RCODE, RRTYPE } from '../../../src/wire/iana.ts';
import { formatName, nameOf } from '../../../src/wire/name.ts';
import { DROP, parseQuery, Query } from '../../../src/wire/query.ts';
import { hex, optRecord, queryMessage } from '../../support/wiretext.ts';

const SEED = 1;
const qname = nameOf('www.Example.com.');

function parse(message: Uint8Array): { outcome: number; query: Query } {
  const query = new Query(SEED);
  return { outcome: parseQuery(message, message.length, query), query };
}

function outcomeOf(message: Uint8Array): number {
  return parse(message).outcome;
}

const none = new Uint8Array(0);
const join = (...parts: readonly Uint8Array[]): Uint8Array =>
  Uint8Array.from(parts.flatMap((part) => [...part]));
const opt = optRecord();
/** A record of type A below the root, without RDATA. */
const emptyRecord = hex('00 0001 0001 00000000 0000');
const tsig = hex('00 00fa 00ff 00000000 0003 010203');
const soa = hex('c00c 0006 0001 00000000 0000');

describe('parseQuery', () => {
  it('reads a query as dig sends it', () => {
    const { outcome, query } = parse(
      hex(`
      beef 0130 0001 0000 0000 0001         # RD, AD, CD
      03 777777 07 4578616d706c65 03 636f6d 00  0041 0001
      00 0029 1000 00 00 8000 000c  000a 0008 0102030405060708   # OPT: 4096, DO, COOKIE
    `),
    );
    expect(outcome).toBe(RCODE.NOERROR);
    expect(query).toMatchObject({
      id: 0xbeef,
      opcode: 0,
      isTruncated: false,
      recursionDesired: true,
      authenticData: true,
      checkingDisabled: true,
      questionIsWhole: true,
      questionOctets: 21,
      qtype: RRTYPE.HTTPS,
      qclass: 1,
      hasEdns: true,
      ednsFault: false,
      ednsVersion: 0,
      udpPayload: 4096,
      dnssecOk: true,
      compactOk: false,
      tsigAt: 0,
    });
    expect(formatName(query.qname.octets)).toBe('www.example.com.');
    expect(query.qname).toMatchObject({ length: 17, labels: 3 });
    expect([...query.qname.labelAt.subarray(0, 4)]).toEqual([0, 4, 12, 16]);
  });

  it('forgets the query before', () => {
    const query = new Query(SEED);
    const rich = queryMessage({
      flags: 0x0330,
      qname,
      counts: [1, 0, 0, 1],
      rest: optRecord(4096, 0, 0xc000),
    });
    parseQuery(rich, rich.length, query);
    expect(query).toMatchObject({ dnssecOk: true, compactOk: true, isTruncated: true });
    const header = queryMessage({ id: 1, flags: 0 });
    parseQuery(header, header.length, query);
    const { qname: _kept, ...fields } = query;
    const { qname: _fresh, ...fresh } = new Query(SEED);
    expect(fields).toEqual({ ...fresh, id: 1 });
  });

  it.each<[string, Uint8Array]>([
    ['nothing', none],
    ['eleven octets', queryMessage({}).subarray(0, 11)],
    ['an answer', queryMessage({ flags: 0x8180, qname })],
    ['an answer that is malformed', queryMessage({ flags: 0x8000 })],
  ])('drops %s', (_what, message) => {
    expect(outcomeOf(message)).toBe(DROP);
  });

  it.each<[string, Uint8Array]>([
    ['no question', queryMessage({})],
    ['a question that is counted but absent', queryMessage({ counts: [1, 0, 0, 0] })],
    ['two questions', queryMessage({ qname, counts: [2, 0, 0, 0], rest: join(qname, hex('0001 0001')) })],
    ['a question cut in its name', queryMessage({ qname }).subarray(0, 20)],
    ['a question cut in its class', queryMessage({ qname }).subarray(0, -1)],
    ['a pointer as question', queryMessage({ qname: hex('c00c') })],
    ['a pointer behind a label', queryMessage({ qname: hex('0161 c00c') })],
    ['a label type that was withdrawn', queryMessage({ qname: hex('41 01') })],
    [
      'a name of 256 octets',
      queryMessage({ qname: Uint8Array.from([...Array(127).fill([1, 97]), [2, 97]].flat()) }),
    ],
    ['an answer record', queryMessage({ qname, counts: [1, 1, 0, 0], rest: emptyRecord })],
    ['an authority record', queryMessage({ qname, counts: [1, 0, 1, 0], rest: emptyRecord })],
    [
      'two authority records in IXFR',
      queryMessage({ qname, qtype: 251, counts: [1, 0, 2, 0], rest: join(soa, soa) }),
    ],
    ['octets behind the end', queryMessage({ qname, rest: hex('00') })],
    ['octets behind OPT', queryMessage({ qname, counts: [1, 0, 0, 1], rest: join(opt, hex('00')) })],
    ['a record that is counted but absent', queryMessage({ qname, counts: [1, 0, 0, 1] })],
    [
      'a record cut in its fields',
      queryMessage({ qname, counts: [1, 0, 0, 1], rest: emptyRecord.subarray(0, 9) }),
    ],
    [
      'RDATA beyond the end',
      queryMessage({ qname, counts: [1, 0, 0, 1], rest: hex('00 0001 0001 00000000 0001') }),
    ],
    ['65,535 records that are absent', queryMessage({ qname, counts: [1, 0, 0, 0xffff], rest: emptyRecord })],
    [
      'an owner that points to itself',
      queryMessage({ qname, counts: [1, 0, 0, 1], rest: join(hex('c021'), emptyRecord.subarray(1)) }),
    ],
    [
      'an owner that points forward',
      queryMessage({ qname, counts: [1, 0, 0, 1], rest: join(hex('c02a'), emptyRecord.subarray(1)) }),
    ],
    [
      'an owner that points into the header',
      queryMessage({ qname, counts: [1, 0, 0, 1], rest: join(hex('c00b'), emptyRecord.subarray(1)) }),
    ],
    ['half a pointer', queryMessage({ qname, counts: [1, 0, 0, 1], rest: hex('c0') })],
    ['TSIG that is not last', queryMessage({ qname, counts: [1, 0, 0, 2], rest: join(tsig, opt) })],
    ['two TSIG', queryMessage({ qname, counts: [1, 0, 0, 2], rest: join(tsig, tsig) })],
  ])('finds the fault of %s', (_what, message) => {
    expect(outcomeOf(message)).toBe(RCODE.FORMERR);
  });

  it.each<[string, Uint8Array]>([
    ['two OPT', queryMessage({ qname, counts: [1, 0, 0, 2], rest: join(opt, opt) })],
    ['OPT below a name', queryMessage({ qname, counts: [1, 0, 0, 1], rest: join(hex('0161'), opt) })],
    [
      'OPT below a pointer',
      queryMessage({ qname, counts: [1, 0, 0, 1], rest: join(hex('c020'), opt.subarray(1)) }),
    ],
    ['OPT in the authority section', queryMessage({ qname, qtype: 251, counts: [1, 0, 1, 0], rest: opt })],
    [
      'an option cut short',
      queryMessage({ qname, counts: [1, 0, 0, 1], rest: optRecord(1232, 0, 0, [0, 10, 0, 2, 1]) }),
    ],
    [
      'half an option header',
      queryMessage({ qname, counts: [1, 0, 0, 1], rest: optRecord(1232, 0, 0, [0, 10, 0]) }),
    ],
  ])('blames EDNS for %s', (_what, message) => {
    const { outcome, query } = parse(message);
    expect(outcome).toBe(RCODE.FORMERR);
    expect(query.ednsFault).toBe(true);
    expect(query.questionIsWhole).toBe(true);
  });

  it('can still answer a malformed query: question and OPT as far as they were read', () => {
    const cut = parse(queryMessage({ qname, id: 9 }).subarray(0, 20)).query;
    expect(cut).toMatchObject({ id: 9, recursionDesired: true, questionIsWhole: false, questionOctets: 0 });
    const behind = parse(queryMessage({ qname, counts: [1, 0, 0, 1], rest: join(opt, hex('00')) })).query;
    expect(behind).toMatchObject({ questionIsWhole: true, hasEdns: true });
  });

  it.each<[string, Uint8Array]>([
    ['an IXFR with its SOA', queryMessage({ qname, qtype: 251, counts: [1, 0, 1, 0], rest: soa })],
    ['AXFR', queryMessage({ qname, qtype: 252 })],
    ['a foreign record and OPT', queryMessage({ qname, counts: [1, 0, 0, 2], rest: join(emptyRecord, opt) })],
    [
      'OPT before a foreign record',
      queryMessage({ qname, counts: [1, 0, 0, 2], rest: join(opt, emptyRecord) }),
    ],
    [
      'SIG(0), as if it were not there',
      queryMessage({ qname, counts: [1, 0, 0, 1], rest: hex('00 0018 00ff 00000000 0002 0000') }),
    ],
    ['the root', queryMessage({ qname: hex('00'), qtype: 48 })],
    [
      'a name of 255 octets',
      queryMessage({ qname: Uint8Array.from([...Array(127).fill([1, 97]).flat(), 0]) }),
    ],
    ['an unknown class and type', queryMessage({ qname, qtype: 0xfffe, qclass: 0xfffd })],
    ['flags that a query should not have', queryMessage({ qname, flags: 0x07ff })],
    [
      'unknown options',
      queryMessage({ qname, counts: [1, 0, 0, 1], rest: optRecord(0, 0, 0xffff, [255, 255, 0, 0]) }),
    ],
  ])('accepts %s', (_what, message) => {
    expect(outcomeOf(message)).toBe(RCODE.NOERROR);
  });

  it('knows no opcode but QUERY, whatever its sections hold', () => {
    for (const opcode of [1, 2, 4, 5, 6, 15]) {
      const flags = opcode << 11;
      expect(outcomeOf(queryMessage({ flags }))).toBe(RCODE.NOTIMP);
      const notify = parse(
        queryMessage({ flags, qname, qtype: 6, counts: [1, 1, 0, 1], rest: join(soa, opt) }),
      );
      expect(notify.outcome).toBe(RCODE.NOTIMP);
      expect(notify.query).toMatchObject({ opcode, questionIsWhole: true, hasEdns: true });
    }
  });

  it('knows EDNS version 0 only', () => {
    const { outcome, query } = parse(
      queryMessage({ qname, counts: [1, 0, 0, 1], rest: optRecord(1232, 1, 0x8000, [7]) }),
    );
    expect(outcome).toBe(RCODE.BADVERS);
    expect(query).toMatchObject({ hasEdns: true, ednsVersion: 1, dnssecOk: true, questionIsWhole: true });
  });

  it('bounds owners at 255 octets', () => {
    const labels = Array(127).fill([1, 97]).flat();
    const withOwner = (owner: readonly number[]): Uint8Array =>
      queryMessage({
        qname,
        counts: [1, 0, 0, 1],
        rest: join(Uint8Array.from(owner), emptyRecord.subarray(1)),
      });
    expect(outcomeOf(withOwner([...labels, 0]))).toBe(RCODE.NOERROR);
    expect(outcomeOf(withOwner([1, 97, ...labels, 0]))).toBe(RCODE.FORMERR);
    expect(outcomeOf(withOwner([...labels.slice(2), 2, 97, 97, 0]))).toBe(RCODE.FORMERR);
  });

  it('says BADVERS before NOTIMP', () => {
    const rest = optRecord(1232, 1);
    expect(outcomeOf(queryMessage({ flags: 0x7800, qname, counts: [1, 0, 0, 1], rest }))).toBe(RCODE.BADVERS);
  });

  it('knows no TSIG key', () => {
    const { outcome, query } = parse(queryMessage({ qname, counts: [1, 0, 0, 2], rest: join(opt, tsig) }));
    expect(outcome).toBe(RCODE.NOTAUTH);
    expect(query.tsigAt).toBe(12 + 21 + 11);
  });
});
