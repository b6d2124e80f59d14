import { describe, expect, it } from 'vitest';
import { dsLines } from '../../../src/cli/ds.ts';
import { type Output, printZone, printZones } from '../../../src/cli/output.ts';
import type { DsResult, ZoneDetail, ZoneSummary } from '../../../src/control/shapes.ts';

function capture(
  options: { isTerminal?: boolean; hasColor?: boolean } = {},
): Output & { out: string[]; err: string[] } {
  const out: string[] = [];
  const err: string[] = [];
  return {
    isTerminal: options.isTerminal ?? false,
    hasColor: options.hasColor ?? false,
    print: (line) => void out.push(...line.split('\n')),
    note: (line) => void err.push(line),
    out,
    err,
  };
}

const KEY = {
  ...{ id: 'k', tag: 54_321, algorithm: 13, flags: 257, roles: ['key-signing', 'zone-signing'] },
  ...{ goal: 'IN' as const, dnskey: 'rumoured', krrsig: 'rumoured', zrrsig: 'rumoured', ds: 'hidden' },
};
const ZONE: ZoneSummary = {
  zone: 'example.com.',
  state: 'served',
  serial: 7,
  records: 12,
  signed: true,
  policy: 'default',
  keys: [KEY],
  cds: { published: false, from: '2026-11-25T10:20:00Z' },
  problem: null,
};
const BROKEN: ZoneSummary = {
  ...ZONE,
  zone: 'broken.example.',
  state: 'stale',
  problem: { code: 'ZONE_SYNTAX', message: 'it is broken', effect: 'still serving serial 7' },
};

const DS: DsResult = {
  zone: 'example.com.',
  ds: [{ keyTag: 54_321, algorithm: 13, algorithmName: 'ECDSAP256SHA256', digestType: 2, digest: 'A1B2' }],
  dnskey: [{ keyTag: 54_321, flags: 257, protocol: 3, algorithm: 13, publicKey: 'mdsswUyr' }],
  leaving: [],
  notBefore: null,
  caution: null,
};

describe('list of zones', () => {
  it('is a plain table without a terminal', () => {
    const output = capture();
    printZones(output, [ZONE, BROKEN]);
    expect(output.out).toEqual([
      'ZONE             STATE       SERIAL  RECORDS  KEYS       CDS                        PROBLEM',
      'example.com.     ok served   7       12       CSK 54321  from 2026-11-25T10:20:00Z  -',
      'broken.example.  warn stale  7       12       CSK 54321  from 2026-11-25T10:20:00Z  ZONE_SYNTAX',
    ]);
  });

  it('names no key of which only files are left', () => {
    const hidden = { dnskey: 'hidden', krrsig: 'hidden', zrrsig: null, ds: 'hidden' };
    const gone = { ...KEY, tag: 11, goal: 'OUT' as const, ...hidden };
    const output = capture();
    printZones(output, [{ ...ZONE, keys: [gone, { ...gone, tag: 22, ds: 'unretentive' }, KEY] }]);
    expect(output.out[1]).toContain('CSK 22, CSK 54321');
    expect(output.out[1]).not.toContain('CSK 11');
  });

  it('has symbols on a terminal, colors where they are wanted', () => {
    const plain = capture({ isTerminal: true });
    printZones(plain, [ZONE]);
    expect(plain.out[1]).toMatch(/✓ served/);
    expect(plain.out.join('')).not.toContain('\u001b');
    const colored = capture({ isTerminal: true, hasColor: true });
    printZones(colored, [BROKEN]);
    expect(colored.out[1]).toContain('\u001b[33m! stale\u001b[39m');
  });

  it('says what to do if there is none', () => {
    const output = capture();
    printZones(output, []);
    expect(output.out).toEqual([]);
    expect(output.err[0]).toMatch(/put a file/);
  });
});

describe('one zone', () => {
  it('is shown with keys, waits, problem and effect', () => {
    const output = capture();
    const detail: ZoneDetail = {
      ...BROKEN,
      file: 'zones/broken.example.zone',
      includes: ['zones/more.inc'],
      servedSince: '2026-11-24T10:20:00Z',
      signaturesRenewedAt: '2026-11-28T10:20:00Z',
      delegation: 'unconfirmed',
      goal: 'secure',
      rollover: null,
      overlapping: null,
      waiting: [
        {
          ...{ tag: 54_321, record: 'ds', to: 'omnipresent', reason: 'parent_ds' },
          ...{ until: null, because: 'only the parent can' },
        },
      ],
      needs: [{ zone: 'broken.example.', what: 'look at the parent', command: 'keyturn look' }],
      errorReports: [],
      diagnostics: [],
    };
    printZone(output, detail);
    const text = output.out.join('\n');
    expect(text).toMatch(/file +zones\/broken.example.zone, zones\/more.inc/);
    expect(text).toMatch(/key 54321 +algorithm 13, flags 257: dnskey rumoured/);
    expect(text).toMatch(/waiting +key 54321 ds -> omnipresent: only the parent can/);
    expect(text).toMatch(/broken\.example\. needs you: look at the parent:\n +keyturn look/);
    expect(text).toMatch(/effect +still serving serial 7/);
  });
});

describe('DS formats', () => {
  it('are those of registrars', () => {
    expect(dsLines(DS, 'ds')).toEqual(['example.com. IN DS 54321 13 2 A1B2']);
    expect(dsLines(DS, 'dnskey')).toEqual(['example.com. IN DNSKEY 257 3 13 mdsswUyr']);
    expect(dsLines(DS, 'cds')).toEqual([
      'example.com. IN CDS 54321 13 2 A1B2',
      'example.com. IN CDNSKEY 257 3 13 mdsswUyr',
    ]);
    expect(dsLines(DS, 'fields').join('\n')).toMatch(
      /Key tag: +54321\nAlgorithm: +13 \(ECDSAP256SHA256\)\nDigest type: 2 \(SHA-256\)\nDigest: +A1B2\nFlags: +257/,
    );
  });
});
