/**
 * `apex.kept` beside the keys of a zone: the signatures that its epoch began with, which private halves were found to
 * belong to their public ones, and the state as it is packed. A start that finds the same content, keys and state takes
 * them over, and neither signs nor verifies nor parses. It is nothing that must not be lost: what is damaged, old or gone
 * is made again.
 *
 * ```
 *   magic, 8 │ inception of DNSKEY, CDS and CDNSKEY, 4 │ count, 2 │ (proof, 32)…
 *            │ count, 2 │ (digest, 32 │ length, 1 │ signature)…
 *            │ digest, 32 │ packed state                           (files of before 2026-11-29 have none)
 *            │ SHA-256 of all before it, 32
 * ```
 * Nothing in it is believed for what it is about: a signature counts for the octets and the key that its digest is of
 * (signer/book), a proof for the pair that it is of, a packed state for the state file that its digest is of. The checksum
 * is against what a disk or a power cut makes of it; who can write here can as well replace the keys.
 */
import { type FileStore, FileStoreError } from '../base/ports.ts';
import type { UnixSeconds } from '../base/time.ts';
import { sha256, sha256Hex } from '../dnssec/algorithm.ts';
import type { KeptSignatures } from '../signer/book.ts';

export const KEPT_FILE = 'apex.kept';
const MAGIC = Buffer.from('KTKEPT1\n', 'latin1');
const DIGEST_OCTETS = 32;
const MAX_OCTETS = 1 << 20;

/** What was kept of a zone. */
export interface Kept extends KeptSignatures {
  /** Of pairs of keys (`pairProof`). */
  readonly proofs: ReadonlySet<string>;
  readonly state?: KeptState;
}

/** A state as it is packed. */
export interface KeptState {
  /** Of the state file that says the same (`stateDigest`). */
  readonly digest: string;
  readonly packed: string;
}

/** What tells a pair of keys that was found to be one, by the octets of both halves. */
export function pairProof(algorithm: number, privateOctets: Uint8Array, publicKey: Uint8Array): string {
  const octets = Buffer.concat([Uint8Array.of(algorithm), privateOctets, publicKey]);
  const proof = sha256Hex(octets);
  octets.fill(0);
  return proof;
}

/** What was kept in the directory of a zone; undefined if that is nothing, or nothing that can be used. */
export function loadKept(files: FileStore, directory: string): Kept | undefined {
  const octets = loadWhole(files, directory);
  return octets && readKept(octets);
}

/** The octets of the file but for their checksum; undefined if there is none, or if they are not whole. */
export function loadWhole(files: FileStore, directory: string): Buffer | undefined {
  try {
    return wholeKept(files.read(`${directory}/${KEPT_FILE}`, MAX_OCTETS));
  } catch (error) {
    if (error instanceof FileStoreError) return undefined;
    throw error;
  }
}

/** Writes it, if that is possible. If not, what was kept before goes: it would be of an epoch that is over. */
export async function saveKept(files: FileStore, directory: string, kept: Kept): Promise<void> {
  const file = `${directory}/${KEPT_FILE}`;
  if (await isDone(files.replace(file, formatKept(kept)))) return;
  await isDone(files.removeDurable(file));
}

async function isDone(work: Promise<void>): Promise<boolean> {
  try {
    await work;
    return true;
  } catch (error) {
    // Whoever writes keys and states tells of the disk; this is made again.
    if (error instanceof FileStoreError) return false;
    throw error;
  }
}

/** The octets of the file. */
export function formatKept({ apexInception, proofs, signatures, state }: Kept): Uint8Array {
  const instant = Buffer.alloc(4);
  instant.writeUInt32BE(apexInception);
  const parts: Uint8Array[] = [MAGIC, instant, countOf(proofs.size)];
  for (const proof of proofs) parts.push(Buffer.from(proof, 'hex'));
  parts.push(countOf(signatures.size));
  for (const [digest, signature] of signatures)
    parts.push(Buffer.from(digest, 'hex'), Uint8Array.of(signature.length), signature);
  if (state !== undefined) parts.push(Buffer.from(state.digest, 'hex'), Buffer.from(state.packed, 'latin1'));
  return Buffer.concat([...parts, sha256(...parts)]);
}

function countOf(size: number): Uint8Array {
  return Uint8Array.of(size >>> 8, size & 0xff);
}

/** The octets of a file but for their checksum, if they are whole. */
export function wholeKept(octets: Uint8Array): Buffer | undefined {
  const buffer = Buffer.from(octets.buffer, octets.byteOffset, octets.length);
  const end = buffer.length - DIGEST_OCTETS;
  if (end < MAGIC.length || !buffer.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  const content = buffer.subarray(0, end);
  return buffer.subarray(end).equals(sha256(content)) ? content : undefined;
}

/** What the octets of a file say, which are whole and without their checksum. */
export function readKept(buffer: Buffer): Kept {
  // They were written by `formatKept`.
  let at = MAGIC.length;
  const take = (count: number) => buffer.subarray(at, (at += count));
  const apexInception = take(4).readUInt32BE() as UnixSeconds;
  const proofs = new Set<string>();
  for (let left = take(2).readUInt16BE(); left > 0; left--) proofs.add(take(DIGEST_OCTETS).toString('hex'));
  const signatures = new Map<string, Uint8Array>();
  for (let left = take(2).readUInt16BE(); left > 0; left--) {
    const digest = take(DIGEST_OCTETS).toString('hex');
    signatures.set(digest, take(take(1)[0]!));
  }
  if (at === buffer.length) return { apexInception, proofs, signatures };
  const digest = take(DIGEST_OCTETS).toString('hex');
  return { apexInception, proofs, signatures, state: { digest, packed: buffer.toString('latin1', at) } };
}
