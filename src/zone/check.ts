/**
 * What a zone must be (errors: it is not loaded) and what is doubtful in it (warnings: it loads). Works on the tree,
 * so that every finding can say in which file and line the record stands.
 */
import type { Diagnostic } from '../base/diagnostic.ts';
import { formatType, RRTYPE } from '../wire/iana.ts';
import { formatName } from '../wire/name.ts';
import { describe, Findings, owner } from './findings.ts';
import { NODE_FLAG } from './image.ts';
import { checkTarget } from './targetchecks.ts';
import { targetOffset } from './targets.ts';
import type { ZoneTree } from './tree.ts';
import { checkTypeRules } from './typerules.ts';

/** One rrset must fit a TCP answer with its header, question and signature. */
const MAX_RRSET_OCTETS = 64_000;
/** Types of which a name has one record at most, with the code of the error. */
const ONE_RECORD_TYPES = new Map<number, string>([
  [RRTYPE.CNAME, 'ZONE_MANY_CNAME'],
  [RRTYPE.DNAME, 'ZONE_MANY_DNAME'],
  [RRTYPE.SOA, 'ZONE_MANY_SOA'],
]);

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

function checkApex(findings: Findings): void {
  const { tree } = findings;
  if (!tree.has(0, RRTYPE.SOA)) {
    const zone = formatName(tree.origin);
    const fix = `write a SOA record for ${zone}, or check $ORIGIN and the file's name`;
    findings.error(-1, 'ZONE_NO_SOA', `the zone has no SOA record at ${zone}`, fix);
  }
  if (!tree.has(0, RRTYPE.NS)) {
    const zone = formatName(tree.origin);
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
    checkPlacement(findings, node, sorted[from]!, type, isApex);
    checkTypeRules(findings, { from, to: at, type, isApex });
    for (let i = from; i < at && targetOffset(type) >= 0; i++) checkTarget(findings, sorted[i]!, type, flags);
  }
  if ((flags & NODE_FLAG.CNAME) !== 0) checkCname(findings, node);
}

function checkRRset(findings: Findings, from: number, to: number, type: number, octets: number): void {
  const { records, sorted } = findings.tree;
  const first = sorted[from]!;
  const oneRecordCode = ONE_RECORD_TYPES.get(type);
  if (to - from > 1 && oneRecordCode !== undefined) {
    const message = `${describe(findings.tree, first)} may exist only once at a name, there are ${to - from}`;
    findings.error(sorted[from + 1]!, oneRecordCode, message, 'keep one of them');
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
  node: number,
  record: number,
  type: number,
  isApex: boolean,
): void {
  const { tree } = findings;
  const flags = tree.flags[node]!;
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
  if ((flags & NODE_FLAG.OCCLUDED) !== 0) checkOccluded(findings, node, record, type);
}

/** Below a zone cut addresses may be glue; below a DNAME nothing is ever answered (RFC 6672 §2.4). */
function checkOccluded(findings: Findings, node: number, record: number, type: number): void {
  const { tree } = findings;
  const barrier = tree.barrier[node]!;
  const isBelowCut = (tree.flags[barrier]! & NODE_FLAG.CUT) !== 0;
  if (isBelowCut && (type === RRTYPE.A || type === RRTYPE.AAAA)) return;
  const above = `${isBelowCut ? 'the zone cut' : 'the DNAME'} at ${formatName(tree.records.heap, tree.nameAt[barrier]!)}`;
  findings.warn(record, 'ZONE_OCCLUDED', `${describe(tree, record)} is below ${above} and never answered`);
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

function isWildcard(tree: ZoneTree, record: number): boolean {
  const at = tree.records.ownerAt[record]!;
  return tree.records.heap[at] === 1 && tree.records.heap[at + 1] === 42;
}
