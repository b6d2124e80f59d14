import { describe, expect, it } from 'vitest';
import {
  DNSKEY_FLAG,
  dnskeyRdata,
  keyTag,
  publicKeyHash,
  readDnskey,
  revokedKeyTag,
} from '../../../src/dnssec/dnskey.ts';
import { CDNSKEY_DELETE, CDS_DELETE, dsRdata, isDeleteRequest } from '../../../src/dnssec/ds.ts';
import { nameOf } from '../../../src/wire/name.ts';
import { RSA_DS_VECTOR, SIGNATURE_VECTORS } from '../../vectors/dnssec.ts';

const base64 = (text: string) => new Uint8Array(Buffer.from(text, 'base64'));
const hex = (octets: Uint8Array) => Buffer.from(octets).toString('hex');

describe('DNSKEY', () => {
  it('is built and read back', () => {
    const rdata = dnskeyRdata(257, 13, Uint8Array.of(1, 2, 3));
    expect(hex(rdata)).toBe('0101' + '03' + '0d' + '010203');
    expect(readDnskey(rdata)).toEqual({
      flags: 257,
      protocol: 3,
      algorithm: 13,
      publicKey: Uint8Array.of(1, 2, 3),
    });
    expect(readDnskey(rdata.subarray(0, 4))).toBeUndefined();
  });

  for (const { source, algorithm, publicKey, keyTag: tag } of SIGNATURE_VECTORS) {
    it(`has the key tag of ${source}, 128 more when revoked`, () => {
      const rdata = dnskeyRdata(257, algorithm, base64(publicKey));
      expect(keyTag(rdata)).toBe(tag);
      expect(revokedKeyTag(rdata)).toBe(
        keyTag(dnskeyRdata(257 | DNSKEY_FLAG.REVOKE, algorithm, base64(publicKey))),
      );
      expect(rdata[1]).toBe(1);
    });
  }

  it('carries once in the tag, and takes an odd last octet as the high one', () => {
    expect(keyTag(dnskeyRdata(0xffff, 0xff, Uint8Array.of(0xff, 0xff)))).toBe(
      (0xffff + 0x03ff + 0xffff + 2) & 0xffff,
    );
    expect(keyTag(dnskeyRdata(256, 5, Uint8Array.of(1)))).toBe(0x0100 + 0x0305 + 0x0100);
  });

  it('with RSA/MD5 takes its tag from the modulus (RFC 4034 B.1)', () => {
    expect(keyTag(dnskeyRdata(256, 1, Uint8Array.of(9, 9, 0x12, 0x34, 0x56)))).toBe(0x1234);
  });

  it('keeps its identity when flags change, and algorithms are told apart', () => {
    const publicKey = base64(SIGNATURE_VECTORS[0]!.publicKey);
    expect(publicKeyHash(13, publicKey)).toMatch(/^[0-9a-f]{64}$/);
    expect(publicKeyHash(13, publicKey)).not.toBe(publicKeyHash(14, publicKey));
  });
});

describe('DS', () => {
  for (const vector of SIGNATURE_VECTORS) {
    it(`is that of ${vector.source}, whatever the case of the owner`, () => {
      const dnskey = dnskeyRdata(257, vector.algorithm, base64(vector.publicKey));
      const ds = dsRdata(nameOf(vector.zone.toUpperCase()), dnskey, vector.digestType);
      const head = Buffer.from([
        vector.keyTag >>> 8,
        vector.keyTag & 255,
        vector.algorithm,
        vector.digestType,
      ]);
      expect(hex(ds)).toBe(head.toString('hex') + vector.ds);
    });
  }

  it('is that of RFC 4034 §5.4 with the digest of RFC 4509 §2.3', () => {
    const dnskey = dnskeyRdata(256, 5, base64(RSA_DS_VECTOR.publicKey));
    expect(keyTag(dnskey)).toBe(RSA_DS_VECTOR.keyTag);
    expect(hex(dsRdata(nameOf(RSA_DS_VECTOR.owner), dnskey, 2)).slice(8)).toBe(RSA_DS_VECTOR.sha256);
  });

  it('has delete records for CDS and CDNSKEY (RFC 8078 §4)', () => {
    expect(hex(CDS_DELETE)).toBe('0000000000');
    expect(hex(CDNSKEY_DELETE)).toBe('0000030000');
    expect(isDeleteRequest('CDS', CDS_DELETE)).toBe(true);
    expect(isDeleteRequest('CDNSKEY', CDNSKEY_DELETE)).toBe(true);
    expect(isDeleteRequest('CDNSKEY', dnskeyRdata(257, 13, new Uint8Array(64)))).toBe(false);
  });
});
