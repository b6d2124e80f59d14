/**
 * The digest of an exported zone (RFC 8976): ZONEMD at the apex over all that the export says, signatures included. What
 * proves which types the apex has must name it, so the NSEC or NSEC3 of the apex is written and signed anew; all other
 * signatures are those that are served.
 *
 * The digest is of this one snapshot. Online it would be wrong as soon as one signature is renewed.
 */
import { assert } from '../base/assert.ts';
import { hasErrors } from '../base/diagnostic.ts';
import { openPrivateKey, publicKeyOf } from '../dnssec/privatekey.ts';
import { readRrsig, rrsigLabels, signRRset } from '../dnssec/rrsig.ts';
import { digestTree, type ZonemdHash, zonemdRdata } from '../dnssec/zonemd.ts';
import { decodeTypeBitmap, encodeTypeBitmap } from '../rdata/bitmap.ts';
import { soaSerial } from '../rdata/views.ts';
import { RRTYPE } from '../wire/iana.ts';
import { equalNames, type Name, nameOctets } from '../wire/name.ts';
import { ZoneRecords } from '../zone/records.ts';
import { ZoneTree } from '../zone/tree.ts';
import { parseZoneFile } from '../zonefile/parser.ts';
import { formatRecord } from '../zonefile/printer.ts';
import type { Epoch } from './epoch.ts';

type Signers = Epoch['signers'];

/** Octets of NSEC3 RDATA in front of the salt's length. */
const NSEC3_SALT_AT = 4;

/** Types of the records that are looked at; a zone has millions of others. */
const OWN_TYPES = new Set<number>([RRTYPE.SOA, RRTYPE.ZONEMD, RRTYPE.NSEC, RRTYPE.NSEC3, RRTYPE.RRSIG]);

/** Yields an export, one record a line, with its digest. `signers` are those of its epoch, none of an unsigned zone. */
export function* addZonemd(
  lines: Iterable<string>,
  origin: Name,
  hash: ZonemdHash,
  signers: Signers,
): Generator<string, void, undefined> {
  const snapshot = new Snapshot(lines, origin, signers);
  snapshot.nameZonemd();
  snapshot.addZonemd(hash);
  yield* snapshot.lines();
}

/** One record, copied out of the columns. */
interface Copy {
  readonly owner: Name;
  readonly type: number;
  readonly ttl: number;
  readonly rdata: Uint8Array;
}

class Snapshot {
  readonly #records: ZoneRecords;
  readonly #origin: Name;
  readonly #signers: Signers;

  constructor(lines: Iterable<string>, origin: Name, signers: Signers) {
    const text = Buffer.from([...lines].join('\n').concat('\n'), 'latin1');
    this.#records = new ZoneRecords(text.length);
    this.#origin = origin;
    this.#signers = signers;
    const found = parseZoneFile(text, { file: 'export', origin }, this.#records);
    assert(!hasErrors(found), 'an export can be read');
    // A digest of the unsigned zone may be in it.
    this.#take((copy) => copy.type === RRTYPE.ZONEMD && equalNames(copy.owner, 0, origin, 0));
  }

  *lines(): Generator<string, void, undefined> {
    const { heap, count, ownerAt, ttls, types, rdataAt, rdataOctets } = this.#records;
    for (let i = 0; i < count; i++) {
      yield formatRecord(heap, ownerAt[i]!, ttls[i]!, types[i]!, heap, rdataAt[i]!, rdataOctets[i]!);
    }
  }

  /** Puts ZONEMD into the bitmap of the apex, and signs that anew with the keys that signed it. */
  nameZonemd(): void {
    const [denial] = this.#take((copy) => this.#deniesAtApex(copy));
    if (denial === undefined) return;
    const { owner, type } = denial;
    const rrsigs = this.#take((copy) => coveredBy(copy) === type && equalNames(copy.owner, 0, owner, 0));
    const at = bitmapAt(denial);
    const types = decodeTypeBitmap(denial.rdata, at) ?? [];
    const bitmap = encodeTypeBitmap([...types, RRTYPE.ZONEMD]);
    const rdata = Uint8Array.of(...denial.rdata.subarray(0, at), ...bitmap);
    this.#add({ ...denial, rdata });
    this.#sign({ ...denial, rdata }, rrsigs);
  }

  /** Adds the digest, signed as the SOA is (RFC 8976 §3.5). */
  addZonemd(hash: ZonemdHash): void {
    const ofSoa = this.#find((copy) => copy.type === RRTYPE.SOA || coveredBy(copy) === RRTYPE.SOA);
    const soa = ofSoa.find(({ type }) => type === RRTYPE.SOA);
    assert(soa !== undefined, 'a zone has a SOA');
    const rrsigs = ofSoa.filter((copy) => copy !== soa);
    const serial = soaSerial(soa.rdata, 0, soa.rdata.length);
    const digest = digestTree(new ZoneTree(this.#records, this.#origin, 0), hash);
    const zonemd = { ...soa, type: RRTYPE.ZONEMD, rdata: zonemdRdata(serial, hash, digest) };
    this.#add(zonemd);
    this.#sign(zonemd, rrsigs);
  }

  /** The NSEC of the apex, or the NSEC3 that tells of it: no other has SOA in its bitmap. */
  #deniesAtApex(copy: Copy): boolean {
    if (copy.type === RRTYPE.NSEC) return equalNames(copy.owner, 0, this.#origin, 0);
    if (copy.type !== RRTYPE.NSEC3) return false;
    return decodeTypeBitmap(copy.rdata, bitmapAt(copy))?.includes(RRTYPE.SOA) ?? false;
  }

  /** Signs a record, alone in its rrset, with the keys and times of other signatures. */
  #sign(copy: Copy, models: readonly Copy[]): void {
    const { owner, type, ttl, rdata } = copy;
    for (const model of models) {
      const fields = readRrsig(model.rdata)!;
      const key = this.#signers.find(
        ({ tag, algorithm }) => tag === fields.keyTag && algorithm === fields.algorithm,
      );
      assert(key !== undefined, 'who signed the zone can sign its digest');
      const own = { ...fields, typeCovered: type, labels: rrsigLabels(owner), originalTtl: ttl };
      const { algorithm, privateKey } = key;
      const opened = openPrivateKey({ algorithm, publicKey: publicKeyOf(algorithm, privateKey), privateKey });
      const rrsig = signRRset(own, owner, [rdata], opened);
      this.#add({ owner, type: RRTYPE.RRSIG, ttl, rdata: rrsig });
    }
  }

  // ---- Records ----

  #add({ owner, type, ttl, rdata }: Copy): void {
    this.#records.add(owner, 0, type, ttl, rdata, 0, rdata.length, 0, 0);
  }

  #copy(record: number): Copy {
    const { heap, ownerAt, types, ttls, rdataAt, rdataOctets } = this.#records;
    const at = ownerAt[record]!;
    const rdata = heap.slice(rdataAt[record]!, rdataAt[record]! + rdataOctets[record]!);
    const owner = heap.slice(at, at + nameOctets(heap, at));
    return { owner, type: types[record]!, ttl: ttls[record]!, rdata };
  }

  /** Copies of the records that are wanted, of the few types that matter here. */
  #find(isWanted: (copy: Copy) => boolean): Copy[] {
    const found: Copy[] = [];
    this.#walk((copy) => {
      if (isWanted(copy)) found.push(copy);
      return false;
    });
    return found;
  }

  /** Removes the records that are wanted, and returns them. */
  #take(isWanted: (copy: Copy) => boolean): Copy[] {
    const taken: Copy[] = [];
    this.#walk((copy) => {
      const isTaken = isWanted(copy);
      if (isTaken) taken.push(copy);
      return isTaken;
    });
    return taken;
  }

  #walk(visit: (copy: Copy) => boolean): void {
    this.#records.drop((record) => OWN_TYPES.has(this.#records.types[record]!) && visit(this.#copy(record)));
  }
}

/** The type that a signature covers; 0 of other records. */
function coveredBy({ type, rdata }: Copy): number {
  return type === RRTYPE.RRSIG ? (rdata[0]! << 8) | rdata[1]! : 0;
}

function bitmapAt({ type, rdata }: Copy): number {
  if (type === RRTYPE.NSEC) return nameOctets(rdata, 0);
  const hashAt = NSEC3_SALT_AT + 1 + rdata[NSEC3_SALT_AT]!;
  return hashAt + 1 + rdata[hashAt]!;
}
