/**
 * Records that come from what this server knows, not from a file: put into a zone between its file and its image, they are
 * served, signed and denied like all others. What is derived of an owner and type takes the place of what the file has.
 */
import { createHash } from 'node:crypto';
import { RRTYPE } from '../wire/iana.ts';
import { lowerName, type Name, nameOctets } from '../wire/name.ts';
import type { ZoneRecords } from '../zone/records.ts';

/** An RRset as it shall be; without RDATA there shall be none. Plain data: it goes through `postMessage`. */
export interface DerivedRRset {
  /** In lower case. */
  readonly owner: Name;
  readonly type: number;
  readonly ttl: number;
  readonly rdatas: readonly Uint8Array[];
}

/** Between the digest of what is read and that of what is derived. */
const SEPARATOR = '+';

/** The digest of a zone: of its files, and of what was derived, if there was anything. */
export function withDerived(fileDigest: string, derived: readonly DerivedRRset[]): string {
  if (derived.length === 0) return fileDigest;
  const hash = createHash('sha256');
  for (const text of derived.map(textOf).sort()) hash.update(text);
  return `${fileDigest}${SEPARATOR}${hash.digest('hex')}`;
}

/** True if two digests are of the same files. */
export function isOfSameFiles(one: string, other: string): boolean {
  return one.split(SEPARATOR)[0] === other.split(SEPARATOR)[0];
}

/**
 * Puts the RRsets in. Nothing of it can break a zone: it is left out beside a CNAME of the file, where nothing else may be
 * (RFC 2181 §10.1), and a DS where the file has no delegation. `at` is a record of the file, to which what is said of
 * derived ones is pinned.
 */
export function putDerived(records: ZoneRecords, derived: readonly DerivedRRset[], at: number): void {
  if (derived.length === 0) return;
  const types = new Set(derived.map(({ type }) => type));
  const replaced = new Set(derived.map(({ owner, type }) => keyOf(owner, 0, type)));
  const owners = new Set(derived.map(({ owner }) => keyOf(owner, 0, RRTYPE.CNAME)));
  const cuts = new Set(
    derived.filter(({ type }) => type === RRTYPE.DS).map(({ owner }) => keyOf(owner, 0, RRTYPE.NS)),
  );
  const aliases = new Set<string>();
  const delegated = new Set<string>();
  const [file, line] = [records.fileNumbers[at]!, records.lines[at]!];
  const keyAt = (record: number) => keyOf(records.heap, records.ownerAt[record]!, records.types[record]!);
  records.drop((record) => {
    const type = records.types[record]!;
    if (type === RRTYPE.CNAME) {
      const key = keyAt(record);
      if (owners.has(key)) aliases.add(key);
    } else if (type === RRTYPE.NS && cuts.size > 0) {
      const key = keyAt(record);
      if (cuts.has(key)) delegated.add(key);
    }
    return types.has(type) && replaced.has(keyAt(record));
  });
  for (const { owner, type, ttl, rdatas } of derived) {
    if (aliases.has(keyOf(owner, 0, RRTYPE.CNAME))) continue;
    if (type === RRTYPE.DS && !delegated.has(keyOf(owner, 0, RRTYPE.NS))) continue;
    for (const rdata of rdatas) records.add(owner, 0, type, ttl, rdata, 0, rdata.length, file, line);
  }
}

function keyOf(buffer: Uint8Array, offset: number, type: number): string {
  const owner = lowerName(buffer.subarray(offset, offset + nameOctets(buffer, offset)));
  return `${Buffer.from(owner).toString('latin1')} ${type}`;
}

function textOf({ owner, type, ttl, rdatas }: DerivedRRset): string {
  const sorted = rdatas.map((rdata) => Buffer.from(rdata).toString('hex')).sort();
  return `${keyOf(owner, 0, type)} ${ttl} ${sorted.join(' ')}\n`;
}
