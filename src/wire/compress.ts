/**
 * @hot Name compression (RFC 1035 §4.1.4) for one message at a time: a table of the suffixes that stand in the message,
 * so that later names can point to them.
 *
 * A suffix is its first label plus the offset of the suffix after it, so a hit compares one label only:
 *
 * ```
 *   offset 12: 3 w w w 7 e x a m p l e 3 c o m 0          entry (hash, offset, parent)
 *              │       │               └ offset 24        (hash of com,             24,  0 = root)
 *              │       └ offset 16                        (hash of example.com,     16, 24)
 *              └ offset 12                                (hash of www.example.com, 12, 16)
 * ```
 * Every suffix of an entered name is entered, so a search from the right may stop at its first miss. Entries are in
 * the order of their offsets and are removed in the reverse order, so a rollback of the writer takes its entries back.
 * Matching ignores ASCII case; the case in the message stays that of its first occurrence, mostly the question's.
 */
import { HEADER } from './header.ts';
import { LOWER, MAX_LABELS, nameOctets } from './name.ts';
import { hashLabel } from './namehash.ts';
import type { SearchName } from './searchname.ts';
import type { Writer } from './writer.ts';
import { NOT_ROLLED_BACK } from './writer.ts';

/** Pointers have 14 bits. */
const POINTER_LIMIT = 0x4000;
const POINTER_BITS = 0xc000;
/** The parent of a top-level label; no name starts inside a header. */
const ROOT_OFFSET = 0;
const MISS = -1;

const SLOTS = 2048;
const SLOT_MASK = SLOTS - 1;
/** Further names are written, but not pointed to. */
const ENTRY_LIMIT = SLOTS / 2;

/** One reused compressor; `reset` it for each message. */
export class Compressor {
  readonly #seed: number;
  /** A slot is taken if its stamp is that of this message. */
  #generation = 0;
  readonly #stamps = new Uint32Array(SLOTS);
  readonly #hashes = new Int32Array(SLOTS);
  readonly #offsets = new Uint16Array(SLOTS);
  readonly #parents = new Uint16Array(SLOTS);
  /** Slots in the order in which they were taken. */
  readonly #taken = new Uint16Array(ENTRY_LIMIT);
  #count = 0;
  #question: SearchName | null = null;
  readonly #labelAt = new Uint32Array(MAX_LABELS + 1);

  /** `seed` is that of the hashes in the SearchNames handed to `reset`. */
  constructor(seed: number) {
    this.#seed = seed | 0;
  }

  /**
   * Forgets the last message. `question` is the name that stands at offset 12 of the writer's message, in whatever
   * case, or null if none does; borrowed until the next reset.
   */
  reset(writer: Writer, question: SearchName | null): void {
    if (++this.#generation > 0xffff_ffff) {
      this.#stamps.fill(0);
      this.#generation = 1;
    }
    this.#count = 0;
    this.#question = question;
    writer.lowest = NOT_ROLLED_BACK;
    if (question === null) return;
    let parent = ROOT_OFFSET;
    for (let i = question.labels - 1; i >= 0; i--) {
      const offset = HEADER.OCTETS + question.labelAt[i]!;
      this.#enter(question.suffixHash[i]!, offset, parent);
      parent = offset;
    }
  }

  /**
   * Puts the well-formed uncompressed name at `offset` of `name`. If `isCompressible`, its longest known suffix becomes
   * a pointer and its new suffixes are entered; otherwise it is copied (RFC 3597 §4: names in RDATA of newer types).
   */
  putName(writer: Writer, name: Uint8Array, offset: number, isCompressible: boolean): void {
    if (!isCompressible) {
      writer.putOctets(name, offset, nameOctets(name, offset));
      return;
    }
    if (this.#isQuestion(name, offset)) {
      writer.putU16(POINTER_BITS | HEADER.OCTETS);
      return;
    }
    if (writer.lowest !== NOT_ROLLED_BACK) this.#forget(writer);
    let fresh = this.#collectLabels(name, offset);
    const shared = this.#sharedWithQuestion(name, fresh);
    let hash = this.#seed;
    let target = ROOT_OFFSET;
    if (shared > 0) {
      const { labels, labelAt, suffixHash } = this.#question!;
      hash = suffixHash[labels - shared]!;
      target = HEADER.OCTETS + labelAt[labels - shared]!;
      fresh -= shared;
    }
    // From here on `hash` is that of the shortest suffix that is fresh.
    for (; fresh > 0; fresh--) {
      const label = this.#labelAt[fresh - 1]!;
      hash = hashLabel(hash, name, label);
      const slot = this.#find(hash, target, writer.octets, name, label);
      if (slot === MISS) break;
      target = this.#offsets[slot]!;
    }
    const start = writer.position;
    writer.putOctets(name, offset, this.#labelAt[fresh]! - offset);
    if (target === ROOT_OFFSET) writer.putU8(0);
    else writer.putU16(POINTER_BITS | target);
    if (fresh > 0 && !writer.isOverflowed) this.#enterLabels(name, fresh, hash, target, start - offset);
  }

  /** True if the name is the question's, in lower case: the commonest owner of all. */
  #isQuestion(name: Uint8Array, offset: number): boolean {
    const question = this.#question;
    if (question === null || question.labels === 0) return false;
    const { octets, length } = question;
    for (let i = 0; i < length; i++) {
      if (name[offset + i] !== octets[i]) return false;
    }
    return true;
  }

  /** How many of the last labels are the question's, too: no hash is needed to find them. */
  #sharedWithQuestion(name: Uint8Array, labels: number): number {
    const question = this.#question;
    if (question === null) return 0;
    const { octets, labelAt } = question;
    const most = Math.min(labels, question.labels);
    for (let shared = 0; shared < most; shared++) {
      const at = this.#labelAt[labels - 1 - shared]!;
      const asked = labelAt[question.labels - 1 - shared]!;
      const length = octets[asked]!;
      if (name[at] !== length) return shared;
      for (let i = 1; i <= length; i++) {
        if (LOWER[name[at + i]!] !== octets[asked + i]) return shared;
      }
    }
    return most;
  }

  #collectLabels(name: Uint8Array, offset: number): number {
    let count = 0;
    let at = offset;
    for (; name[at] !== 0; at += name[at]! + 1) this.#labelAt[count++] = at;
    this.#labelAt[count] = at;
    return count;
  }

  #find(hash: number, parent: number, message: Uint8Array, name: Uint8Array, label: number): number {
    for (
      let slot = hash & SLOT_MASK;
      this.#stamps[slot] === this.#generation;
      slot = (slot + 1) & SLOT_MASK
    ) {
      if (this.#hashes[slot] !== hash || this.#parents[slot] !== parent) continue;
      if (equalLabels(message, this.#offsets[slot]!, name, label)) return slot;
    }
    return MISS;
  }

  /**
   * Enters the first `fresh` labels of `name`, the last of which begins the suffix that has this hash; `shift` leads from
   * offsets in `name` to offsets in the message.
   */
  #enterLabels(name: Uint8Array, fresh: number, hash: number, target: number, shift: number): void {
    let suffixHash = hash;
    let parent = target;
    for (let i = fresh - 1; i >= 0; i--) {
      const label = this.#labelAt[i]!;
      if (i < fresh - 1) suffixHash = hashLabel(suffixHash, name, label);
      if (!this.#enter(suffixHash, label + shift, parent)) return;
      parent = label + shift;
    }
  }

  #enter(hash: number, offset: number, parent: number): boolean {
    if (offset >= POINTER_LIMIT || this.#count === ENTRY_LIMIT) return false;
    let slot = hash & SLOT_MASK;
    while (this.#stamps[slot] === this.#generation) slot = (slot + 1) & SLOT_MASK;
    this.#stamps[slot] = this.#generation;
    this.#hashes[slot] = hash;
    this.#offsets[slot] = offset;
    this.#parents[slot] = parent;
    this.#taken[this.#count++] = slot;
    return true;
  }

  /** Takes back the entries of names that the writer took back: the last first, so probe chains stay whole. */
  #forget(writer: Writer): void {
    while (this.#count > 0) {
      const slot = this.#taken[this.#count - 1]!;
      if (this.#offsets[slot]! < writer.lowest) break;
      this.#stamps[slot] = 0;
      this.#count--;
    }
    writer.lowest = NOT_ROLLED_BACK;
  }
}

/** Equality of two labels, at their length octets, without regard to ASCII case. */
function equalLabels(a: Uint8Array, aOffset: number, b: Uint8Array, bOffset: number): boolean {
  const length = a[aOffset]!;
  if (length !== b[bOffset]) return false;
  for (let i = 1; i <= length; i++) {
    if (LOWER[a[aOffset + i]!] !== LOWER[b[bOffset + i]!]) return false;
  }
  return true;
}
