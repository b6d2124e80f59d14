/** Random octets for tests: strong ones, and a reproducible stream. */
import { createHash, randomBytes } from 'node:crypto';
import type { Random } from '../../src/base/ports.ts';

export const strongRandom: Random = { octets: (count) => new Uint8Array(randomBytes(count)) };

/** The same octets for the same seed: SHA-256 in counter mode. */
export function seededRandom(seed: string): Random {
  let counter = 0;
  return {
    octets(count) {
      const parts: Buffer[] = [];
      for (let have = 0; have < count; have += 32) {
        parts.push(createHash('sha256').update(`${seed}/${counter++}`).digest());
      }
      return new Uint8Array(Buffer.concat(parts).subarray(0, count));
    },
  };
}
