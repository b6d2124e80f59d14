/**
 * Private keys on their way to who signs: octets in memory that all threads share, and loaded into OpenSSL by the thread
 * that first signs with them. Of a hundred thousand zones few are signed for in one hour, and what OpenSSL makes of a key
 * takes some 0.1 ms and 3 KB.
 *
 * No key signs that does not belong to the public key which its signatures will be verified with: whoever loads it derives
 * that again.
 */
import { createPrivateKey } from 'node:crypto';
import { assert } from '../base/assert.ts';
import { ALGORITHM } from '../wire/iana.ts';
import { exportPublicKey, getAlgorithm, type KeyObject } from './algorithm.ts';

/** Where the octets of a key lie, both halves. Plain data and shared memory, fit for `postMessage`. Secret. */
export interface LentKey {
  readonly memory: SharedArrayBuffer;
  readonly at: number;
}

/** A key that can sign once it is opened. */
export interface Openable {
  readonly algorithm: number;
  /** In DNSKEY form. */
  readonly publicKey: Uint8Array;
  readonly privateKey: LentKey;
}

/** Thrown when private octets are no key, or are not those of the public key. */
export class KeyMismatchError extends Error {
  override readonly name = 'KeyMismatchError';
}

// ---- Memory ----

/**
 * Keys that are lent together share memory, which goes when the last of them does; no place in it is used again.
 *
 * ```
 *   private octets, 32 or 48, in room for 48 │ public octets, 32, 64 or 96
 * ```
 * A public key of its own would take 400 octets in each thread for its 64.
 */
const PACK_OCTETS = 16 << 10;
const PRIVATE_OCTETS = 48;
let pack = new SharedArrayBuffer(0);
let used = 0;

/** Puts the octets of a key where all threads find them. `loaded` spares this thread to load its private half. */
export function lendPrivateKey(
  algorithm: number,
  privateOctets: Uint8Array,
  publicKey: Uint8Array,
  loaded?: KeyObject,
): LentKey {
  assert(privateOctets.length <= PRIVATE_OCTETS, 'a private key fits into its room');
  const octets = PRIVATE_OCTETS + publicKey.length;
  if (used + octets > pack.byteLength) {
    pack = new SharedArrayBuffer(PACK_OCTETS);
    used = 0;
  }
  const lent = { memory: pack, at: used };
  used += octets;
  new Uint8Array(lent.memory, lent.at, privateOctets.length).set(privateOctets);
  new Uint8Array(lent.memory, lent.at + PRIVATE_OCTETS, publicKey.length).set(publicKey);
  if (loaded !== undefined) remember(nameOf(algorithm, publicKey), loaded);
  return lent;
}

/** A copy of the octets of a private key. Secret. */
export function privateOctetsOf(algorithm: number, { memory, at }: LentKey): Uint8Array {
  return new Uint8Array(memory, at, getAlgorithm(algorithm).privateKeyOctets).slice();
}

/** A copy of the public half, in DNSKEY form. */
export function publicKeyOf(algorithm: number, { memory, at }: LentKey): Uint8Array {
  return new Uint8Array(memory, at + PRIVATE_OCTETS, getAlgorithm(algorithm).publicKeyOctets).slice();
}

/** Whether this is the private half of a public key, which lies beside it. */
export function belongsTo({ memory, at }: LentKey, publicKey: Uint8Array): boolean {
  const from = at + PRIVATE_OCTETS;
  const isWithin = from + publicKey.length <= memory.byteLength;
  return isWithin && Buffer.compare(new Uint8Array(memory, from, publicKey.length), publicKey) === 0;
}

/** Wipes out the private half of a key that is to sign no more. */
export function wipePrivateKey({ memory, at }: LentKey): void {
  new Uint8Array(memory, at, PRIVATE_OCTETS).fill(0);
}

// ---- Opening ----

/** Keys that this thread has open: those that it opened last. */
const open = new Map<string, KeyObject>();
let maxOpen = 4096;

/**
 * This thread keeps so many keys open. What is old when it is closed stays until all of the heap is collected, 5 KB outside
 * of it: who goes through all keys, and signs by each a few times in a row, shall keep few.
 */
export function keepOpen(keys: number): void {
  maxOpen = keys;
}

/** The key in OpenSSL. Throws KeyMismatchError if it is not that of the public key. */
export function openPrivateKey({ algorithm, publicKey, privateKey }: Openable): KeyObject {
  const name = nameOf(algorithm, publicKey);
  const known = open.get(name);
  if (known !== undefined) return known;
  const octets = privateOctetsOf(algorithm, privateKey);
  const key = importPrivateKey(algorithm, octets, publicKey);
  octets.fill(0);
  remember(name, key);
  return key;
}

function nameOf(algorithm: number, publicKey: Uint8Array): string {
  const { buffer, byteOffset, length } = publicKey;
  return algorithm + Buffer.from(buffer, byteOffset, length).toString('latin1');
}

function remember(name: string, key: KeyObject): void {
  if (open.size >= maxOpen) open.delete(open.keys().next().value!);
  open.set(name, key);
}

// ---- DER ----

/** DER in front of the private octets: SEC 1 ECPrivateKey or PKCS #8, without the public key. */
const DER_HEAD: Readonly<Record<number, string>> = {
  [ALGORITHM.ECDSAP256SHA256]: '30310201010420',
  [ALGORITHM.ECDSAP384SHA384]: '303e0201010430',
  [ALGORITHM.ED25519]: '302e020100300506032b657004220420',
};
/** DER behind them: the curve, [0] OBJECT IDENTIFIER. */
const DER_TAIL: Readonly<Record<number, string>> = {
  [ALGORITHM.ECDSAP256SHA256]: 'a00a06082a8648ce3d030107',
  [ALGORITHM.ECDSAP384SHA384]: 'a00706052b81040022',
  [ALGORITHM.ED25519]: '',
};

/**
 * Loads private octets of the right length into OpenSSL, which derives the public key again; throws KeyMismatchError
 * unless that is `publicKey`.
 */
export function importPrivateKey(
  algorithm: number,
  privateOctets: Uint8Array,
  publicKey: Uint8Array,
): KeyObject {
  const { number } = getAlgorithm(algorithm);
  const der = Buffer.concat([
    Buffer.from(DER_HEAD[number]!, 'hex'),
    privateOctets,
    Buffer.from(DER_TAIL[number]!, 'hex'),
  ]);
  const type = number === ALGORITHM.ED25519 ? 'pkcs8' : 'sec1';
  const key = createPrivateKey({ key: der, format: 'der', type });
  der.fill(0);
  if (Buffer.compare(exportPublicKey(key), publicKey) !== 0) {
    throw new KeyMismatchError('private key does not belong to the public key');
  }
  return key;
}
