import { decode, encode } from 'dns-packet';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatRdata } from '../../../src/rdata/text.ts';
import { formatType } from '../../../src/wire/iana.ts';
import { type Message, readMessage } from '../../../src/wire/message.ts';
import { formatName } from '../../../src/wire/name.ts';

const HEAD = (answers: number, questions = 0) => [0x12, 0x34, 0x84, 0, 0, questions, 0, answers, 0, 0, 0, 0];
const WWW = [3, 119, 119, 119, 0];

function told(octets: readonly number[]): string {
  const message = readMessage(Uint8Array.from(octets));
  if (typeof message === 'string') return message;
  return message.answer.map(lineOf).join('\n');
}

function lineOf({ owner, ttl, type, rdata }: Message['answer'][number]): string {
  return `${formatName(owner)} ${ttl} ${formatType(type)} ${formatRdata(type, rdata, 0, rdata.length)}`;
}

const record = (owner: readonly number[], type: number, rdata: readonly number[]) => [
  ...owner,
  ...[0, type, 0, 1, 0, 0, 0, 60, 0, rdata.length],
  ...rdata,
];

describe('readMessage', () => {
  it('reads header and question', () => {
    const octets = encode({ type: 'query', id: 7, questions: [{ type: 'MX', name: 'a.example' }] });
    const message = readMessage(octets) as Message;
    expect(message.id).toBe(7);
    expect(message.questions.map(({ name, type }) => `${formatName(name)} ${type}`)).toEqual([
      'a.example. 15',
    ]);
  });

  it('follows pointers in owners and in RDATA of the types that may have them', () => {
    const soa = [0xc0, 12, 1, 97, 0xc0, 12, ...Array.from({ length: 20 }, () => 0)];
    expect(
      told([
        ...HEAD(4),
        ...record(WWW, 2, [0xc0, 12]),
        ...record([0xc0, 12], 15, [0, 5, 1, 109, 0xc0, 12]),
        ...record([0xc0, 12], 6, soa),
        ...record([0xc0, 12], 33, [0, 1, 0, 2, 0, 3, 0xc0, 12]),
      ]).split('\n'),
    ).toEqual([
      'www. 60 NS www.',
      'www. 60 MX 5 m.www.',
      'www. 60 SOA www. a.www. 0 0 0 0 0',
      'www. 60 SRV 1 2 3 www.',
    ]);
  });

  it('reads NAPTR, whose name stands behind strings', () => {
    const naptr = [0, 1, 0, 2, 1, 115, 0, 2, 97, 98, 0xc0, 12];
    expect(told([...HEAD(2), ...record(WWW, 1, [192, 0, 2, 1]), ...record([0xc0, 12], 35, naptr)])).toMatch(
      /www\. 60 NAPTR 1 2 "s" "" "ab" www\.$/,
    );
  });

  it('keeps octets of labels that are no text', () => {
    expect(told([...HEAD(1), ...record([3, 46, 200, 92, 0], 1, [192, 0, 2, 1])])).toBe(
      '\\.\\200\\\\. 60 A 192.0.2.1',
    );
  });

  it.each([
    ['it is shorter than a header', [1, 2, 3]],
    ['a name is cut off', HEAD(1)],
    ['a compression pointer does not lead back', [...HEAD(1), 0xc0, 12]],
    ['a compression pointer does not lead back', [...HEAD(1), 1, 97, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0]],
    ['a label has a type that is not defined', [...HEAD(1), 0x41, 1]],
    ['it is cut off', [...HEAD(1), ...WWW, 0, 1]],
    ['a record is cut off', [...HEAD(1), ...record(WWW, 1, [192, 0, 2, 1]).slice(0, -1)]],
    ['a name goes beyond its record', [...HEAD(1), ...record(WWW, 2, [3, 119]), 119, 119, 0]],
    ['1 octets follow its last record', [...HEAD(1), ...record(WWW, 1, [192, 0, 2, 1]), 0]],
  ])('says: %s', (words, octets) => {
    expect(told(octets)).toBe(words);
  });

  it('takes no name over 255 octets', () => {
    const label = [63, ...Array.from({ length: 63 }, () => 97)];
    const long = [...label, ...label, ...label, ...label, 0];
    expect(told([...HEAD(1), ...record(long, 1, [192, 0, 2, 1])])).toBe('a name has over 255 octets');
  });

  it('ends and never throws, whatever it is given', () => {
    const octets = fc.uint8Array({ minLength: 0, maxLength: 120 });
    const counts = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(octets, counts, (body, [qd, an, ns, ar]) => {
        const message = [1, 2, 0x84, 0, 0, qd!, 0, an!, 0, ns!, 0, ar!, ...body];
        expect(['string', 'object']).toContain(typeof readMessage(Uint8Array.from(message)));
      }),
      { numRuns: 3_000 },
    );
  });

  it('sees the records that another decoder sees', () => {
    const octets = encode({
      type: 'response',
      answers: [
        { type: 'MX', name: 'example.com', ttl: 5, data: { preference: 10, exchange: 'mail.example.com' } },
        { type: 'CNAME', name: 'www.example.com', ttl: 6, data: 'example.com' },
        { type: 'TXT', name: 'example.com', ttl: 7, data: ['a b'] },
      ],
    });
    const theirs = decode(octets).answers!.map(({ name, type }) => `${name}. ${type}`);
    const ours = (readMessage(octets) as Message).answer.map(lineOf);
    expect(ours.map((line) => line.replace(/^(\S+) \d+ (\S+) .*/, '$1 $2'))).toEqual(theirs);
    expect(ours).toContain('example.com. 7 TXT "a b"');
  });
});
