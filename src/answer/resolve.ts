/**
 * @hot From a question to a plan: RFC 1034 §4.3.2 as clarified by RFC 2181, 2308, 4035, 4592, 6672, 8020 and 8482. The
 * steps below have the numbers of that algorithm. Nothing is written here but the plan.
 */
import { RCODE, RRTYPE } from '../wire/iana.ts';
import { MAX_NAME_OCTETS } from '../wire/name.ts';
import { SearchName } from '../wire/searchname.ts';
import type { NodeIndex, RRsetIndex } from '../zone/image.ts';
import { APEX, NO_NODE, NO_RRSET, NODE_FLAG, RRSET_FLAG } from '../zone/image.ts';
import { Match } from '../zone/lookup.ts';
import { proveExpansion, proveNodata, proveNxdomain, proveWildcardNodata } from './denial.ts';
import { answerCompactly } from './denial-compact.ts';
import type { Plan } from './plan.ts';
import { KIND, SECTION } from './plan.ts';
import { DENIAL, type ServedZone, type ZoneTable } from './zonetable.ts';

/** Aliases followed for one question; a longer chain is left to the resolver. */
const MAX_ALIASES = 16;
/** "This rrset has its owner's name." */
const OWN_NAME = -1;

/** What follows after a name was looked up. */
const DONE = 0;
const FOLLOW = 1;

export class Resolver {
  readonly #table: ZoneTable;
  readonly #seed: number;
  readonly #plan: Plan;
  readonly #isMinimal: boolean;
  readonly #match = new Match();
  readonly #aliasName = new SearchName();
  /** The name that a wildcard was expanded to. */
  readonly #expandedName = new SearchName();
  readonly #synthesized = new Uint8Array(MAX_NAME_OCTETS * 2);
  #type = 0;
  #wantsProof = false;
  /** The name that is looked up: the question's, or what an alias led to. */
  #name: SearchName = this.#aliasName;

  /** `isMinimal`: answers come without the addresses of the hosts that they name. Referrals keep their glue (RFC 9471). */
  constructor(table: ZoneTable, plan: Plan, seed: number, isMinimal: boolean) {
    this.#table = table;
    this.#plan = plan;
    this.#seed = seed;
    this.#isMinimal = isMinimal;
  }

  /**
   * Plans the answer for `name` and `type`; `dnssecOk` adds proofs, `compactOk` with it is as in `plan.takesCompactRcode`.
   * Outside our zones: REFUSED.
   */
  resolve(name: SearchName, type: number, dnssecOk: boolean, compactOk: boolean): void {
    const plan = this.#plan;
    plan.takesCompactRcode = dnssecOk && compactOk;
    this.#type = type;
    this.#name = name;
    const zone = this.#findZone(name);
    if (zone === null) {
      plan.rcode = RCODE.REFUSED;
      return;
    }
    plan.isAuthoritative = true;
    let current: ServedZone | null = zone;
    for (let aliases = 0; current !== null; aliases++) {
      this.#wantsProof = dnssecOk && current.denial !== DENIAL.NONE;
      if (current.denial === DENIAL.COMPACT) plan.isCompact = true;
      if (this.#lookUp(current) === DONE || aliases === MAX_ALIASES) return;
      current = this.#findZone(this.#name);
    }
  }

  /** True if a zone of ours delegates this name. */
  delegates(name: SearchName): boolean {
    const zone = name.labels === 0 ? null : this.#table.find(name, 1);
    if (zone === null) return false;
    const match = this.#match;
    match.find(zone.image, name);
    return match.isExact && zone.image.barrier(match.node) === match.node && this.#isCut(zone, match.node);
  }

  #isCut({ image }: ServedZone, node: NodeIndex): boolean {
    return (image.flags(node) & NODE_FLAG.CUT) !== 0;
  }

  /** Step 2: the zone nearest above the name. The DS of an apex is its parent's data (RFC 4035 §3.1.4.1). */
  #findZone(name: SearchName): ServedZone | null {
    const zone = this.#table.find(name, 0);
    if (zone === null || this.#type !== RRTYPE.DS || name.labels === 0) return zone;
    if (zone.image.labels(APEX) !== name.labels) return zone;
    return this.#table.find(name, 1) ?? zone;
  }

  /** Step 3: match down the labels of the name in this zone. */
  #lookUp(zone: ServedZone): number {
    const { image } = zone;
    const match = this.#match;
    match.find(image, this.#name);
    const node = match.node;
    const barrier = image.barrier(node);
    if (barrier !== NO_NODE) return this.#atBarrier(zone, node, barrier);
    if (match.isExact) return this.#answer(zone, node, OWN_NAME);
    if ((image.flags(node) & NODE_FLAG.DNAME) !== 0) return this.#redirect(zone, node);
    return this.#fromWildcard(zone, node);
  }

  // ---- Step 3b: out of the authoritative data ----

  #atBarrier(zone: ServedZone, node: NodeIndex, barrier: NodeIndex): number {
    const { image } = zone;
    if ((image.flags(barrier) & NODE_FLAG.CUT) === 0) return this.#redirect(zone, barrier);
    const asksParent = this.#type === RRTYPE.DS && node === barrier && this.#match.isExact;
    if (asksParent) return this.#answerDs(zone, node);
    this.#refer(zone, barrier);
    return DONE;
  }

  /** RFC 4035 §3.1.4.1: at a zone cut the parent answers for DS with authority. */
  #answerDs(zone: ServedZone, cut: NodeIndex): number {
    const ds = zone.image.rrset(cut, RRTYPE.DS);
    if (ds === NO_RRSET) this.#sayNodata(zone, cut, OWN_NAME);
    else this.#plan.add(SECTION.ANSWER, zone, zone.image, ds, KIND.RRSET);
    return DONE;
  }

  /** A referral: NS, the DS or its denial (RFC 4035 §3.1.4), glue. */
  #refer(zone: ServedZone, cut: NodeIndex): void {
    const plan = this.#plan;
    const { image } = zone;
    const ns = image.rrset(cut, RRTYPE.NS);
    if (plan.count === 0) plan.isAuthoritative = false;
    plan.add(SECTION.AUTHORITY, zone, image, ns, KIND.RRSET);
    if (this.#wantsProof) {
      const ds = image.rrset(cut, RRTYPE.DS);
      if (ds === NO_RRSET) proveNodata(plan, zone, cut);
      else plan.add(SECTION.AUTHORITY, zone, image, ds, KIND.RRSET);
    }
    this.#addGlue(zone, ns, cut);
  }

  // ---- Step 3a: the name exists, or a wildcard stands for it ----

  /** Answers from `node`; `ownerAt` is OWN_NAME or where the plan keeps the name that a wildcard is expanded to. */
  #answer(zone: ServedZone, node: NodeIndex, ownerAt: number): number {
    const { image } = zone;
    const isAlias = (image.flags(node) & NODE_FLAG.CNAME) !== 0;
    if (isAlias && !answersAtAlias(this.#type, zone.denial)) {
      const cname = image.rrset(node, RRTYPE.CNAME);
      if (this.#isPlanned(zone, cname, ownerAt)) return DONE;
      this.#addAnswer(zone, cname, ownerAt, KIND.RRSET);
      this.#name = this.#aliasName;
      this.#aliasName.load(image.u8, image.blockAt(cname) + 2, this.#seed);
      return FOLLOW;
    }
    if (this.#type === RRTYPE.ANY) return this.#answerAny(zone, node, ownerAt);
    if (this.#type === RRTYPE.RRSIG) return this.#answerSignatures(zone, node, ownerAt);
    const rrset = image.rrset(node, this.#type);
    if (rrset !== NO_RRSET && (this.#type !== RRTYPE.NSEC || zone.denial === DENIAL.NSEC)) {
      this.#addAnswer(zone, rrset, ownerAt, KIND.RRSET);
      if (!this.#isMinimal) this.#addAddresses(zone, rrset);
      return DONE;
    }
    if (node === APEX && zone.denial !== DENIAL.NONE) {
      const ofKeys = zone.apex!.rrset(APEX, this.#type);
      if (ofKeys !== NO_RRSET) {
        this.#plan.add(SECTION.ANSWER, zone, zone.apex!, ofKeys, KIND.RRSET);
        return DONE;
      }
    }
    if (this.#type === RRTYPE.NSEC && zone.denial === DENIAL.COMPACT) {
      answerCompactly(this.#plan, zone, node, ownerAt, RRTYPE.NSEC);
      return DONE;
    }
    this.#sayNodata(zone, node, ownerAt);
    return DONE;
  }

  /** RFC 8482 §4.1: one rrset of those that the name has. */
  #answerAny(zone: ServedZone, node: NodeIndex, ownerAt: number): number {
    const { image } = zone;
    if (image.rrsetsOf(node) === 0 || image.type(image.firstRRset(node)) === RRTYPE.NSEC) {
      this.#sayNodata(zone, node, ownerAt);
      return DONE;
    }
    this.#addAnswer(zone, image.firstRRset(node), ownerAt, KIND.RRSET);
    return DONE;
  }

  /** The signatures of one rrset: asked for by type they are data like any other, though never with DO off needed. */
  #answerSignatures(zone: ServedZone, node: NodeIndex, ownerAt: number): number {
    const { image } = zone;
    const first = image.firstRRset(node);
    const isSigned =
      zone.denial !== DENIAL.NONE &&
      image.rrsetsOf(node) > 0 &&
      (image.rrsetFlags(first) & RRSET_FLAG.SIGNED) !== 0;
    if (isSigned) this.#addAnswer(zone, first, ownerAt, KIND.SIGNATURES);
    else if (zone.denial === DENIAL.COMPACT) answerCompactly(this.#plan, zone, node, ownerAt, RRTYPE.RRSIG);
    else this.#sayNodata(zone, node, ownerAt);
    return DONE;
  }

  /** True if the alias stands in the answer already: it led back to itself. */
  #isPlanned(zone: ServedZone, cname: RRsetIndex, ownerAt: number): boolean {
    if (ownerAt === OWN_NAME) return this.#plan.has(zone.image, cname);
    return this.#plan.hasExpanded(zone.image, cname, ownerAt);
  }

  #addAnswer(zone: ServedZone, rrset: RRsetIndex, ownerAt: number, kind: number): void {
    if (ownerAt === OWN_NAME) this.#plan.add(SECTION.ANSWER, zone, zone.image, rrset, kind);
    else this.#plan.addExpanded(zone, rrset, kind, ownerAt);
  }

  // ---- Step 3c: no match ----

  /** The wildcard below the closest encloser, if there is one, else NXDOMAIN (RFC 4592 §3.3). */
  #fromWildcard(zone: ServedZone, encloser: NodeIndex): number {
    const plan = this.#plan;
    const name = this.#name;
    if (!zone.image.hasWildcard(encloser)) {
      this.#sayNoName(zone, encloser);
      return DONE;
    }
    const source = zone.image.wildcard(encloser);
    const ownerAt = plan.keepName(name.octets, 0, name.length);
    if (ownerAt < 0) return DONE;
    const before = plan.count;
    // The proof is of the name that was expanded, which `#answer` may replace by an alias's target.
    const next = this.#answer(zone, source, ownerAt);
    if (this.#wantsProof && (plan.count > before || next === DONE)) {
      this.#proveExpansion(zone, ownerAt, encloser);
    }
    return next;
  }

  #proveExpansion(zone: ServedZone, ownerAt: number, encloser: NodeIndex): void {
    const expanded = this.#expandedName;
    expanded.load(this.#plan.scratch, ownerAt, this.#seed);
    proveExpansion(this.#plan, zone, expanded, encloser);
  }

  /** RFC 6672 §3.2: the DNAME, and a CNAME from the name to where it leads. */
  #redirect(zone: ServedZone, node: NodeIndex): number {
    const plan = this.#plan;
    const { image } = zone;
    const name = this.#name;
    const dname = image.rrset(node, RRTYPE.DNAME);
    const ownerAt = plan.keepName(name.octets, 0, name.length);
    if (ownerAt < 0 || plan.hasExpanded(image, dname, ownerAt)) return DONE;
    plan.add(SECTION.ANSWER, zone, image, dname, KIND.RRSET);
    const prefixOctets = name.labelAt[name.labels - image.labels(node)]!;
    const targetOctets = image.blockOctets(dname) - 2;
    const octets = prefixOctets + targetOctets;
    if (octets > MAX_NAME_OCTETS) {
      plan.rcode = RCODE.YXDOMAIN;
      return DONE;
    }
    const target = this.#synthesized;
    const from = image.blockAt(dname) + 2;
    for (let i = 0; i < prefixOctets; i++) target[i] = name.octets[i]!;
    for (let i = 0; i < targetOctets; i++) target[prefixOctets + i] = image.u8[from + i]!;
    const targetAt = plan.keepName(target, 0, octets);
    if (targetAt < 0) return DONE;
    plan.addSynthesized(zone, dname, ownerAt, targetAt);
    if (this.#type === RRTYPE.CNAME || this.#type === RRTYPE.ANY) return DONE;
    this.#name = this.#aliasName;
    this.#aliasName.load(target, 0, this.#seed);
    return FOLLOW;
  }

  // ---- Negative answers and additional data ----

  #sayNoName(zone: ServedZone, encloser: NodeIndex): void {
    const plan = this.#plan;
    const name = this.#name;
    const ofEveryName = this.#type === RRTYPE.NSEC || this.#type === RRTYPE.RRSIG;
    if (ofEveryName && this.#wantsProof && zone.denial === DENIAL.COMPACT) {
      const ownerAt = plan.keepName(name.octets, 0, name.length);
      if (ownerAt >= 0) answerCompactly(plan, zone, NO_NODE, ownerAt, this.#type);
      return;
    }
    plan.rcode = RCODE.NXDOMAIN;
    this.#addSoa(zone);
    if (this.#wantsProof) proveNxdomain(plan, zone, name, encloser);
  }

  #sayNodata(zone: ServedZone, node: NodeIndex, ownerAt: number): void {
    this.#addSoa(zone);
    if (!this.#wantsProof) return;
    if (ownerAt === OWN_NAME) proveNodata(this.#plan, zone, node);
    else proveWildcardNodata(this.#plan, zone, node, ownerAt);
  }

  /** RFC 2308 §3: the SOA with its negative TTL. */
  #addSoa(zone: ServedZone): void {
    const plan = this.#plan;
    const soa = zone.image.rrset(APEX, RRTYPE.SOA);
    if (plan.has(zone.image, soa)) return;
    plan.add(SECTION.AUTHORITY, zone, zone.image, soa, KIND.RRSET);
    plan.lowerLastTtl(zone.image.negativeTtl);
  }

  #addAddresses(zone: ServedZone, rrset: RRsetIndex): void {
    const { image } = zone;
    const at = image.targetsAt(rrset);
    if (at === 0) return;
    const count = image.u32[at]!;
    const type = image.type(rrset);
    const isService = type === RRTYPE.SVCB || type === RRTYPE.HTTPS;
    for (let i = 1; i <= count; i++) {
      const host = image.u32[at + i]! as NodeIndex;
      // RFC 9460 §4.1: what an alias leads to, and its addresses.
      if (isService) this.#addService(zone, rrset, image.rrset(host, type));
      this.#addHost(zone, host, KIND.RRSET);
    }
  }

  #addService(zone: ServedZone, asked: RRsetIndex, rrset: RRsetIndex): void {
    if (rrset === NO_RRSET || rrset === asked) return;
    this.#plan.add(SECTION.ADDITIONAL, zone, zone.image, rrset, KIND.RRSET);
  }

  /** RFC 9471: all glue for name servers below the cut belongs to a referral; sibling glue may be left out. */
  #addGlue(zone: ServedZone, ns: RRsetIndex, cut: NodeIndex): void {
    const { image } = zone;
    const at = image.targetsAt(ns);
    if (at === 0) return;
    const count = image.u32[at]!;
    for (let i = 1; i <= count; i++) {
      const host = image.u32[at + i]! as NodeIndex;
      if (image.barrier(host) === cut) this.#addHost(zone, host, KIND.GLUE);
    }
    for (let i = 1; i <= count; i++) {
      const host = image.u32[at + i]! as NodeIndex;
      if (image.barrier(host) !== cut) this.#addHost(zone, host, KIND.RRSET);
    }
  }

  #addHost(zone: ServedZone, host: NodeIndex, kind: number): void {
    const { image } = zone;
    const a = image.rrset(host, RRTYPE.A);
    const aaaa = image.rrset(host, RRTYPE.AAAA);
    if (a !== NO_RRSET) this.#plan.add(SECTION.ADDITIONAL, zone, image, a, kind);
    if (aaaa !== NO_RRSET) this.#plan.add(SECTION.ADDITIONAL, zone, image, aaaa, kind);
  }
}

/** Types that may stand beside a CNAME and are answered there, if the zone has them (RFC 2181 §10.1, RFC 4035 §2.5). */
function answersAtAlias(type: number, denial: number): boolean {
  if (type === RRTYPE.NSEC) return denial === DENIAL.NSEC || denial === DENIAL.COMPACT;
  if (type === RRTYPE.RRSIG) return denial !== DENIAL.NONE;
  return type === RRTYPE.CNAME || type === RRTYPE.ANY;
}
