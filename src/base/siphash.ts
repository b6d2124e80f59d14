/**
 * @hot SipHash-2-4 (Aumasson, Bernstein 2012): a short keyed hash that authenticates, as cookies of DNS need it
 * (RFC 9018 §4.4). Its 64-bit words are pairs of 32-bit ones, low half first, since the language's large integers allocate.
 */

/** Steps of two rounds behind the last block. */
const STEPS_AT_END = 2;

/**
 * Hashes the first `count` words of `words`, which are `4 * count` octets in little-endian order, under the 16 octets of
 * `key`, likewise four words. The hash is put into the two words of `into`, low half first.
 */
export function sipHash24(key: Int32Array, words: Int32Array, count: number, into: Int32Array): void {
  let low0 = key[0]! ^ 0x70736575;
  let high0 = key[1]! ^ 0x736f6d65;
  let low1 = key[2]! ^ 0x6e646f6d;
  let high1 = key[3]! ^ 0x646f7261;
  let low2 = key[0]! ^ 0x6e657261;
  let high2 = key[1]! ^ 0x6c796765;
  let low3 = key[2]! ^ 0x79746573;
  let high3 = key[3]! ^ 0x74656462;
  const last = count >>> 1;
  for (let step = 0; step <= last + STEPS_AT_END; step++) {
    // The last block has the octets that are left and, on top, the length; behind it there is none.
    const low = 2 * step < count ? words[2 * step]! : 0;
    const high = step < last ? words[2 * step + 1]! : step === last ? count << 26 : 0;
    if (step === last + 1) low2 ^= 0xff;
    low3 ^= low;
    high3 ^= high;
    for (let round = 0; round < 2; round++) {
      let sum = (low0 >>> 0) + (low1 >>> 0);
      low0 = sum | 0;
      high0 = (high0 + high1 + (sum > 0xffff_ffff ? 1 : 0)) | 0;
      sum = (low2 >>> 0) + (low3 >>> 0);
      low2 = sum | 0;
      high2 = (high2 + high3 + (sum > 0xffff_ffff ? 1 : 0)) | 0;
      let turned = ((low1 << 13) | (high1 >>> 19)) ^ low0;
      high1 = ((high1 << 13) | (low1 >>> 19)) ^ high0;
      low1 = turned;
      turned = ((low3 << 16) | (high3 >>> 16)) ^ low2;
      high3 = ((high3 << 16) | (low3 >>> 16)) ^ high2;
      low3 = turned;
      turned = high0;
      high0 = low0;
      low0 = turned;
      sum = (low2 >>> 0) + (low1 >>> 0);
      low2 = sum | 0;
      high2 = (high2 + high1 + (sum > 0xffff_ffff ? 1 : 0)) | 0;
      sum = (low0 >>> 0) + (low3 >>> 0);
      low0 = sum | 0;
      high0 = (high0 + high3 + (sum > 0xffff_ffff ? 1 : 0)) | 0;
      turned = ((low1 << 17) | (high1 >>> 15)) ^ low2;
      high1 = ((high1 << 17) | (low1 >>> 15)) ^ high2;
      low1 = turned;
      turned = ((low3 << 21) | (high3 >>> 11)) ^ low0;
      high3 = ((high3 << 21) | (low3 >>> 11)) ^ high0;
      low3 = turned;
      turned = high2;
      high2 = low2;
      low2 = turned;
    }
    low0 ^= low;
    high0 ^= high;
  }
  into[0] = low0 ^ low1 ^ low2 ^ low3;
  into[1] = high0 ^ high1 ^ high2 ^ high3;
}
