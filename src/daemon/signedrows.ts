/**
 * Many signed zones on their way to a thread that answers: a row of words for each, which stays as it is until the zone
 * is asked for (answer/signedparts). An epoch of its own, with its objects, would take 800 octets in each thread.
 *
 * ```
 *   row   = id │ key tag │ when the apex expires │ a place for each of PLACES
 *   place = number of a memory (16 bits) │ octets in front of it (16 bits); 0xffffffff: there is none
 * ```
 */
import type { EpochSource } from '../answer/signedparts.ts';
import type { UnixSeconds } from '../base/time.ts';
import type { LentKey } from '../dnssec/privatekey.ts';
import type { DenialMode } from '../kasp/policy.ts';
import type { ServedEpoch } from '../signer/epoch.ts';
import type { PackedImage } from '../zone/image.ts';
import type { Publication, PublicationRows, ToData } from './messages.ts';

const ROW = { ID: 0, TAG: 1, APEX_EXPIRES_AT: 2, PLACES: 3, WORDS: 10 } as const;
/** What lies somewhere, in the order of a row. */
const IMAGE = 0;
const APEX = 1;
const KEY = 2;
const TABLE = 3;
const NSEC3 = 4;
const NSEC3_TABLE = 5;
const COMPACT_TABLE = 6;

const NOWHERE = 0xffff_ffff;
const AT_LIMIT = 1 << 16;

/** Packs have no more than 64 KiB, and a list of messages is far from naming so many of them. */
type Place = PackedImage | LentKey;

/** What an epoch with one signer has, in the order of a row; undefined if some of it has memory of its own. */
function placesOf({ epoch }: Publication): (Place | null)[] | undefined {
  const [signer, second] = epoch.signers;
  if (signer === undefined || second !== undefined) return undefined;
  const { privateKey, table, nsec3Table, compactTable } = signer;
  const places = [epoch.image, epoch.apex, privateKey, table, epoch.nsec3, nsec3Table, compactTable];
  const isPacked = (place: SharedArrayBuffer | Place | null): place is Place | null =>
    place === null || (!(place instanceof SharedArrayBuffer) && place.at < AT_LIMIT);
  return places.every(isPacked) ? places : undefined;
}

/** Two zones that can be rows of one message. */
export function areSignedAlike(one: ToData, other: ToData): boolean {
  if (one.kind !== 'publish' || other.kind !== 'publish') return false;
  const [a, b] = [one.epoch, other.epoch];
  if (a.denial === null || a.denial !== b.denial || a.validity !== b.validity) return false;
  if (a.signers[0]?.algorithm !== b.signers[0]?.algorithm) return false;
  return placesOf(one) !== undefined && placesOf(other) !== undefined;
}

/** As rows: publications each of which is alike with the next. */
export function rowsOf(run: readonly Publication[]): PublicationRows {
  const { denial, validity, signers } = run[0]!.epoch;
  const memories = new Map<SharedArrayBuffer, number>();
  const rows = new Uint32Array(run.length * ROW.WORDS);
  for (const [i, publication] of run.entries()) {
    const { id, epoch } = publication;
    const at = i * ROW.WORDS;
    rows[at + ROW.ID] = id;
    rows[at + ROW.TAG] = epoch.signers[0]!.tag;
    rows[at + ROW.APEX_EXPIRES_AT] = epoch.apexExpiresAt;
    for (const [p, place] of placesOf(publication)!.entries()) {
      if (place !== null && !memories.has(place.memory)) memories.set(place.memory, memories.size);
      rows[at + ROW.PLACES + p] =
        place === null ? NOWHERE : memories.get(place.memory)! * AT_LIMIT + place.at;
    }
  }
  return {
    kind: 'publishSigned',
    version: run.at(-1)!.version,
    denial: denial!,
    validity,
    algorithm: signers[0]!.algorithm,
    memories: [...memories.keys()],
    rows,
  };
}

/** The rows as a thread finds epochs in them. */
export class SignedRows implements EpochSource {
  readonly #message: PublicationRows;

  constructor(message: PublicationRows) {
    this.#message = message;
  }

  get denial(): DenialMode {
    return this.#message.denial;
  }

  /** The zone of each row. */
  ids(): number[] {
    const { rows } = this.#message;
    return Array.from({ length: rows.length / ROW.WORDS }, (_, row) => rows[row * ROW.WORDS + ROW.ID]!);
  }

  imageAt(row: number): PackedImage {
    return this.#placeAt(row, IMAGE)!;
  }

  epochAt(row: number): ServedEpoch {
    const { denial, validity, algorithm, rows } = this.#message;
    return {
      image: this.imageAt(row),
      apex: this.#placeAt(row, APEX),
      validity,
      denial,
      nsec3: this.#placeAt(row, NSEC3),
      signers: [
        {
          algorithm,
          tag: rows[row * ROW.WORDS + ROW.TAG]!,
          privateKey: this.#placeAt(row, KEY)!,
          table: this.#placeAt(row, TABLE)!,
          nsec3Table: this.#placeAt(row, NSEC3_TABLE),
          compactTable: this.#placeAt(row, COMPACT_TABLE),
        },
      ],
      apexExpiresAt: rows[row * ROW.WORDS + ROW.APEX_EXPIRES_AT]! as UnixSeconds,
    };
  }

  #placeAt(row: number, place: number): Place | null {
    const { memories, rows } = this.#message;
    const word = rows[row * ROW.WORDS + ROW.PLACES + place]!;
    return word === NOWHERE ? null : { memory: memories[word >>> 16]!, at: word & 0xffff };
  }
}
