import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { unixSeconds } from '../../../src/base/time.ts';
import { dnskeyRdata, keyTag } from '../../../src/dnssec/dnskey.ts';
import { generateKey, loadPrivateKey, verifyOctetsSecond } from '../../../src/dnssec/keypair.ts';
import {
  buildBlock,
  isWithinValidity,
  type RrsigFields,
  readRrsig,
  rrsigLabels,
  rrsigRdata,
  signedOctets,
  signedOctetsBound,
  signedOctetsLength,
  signRRset,
  sortRdata,
  verifyRRset,
  writeSignedOctets,
} from '../../../src/dnssec/rrsig.ts';
import { nameOf } from '../../../src/wire/name.ts';
import { SIGNATURE_VECTORS } from '../../vectors/dnssec.ts';

const base64 = (text: string) => new Uint8Array(Buffer.from(text, 'base64'));
const fromHex = (text: string) => new Uint8Array(Buffer.from(text, 'hex'));
const hex = (octets: Uint8Array) => Buffer.from(octets).toString('hex');
const random = (count: number) => new Uint8Array(randomBytes(count));

function fieldsOf(over: Partial<RrsigFields>): RrsigFields {
  return {
    typeCovered: 1,
    algorithm: 13,
    labels: 3,
    originalTtl: 3600,
    expiration: unixSeconds(1_800_000_000),
    inception: unixSeconds(1_799_000_000),
    keyTag: 1,
    signerName: nameOf('example.net.'),
    ...over,
  };
}

describe('RFC vectors', () => {
  for (const vector of SIGNATURE_VECTORS) {
    it(`${vector.source}: the printed signature holds, and only at its time`, () => {
      const owner = nameOf(vector.owner);
      const dnskey = dnskeyRdata(257, vector.algorithm, base64(vector.publicKey));
      const fields = fieldsOf({
        typeCovered: vector.type,
        algorithm: vector.algorithm,
        labels: rrsigLabels(owner),
        expiration: unixSeconds(vector.expiration),
        inception: unixSeconds(vector.inception),
        keyTag: keyTag(dnskey),
        signerName: nameOf(vector.zone),
      });
      const rdatas = [fromHex(vector.rdata)];
      const signed = {
        owner,
        type: vector.type,
        rdatas,
        rrsig: rrsigRdata(fields, base64(vector.signature)),
        dnskey,
        apex: nameOf(vector.zone),
      };
      expect(verifyRRset(signed, unixSeconds(vector.inception))).toBeUndefined();
      expect(verifyRRset(signed, unixSeconds(vector.expiration))).toBeUndefined();
      expect(verifyRRset(signed, unixSeconds(vector.expiration + 1))).toBe('outside its validity');
      expect(verifyRRset(signed, unixSeconds(vector.inception - 1))).toBe('outside its validity');
      const octets = signedOctets(fields, owner, rdatas);
      expect(
        verifyOctetsSecond(vector.algorithm, base64(vector.publicKey), octets, base64(vector.signature)),
      ).toBe(true);
    });
  }
});

describe('signed octets', () => {
  it('are laid out as RFC 4034 §3.1.8.1 says, owner in lower case', () => {
    const octets = signedOctets(fieldsOf({ keyTag: 0xabcd }), nameOf('WWW.Example.net.'), [
      fromHex('c0000202'),
      fromHex('c0000201'),
      fromHex('c0000202'),
    ]);
    const rr = '0377777707' + '6578616d706c65036e657400' + '0001' + '0001' + '00000e10' + '0004';
    expect(hex(octets)).toBe(
      '0001' +
        '0d' +
        '03' +
        '00000e10' +
        '6b49d200' +
        '6b3a8fc0' +
        'abcd' +
        '076578616d706c65036e657400' +
        rr +
        'c0000201' +
        rr +
        'c0000202',
    );
  });

  it('take the wildcard form when labels are fewer than those of the owner', () => {
    const rdatas = [fromHex('c0000201')];
    const fields = fieldsOf({ labels: 2 });
    const ofWildcard = signedOctets(fields, nameOf('*.example.net.'), rdatas);
    expect(signedOctets(fields, nameOf('a.b.c.example.net.'), rdatas)).toEqual(ofWildcard);
    expect(hex(ofWildcard)).toContain('012a076578616d706c65036e657400');
    expect(rrsigLabels(nameOf('*.example.net.'))).toBe(2);
    expect(rrsigLabels(nameOf('a*.example.net.'))).toBe(3);
    expect(rrsigLabels(nameOf('.'))).toBe(0);
    const atRoot = signedOctets(fieldsOf({ labels: 0, signerName: nameOf('.') }), nameOf('x.'), rdatas);
    expect(hex(atRoot)).toContain('012a00');
  });

  it('sort by octets, shorter first, without duplicates', () => {
    const sorted = sortRdata(['ff', '0100', '01', 'ff', '00ffff', ''].map(fromHex));
    expect(sorted.map(hex)).toEqual(['', '00ffff', '01', '0100', 'ff']);
    expect(hex(buildBlock(sorted))).toBe('0000' + '000300ffff' + '000101' + '00020100' + '0001ff');
  });

  it('are written from within buffers, within the bound, and the exact length is known before', () => {
    const owner = nameOf('mail.example.net.');
    const block = buildBlock([random(5), random(300), new Uint8Array(0)]);
    const fields = fieldsOf({ labels: 2 });
    const buffer = new Uint8Array(1000);
    buffer.set(owner, 77);
    buffer.set(block, 200);
    const length = signedOctetsLength(fields, buffer, 77, buffer, 200, block.length);
    const scratch = new Uint8Array(length);
    expect(writeSignedOctets(scratch, fields, buffer, 77, buffer, 200, block.length)).toBe(length);
    expect(length).toBeLessThanOrEqual(signedOctetsBound(fields, owner.length, block.length));
    expect(() =>
      writeSignedOctets(scratch.subarray(1), fields, buffer, 77, buffer, 200, block.length),
    ).toThrow('scratch');
  });
});

describe('RRSIG RDATA', () => {
  it('is read as it was written, instants after 2106 modulo 2³²', () => {
    const fields = fieldsOf({ expiration: unixSeconds(2 ** 32 + 5), inception: unixSeconds(2 ** 32 - 5) });
    const read = readRrsig(rrsigRdata(fields, Uint8Array.of(1, 2, 3)))!;
    expect(read).toEqual({ ...fields, expiration: 5, signature: Uint8Array.of(1, 2, 3) });
    expect(readRrsig(rrsigRdata(fields, new Uint8Array(0)).subarray(0, 20))).toBeUndefined();
    expect(readRrsig(new Uint8Array(18))).toBeUndefined();
    expect(readRrsig(new Uint8Array(40).fill(99))).toBeUndefined();
  });

  it('is valid across 2038 and 2106 by serial arithmetic', () => {
    for (const turn of [2 ** 31, 2 ** 32]) {
      const fields = fieldsOf({ inception: unixSeconds(turn - 10), expiration: unixSeconds(turn + 10) });
      const wire = readRrsig(rrsigRdata(fields, new Uint8Array(64)))!;
      for (const form of [fields, wire]) {
        expect([-11, -10, 0, 10, 11].map((d) => isWithinValidity(form, unixSeconds(turn + d)))).toEqual([
          false,
          true,
          true,
          true,
          false,
        ]);
      }
    }
  });

  it('is refused for the right reason', () => {
    const { publicKey, privateOctets } = generateKey(13, random);
    const key = loadPrivateKey(13, privateOctets, publicKey);
    const dnskey = dnskeyRdata(257, 13, publicKey);
    const apex = nameOf('example.net.');
    const owner = nameOf('a.example.net.');
    const rdatas = [fromHex('c0000201'), fromHex('c0000202')];
    const fields = fieldsOf({ keyTag: keyTag(dnskey) });
    const rrsig = signRRset(fields, owner, rdatas, key);
    const signed = { owner, type: 1, rdatas, rrsig, dnskey, apex };
    const now = unixSeconds(1_799_500_000);
    expect(verifyRRset(signed, now)).toBeUndefined();
    expect(verifyRRset({ ...signed, rdatas: rdatas.toReversed() }, now)).toBeUndefined();
    expect(verifyRRset({ ...signed, rdatas: rdatas.slice(1) }, now)).toBe('bad signature');
    expect(verifyRRset({ ...signed, owner: nameOf('b.example.net.') }, now)).toBe('bad signature');
    expect(verifyRRset({ ...signed, type: 28 }, now)).toBe('malformed RRSIG');
    expect(verifyRRset({ ...signed, apex: nameOf('net.') }, now)).toBe('signer is not the zone');
    expect(verifyRRset({ ...signed, owner: apex }, now)).toBe('too many labels');
    expect(verifyRRset({ ...signed, dnskey: dnskeyRdata(256, 13, publicKey) }, now)).toBe(
      'made by another key',
    );
    expect(verifyRRset({ ...signed, dnskey: dnskey.subarray(0, 3) }, now)).toBe('malformed DNSKEY');
    expect(verifyRRset({ ...signed, rrsig: Uint8Array.from(rrsig, (o, i) => (i === 2 ? 8 : o)) }, now)).toBe(
      'unknown algorithm',
    );
  });
});
