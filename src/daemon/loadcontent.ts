/**
 * What is changed of a zone between its file and its image: by its policy the serial, and the ZONEMD records (RFC 8976) of
 * the file, which are checked over all that it holds, while what is served has its own, or none; and what is derived.
 *
 * A zone that is signed here has none: a digest covers every signature, and these are made one by one when somebody asks
 * (docs/decisions). `keyturn zone export --signed --zonemd` makes one for a snapshot.
 */
import type { Diagnostic } from '../base/diagnostic.ts';
import {
  checkZonemd,
  ZONEMD_HASHES,
  type ZonemdHash,
  type ZonemdVerdict,
  zonemdRdata,
} from '../dnssec/zonemd.ts';
import type { ZonemdPolicy } from '../kasp/policy.ts';
import { soaSerial, soaSerialOffset } from '../rdata/views.ts';
import { setU32 } from '../wire/header.ts';
import { RRTYPE } from '../wire/iana.ts';
import { equalNames, type Name } from '../wire/name.ts';
import type { ZoneRecords } from '../zone/records.ts';
import { isSerialAfter, nextSerial } from '../zone/serial.ts';
import { ZoneTree } from '../zone/tree.ts';
import { type DerivedRRset, isOfSameFiles, putDerived } from './derived.ts';
import type { SerialRule } from './messages.ts';

const NONE = -1;

/** A zone that was read, before it is compiled. */
export interface ReadZone {
  readonly records: ZoneRecords;
  readonly origin: Name;
  /** Digest of the file and all that it includes. */
  readonly digest: string;
  /** Signatures are made for it. */
  readonly isSigned: boolean;
}

/** What became of the records. */
export interface PreparedContent {
  readonly diagnostics: readonly Diagnostic[];
  /** The zone has ZONEMD records whose digests are to be filled in. */
  readonly lacksDigests: boolean;
}

/** What the content of a zone goes by, besides its file. */
export interface ContentRules {
  readonly zonemd: ZonemdPolicy | undefined;
  readonly serial: SerialRule | undefined;
  readonly derived: readonly DerivedRRset[];
}

/** Applies the rules; changes `records`. */
export function prepareContent(zone: ReadZone, rules: ContentRules): PreparedContent {
  const own = apexRecord(zone, RRTYPE.ZONEMD);
  const diagnostics: Diagnostic[] = [];
  if (apexRecord(zone, RRTYPE.SOA) === NONE) return { diagnostics, lacksDigests: false };
  const ownTtl = own === NONE ? undefined : zone.records.ttls[own]!;
  const verdict = own === NONE ? undefined : takeZonemd(zone, own, rules.zonemd, diagnostics);
  // Only now: what was taken out may have stood before it.
  const soa = apexRecord(zone, RRTYPE.SOA);
  const ttl = ownTtl ?? zone.records.ttls[soa]!;
  if (rules.serial !== undefined) setSerial(zone, soa, rules.serial, diagnostics);
  const hashes = zone.isSigned ? [] : hashesOf(rules.zonemd?.publish ?? 'file', verdict);
  const { records } = zone;
  const serial = soaSerial(records.heap, records.rdataAt[soa]!, records.rdataOctets[soa]!);
  for (const hash of hashes) {
    const rdata = zonemdRdata(serial, hash);
    const line = records.lines[soa]!;
    records.add(zone.origin, 0, RRTYPE.ZONEMD, ttl, rdata, 0, rdata.length, records.fileNumbers[soa]!, line);
  }
  putDerived(records, rules.derived, soa);
  return { diagnostics, lacksDigests: hashes.length > 0 };
}

/** The first record of a type at the apex, or NONE. */
function apexRecord({ records, origin }: ReadZone, type: number): number {
  for (let record = 0; record < records.count; record++) {
    if (records.types[record] !== type) continue;
    if (equalNames(records.heap, records.ownerAt[record]!, origin, 0)) return record;
  }
  return NONE;
}

// ---- ZONEMD ----

/** Checks the ZONEMD records of the file and takes them out. */
function takeZonemd(
  zone: ReadZone,
  first: number,
  policy: ZonemdPolicy | undefined,
  diagnostics: Diagnostic[],
): ZonemdVerdict | undefined {
  const { records, origin, isSigned } = zone;
  const place = {
    file: records.files[records.fileNumbers[first]!] ?? '',
    line: records.lines[first]!,
    column: 1,
  };
  const check = policy?.check ?? 'warn';
  const verdict = check === 'off' ? undefined : checkZonemd(new ZoneTree(records, origin, 0));
  if (verdict?.fault !== undefined) {
    const message = `the ZONEMD of the zone is wrong: ${verdict.fault}`;
    const fix = 'the file was changed after its digest was made, or on its way here';
    const severity = check === 'refuse' ? ('error' as const) : ('warning' as const);
    diagnostics.push({ severity, code: 'ZONE_ZONEMD_WRONG', message, ...place, fix });
  } else if (isSigned) {
    const message = 'the ZONEMD of the file is not served: it does not cover the signatures';
    const fix = 'keyturn zone export --signed --zonemd writes the signed zone with its digest';
    diagnostics.push({ severity: 'warning', code: 'ZONE_ZONEMD_LEFT_OUT', message, ...place, fix });
  }
  records.drop(
    (record) =>
      records.types[record] === RRTYPE.ZONEMD &&
      equalNames(records.heap, records.ownerAt[record]!, origin, 0),
  );
  return verdict;
}

function hashesOf(
  publish: ZonemdPolicy['publish'],
  verdict: ZonemdVerdict | undefined,
): readonly ZonemdHash[] {
  if (publish === 'file') return verdict?.right ?? [];
  return publish in ZONEMD_HASHES ? [publish as ZonemdHash] : [];
}

// ---- Serial ----

function setSerial(zone: ReadZone, soa: number, rule: SerialRule, diagnostics: Diagnostic[]): void {
  const { records, digest } = zone;
  const at = records.rdataAt[soa]!;
  const octets = records.rdataOctets[soa]!;
  const file = soaSerial(records.heap, at, octets);
  const { mode, before } = rule;
  const serial =
    before?.digest === digest ? before.serial : nextSerial(mode, { file, before: before?.serial }, rule.now);
  if (mode !== 'file') setU32(records.heap, soaSerialOffset(at, octets), serial);
  else if (
    before !== undefined &&
    !isOfSameFiles(before.digest, digest) &&
    !isSerialAfter(file, before.serial)
  ) {
    diagnostics.push({
      severity: 'warning',
      code: 'ZONE_SERIAL_NOT_INCREASED',
      message: `the content has changed, but the serial ${file} is not after ${before.serial}: secondaries will not notice`,
      file: records.files[records.fileNumbers[soa]!] ?? '',
      line: records.lines[soa]!,
      column: 1,
      fix: 'increase it, or let Keyturn do it: serial: increment in the policy',
    });
  }
}
