/** What RDATA text is refused, and what is read in more than one way; the samples of all types are golden. */
import { describe, expect, it } from 'vitest';
import { readMasterFile } from '../../support/masterfile.ts';

function rdataOf(text: string): string | undefined {
  const { records } = readMasterFile(`x 1 ${text}\n`);
  return records[0] && Buffer.from(records[0].rdata).toString('hex');
}

describe('RDATA text that is refused', () => {
  it.each([
    'A 1.2.3',
    'A 1.2.3.4.5',
    'A 1.2.3.',
    'A 1.2.3.4 5',
    'A "1.2.3.4',
    'AAAA :',
    'AAAA :::',
    'AAAA 1:2:3:4:5:6:7',
    'AAAA 1:2:3:4:5:6:7:8:9',
    'AAAA 1:2:3:4:5:6:7::8',
    'AAAA 12345::',
    'AAAA ::1.2.3',
    'AAAA 1:2:3:4:5:6:7:1.2.3.4',
    'MX 10',
    'MX -1 a',
    'MX 10 "a"',
    'TXT',
    `TXT ${'x'.repeat(256)}`,
    'TXT \\256',
    'TXT \\25',
    'SOA a b 1 2 3 4 5 6',
    'RRSIG A 13 2 1 20301331000000 0 7 a. AQID',
    'RRSIG A 13 2 1 20300229000000 0 7 a. AQID',
    'NSEC a NOTYPE',
    'NSEC3 1 0 0 0 35MTHGPGCU1QG68FAB165KLNSNK3DPVL A',
    'NSEC3 1 0 0 - 35MTHGPGCU1QG68FAB165KLNSNK3DPVW A',
    'DS 1 13 2 "',
    'CAA 256 issue "x"',
    'CAA 0 "" "x"',
    'URI 1 1 ""',
    'APL 1:10.0.0.0/33',
    'APL 3:10.0.0.0/8',
    'EUI48 00-11-22-33-44',
    'EUI48 0-1-2-3-4-5',
    'NID 1 1:2:3',
    'L32 1 1',
    'IPSECKEY 1 4 2 . AQID',
    'IPSECKEY 1 0 2 a AQID',
    'LOC 1 60 0 N 0 E 0m',
    'LOC 0 N 181 E 0m',
    'LOC 0 N 0 E',
    'SVCB 1 . alpn',
    'SVCB 1 . alpn=""',
    'SVCB 1 . no-default-alpn',
    'SVCB 1 . port',
    'SVCB 1 . mandatory=mandatory',
    'SVCB 1 . ipv4hint=1.2.3',
    'SVCB 1 . key65535=x',
    'SVCB 1 . key01=x',
    'SVCB 1 . Port=1',
    'ZONEMD 1 1 241 00',
    'HHIT',
    'BRID x*',
    'CLA',
    'IPN 18446744073709551616',
    'IPN -1',
    'IPN 0x10',
    'WKS 1.2.3.4 tcp nosuchservice',
    'X25 123',
    'NSAP 4700',
    'A6 64 2001:db8::1 a.',
    'A \\# 5 0102030405',
    'A \\# x 01020304',
    'A \\#',
    'MX \\# 4 000a c000',
    'TXT \\# 0',
    'NULL x',
  ])('%s', (text) => {
    const { records, diagnostics } = readMasterFile(`x 1 ${text}\n`);
    expect(records).toEqual([]);
    expect(diagnostics).toHaveLength(1);
    expect(diagnostics[0]?.column).toBeGreaterThan(4);
  });
});

describe('RDATA text', () => {
  it.each([
    ['NS A.B', 'NS a.b'],
    ['SOA A B 1 1h 1m 1s 1d', 'SOA a b 1 3600 60 1 86400'],
    ['DNSKEY KSK|ZONE DNSSEC ED25519 AQID', 'DNSKEY 257 3 15 A Q I D'],
    [
      'DS 1 RSASHA256 sha-256 00000000000000000000000000000000 00000000000000000000000000000000',
      `DS 1 8 2 ${'0'.repeat(64)}`,
    ],
    ['NSEC a. NSEC A A TYPE1', 'NSEC a. A NSEC'],
    ['TXT a\\098c', 'TXT "abc"'],
    ['RRSIG A 13 2 1 19700101000001 0 7 a. AQID', 'RRSIG A 13 2 1 1 0 7 a. AQID'],
    ['SVCB 1 . key3="\\000\\080"', 'SVCB 1 . port=80'],
    ['HTTPS 1 . mandatory=port,alpn port="1" alpn=a', 'HTTPS 1 . alpn="a" mandatory=alpn,port port=1'],
    ['A \\# 4 C000 0201', 'A 192.0.2.1'],
    ['LOC 1 N 2 E 3m', 'LOC 1 0 0.000 N 2 0 0 E 3.00m 1m 10000m 10m'],
    ['NSAP 0x12.34', 'NSAP 0X1234'],
  ])('%s is %s', (a, b) => {
    expect(rdataOf(a)).toBeDefined();
    expect(rdataOf(a)).toBe(rdataOf(b));
  });

  it('keeps the case of names that RFC 4034 §6.2 does not list', () => {
    expect(rdataOf('SVCB 0 A.')).toBe('0000014100');
    expect(rdataOf('SRV 0 0 0 A.')).toBe('000000000000016100');
  });
});
