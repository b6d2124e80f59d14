/** Where RDATA names a host whose addresses belong into the Additional section (RFC 1035 §3.3, 2782, 9460 §4.1). */
import { getU16 } from '../wire/header.ts';
import { RRTYPE } from '../wire/iana.ts';
import { NODE_FLAG } from './image.ts';
import type { ZoneTree } from './tree.ts';

const NONE = 0xffff_ffff;
/** Hosts that one SVCB or HTTPS record may bring: aliases that are followed, then the hosts of the services (as named). */
export const MAX_SERVICE_TARGETS = 8;
const MAX_SERVICE_ALIASES = 5;

/** Offset of the target name in RDATA of `type`, or -1 for types without one. */
export function targetOffset(type: number): number {
  switch (type) {
    case RRTYPE.NS:
    case RRTYPE.MB:
      return 0;
    case RRTYPE.MX:
    case RRTYPE.KX:
    case RRTYPE.AFSDB:
    case RRTYPE.RT:
    case RRTYPE.SVCB:
    case RRTYPE.HTTPS:
      return 2;
    case RRTYPE.SRV:
      return 6;
    default:
      return -1;
  }
}

/** True if answers bring the target's records of the same type as well as its addresses (RFC 9460 §4.1). */
export function isServiceType(type: number): boolean {
  return type === RRTYPE.SVCB || type === RRTYPE.HTTPS;
}

/**
 * Adds the nodes whose records go with a record of `node` to `targets`, each once: the host that it names and, if that
 * is an alias of a service, the ones that follow. At most MAX_SERVICE_TARGETS.
 */
export function addTargets(targets: number[], tree: ZoneTree, node: number, record: number): void {
  const type = tree.records.types[record]!;
  if (targetOffset(type) < 0) return;
  if (!isServiceType(type) || !isAlias(tree, record)) {
    addHost(targets, tree, targetOf(tree, node, record));
    return;
  }
  const most = targets.length + MAX_SERVICE_TARGETS;
  let at = node;
  let alias = record;
  for (let followed = 0; followed <= MAX_SERVICE_ALIASES; followed++) {
    at = targetOf(tree, at, alias);
    if (at === NONE || at === node) return;
    addHost(targets, tree, at, type);
    const first = tree.has(at, type) ? tree.firstOf(at, type) : NONE;
    if (first === NONE) return;
    alias = tree.sorted[first]!;
    if (isAlias(tree, alias)) continue;
    for (let i = first; tree.records.types[tree.sorted[i]!] === type && i < tree.firstRecord[at + 1]!; i++) {
      if (targets.length < most) addHost(targets, tree, targetOf(tree, at, tree.sorted[i]!));
    }
    return;
  }
}

/** Adds a node that has addresses, or records of `type`. */
function addHost(targets: number[], tree: ZoneTree, host: number, type = 0): void {
  if (host === NONE || targets.includes(host)) return;
  const isUseful =
    tree.has(host, RRTYPE.A) || tree.has(host, RRTYPE.AAAA) || (type !== 0 && tree.has(host, type));
  if (isUseful) targets.push(host);
}

/** The node that a record names; NONE if the zone has none, or never answers for it. */
function targetOf(tree: ZoneTree, node: number, record: number): number {
  const { heap, rdataAt, types } = tree.records;
  const type = types[record]!;
  const at = rdataAt[record]! + targetOffset(type);
  if (isServiceType(type) && heap[at] === 0) {
    // RFC 9460 §2.5: in ServiceMode "." is the owner, in AliasMode that there is no service. Of a wildcard the owner is
    // another one in each answer.
    return isAlias(tree, record) || isWildcard(tree, node) ? NONE : node;
  }
  const target = tree.find(heap, at);
  if (target === NONE) return NONE;
  const barrier = tree.barrier[target]!;
  const isBelowDname = barrier !== NONE && (tree.flags[barrier]! & NODE_FLAG.CUT) === 0;
  return isBelowDname ? NONE : target;
}

/** AliasMode: priority 0. */
function isAlias({ records }: ZoneTree, record: number): boolean {
  return getU16(records.heap, records.rdataAt[record]!) === 0;
}

function isWildcard({ records, nameAt }: ZoneTree, node: number): boolean {
  const at = nameAt[node]!;
  return records.heap[at] === 1 && records.heap[at + 1] === 42;
}
