/**
 * RR types of short mnemonics, straight from octets.
 *
 * @hot once or twice a record
 */
import type { Tokens } from '../rdata/tokens.ts';
import { RRTYPE } from '../wire/iana.ts';

const MAX_OCTETS = 4;

/** Upper-case octets of a mnemonic of up to four characters, packed into a number → type. */
const PACKED = new Map<number, number>();
for (const [word, type] of Object.entries(RRTYPE)) {
  if (word.length > MAX_OCTETS) continue;
  let packed = 0;
  for (let i = 0; i < word.length; i++) packed = (packed << 8) | word.charCodeAt(i);
  PACKED.set(packed, type);
}

/** Type of a token that is a mnemonic of up to four characters; -1 for all others. */
export function typeOfWord(tokens: Tokens, token: number): number {
  const { octets } = tokens;
  const start = tokens.starts[token]!;
  const end = tokens.ends[token]!;
  if (end - start > MAX_OCTETS) return -1;
  let packed = 0;
  for (let at = start; at < end; at++) {
    const octet = octets[at]!;
    // It would vanish in front of the others.
    if (octet === 0) return -1;
    packed = (packed << 8) | (octet >= 97 && octet <= 122 ? octet - 32 : octet);
  }
  return PACKED.get(packed) ?? -1;
}
