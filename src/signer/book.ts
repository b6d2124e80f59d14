/**
 * The signatures that an epoch begins with, by what each was made of. A restart is given those of the process before
 * (store/keptsignatures), which had verified them, and makes only those that it lacks.
 *
 * A signature is found by SHA-256 over the public key and the octets that were signed, which are the RRSIG but for the
 * signature and the whole rrset in canonical form (RFC 4034 §3.1.8.1). So what is found is a signature over just what
 * is to be served, by just this key and for just this window: another key, TTL, record or instant finds nothing.
 */
import type { UnixSeconds } from '../base/time.ts';
import { sha256Hex, verifyOctets } from '../dnssec/algorithm.ts';

/** Signatures of an earlier process. */
export interface KeptSignatures {
  /** Inception of those over DNSKEY, CDS and CDNSKEY. */
  readonly apexInception: UnixSeconds;
  /** By `digestOf`. */
  readonly signatures: ReadonlyMap<string, Uint8Array>;
}

/** Who makes a signature. */
export interface Signatory {
  readonly algorithm: number;
  /** In DNSKEY form. */
  readonly publicKey: Uint8Array;
}

let scratch = new Uint8Array(1_024);

/** What a signature is found by: 64 hexadecimal digits. */
export function digestOf({ publicKey }: Signatory, signed: Uint8Array): string {
  const length = publicKey.length + signed.length;
  if (length > scratch.length) scratch = new Uint8Array(2 * length);
  scratch.set(publicKey);
  scratch.set(signed, publicKey.length);
  return sha256Hex(scratch.subarray(0, length));
}

/** One signature in 4,096 that was kept is verified all the same (0.3 ms): which, its digest says. */
export const SAMPLE = '000';

/** What is signed for one epoch. */
export class SignatureBook {
  readonly #kept: KeptSignatures | undefined;
  readonly #signatures = new Map<string, Uint8Array>();
  #hasMade = false;

  constructor(kept?: KeptSignatures) {
    this.#kept = kept;
  }

  /** Inception of the DNSKEY, CDS and CDNSKEY signatures that were kept. */
  get keptInception(): UnixSeconds | undefined {
    return this.#kept?.apexInception;
  }

  /** A signature was made that was not kept. */
  get hasMade(): boolean {
    return this.#hasMade;
  }

  /** All that were taken or made, by `digestOf`. */
  get signatures(): ReadonlyMap<string, Uint8Array> {
    return this.#signatures;
  }

  /** The signature of `key` over the octets `signed`, if it was kept; it is then one of this book. */
  take(key: Signatory, signed: Uint8Array): Uint8Array | undefined {
    if (this.#kept === undefined) return undefined;
    const digest = digestOf(key, signed);
    const signature = this.#kept.signatures.get(digest);
    if (signature === undefined) return undefined;
    const isSample = digest.startsWith(SAMPLE);
    if (isSample && !verifyOctets(key.algorithm, key.publicKey, signed, signature)) return undefined;
    this.#signatures.set(digest, signature);
    return signature;
  }

  /** None of what was taken is used. */
  giveBack(): void {
    this.#signatures.clear();
  }

  /** Takes in a signature that was made, and verified. */
  add(key: Signatory, signed: Uint8Array, signature: Uint8Array): void {
    this.#signatures.set(digestOf(key, signed), signature);
    this.#hasMade = true;
  }
}
