/** Digests of more octets than one would keep together (node:crypto). */
import { createHash, type Hash } from 'node:crypto';

/** A digest that takes octets piece by piece. */
export type RunningDigest = Pick<Hash, 'update' | 'digest'>;

/** Begins a digest. */
export function startDigest(hash: 'sha384' | 'sha512'): RunningDigest {
  return createHash(hash);
}
