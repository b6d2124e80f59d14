/** Address prefixes, `192.0.2.0/24` or `2001:db8::/32`, and lists of them. */
import { type AddressFamily, parseAddress } from './peer.ts';

/** All addresses that begin with the first `bits` bits of `octets`, which are 4 or 16. Plain data. */
export interface Prefix {
  readonly family: AddressFamily;
  readonly octets: Uint8Array;
  readonly bits: number;
}

/** Parses a prefix, or one address as the prefix of all its bits. Returns what is wrong with the text as a string. */
export function parsePrefix(text: string): Prefix | string {
  const [address = '', bits, ...rest] = text.split('/');
  const octets = new Uint8Array(16);
  const count = parseAddress(address, octets);
  if (count === 0 || rest.length > 0) return 'is no address prefix, write 192.0.2.0/24 or 2001:db8::/32';
  const most = count * 8;
  if (bits !== undefined && !(/^\d{1,3}$/.test(bits) && Number(bits) <= most)) {
    return `has no prefix length of 0 to ${most}`;
  }
  const prefix: Prefix = {
    family: count === 4 ? 4 : 6,
    octets: octets.subarray(0, count),
    bits: bits === undefined ? most : Number(bits),
  };
  return isBeyond(prefix) ? `has bits set behind the first ${prefix.bits}` : prefix;
}

/** True if bits behind the prefix are set: an address was meant, or another length. */
function isBeyond({ octets, bits }: Prefix): boolean {
  return octets.some((octet, i) => (octet & (0xff >> Math.min(8, Math.max(0, bits - i * 8)))) !== 0);
}

/** True if the address in the first 4 or 16 octets of `address` lies in the prefix. */
export function isInPrefix(
  { family, octets, bits }: Prefix,
  of: AddressFamily,
  address: Uint8Array,
): boolean {
  if (family !== of) return false;
  const whole = bits >> 3;
  for (let i = 0; i < whole; i++) if (octets[i] !== address[i]) return false;
  const rest = bits & 7;
  return rest === 0 || (octets[whole]! ^ address[whole]!) >> (8 - rest) === 0;
}
