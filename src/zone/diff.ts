/**
 * What differs between two images of a zone: records that came and went, RRsets whose TTL changed. Both stand in
 * canonical order, so one walk over both finds it. The denial chain is left out: it follows from the rest.
 */
import { getU16 } from '../wire/header.ts';
import { RRTYPE } from '../wire/iana.ts';
import { compareCanonical } from '../wire/name.ts';
import type { NodeIndex, RRsetIndex, ZoneImage } from './image.ts';

export type ImageChange =
  | {
      readonly kind: 'added' | 'removed';
      /** Where the record is. */
      readonly image: ZoneImage;
      readonly rrset: RRsetIndex;
      /** Its RDATA in `image.u8`. */
      readonly at: number;
      readonly octets: number;
    }
  | {
      readonly kind: 'retimed';
      readonly image: ZoneImage;
      readonly rrset: RRsetIndex;
      readonly ttlBefore: number;
    };

/** After so many nodes the walk yields, that others may have their turn. */
const NODES_PER_TURN = 256;

/** Yields the changes that lead from one image to the other in canonical order; undefined now and then, to pause. */
export function* compareImages(
  before: ZoneImage | undefined,
  after: ZoneImage | undefined,
): Generator<ImageChange | undefined, void, undefined> {
  const [oldCount, newCount] = [before?.nodeCount ?? 0, after?.nodeCount ?? 0];
  let [i, j] = [0, 0];
  for (let turn = 1; i < oldCount || j < newCount; turn++) {
    const order = i >= oldCount ? 1 : j >= newCount ? -1 : compareNodes(before!, i, after!, j);
    const old = order <= 0 ? rrsetsOf(before!, i++ as NodeIndex) : [];
    const fresh = order >= 0 ? rrsetsOf(after!, j++ as NodeIndex) : [];
    yield* compareRRsets(old, fresh);
    if (turn % NODES_PER_TURN === 0) yield undefined;
  }
}

function compareNodes(a: ZoneImage, i: number, b: ZoneImage, j: number): number {
  return compareCanonical(a.u8, a.nameAt(i as NodeIndex), b.u8, b.nameAt(j as NodeIndex));
}

/** One RRset and the image that it is in. */
interface Placed {
  readonly image: ZoneImage;
  readonly rrset: RRsetIndex;
  readonly type: number;
}

function rrsetsOf(image: ZoneImage, node: NodeIndex): Placed[] {
  const first = image.firstRRset(node);
  const found: Placed[] = [];
  for (let k = 0; k < image.rrsetsOf(node); k++) {
    const rrset = (first + k) as RRsetIndex;
    const type = image.type(rrset);
    if (type !== RRTYPE.NSEC) found.push({ image, rrset, type });
  }
  return found;
}

function* compareRRsets(old: readonly Placed[], fresh: readonly Placed[]): Generator<ImageChange> {
  const types = new Set([...old, ...fresh].map(({ type }) => type));
  for (const type of [...types].sort((a, b) => a - b)) {
    const was = old.find((placed) => placed.type === type);
    const is = fresh.find((placed) => placed.type === type);
    yield* compareRecords(was, is);
  }
}

function* compareRecords(was: Placed | undefined, is: Placed | undefined): Generator<ImageChange> {
  const isRetimed = was !== undefined && is !== undefined && ttlOf(was) !== ttlOf(is);
  if (was !== undefined && is !== undefined && Buffer.compare(blockOf(was), blockOf(is)) === 0) {
    if (isRetimed) yield retimed(was, is);
    return;
  }
  let isTold = !isRetimed;
  const old = was === undefined ? [] : recordsOf(was);
  const fresh = is === undefined ? [] : recordsOf(is);
  let [i, j] = [0, 0];
  while (i < old.length || j < fresh.length) {
    const order =
      i >= old.length ? 1 : j >= fresh.length ? -1 : Buffer.compare(old[i]!.rdata, fresh[j]!.rdata);
    if (order < 0) yield changeOf('removed', was!, old[i]!);
    if (order > 0) yield changeOf('added', is!, fresh[j]!);
    // The TTL of a record that stays; those that came or went are told with theirs.
    if (order === 0 && !isTold) {
      isTold = true;
      yield retimed(was!, is!);
    }
    if (order <= 0) i++;
    if (order >= 0) j++;
  }
}

interface PlacedRecord {
  readonly at: number;
  readonly rdata: Uint8Array;
}

function ttlOf({ image, rrset }: Placed): number {
  return image.ttl(rrset);
}

function retimed(was: Placed, { image, rrset }: Placed): ImageChange {
  return { kind: 'retimed', image, rrset, ttlBefore: ttlOf(was) };
}

function blockOf({ image, rrset }: Placed): Uint8Array {
  const at = image.blockAt(rrset);
  return image.u8.subarray(at, at + image.blockOctets(rrset));
}

function recordsOf({ image, rrset }: Placed): PlacedRecord[] {
  const found: PlacedRecord[] = [];
  let at = image.blockAt(rrset);
  for (let k = 0; k < image.records(rrset); k++) {
    const octets = getU16(image.u8, at);
    found.push({ at: at + 2, rdata: image.u8.subarray(at + 2, at + 2 + octets) });
    at += octets + 2;
  }
  return found;
}

function changeOf(
  kind: 'added' | 'removed',
  { image, rrset }: Placed,
  { at, rdata }: PlacedRecord,
): ImageChange {
  return { kind, image, rrset, at, octets: rdata.length };
}
