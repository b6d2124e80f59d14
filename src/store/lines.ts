/** Lines of a file that is read in pieces, so that neither its octets nor its text are ever in memory as a whole. */

const LINE_FEED = 10;

/**
 * The lines without their ends; empty ones are left out, and so is what is longer than `limitOctets`. Pieces are read
 * before the next is asked for. UTF-8; what is not becomes U+FFFD.
 */
export function* linesOf(pieces: Iterable<Uint8Array>, limitOctets: number): Iterable<string> {
  /** Of a line that goes on in the next piece. */
  let begun: Buffer[] = [];
  let octets = 0;
  for (const piece of pieces) {
    let at = 0;
    for (let end = piece.indexOf(LINE_FEED); end >= 0; end = piece.indexOf(LINE_FEED, at)) {
      octets += end - at;
      if (octets > 0 && octets <= limitOctets) yield textOf([...begun, piece.subarray(at, end)]);
      begun = [];
      octets = 0;
      at = end + 1;
    }
    octets += piece.length - at;
    if (octets <= limitOctets) begun.push(Buffer.from(piece.subarray(at)));
    else begun = [];
  }
  if (octets > 0 && octets <= limitOctets) yield textOf(begun);
}

function textOf(parts: readonly Uint8Array[]): string {
  return Buffer.concat(parts).toString('utf8');
}
