import { describe, expect, it } from 'vitest';
import { readMasterFile } from '../../support/masterfile.ts';

const SOA = '@ 60 SOA ns host 1 2 3 4 300\n';

function texts(text: string): string[] {
  return readMasterFile(text).records.map((record) => record.text.replaceAll('\t', ' '));
}

function codes(text: string, options = {}): string[] {
  return readMasterFile(text, 'example.com.', options).diagnostics.map(({ code }) => code);
}

function ttls(text: string): (number | undefined)[] {
  return readMasterFile(text).records.map(({ ttl }) => ttl);
}

describe('TTLs', () => {
  it('are the own one, else $TTL, whatever the records before have', () => {
    expect(ttls('$TTL 10\na A 192.0.2.1\nb 20 A 192.0.2.1\nc A 192.0.2.1\n')).toEqual([10, 20, 10]);
  });
  it('are those of the record before if there is no $TTL', () => {
    expect(ttls(`${SOA}b 20 A 192.0.2.1\nc A 192.0.2.1\n`)).toEqual([60, 20, 20]);
  });
  it('are the SOA MINIMUM if there is nothing else, with one warning', () => {
    const text = '@ SOA ns host 1 2 3 4 300\na A 192.0.2.1\n';
    expect(ttls(text)).toEqual([300, 300]);
    expect(codes(text)).toEqual(['ZONE_TTL_FROM_SOA']);
  });
  it('must be known', () => {
    expect(codes('a A 192.0.2.1\n')).toEqual(['ZONE_NO_TTL']);
    expect(codes('a A 192.0.2.1\n', { defaultTtl: 5 })).toEqual([]);
  });
  it('may have units and stand on either side of the class', () => {
    expect(ttls('a 1h30m A 192.0.2.1\na IN 1W A 192.0.2.1\na 2D IN A 192.0.2.1\n')).toEqual([
      5400, 604800, 172800,
    ]);
    expect(codes('a 1h30 A 192.0.2.1\na h A 192.0.2.1\n')).toEqual(['ZONE_BAD_TTL', 'ZONE_UNKNOWN_TYPE']);
  });
  it('count as 0 from 2^31 on, with a warning (RFC 2181 §8)', () => {
    expect(ttls('a 2147483647 A 192.0.2.1\na 2147483648 A 192.0.2.1\n')).toEqual([2147483647, 0]);
    expect(codes('a 2147483648 A 192.0.2.1\na 4294967296 A 192.0.2.1\n')).toEqual([
      'ZONE_TTL_TOO_LARGE',
      'ZONE_BAD_TTL',
    ]);
  });
});

describe('layout', () => {
  it('takes CRLF, a byte order mark and a last line without end', () => {
    expect(texts('\xef\xbb\xbfa 1 A 192.0.2.1\r\n 1 A 192.0.2.2')).toEqual([
      'a.example.com. 1 IN A 192.0.2.1',
      'a.example.com. 1 IN A 192.0.2.2',
    ]);
  });
  it('takes no type for another because of an octet of zeros in front of it', () => {
    expect(codes('a 1 \0A 192.0.2.1\nb 1 \0\0NS c\n')).toEqual(['ZONE_UNKNOWN_TYPE', 'ZONE_UNKNOWN_TYPE']);
  });
  it('takes class and type words in any case', () => {
    expect(texts('a 1 in a 192.0.2.1\nb 1 class1 type16 "x"\n')).toHaveLength(2);
  });
  it('keeps blanks in values of service parameters, and parentheses and semicolons', () => {
    const [text] = texts('a 1 IN HTTPS 1 . alpn=h2 key99="a (b; c" port=1 ; comment\n');
    expect(text).toBe('a.example.com. 1 IN HTTPS 1 . alpn="h2" port=1 key99="a (b; c"');
  });
  it('does not take equal signs for pairs elsewhere', () => {
    expect(texts('https 1 TXT v="a b"\n')).toEqual(['https.example.com. 1 IN TXT "v=\\"a" "b\\""']);
  });
  it('tells the line of each record, and goes on behind one that is broken', () => {
    const { records, diagnostics } = readMasterFile('a 1 TXT (\n "x"\n)\n\nb 1 A x\nc 1 A 192.0.2.1\n');
    expect(records.map(({ line }) => line)).toEqual([1, 6]);
    expect(diagnostics).toMatchObject([{ line: 5, column: 7, sourceLine: 'b 1 A x', severity: 'error' }]);
  });
  it('tells the place in the line on which it is', () => {
    const { diagnostics } = readMasterFile('a 1 TLSA ( 3 1 1 ; digest\n  00FG )\n');
    expect(diagnostics).toMatchObject([{ line: 2, column: 3, sourceLine: '  00FG )' }]);
  });
});

describe('$INCLUDE', () => {
  const files: Record<string, string> = {
    'a.inc': 'in-a 1 A 192.0.2.1\n$ORIGIN changed.example.com.\nin-a 1 A 192.0.2.2\n',
    'loop.inc': '$INCLUDE loop.inc\n',
    'bad.inc': '\nx 1 A nothing\n',
    'blank.inc': ' 1 A 192.0.2.1\n',
  };
  const include = (path: string): Uint8Array | string => {
    const text = files[path];
    return text === undefined ? 'no such file' : Uint8Array.from(Buffer.from(text));
  };

  it('leaves origin and owner of the file as they were (RFC 1035 §5.1)', () => {
    const text = 'o 1 A 192.0.2.9\n$INCLUDE a.inc sub\n 1 A 192.0.2.10\n@ 1 A 192.0.2.11\n';
    expect(readMasterFile(text, 'example.com.', { include }).records.map(({ owner }) => owner)).toEqual([
      'o.example.com.',
      'in-a.sub.example.com.',
      'in-a.changed.example.com.',
      'o.example.com.',
      'example.com.',
    ]);
  });
  it('tells errors in the file in which they are', () => {
    const { diagnostics } = readMasterFile('$INCLUDE bad.inc\n', 'example.com.', { include });
    expect(diagnostics).toMatchObject([{ file: 'bad.inc', line: 2, code: 'ZONE_BAD_RDATA' }]);
  });
  it('has an end when files include themselves', () => {
    expect(codes('$INCLUDE loop.inc\n', { include })).toEqual(['ZONE_INCLUDE']);
    files['wide.inc'] = '$INCLUDE wide.inc\n'.repeat(50);
    const found = codes('$INCLUDE wide.inc\n', { include });
    expect(found.length).toBeLessThanOrEqual(101);
    expect(new Set(found)).toEqual(new Set(['ZONE_INCLUDE', 'ZONE_MORE_ERRORS']));
  });
  it('needs somebody who hands files in', () => {
    expect(codes('$INCLUDE a.inc\n')).toEqual(['ZONE_INCLUDE']);
    expect(codes('o 1 A 192.0.2.1\n$INCLUDE blank.inc\n', { include })).toEqual(['ZONE_NO_OWNER']);
  });
});

describe('limits', () => {
  const line = 'a 1 A 192.0.2.1\n';
  it.each([
    ['records', { records: 2 }, line.repeat(3)],
    ['generated records', { generatedRecords: 9 }, '$GENERATE 1-10 a$ 1 A 192.0.2.1\n'],
    ['a token', { tokenOctets: 20 }, `a 1 TXT ${'x'.repeat(21)}\n`],
    ['a record', { recordOctets: 40 }, `a 1 TXT ${'x '.repeat(40)}\n`],
    ['all octets', { totalOctets: 40 }, line.repeat(3)],
  ])('on %s are told', (_, limits, text) => {
    expect(codes(text, { limits })).toEqual(['ZONE_LIMIT']);
  });

  it('on errors end the reading', () => {
    expect(codes('x\n'.repeat(1000), { limits: { errors: 3 } })).toEqual([
      'ZONE_SYNTAX',
      'ZONE_SYNTAX',
      'ZONE_SYNTAX',
      'ZONE_MORE_ERRORS',
    ]);
  });

  it('hold for hostile texts of a megabyte, quickly', () => {
    const size = 1_000_000;
    const hostile = [
      '('.repeat(size),
      'a 1 TXT (\n'.repeat(size / 10),
      '"'.repeat(size),
      `a 1 TXT ${'"" '.repeat(size / 3)}\n`,
      `a 1 NSEC b ${'A '.repeat(size / 2)}\n`,
      `a 1 APL ${'1:0.0.0.0/0 '.repeat(size / 12)}\n`,
      `a 1 WKS 192.0.2.1 6 ${'80 '.repeat(size / 3)}\n`,
      `a 1 SVCB 1 . ${'key1=a '.repeat(size / 7)}\n`,
      `a 1 HIP 2 00 AA== ${'b. '.repeat(size / 3)}\n`,
      '\\'.repeat(size),
      'a.'.repeat(size / 2),
      `$GENERATE 0-2147483647 ${'$'.repeat(1000)} 1 A 192.0.2.1\n`.repeat(100),
      `${';'.repeat(size)}\n`,
      '\0'.repeat(size),
    ];
    const started = process.cpuUsage();
    for (const text of hostile) expect(readMasterFile(text).diagnostics.length).toBeLessThan(103);
    const { user } = process.cpuUsage(started);
    expect(user / 1e6).toBeLessThan(20);
  });
});
