/**
 * Zones and questions for the independent validator, as fast-check arbitraries: small zones in which everything stands
 * close together (wildcards at depths, empty non-terminals, cuts, glue, DNAMEs, chains of CNAMEs), with labels that sort
 * and print oddly. A zone is its plain list of records, and the master file text that says the same.
 */
import fc from 'fast-check';
import { TYPE } from './validator-message.ts';
import {
  isBelow,
  isTooLong,
  isWildcard,
  type Name,
  nameAt,
  nameOfLabels,
  nameToText,
  nameToWire,
  parentOf,
  ROOT,
  upTo,
} from './validator-name.ts';
import type { FactRecord } from './validator-zone.ts';

export interface PlainZone {
  readonly apex: Name;
  readonly records: readonly FactRecord[];
  readonly text: string;
  /** As in the midst of an algorithm rollover: every set has two signatures. */
  readonly hasTwoAlgorithms: boolean;
}

/** A question, relative to the zone: `from` is an index into its names, `labels` stand below that. */
export interface QuestionRecipe {
  /** Name and type of a record instead, that of an index into them; a wildcard's is expanded to `labels`. */
  readonly isForRecord: boolean;
  readonly from: number;
  readonly up: number;
  readonly labels: readonly string[];
  readonly type: number;
  readonly dnssecOk: boolean;
  readonly compactOk: boolean;
}

interface Item {
  readonly kind: 'data' | 'alias' | 'redirection' | 'cut';
  readonly path: readonly string[];
  readonly target: readonly string[];
  readonly isOutside: boolean;
  readonly types: readonly number[];
  readonly extra: number;
}

export interface ZoneRecipe {
  readonly apex: readonly string[];
  readonly items: readonly Item[];
  readonly ttls: readonly [soa: number, minimum: number];
  readonly hasTwoAlgorithms: boolean;
}

const LONG = 'l'.repeat(63);
const LABELS = [
  'a',
  'b',
  'c',
  '*',
  'x',
  '\0',
  '\xff',
  'a.b',
  'a\0',
  'a\xff',
  'A',
  '*a',
  '-',
  ' ',
  '"',
  ';',
  '\\',
  '@',
  '(',
  '\xc0\x0c',
  LONG,
  `${LONG.slice(1)}\xff`,
  '\xff'.repeat(63),
  `${'\xff'.repeat(62)}\xfe`,
  '_tcp',
] as const;
const APEXES: readonly (readonly string[])[] = [
  ['example'],
  ['zone', 'example'],
  [],
  ['\xff', 'a.b'],
  ['*', 'odd', 'example'],
  [LONG, LONG, 'long', 'example'],
];
/** An unknown type of a high window of the bitmap (RFC 3597). */
const PRIVATE_TYPE = 65_281;
const DATA_TYPES = [
  ...[TYPE.A, TYPE.AAAA, TYPE.TXT, TYPE.MX, TYPE.SRV, TYPE.SVCB, TYPE.HTTPS, PRIVATE_TYPE],
] as const;
const ASKED_TYPES = [
  ...DATA_TYPES,
  ...[TYPE.NS, TYPE.SOA, TYPE.CNAME, TYPE.DNAME, TYPE.DS, TYPE.DNSKEY, TYPE.CDS, TYPE.ANY, TYPE.RRSIG],
  ...[TYPE.DS, TYPE.DS, TYPE.DS],
  ...[TYPE.NSEC, TYPE.NSEC3, TYPE.NSEC3PARAM, 65_535],
] as const;

const label = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...LABELS.slice(0, 5)) },
  { weight: 4, arbitrary: fc.constantFrom(...LABELS) },
  {
    weight: 1,
    arbitrary: fc
      .uint8Array({ minLength: 1, maxLength: 3 })
      .map((octets) => Buffer.from(octets).toString('latin1')),
  },
);
const path = fc.array(label, { minLength: 1, maxLength: 4 });

const item: fc.Arbitrary<Item> = fc.record({
  kind: fc.constantFrom('data', 'data', 'data', 'alias', 'alias', 'redirection', 'cut', 'cut'),
  path,
  target: fc.array(label, { maxLength: 3 }),
  isOutside: fc.nat({ max: 7 }).map((dice) => dice === 0),
  types: fc.uniqueArray(fc.constantFrom(...DATA_TYPES), { minLength: 1, maxLength: 3 }),
  extra: fc.nat({ max: 15 }),
});

export const zoneRecipe: fc.Arbitrary<ZoneRecipe> = fc.record({
  apex: fc.constantFrom(...APEXES),
  items: fc.oneof(
    { weight: 1, arbitrary: fc.constant([]) },
    { weight: 20, arbitrary: fc.array(item, { minLength: 1, maxLength: 12 }) },
  ),
  ttls: fc.tuple(fc.constantFrom(3_600, 60, 0), fc.constantFrom(300, 86_400, 0)),
  hasTwoAlgorithms: fc.nat({ max: 7 }).map((dice) => dice === 7),
});

export const questionRecipe: fc.Arbitrary<QuestionRecipe> = fc.record({
  isForRecord: fc.nat({ max: 3 }).map((dice) => dice === 0),
  from: fc.nat({ max: 1_000 }),
  up: fc.constantFrom(0, 0, 0, 1),
  labels: fc.oneof(
    { weight: 3, arbitrary: fc.constant([]) },
    { weight: 5, arbitrary: fc.array(label, { minLength: 1, maxLength: 2 }) },
    { weight: 1, arbitrary: fc.array(label, { minLength: 3, maxLength: 6 }) },
  ),
  type: fc.constantFrom(...ASKED_TYPES),
  dnssecOk: fc.nat({ max: 9 }).map((dice) => dice > 0),
  compactOk: fc.boolean(),
});

/** Octets of text as a character string of a master file. */
function characterString(text: string): Buffer {
  return Buffer.concat([Buffer.from([text.length]), Buffer.from(text, 'latin1')]);
}

/** Builds a zone; what may not stand beside what is there already is left out. */
class ZoneBuilder {
  readonly apex: Name;
  readonly records: FactRecord[] = [];
  readonly #types = new Map<Name, Set<number>>();

  constructor({ apex, items, ttls }: ZoneRecipe) {
    this.apex = nameOfLabels(apex);
    const host = this.name(['a', 'ns'])!;
    const tail = Buffer.alloc(20);
    [1, 7_200, 900, 1_209_600, ttls[1]].forEach((value, index) => {
      tail.writeUInt32BE(value, index * 4);
    });
    const soa = Buffer.concat([nameToWire(host), nameToWire(this.apex), tail]);
    this.#put(this.apex, TYPE.SOA, ttls[0], soa);
    this.#put(this.apex, TYPE.NS, 600, nameToWire(items.length % 2 === 0 ? host : this.outside()));
    for (const one of items) this.add(one);
  }

  /** A name of the zone, or undefined if it were too long. */
  name(labels: readonly string[]): Name | undefined {
    const name = (this.apex + nameOfLabels(labels)) as Name;
    return isTooLong(name) ? undefined : name;
  }

  outside(): Name {
    return nameOfLabels(['ns', this.apex === ROOT ? 'c' : 'outside']);
  }

  add(one: Item): void {
    const owner = this.name(one.path);
    const target = one.isOutside ? this.outside() : this.name(one.target);
    if (owner === undefined || target === undefined) return;
    if (one.kind === 'data') for (const type of one.types) this.#data(owner, type, one.extra, target);
    else if (one.kind === 'alias') this.#alone(owner, TYPE.CNAME, target);
    else if (one.kind === 'redirection') this.#redirect(owner, target);
    else this.#cut(owner, one);
  }

  #has(owner: Name, type: number): boolean {
    return this.#types.get(owner)?.has(type) === true;
  }

  #put(owner: Name, type: number, ttl: number, rdata: Buffer): void {
    const types = this.#types.get(owner) ?? new Set();
    this.#types.set(owner, types.add(type));
    this.records.push({ owner, type, ttl, rdata });
  }

  #alone(owner: Name, type: number, target: Name): void {
    if (!this.#types.has(owner)) this.#put(owner, type, 120, nameToWire(target));
  }

  #redirect(owner: Name, target: Name): void {
    const isTaken = [TYPE.CNAME, TYPE.DNAME, TYPE.NS].some((type) => this.#has(owner, type));
    if (!isTaken) this.#put(owner, TYPE.DNAME, 240, nameToWire(target));
  }

  #data(owner: Name, type: number, extra: number, target: Name): void {
    if (this.#has(owner, TYPE.CNAME)) return;
    const ttl = 30 * (1 + (type % 7));
    for (let i = 0; i <= extra % 2; i++) {
      const number = Buffer.from([192, 0, 2, extra + i * 16]);
      const rdata: Record<number, Buffer> = {
        [TYPE.A]: number,
        [TYPE.AAAA]: Buffer.concat([Buffer.alloc(12, 32), number]),
        [TYPE.TXT]: characterString(`t"\\;${extra}\xff${i}`),
        [TYPE.MX]: Buffer.concat([Buffer.from([0, extra + i * 16]), nameToWire(target)]),
        [TYPE.SRV]: Buffer.concat([Buffer.from([0, i, 0, extra, 0, 53]), nameToWire(target)]),
        [TYPE.SVCB]: Buffer.concat([Buffer.from([0, i]), nameToWire(target)]),
        [TYPE.HTTPS]: Buffer.concat([Buffer.from([0, extra % 2 === 0 ? 0 : i + 1]), nameToWire(target)]),
        [PRIVATE_TYPE]: number,
      };
      const octets = rdata[type] as Buffer;
      const isThere = this.records.some(
        (r) => r.owner === owner && r.type === type && r.rdata.equals(octets),
      );
      if (!isThere) this.#put(owner, type, ttl, octets);
    }
  }

  /** A cut, with or without DS, with glue or a name server elsewhere. */
  #cut(owner: Name, { extra, target, isOutside }: Item): void {
    const isTaken = [TYPE.CNAME, TYPE.DNAME].some((type) => this.#has(owner, type));
    if (isTaken || isWildcard(owner) || this.#has(owner, TYPE.NS)) return;
    const glued = (owner + nameOfLabels(target)) as Name;
    const host = isOutside || isTooLong(glued) || isWildcard(glued) ? this.outside() : glued;
    this.#put(owner, TYPE.NS, 480, nameToWire(host));
    if (isBelow(host, owner) && extra % 4 !== 0) this.#data(host, TYPE.A, extra, host);
    if (extra % 2 === 0) return;
    const digest = Buffer.alloc(32, extra);
    this.#put(owner, TYPE.DS, 360, Buffer.concat([Buffer.from([1, extra, 13, 2]), digest]));
  }
}

export function buildZone(recipe: ZoneRecipe): PlainZone {
  const { apex, records } = new ZoneBuilder(recipe);
  return { apex, records, text: textOf(records), hasTwoAlgorithms: recipe.hasTwoAlgorithms };
}

/** Master file text that says the same as the records. */
export function textOf(records: readonly FactRecord[]): string {
  return `${records.map(rowOf).join('\n')}\n`;
}

/** One row of a master file; types with a text form have it, others that of RFC 3597. */
function rowOf({ owner, type, ttl, rdata }: FactRecord): string {
  const names: Record<number, string> = {
    [TYPE.A]: 'A',
    [TYPE.NS]: 'NS',
    [TYPE.CNAME]: 'CNAME',
    [TYPE.DNAME]: 'DNAME',
    [TYPE.MX]: 'MX',
    [TYPE.SRV]: 'SRV',
  };
  const head = `${nameToText(owner)} ${ttl} IN ${names[type] ?? `TYPE${type}`}`;
  const name = (from: number): string => nameToText(nameAt(rdata, from).name);
  if (type === TYPE.A) return `${head} ${[...rdata].join('.')}`;
  if (type === TYPE.MX) return `${head} ${rdata.readUInt16BE(0)} ${name(2)}`;
  if (type === TYPE.SRV)
    return `${head} ${[0, 2, 4].map((at) => rdata.readUInt16BE(at)).join(' ')} ${name(6)}`;
  if (names[type] !== undefined) return `${head} ${name(0)}`;
  return `${head} \\# ${rdata.length} ${rdata.toString('hex')}`;
}

/** The question that a recipe makes of a zone, never one outside of it. `names` are those of `namesOfZone`. */
export function questionOf(zone: PlainZone, names: readonly Name[], recipe: QuestionRecipe): Question {
  const { from, up, labels, type, isForRecord } = recipe;
  const below = (base: Name): Name => {
    const name = (base + nameOfLabels(labels)) as Name;
    return isTooLong(name) ? base : name;
  };
  if (isForRecord) {
    const record = zone.records[from % zone.records.length] as FactRecord;
    const isExpanded = isWildcard(record.owner) && record.owner !== zone.apex;
    const name = isExpanded ? below(parentOf(record.owner)) : record.owner;
    return { name, type: record.type };
  }
  let base = names[from % names.length] as Name;
  for (let i = 0; i < up && base !== zone.apex; i++) base = parentOf(base);
  return { name: below(base), type };
}

interface Question {
  readonly name: Name;
  readonly type: number;
}

/** Owners, and the names between these and the apex. */
export function namesOfZone({ apex, records }: PlainZone): Name[] {
  const names = new Set<Name>();
  for (const { owner } of records) for (const above of upTo(owner, apex)) names.add(above);
  return [...names];
}
