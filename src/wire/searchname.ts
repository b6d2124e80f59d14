/**
 * @hot A name that is looked up: its octets in lower case, where its labels start, and the hash of every suffix, computed
 * from the right in one pass. One object serves many lookups; the zone table, zone images and aliases share it.
 */
import { LOWER, MAX_LABELS, MAX_NAME_OCTETS } from './name.ts';
import { hashLowerLabel } from './namehash.ts';

/** One reused name; see the header of this file. */
export class SearchName {
  /** The name, uncompressed, in lower case. */
  readonly octets: Uint8Array = new Uint8Array(MAX_NAME_OCTETS + 1);
  /** Octets in use, root included. */
  length = 0;
  /** Labels without the root. */
  labels = 0;
  /** Offsets of the labels in `octets`; entry `labels` is the root. */
  readonly labelAt: Uint8Array = new Uint8Array(MAX_LABELS + 1);
  /** Hash of the suffix that begins at each label; entry `labels` is the root's, the seed. */
  readonly suffixHash: Int32Array = new Int32Array(MAX_LABELS + 1);

  /** Loads the well-formed name at `offset` of `source`. */
  load(source: Uint8Array, offset: number, seed: number): void {
    let at = 0;
    let labels = 0;
    for (let length = source[offset]!; length !== 0; length = source[offset + at]!) {
      this.labelAt[labels++] = at;
      this.octets[at] = length;
      const end = at + length;
      for (at++; at <= end; at++) this.octets[at] = LOWER[source[offset + at]!]!;
    }
    this.octets[at] = 0;
    this.finish(at, labels, seed);
  }

  /** Completes a name whose octets and label offsets are in place; `rootAt` is the offset of its root label. */
  finish(rootAt: number, labels: number, seed: number): void {
    const { octets, labelAt, suffixHash } = this;
    this.length = rootAt + 1;
    this.labels = labels;
    labelAt[labels] = rootAt;
    let hash = seed | 0;
    suffixHash[labels] = hash;
    for (let i = labels - 1; i >= 0; i--) {
      hash = hashLowerLabel(hash, octets, labelAt[i]!);
      suffixHash[i] = hash;
    }
  }
}
