/**
 * Memory that small zone images share: of a hundred thousand zones each would cost more for its buffer, and for the
 * messages that tell of it, than for its image. What is packed goes when the last of it goes; so only zones that are
 * loaded together are packed together, and an image that would fill much of it has memory of its own.
 */
import type { ImageMemory } from './image.ts';

const PACK_OCTETS = 64 << 10;
const MAX_PACKED_OCTETS = 8 << 10;

/** Hands out room for images that are written one after the other. */
export class ImagePack {
  #memory: SharedArrayBuffer | undefined;
  #used = 0;

  /** Room for an image of `octets`, a multiple of 8. */
  take(octets: number): ImageMemory {
    if (octets > MAX_PACKED_OCTETS) return new SharedArrayBuffer(octets);
    if (this.#memory === undefined || this.#used + octets > PACK_OCTETS) {
      this.#memory = new SharedArrayBuffer(PACK_OCTETS);
      this.#used = 0;
    }
    const at = this.#used;
    this.#used += octets;
    return { memory: this.#memory, at };
  }
}
