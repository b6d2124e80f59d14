/** Headers of the PROXY protocol, version 2, as a proxy makes them. */
import { parseAddress } from '../../src/wire/peer.ts';

const SIGNATURE = [0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a];

/** A header that names the client; `protocol` is 1 for streams and 2 for datagrams. */
export function proxyHeader(
  address: string,
  port: number,
  protocol: 1 | 2,
  tlvs: Uint8Array = new Uint8Array(0),
): Buffer {
  const octets = new Uint8Array(16);
  const count = parseAddress(address, octets);
  const ports = [port >> 8, port & 255, 0, 53];
  const addresses = [...octets.subarray(0, count), ...new Uint8Array(count).fill(9), ...ports, ...tlvs];
  return rawHeader(0x21, (count === 4 ? 0x10 : 0x20) | protocol, addresses);
}

/** A header with any command, family and content. */
export function rawHeader(command: number, family: number, content: readonly number[]): Buffer {
  return Buffer.from([...SIGNATURE, command, family, content.length >> 8, content.length & 255, ...content]);
}
