/** RDATA of NSEC3 and NSEC3PARAM (RFC 5155 §3.2, §4.2) with the parameters `1 0 0 -`. */
import { putHash } from './nsec3hash.ts';

const SHA1 = 1;
const HASH_OCTETS = 20;
/** The flag of NSEC3 records that may cover unsigned delegations (RFC 5155 §3.1.2.1). */
const OPT_OUT = 1;

/** NSEC3 RDATA in front of the type bitmap: algorithm, flags, iterations, salt, next hashed owner. */
export const NSEC3_HEAD_OCTETS = 6 + HASH_OCTETS;

/** RDATA of NSEC3PARAM; its flags are zero also with opt-out (RFC 5155 §4.1.2). */
export const NSEC3PARAM_RDATA: Uint8Array = Uint8Array.of(SHA1, 0, 0, 0, 0);

/** Writes NSEC3_HEAD_OCTETS octets: the record whose next hashed owner is the hash at `at` of `words`. */
export function putNsec3Head(
  out: Uint8Array,
  offset: number,
  optOut: boolean,
  words: Uint32Array,
  at: number,
): void {
  out[offset] = SHA1;
  out[offset + 1] = optOut ? OPT_OUT : 0;
  out[offset + 2] = 0;
  out[offset + 3] = 0;
  out[offset + 4] = 0;
  out[offset + 5] = HASH_OCTETS;
  putHash(words, at, out, offset + 6);
}
