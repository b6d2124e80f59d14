/**
 * Zone files that nobody should write, from a seed: those of test/corpus/zones and generated ones, changed in octets,
 * tokens and lines. And what must come of each: a report with places, or a zone that can be served; soon, and within
 * the limits.
 */

import { readFileSync } from 'node:fs';
import { Responder } from '../../src/answer/respond.ts';
import { ZoneTable } from '../../src/answer/zonetable.ts';
import { Counters } from '../../src/base/counters.ts';
import { formatDiagnostic, hasErrors } from '../../src/base/diagnostic.ts';
import { unsignedEpoch } from '../../src/signer/epoch.ts';
import { nameOf } from '../../src/wire/name.ts';
import { Peer } from '../../src/wire/peer.ts';
import { compileZone } from '../../src/zone/compile.ts';
import type { ImageMemory } from '../../src/zone/image.ts';
import { ZoneRecords } from '../../src/zone/records.ts';
import { parseZoneFile } from '../../src/zonefile/parser.ts';
import { generateHosting } from './differential-zones.ts';
import { readMessage } from './message.ts';
import { NOW, queryOctets, SEED, signedEpoch } from './served.ts';
import { SeededRandom } from './zones.ts';

const ORIGIN = 'example.com.';
const FOLDER = new URL('../corpus/zones/', import.meta.url);
const LIMITS = { records: 20_000, generatedRecords: 5_000, errors: 20, warnings: 20 };
const MAX_MS = 1_000;
const MAX_OCTETS = 40_000;

const TOKENS = [
  ...[
    '(',
    ')',
    '"',
    ';',
    '\\',
    '@',
    '.',
    '..',
    '*',
    '*.',
    '\n',
    '\r\n',
    '\t',
    ' ',
    '  ',
    '\\000',
    '\\256',
    '\\25',
    '\\.',
  ],
  ...[
    '$ORIGIN',
    '$TTL',
    '$INCLUDE all.zone',
    '$INCLUDE nothing',
    '$GENERATE 1-9999999 x$ A 192.0.2.1',
    '$GENERATE',
  ],
  ...[
    `$GENERATE 0-4294967295/4294967295 a\${-1,999999,d} TXT $`,
    '$DATE',
    'IN',
    'CH',
    'ANY',
    'TYPE0',
    'TYPE65535',
    'TYPE41',
  ],
  ...[
    'SOA',
    'NS',
    'A',
    'AAAA',
    'CNAME',
    'DNAME',
    'DS',
    'TXT',
    'MX',
    'SRV',
    'NSEC',
    'NSEC3',
    'RRSIG',
    'DNSKEY',
    'OPT',
    'SVCB',
    'LOC',
    'APL',
    'WKS',
  ],
  ...[
    '\\# 0',
    '\\# 4 00',
    '\\# 65535 00',
    '\\#',
    '0',
    '-1',
    '4294967295',
    '4294967296',
    '99999999999999999999',
    '1w2d3h4m5s',
    '1e9',
  ],
  ...[
    '192.0.2.256',
    '::1',
    '::ffff:192.0.2.1',
    '1:2:3:4:5:6:7:8:9',
    'alpn=',
    'key0=',
    'mandatory=alpn',
    'ech=AA==',
    '"unclosed',
  ],
  ...[
    '\u0000',
    '\u0001',
    '\u007f',
    '\u00ff',
    '\ufeff',
    'a'.repeat(64),
    'a.'.repeat(127),
    'a.'.repeat(128),
    '"'.repeat(300),
    '('.repeat(50),
  ],
];

/** A file of the corpus by its name, or why there is none. */
function corpusFile(path: string): Uint8Array | string {
  return /^\w+\.zone$/.test(path) && FILES.has(path) ? FILES.get(path)! : 'there is no such file';
}

const FILES: ReadonlyMap<string, Uint8Array> = new Map(
  ['all.zone', 'other.zone', 'broken.zone'].map((name) => [
    name,
    new Uint8Array(readFileSync(new URL(name, FOLDER))),
  ]),
);

type Mutation = (text: Buffer, mutator: ZoneFileMutator) => Buffer;

/** An endless stream of zone files; the same seed gives the same stream. */
export class ZoneFileMutator {
  readonly random: SeededRandom;
  readonly #corpus: readonly Buffer[];

  constructor(seed: number) {
    this.random = new SeededRandom(seed);
    const generated = generateHosting(seed, 12).map(({ text, origin }) => text.replaceAll(origin, ORIGIN));
    this.#corpus = [...FILES.values(), ...generated].map((file) => Buffer.from(file));
  }

  next(): Uint8Array {
    let text = this.base();
    for (let count = this.random.below(12) === 0 ? 0 : 1 + this.random.below(6); count > 0; count--) {
      text = this.random.pick(MUTATIONS)(text, this);
    }
    return new Uint8Array(text.subarray(0, MAX_OCTETS));
  }

  base(): Buffer {
    return Buffer.from(this.random.pick(this.#corpus));
  }

  /** An offset in a text. */
  at(text: Buffer): number {
    return this.random.below(text.length + 1);
  }

  /** Two offsets in a text, the lower first. */
  range(text: Buffer): [number, number] {
    const [a, b] = [this.at(text), this.at(text)];
    return a < b ? [a, b] : [b, a];
  }
}

function replaced(text: Buffer, from: number, to: number, by: Uint8Array): Buffer {
  return Buffer.concat([text.subarray(0, from), by, text.subarray(to)]);
}

/** Bounds of a line, its end included. */
function lineAt(text: Buffer, at: number): [number, number] {
  const from = text.lastIndexOf(10, Math.max(0, at - 1)) + 1;
  const end = text.indexOf(10, at);
  return [Math.min(from, at), end < 0 ? text.length : end + 1];
}

/** Bounds of the token at or behind an offset. */
function tokenAt(text: Buffer, at: number): [number, number] {
  let from = at;
  while (from < text.length && text[from]! <= 32) from++;
  let to = from;
  while (to < text.length && text[to]! > 32) to++;
  return [from, to];
}

const MUTATIONS: readonly Mutation[] = [
  // one bit, one octet
  (text, mutator) => {
    if (text.length > 0) text[mutator.random.below(text.length)]! ^= 1 << mutator.random.below(8);
    return text;
  },
  (text, mutator) =>
    replaced(text, mutator.at(text), mutator.at(text), Buffer.from([mutator.random.below(256)])).subarray(
      0,
      MAX_OCTETS,
    ),
  // a token more, a token in the place of another, a token less
  (text, mutator) => {
    const at = mutator.at(text);
    return replaced(text, at, at, Buffer.from(` ${mutator.random.pick(TOKENS)} `, 'latin1'));
  },
  (text, mutator) =>
    replaced(text, ...tokenAt(text, mutator.at(text)), Buffer.from(mutator.random.pick(TOKENS), 'latin1')),
  (text, mutator) => replaced(text, ...tokenAt(text, mutator.at(text)), Buffer.alloc(0)),
  // a token glued on
  (text, mutator) => {
    const at = mutator.at(text);
    return replaced(text, at, at, Buffer.from(mutator.random.pick(TOKENS), 'latin1'));
  },
  // tokens of two places swapped
  (text, mutator) => {
    const first = tokenAt(text, mutator.at(text));
    const second = tokenAt(text, mutator.at(text));
    if (first[1] > second[0]) return text;
    const [a, b] = [Buffer.from(text.subarray(...first)), Buffer.from(text.subarray(...second))];
    return replaced(replaced(text, ...second, a), ...first, b);
  },
  // a line less, a line twice, a line elsewhere
  (text, mutator) => replaced(text, ...lineAt(text, mutator.at(text)), Buffer.alloc(0)),
  (text, mutator) => {
    const [from, to] = lineAt(text, mutator.at(text));
    const at = lineAt(text, mutator.at(text))[0];
    return replaced(text, at, at, Buffer.from(text.subarray(from, to)));
  },
  // cut, a piece less, a piece of another file
  (text, mutator) => text.subarray(0, mutator.at(text)),
  (text, mutator) => replaced(text, ...mutator.range(text), Buffer.alloc(0)),
  (text, mutator) => {
    const other = mutator.base();
    const at = mutator.at(text);
    return replaced(text, at, at, other.subarray(...mutator.range(other)));
  },
  // a small piece very often
  (text, mutator) => {
    const from = mutator.at(text);
    const piece = text.subarray(from, from + 1 + mutator.random.below(12));
    const many = Buffer.concat(Array.from({ length: mutator.random.below(600) }, () => piece));
    return replaced(text, from, from, many);
  },
];

/** What came of one file. */
export type ZoneOutcome = 'zone' | 'report';

const peer = new Peer();
peer.setText('tcp', 4, '127.0.0.1', 40_000);
const response = new Uint8Array(65_535);

/** Parses and compiles a file, and serves the zone if it is one. Throws if anything is not as it must be. */
export function checkZoneFile(text: Uint8Array, signed: boolean): ZoneOutcome {
  const started = performance.now();
  const records = new ZoneRecords();
  const origin = nameOf(ORIGIN);
  const options = { file: 'fuzz.zone', origin, limits: LIMITS, include: corpusFile };
  const faults = parseZoneFile(text, options, records);
  if (records.count > LIMITS.records) throw new Error(`${records.count} records`);
  const compiled = compileZone(records, origin, { seed: SEED, nsec: signed });
  const found = [...faults, ...compiled.diagnostics];
  for (const diagnostic of found) checkPlace(diagnostic, formatDiagnostic(diagnostic));
  const isZone = !hasErrors(found);
  if (isZone) {
    if (compiled.image === undefined) throw new Error('neither an error nor a zone');
    checkServed(compiled.image, signed);
  }
  const took = performance.now() - started;
  if (took > MAX_MS) throw new Error(`took ${Math.round(took)} ms`);
  return isZone ? 'zone' : 'report';
}

function checkPlace(
  diagnostic: { file: string; line: number; column: number; code: string },
  text: string,
): void {
  const { file, line, column, code } = diagnostic;
  const isPlace =
    file !== '' && line >= 0 && column >= 0 && Number.isInteger(line) && Number.isInteger(column);
  if (!isPlace || !/^[A-Z0-9_]+$/.test(code)) throw new Error(`a diagnostic without a place: ${text}`);
  if (/[^\P{C}\n]/u.test(text))
    throw new Error(`a diagnostic that a terminal would obey: ${JSON.stringify(text)}`);
}

/** The zone's SOA is answered with authority. */
function checkServed(image: ImageMemory, signed: boolean): void {
  const table = new ZoneTable();
  table.publish(1, signed ? signedEpoch(ORIGIN, image) : unsignedEpoch(image));
  const responder = new Responder(table, new Counters(), SEED);
  const query = queryOctets(ORIGIN, 'SOA', { dnssecOk: signed });
  const octets = responder.respond(query, query.length, peer, NOW, response);
  if (responder.lastFault !== null) throw responder.lastFault;
  const { rcode, flags, answer } = readMessage(response.subarray(0, octets));
  if (rcode !== 0 || (flags & 0x0400) === 0 || answer[0]?.type !== 6)
    throw new Error('the SOA is not answered');
}

/** Puts `count` mutated files to the test; throws with the file at the first thing that is not as it must be. */
export function fuzzZoneFiles(seed: number, count: number): Record<ZoneOutcome, number> {
  const mutator = new ZoneFileMutator(seed);
  const outcomes = { zone: 0, report: 0 };
  for (let index = 0; index < count; index++) {
    const text = mutator.next();
    try {
      outcomes[checkZoneFile(text, index % 32 === 0)]++;
    } catch (fault) {
      const reason = fault instanceof Error ? (fault.stack ?? fault.message) : String(fault);
      throw new Error(
        `seed ${seed}, file ${index}: ${reason}\n${JSON.stringify(Buffer.from(text).toString('latin1'))}`,
      );
    }
  }
  return outcomes;
}
