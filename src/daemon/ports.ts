/** The real clock and the real source of randomness. */
import { randomBytes } from 'node:crypto';
import type { Clock, Random } from '../base/ports.ts';
import { unixSeconds } from '../base/time.ts';

export const SYSTEM_CLOCK: Clock = {
  now: () => unixSeconds(Date.now() / 1_000),
  monotonicMs: () => performance.now(),
};

export const SYSTEM_RANDOM: Random = {
  octets: (count) => Uint8Array.from(randomBytes(count)),
};
