import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { unixSeconds } from '../../../src/base/time.ts';
import { parseTsigKey, proveResponse, signMessage, type TsigKey } from '../../../src/daemon/tsig.ts';
import { updateFor } from '../../../src/parent/update.ts';
import { nameOf } from '../../../src/wire/name.ts';

const NOW = unixSeconds(1_795_867_200);
const KEY: TsigKey = {
  name: nameOf('k.test.'),
  algorithm: 'hmac-sha256',
  secret: Buffer.from('0123456789abcdef'),
};
const request = () =>
  updateFor({
    parent: nameOf('test.'),
    child: nameOf('child.test.'),
    ds: [Uint8Array.of(1, 2, 13, 2, 9)],
    ttl: 60,
  });

describe('a TSIG key file', () => {
  it('is read as tsig-keygen writes it', () => {
    const text = 'key "K.Test" {\n\talgorithm hmac-sha512;\n\tsecret "c2VjcmV0";\n};\n';
    expect(parseTsigKey(text)).toEqual({
      name: nameOf('k.test.'),
      algorithm: 'hmac-sha512',
      secret: Buffer.from('secret'),
    });
  });

  it.each([
    ['', 'not of the form'],
    ['key "k" { algorithm hmac-md5; secret "c2VjcmV0"; };', 'must not be used'],
    ['key "k" { algorithm HMAC-MD5.SIG-ALG.REG.INT; secret "c2VjcmV0"; };', 'must not be used'],
    [
      'key "k" { algorithm hmac-sha256-128; secret "c2VjcmV0"; };',
      'not one of hmac-sha1, hmac-sha224, hmac-sha256',
    ],
    ['key "k" { algorithm hmac-sha256; };', 'no secret'],
    ['key "a..b" { algorithm hmac-sha256; secret "c2VjcmV0"; };', 'no domain name'],
  ])('%s is refused', (text, why) => {
    expect(parseTsigKey(text)).toContain(why);
  });
});

const u16 = (value: number) => Buffer.of(value >> 8, value & 0xff);
const u48 = (value: number) =>
  Buffer.concat([u16(Math.floor(value / 2 ** 32)), u16((value >>> 16) & 0xffff), u16(value & 0xffff)]);

/** A response as a server with the key signs it (RFC 8945 §5.3); `macOctets`: all by default. */
function signed(
  requestMac: Uint8Array,
  { error = 0, other = Buffer.alloc(0), at = NOW as number, macOctets = 32 } = {},
) {
  const message = Buffer.from(request());
  const [name, algorithm] = [nameOf('k.test.'), nameOf('hmac-sha256.')];
  const times = Buffer.concat([u48(at), u16(300)]);
  const variables = [
    name,
    Buffer.of(0, 255, 0, 0, 0, 0),
    algorithm,
    times,
    u16(error),
    u16(other.length),
    other,
  ];
  const hmac = createHmac('sha256', KEY.secret)
    .update(u16(requestMac.length))
    .update(requestMac)
    .update(message);
  const mac = hmac.update(Buffer.concat(variables)).digest().subarray(0, macOctets);
  const tail = [times, u16(mac.length), mac, message.subarray(0, 2), u16(error), u16(other.length), other];
  const rdata = Buffer.concat([algorithm, ...tail]);
  const record = Buffer.concat([name, Buffer.of(0, 250, 0, 255, 0, 0, 0, 0), u16(rdata.length), rdata]);
  message.writeUInt16BE(message.readUInt16BE(10) + 1, 10);
  return Buffer.concat([message, record]);
}

describe('a response', () => {
  it('that is signed with the key is proven', () => {
    const { mac } = signMessage(request(), KEY, NOW);
    expect(proveResponse(signed(mac), KEY, mac, NOW)).toEqual({ kind: 'proven' });
    const wrong = signed(mac);
    wrong[40]! ^= 1;
    expect(proveResponse(wrong, KEY, mac, NOW)).toMatchObject({
      text: 'the signature of the answer is wrong',
    });
    const late = proveResponse(signed(mac, { at: NOW - 301 }), KEY, mac, NOW);
    expect(late).toEqual({ kind: 'unproven', text: 'the answer was signed at another time' });
  });

  it.each([16, 31, 0])('with %i octets of a signature proves nothing', (macOctets) => {
    const { mac } = signMessage(request(), KEY, NOW);
    const text = `the signature of the answer is cut short, to ${macOctets} of 32 octets`;
    expect(proveResponse(signed(mac, { macOctets }), KEY, mac, NOW)).toEqual({ kind: 'unproven', text });
  });

  it.each([
    [{ error: 18, other: u48(NOW + 4_000) }, false, 'its clock is 4000 s ahead of ours (BADTIME)'],
    [{ error: 18, other: u48(NOW - 900) }, false, 'its clock is 900 s behind ours (BADTIME)'],
    [{ error: 18 }, false, 'its clock and ours differ too much (BADTIME)'],
    [{ error: 22 }, true, 'it finds our signature too short (BADTRUNC)'],
    [{ error: 23 }, true, 'TSIG error 23'],
    [{ error: 17, macOctets: 0 }, true, 'it does not know our key (BADKEY)'],
    [{ error: 16, macOctets: 0 }, true, 'its secret of the key is another one (BADSIG)'],
  ])('%j is a refusal', (options, isLasting, text) => {
    const { mac } = signMessage(request(), KEY, NOW);
    expect(proveResponse(signed(mac, options), KEY, mac, NOW)).toEqual({ kind: 'rejected', isLasting, text });
  });

  it('that says BADTIME without a signature proves nothing', () => {
    const { mac } = signMessage(request(), KEY, NOW);
    expect(proveResponse(signed(mac, { error: 18, macOctets: 0 }), KEY, mac, NOW).kind).toBe('unproven');
  });

  /** A response is signed like a request, with the MAC of the request before it: RFC 8945 §5.3. */
  it('without a signature, or with that of the request, proves nothing', () => {
    const { message, mac } = signMessage(request(), KEY, NOW);
    expect(proveResponse(request(), KEY, mac, NOW)).toMatchObject({
      kind: 'unproven',
      text: expect.stringContaining('not signed'),
    });
    expect(proveResponse(message, KEY, mac, NOW)).toMatchObject({
      kind: 'unproven',
      text: expect.stringContaining('wrong'),
    });
    const other = { ...KEY, name: nameOf('other.test.') };
    expect(proveResponse(message, other, mac, NOW)).toMatchObject({
      kind: 'unproven',
      text: expect.stringContaining('another key'),
    });
  });

  it('that is cut off anywhere is no proof, and no error', () => {
    const { message, mac } = signMessage(request(), KEY, NOW);
    for (let end = 0; end < message.length; end++) {
      expect(proveResponse(message.subarray(0, end), KEY, mac, NOW).kind).toBe('unproven');
    }
  });
});
