/** What one signature costs on this machine now: the part of an answer's cost that no server can save. */
import { signOctets } from '../src/dnssec/algorithm.ts';
import { generateKey, loadPrivateKey } from '../src/dnssec/keypair.ts';
import { ALGORITHM } from '../src/wire/iana.ts';

/** As long as what is signed of an rrset with one address. */
const SIGNED_OCTETS = 120;
const WARM_UP = 2_000;

/** Microseconds of CPU for an ECDSA P-256 signature by node:crypto, the mean of `count`. */
export function signatureUs(count: number): number {
  const algorithm = ALGORITHM.ECDSAP256SHA256;
  const pair = generateKey(algorithm, (octets) => new Uint8Array(octets).fill(9));
  const key = loadPrivateKey(algorithm, pair.privateOctets, pair.publicKey);
  const message = new Uint8Array(SIGNED_OCTETS);
  const sign = (times: number): void => {
    for (let i = 0; i < times; i++) {
      message[i % SIGNED_OCTETS]!++;
      signOctets(algorithm, key, message);
    }
  };
  sign(WARM_UP);
  const before = process.cpuUsage();
  sign(count);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / count;
}
