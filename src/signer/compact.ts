/**
 * @hot NSEC records of compact denial (RFC 9824): of a name, by itself, up to the name right behind it. The zone image has
 * an NSEC for each name with data, that of the chain; from it comes the bitmap. The apex is not here: what it has depends
 * on keys (signer/apexdenial).
 *
 * They are written in block form (zone/image): `u16 length, next name, type bitmap`.
 */
import { putBehindTree, putSuccessor } from '../dnssec/successor.ts';
import { encodeTypeBitmap } from '../rdata/bitmap.ts';
import { RRTYPE } from '../wire/iana.ts';
import { MAX_NAME_OCTETS, nameOctets } from '../wire/name.ts';
import type { NodeIndex, ZoneImage } from '../zone/image.ts';
import { APEX, NO_NODE, NODE_FLAG } from '../zone/image.ts';

/** What a name has that does not exist (RFC 9824 §3.1). */
const NXNAME_BITMAP = encodeTypeBitmap([RRTYPE.RRSIG, RRTYPE.NSEC, RRTYPE.NXNAME]);
/** What an empty non-terminal has (RFC 9824 §3.2). */
const EMPTY_BITMAP = encodeTypeBitmap([RRTYPE.RRSIG, RRTYPE.NSEC]);
/** 256 windows of 32 octets. */
const MAX_BITMAP_OCTETS = 256 * 34;

/** Room for any of them. */
export const MAX_COMPACT_OCTETS = 2 + MAX_NAME_OCTETS + MAX_BITMAP_OCTETS;

/** Writes the NSEC of `node`, which exists and is not the apex, to `outAt` of `out`; returns its octets. */
export function putNodeNsec(out: Uint8Array, outAt: number, image: ZoneImage, node: NodeIndex): number {
  const { u8 } = image;
  const at = image.nameAt(node);
  const octets = image.nameOctets(node);
  const apexOctets = image.nameOctets(APEX);
  // RFC 9824 §3.4: what lies below a zone cut is not denied.
  const isCut = (image.flags(node) & NODE_FLAG.CUT) !== 0;
  const nextOctets = isCut
    ? putBehindTree(out, outAt + 2, u8, at, octets, apexOctets)
    : putSuccessor(out, outAt + 2, u8, at, octets, apexOctets);
  return finish(out, outAt, nextOctets, image, node);
}

/**
 * Writes the NSEC of a name that is not in the zone. `source` is the wildcard that stands for it, whose types it has, or
 * NO_NODE: it does not exist.
 */
export function putNameNsec(
  out: Uint8Array,
  outAt: number,
  name: Uint8Array,
  nameAt: number,
  image: ZoneImage,
  source: NodeIndex,
): number {
  const octets = nameOctets(name, nameAt);
  const nextOctets = putSuccessor(out, outAt + 2, name, nameAt, octets, image.nameOctets(APEX));
  return finish(out, outAt, nextOctets, image, source);
}

/** Appends the bitmap and puts the length in front; returns the octets of the block. */
function finish(
  out: Uint8Array,
  outAt: number,
  nextOctets: number,
  image: ZoneImage,
  node: NodeIndex,
): number {
  const rdataOctets = nextOctets + putBitmap(out, outAt + 2 + nextOctets, image, node);
  out[outAt] = rdataOctets >>> 8;
  out[outAt + 1] = rdataOctets & 0xff;
  return 2 + rdataOctets;
}

function putBitmap(out: Uint8Array, outAt: number, image: ZoneImage, node: NodeIndex): number {
  if (node === NO_NODE) return put(out, outAt, NXNAME_BITMAP, 0, NXNAME_BITMAP.length);
  if ((image.flags(node) & NODE_FLAG.NSEC) === 0)
    return put(out, outAt, EMPTY_BITMAP, 0, EMPTY_BITMAP.length);
  const at = bitmapAt(image, node);
  return put(out, outAt, image.u8, at, bitmapEnd(image, node) - at);
}

/** Where the bitmap of the node's NSEC begins: behind the next name of the chain. */
function bitmapAt(image: ZoneImage, node: NodeIndex): number {
  const rdataAt = image.blockAt(image.nsec(node)) + 2;
  return rdataAt + nameOctets(image.u8, rdataAt);
}

function bitmapEnd(image: ZoneImage, node: NodeIndex): number {
  const nsec = image.nsec(node);
  return image.blockAt(nsec) + image.blockOctets(nsec);
}

function put(out: Uint8Array, outAt: number, from: Uint8Array, at: number, count: number): number {
  for (let i = 0; i < count; i++) out[outAt + i] = from[at + i]!;
  return count;
}

/** True if a name that is in both images has the same NSEC there: a signature over it still holds. */
export function hasSameNsec(old: ZoneImage, oldNode: NodeIndex, image: ZoneImage, node: NodeIndex): boolean {
  if (old.negativeTtl !== image.negativeTtl) return false;
  const oldHas = old.flags(oldNode) & NODE_FLAG.NSEC;
  if (oldHas !== (image.flags(node) & NODE_FLAG.NSEC)) return false;
  // Neither has data: empty non-terminals, or names below a zone cut, whose slots are never used.
  if (oldHas === 0) return true;
  const oldAt = bitmapAt(old, oldNode);
  const at = bitmapAt(image, node);
  const octets = bitmapEnd(image, node) - at;
  if (bitmapEnd(old, oldNode) - oldAt !== octets) return false;
  for (let i = 0; i < octets; i++) if (old.u8[oldAt + i] !== image.u8[at + i]) return false;
  return true;
}
