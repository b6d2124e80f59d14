/** Denial in words: answers of our own server in all three modes, read as `keyturn query` reads them. */
import { describe, expect, it } from 'vitest';
import { explainProofs } from '../../../src/cli/query-proof.ts';
import { parseType } from '../../../src/wire/iana.ts';
import { readMessage } from '../../../src/wire/message.ts';
import { nameOf } from '../../../src/wire/name.ts';
import { queryOctets, type TestMode, TestServer } from '../../support/served.ts';

const ZONE = `@ 300 SOA ns host 1 2 3 4 5
@ 300 NS ns
ns 300 A 192.0.2.1
b.deep 300 A 192.0.2.2
*.wild 300 TXT "wild"
cut 300 NS ns.example.net.
z 300 MX 10 ns
`;

function proofsOf(mode: TestMode, name: string, type: string): string[] {
  const server = new TestServer();
  server.add('example.com.', ZONE, mode);
  const options = { dnssecOk: true, transport: 'tcp' } as const;
  const message = readMessage(server.askRaw(queryOctets(name, type, options), options));
  if (typeof message === 'string') throw new Error(message);
  const question = { name: nameOf(name), type: parseType(type)!, class: 1 };
  return explainProofs(question, message.authority);
}

describe('NSEC', () => {
  it.each([
    [
      'no.example.com.',
      'A',
      [
        'example.com. exists and is the closest encloser of no.example.com.',
        'no.example.com. does not exist: nothing is between b.deep.example.com. and ns.example.com.',
        '*.example.com. does not exist: nothing is between example.com. and cut.example.com.',
      ],
    ],
    [
      'x.zz.example.com.',
      'A',
      [
        'example.com. exists and is the closest encloser of x.zz.example.com.',
        'zz.example.com. does not exist: nothing is between z.example.com. and example.com.',
        '*.example.com. does not exist: nothing is between example.com. and cut.example.com.',
      ],
    ],
    ['ns.example.com.', 'MX', ['ns.example.com. exists without MX (it has A)']],
    ['deep.example.com.', 'A', ['deep.example.com. has no records, but there are names below it']],
    ['x.cut.example.com.', 'A', ['cut.example.com. is delegated without a DS: the zone below is unsigned']],
    ['cut.example.com.', 'DS', ['cut.example.com. is delegated without a DS: the zone below is unsigned']],
    [
      'x.wild.example.com.',
      'A',
      [
        'wild.example.com. exists and is the closest encloser of x.wild.example.com.',
        'x.wild.example.com. does not exist: nothing is between *.wild.example.com. and z.example.com.',
        '*.wild.example.com. exists without A (it has TXT), and stands for the name',
      ],
    ],
    ['ns.example.com.', 'A', []],
  ])('%s %s', (name, type, expected) => expect(proofsOf('nsec', name, type)).toEqual(expected));
});

describe('NSEC3', () => {
  it('tells the closest encloser, the next closer name and the wildcard', () => {
    const said = proofsOf('nsec3', 'a.b.no.example.com.', 'A');
    expect(said[0]).toBe('example.com. exists and is the closest encloser of a.b.no.example.com.');
    expect(said[1]).toMatch(
      /^no\.example\.com\. does not exist: nothing is between the hashes \w{32} and \w{32}$/,
    );
    expect(said[2]).toMatch(
      /^\*\.example\.com\. does not exist: nothing is between the hashes \w{32} and \w{32}$/,
    );
  });
  it('tells types, and names without records', () => {
    expect(proofsOf('nsec3', 'ns.example.com.', 'MX')).toEqual([
      'ns.example.com. exists without MX (it has A)',
    ]);
    expect(proofsOf('nsec3', 'deep.example.com.', 'A')).toEqual([
      'deep.example.com. exists without A (it has nothing)',
    ]);
  });
  it('tells of opt-out', () => {
    expect(proofsOf('nsec3-opt-out', 'cut.example.com.', 'DS').join('\n')).toContain('opt-out');
  });
});

describe('compact denial', () => {
  it('tells NXNAME', () => {
    expect(proofsOf('compact', 'no.example.com.', 'A')).toEqual([
      'no.example.com. does not exist, as compact denial says it (NXNAME)',
    ]);
  });
  it('tells types', () => {
    expect(proofsOf('compact', 'ns.example.com.', 'MX')).toEqual([
      'ns.example.com. exists without MX (it has A)',
    ]);
  });
});
