/**
 * Reads a zone's master files (RFC 1035 §5, RFC 2308 §4, RFC 3597 §5) into records: owners in lower case, RDATA
 * canonical, class IN. All errors are told in one go; a wrong record is left out and reading goes on with the next.
 * No text can make this slow, deep or large beyond its limits.
 *
 * @hot once a record; only the paths of errors and directives make strings
 */
import type { Diagnostic } from '../base/diagnostic.ts';
import { FieldParser } from '../rdata/fieldparser.ts';
import { nameFaultCode, nameFaultText, putName } from '../rdata/nametext.ts';
import { parseRdata } from '../rdata/text.ts';
import { TOKEN, Tokens } from '../rdata/tokens.ts';
import { ttlOf } from '../rdata/ttltext.ts';
import { soaMinimum } from '../rdata/views.ts';
import { CLASS, formatType, isMetaType, parseClass, parseType, RRTYPE } from '../wire/iana.ts';
import { formatName, lowerName, MAX_NAME_OCTETS, type Name } from '../wire/name.ts';
import type { RecordSink } from '../zone/records.ts';
import { runDirective } from './directives.ts';
import { Lexer } from './lexer.ts';
import { DEFAULT_LIMITS, type ZoneFileLimits } from './limits.ts';
import { type Finding, type Place, Report } from './report.ts';
import { didYouMean } from './suggest.ts';
import { typeOfWord } from './typeword.ts';

export interface ZoneFileOptions {
  /** Name of the file, for diagnostics. */
  readonly file: string;
  readonly origin: Name;
  /**
   * Octets of a file that `$INCLUDE` names, or a text that says why not. Where files may lie is for the caller to
   * decide. Without it `$INCLUDE` is an error.
   */
  readonly include?: (path: string) => Uint8Array | string;
  /** TTL in seconds of records before any `$TTL`. */
  readonly defaultTtl?: number;
  readonly limits?: Partial<ZoneFileLimits>;
}

/** Parses `source` and all that it includes into `sink`; returns what is wrong or doubtful. */
export function parseZoneFile(source: Uint8Array, options: ZoneFileOptions, sink: RecordSink): Diagnostic[] {
  const parser = new ZoneFileParser(options, sink);
  parser.open(source, options.file);
  parser.run();
  // They are the next file's now, and hold this one no longer.
  TOKENS.clear(NOTHING);
  return parser.report.diagnostics;
}

const NOTHING = new Uint8Array(0);
/** Scratch memory of all files: for a small one it would cost more than the file. */
const TOKENS = new Tokens();
const FIELDS = new FieldParser(TOKENS);
const OWNER = new Uint8Array(MAX_NAME_OCTETS + 1);
/** What is being read when nothing is. */
const NO_FILE = new Lexer(NOTHING, DEFAULT_LIMITS);

const MAX_TTL = 2 ** 31 - 1;
const UNKNOWN = -1;
const MNEMONICS = Object.keys(RRTYPE).filter((word) => !isMetaType(RRTYPE[word as keyof typeof RRTYPE]));

/** A file that is being read. */
interface OpenFile {
  readonly lexer: Lexer;
  readonly file: string;
  readonly fileNumber: number;
  /** What the file that includes this one goes on with. */
  readonly origin: Name;
  readonly owner: Uint8Array;
  /** As in the parser. */
  readonly ownerOctets: number;
}

/** The state of reading one zone. Directives (zonefile/directives) change it through its methods. */
export class ZoneFileParser {
  readonly report: Report;
  readonly limits: ZoneFileLimits;
  readonly options: ZoneFileOptions;
  readonly tokens = TOKENS;
  origin: Name;
  /** Seconds; UNKNOWN before the first `$TTL`. */
  defaultTtl: number;
  lexer = NO_FILE;
  readonly #sink: RecordSink;
  readonly #zone: Name;
  readonly #fields = FIELDS;
  readonly #open: OpenFile[] = [];
  readonly #owner = OWNER;
  /** Octets of the owner; 0 if there is none, UNKNOWN if it was wrong. */
  #ownerOctets = 0;
  #lastTtl = UNKNOWN;
  #soaMinimum = UNKNOWN;
  #file: string;
  #fileNumber = 0;
  /** Where a `$GENERATE` stands whose records are being read. */
  #generatePlace: Place | undefined = undefined;
  #records = 0;
  #generated = 0;
  #totalOctets = 0;
  #includes = 0;
  #isStopped = false;

  constructor(options: ZoneFileOptions, sink: RecordSink) {
    this.options = options;
    this.limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.report = new Report(this.limits);
    this.#sink = sink;
    this.#file = options.file;
    this.#zone = lowerName(options.origin);
    this.origin = this.#zone;
    this.defaultTtl = options.defaultTtl ?? UNKNOWN;
  }

  /** Goes on reading with `octets`; when they end, with what was read before. */
  open(octets: Uint8Array, file: string, origin: Name = this.origin): void {
    if (this.#open.length > this.limits.includeDepth) {
      this.failAt(this.tokens.next - 1, {
        code: 'ZONE_INCLUDE',
        message: `more than ${this.limits.includeDepth} files inside of each other`,
      });
      return;
    }
    this.#totalOctets += octets.length;
    if (this.#totalOctets > this.limits.totalOctets || this.#includes++ > this.limits.includes) {
      const { totalOctets, includes } = this.limits;
      const message = `the zone has more than ${totalOctets} octets of text or ${includes} inclusions`;
      this.#stop({ code: 'ZONE_LIMIT', message });
      return;
    }
    this.#open.push({
      lexer: this.lexer,
      file: this.#file,
      fileNumber: this.#fileNumber,
      origin: this.origin,
      owner: this.#owner.slice(0, Math.max(0, this.#ownerOctets)),
      ownerOctets: this.#ownerOctets,
    });
    this.lexer = new Lexer(octets, this.limits);
    this.#file = file;
    this.#fileNumber = this.#sink.addFile(file);
    this.origin = origin;
    this.#ownerOctets = 0;
  }

  /** Reads until all files are at their end, or an error stops it. */
  run(): void {
    while (this.#open.length > 0 && !this.report.isFull && !this.#isStopped) {
      if (this.lexer.read(this.tokens)) this.#logicalLine();
      else this.#close();
    }
  }

  #close(): void {
    const outer = this.#open.pop() as OpenFile;
    this.lexer = outer.lexer;
    this.#file = outer.file;
    this.#fileNumber = outer.fileNumber;
    this.origin = outer.origin;
    this.#owner.set(outer.owner);
    this.#ownerOctets = outer.ownerOctets;
  }

  #logicalLine(): void {
    const { fault } = this.lexer;
    if (fault !== undefined) {
      this.#takeOwnerOfBroken();
      this.report.error(fault, this.#placeOf(fault.offset));
      return;
    }
    const { tokens } = this;
    const isDirective = tokens.octets[tokens.starts[0]!] === 36 && tokens.flags[0] === 0;
    if (isDirective && !this.lexer.startsBlank) runDirective(this);
    else this.#record();
  }

  /** Counts records that a `$GENERATE` will make; false (and an error) if they are too many. */
  allowGenerated(count: number): boolean {
    this.#generated += count;
    if (this.#generated <= this.limits.generatedRecords) return true;
    const message = `$GENERATE makes more than ${this.limits.generatedRecords} records`;
    this.failAt(1, { code: 'ZONE_LIMIT', message });
    return false;
  }

  /** Reads one record from `text`, made by the `$GENERATE` that is the present line; false if it was wrong. */
  generated(text: Uint8Array): boolean {
    const outer = this.lexer;
    const before = this.report.errors;
    this.#generatePlace ??= this.#placeOf(this.lexer.recordAt);
    this.lexer = new Lexer(text, this.limits);
    if (this.lexer.read(this.tokens)) this.#logicalLine();
    this.lexer = outer;
    return this.report.errors === before && !this.#isStopped;
  }

  /** The `$GENERATE` is done. */
  endGenerate(): void {
    this.#generatePlace = undefined;
  }

  // ---- Records ----

  #record(): void {
    if (!this.lexer.startsBlank && !this.#takeOwner()) return;
    if (this.#ownerOctets === 0) {
      const message = 'a line that begins with a blank repeats the owner before it, but there is none';
      this.failAt(0, { code: 'ZONE_NO_OWNER', message, fix: 'begin the line with the owner, or with @' });
      return;
    }
    const fields = this.#takeTtlClassType();
    if (fields === undefined) return;
    const { type, ttl: writtenTtl } = fields;
    this.#fields.origin = this.origin;
    if (!parseRdata(this.#fields, type)) {
      const fault = this.#fields.fault as NonNullable<FieldParser['fault']>;
      this.failAt(fault.token, { ...fault, message: `${formatType(type)}: ${fault.message}` });
      return;
    }
    if (type === RRTYPE.SOA && this.#soaMinimum === UNKNOWN) {
      this.#soaMinimum = soaMinimum(this.#fields.octets, 0, this.#fields.length);
    }
    const ttl = this.#ttlFor(writtenTtl);
    if (ttl === UNKNOWN || this.#ownerOctets === UNKNOWN) return;
    this.#add(type, ttl);
  }

  #add(type: number, ttl: number): void {
    if (++this.#records > this.limits.records) {
      this.#stop({ code: 'ZONE_LIMIT', message: `the zone has more than ${this.limits.records} records` });
      return;
    }
    const { octets, length } = this.#fields;
    const line = this.#generatePlace?.knownLine ?? this.lexer.recordLine;
    this.#sink.add(this.#owner, 0, type, ttl, octets, 0, length, this.#fileNumber, line);
  }

  #takeOwner(): boolean {
    const { tokens } = this;
    const token = tokens.next++;
    const { octets, starts, ends, flags } = tokens;
    this.#ownerOctets = UNKNOWN;
    if ((flags[token]! & TOKEN.QUOTED) !== 0) {
      const fix = 'write the owner without quotation marks';
      this.failAt(token, { code: 'ZONE_BAD_NAME', message: 'an owner in quotation marks', fix });
      return false;
    }
    const length = putName(octets, starts[token]!, ends[token]!, this.origin, this.#owner, 0, true);
    if (length < 0) {
      const message = `'${tokens.text(token)}' has ${nameFaultText(length)}`;
      this.failAt(token, { code: nameFaultCode(length), message });
      return false;
    }
    if (!this.#isInZone(length)) {
      const message = `${formatName(this.#owner)} is not in the zone ${formatName(this.#zone)}`;
      const fix = 'is a final dot too much, or $ORIGIN wrong?';
      this.failAt(token, { code: 'ZONE_OUT_OF_ZONE', message, fix });
      return false;
    }
    this.#ownerOctets = length;
    return true;
  }

  /** After a line that cannot be read: its owner, if it has one, so that the lines below it are not misjudged. */
  #takeOwnerOfBroken(): void {
    if (!this.lexer.startsBlank) this.#ownerOctets = UNKNOWN;
  }

  #isInZone(length: number): boolean {
    const zone = this.#zone;
    const owner = this.#owner;
    const surplus = length - zone.length;
    if (surplus < 0) return false;
    let at = 0;
    while (at < surplus) at += owner[at]! + 1;
    if (at !== surplus) return false;
    for (let i = 0; i < zone.length; i++) if (owner[surplus + i] !== zone[i]) return false;
    return true;
  }

  /** RFC 1035 §5.1: TTL and class may stand in either order, or not at all. */
  #takeTtlClassType(): { type: number; ttl: number } | undefined {
    const { tokens } = this;
    let ttl = UNKNOWN;
    let hasClass = false;
    while (tokens.next < tokens.count) {
      const token = tokens.next++;
      const type = typeOfWord(tokens, token);
      if (type !== UNKNOWN) return this.#checkType(type, token) ? { type, ttl } : undefined;
      const first = tokens.octets[tokens.starts[token]!]!;
      if (first >= 48 && first <= 57 && ttl === UNKNOWN) {
        ttl = this.takeTtl(token);
        if (ttl === UNKNOWN) return undefined;
        continue;
      }
      if (!hasClass && tokens.is(token, 'in')) {
        hasClass = true;
        continue;
      }
      const word = tokens.text(token);
      const recordClass = hasClass ? undefined : parseClass(word);
      if (recordClass === undefined) {
        const slowType = parseType(word);
        if (slowType === undefined) return this.#failType(token, word);
        return this.#checkType(slowType, token) ? { type: slowType, ttl } : undefined;
      }
      hasClass = true;
      if (recordClass !== CLASS.IN) {
        const message = `class ${word}: only class IN is served`;
        this.failAt(token, { code: 'ZONE_CLASS', message });
        return undefined;
      }
    }
    const message = 'the record ends before its type';
    this.failAt(tokens.count, { code: 'ZONE_SYNTAX', message, fix: 'OWNER [TTL] [IN] TYPE RDATA' });
    return undefined;
  }

  #failType(token: number, word: string): undefined {
    const general = 'OWNER [TTL] [IN] TYPE RDATA; unknown types are written TYPE123';
    // A class that is written twice is no misspelt type.
    const fix = parseClass(word) === undefined ? (didYouMean(word, MNEMONICS) ?? general) : general;
    this.failAt(token, { code: 'ZONE_UNKNOWN_TYPE', message: `'${word}' is not a record type`, fix });
    return undefined;
  }

  #checkType(type: number, token: number): boolean {
    if (!isMetaType(type)) return true;
    const message = `${formatType(type)} cannot be in a zone: it exists in messages only`;
    this.failAt(token, { code: 'ZONE_META_TYPE', message });
    return false;
  }

  /** Reads a TTL; UNKNOWN (and an error) if it is none. RFC 2181 §8: with the top bit set it counts as 0. */
  takeTtl(token: number): number {
    const { tokens } = this;
    const ttl = ttlOf(tokens.octets, tokens.starts[token]!, tokens.ends[token]!);
    if (ttl === -1) {
      const message = `'${tokens.text(token)}' is not a TTL`;
      this.failAt(token, { code: 'ZONE_BAD_TTL', message, fix: 'write seconds, or units as in 1h30m' });
      return UNKNOWN;
    }
    if (ttl <= MAX_TTL) return ttl;
    const message = `a TTL of ${ttl} s is above ${MAX_TTL} and counts as 0`;
    this.report.warn({ code: 'ZONE_TTL_TOO_LARGE', message }, this.#placeOfToken(token));
    return 0;
  }

  /** The TTL of a record: its own, `$TTL` (RFC 2308 §4), that of the record before (RFC 1035 §5.1), SOA MINIMUM. */
  #ttlFor(written: number): number {
    if (written !== UNKNOWN) {
      this.#lastTtl = written;
      return written;
    }
    if (this.defaultTtl !== UNKNOWN) return this.defaultTtl;
    if (this.#lastTtl !== UNKNOWN) return this.#lastTtl;
    if (this.#soaMinimum === UNKNOWN) {
      const fix = 'write $TTL 3600 on the first line';
      this.failAt(0, {
        code: 'ZONE_NO_TTL',
        message: 'this record has no TTL, and no $TTL is above it',
        fix,
      });
      return UNKNOWN;
    }
    const ttl = Math.min(this.#soaMinimum, MAX_TTL);
    const message = `no TTL here and no $TTL above: the SOA MINIMUM is used, ${ttl} s`;
    const fix = 'write $TTL on the first line';
    this.report.warnOnce({ code: 'ZONE_TTL_FROM_SOA', message, fix }, this.#placeOfToken(0));
    return ttl;
  }

  // ---- Errors ----

  /** Tells an error at a token; `tokens.count` is behind the last one. */
  failAt(token: number, finding: Finding): void {
    this.report.error(finding, this.#placeOfToken(token));
  }

  #stop(finding: Finding): void {
    this.failAt(0, finding);
    this.#isStopped = true;
  }

  #placeOfToken(token: number): Place {
    const { starts, ends, count, flags } = this.tokens;
    if (count === 0) return this.#placeOf(this.lexer.recordAt);
    if (token >= count) return this.#placeOf(ends[count - 1]!);
    const start = starts[Math.max(token, 0)]!;
    return this.#placeOf((flags[Math.max(token, 0)]! & TOKEN.QUOTED) === 0 ? start : start - 1);
  }

  #placeOf(offset: number): Place {
    if (this.#generatePlace !== undefined) return this.#generatePlace;
    const { octets, recordAt, recordLine } = this.lexer;
    return { file: this.#file, octets, offset, knownAt: recordAt, knownLine: recordLine };
  }
}
