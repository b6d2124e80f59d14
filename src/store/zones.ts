/**
 * The zones directory: which files are zones, of which origin, and whether they have changed. A look costs one
 * directory listing and one lstat a file; no file is opened but those whose name is a hash.
 */
import fs from 'node:fs';
import path from 'node:path';
import { formatName, type Name, nameOf } from '../wire/name.ts';
import { zoneStem } from './stem.ts';
import {
  type FileSignature,
  type FoundFile,
  findFile,
  readHead,
  signatureOf,
  signedMtimeMs,
  signedSize,
  type ZoneFault,
} from './zonefile.ts';
import { isHashedName, isZoneFileName, originOfFileName, originOfHead, plainZoneName } from './zonename.ts';

const HEAD_OCTETS = 8_192;

/** A zone file at one look. */
export interface SeenZone {
  /** `formatName` of the origin: the key of the zone everywhere. */
  readonly name: string;
  readonly origin: Name;
  /** Absolute, as it stands in the directory (a link is not resolved). */
  readonly path: string;
  /** The zones directory, links resolved. */
  readonly directory: string;
  /** Changes whenever the file does; for a file with a fault it names the fault. */
  readonly signature: FileSignature;
  /** Milliseconds since 1970 of the last write. */
  readonly modifiedMs: number;
  readonly octets: number;
  /** Why the file cannot be loaded, as far as that can be seen from outside. */
  readonly fault?: ZoneFault;
}

/** The zones directory as it was named, and with its links resolved. */
interface Place {
  readonly named: string;
  readonly real: string;
  /** What the path of each file begins with. */
  readonly prefix: string;
}

/** What a look keeps of one of many files; what follows from that is told when it is asked for. */
class SeenFile implements SeenZone {
  readonly name: string;
  readonly place: Place;
  readonly signature: FileSignature;
  readonly fault?: ZoneFault;
  /** The name of the file, if it is not that of the zone with the suffix. */
  readonly #odd: string | undefined;

  constructor(name: string, file: string, place: Place, found: FoundFile | ZoneFault) {
    const isFound = 'stat' in found;
    this.name = name;
    this.#odd = file === plainFile(name) ? undefined : file;
    this.place = place;
    this.signature = isFound ? signatureOf(found.stat) : found.code;
    if (!isFound) this.fault = found;
  }

  get modifiedMs(): number {
    return signedMtimeMs(this.signature);
  }

  get octets(): number {
    return signedSize(this.signature);
  }

  get file(): string {
    return this.#odd ?? plainFile(this.name);
  }

  get origin(): Name {
    return nameOf(this.name);
  }

  get path(): string {
    return `${this.place.prefix}${this.file}`;
  }

  get directory(): string {
    return this.place.real;
  }
}

/** What the file of a zone is called, if nothing in its name must be escaped. */
function plainFile(zone: string): string {
  return `${zone}zone`;
}

/** A file that ends in `.zone` but stands for no zone. */
export interface Misnamed {
  readonly path: string;
  readonly why: string;
}

/** What one look sees. */
export interface Look {
  readonly zones: SeenZones;
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

/** What an earlier look saw of a zone: what has not changed since is the same. */
type Known = (zone: string) => SeenZone | undefined;

/**
 * The zones of one listing by name. The file of a zone is looked at when the zone is asked for: of a hundred thousand, the
 * first load while others are still to be looked at.
 */
export class SeenZones {
  /** Names of files; more than one is a fault of the zone. */
  readonly #files: ReadonlyMap<string, readonly string[] | string>;
  readonly #place: Place;
  readonly #known: Known;

  constructor(files: ReadonlyMap<string, readonly string[] | string>, place: Place, known: Known) {
    this.#files = files;
    this.#place = place;
    this.#known = known;
  }

  get size(): number {
    return this.#files.size;
  }

  has(zone: string): boolean {
    return this.#files.has(zone);
  }

  keys(): Iterable<string> {
    return this.#files.keys();
  }

  get(zone: string): SeenZone | undefined {
    const files = this.#files.get(zone);
    return files === undefined ? undefined : this.#look(zone, files);
  }

  *values(): Generator<SeenZone> {
    for (const [zone, files] of this.#files) yield this.#look(zone, files);
  }

  #look(zone: string, files: readonly string[] | string): SeenZone {
    const known = this.#known(zone);
    if (typeof files === 'string') return lookAtFile(zone, files, this.#place, known);
    return files.map((file) => lookAtFile(zone, file, this.#place, known)).reduce(twice);
  }
}

/** Lists the directory. Throws ZonesDirectoryError. */
export function lookAtZones(directory: string, known: Known = () => undefined): Look {
  let place: Place;
  let inode: number;
  let files: string[];
  try {
    const real = fs.realpathSync(directory);
    place = { named: directory, real, prefix: path.join(directory, path.sep) };
    inode = fs.statSync(real).ino;
    files = fs.readdirSync(real).filter(isZoneFileName).sort();
  } catch (error) {
    throw new ZonesDirectoryError(directory, error);
  }
  const filesOf = new Map<string, string[] | string>();
  const misnamed: Misnamed[] = [];
  for (const file of files) {
    const name = zoneOf(file, place.real);
    if (typeof name !== 'string') {
      misnamed.push({ path: path.join(directory, file), why: name.why });
      continue;
    }
    const others = filesOf.get(name);
    filesOf.set(name, others === undefined ? file : [others, file].flat());
  }
  return { zones: new SeenZones(filesOf, place, known), misnamed, directory: place.real, inode };
}

/** Looks at the file of one zone. */
function lookAtFile(name: string, file: string, place: Place, known: SeenZone | undefined): SeenZone {
  const found = findFile(place.real, `${place.prefix}${file}`);
  const isSame =
    known instanceof SeenFile &&
    known.file === file &&
    known.place.named === place.named &&
    known.place.real === place.real &&
    known.signature === ('stat' in found ? signatureOf(found.stat) : found.code);
  return isSame ? known : new SeenFile(name, file, place, found);
}

/** The zone whose file this is, or why it is that of none. */
function zoneOf(file: string, directory: string): string | { readonly why: string } {
  const plain = plainZoneName(file);
  if (plain !== undefined) return plain;
  const origin = originOf(directory, file);
  return typeof origin === 'string' ? { why: origin } : formatName(origin);
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
  const { name, origin, path: first, directory, modifiedMs, octets } = a;
  const signature = `${a.signature} ${b.signature}`;
  return { name, origin, path: first, directory, signature, modifiedMs, octets, fault };
}
