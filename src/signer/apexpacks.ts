/**
 * Memory that apex images of many zones share. A pack goes when the last of it goes (zone/imagepack), and apex images are
 * made anew every few days, each zone's at an instant of its own: so those lie together that last equally long.
 */
import type { UnixSeconds } from '../base/time.ts';
import { ImagePack } from '../zone/imagepack.ts';

/** What ends within such a span lies together: a small part of the days that most last, and few packs at a time. */
const SPAN_S = 8 * 3_600;

export class ApexPacks {
  /** By the span in which they are all made anew. */
  readonly #packs = new Map<number, ImagePack>();

  /** Where an apex image that is made at `now` and again at `refreshAt` has its place. */
  packFor(refreshAt: UnixSeconds, now: UnixSeconds): ImagePack {
    const span = spanOf(refreshAt);
    const known = this.#packs.get(span);
    if (known !== undefined) return known;
    for (const past of this.#packs.keys()) if (past < spanOf(now)) this.#packs.delete(past);
    const pack = new ImagePack();
    this.#packs.set(span, pack);
    return pack;
  }

  /** Packs that are being filled. */
  get size(): number {
    return this.#packs.size;
  }
}

function spanOf(instant: UnixSeconds): number {
  return Math.floor(instant / SPAN_S);
}
