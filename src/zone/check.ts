/**
 * What a zone must be (errors: it is not loaded) and what is doubtful in it (warnings: it loads). Works on the tree,
 * so that every finding can say in which file and line the record stands.
 */
import type { Diagnostic } from '../base/diagnostic.ts';
import { formatType, RRTYPE } from '../wire/iana.ts';
import { equalNames, formatName } from '../wire/name.ts';
import { NODE_FLAG } from './image.ts';
import { targetOffset } from './targets.ts';
import type { ZoneTree } from './tree.ts';

const NONE = 0xffff_ffff;
/** One rrset must fit a TCP answer with its header, question and signature. */
const MAX_RRSET_OCTETS = 64_000;
const MAX_WARNINGS = 100;
const ONE_RECORD_TYPES = new Set<number>([RRTYPE.CNAME, RRTYPE.DNAME, RRTYPE.SOA]);

/** Checks a zone as a whole; an empty list says that nothing is wrong or doubtful. */
export function checkZone(tree: ZoneTree): Diagnostic[] {
  const findings = new Findings(tree);
  checkApex(findings);
  for (let rank = 0; rank < tree.count; rank++) checkNode(findings, tree.order[rank]!, rank === 0);
  for (const record of tree.duplicates) {
    findings.warn(record, 'ZONE_DUPLICATE', `${describe(tree, record)} is written twice`);
  }
  return findings.all();
}

/** Collects findings; a record's place comes from the tree. */
class Findings {
  readonly tree: ZoneTree;
  readonly #errors: Diagnostic[] = [];
  readonly #warnings: Diagnostic[] = [];
  #warningsLeftOut = 0;

  constructor(tree: ZoneTree) {
    this.tree = tree;
  }

  error(record: number, code: string, message: string, fix?: string): void {
    if (this.#errors.length < MAX_WARNINGS) this.#errors.push(this.#at(record, 'error', code, message, fix));
  }

  warn(record: number, code: string, message: string, fix?: string): void {
    if (this.#warnings.length < MAX_WARNINGS) {
      this.#warnings.push(this.#at(record, 'warning', code, message, fix));
    } else this.#warningsLeftOut++;
  }

  all(): Diagnostic[] {
    const found = [...this.#errors, ...this.#warnings];
    if (this.#warningsLeftOut > 0) {
      const message = `${this.#warningsLeftOut} more warnings are not shown`;
      found.push(this.#at(-1, 'warning', 'ZONE_MORE_WARNINGS', message, undefined));
    }
    return found;
  }

  #at(
    record: number,
    severity: Diagnostic['severity'],
    code: string,
    message: string,
    fix?: string,
  ): Diagnostic {
    const { records } = this.tree;
    const file = records.files[record < 0 ? 0 : records.fileNumbers[record]!] ?? '';
    const line = record < 0 ? 0 : records.lines[record]!;
    const finding = { severity, code, message, file, line, column: line > 0 ? 1 : 0 };
    return fix === undefined ? finding : { ...finding, fix };
  }
}

function checkApex(findings: Findings): void {
  const { tree } = findings;
  const zone = formatName(tree.origin);
  if (!tree.has(0, RRTYPE.SOA)) {
    const fix = `write a SOA record for ${zone}, or check $ORIGIN and the file's name`;
    findings.error(-1, 'ZONE_NO_SOA', `the zone has no SOA record at ${zone}`, fix);
  }
  if (!tree.has(0, RRTYPE.NS)) {
    const fix = `write the NS records of ${zone}`;
    findings.error(-1, 'ZONE_NO_NS', `the zone has no NS record at ${zone}`, fix);
  }
}

function checkNode(findings: Findings, node: number, isApex: boolean): void {
  const { tree } = findings;
  const { records, sorted, firstRecord } = tree;
  const flags = tree.flags[node]!;
  const end = firstRecord[node + 1]!;
  for (let at = firstRecord[node]!; at < end; ) {
    const from = at;
    const type = records.types[sorted[from]!]!;
    let octets = 0;
    for (; at < end && records.types[sorted[at]!] === type; at++)
      octets += records.rdataOctets[sorted[at]!]! + 12;
    checkRRset(findings, from, at, type, octets);
    checkPlacement(findings, sorted[from]!, type, flags, isApex);
    for (let i = from; i < at && targetOffset(type) >= 0; i++) checkTarget(findings, sorted[i]!, type, flags);
  }
  if ((flags & NODE_FLAG.CNAME) !== 0) checkCname(findings, node);
}

function checkRRset(findings: Findings, from: number, to: number, type: number, octets: number): void {
  const { records, sorted } = findings.tree;
  const first = sorted[from]!;
  if (to - from > 1 && ONE_RECORD_TYPES.has(type)) {
    const message = `${describe(findings.tree, first)} may exist only once at a name, there are ${to - from}`;
    findings.error(sorted[from + 1]!, `ZONE_MANY_${formatType(type)}`, message, 'keep one of them');
  }
  if (octets > MAX_RRSET_OCTETS) {
    const message = `${describe(findings.tree, first)} has ${octets} octets: no answer can hold it`;
    findings.error(first, 'ZONE_RRSET_TOO_LARGE', message, `keep one rrset below ${MAX_RRSET_OCTETS} octets`);
  }
  for (let at = from + 1; at < to; at++) {
    if (records.ttls[sorted[at]!] === records.ttls[first]!) continue;
    const message = `the records of ${describe(findings.tree, first)} have different TTLs; the lowest is used`;
    findings.warn(
      sorted[at]!,
      'ZONE_TTL_DIFFERS',
      message,
      'give all records of one name and type the same TTL',
    );
    break;
  }
}

function checkPlacement(
  findings: Findings,
  record: number,
  type: number,
  flags: number,
  isApex: boolean,
): void {
  const { tree } = findings;
  if (type === RRTYPE.SOA && !isApex) {
    findings.error(record, 'ZONE_SOA_BELOW_APEX', `${describe(tree, record)} stands below the apex`);
  }
  if (type === RRTYPE.DS && !isApex && (flags & (NODE_FLAG.CUT | NODE_FLAG.OCCLUDED)) === 0) {
    findings.warn(
      record,
      'ZONE_DS_WITHOUT_NS',
      `${describe(tree, record)} is not at a zone cut: no NS there`,
    );
  }
  if (type === RRTYPE.DNAME && (flags & NODE_FLAG.CUT) !== 0) {
    findings.error(record, 'ZONE_DNAME_AND_NS', `${describe(tree, record)} is at a zone cut (RFC 6672 §2.3)`);
  }
  if ((type === RRTYPE.NS || type === RRTYPE.DNAME) && !isApex && isWildcard(tree, record)) {
    const message = `${describe(tree, record)} at a wildcard has no defined meaning (RFC 4592 §4)`;
    findings.warn(record, 'ZONE_WILDCARD_NS', message);
  }
  const isHidden = (flags & NODE_FLAG.OCCLUDED) !== 0 && type !== RRTYPE.A && type !== RRTYPE.AAAA;
  if (isHidden) {
    const message = `${describe(tree, record)} is below a zone cut or a DNAME and never answered`;
    findings.warn(record, 'ZONE_OCCLUDED', message);
  }
}

function checkCname(findings: Findings, node: number): void {
  const { tree } = findings;
  const { records, sorted, firstRecord } = tree;
  const cname = sorted[tree.firstOf(node, RRTYPE.CNAME)]!;
  for (let at = firstRecord[node]!; at < firstRecord[node + 1]!; at++) {
    const record = sorted[at]!;
    if (records.types[record] === RRTYPE.CNAME) continue;
    const message = `${owner(tree, cname)} has a CNAME and other data (${formatType(records.types[record]!)})`;
    const other = `the CNAME is in line ${records.lines[cname]!}; keep either the CNAME or the other records`;
    findings.error(record, 'ZONE_CNAME_AND_OTHER', message, other);
    return;
  }
}

/** NS, MX, SRV and their like: the target should have addresses and be no alias (RFC 2181 §10.3). */
function checkTarget(findings: Findings, record: number, type: number, flags: number): void {
  const { tree } = findings;
  const { records } = tree;
  const at = records.rdataAt[record]! + targetOffset(type);
  if (records.heap[at] === 0) return;
  if (type === RRTYPE.MX && isAddressLiteral(records.heap, at)) {
    const message = `${describe(tree, record)} points to an address literal; mail servers look it up as a name`;
    findings.warn(record, 'ZONE_MX_ADDRESS', message, 'name a host that has A or AAAA records');
    return;
  }
  const target = tree.find(records.heap, at);
  if (target !== NONE && tree.has(target, RRTYPE.CNAME)) {
    const message = `${describe(tree, record)} points to ${formatName(records.heap, at)}, which is a CNAME`;
    findings.warn(
      record,
      `ZONE_${formatType(type)}_CNAME`,
      message,
      'point to the name that has the addresses',
    );
    return;
  }
  if (type === RRTYPE.NS && (flags & NODE_FLAG.OCCLUDED) === 0) checkNameServer(findings, record, at, target);
}

function checkNameServer(findings: Findings, record: number, nameAt: number, target: number): void {
  const { tree } = findings;
  const { heap } = tree.records;
  if (!isInZone(tree, nameAt)) return;
  const isReachable = target !== NONE && (tree.has(target, RRTYPE.A) || tree.has(target, RRTYPE.AAAA));
  if (isReachable) return;
  const message = `${describe(tree, record)}: ${formatName(heap, nameAt)} has no address in this zone`;
  if (isAtOrBelowOwner(tree, record, nameAt)) {
    findings.warn(
      record,
      'ZONE_MISSING_GLUE',
      message,
      'write its A or AAAA record: without glue nobody finds it',
    );
  } else findings.warn(record, 'ZONE_NS_NO_ADDRESS', message, 'write its A or AAAA record');
}

// ---- Names and words ----

function isInZone(tree: ZoneTree, nameAt: number): boolean {
  return hasSuffix(tree.records.heap, nameAt, tree.origin, 0);
}

function isAtOrBelowOwner(tree: ZoneTree, record: number, nameAt: number): boolean {
  return hasSuffix(tree.records.heap, nameAt, tree.records.heap, tree.records.ownerAt[record]!);
}

function hasSuffix(name: Uint8Array, nameAt: number, suffix: Uint8Array, suffixAt: number): boolean {
  for (let at = nameAt; ; at += name[at]! + 1) {
    if (equalNames(name, at, suffix, suffixAt)) return true;
    if (name[at] === 0) return false;
  }
}

function isWildcard(tree: ZoneTree, record: number): boolean {
  const at = tree.records.ownerAt[record]!;
  return tree.records.heap[at] === 1 && tree.records.heap[at + 1] === 42;
}

/** `192.0.2.1.` or `192.0.2.1.example.com.`: four numeric labels in front. */
function isAddressLiteral(heap: Uint8Array, nameAt: number): boolean {
  return /^(?:\d{1,3}\.){4}/.test(formatName(heap, nameAt));
}

function owner(tree: ZoneTree, record: number): string {
  return formatName(tree.records.heap, tree.records.ownerAt[record]!);
}

function describe(tree: ZoneTree, record: number): string {
  return `${owner(tree, record)} ${formatType(tree.records.types[record]!)}`;
}
