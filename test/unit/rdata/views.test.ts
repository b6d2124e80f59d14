import { describe, expect, it } from 'vitest';
import { readDnskey, readDs, readRrsig, readSoa, soaMinimum, soaSerial } from '../../../src/rdata/views.ts';
import { nameOf } from '../../../src/wire/name.ts';
import { readMasterFile } from '../../support/masterfile.ts';

/** RDATA of one record, with other octets around it. */
function embedded(text: string): [Uint8Array, number, number] {
  const { records } = readMasterFile(`x 1 ${text}\n`);
  const rdata = records[0]?.rdata as Uint8Array;
  return [Uint8Array.from([9, 9, 9, ...rdata, 9]), 3, rdata.length];
}

describe('views of RDATA', () => {
  it('read a SOA', () => {
    const soa = embedded('SOA Ns host 4294967295 2 3 4 2147483648');
    expect(readSoa(...soa)).toEqual({
      mname: nameOf('ns.example.com.'),
      rname: nameOf('host.example.com.'),
      serial: 4294967295,
      refresh: 2,
      retry: 3,
      expire: 4,
      minimum: 2147483648,
    });
    expect([soaSerial(...soa), soaMinimum(...soa)]).toEqual([4294967295, 2147483648]);
  });
  it('read DS and DNSKEY', () => {
    const digest = `${'00'.repeat(31)}FF`;
    expect(readDs(...embedded(`DS 65535 13 2 ${digest}`))).toEqual({
      keyTag: 65535,
      algorithm: 13,
      digestType: 2,
      digest: Uint8Array.from(Buffer.from(digest, 'hex')),
    });
    expect(readDnskey(...embedded('DNSKEY 257 3 13 AQID'))).toEqual({
      flags: 257,
      protocol: 3,
      algorithm: 13,
      publicKey: Uint8Array.of(1, 2, 3),
    });
  });
  it('read an RRSIG, its times in any of two forms', () => {
    expect(readRrsig(...embedded('RRSIG MX 13 2 3600 20301231235959 0 7 Example.com. AQID'))).toEqual({
      typeCovered: 15,
      algorithm: 13,
      labels: 2,
      originalTtl: 3600,
      expiration: Date.UTC(2030, 11, 31, 23, 59, 59) / 1000,
      inception: 0,
      keyTag: 7,
      signer: nameOf('example.com.'),
      signature: Uint8Array.of(1, 2, 3),
    });
  });
});
