import { describe, expect, it } from 'vitest';
import { unixSeconds } from '../../../src/base/time.ts';
import {
  formatPrivateFile,
  formatPublicFile,
  keyFileBase,
  parseKeyFileName,
  parsePrivateFile,
  parsePublicFile,
} from '../../../src/store/keyfile.ts';
import { zoneStem } from '../../../src/store/stem.ts';
import { nameOf } from '../../../src/wire/name.ts';
import { SIGNATURE_VECTORS } from '../../vectors/dnssec.ts';

const ORIGIN = nameOf('example.com.');
const NOW = unixSeconds(1_795_521_600);
const base64 = (text: string) => new Uint8Array(Buffer.from(text, 'base64'));
const KEY = SIGNATURE_VECTORS[0]!.publicKey;
const PRIVATE = SIGNATURE_VECTORS[0]!.privateKey;

describe('names of key files', () => {
  it('are those of BIND', () => {
    expect(keyFileBase(ORIGIN, 13, 642)).toBe('Kexample.com.+013+00642');
    expect(keyFileBase(nameOf('.'), 8, 20326)).toBe('K.+008+20326');
    expect(parseKeyFileName('Kexample.com.+013+00642.private')).toEqual({
      base: 'Kexample.com.+013+00642',
      algorithm: 13,
      tag: 642,
    });
    for (const name of [
      'state.json',
      'Kexample.com.+013+642.key',
      'Kexample.com.+013+00642.key.new',
      'dsset-example.com.',
    ]) {
      expect(parseKeyFileName(name)).toBeUndefined();
    }
  });

  it('have stems by DESIGN §8', () => {
    const long = nameOf(`${'\\255'.repeat(60)}.${'\\255'.repeat(60)}.example.`);
    expect(zoneStem(nameOf('EXAMPLE.Com.'))).toBe('example.com');
    expect(zoneStem(nameOf('a_b-c.0.'))).toBe('a_b-c.0');
    expect(zoneStem(nameOf('a\\.b\\037.'))).toBe('a%2Eb%25');
    expect(zoneStem(nameOf('.'))).toBe('root');
    expect(zoneStem(nameOf('root.'))).toBe('%72oot');
    expect(zoneStem(long)).toMatch(/^[0-9a-f]{64}$/);
    expect(
      zoneStem(nameOf(`${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(8)}.`)),
    ).toHaveLength(200);
    expect(
      zoneStem(nameOf(`${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(9)}.`)),
    ).toHaveLength(64);
  });
});

describe('.key files', () => {
  it('are read in all the forms that tools write', () => {
    const expected = { flags: 257, algorithm: 13, publicKey: base64(KEY) };
    const forms = [
      formatPublicFile(ORIGIN, expected, NOW),
      `; a comment (with a parenthesis\nexample.com. 3600 IN DNSKEY 257 3 13 ${KEY}\n`,
      `EXAMPLE.COM.\tIN\t3600\tDNSKEY\t257 3 13 ${KEY.slice(0, 40)} ${KEY.slice(40)} ;{id = 1 (ksk), size = 256b}`,
      `example.com. DNSKEY 257 3 13 (\r\n  ${KEY.slice(0, 20)}\r\n ${KEY.slice(20)} ) ; end`,
    ];
    for (const form of forms) expect(parsePublicFile(form, ORIGIN)).toEqual(expected);
  });

  it('that do not fit say why', () => {
    const faults: [string, string][] = [
      ['', 'no DNSKEY'],
      ['example.com. IN A 192.0.2.1', 'no DNSKEY'],
      [`example.org. IN DNSKEY 257 3 13 ${KEY}`, 'key of example.org.'],
      [`example.com. IN DNSKEY 257 4 13 ${KEY}`, 'malformed'],
      [`example.com. IN DNSKEY KSK 3 13 ${KEY}`, 'malformed'],
      [`example.com. IN DNSKEY 257 3 8 ${KEY}`, 'algorithm 8'],
      [`example.com. IN DNSKEY 257 3 13 ${KEY.slice(0, 40)}`, 'cut off'],
      [`example.com. IN DNSKEY 257 3 13 ${KEY.replace('G', '*')}`, 'malformed'],
      ['a..b. IN DNSKEY 257 3 13 AAAA', 'no domain name'],
      ['example.com. IN DNSKEY', 'malformed'],
    ];
    for (const [text, why] of faults) expect(parsePublicFile(text, ORIGIN), text).toContain(why);
  });
});

describe('.private files', () => {
  it('are read in formats v1.2 and v1.3, with times', () => {
    const v12 = `Private-key-format: v1.2\r\nAlgorithm: 13 (ECDSAP256SHA256)\r\nPrivateKey: ${PRIVATE}\r\n`;
    expect(parsePrivateFile(v12)).toEqual({ algorithm: 13, privateOctets: base64(PRIVATE), times: {} });
    const parsed = parsePrivateFile(`${formatPrivateFile(13, base64(PRIVATE), NOW)}Delete: 20270101000000\n`);
    expect(parsed).toEqual({
      algorithm: 13,
      privateOctets: base64(PRIVATE),
      times: { Created: NOW, Publish: NOW, Activate: NOW, Delete: Date.UTC(2027, 0, 1) / 1000 },
    });
  });

  it('may hold scalars without their leading zeros, as ldns writes them', () => {
    const text = `Private-key-format: v1.2\nAlgorithm: 13\nPrivateKey: ${Buffer.from([1, 2]).toString('base64')}\n`;
    const parsed = parsePrivateFile(text);
    const expected = new Uint8Array(32);
    expected.set([1, 2], 30);
    expect(parsed).toEqual({ algorithm: 13, privateOctets: expected, times: {} });
    expect(parsePrivateFile(text.replace('13', '15'))).toContain('cut off');
  });

  it('that do not fit say why, without telling the secret', () => {
    const faults: [string, string][] = [
      ['', 'no private key file'],
      ['Private-key-format: v2.0\nAlgorithm: 13\n', 'no private key file'],
      ['Private-key-format: v1.3\nAlgorithm: 8 (RSASHA256)\nModulus: AAAA\n', 'algorithm 8'],
      ['Private-key-format: v1.3\n', 'algorithm (none)'],
      ['Private-key-format: v1.3\nAlgorithm: 13\nEngine: cGtjczExAA==\nLabel: AAAA\n', 'hardware module'],
      [`Private-key-format: v1.3\nAlgorithm: 13\nPrivateKey: ${PRIVATE.slice(0, 10)}\n`, 'cut off'],
      [`Private-key-format: v1.3\nAlgorithm: 13\nPrivateKey: ${PRIVATE.slice(0, 43)}!\n`, 'cut off'],
      [
        `Private-key-format: v1.3\nAlgorithm: 13\nPrivateKey: ${SIGNATURE_VECTORS[1]!.privateKey}\n`,
        'cut off',
      ],
      ['Private-key-format: v1.3\nAlgorithm: 13\nPrivateKey:\n', 'cut off'],
    ];
    for (const [text, why] of faults) {
      const fault = parsePrivateFile(text);
      expect(fault, text).toContain(why);
      expect(fault).not.toContain(PRIVATE.slice(0, 8));
    }
  });
});
