/**
 * When signatures over zone data are valid (DESIGN §3). Time is cut into windows of length W, at an offset that comes
 * from owner and type, so that signatures do not all fall due at once and every thread and node makes the same ones:
 *
 * ```
 *            o + kW                       o + (k+1)W
 *   ──┬────────┼──────────────────────────────┼──────────────┬──▶
 *   inception  │◀──────── served here ───────▶│          expiration
 *   (1 h before)                                     (inception + V)
 * ```
 * With V = 7 d and W = 4 d a served signature is never under 2 d 23 h from its end.
 */
import type { UnixSeconds } from '../base/time.ts';
import { nameOctets } from '../wire/name.ts';

/** How long before its window a signature begins to be valid: clocks of validators differ. */
export const INCEPTION_LEAD = 3600;

/** W for a validity V, both in seconds: four sevenths. */
export function windowLength(validity: number): number {
  return Math.max(1, Math.floor((validity * 4) / 7));
}

/** The inception of the signature that is served at `now` for the owner and type. */
export function inceptionAt(
  now: UnixSeconds,
  validity: number,
  owner: Uint8Array,
  ownerOffset: number,
  type: number,
): UnixSeconds {
  const length = windowLength(validity);
  const offset = windowOffset(owner, ownerOffset, type, length);
  const window = Math.floor((now - offset) / length);
  return (offset + window * length - INCEPTION_LEAD) as UnixSeconds;
}

/** True if a signature with this inception is the one to serve at `now`, or belongs to a window shortly ahead. */
export function isInWindow(now: UnixSeconds, validity: number, inception: number): boolean {
  const begin = inception + INCEPTION_LEAD;
  return now >= begin && now < begin + windowLength(validity);
}

/** o: FNV-1a over owner and type, the same on every machine. Offsets are in seconds below `length`. */
function windowOffset(owner: Uint8Array, ownerOffset: number, type: number, length: number): number {
  let hash = 0x811c9dc5;
  const end = ownerOffset + nameOctets(owner, ownerOffset);
  for (let i = ownerOffset; i < end; i++) hash = Math.imul(hash ^ owner[i]!, 0x01000193);
  hash = Math.imul(hash ^ (type >>> 8), 0x01000193);
  hash = Math.imul(hash ^ (type & 0xff), 0x01000193);
  // The low bits of FNV mix well, the high ones of short inputs less so.
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0x2c1b3c6d);
  hash ^= hash >>> 12;
  return (hash >>> 0) % length;
}
