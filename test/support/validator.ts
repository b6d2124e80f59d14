/**
 * The independent validator: judges a raw response twice. First as a resolver that trusts the zone's keys and knows
 * nothing else (`verdict`); then against the plain list of the zone's records (`faults`): the answer is the truth, the
 * denial is exactly that of the mode, TTLs are right and nothing is there that nobody needs. Shares no code with `src`.
 */
import {
  chainFault,
  compactFault,
  type DenialFault,
  likelyCompactNsec,
  nsec3Chain,
  withNsec,
} from './validator-chain.ts';
import { decodeMessage, EDNS_FLAG, FLAG, TYPE, type WireMessage } from './validator-message.ts';
import { Malformed, type Name, nameToText } from './validator-name.ts';
import { SignatureJudge, type SignedSet, setsOf, trustKey } from './validator-signature.ts';
import { type Sections, sectionsOf, type Verdict, verdictOf } from './validator-verdict.ts';
import {
  type DenialMode,
  type Ending,
  type FactRecord,
  type FactSet,
  isGlue,
  PATIENCE,
  type TrueSet,
  type Truth,
  ZoneFacts,
} from './validator-zone.ts';

export interface Judgement extends Verdict {
  /** What is untrue, superfluous or out of form; empty for a response that is exactly right. */
  readonly faults: readonly string[];
  /** What the zone says, in a word: `nxdomain`, `wildcard nodata`, … */
  readonly kind: string;
}

export interface Asked {
  readonly name: Name;
  readonly type: number;
  readonly dnssecOk: boolean;
  /** CO (RFC 9824 §5.1). */
  readonly compactOk?: boolean;
}

export interface ValidatorSetup {
  readonly apex: Name;
  /** All records of the zone as the file and its keys give them. */
  readonly records: readonly FactRecord[];
  /** DNSKEY RDATA that is trusted. */
  readonly trusted: readonly Buffer[];
  readonly mode: DenialMode;
  readonly isOptOut?: boolean;
  /** Unix seconds. */
  readonly now: number;
}

/** What is asked, what is true, and when. */
interface Hearing {
  readonly asked: Asked;
  readonly truth: Truth;
  readonly now: number;
}

const DENIALS: readonly number[] = [TYPE.NSEC, TYPE.NSEC3];

/** Judges responses of one zone in one mode of denial. */
export class Validator {
  readonly facts: ZoneFacts;
  readonly #setup: ValidatorSetup;
  readonly #signatures: SignatureJudge;
  readonly #denialFault: DenialFault;

  constructor(setup: ValidatorSetup) {
    const { apex, records, trusted, mode } = setup;
    this.#setup = setup;
    this.#signatures = new SignatureJudge(apex, trusted.map(trustKey));
    this.facts = mode === 'nsec' ? withNsec(apex, records) : new ZoneFacts(apex, records, mode === 'compact');
    const chain = mode === 'nsec3' ? nsec3Chain(this.facts, setup.isOptOut ?? false) : undefined;
    if (mode === 'compact') this.#denialFault = (set) => this.#compactFault(set);
    else if (chain !== undefined) this.#denialFault = chainFault((owner) => chain.get(owner));
    else this.#denialFault = chainFault((owner) => this.facts.set(owner, TYPE.NSEC));
  }

  /** Signatures that were verified so far. */
  get verified(): number {
    return this.#signatures.verified;
  }

  /** Judges a response at `now`, Unix seconds; by default at the instant of the setup. */
  judge(asked: Asked, response: Uint8Array, now: number = this.#setup.now): Judgement {
    const truth = this.facts.resolve(asked.name, asked.type, asked.dnssecOk);
    const kind = this.#kindOf(truth, asked);
    try {
      return { ...this.#judge({ asked, truth, now }, decodeMessage(response)), kind };
    } catch (error) {
      // Reading behind the end of a buffer is a RangeError.
      if (!(error instanceof Malformed || error instanceof RangeError)) throw error;
      const reason = `malformed: ${error.message}`;
      return { verdict: 'bogus', reason, faults: [reason], kind };
    }
  }

  #judge({ asked, truth, now }: Hearing, message: WireMessage): Omit<Judgement, 'kind'> {
    const sections = asked.type === TYPE.RRSIG ? this.#completed(message, truth) : sectionsOf(message);
    const context = { apex: this.#setup.apex, judge: this.#signatures, now };
    const verdict: Verdict = asked.dnssecOk
      ? verdictOf(message, sections, context)
      : { verdict: 'insecure', reason: 'DO is not set' };
    const faults = [
      ...this.#headerFaults(asked, message, sections, truth),
      ...this.#answerFaults(sections.answer, truth),
      ...this.#authorityFaults(asked, message, sections, truth),
      ...this.#additionalFaults(asked, sections.additional),
    ];
    return { ...verdict, faults };
  }

  /** Signatures that were asked for by type stand without the set that they cover: that is taken from the zone. */
  #completed(message: WireMessage, { ending }: Truth): Sections {
    const choices = ending.kind === 'any' ? ending.choices : [];
    const own = ending.kind === 'own nsec' ? [likelyCompactNsec(this.facts, ending.name)] : [];
    const covered = new Set(
      message.answer
        .filter(({ type, owner }) => type === TYPE.RRSIG && owner === ending.name)
        .map(({ rdata }) => rdata.readUInt16BE(0)),
    );
    const records = [...choices, ...own]
      .filter(({ owner, type }) => covered.has(type) && !hasSet(message, owner, type))
      .flatMap((set) => set.rdatas.map((rdata) => ({ ...set, class: 1, rdata })));
    const { authority, additional } = message;
    return {
      answer: setsOf([...message.answer, ...records]),
      authority: setsOf(authority),
      additional: setsOf(additional),
    };
  }

  #kindOf({ answer, ending }: Truth, asked: Asked): string {
    const { facts } = this;
    const isExpanded = (name: Name): boolean => !facts.exists(name) && !facts.isOccluded(name);
    const start = answer.length > 1 || ending.name !== asked.name ? 'chain, ' : '';
    if (ending.kind === 'referral') {
      const isSigned = facts.set(ending.cut, TYPE.DS) !== undefined;
      return `${start}${isSigned ? 'signed' : 'unsigned'} referral`;
    }
    if (ending.kind === 'nodata' && asked.type === TYPE.DS && facts.isCut(ending.name))
      return `${start}no DS at a cut`;
    const isEnt =
      ending.kind === 'nodata' && facts.exists(ending.name) && facts.setsAt(ending.name).length === 0;
    if (isEnt) return `${start}empty non-terminal`;
    const isInside = ending.kind === 'data' || ending.kind === 'any' || ending.kind === 'nodata';
    const wildcard = isInside && isExpanded(ending.name) ? 'wildcard ' : '';
    return `${start}${wildcard}${ending.kind}`;
  }

  #headerFaults(asked: Asked, message: WireMessage, sections: Sections, truth: Truth): string[] {
    const { answer, ending } = truth;
    const faults: string[] = [];
    const check = (holds: boolean, fault: string): void => {
      if (!holds) faults.push(fault);
    };
    const { question, flags, rcode, ednsFlags } = message;
    check(question.name === asked.name && question.type === asked.type, 'another question');
    check((flags & FLAG.QR) !== 0, 'no QR');
    check((flags & (FLAG.RA | FLAG.AD)) === 0, 'RA or AD');
    check((flags & FLAG.TC) === 0, 'TC');
    const isReferral = ending.kind === 'referral' && answer.length === 0;
    check(((flags & FLAG.AA) !== 0) === !isReferral, `AA is ${flags & FLAG.AA}`);
    const shall = isCutShort(message, sections, truth) ? 0 : this.#rcodeOf(asked, ending);
    check(rcode === shall, `rcode ${rcode}, not ${shall}`);
    check((((ednsFlags ?? 0) & EDNS_FLAG.DO) !== 0) === asked.dnssecOk, 'DO is not echoed');
    return faults;
  }

  #rcodeOf(asked: Asked, { kind }: Ending): number {
    if (kind === 'too-long') return 6;
    if (kind !== 'nxdomain') return 0;
    const isHidden = this.#setup.mode === 'compact' && asked.dnssecOk && asked.compactOk !== true;
    return isHidden ? 0 : 3;
  }

  #answerFaults(answer: readonly SignedSet[], truth: Truth): string[] {
    const { ending } = truth;
    const rest = answer.slice(truth.answer.length);
    const faults = truth.answer.flatMap((set, index) => {
      const is = answer[index];
      // A long chain may end early, and the resolver asks again where it ends.
      if (is === undefined) return index >= PATIENCE ? [] : [`the answer lacks ${told(set)}`];
      return differences(is, set, set.ttl);
    });
    if (ending.kind === 'own nsec') return [...faults, ...this.#ownNsecFaults(rest, ending.name)];
    if (ending.kind !== 'any')
      return [...faults, ...rest.map((set) => `the answer has ${told(set)} as well`)];
    // An alias may lead to the owner of a DNAME that stands there already.
    const isThere = truth.answer.some((set) => set.owner === ending.name && !set.isSynthesized);
    if (rest.length === 0 && isThere) return faults;
    const [chosen] = rest;
    const choice = ending.choices.find(({ type }) => type === chosen?.type);
    if (rest.length !== 1 || chosen === undefined || choice === undefined)
      return [...faults, `${rest.length} sets instead of one of those of ${nameToText(ending.name)}`];
    return [...faults, ...differences(chosen, choice, choice.ttl)];
  }

  #ownNsecFaults(rest: readonly SignedSet[], name: Name): string[] {
    const [nsec] = rest;
    if (nsec === undefined || rest.length > 1 || nsec.owner !== name || nsec.type !== TYPE.NSEC)
      return [`${rest.map(told).join()} instead of the NSEC of ${nameToText(name)}`];
    const fault = this.#compactFault(nsec);
    return fault === undefined ? [] : [fault];
  }

  #authorityFaults(asked: Asked, message: WireMessage, sections: Sections, truth: Truth): string[] {
    const expected = isCutShort(message, sections, truth) ? [] : this.#expectedAuthority(asked, truth.ending);
    const faults: string[] = [];
    for (const set of sections.authority) {
      if (DENIALS.includes(set.type)) {
        const fault = asked.dnssecOk ? this.#denialFault(set) : 'a denial record without DO';
        if (fault !== undefined) faults.push(fault);
        continue;
      }
      const shall = expected.find(({ owner, type }) => owner === set.owner && type === set.type);
      if (shall === undefined) faults.push(`the authority section has ${told(set)}`);
      else faults.push(...differences(set, shall, shall.ttl));
    }
    const missing = expected.filter(
      (shall) => !sections.authority.some((set) => set.owner === shall.owner && set.type === shall.type),
    );
    return [...faults, ...missing.map((set) => `the authority section lacks ${told(set)}`)];
  }

  #expectedAuthority(asked: Asked, ending: Ending): FactSet[] {
    const { facts } = this;
    if (ending.kind === 'nodata' || ending.kind === 'nxdomain') {
      const soa = facts.set(facts.apex, TYPE.SOA) as FactSet;
      return [{ ...soa, ttl: facts.negativeTtl }];
    }
    if (ending.kind !== 'referral') return [];
    const sets = asked.dnssecOk ? [TYPE.NS, TYPE.DS] : [TYPE.NS];
    return sets.flatMap((type) => facts.set(ending.cut, type) ?? []);
  }

  /** True data of this zone; signed where the zone is the authority, never where it is glue. */
  #additionalFaults(asked: Asked, additional: readonly SignedSet[]): string[] {
    return additional.flatMap((set) => {
      const shall = this.facts.set(set.owner, set.type);
      if (shall === undefined) return [`the additional section has ${told(set)}, which is not in the zone`];
      const mustBeSigned = asked.dnssecOk && !isGlue(this.facts, set.owner);
      if (mustBeSigned !== set.signatures.length > 0) return [`signed glue or unsigned data: ${told(set)}`];
      return differences(set, shall, shall.ttl);
    });
  }

  #compactFault(set: SignedSet): string | undefined {
    const { negativeTtl } = this.facts;
    if (set.type !== TYPE.NSEC) return 'NSEC3 in a zone of compact denial';
    return set.ttl === negativeTtl ? compactFault(this.facts, set) : `TTL ${set.ttl} of a compact NSEC`;
  }
}

function hasSet({ answer }: WireMessage, owner: Name, type: number): boolean {
  return answer.some((record) => record.owner === owner && record.type === type);
}

/** True if the answer leaves the end of a chain to the resolver; `#answerFaults` sees to it that the chain is long. */
function isCutShort({ rcode }: WireMessage, { answer, authority }: Sections, truth: Truth): boolean {
  if (answer.length < truth.answer.length) return true;
  const hasEnd = rcode !== 0 || authority.some(({ type }) => type === TYPE.SOA || type === TYPE.NS);
  return (
    answer.length > PATIENCE && !hasEnd && truth.ending.kind !== 'any' && truth.ending.kind !== 'own nsec'
  );
}

function told({ owner, type }: { readonly owner: Name; readonly type: number }): string {
  return `${nameToText(owner)} type ${type}`;
}

function differences(is: SignedSet, shall: FactSet | TrueSet, ttl: number): string[] {
  if (is.owner !== shall.owner || is.type !== shall.type) return [`${told(is)} instead of ${told(shall)}`];
  const [one, other] = [is.rdatas, shall.rdatas].map((list) =>
    list.map((rdata) => rdata.toString('hex')).sort(),
  );
  const faults: string[] = [];
  if (one?.join() !== other?.join()) faults.push(`${told(is)} is ${one?.join(' ')}, not ${other?.join(' ')}`);
  if (is.ttl !== ttl) faults.push(`TTL of ${told(is)} is ${is.ttl}, not ${ttl}`);
  return faults;
}
