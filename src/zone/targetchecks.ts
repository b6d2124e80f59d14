/**
 * Records that name a host: NS, MX, SRV and their like. The target should have addresses and be no alias
 * (RFC 2181 §10.3, RFC 5321 §5.1, RFC 2782). Only targets in the zone can be judged; all findings are warnings.
 */
import { RRTYPE } from '../wire/iana.ts';
import { equalNames, formatName } from '../wire/name.ts';
import { describe, type Findings } from './findings.ts';
import { NODE_FLAG } from './image.ts';
import { targetOffset } from './targets.ts';
import type { ZoneTree } from './tree.ts';

const NONE = 0xffff_ffff;
const WILDCARD = [1, 42];

const ALIAS_CODES = new Map<number, string>([
  [RRTYPE.NS, 'ZONE_NS_CNAME'],
  [RRTYPE.MX, 'ZONE_MX_CNAME'],
]);

/** What the zone says of the addresses of a host. */
type Reach = 'addresses' | 'none' | 'delegated' | 'alias' | 'below a DNAME' | 'elsewhere';

/** Checks the target of one record; `flags` are those of its node. */
export function checkTarget(findings: Findings, record: number, type: number, flags: number): void {
  const { tree } = findings;
  const { records } = tree;
  const at = records.rdataAt[record]! + targetOffset(type);
  if (records.heap[at] === 0) return;
  if (type === RRTYPE.MX && isAddressLiteral(records.heap, at)) {
    const message = `${describe(tree, record)} points to an address literal; mail servers look it up as a name`;
    findings.warn(record, 'ZONE_MX_ADDRESS', message, 'name a host that has A or AAAA records');
    return;
  }
  const reach = reachOf(tree, at);
  if (reach === 'alias')
    warnOfAlias(findings, record, type, `${formatName(records.heap, at)}, which is a CNAME`);
  else if (reach === 'below a DNAME') {
    warnOfAlias(findings, record, type, `${formatName(records.heap, at)}, which is below a DNAME`);
  } else if (reach === 'none' || (reach === 'delegated' && type === RRTYPE.NS))
    warnOfNoAddress(findings, { record, type, at, flags });
}

function warnOfAlias(findings: Findings, record: number, type: number, target: string): void {
  const message = `${describe(findings.tree, record)} points to ${target}`;
  const code = ALIAS_CODES.get(type) ?? 'ZONE_TARGET_CNAME';
  findings.warn(record, code, message, 'point to the name that has the addresses');
}

function warnOfNoAddress(
  findings: Findings,
  found: { readonly record: number; readonly type: number; readonly at: number; readonly flags: number },
): void {
  const { tree } = findings;
  const { heap, ownerAt } = tree.records;
  const { record, type, at } = found;
  const isOccluded = (found.flags & NODE_FLAG.OCCLUDED) !== 0;
  if (isOccluded || (type !== RRTYPE.NS && type !== RRTYPE.MX && type !== RRTYPE.SRV)) return;
  const message = `${describe(tree, record)}: ${formatName(heap, at)} has no address in this zone`;
  if (type === RRTYPE.NS && hasSuffix(heap, at, heap, ownerAt[record]!)) {
    const fix = 'write its A or AAAA record: without glue nobody finds it';
    findings.warn(record, 'ZONE_MISSING_GLUE', message, fix);
    return;
  }
  const code = type === RRTYPE.NS ? 'ZONE_NS_NO_ADDRESS' : 'ZONE_TARGET_NO_ADDRESS';
  findings.warn(record, code, message, 'write its A or AAAA record');
}

/** Looks a host up as an answer would, but through zone cuts: below them stands glue. */
function reachOf(tree: ZoneTree, nameAt: number): Reach {
  const { heap } = tree.records;
  if (!hasSuffix(heap, nameAt, tree.origin, 0)) return 'elsewhere';
  const exact = tree.find(heap, nameAt);
  if (exact !== NONE) return isBelowDname(tree, exact) ? 'below a DNAME' : reachOfNode(tree, exact);
  let encloser = NONE;
  for (let at = nameAt; encloser === NONE; encloser = tree.find(heap, at)) at += heap[at]! + 1;
  const flags = tree.flags[encloser]!;
  if ((flags & NODE_FLAG.DNAME) !== 0 || isBelowDname(tree, encloser)) return 'below a DNAME';
  if (tree.barrier[encloser] !== NONE) return 'delegated';
  const wildcard = wildcardBelow(tree, encloser);
  return wildcard === NONE ? 'none' : reachOfNode(tree, wildcard);
}

function reachOfNode(tree: ZoneTree, node: number): Reach {
  if (tree.has(node, RRTYPE.CNAME)) return 'alias';
  if (tree.has(node, RRTYPE.A) || tree.has(node, RRTYPE.AAAA)) return 'addresses';
  return tree.barrier[node] === NONE ? 'none' : 'delegated';
}

function isBelowDname(tree: ZoneTree, node: number): boolean {
  const barrier = tree.barrier[node]!;
  return barrier !== NONE && barrier !== node && (tree.flags[barrier]! & NODE_FLAG.CUT) === 0;
}

function wildcardBelow(tree: ZoneTree, node: number): number {
  const { heap } = tree.records;
  const at = tree.nameAt[node]!;
  let end = at;
  while (heap[end] !== 0) end += heap[end]! + 1;
  const name = Uint8Array.of(...WILDCARD, ...heap.subarray(at, end + 1));
  return tree.find(name, 0);
}

function hasSuffix(name: Uint8Array, nameAt: number, suffix: Uint8Array, suffixAt: number): boolean {
  for (let at = nameAt; ; at += name[at]! + 1) {
    if (equalNames(name, at, suffix, suffixAt)) return true;
    if (name[at] === 0) return false;
  }
}

const ADDRESS_LABELS = 4;
const MAX_NUMBER_OCTETS = 3;

/** `192.0.2.1.` or `192.0.2.1.example.com.`: four numeric labels in front. */
function isAddressLiteral(heap: Uint8Array, nameAt: number): boolean {
  let at = nameAt;
  for (let label = 0; label < ADDRESS_LABELS; label++) {
    const octets = heap[at++]!;
    if (octets === 0 || octets > MAX_NUMBER_OCTETS) return false;
    for (const end = at + octets; at < end; at++) if (heap[at]! < 48 || heap[at]! > 57) return false;
  }
  return true;
}
