/** A stored state as it lies in memory while nobody works on the keys of its zone: packed (base/packing). */
import { type Form, instant, list, number, packingOf, record, text, unpack } from '../base/packing.ts';
import { sha256Hex } from '../dnssec/algorithm.ts';
import { ZONE_STATE } from '../kasp/packed.ts';
import type { Name } from '../wire/name.ts';
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

/** What this version packs states by. */
const PACKING = Buffer.from(packingOf(STORED_STATE));
let scratch = new Uint8Array(16 << 10);

/**
 * What tells that a packed state is that of a state file: SHA-256 over how this version packs states, the name of the zone
 * and the octets of the file. A file that was found to be that of a packed state need not be parsed.
 */
export function stateDigest(origin: Name, file: Uint8Array): string {
  const length = PACKING.length + origin.length + file.length;
  if (length > scratch.length) scratch = new Uint8Array(2 * length);
  scratch.set(PACKING);
  scratch.set(origin, PACKING.length);
  scratch.set(file, PACKING.length + origin.length);
  return sha256Hex(scratch.subarray(0, length));
}

/** The state that was unpacked last: who asks for one asks for it again. */
let last: { readonly packed: string; readonly stored: StoredState } | undefined;

/** The state of a text that `pack` made. */
export function unpackState(packed: string): StoredState {
  if (last?.packed !== packed) last = { packed, stored: unpack(STORED_STATE, packed) };
  return last.stored;
}
