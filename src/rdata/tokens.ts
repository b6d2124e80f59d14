/**
 * Tokens of one logical record of a master file (RFC 1035 §5.1): ranges of octets, not strings. A lexer fills them,
 * parsers consume them. Escapes are still in the octets; quotation marks are not.
 */

export const TOKEN = {
  /** Stood in quotation marks. */
  QUOTED: 1,
  /** Holds a backslash. */
  ESCAPED: 2,
} as const;

const SHOWN_OCTETS = 60;

/** Reused for every record; ranges point into `octets`, which is borrowed. */
export class Tokens {
  octets: Uint8Array = new Uint8Array(0);
  count = 0;
  /** Index of the token that is consumed next. */
  next = 0;
  starts = new Int32Array(256);
  ends = new Int32Array(256);
  flags = new Uint8Array(256);

  /** Forgets all tokens; the next ones point into `octets`. */
  clear(octets: Uint8Array): void {
    this.octets = octets;
    this.count = 0;
    this.next = 0;
  }

  push(start: number, end: number, flags: number): void {
    if (this.count === this.starts.length) this.#grow();
    const index = this.count++;
    this.starts[index] = start;
    this.ends[index] = end;
    this.flags[index] = flags;
  }

  /** The token as it is written, one character an octet, cut to what fits a message. */
  text(index: number): string {
    const start = this.starts[index]!;
    const end = this.ends[index]!;
    const shown = Math.min(end, start + SHOWN_OCTETS);
    const text = String.fromCharCode(...this.octets.subarray(start, shown)).replace(/[^\x20-\x7e]/g, '?');
    return shown < end ? `${text}…` : text;
  }

  /** True if the token is this ASCII text; `lower` is compared without regard to case and is in lower case. */
  is(index: number, lower: string): boolean {
    const start = this.starts[index]!;
    if (this.ends[index]! - start !== lower.length) return false;
    for (let i = 0; i < lower.length; i++) {
      const octet = this.octets[start + i]!;
      const folded = octet >= 65 && octet <= 90 ? octet + 32 : octet;
      if (folded !== lower.charCodeAt(i)) return false;
    }
    return true;
  }

  #grow(): void {
    const size = this.starts.length * 2;
    const starts = new Int32Array(size);
    const ends = new Int32Array(size);
    const flags = new Uint8Array(size);
    starts.set(this.starts);
    ends.set(this.ends);
    flags.set(this.flags);
    this.starts = starts;
    this.ends = ends;
    this.flags = flags;
  }
}
