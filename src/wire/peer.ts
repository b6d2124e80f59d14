/**
 * @hot Who asks, and the shape of the function that answers: what transports and the answer path share. A Peer is one
 * reused object; filling it costs a few stores. Its address comes as text (`node:dgram`, `node:net`) or as octets
 * (a sockaddr); the other form is made when somebody wants it.
 */

/**
 * Answers one message: the first `requestOctets` octets of `request`, into `response`. Returns the octets of the
 * response, or 0 for none. All arguments are borrowed for the call; `response` has room for the transport's maximum.
 */
export type Respond = (
  request: Uint8Array,
  requestOctets: number,
  peer: Peer,
  response: Uint8Array,
) => number;

/** `tls` is DNS over TLS: a stream that nobody on the way reads (RFC 7858). */
export type Transport = 'udp' | 'tcp' | 'tls';
export type AddressFamily = 4 | 6;

/** One end of an exchange, as the server sees it; valid during one call of Respond. */
export class Peer {
  transport: Transport = 'udp';
  family: AddressFamily = 4;
  port = 0;
  /** More has arrived than the thread answers at once: others wait behind this one. */
  isBehind = false;
  #text = '';
  readonly #octets: Uint8Array = new Uint8Array(16);
  #hasText = false;
  #hasOctets = false;

  /** Fills in a peer whose address is text: `192.0.2.1`, `2001:db8::1`, `fe80::1%eth0`. */
  setText(transport: Transport, family: AddressFamily, address: string, port: number): void {
    this.transport = transport;
    this.family = family;
    this.port = port;
    this.#text = address;
    this.#hasText = true;
    this.#hasOctets = false;
  }

  /** Fills in a peer whose address is 4 or 16 octets at `offset` of `source`, which are copied. */
  setOctets(
    transport: Transport,
    family: AddressFamily,
    source: Uint8Array,
    offset: number,
    port: number,
  ): void {
    this.transport = transport;
    this.family = family;
    this.port = port;
    const count = family === 4 ? 4 : 16;
    for (let i = 0; i < count; i++) this.#octets[i] = source[offset + i]!;
    this.#hasText = false;
    this.#hasOctets = true;
  }

  /** The address as text. */
  get address(): string {
    if (!this.#hasText) {
      this.#text = formatAddress(this.family, this.#octets);
      this.#hasText = true;
    }
    return this.#text;
  }

  /** The address as octets, 4 or 16 of the 16 in use; borrowed until the peer is filled in anew. */
  get octets(): Uint8Array {
    if (!this.#hasOctets) {
      parseAddress(this.#text, this.#octets);
      this.#hasOctets = true;
    }
    return this.#octets;
  }
}

/** Text of 4 or 16 address octets; IPv6 as RFC 5952 §4 wants it. */
export function formatAddress(family: AddressFamily, octets: Uint8Array): string {
  if (family === 4) return `${octets[0]}.${octets[1]}.${octets[2]}.${octets[3]}`;
  const groups = Array.from({ length: 8 }, (_, i) => (octets[2 * i]! << 8) | octets[2 * i + 1]!);
  const [from, count] = longestZeroRun(groups);
  const hex = (part: number[]): string => part.map((group) => group.toString(16)).join(':');
  if (count < 2) return hex(groups);
  return `${hex(groups.slice(0, from))}::${hex(groups.slice(from + count))}`;
}

/** Where the longest run of zeros starts, the first of equals, and how many there are. */
function longestZeroRun(groups: readonly number[]): [from: number, count: number] {
  let best: [number, number] = [0, 0];
  for (let from = 0; from < groups.length; from++) {
    let count = 0;
    while (groups[from + count] === 0) count++;
    if (count > best[1]) best = [from, count];
  }
  return best;
}

/**
 * Parses an address into the first 4 or 16 octets of `into` and returns that number, or 0 (and zeros) if the text is
 * no address. A zone (`%eth0`) is left out.
 */
export function parseAddress(text: string, into: Uint8Array): number {
  into.fill(0);
  const zoneAt = text.indexOf('%');
  const bare = zoneAt < 0 ? text : text.slice(0, zoneAt);
  const octets = bare.includes(':') ? parseIpv6(bare) : parseIpv4(bare);
  if (octets === undefined) return 0;
  into.set(octets);
  return octets.length;
}

function parseIpv4(text: string): number[] | undefined {
  // Others read a leading zero as a sign of octal digits.
  if (!/^(?:0|[1-9]\d{0,2})(?:\.(?:0|[1-9]\d{0,2})){3}$/.test(text)) return undefined;
  const octets = text.split('.').map(Number);
  return octets.every((octet) => octet <= 255) ? octets : undefined;
}

function parseIpv6(text: string): number[] | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const head = parseGroups(halves[0]!, halves.length === 1);
  const tail = halves.length === 2 ? parseGroups(halves[1]!, true) : [];
  if (head === undefined || tail === undefined) return undefined;
  const missing = 16 - head.length - tail.length;
  // `::` stands for one group of zeros at least; without it nothing is missing.
  if (halves.length === 2 ? missing < 2 : missing !== 0) return undefined;
  return [...head, ...new Array<number>(missing).fill(0), ...tail];
}

/** Octets of groups between colons; if `isLast`, the last of them may be an IPv4 address. */
function parseGroups(text: string, isLast: boolean): number[] | undefined {
  if (text === '') return [];
  const octets: number[] = [];
  const groups = text.split(':');
  for (const [i, group] of groups.entries()) {
    if (/^[0-9a-f]{1,4}$/i.test(group)) {
      const value = Number.parseInt(group, 16);
      octets.push(value >> 8, value & 255);
      continue;
    }
    const embedded = isLast && i === groups.length - 1 ? parseIpv4(group) : undefined;
    if (embedded === undefined) return undefined;
    octets.push(...embedded);
  }
  return octets;
}
