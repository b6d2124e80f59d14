/** What `keyturn ds --format form` prints. */
import { expect, it } from 'vitest';
import { dsLines } from '../../../src/cli/ds.ts';
import type { DsResult, LeavingDs } from '../../../src/control/shapes.ts';

const DIGEST = '0A56B391181474948A51A463E3780E549526DFBACD68A1639A759DE48C9AA151';
const PUBLIC_KEY = 'U71quD+fqsWWk3KXLCVW7APGzMBJEZgN1iD8Lr3bBKfsjsB3TWULdtCjVqYjjNsd83uvscYC3CfBxuCRyFr0qQ==';
const RECORD = { keyTag: 20_521, algorithm: 13, algorithmName: 'ECDSAP256SHA256' };
const OLD: LeavingDs = {
  ...{ keyTag: 8_880, algorithm: 15, algorithmName: 'ED25519', seen: true },
  ...{ when: 'now', from: null, because: 'nothing needs it any more' },
};
const DS: DsResult = {
  zone: 'example.com.',
  ds: [{ ...RECORD, digestType: 2, digest: DIGEST }],
  dnskey: [{ keyTag: 20_521, flags: 257, protocol: 3, algorithm: 13, publicKey: PUBLIC_KEY }],
  ...{ leaving: [], notBefore: null, caution: null },
};
const form = (changed: Partial<DsResult>) => dsLines({ ...DS, ...changed }, 'form');

it('has every field of a form for DS and of one for DNSKEY', () => {
  expect(form({})).toEqual([
    'for the parent of example.com.',
    '',
    'DS record of key 20521',
    '  Key tag:     20521',
    '  Algorithm:   13 (ECDSAP256SHA256)',
    '  Digest type: 2 (SHA-256)',
    `  Digest:      ${DIGEST}`,
    '               (64 hexadecimal digits)',
    'or, if the form asks for the DNSKEY of key 20521',
    '  Flags:       257 (KSK, SEP)',
    '  Protocol:    3 (DNSSEC)',
    '  Algorithm:   13 (ECDSAP256SHA256)',
    `  Public key:  ${PUBLIC_KEY}`,
    '               (88 characters of base64)',
    '',
    'delete nothing at the parent now',
  ]);
});

it('has a record for each digest, and each key only its own', () => {
  const longer = { ...RECORD, digestType: 4, digest: 'CD'.repeat(48) };
  const other = { ...RECORD, keyTag: 7, digestType: 2, digest: DIGEST };
  const key = { ...DS.dnskey[0]!, keyTag: 7 };
  const lines = form({ ds: [...DS.ds, longer, other], dnskey: [...DS.dnskey, key] });
  expect(lines.filter((line) => line.startsWith('DS record'))).toEqual([
    'DS record of key 20521',
    'DS record of key 20521',
    'DS record of key 7',
  ]);
  expect(lines).toContain('  Digest type: 4 (SHA-384)');
  expect(lines).toContain('               (96 hexadecimal digits)');
});

it('says what to delete and what not yet', () => {
  const later = { ...OLD, keyTag: 9, when: 'later' as const, because: 'caches have it' };
  const lines = form({
    leaving: [
      OLD,
      { ...OLD, keyTag: 8, seen: false, when: 'replaced', because: 'it is the only one' },
      later,
      { ...later, keyTag: 10, from: '2026-11-25T12:00:00Z' },
    ],
  });
  expect(lines.slice(-6)).toEqual([
    'delete at the parent',
    '  every DS with key tag 8880, algorithm 15 (ED25519): now; nothing needs it any more',
    '  every DS with key tag 8, algorithm 15 (ED25519): ' +
      'when those above are there, not before (if it ever came there); it is the only one',
    'leave at the parent for now',
    '  every DS with key tag 9, algorithm 15 (ED25519): caches have it',
    '  every DS with key tag 10, algorithm 15 (ED25519): until 2026-11-25T12:00:00Z at least; caches have it',
  ]);
});

it('says that the zone goes insecure where no DS shall stay', () => {
  expect(form({ ds: [], dnskey: [], leaving: [OLD] })).toEqual([
    'the parent of example.com. shall have no DS of it',
    '',
    'delete at the parent',
    '  every DS with key tag 8880, algorithm 15 (ED25519): now; the zone goes insecure',
  ]);
});
