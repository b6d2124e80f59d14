/** What one signature costs on this machine now: the part of an answer's cost that no server can save. */
import { openQuickSigner } from '../src/daemon/openssl.ts';
import { signOctets } from '../src/dnssec/algorithm.ts';
import { generateKey, loadPrivateKey } from '../src/dnssec/keypair.ts';
import { ALGORITHM } from '../src/wire/iana.ts';

/** As long as what is signed of an rrset with one address. */
const SIGNED_OCTETS = 120;
const WARM_UP = 2_000;

/** Microseconds of CPU. */
export interface SignatureCost {
  /** By `node:crypto`. */
  readonly node: number;
  /** As threads that answer make them (daemon/openssl); that of `node:crypto` where they have no other way. */
  readonly ours: number;
}

/** What an ECDSA P-256 signature costs, the mean of `count`. */
export function signatureUs(count: number): SignatureCost {
  const algorithm = ALGORITHM.ECDSAP256SHA256;
  const pair = generateKey(algorithm, (octets) => new Uint8Array(octets).fill(9));
  const key = loadPrivateKey(algorithm, pair.privateOctets, pair.publicKey);
  const quick = openQuickSigner();
  const message = quick?.message.subarray(0, SIGNED_OCTETS) ?? new Uint8Array(SIGNED_OCTETS);
  const cost = (sign: () => unknown): number => {
    const run = (times: number): void => {
      for (let i = 0; i < times; i++) {
        message[i % SIGNED_OCTETS]!++;
        sign();
      }
    };
    run(WARM_UP);
    const before = process.cpuUsage();
    run(count);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / count;
  };
  const node = cost(() => signOctets(algorithm, key, message));
  return { node, ours: quick === undefined ? node : cost(() => quick.sign(algorithm, key, SIGNED_OCTETS)) };
}
