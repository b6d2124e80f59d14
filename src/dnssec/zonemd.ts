/**
 * Message digests of whole zones (RFC 8976): ZONEMD RDATA, the digest of scheme SIMPLE, and whether one that a zone has
 * is right. The digest is over all records of the zone in canonical order and form (RFC 4034 §6), each once, but for the
 * ZONEMD records at the apex and the signatures over them (§3.3.1).
 *
 *     0        4        5                6
 *     | serial | scheme | hash algorithm | digest …
 */
import { assert } from '../base/assert.ts';
import { readSoa } from '../rdata/views.ts';
import { getU16, getU32, setU16, setU32 } from '../wire/header.ts';
import { CLASS, RRTYPE } from '../wire/iana.ts';
import { nameOctets } from '../wire/name.ts';
import { APEX, NO_RRSET, type NodeIndex, type RRsetIndex, type ZoneImage } from '../zone/image.ts';
import type { ZoneTree } from '../zone/tree.ts';
import { type RunningDigest, startDigest } from './digest.ts';

const SCHEME_SIMPLE = 1;
/** Octets in front of the digest. */
const HEAD_OCTETS = 6;
const RR_HEAD_OCTETS = 10;
const BUFFER_OCTETS = 1 << 16;

/** Hash algorithms, by their words in configuration and commands. */
export const ZONEMD_HASHES = { sha384: 1, sha512: 2 } as const;
export type ZonemdHash = keyof typeof ZONEMD_HASHES;

const HASHES: ReadonlyMap<number, { readonly name: ZonemdHash; readonly octets: number }> = new Map([
  [ZONEMD_HASHES.sha384, { name: 'sha384', octets: 48 }],
  [ZONEMD_HASHES.sha512, { name: 'sha512', octets: 64 }],
]);

/** RDATA of a ZONEMD of scheme SIMPLE; without a digest it has zeros in its place (§3.1). */
export function zonemdRdata(serial: number, hash: ZonemdHash, digest?: Uint8Array): Uint8Array {
  const number = ZONEMD_HASHES[hash];
  const rdata = new Uint8Array(HEAD_OCTETS + HASHES.get(number)!.octets);
  setU32(rdata, 0, serial);
  rdata[4] = SCHEME_SIMPLE;
  rdata[5] = number;
  if (digest !== undefined) rdata.set(digest, HEAD_OCTETS);
  return rdata;
}

// ---- The digest ----

/** Takes records in canonical order. */
class SimpleDigest {
  readonly #digest: RunningDigest;
  readonly #buffer = new Uint8Array(BUFFER_OCTETS);
  #length = 0;

  constructor(hash: ZonemdHash) {
    this.#digest = startDigest(hash);
  }

  /** Adds a record whose owner and RDATA are canonical octets of `heap`. */
  add(
    heap: Uint8Array,
    ownerAt: number,
    type: number,
    ttl: number,
    rdataAt: number,
    rdataOctets: number,
  ): void {
    const ownerOctets = nameOctets(heap, ownerAt);
    if (this.#length + ownerOctets + RR_HEAD_OCTETS > BUFFER_OCTETS) this.#flush();
    const buffer = this.#buffer;
    buffer.set(heap.subarray(ownerAt, ownerAt + ownerOctets), this.#length);
    const at = this.#length + ownerOctets;
    setU16(buffer, at, type);
    setU16(buffer, at + 2, CLASS.IN);
    setU32(buffer, at + 4, ttl);
    setU16(buffer, at + 8, rdataOctets);
    this.#length = at + RR_HEAD_OCTETS;
    if (this.#length + rdataOctets > BUFFER_OCTETS) this.#flush();
    buffer.set(heap.subarray(rdataAt, rdataAt + rdataOctets), this.#length);
    this.#length += rdataOctets;
  }

  #flush(): void {
    this.#digest.update(this.#buffer.subarray(0, this.#length));
    this.#length = 0;
  }

  finish(): Uint8Array {
    this.#flush();
    return this.#digest.digest();
  }
}

/** Digest of all records of a tree, with the TTL that each was written with. */
export function digestTree(tree: ZoneTree, hash: ZonemdHash): Uint8Array {
  const { records, sorted, order, firstRecord } = tree;
  const { heap, ownerAt, types, ttls, rdataAt, rdataOctets } = records;
  const digest = new SimpleDigest(hash);
  for (let rank = 0; rank < tree.count; rank++) {
    const node = order[rank]!;
    for (let at = firstRecord[node]!; at < firstRecord[node + 1]!; at++) {
      const record = sorted[at]!;
      const type = types[record]!;
      if (rank === 0 && isLeftOut(type, heap, rdataAt[record]!)) continue;
      digest.add(heap, ownerAt[record]!, type, ttls[record]!, rdataAt[record]!, rdataOctets[record]!);
    }
  }
  return digest.finish();
}

/** Digest of all records of an unsigned zone as they are served. */
function digestImage(image: ZoneImage, hash: ZonemdHash): Uint8Array {
  const digest = new SimpleDigest(hash);
  for (let i = 0; i < image.nodeCount; i++) {
    const node = i as NodeIndex;
    const nameAt = image.nameAt(node);
    const first = image.firstRRset(node);
    for (let k = 0; k < image.rrsetsOf(node); k++) {
      const rrset = (first + k) as RRsetIndex;
      const type = image.type(rrset);
      if (type === RRTYPE.ZONEMD && node === APEX) continue;
      const ttl = image.ttl(rrset);
      const each = (at: number, octets: number) => digest.add(image.u8, nameAt, type, ttl, at, octets);
      forEachRdata(image, rrset, each);
    }
  }
  return digest.finish();
}

function forEachRdata(image: ZoneImage, rrset: RRsetIndex, each: (at: number, octets: number) => void): void {
  let at = image.blockAt(rrset);
  for (let i = 0; i < image.records(rrset); i++) {
    const octets = getU16(image.u8, at);
    each(at + 2, octets);
    at += octets + 2;
  }
}

/** §3.3.1: the ZONEMD rrset at the apex and its signatures. */
function isLeftOut(type: number, heap: Uint8Array, rdataAt: number): boolean {
  if (type === RRTYPE.RRSIG) return getU16(heap, rdataAt) === RRTYPE.ZONEMD;
  return type === RRTYPE.ZONEMD;
}

/**
 * Puts the digests into the ZONEMD records at the apex of an unsigned zone, which hold zeros in their place. The image
 * must not have been given to anybody.
 */
export function fillDigests(image: ZoneImage): void {
  const rrset = image.rrset(APEX, RRTYPE.ZONEMD);
  assert(rrset !== NO_RRSET, 'the zone has a ZONEMD');
  forEachRdata(image, rrset, (at) => {
    const hash = HASHES.get(image.u8[at + 5]!);
    assert(hash !== undefined, 'only known digests are made');
    image.u8.set(digestImage(image, hash.name), at + HEAD_OCTETS);
  });
}

// ---- Checking ----

/** What the ZONEMD records of a zone say of it. */
export interface ZonemdVerdict {
  /** Position of the first of them in `tree.sorted`. */
  readonly first: number;
  /** Hashes of the records whose digest is that of the zone. */
  readonly right: readonly ZonemdHash[];
  /** Why none of them is right; undefined if one is. */
  readonly fault?: string;
}

/** Checks the ZONEMD records at the apex (§4): one that is right is enough. Undefined if there is none. */
export function checkZonemd(tree: ZoneTree): ZonemdVerdict | undefined {
  const soaAt = tree.firstOf(0, RRTYPE.SOA);
  if (!tree.has(0, RRTYPE.ZONEMD) || !tree.has(0, RRTYPE.SOA)) return undefined;
  const { heap, rdataAt, rdataOctets, types } = tree.records;
  const soa = tree.sorted[soaAt]!;
  const { serial } = readSoa(heap, rdataAt[soa]!, rdataOctets[soa]!);
  const first = tree.firstOf(0, RRTYPE.ZONEMD);
  const end = tree.firstRecord[1]!;
  const found: { kind: number; at: number; octets: number }[] = [];
  for (let i = first; i < end && types[tree.sorted[i]!] === RRTYPE.ZONEMD; i++) {
    const at = rdataAt[tree.sorted[i]!]!;
    found.push({ kind: getU16(heap, at + 4), at, octets: rdataOctets[tree.sorted[i]!]! });
  }
  const right: ZonemdHash[] = [];
  let fault = 'their schemes or hash algorithms are not known here';
  for (const { kind, at, octets } of found) {
    const hash = kind >> 8 === SCHEME_SIMPLE ? HASHES.get(kind & 0xff) : undefined;
    if (hash === undefined) continue;
    // §2: of two with the same scheme and algorithm none counts.
    if (found.filter((other) => other.kind === kind).length > 1) fault = 'the same digest is given twice';
    else if (getU32(heap, at) !== serial)
      fault = `it is of serial ${getU32(heap, at)}, the zone has ${serial}`;
    else if (isDigest(tree, hash.name, heap.subarray(at + HEAD_OCTETS, at + octets))) right.push(hash.name);
    else fault = `the ${hash.name.toUpperCase().replace('SHA', 'SHA-')} digest of the zone is another one`;
  }
  return right.length > 0 ? { first, right } : { first, right, fault };
}

function isDigest(tree: ZoneTree, hash: ZonemdHash, digest: Uint8Array): boolean {
  return Buffer.compare(digestTree(tree, hash), digest) === 0;
}
