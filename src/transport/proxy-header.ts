/**
 * @hot The PROXY protocol, version 2 (haproxy.org, proxy-protocol.txt §2.2): a proxy says whose octets it hands on.
 *
 * ```
 *   signature 12 │ version 4 bits, command 4 │ family 4 bits, protocol 4 │ length 2 │ addresses, ports │ TLVs
 * ```
 * TLVs are stepped over. A command LOCAL and an address that is no IP address leave the peer what it is.
 */
import type { AddressFamily, Peer, Transport } from '../wire/peer.ts';
import { isInPrefix, type Prefix } from '../wire/prefix.ts';

const SIGNATURE = Uint8Array.of(0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a);
const FIXED_OCTETS = 16;
const VERSION_2 = 0x20;
const COMMAND = { LOCAL: 0, PROXY: 1 } as const;
const FAMILY = { UNSPECIFIED: 0, INET: 1, INET6: 2, UNIX: 3 } as const;
const MAX_PROTOCOL = 2;
const INET_OCTETS = 12;
const INET6_OCTETS = 36;
/** In front of the IPv4 address in an IPv6 address that is mapped. */
const MAPPED_OCTETS = 12;
/** TLVs of known proxies take some dozens of octets. */
export const MAX_PROXY_HEADER_OCTETS = 2_048;

/** In the place of a length. */
export const PROXY_MALFORMED = -1;
/** In the place of a length: so far it is a header, and not whole. */
export const PROXY_INCOMPLETE = 0;

/** The header that was read last; made once by each server. */
export class ProxyHeader {
  /** The peer that the header names; false if it names none, so that the peer is who sent it. */
  namesPeer = false;
  family: AddressFamily = 4;
  /** Where the address begins in the octets that were read. */
  addressOffset = 0;
  port = 0;

  /** Reads the header at the start of the first `octets` of `source`. Returns its length, PROXY_MALFORMED or _INCOMPLETE. */
  read(source: Uint8Array, octets: number): number {
    const known = Math.min(octets, SIGNATURE.length);
    for (let i = 0; i < known; i++) if (source[i] !== SIGNATURE[i]) return PROXY_MALFORMED;
    if (octets < FIXED_OCTETS) return PROXY_INCOMPLETE;
    const command = source[12]! ^ VERSION_2;
    const family = source[13]! >> 4;
    const length = (source[14]! << 8) | source[15]!;
    const total = FIXED_OCTETS + length;
    if (command > COMMAND.PROXY || family > FAMILY.UNIX || (source[13]! & 15) > MAX_PROTOCOL)
      return PROXY_MALFORMED;
    if (total > MAX_PROXY_HEADER_OCTETS) return PROXY_MALFORMED;
    this.namesPeer = command === COMMAND.PROXY && (family === FAMILY.INET || family === FAMILY.INET6);
    if (!this.namesPeer) return octets < total ? PROXY_INCOMPLETE : total;
    this.family = family === FAMILY.INET ? 4 : 6;
    if (length < (this.family === 4 ? INET_OCTETS : INET6_OCTETS)) return PROXY_MALFORMED;
    if (octets < total) return PROXY_INCOMPLETE;
    this.addressOffset = FIXED_OCTETS;
    if (this.family === 6 && isMapped(source)) {
      this.family = 4;
      this.addressOffset += MAPPED_OCTETS;
    }
    const portAt = FIXED_OCTETS + (family === FAMILY.INET ? 8 : 32);
    this.port = (source[portAt]! << 8) | source[portAt + 1]!;
    return total;
  }

  /**
   * Takes the header off a datagram of `octets` octets, which moves to the start of `message`, and puts who the header
   * names into `peer`. Returns the octets that are left, or PROXY_MALFORMED.
   */
  strip(message: Uint8Array, octets: number, peer: Peer, transport: Transport): number {
    const length = this.read(message, octets);
    if (length <= 0) return PROXY_MALFORMED;
    if (this.namesPeer) peer.setOctets(transport, this.family, message, this.addressOffset, this.port);
    message.copyWithin(0, length, octets);
    return octets - length;
  }
}

/** True if the IPv6 address stands for one of IPv4 (RFC 4291 §2.5.5.2): so a proxy names clients of a socket for both. */
function isMapped(source: Uint8Array): boolean {
  for (let i = 0; i < MAPPED_OCTETS; i++) {
    if (source[FIXED_OCTETS + i] !== (i < MAPPED_OCTETS - 2 ? 0 : 0xff)) return false;
  }
  return true;
}

/** True if the peer may speak for others. */
export function isProxy(proxies: readonly Prefix[], peer: Peer): boolean {
  for (let i = 0; i < proxies.length; i++) {
    if (isInPrefix(proxies[i]!, peer.family, peer.octets)) return true;
  }
  return false;
}
