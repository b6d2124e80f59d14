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
    ['key "k" { algorithm hmac-md5; secret "c2VjcmV0"; };', 'hmac-md5'],
    ['key "k" { algorithm hmac-sha256; };', 'no secret'],
    ['key "a..b" { algorithm hmac-sha256; secret "c2VjcmV0"; };', 'no domain name'],
  ])('%s is refused', (text, why) => {
    expect(parseTsigKey(text)).toContain(why);
  });
});

describe('a response', () => {
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
