/**
 * @hot Datagrams that nobody sent who wants an answer: their source is forged so that our answer sets two machines on
 * each other ("Loop DoS", CVE-2024-2169), or leads nowhere. They are dropped without a word and counted by reason.
 *
 * A message that is itself a response (QR), from port 53 or any other, is dropped by `wire/query`.
 */
import { COUNTER, type CounterIndex, type Counters } from '../base/counters.ts';
import type { AddressFamily, Peer } from '../wire/peer.ts';
import { isInPrefix, type Prefix, parsePrefix } from '../wire/prefix.ts';
import { interfaceAddresses, isWildcard, type ListenAddress } from './listen.ts';

/**
 * Ports of services that answer whatever comes, and 0, to which nobody can answer: echo, systat, daytime, qotd, chargen,
 * time, tftp, ntp, kpasswd. BIND has 7, 13, 19, 37 and 464; the others are in the paper on Loop DoS. No resolver asks
 * from there: RFC 5452 §9.2 has it choose among 53 and the ports above 1024.
 */
const REFLECTOR_PORTS: readonly number[] = [0, 7, 11, 13, 17, 19, 37, 69, 123, 464];

const IS_REFLECTOR_PORT: Uint8Array = Uint8Array.from({ length: 1024 }, (_, port) =>
  REFLECTOR_PORTS.includes(port) ? 1 : 0,
);

/** How long the addresses of the machine's interfaces are believed. */
const INTERFACES_MS = 60_000;

/** An address of ours. */
interface Own {
  readonly prefix: Prefix;
  readonly port: number;
}

/** One for each server. */
export class ReflectionFilter {
  readonly #counters: Counters;
  readonly #interfaces: (family: AddressFamily) => string[];
  #listen: readonly ListenAddress[] = [];
  #ports: readonly number[] = [];
  #own: readonly Own[] = [];
  #ownReadAtMs = 0;

  constructor(counters: Counters, interfaces = interfaceAddresses) {
    this.#counters = counters;
    this.#interfaces = interfaces;
  }

  /** Tells where the server listens, with real ports. A wildcard stands for all addresses of the machine. */
  listensOn(listen: readonly ListenAddress[]): void {
    this.#listen = listen;
    this.#ports = [...new Set(listen.map(({ port }) => port))];
    this.#readOwn();
  }

  /** True if a datagram from `peer` shall be dropped; then it is counted. */
  isReflection(peer: Peer): boolean {
    const { port } = peer;
    if (port < 1024 && IS_REFLECTOR_PORT[port] === 1) return this.#count(COUNTER.REFLECTED_PORT);
    if (isNobodys(peer.family, peer.octets)) return this.#count(COUNTER.REFLECTED_ADDRESS);
    if (this.#isOwn(peer)) return this.#count(COUNTER.REFLECTED_SELF);
    return false;
  }

  #count(reason: CounterIndex): true {
    this.#counters.bump(COUNTER.DROPPED);
    this.#counters.bump(reason);
    return true;
  }

  #isOwn({ family, octets, port }: Peer): boolean {
    if (!this.#ports.includes(port)) return false;
    if (performance.now() - this.#ownReadAtMs > INTERFACES_MS) this.#readOwn();
    for (let i = 0; i < this.#own.length; i++) {
      const own = this.#own[i]!;
      if (own.port === port && isInPrefix(own.prefix, family, octets)) return true;
    }
    return false;
  }

  #readOwn(): void {
    this.#ownReadAtMs = performance.now();
    this.#own = this.#listen.flatMap(({ address, port }) => {
      const local = isWildcard(address) ? this.#addressesOf(address.includes(':') ? 6 : 4) : [address];
      return local.map((text) => ({ prefix: parsePrefix(text) as Prefix, port }));
    });
  }

  /** None where the system does not tell: under a sandbox without AF_NETLINK, for one. */
  #addressesOf(family: AddressFamily): string[] {
    try {
      return this.#interfaces(family);
    } catch {
      return [];
    }
  }
}

/** True for addresses that are no host's: RFC 1122 §3.2.1.3, RFC 4291 §2.5.2, §2.7; mapped ones are never on the wire. */
function isNobodys(family: AddressFamily, octets: Uint8Array): boolean {
  const first = octets[0]!;
  if (family === 4) {
    // 0.0.0.0/8, multicast, the limited broadcast.
    if (first === 0 || (first >= 224 && first < 240)) return true;
    return first === 255 && octets[1] === 255 && octets[2] === 255 && octets[3] === 255;
  }
  if (first !== 0) return first === 255;
  for (let i = 1; i < 10; i++) if (octets[i] !== 0) return false;
  if (octets[10] === 255 && octets[11] === 255) return true;
  for (let i = 10; i < 16; i++) if (octets[i] !== 0) return false;
  return true;
}
