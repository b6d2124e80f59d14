/**
 * Memory that small zone images share, and small signature tables: of a hundred thousand zones each would cost more for
 * its buffer, and for the messages that tell of it, than for its image. What is packed goes when the last of it goes; so
 * only zones that are loaded together are packed together, and what would fill much of it has memory of its own.
 */
import type { ImageMemory } from './image.ts';

const PACK_OCTETS = 64 << 10;
const MAX_PACKED_OCTETS = 8 << 10;

/** Hands out room, one piece behind the other. */
export class ImagePack {
  #memory: SharedArrayBuffer | undefined;
  #used = 0;

  /** Room for `octets`, which are 0. */
  take(octets: number): ImageMemory {
    if (octets > MAX_PACKED_OCTETS) return new SharedArrayBuffer(octets);
    if (this.#memory === undefined || this.#used + octets > PACK_OCTETS) {
      this.#memory = new SharedArrayBuffer(PACK_OCTETS);
      this.#used = 0;
    }
    const at = this.#used;
    this.#used += (octets + 7) & ~7;
    return { memory: this.#memory, at };
  }
}
