/**
 * What a zone must answer, worked out slowly and plainly from its records (RFC 1034 §4.3.2, 4592, 6672, 4035): the
 * twin of `answer/resolve` that shares no code with it. Records come from `named-compilezone`, not from our parser.
 */
import { parseType, RRTYPE } from '../../src/wire/iana.ts';
import { formatName, nameOf } from '../../src/wire/name.ts';
import { getPeer } from './peers.ts';
import { runOk } from './processes.ts';

/** Labels of a name as `latin1` strings in lower case, the one next to the root first: sortable and joinable. */
type Labels = readonly string[];

/** A record as far as the model needs it. */
interface ModelRecord {
  readonly key: string;
  readonly type: number;
  /** Target of CNAME, DNAME and NS. */
  readonly target: string | undefined;
}

/** What a validating resolver shall say. */
export interface Expectation {
  readonly rcode: number;
  /** All of the answer is below this zone's trust anchor. */
  readonly secure: boolean;
  readonly hasAnswer: boolean;
  readonly because: string;
}

const SEPARATOR = '\u0100';
const MAX_CHAIN = 8;

function labelsOf(name: Uint8Array): Labels {
  const labels: string[] = [];
  for (let at = 0; name[at] !== 0; at += (name[at] as number) + 1) {
    const octets = name.subarray(at + 1, at + 1 + (name[at] as number));
    labels.unshift(
      Buffer.from(octets)
        .toString('latin1')
        .replace(/[A-Z]/g, (letter) => letter.toLowerCase()),
    );
  }
  return labels;
}

function joined(labels: Labels): string {
  return labels.join(SEPARATOR);
}

/** Wire octets of a key of the model. */
export function wireOf(key: string): Uint8Array {
  const labels = key === '' ? [] : key.split(SEPARATOR).reverse();
  const parts = labels.map((label) => Buffer.from(label, 'latin1'));
  return Buffer.concat([...parts.flatMap((part) => [Buffer.from([part.length]), part]), Buffer.from([0])]);
}

/** The model's key of a name in presentation form. */
export function keyOfText(text: string): string {
  return joined(labelsOf(nameOf(text)));
}

/** One zone, as a model. */
export class ZoneModel {
  readonly apex: string;
  readonly origin: string;
  readonly #types = new Map<string, Set<number>>();
  readonly #targets = new Map<string, string>();
  readonly #existing = new Set<string>();
  readonly #depth: number;

  private constructor(origin: string, records: readonly ModelRecord[]) {
    this.origin = origin;
    this.apex = keyOfText(origin);
    this.#depth = labelsOf(nameOf(origin)).length;
    for (const { key, type, target } of records) {
      const types = this.#types.get(key) ?? new Set();
      this.#types.set(key, types.add(type));
      if (target !== undefined) this.#targets.set(`${key}/${type}`, target);
    }
    for (const key of this.#types.keys()) {
      if (!this.#isOccluded(key)) for (const above of this.#upwards(key)) this.#existing.add(above);
    }
  }

  /** Reads a master file with `named-compilezone`. `apexTypes` are added at the apex: what signing puts there. */
  static async read(origin: string, file: string, apexTypes: readonly number[] = []): Promise<ZoneModel> {
    const args = ['-q', '-i', 'none', '-k', 'ignore', '-n', 'ignore', '-s', 'full', '-o', '-', origin, file];
    const records = parseRecords(await runOk(getPeer('named-compilezone'), args));
    const apex = keyOfText(origin);
    return new ZoneModel(origin, [
      ...records,
      ...apexTypes.map((type) => ({ key: apex, type, target: undefined })),
    ]);
  }

  /** `key` and its ancestors down to the apex. */
  *#upwards(key: string): Generator<string> {
    const labels = key.split(SEPARATOR);
    for (let count = labels.length; count >= this.#depth; count--) yield joined(labels.slice(0, count));
  }

  #has(key: string, type: number): boolean {
    return this.#types.get(key)?.has(type) === true;
  }

  #isCut(key: string): boolean {
    return key !== this.apex && this.#has(key, RRTYPE.NS);
  }

  /** The highest cut at or above a name. */
  cutOf(key: string): string | undefined {
    return [...this.#upwards(key)].filter((above) => this.#isCut(above)).at(-1);
  }

  #isOccluded(key: string): boolean {
    const above = [...this.#upwards(key)].slice(1);
    return above.some((name) => this.#isCut(name) || this.#has(name, RRTYPE.DNAME));
  }

  /** Names with authoritative data or a cut, wildcards included. */
  get owners(): string[] {
    return [...this.#types.keys()].filter((key) => !this.#isOccluded(key));
  }

  get emptyNonTerminals(): string[] {
    return [...this.#existing].filter((key) => !this.#types.has(key));
  }

  /** Names below cuts and DNAMEs that have records in the file: glue and occluded data. */
  get occluded(): string[] {
    return [...this.#types.keys()].filter((key) => this.#isOccluded(key));
  }

  typesOf(key: string): readonly number[] {
    return [...(this.#types.get(key) ?? [])];
  }

  /** Cuts with a DS record, or those without. */
  cuts(secure: boolean): string[] {
    return this.owners.filter((key) => this.#isCut(key) && this.#has(key, RRTYPE.DS) === secure);
  }

  /** Presentation form of a key. */
  textOf(key: string): string {
    return formatName(wireOf(key));
  }

  isInsecureCut(key: string): boolean {
    return this.#isCut(key) && !this.#has(key, RRTYPE.DS);
  }

  isWildcard(key: string): boolean {
    return key.endsWith(`${SEPARATOR}*`);
  }

  /** `label` below `key`, or undefined if that is over 255 octets. */
  below(key: string, label: string): string | undefined {
    const child = `${key}${SEPARATOR}${label}`;
    return wireOf(child).length <= 255 ? child : undefined;
  }

  /** What a resolver that trusts this zone shall say; undefined if the answer depends on another zone's content. */
  expect(key: string, type: number): Expectation | undefined {
    return this.#follow(key, type, 0, 'as asked');
  }

  #follow(key: string, type: number, links: number, because: string): Expectation | undefined {
    const isInside = key === this.apex || key.startsWith(`${this.apex}${SEPARATOR}`);
    if (!isInside) return { rcode: 0, secure: false, hasAnswer: true, because: 'leads outside' };
    if (links > MAX_CHAIN) return undefined;
    const cut = this.cutOf(key);
    if (cut !== undefined && !(cut === key && type === RRTYPE.DS)) return undefined;
    const dname = [...this.#upwards(key)]
      .slice(1)
      .filter((above) => this.#has(above, RRTYPE.DNAME))
      .at(-1);
    if (dname !== undefined) return this.#substitute(key, dname, type, links);
    if (this.#existing.has(key)) return this.#atNode(key, type, links, because);
    const encloser = [...this.#upwards(key)].find((above) => this.#existing.has(above)) as string;
    const wildcard = `${encloser}${SEPARATOR}*`;
    if (this.#existing.has(wildcard)) return this.#atNode(wildcard, type, links, 'wildcard');
    return { rcode: 3, secure: true, hasAnswer: links > 0, because: 'no such name' };
  }

  #atNode(key: string, type: number, links: number, because: string): Expectation | undefined {
    if (this.#has(key, type)) return { rcode: 0, secure: true, hasAnswer: true, because };
    const alias = this.#targets.get(`${key}/${RRTYPE.CNAME}`);
    if (alias !== undefined) return this.#follow(alias, type, links + 1, `${because}, CNAME`);
    return { rcode: 0, secure: true, hasAnswer: links > 0, because: `${because}, no data` };
  }

  #substitute(key: string, dname: string, type: number, links: number): Expectation | undefined {
    const target = this.#targets.get(`${dname}/${RRTYPE.DNAME}`) as string;
    const below = key.slice(dname.length);
    const next = target === '' ? below.slice(1) : target + below;
    if (wireOf(next).length > 255)
      return { rcode: 6, secure: true, hasAnswer: true, because: 'DNAME, too long' };
    if (type === RRTYPE.CNAME)
      return { rcode: 0, secure: true, hasAnswer: true, because: 'DNAME, its CNAME' };
    return this.#follow(next, type, links + 1, 'DNAME');
  }
}

const ALIASES = new Set<number>([RRTYPE.CNAME, RRTYPE.DNAME]);

function parseRecords(text: string): ModelRecord[] {
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith(';'))
    .map((line) => {
      const [owner, , , mnemonic, first] = line.split(/\s+/, 5) as [string, string, string, string, string];
      const type = parseType(mnemonic);
      if (type === undefined) throw new Error(`unknown type in named-compilezone's output: ${line}`);
      const target = ALIASES.has(type) ? joined(labelsOf(nameOf(first))) : undefined;
      return { key: joined(labelsOf(nameOf(owner))), type, target };
    });
}
