/**
 * @hot Compact denial of existence (RFC 9824): one NSEC, of the name that was asked for, which every name is said to have.
 * Nobody learns another name from it, and it is made and signed for this answer.
 */

import { MAX_COMPACT_OCTETS, putNameNsec, putNodeNsec } from '../signer/compact.ts';
import { RCODE, RRTYPE } from '../wire/iana.ts';
import type { SearchName } from '../wire/searchname.ts';
import type { NodeIndex } from '../zone/image.ts';
import { APEX, NO_NODE, NO_RRSET } from '../zone/image.ts';
import type { Plan } from './plan.ts';
import { KIND, SECTION } from './plan.ts';
import type { ServedZone } from './zonetable.ts';

/** RFC 9824 §3.2, §3.4: the types of `node`, an empty non-terminal and a zone cut among them. */
export function proveNodataCompactly(plan: Plan, zone: ServedZone, node: NodeIndex): void {
  if (node === APEX) addApexNsec(plan, zone);
  else addNodeNsec(plan, zone, node, SECTION.AUTHORITY, KIND.NSEC);
}

/** RFC 9824 §3.3: the name at `ownerAt` of the plan's scratch has the types of the wildcard `source`. */
export function proveWildcardNodataCompactly(
  plan: Plan,
  zone: ServedZone,
  source: NodeIndex,
  ownerAt: number,
): void {
  addNameNsec(plan, zone, source, ownerAt, SECTION.AUTHORITY, KIND.NSEC);
}

/** RFC 9824 §3.1: the name has no types but NXNAME, which says that it does not exist. */
export function proveNoNameCompactly(plan: Plan, zone: ServedZone, name: SearchName): void {
  plan.isNxname = true;
  // §5: the name is said to exist, and only who told that it understands is told by the rcode too.
  if (!plan.takesCompactRcode) plan.rcode = RCODE.NOERROR;
  const ownerAt = plan.keepName(name.octets, 0, name.length);
  if (ownerAt >= 0) addNameNsec(plan, zone, NO_NODE, ownerAt, SECTION.AUTHORITY, KIND.NSEC);
}

/**
 * NSEC, or RRSIG, was asked for by type. Every name says that it has both, also one that does not exist: an answer
 * without them would be bogus. `node` is the name itself, the wildcard that stands for it, or NO_NODE; `ownerAt` is where
 * the plan's scratch keeps the name unless it is `node`, then -1.
 */
export function answerCompactly(
  plan: Plan,
  zone: ServedZone,
  node: NodeIndex,
  ownerAt: number,
  type: number,
): void {
  const kind = type === RRTYPE.NSEC ? KIND.NSEC : KIND.NSEC_SIGNATURES;
  if (ownerAt < 0) addNodeNsec(plan, zone, node, SECTION.ANSWER, kind);
  else addNameNsec(plan, zone, node, ownerAt, SECTION.ANSWER, kind);
}

/** That of the apex is signed before the epoch is served. */
function addApexNsec(plan: Plan, zone: ServedZone): void {
  const apex = zone.apex!;
  const nsec = apex.rrset(APEX, RRTYPE.NSEC);
  if (nsec !== NO_RRSET) plan.add(SECTION.AUTHORITY, zone, apex, nsec, KIND.RRSET);
}

function addNodeNsec(plan: Plan, zone: ServedZone, node: NodeIndex, section: number, kind: number): void {
  const { image } = zone;
  const ownerAt = plan.keepName(image.u8, image.nameAt(node), image.nameOctets(node));
  if (ownerAt < 0 || !plan.hasRoom(MAX_COMPACT_OCTETS)) return;
  const blockAt = plan.scratchOctets;
  plan.scratchOctets += putNodeNsec(plan.scratch, blockAt, image, node);
  plan.addNsec(section, zone, node, kind, ownerAt, blockAt);
}

function addNameNsec(
  plan: Plan,
  zone: ServedZone,
  source: NodeIndex,
  ownerAt: number,
  section: number,
  kind: number,
): void {
  if (!plan.hasRoom(MAX_COMPACT_OCTETS)) return;
  const blockAt = plan.scratchOctets;
  plan.scratchOctets += putNameNsec(plan.scratch, blockAt, plan.scratch, ownerAt, zone.image, source);
  plan.addNsec(section, zone, NO_NODE, kind, ownerAt, blockAt);
}
