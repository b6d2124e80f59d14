/** A stored state as it lies in memory while nobody works on the keys of its zone: packed (base/packing). */
import { type Form, instant, list, number, record, text, unpack } from '../base/packing.ts';
import { ZONE_STATE } from '../kasp/packed.ts';
import type { StoredState, Tombstone } from './state.ts';

/** The keys of the zone come first. */
export const STORED_STATE: Form<StoredState> = record<StoredState>({
  zoneState: ZONE_STATE,
  tombstones: list(
    record<Tombstone>({
      id: text,
      tag: number,
      revokedTag: number,
      algorithm: number,
      publicKeyHash: text,
      removedAt: instant,
    }),
  ),
  generation: number,
});

/** The state that was unpacked last: who asks for one asks for it again. */
let last: { readonly packed: string; readonly stored: StoredState } | undefined;

/** The state of a text that `pack` made. */
export function unpackState(packed: string): StoredState {
  if (last?.packed !== packed) last = { packed, stored: unpack(STORED_STATE, packed) };
  return last.stored;
}
