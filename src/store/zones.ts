/**
 * The zones directory: which files are zones, of which origin, and whether they have changed. A look costs one
 * directory listing and one lstat a file; no file is opened but those whose name is a hash.
 */
import fs from 'node:fs';
import path from 'node:path';
import { formatName, type Name } from '../wire/name.ts';
import { zoneStem } from './stem.ts';
import { type FileSignature, findFile, readHead, signatureOf, type ZoneFault } from './zonefile.ts';
import { isHashedName, isZoneFileName, originOfFileName, originOfHead } from './zonename.ts';

const HEAD_OCTETS = 8_192;

/** A zone file at one look. */
export interface SeenZone {
  /** `formatName` of the origin: the key of the zone everywhere. */
  readonly name: string;
  readonly origin: Name;
  /** Absolute, as it stands in the directory (a link is not resolved). */
  readonly path: string;
  /** Changes whenever the file does; for a file with a fault it names the fault. */
  readonly signature: FileSignature;
  /** Milliseconds since 1970 of the last write. */
  readonly modifiedMs: number;
  readonly octets: number;
  /** Why the file cannot be loaded, as far as that can be seen from outside. */
  readonly fault?: ZoneFault;
}

/** A file that ends in `.zone` but stands for no zone. */
export interface Misnamed {
  readonly path: string;
  readonly why: string;
}

/** What one look saw. */
export interface Look {
  readonly zones: ReadonlyMap<string, SeenZone>;
  readonly misnamed: readonly Misnamed[];
  /** The directory, links resolved, and its inode: another one means that it was replaced. */
  readonly directory: string;
  readonly inode: number;
}

/** Thrown when the directory itself cannot be looked at. */
export class ZonesDirectoryError extends Error {
  override readonly name = 'ZonesDirectoryError';
  /** The system's. */
  readonly code: string;
  constructor(directory: string, cause: unknown) {
    const { code = 'UNKNOWN', message } = cause as NodeJS.ErrnoException;
    super(`the zones directory ${directory} cannot be read: ${message}`, { cause });
    this.code = code;
  }
}

/** Looks at the directory. Throws ZonesDirectoryError. */
export function lookAtZones(directory: string): Look {
  let real: string;
  let inode: number;
  let names: string[];
  try {
    real = fs.realpathSync(directory);
    inode = fs.statSync(real).ino;
    names = fs.readdirSync(real).filter(isZoneFileName).sort();
  } catch (error) {
    throw new ZonesDirectoryError(directory, error);
  }
  const zones = new Map<string, SeenZone>();
  const misnamed: Misnamed[] = [];
  for (const name of names) {
    const file = path.join(directory, name);
    const origin = originOf(real, name);
    if (typeof origin === 'string') {
      misnamed.push({ path: file, why: origin });
      continue;
    }
    const seen = lookAtFile(real, file, origin);
    const earlier = zones.get(seen.name);
    zones.set(seen.name, earlier === undefined ? seen : twice(earlier, seen));
  }
  return { zones, misnamed, directory: real, inode };
}

/** Looks at the file of one zone. */
export function lookAtFile(directory: string, file: string, origin: Name): SeenZone {
  const name = formatName(origin);
  const found = findFile(directory, file);
  if ('code' in found) {
    return { name, origin, path: file, signature: found.code, modifiedMs: 0, octets: 0, fault: found };
  }
  const { stat } = found;
  return {
    name,
    origin,
    path: file,
    signature: signatureOf(stat),
    modifiedMs: stat.mtimeMs,
    octets: stat.size,
  };
}

/** The signature of any file below the directory, for files that zones include. */
export function lookAtIncluded(directory: string, file: string): FileSignature {
  const found = findFile(directory, file);
  return 'code' in found ? found.code : signatureOf(found.stat);
}

function originOf(directory: string, name: string): Name | string {
  if (!isHashedName(name)) return originOfFileName(name);
  const head = readHead(directory, path.join(directory, name), HEAD_OCTETS);
  if ('code' in head) return `its origin is not known, ${head.message}`;
  const origin = originOfHead(Buffer.from(head).toString('latin1'));
  if (origin === undefined) return 'its name is a hash and it does not begin with $ORIGIN';
  const stem = zoneStem(origin);
  return stem === name.slice(0, 64).toLowerCase() ? origin : `its $ORIGIN belongs into ${stem}.zone`;
}

/** Two files of one zone (their names differ in case or escapes): which one is meant cannot be known. */
function twice(a: SeenZone, b: SeenZone): SeenZone {
  const fault: ZoneFault = {
    code: 'ZONE_TWO_FILES',
    message: `${path.basename(a.path)} and ${path.basename(b.path)} are both files of this zone`,
    fix: 'remove one of them',
  };
  return { ...a, signature: `${a.signature} ${b.signature}`, fault };
}
