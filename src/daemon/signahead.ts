/** Signatures of a switch to other keys, made before it: a switch is never a storm. */
import { setImmediate } from 'node:timers/promises';
import type { Epoch } from '../signer/epoch.ts';
import { signHot } from '../signer/hot.ts';
import type { SteadyClock } from './steadyclock.ts';

/** Signatures in a row before others have their turn: about 2 ms. */
const SLICE_SIGNATURES = 64;

/**
 * Signs what was asked for lately of the epoch `before` by keys that are new in `epoch`, a slice at a time. False if it is
 * wanted no more. Throws EpochError if a signature is bad.
 */
export async function signHotInSlices(
  epoch: Epoch,
  before: Epoch | undefined,
  clock: SteadyClock,
  isWanted: () => boolean,
): Promise<boolean> {
  for (let from = 0; ; ) {
    const progress = signHot(epoch, before, { now: clock.now(), from, signatures: SLICE_SIGNATURES });
    if (progress.isDone) return isWanted();
    from = progress.next;
    await setImmediate();
    if (!isWanted()) return false;
  }
}
