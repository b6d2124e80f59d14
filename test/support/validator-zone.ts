/**
 * What a zone says, worked out from its plain list of records by the words of RFC 1034 §4.3.2, 4592, 6672 and 8482, for
 * the independent validator to compare answers with. Slow and plain; shares nothing with `src`.
 */
import { TYPE } from './validator-message.ts';
import {
  isAtOrBelow,
  isTooLong,
  type Name,
  nameAt,
  nameToText,
  nameToWire,
  parentOf,
  substitute,
  upTo,
  wildcardBelow,
} from './validator-name.ts';

export type DenialMode = 'nsec' | 'nsec3' | 'compact';

export interface FactRecord {
  readonly owner: Name;
  readonly type: number;
  readonly ttl: number;
  /** Canonical RDATA. */
  readonly rdata: Buffer;
}

/** An RRset as the zone has it. */
export interface FactSet {
  readonly owner: Name;
  readonly type: number;
  readonly ttl: number;
  readonly rdatas: readonly Buffer[];
}

/** An RRset of an answer: under its own owner, or under that which a wildcard was expanded to. */
export interface TrueSet extends FactSet {
  /** A CNAME made from a DNAME; it has no signature. */
  readonly isSynthesized: boolean;
}

/** What a question's answer ends with. */
export type Ending =
  | { readonly kind: 'data' | 'outside' | 'loop' | 'too-long'; readonly name: Name }
  | { readonly kind: 'any'; readonly name: Name; readonly choices: readonly TrueSet[] }
  /** An NSEC that is made for the question (RFC 9824); NSEC was asked for, or RRSIG where there is nothing else. */
  | { readonly kind: 'own nsec'; readonly name: Name }
  | { readonly kind: 'nodata' | 'nxdomain'; readonly name: Name }
  | { readonly kind: 'referral'; readonly name: Name; readonly cut: Name };

export interface Truth {
  /** Sets of the answer section, in order; the one that is chosen for ANY or RRSIG (RFC 8482) is not among them. */
  readonly answer: readonly TrueSet[];
  readonly ending: Ending;
}

/** Aliases after which a server may leave the rest of a chain to the resolver. */
export const PATIENCE = 16;
const MAX_LINKS = 40;

export class ZoneFacts {
  readonly apex: Name;
  readonly negativeTtl: number;
  readonly #sets = new Map<Name, Map<number, FactSet & { rdatas: Buffer[] }>>();
  readonly #existing = new Set<Name>();
  readonly #isCompact: boolean;

  /**
   * `records` is all of the zone: DNSKEY, CDS, CDNSKEY and NSEC3PARAM too, if it has any. With `isCompact` every name is
   * said to have an NSEC.
   */
  constructor(apex: Name, records: readonly FactRecord[], isCompact = false) {
    this.apex = apex;
    this.#isCompact = isCompact;
    for (const { owner, type, ttl, rdata } of records) {
      const types = this.#sets.get(owner) ?? new Map();
      this.#sets.set(owner, types);
      const set = types.get(type);
      if (set === undefined) types.set(type, { owner, type, ttl, rdatas: [rdata] });
      else if (!set.rdatas.some((other: Buffer) => other.equals(rdata))) set.rdatas.push(rdata);
    }
    for (const owner of this.#sets.keys()) {
      if (!this.isOccluded(owner)) for (const above of upTo(owner, apex)) this.#existing.add(above);
    }
    const soa = this.set(apex, TYPE.SOA) as FactSet;
    this.negativeTtl = Math.min(
      soa.ttl,
      (soa.rdatas[0] as Buffer).readUInt32BE((soa.rdatas[0] as Buffer).length - 4),
    );
  }

  set(owner: Name, type: number): FactSet | undefined {
    return this.#sets.get(owner)?.get(type);
  }

  setsAt(owner: Name): FactSet[] {
    return [...(this.#sets.get(owner)?.values() ?? [])];
  }

  isCut(name: Name): boolean {
    return name !== this.apex && this.set(name, TYPE.NS) !== undefined;
  }

  /** Below a cut or a DNAME: not of this zone, whatever the file has there. */
  isOccluded(name: Name): boolean {
    if (name === this.apex) return false;
    return upTo(parentOf(name), this.apex).some(
      (above) => this.isCut(above) || this.set(above, TYPE.DNAME) !== undefined,
    );
  }

  /** Names that exist in the zone, empty non-terminals included. */
  get names(): readonly Name[] {
    return [...this.#existing];
  }

  exists(name: Name): boolean {
    return this.#existing.has(name);
  }

  /** The longest existing ancestor of a name that does not exist. */
  encloserOf(name: Name): Name {
    return upTo(name, this.apex).find((above) => this.exists(above)) as Name;
  }

  /** Sets of which the zone is the authority: all, but at a cut the DS only. */
  authoritativeTypes(name: Name): number[] {
    const types = this.setsAt(name).map(({ type }) => type);
    return this.isCut(name) ? types.filter((type) => type === TYPE.DS) : types;
  }

  /** Follows the question to its end; without DO a name that does not exist has no NSEC either. */
  resolve(name: Name, type: number, dnssecOk = true): Truth {
    const answer: TrueSet[] = [];
    let at = name;
    for (let links = 0; links < MAX_LINKS; links++) {
      const step = this.#step(at, type);
      // A DNAME that is used twice stands there once.
      const isThere = (set: TrueSet) =>
        answer.some((one) => one.owner === set.owner && one.type === set.type);
      answer.push(...step.answer.filter((set) => !isThere(set)));
      if (step.ending !== undefined) {
        const isPlain = step.ending.kind === 'own nsec' && !dnssecOk && this.#isAbsent(at);
        return { answer, ending: isPlain ? { kind: 'nxdomain', name: at } : step.ending };
      }
      const [alias] = answer.slice(-1) as [TrueSet];
      at = nameAt(alias.rdatas[0] as Buffer, 0).name;
      if (answer.some(({ owner, type: t }) => owner === at && t === TYPE.CNAME))
        return { answer, ending: { kind: 'loop', name: at } };
    }
    return { answer, ending: { kind: 'loop', name: at } };
  }

  #isAbsent(name: Name): boolean {
    return !this.exists(name) && !this.exists(wildcardBelow(this.encloserOf(name)));
  }

  #step(name: Name, type: number): { answer: TrueSet[]; ending?: Ending } {
    if (!isAtOrBelow(name, this.apex)) return { answer: [], ending: { kind: 'outside', name } };
    const barrier = upTo(name, this.apex)
      .reverse()
      .find((above) => this.isCut(above) || (above !== name && this.set(above, TYPE.DNAME) !== undefined));
    if (barrier !== undefined && this.isCut(barrier)) {
      if (barrier === name && type === TYPE.DS) return this.#atNode(name, name, type);
      return { answer: [], ending: { kind: 'referral', name, cut: barrier } };
    }
    if (barrier !== undefined) return this.#redirect(name, barrier, type);
    if (this.exists(name)) return this.#atNode(name, name, type);
    const source = wildcardBelow(this.encloserOf(name));
    if (this.exists(source)) return this.#atNode(source, name, type);
    const hasOwn = this.#isCompact && (type === TYPE.NSEC || type === TYPE.RRSIG);
    return { answer: [], ending: { kind: hasOwn ? 'own nsec' : 'nxdomain', name } };
  }

  #atNode(node: Name, name: Name, type: number): { answer: TrueSet[]; ending?: Ending } {
    const under = (set: FactSet): TrueSet => ({ ...set, owner: name, isSynthesized: false });
    if (type === TYPE.ANY || type === TYPE.RRSIG) {
      const types = this.authoritativeTypes(node).filter((one) => one !== TYPE.NSEC);
      const choices = types.map((one) => under(this.set(node, one) as FactSet));
      if (choices.length > 0) return { answer: [], ending: { kind: 'any', name, choices } };
      const hasOwn = this.#isCompact && type === TYPE.RRSIG;
      return { answer: [], ending: { kind: hasOwn ? 'own nsec' : 'nodata', name } };
    }
    if (this.#isCompact && type === TYPE.NSEC) return { answer: [], ending: { kind: 'own nsec', name } };
    const found = this.set(node, type);
    if (found !== undefined) return { answer: [under(found)], ending: { kind: 'data', name } };
    const alias = this.set(node, TYPE.CNAME);
    if (alias !== undefined) return { answer: [under(alias)] };
    return { answer: [], ending: { kind: 'nodata', name } };
  }

  #redirect(name: Name, owner: Name, type: number): { answer: TrueSet[]; ending?: Ending } {
    const dname = this.set(owner, TYPE.DNAME) as FactSet;
    const target = substitute(name, owner, nameAt(dname.rdatas[0] as Buffer, 0).name);
    const first: TrueSet = { ...dname, isSynthesized: false };
    if (isTooLong(target)) return { answer: [first], ending: { kind: 'too-long', name } };
    const cname = synthesize(name, dname.ttl, target);
    if (type === TYPE.CNAME || type === TYPE.ANY)
      return { answer: [first, cname], ending: { kind: 'data', name } };
    return { answer: [first, cname] };
  }

  /** The name whose types a bitmap for `name` shows: itself, or the wildcard that stands for it. */
  nodeFor(name: Name): Name {
    return this.exists(name) ? name : wildcardBelow(this.encloserOf(name));
  }

  describe(): string {
    const rows = [...this.#sets.values()].flatMap((types) => [...types.values()]);
    return rows
      .map(({ owner, type, ttl, rdatas }) => {
        return `${nameToText(owner)} ${ttl} ${type} ${rdatas.map((rdata) => rdata.toString('hex')).join(' ')}`;
      })
      .join('\n');
  }
}

function synthesize(owner: Name, ttl: number, target: Name): TrueSet {
  const rdata = nameToWire(target);
  return { owner, type: TYPE.CNAME, ttl, rdatas: [rdata], isSynthesized: true };
}

/** True if the name lies where the zone is not the authority. */
export function isGlue(facts: ZoneFacts, owner: Name): boolean {
  return facts.isOccluded(owner) || facts.isCut(owner);
}
