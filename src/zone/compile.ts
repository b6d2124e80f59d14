/**
 * From parsed records to the image that is served: leave out what other signers made, check, render. Pure and
 * without state; the loader thread calls it.
 */
import type { Diagnostic } from '../base/diagnostic.ts';
import { hasErrors } from '../base/diagnostic.ts';
import { readSoa } from '../rdata/views.ts';
import { RRTYPE } from '../wire/iana.ts';
import type { Name } from '../wire/name.ts';
import { equalNames, LOWER, ROOT } from '../wire/name.ts';
import { checkZone } from './check.ts';
import type { ImageMemory } from './image.ts';
import type { ImagePack } from './imagepack.ts';
import { ImageSizeError } from './imagewriter.ts';
import { ZoneRecords } from './records.ts';
import { type RenderOptions, renderImage } from './render.ts';
import { ZoneTree } from './tree.ts';

/** What signers make from keys; a zone file's own are ignored (DESIGN §8). */
const SIGNER_TYPES = new Set<number>([RRTYPE.RRSIG, RRTYPE.NSEC, RRTYPE.NSEC3, RRTYPE.NSEC3PARAM]);
/** What tells of keys; in a file they are somebody's keys, which must be ours before the zone is served. */
const KEY_TYPES = new Set<number>([RRTYPE.DNSKEY, RRTYPE.CDS, RRTYPE.CDNSKEY]);
/** First label of a name at which CDS and CDNSKEY are data: they tell of another zone's keys (RFC 9615 §4.1). */
const SIGNAL_LABEL = Buffer.from('\x07_dsboot');

/** Small zones have one tree in turn. */
const SMALL_TREE = new ZoneTree(new ZoneRecords(), ROOT, 0);

export interface CompiledZone {
  /** Absent if `diagnostics` has an error. */
  readonly image: ImageMemory | undefined;
  readonly diagnostics: Diagnostic[];
  /** RDATA of the DNSKEY and CDNSKEY records in the file. */
  readonly foreignKeys: Uint8Array[];
  /** RDATA of the CDS records in the file. */
  readonly foreignCds: Uint8Array[];
  /** RRSIG, NSEC, NSEC3 and NSEC3PARAM records that were left out. */
  readonly ignoredSignatures: number;
}

/** Compiles the records of a zone. `seed` seeds name hashes; `nsec` adds the NSEC chain. Changes `records`. */
export function compileZone(
  records: ZoneRecords,
  origin: Name,
  options: { readonly seed: number; readonly nsec: boolean; readonly pack?: ImagePack | undefined },
): CompiledZone {
  const isKeyData = (record: number) =>
    KEY_TYPES.has(records.types[record]!) && !isSignal(records, record, origin);
  const foreignKeys = rdataOf(records, [RRTYPE.DNSKEY, RRTYPE.CDNSKEY], isKeyData);
  const foreignCds = rdataOf(records, [RRTYPE.CDS], isKeyData);
  records.drop(isKeyData);
  const ignoredSignatures = records.drop((record) => SIGNER_TYPES.has(records.types[record]!));
  const leftOut = dropApexDs(records, origin);
  if (ignoredSignatures > 0) leftOut.push(ignoredWarning(records, ignoredSignatures));
  const { seed } = options;
  const tree = records.isSmall
    ? SMALL_TREE.rebuild(records, origin, seed)
    : new ZoneTree(records, origin, seed);
  const diagnostics = checkZone(tree);
  diagnostics.push(...leftOut);
  const soaAt = tree.firstOf(0, RRTYPE.SOA);
  let image: ImageMemory | undefined;
  if (!hasErrors(diagnostics)) {
    const record = tree.sorted[soaAt]!;
    const soa = readSoa(records.heap, records.rdataAt[record]!, records.rdataOctets[record]!);
    const negativeTtl = Math.min(records.ttls[record]!, soa.minimum);
    const { nsec, pack } = options;
    image = rendered(tree, { nsec, serial: soa.serial, negativeTtl, pack }, diagnostics);
  }
  return { image, diagnostics, foreignKeys, foreignCds, ignoredSignatures };
}

/** A CDS or CDNSKEY record that tells of another zone's keys. */
function isSignal({ heap, ownerAt, types }: ZoneRecords, record: number, origin: Name): boolean {
  const at = ownerAt[record]!;
  if (types[record] === RRTYPE.DNSKEY || equalNames(heap, at, origin, 0)) return false;
  return SIGNAL_LABEL.every((octet, i) => LOWER[heap[at + i]!] === octet);
}

/** The image; undefined, with an error, if it would be too large. */
function rendered(
  tree: ZoneTree,
  options: RenderOptions,
  diagnostics: Diagnostic[],
): ImageMemory | undefined {
  try {
    return renderImage(tree, options);
  } catch (error) {
    if (!(error instanceof ImageSizeError)) throw error;
    const [file = ''] = tree.records.files;
    const place = { file, line: 0, column: 0, fix: 'delegate parts of it to zones of their own' };
    diagnostics.push({ severity: 'error', code: 'ZONE_LIMIT', message: error.message, ...place });
    return undefined;
  }
}

/** RDATA of the records of some types, as far as they tell of keys of the zone. */
function rdataOf(
  records: ZoneRecords,
  types: readonly number[],
  isKeyData: (record: number) => boolean,
): Uint8Array[] {
  const found: Uint8Array[] = [];
  for (let record = 0; record < records.count; record++) {
    if (!types.includes(records.types[record]!) || !isKeyData(record)) continue;
    const at = records.rdataAt[record]!;
    found.push(records.heap.slice(at, at + records.rdataOctets[record]!));
  }
  return found;
}

/** The DS of a zone is its parent's data (RFC 4035 §2.4): never served from here. */
function dropApexDs(records: ZoneRecords, origin: Name): Diagnostic[] {
  const dropped: number[] = [];
  records.drop((record) => {
    const isApexDs =
      records.types[record] === RRTYPE.DS && equalNames(records.heap, records.ownerAt[record]!, origin, 0);
    if (isApexDs) dropped.push(records.lines[record]!);
    return isApexDs;
  });
  return dropped.map((line) => ({
    severity: 'warning',
    code: 'ZONE_DS_AT_APEX',
    message: 'the DS record of the zone itself is ignored: it belongs into the parent zone',
    file: records.files[0] ?? '',
    line,
    column: 1,
  }));
}

function ignoredWarning(records: ZoneRecords, count: number): Diagnostic {
  return {
    severity: 'warning',
    code: 'ZONE_SIGNATURES_IGNORED',
    message: `${count} RRSIG, NSEC, NSEC3 or NSEC3PARAM records are ignored: Keyturn makes its own`,
    file: records.files[0] ?? '',
    line: 0,
    column: 0,
  };
}
