/** Master file text ⇄ records, for tests of rdata/ and zonefile/. */
import type { Diagnostic } from '../../src/base/diagnostic.ts';
import { formatName, nameOf } from '../../src/wire/name.ts';
import { ZoneRecords } from '../../src/zone/records.ts';
import { parseZoneFile, type ZoneFileOptions } from '../../src/zonefile/parser.ts';
import { formatRecord } from '../../src/zonefile/printer.ts';

/** One record, its RDATA copied. */
export interface ReadRecord {
  readonly owner: string;
  readonly ttl: number;
  readonly type: number;
  readonly rdata: Uint8Array;
  readonly line: number;
  /** As `formatRecord` writes it. */
  readonly text: string;
}

export interface Reading {
  readonly records: readonly ReadRecord[];
  readonly diagnostics: readonly Diagnostic[];
}

/** Reads `text` (a string: one octet for each character) as the zone `origin`. */
export function readMasterFile(
  text: string | Uint8Array,
  origin = 'example.com.',
  options: Partial<ZoneFileOptions> = {},
): Reading {
  const octets = typeof text === 'string' ? Uint8Array.from(Buffer.from(text, 'latin1')) : text;
  const sink = new ZoneRecords();
  const diagnostics = parseZoneFile(octets, { file: 'test.zone', origin: nameOf(origin), ...options }, sink);
  const records = Array.from({ length: sink.count }, (_, i) => {
    const at = sink.rdataAt[i] as number;
    const length = sink.rdataOctets[i] as number;
    const [ownerAt, ttl, type] = [sink.ownerAt[i], sink.ttls[i], sink.types[i]] as [number, number, number];
    return {
      owner: formatName(sink.heap, ownerAt),
      ttl,
      type,
      rdata: sink.heap.slice(at, at + length),
      line: sink.lines[i] as number,
      text: formatRecord(sink.heap, ownerAt, ttl, type, sink.heap, at, length),
    };
  });
  return { records, diagnostics };
}

/** The record in the form of RFC 3597, type and RDATA opaque. */
export function opaqueText({ owner, ttl, type, rdata }: ReadRecord): string {
  return `${owner}\t${ttl}\tIN\tTYPE${type}\t\\# ${rdata.length} ${Buffer.from(rdata).toString('hex')}`.trimEnd();
}

/** Lines that two readings must share: owner, TTL, type and RDATA octets, sorted. */
export function wireLines(records: readonly ReadRecord[]): string[] {
  return records.map(opaqueText).sort();
}
