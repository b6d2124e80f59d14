/**
 * An epoch: what a zone serves from one commit to the next (ROLLOVER 1.8), as one value that is posted to all threads
 * and swapped in whole. It joins the zone image with what depends on keys: the apex image (DNSKEY, CDS, CDNSKEY, the
 * apex NSEC, all with their signatures) and the keys that sign zone data, each with its signature table.
 *
 * Everything in an epoch that carries the chain of trust is verified with the public key of who signed it before the
 * epoch exists, and its signers must be such that validators can do without any key that is not published.
 */
import type { UnixSeconds } from '../base/time.ts';
import { dnskeyRdata } from '../dnssec/dnskey.ts';
import { type LentKey, publicKeyOf } from '../dnssec/privatekey.ts';
import { compareRdata } from '../dnssec/rrsig.ts';
import type { DenialMode } from '../kasp/policy.ts';
import { RRTYPE } from '../wire/iana.ts';
import { type ImageMemory, ZoneImage } from '../zone/image.ts';
import type { ImagePack } from '../zone/imagepack.ts';
import { signAhead } from './ahead.ts';
import { renderApex } from './apex.ts';
import type { ApexPacks } from './apexpacks.ts';
import { apexRRsets } from './apexrrsets.ts';
import { SignatureBook } from './book.ts';
import type { TableMemory } from './slots.ts';
import {
  inOnePiece,
  OF_NODES,
  OF_RRSETS,
  type SignedImage,
  type SlotPlan,
  signedImage,
  tableOver,
} from './tables.ts';
import { INCEPTION_LEAD, inceptionAt, windowLength } from './validity.ts';

/** A key as the signer needs it. */
export interface EpochKey {
  readonly algorithm: number;
  readonly tag: number;
  readonly flags: number;
  /** In DNSKEY form. */
  readonly publicKey: Uint8Array;
  readonly privateKey: LentKey;
}

/** What the key states say shall be served (kasp/records), and by whom it is signed. */
export interface EpochContent {
  /** RDATA of the DNSKEY, CDS and CDNSKEY rrsets; empty lists are not served. */
  readonly dnskey: readonly Uint8Array[];
  readonly cds: readonly Uint8Array[];
  readonly cdnskey: readonly Uint8Array[];
  readonly dnskeyTtl: number;
  readonly cdsTtl: number;
  /** Keys that sign the DNSKEY rrset. */
  readonly dnskeySigners: readonly EpochKey[];
  /** Keys that sign CDS and CDNSKEY. */
  readonly cdsSigners: readonly EpochKey[];
  /** Keys that sign all other data. */
  readonly zoneSigners: readonly EpochKey[];
  /** Seconds from inception to expiration. */
  readonly validity: number;
  readonly denial: DenialMode;
  /** The NSEC3 chain of the zone image (zone/nsec3chain); null if `denial` is another. */
  readonly nsec3: ImageMemory | null;
}

/** Which key it is. */
export type KeyOfSigner = Pick<EpochSigner, 'algorithm' | 'tag' | 'privateKey'>;

/** One epoch; plain data and shared memory, fit for `postMessage`. */
export interface Epoch {
  readonly image: ImageMemory;
  /** Null in an unsigned zone. */
  readonly apex: ImageMemory | null;
  readonly validity: number;
  /** How it is proven that something does not exist; null in an unsigned zone. */
  readonly denial: DenialMode | null;
  /** The NSEC3 chain; null if the zone denies in another way. */
  readonly nsec3: ImageMemory | null;
  readonly signers: readonly EpochSigner[];
  /** Inception of the DNSKEY, CDS and CDNSKEY signatures; grows from epoch to epoch (RFC 7344 §6.2). */
  readonly apexInception: UnixSeconds;
  /** When the first signature in the apex image expires; none of them is served after that. */
  readonly apexExpiresAt: UnixSeconds;
  /** When the apex image must be made anew because its signatures age. */
  readonly refreshAt: UnixSeconds;
}

/** A key that signs zone data, and its signatures. */
export interface EpochSigner {
  readonly algorithm: number;
  readonly tag: number;
  /** Both halves: `publicKeyOf` tells the public one. */
  readonly privateKey: LentKey;
  readonly table: TableMemory;
  /** The table over the NSEC3 chain, if there is one. */
  readonly nsec3Table: TableMemory | null;
  /** With compact denial, the table of the NSECs of names that exist: a slot for each node of the image. */
  readonly compactTable: TableMemory | null;
}

/** What of an epoch a thread answers from. */
export type ServedEpoch = Omit<Epoch, 'apexInception' | 'refreshAt'>;

/** What an epoch is made with. */
export interface EpochMeans {
  readonly book?: SignatureBook;
  /** Memory that the apex image and the tables share with others. */
  readonly packs?: EpochPacks | undefined;
}

/** One each, as they do not last alike: apex images are made anew every few days, tables with the images they are over. */
export interface EpochPacks {
  readonly apexes: ApexPacks;
  readonly tables: ImagePack;
}

/** Thrown when an epoch cannot be made safely: a signature that does not verify, an apex without its SOA. */
export class EpochError extends Error {
  override readonly name = 'EpochError';
}

/** Where the algorithm stands in DNSKEY RDATA (RFC 4034 §2.1). */
const DNSKEY_ALGORITHM_AT = 3;
const NEVER = 0xffff_ffff as UnixSeconds;
const NO_SIGNERS: Epoch['signers'] = [];

/** The epoch of a zone that is served without signatures. */
export function unsignedEpoch(image: ImageMemory): Epoch {
  return {
    image,
    apex: null,
    validity: 0,
    denial: null,
    nsec3: null,
    signers: NO_SIGNERS,
    apexInception: 0 as UnixSeconds,
    apexExpiresAt: NEVER,
    refreshAt: NEVER,
  };
}

/**
 * Builds the epoch that is committed at `now`. Signatures of `previous` that still hold are carried into it; without one,
 * those in the book are taken, which gets all that are made. Throws EpochError if its signers are not such as RFC 4035 §2.2
 * wants, or if a signature does not verify.
 */
export function buildEpoch(
  image: ImageMemory,
  content: EpochContent,
  previous: Epoch | undefined,
  now: UnixSeconds,
  { book = new SignatureBook(), packs }: EpochMeans = {},
): Epoch {
  const zone = ZoneImage.open(image);
  const lowest = (previous?.apexInception ?? 0) + 1;
  // Growing matters less than being valid: the clock may have been ahead when the epoch before was made.
  const fresh = Math.min(Math.max(now - INCEPTION_LEAD, lowest), now) as UnixSeconds;
  const nsecInception = inceptionAt(now, content.validity, zone.origin, 0, RRTYPE.NSEC);
  checkSigners(content);
  const { apexInception, rrsets } = apexRRsets(zone, content, { fresh, nsecInception, now }, book);
  const refreshAt = refreshInstant(content.validity, apexInception, nsecInception);
  const epoch: Epoch = {
    image,
    apex: renderApex(zone, rrsets, packs?.apexes.packFor(refreshAt, now)),
    validity: content.validity,
    denial: content.denial,
    nsec3: content.nsec3,
    // A slot knows when its signature begins, not when it ends: with another validity, it means another signature.
    signers: content.zoneSigners.map((key) =>
      signerOf(
        { image, nsec3: content.nsec3, denial: content.denial },
        key,
        previous?.validity === content.validity ? previous : undefined,
        packs?.tables,
      ),
    ),
    apexInception,
    apexExpiresAt: (Math.min(apexInception, nsecInception) + content.validity) as UnixSeconds,
    refreshAt,
  };
  const bad = signAhead(zone, epoch, now, book);
  if (bad !== undefined) throw new EpochError(`a signature by key ${bad} does not verify`);
  return epoch;
}

/**
 * RFC 4035 §2.2: for each algorithm in the DNSKEY rrset, all rrsets are signed, and by a key that is published. A key
 * that is not may sign beside these, as those of an algorithm that comes or goes do (ROLLOVER 2.5).
 */
function checkSigners(content: EpochContent): void {
  const { dnskey, dnskeySigners, zoneSigners, cdsSigners } = content;
  if (dnskey.length === 0) throw new EpochError('a signed zone has a DNSKEY rrset');
  const algorithms = new Set(dnskey.map((rdata) => rdata[DNSKEY_ALGORITHM_AT]!));
  const isPublished = (key: EpochKey) => {
    const rdata = dnskeyRdata(key.flags, key.algorithm, key.publicKey);
    return dnskey.some((published) => compareRdata(published, rdata) === 0);
  };
  for (const algorithm of algorithms) {
    const signs = (key: EpochKey) => key.algorithm === algorithm && isPublished(key);
    if (!dnskeySigners.some(signs)) {
      throw new EpochError(`no key in the DNSKEY rrset signs that for algorithm ${algorithm}`);
    }
    if (!zoneSigners.some(signs)) {
      throw new EpochError(`no key in the DNSKEY rrset signs the zone for algorithm ${algorithm}`);
    }
  }
  if (content.cds.length + content.cdnskey.length > 0 && !cdsSigners.some(isPublished)) {
    throw new EpochError('no key in the DNSKEY rrset signs CDS and CDNSKEY');
  }
}

/** The same key, by its public half: it may have been lent twice. */
export function isSameKey(one: KeyOfSigner, other: KeyOfSigner): boolean {
  return (
    one.tag === other.tag &&
    one.algorithm === other.algorithm &&
    compareRdata(
      publicKeyOf(one.algorithm, one.privateKey),
      publicKeyOf(other.algorithm, other.privateKey),
    ) === 0
  );
}

/** The key with its tables over the zone image and for the zone's way to deny. */
function signerOf(
  { image, nsec3, denial }: Pick<Epoch, 'image' | 'nsec3' | 'denial'>,
  key: EpochKey,
  previous: Epoch | undefined,
  pack: ImagePack | undefined,
): EpochSigner {
  const { algorithm, tag, privateKey } = key;
  const tableOn = (over: ImageMemory, before: SignedImage | undefined, plan: SlotPlan) =>
    inOnePiece(tableOver(over, algorithm, before, plan, pack));
  const earlier = previous?.signers.find((signer) => isSameKey(signer, key));
  return {
    algorithm,
    tag,
    privateKey,
    table: tableOn(image, signedImage(previous?.image, earlier?.table), OF_RRSETS),
    nsec3Table:
      nsec3 === null ? null : tableOn(nsec3, signedImage(previous?.nsec3, earlier?.nsec3Table), OF_RRSETS),
    compactTable:
      denial === 'compact'
        ? tableOn(image, signedImage(previous?.image, earlier?.compactTable), OF_NODES)
        : null,
  };
}

/**
 * `previous` as it would be over other images of its zone: what still holds stands in new tables, so that `buildEpoch`
 * has none to carry. What is signed in the old tables meanwhile is made again when it is asked for. Yields now and
 * then, to pause.
 */
export function* carryOver(
  previous: Epoch,
  { image, nsec3 }: Pick<Epoch, 'image' | 'nsec3'>,
): Generator<undefined, Epoch, undefined> {
  const signers: EpochSigner[] = [];
  for (const signer of previous.signers) {
    const { algorithm } = signer;
    const before = signedImage(previous.image, signer.table);
    const chain = signedImage(previous.nsec3, signer.nsec3Table);
    const compact = signedImage(previous.image, signer.compactTable);
    signers.push({
      ...signer,
      table: yield* tableOver(image, algorithm, before, OF_RRSETS),
      nsec3Table: nsec3 === null ? null : yield* tableOver(nsec3, algorithm, chain, OF_RRSETS),
      compactTable: compact === undefined ? null : yield* tableOver(image, algorithm, compact, OF_NODES),
    });
  }
  return { ...previous, image, nsec3, signers };
}

/** The apex image is made anew when the NSEC's window ends, or at three sevenths of the DNSKEY's validity. */
function refreshInstant(
  validity: number,
  apexInception: UnixSeconds,
  nsecInception: UnixSeconds,
): UnixSeconds {
  const window = windowLength(validity);
  const nsecEnd = nsecInception + INCEPTION_LEAD + window;
  return Math.min(nsecEnd, apexInception + window) as UnixSeconds;
}
