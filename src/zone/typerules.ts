/**
 * What the documents of single types ask of a zone beyond the form of their RDATA: where a record may stand, and what it
 * may say beside others of its rrset. All of it are warnings: the zone can be served, but those who read it will not do
 * what was meant.
 */
import { soaSerial } from '../rdata/views.ts';
import { getU16, getU32 } from '../wire/header.ts';
import { RRTYPE } from '../wire/iana.ts';
import { equalNames, formatName, nameOctets } from '../wire/name.ts';
import { describe, type Findings } from './findings.ts';

/** One rrset of a node. */
export interface CheckedRRset {
  /** Positions of its records in `tree.sorted`. */
  readonly from: number;
  readonly to: number;
  readonly type: number;
  readonly isApex: boolean;
}

type Rule = (findings: Findings, rrset: CheckedRRset) => void;

const RULES: Readonly<Record<number, Rule>> = {
  [RRTYPE.CNAME]: checkCnameLoop,
  [RRTYPE.DNAME]: checkDnameLoop,
  [RRTYPE.CSYNC]: checkCsync,
  [RRTYPE.DSYNC]: checkDsync,
  [RRTYPE.ZONEMD]: checkZonemd,
  [RRTYPE.SVCB]: checkServiceBinding,
  [RRTYPE.HTTPS]: checkServiceBinding,
};

/** Applies the rules of the rrset's type. */
export function checkTypeRules(findings: Findings, rrset: CheckedRRset): void {
  RULES[rrset.type]?.(findings, rrset);
}

function rdataAt({ tree }: Findings, position: number): number {
  return tree.records.rdataAt[tree.sorted[position]!]!;
}

// ---- Aliases ----

function checkCnameLoop(findings: Findings, { from }: CheckedRRset): void {
  const { tree } = findings;
  const { heap, ownerAt } = tree.records;
  const record = tree.sorted[from]!;
  if (!equalNames(heap, rdataAt(findings, from), heap, ownerAt[record]!)) return;
  const message = `${describe(tree, record)} points to itself`;
  findings.warn(record, 'ZONE_ALIAS_LOOP', message, 'point to the name that has the data');
}

/** A target at or below the owner is rewritten again and again until no name can hold it. */
function checkDnameLoop(findings: Findings, { from }: CheckedRRset): void {
  const { tree } = findings;
  const { heap, ownerAt } = tree.records;
  const record = tree.sorted[from]!;
  for (let at = rdataAt(findings, from); ; at += heap[at]! + 1) {
    if (equalNames(heap, at, heap, ownerAt[record]!)) break;
    if (heap[at] === 0) return;
  }
  const message = `${describe(tree, record)} leads back to names below itself`;
  findings.warn(record, 'ZONE_ALIAS_LOOP', message, 'point to a name outside of what it redirects');
}

// ---- CSYNC (RFC 7477) and DSYNC (RFC 9859) ----

const CSYNC_IMMEDIATE = 1;
const CSYNC_SOAMINIMUM = 2;

function checkCsync(findings: Findings, { from, to, isApex }: CheckedRRset): void {
  const { tree } = findings;
  const { heap } = tree.records;
  const record = tree.sorted[from]!;
  const warn = (message: string, fix: string) =>
    findings.warn(record, 'ZONE_CSYNC', `${describe(tree, record)} ${message}`, fix);
  if (!isApex) {
    warn('is not at the apex: parents look for it there only', 'give it the name of the zone');
    return;
  }
  if (to - from > 1)
    warn('exists more than once: parents act upon none (RFC 7477 §2.1.1)', 'keep one of them');
  const at = rdataAt(findings, from);
  const flags = getU16(heap, at + 4);
  if ((flags & ~(CSYNC_IMMEDIATE | CSYNC_SOAMINIMUM)) !== 0) {
    warn(
      `has flags ${flags}, of which only 1 and 2 have a meaning (RFC 7477 §2.1.1.2)`,
      'write 0, 1, 2 or 3',
    );
  }
  const soaAt = tree.firstOf(0, RRTYPE.SOA);
  if (soaAt >= tree.sortedCount || (flags & CSYNC_SOAMINIMUM) === 0) return;
  const soa = tree.sorted[soaAt]!;
  const serial = soaSerial(heap, tree.records.rdataAt[soa]!, tree.records.rdataOctets[soa]!);
  if (((getU32(heap, at) - serial) | 0) <= 0) return;
  const message = `asks parents to wait for serial ${getU32(heap, at)}, the zone has ${serial}`;
  warn(message, 'write the serial of the SOA, or a smaller one');
}

const DSYNC_LABEL = [6, 95, 100, 115, 121, 110, 99]; // _dsync
const DSYNC_NOTIFY = 1;
/** What is told of by NOTIFY (RFC 9859 §6.2). */
const NOTIFIED = new Set<number>([RRTYPE.CDS, RRTYPE.CSYNC]);

function checkDsync(findings: Findings, { from, to }: CheckedRRset): void {
  const { tree } = findings;
  const { heap } = tree.records;
  const record = tree.sorted[from]!;
  if (!hasLabel(heap, tree.records.ownerAt[record]!, DSYNC_LABEL)) {
    const message = `${describe(tree, record)} is not below a label _dsync: children do not look there`;
    findings.warn(record, 'ZONE_DSYNC', message, 'name it *._dsync or child._dsync (RFC 9859 §3)');
  }
  for (let position = from; position < to; position++) {
    const at = rdataAt(findings, position);
    if (heap[at + 2] !== DSYNC_NOTIFY || NOTIFIED.has(getU16(heap, at))) continue;
    const message = `${describe(tree, record)} with scheme NOTIFY has a type that nobody tells of`;
    findings.warn(tree.sorted[position]!, 'ZONE_DSYNC', message, 'write CDS or CSYNC (RFC 9859 §6.2)');
  }
}

function hasLabel(heap: Uint8Array, nameAt: number, label: readonly number[]): boolean {
  for (let at = nameAt; heap[at] !== 0; at += heap[at]! + 1) {
    if (label.every((octet, i) => heap[at + i] === octet)) return true;
  }
  return false;
}

// ---- ZONEMD (RFC 8976) ----

function checkZonemd(findings: Findings, { from, isApex }: CheckedRRset): void {
  if (isApex) return;
  const { tree } = findings;
  const record = tree.sorted[from]!;
  const message = `${describe(tree, record)} is not at the apex and says nothing of the zone (RFC 8976 §2)`;
  findings.warn(record, 'ZONE_ZONEMD_PLACE', message, 'give it the name of the zone');
}

// ---- SVCB and HTTPS (RFC 9460) ----

/** AliasMode, priority 0, stands alone and without parameters; recipients ignore the rest (§2.4.1, §2.4.2). */
function checkServiceBinding(findings: Findings, { from, to }: CheckedRRset): void {
  const { tree } = findings;
  const { heap, rdataOctets } = tree.records;
  // Sorted by RDATA, hence by priority.
  const at = rdataAt(findings, from);
  if (getU16(heap, at) !== 0) return;
  const record = tree.sorted[from]!;
  const alias = `${describe(tree, record)} is an alias (priority 0)`;
  if (to - from > 1) {
    const message = `${alias} among ${to - from} records: clients take one alias and ignore what is beside it`;
    findings.warn(record, 'ZONE_SVCB_ALIAS', message, 'keep the alias alone, or give it a priority above 0');
  }
  const targetOctets = nameOctets(heap, at + 2);
  if (rdataOctets[record]! > 2 + targetOctets) {
    const message = `${alias} with parameters: clients ignore them`;
    findings.warn(record, 'ZONE_SVCB_ALIAS', message, 'write no parameters, or a priority above 0');
  }
  if (!equalNames(heap, at + 2, heap, tree.records.ownerAt[record]!)) return;
  const message = `${describe(tree, record)} is an alias of itself (${formatName(heap, at + 2)})`;
  findings.warn(record, 'ZONE_ALIAS_LOOP', message, 'point to the name that has the service');
}
