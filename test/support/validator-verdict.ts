/**
 * What a validating resolver would say to a response of one zone whose keys it trusts (RFC 4035 §5, 5155 §8, 6672 §5.3,
 * 6840, 9824): secure, insecure or bogus, and why. It knows nothing of the zone but its apex and its keys.
 */
import { TYPE, type WireMessage } from './validator-message.ts';
import {
  isAtOrBelow,
  isBelow,
  isTooLong,
  type Name,
  nameAt,
  nameToText,
  substitute,
} from './validator-name.ts';
import { type Denial, NsecDenial, type Proof, readNsec } from './validator-nsec.ts';
import { Nsec3Denial } from './validator-nsec3.ts';
import { type SignatureJudge, type SignedSet, setsOf, signedLabels } from './validator-signature.ts';

export interface Verdict {
  readonly verdict: 'secure' | 'insecure' | 'bogus';
  readonly reason: string;
}

const YXDOMAIN = 6;
/** What may come of a DNAME instead of a name: too long a name, or an answer that leaves the rest to the resolver. */
const TOO_LONG = Symbol('too long');
const GOES_ON = Symbol('goes on');

/** Thrown inside of this file: the response proves not what it says. */
class Bogus extends Error {}

function demand(holds: boolean, reason: string): asserts holds {
  if (!holds) throw new Bogus(reason);
}

/** A response taken apart into sets; `setsOf` says what cannot be. */
export interface Sections {
  readonly answer: readonly SignedSet[];
  readonly authority: readonly SignedSet[];
  readonly additional: readonly SignedSet[];
}

export function sectionsOf(message: WireMessage): Sections {
  const { answer, authority, additional } = message;
  return { answer: setsOf(answer), authority: setsOf(authority), additional: setsOf(additional) };
}

/** Judges `sections` of `message`; see the head of this file. */
export function verdictOf(
  message: WireMessage,
  sections: Sections,
  context: { readonly apex: Name; readonly judge: SignatureJudge; readonly now: number },
): Verdict {
  try {
    return new Walk(message, sections, context).run();
  } catch (error) {
    if (error instanceof Bogus) return { verdict: 'bogus', reason: error.message };
    throw error;
  }
}

class Walk {
  readonly #message: WireMessage;
  readonly #sections: Sections;
  readonly #apex: Name;
  readonly #judge: SignatureJudge;
  readonly #now: number;
  readonly #denial: Denial | undefined;
  /** Sets that the proof needs; what is left over is superfluous. */
  readonly #used = new Set<SignedSet>();
  #isOptOut = false;

  constructor(
    message: WireMessage,
    sections: Sections,
    context: { readonly apex: Name; readonly judge: SignatureJudge; readonly now: number },
  ) {
    this.#message = message;
    this.#sections = sections;
    this.#apex = context.apex;
    this.#judge = context.judge;
    this.#now = context.now;
    this.#denial = this.#readDenial();
  }

  #readDenial(): Denial | undefined {
    const byType = (type: number) => this.#sections.authority.filter((set) => set.type === type);
    const [nsec, nsec3] = [byType(TYPE.NSEC), byType(TYPE.NSEC3)];
    demand(nsec.length === 0 || nsec3.length === 0, 'NSEC and NSEC3 in one response');
    for (const set of [...nsec, ...nsec3]) {
      const labels = this.#signed(set);
      demand(labels === signedLabels(set.owner), 'a denial record from a wildcard');
      this.#used.delete(set);
    }
    if (nsec.length > 0) return new NsecDenial(this.#apex, nsec);
    return nsec3.length > 0 ? new Nsec3Denial(this.#apex, nsec3) : undefined;
  }

  run(): Verdict {
    for (const set of this.#sections.additional) if (set.signatures.length > 0) this.#signed(set);
    const reason = this.#follow();
    const left = [...this.#sections.answer, ...this.#sections.authority].find((set) => !this.#used.has(set));
    demand(left === undefined, `nothing needs ${nameToText(left?.owner ?? this.#apex)} type ${left?.type}`);
    const isInsecure = this.#isOptOut || reason === 'unsigned referral';
    return { verdict: isInsecure ? 'insecure' : 'secure', reason };
  }

  /** Verifies a set; returns the labels that its signature counts. */
  #signed(set: SignedSet): number {
    const labels = this.#judge.judge(set, this.#now);
    if (typeof labels === 'string') throw new Bogus(labels);
    this.#used.add(set);
    return labels;
  }

  /** Follows aliases from the question; returns what the response says at the end. */
  #follow(): string {
    const { type } = this.#message.question;
    const isAny = type === TYPE.ANY || type === TYPE.RRSIG;
    const seen = new Set<Name>();
    for (let name = this.#message.question.name; ; ) {
      if (!isAtOrBelow(name, this.#apex)) return 'leads outside';
      if (seen.has(name)) return 'loop';
      seen.add(name);
      const fresh = this.#find(name, (set) => set.type === type || (isAny && !this.#used.has(set)));
      const found = fresh ?? (isAny ? this.#find(name, () => true) : undefined);
      if (found !== undefined && !isSynthesized(found)) {
        this.#takePositive(found);
        return 'data';
      }
      const target = this.#redirection(name, seen.size > 1) ?? this.#alias(name);
      if (target === undefined) return this.#end(name, seen.size > 1);
      if (target === TOO_LONG) return 'DNAME, too long';
      if (target === GOES_ON) return 'a chain that goes on';
      if (found !== undefined && type !== TYPE.RRSIG) return 'data';
      name = target;
    }
  }

  #find(owner: Name, passes: (set: SignedSet) => boolean): SignedSet | undefined {
    return this.#sections.answer.find((set) => set.owner === owner && passes(set));
  }

  #takePositive(set: SignedSet): void {
    const labels = this.#signed(set);
    if (labels === signedLabels(set.owner)) return;
    demand(this.#denial !== undefined, `no proof for the wildcard expansion of ${nameToText(set.owner)}`);
    this.#take(this.#denial.wildcardIsApt(set.owner, labels));
  }

  /** Where a DNAME above leads; its CNAME must be there and be what follows from it (RFC 6672 §5.3.1). */
  #redirection(name: Name, isAlias: boolean): Name | typeof TOO_LONG | typeof GOES_ON | undefined {
    const dname = this.#sections.answer.find(
      ({ owner, type }) => type === TYPE.DNAME && isBelow(name, owner),
    );
    if (dname === undefined) return undefined;
    const labels = this.#signed(dname);
    demand(labels === signedLabels(dname.owner), 'a DNAME from a wildcard');
    demand(dname.rdatas.length === 1, 'more than one DNAME');
    const target = substitute(name, dname.owner, nameAt(dname.rdatas[0] as Buffer, 0).name);
    if (isTooLong(target)) {
      if (isAlias && this.#message.rcode === 0) return GOES_ON;
      demand(this.#message.rcode === YXDOMAIN, 'a name that is too long, but no YXDOMAIN');
      return TOO_LONG;
    }
    const cname = this.#find(name, ({ type }) => type === TYPE.CNAME);
    if (cname === undefined && isAlias) return GOES_ON;
    demand(cname !== undefined && isSynthesized(cname), 'a DNAME without its CNAME');
    demand(cname.ttl === dname.ttl, `TTL of the CNAME is ${cname.ttl}, of the DNAME ${dname.ttl}`);
    const written = nameAt(cname.rdatas[0] as Buffer, 0).name;
    demand(cname.rdatas.length === 1 && written === target, `the CNAME leads to ${nameToText(written)}`);
    this.#used.add(cname);
    return target;
  }

  #alias(name: Name): Name | undefined {
    const cname = this.#find(name, ({ type }) => type === TYPE.CNAME);
    if (cname === undefined) return undefined;
    this.#takePositive(cname);
    demand(cname.rdatas.length === 1, 'more than one CNAME');
    return nameAt(cname.rdatas[0] as Buffer, 0).name;
  }

  /** What the authority section says of a name for which the answer section has nothing more. */
  #end(name: Name, isAlias: boolean): string {
    const { authority } = this.#sections;
    const referral = authority.find(({ owner, type }) => type === TYPE.NS && isAtOrBelow(name, owner));
    if (referral !== undefined && referral.owner !== this.#apex) return this.#refer(name, referral);
    const soa = authority.find(({ type }) => type === TYPE.SOA);
    if (soa === undefined && isAlias && this.#message.rcode === 0) return 'a chain that goes on';
    demand(soa !== undefined && soa.owner === this.#apex, 'a negative answer without the SOA');
    this.#signed(soa);
    demand(this.#denial !== undefined, `no proof for ${nameToText(name)}`);
    const isAbsent = this.#message.rcode === 3 || this.#saysNxname(name);
    const { type } = this.#message.question;
    this.#take(isAbsent ? this.#denial.nameIsAbsent(name) : this.#denial.typeIsAbsent(name, type));
    return isAbsent ? 'no such name' : 'no data';
  }

  #saysNxname(name: Name): boolean {
    return this.#sections.authority.some(
      (set) => set.type === TYPE.NSEC && set.owner === name && readNsec(set).types.has(TYPE.NXNAME),
    );
  }

  #refer(name: Name, ns: SignedSet): string {
    demand(ns.signatures.length === 0, 'a referral with signed NS');
    const isDsQuestion = this.#message.question.type === TYPE.DS && name === ns.owner;
    demand(!isDsQuestion, 'a referral where the DS is asked for');
    this.#used.add(ns);
    const ds = this.#sections.authority.find(({ owner, type }) => type === TYPE.DS && owner === ns.owner);
    if (ds !== undefined) {
      this.#signed(ds);
      return 'signed referral';
    }
    demand(this.#denial !== undefined, 'a referral without DS and without its denial');
    this.#take(this.#denial.cutIsUnsigned(ns.owner));
    return 'unsigned referral';
  }

  #take({ fault, used, isOptOut }: Proof): void {
    if (fault !== undefined) throw new Bogus(fault);
    for (const set of used) this.#used.add(set);
    if (isOptOut === true) this.#isOptOut = true;
  }
}

function isSynthesized(set: SignedSet): boolean {
  return set.type === TYPE.CNAME && set.signatures.length === 0;
}
