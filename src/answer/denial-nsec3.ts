/**
 * @hot Proofs from the NSEC3 chain of a zone (RFC 5155 §7.2). Names of the zone know the NSEC3 that matches them; only names
 * that are not there are hashed.
 */
import type { SearchName } from '../wire/searchname.ts';
import type { NodeIndex } from '../zone/image.ts';
import { NO_NODE } from '../zone/image.ts';
import type { Nsec3Chain } from '../zone/nsec3chain.ts';
import type { Plan } from './plan.ts';
import { KIND, SECTION } from './plan.ts';
import type { ServedZone } from './zonetable.ts';

/** RFC 5155 §7.2.3, §7.2.4, §7.2.7: the NSEC3 that matches `node`, or with opt-out the proof that none needs to. */
export function proveNodataByNsec3(plan: Plan, zone: ServedZone, node: NodeIndex): void {
  const chain = zone.nsec3!;
  if (chain.matching(node) === NO_NODE) proveOptOut(plan, zone, chain, node);
  else addMatching(plan, zone, chain, node);
}

/** The closest provable encloser of an unsigned delegation, and what covers the delegation, the next closer name. */
function proveOptOut(plan: Plan, zone: ServedZone, chain: Nsec3Chain, cut: NodeIndex): void {
  addMatching(plan, zone, chain, zone.image.parent(cut));
  addNode(plan, zone, chain, chain.coveringCut(cut));
}

/** RFC 5155 §7.2.5, but for the next closer name: the closest encloser and the wildcard below it. */
export function proveWildcardNodataByNsec3(plan: Plan, zone: ServedZone, source: NodeIndex): void {
  const chain = zone.nsec3!;
  addMatching(plan, zone, chain, zone.image.parent(source));
  addMatching(plan, zone, chain, source);
}

/** RFC 5155 §7.2.6: the NSEC3 that covers the next closer name of `name`. */
export function proveNoNameByNsec3(
  plan: Plan,
  zone: ServedZone,
  name: SearchName,
  encloser: NodeIndex,
): void {
  const chain = zone.nsec3!;
  const at = name.labelAt[name.labels - zone.image.labels(encloser) - 1]!;
  addCovering(plan, zone, chain, chain.covering(name.octets, at, name.length - at));
}

/** RFC 5155 §7.2.2: the closest encloser, nothing at the next closer name, and no wildcard. */
export function proveNxdomainByNsec3(
  plan: Plan,
  zone: ServedZone,
  name: SearchName,
  encloser: NodeIndex,
): void {
  const chain = zone.nsec3!;
  addMatching(plan, zone, chain, encloser);
  proveNoNameByNsec3(plan, zone, name, encloser);
  addCovering(plan, zone, chain, chain.coveringWildcard(zone.image, encloser));
}

function addMatching(plan: Plan, zone: ServedZone, chain: Nsec3Chain, node: NodeIndex): void {
  addNode(plan, zone, chain, chain.matching(node));
}

/** `node` is what covers a name; NO_NODE if nothing does (RFC 5155 §7.2.9). */
function addCovering(plan: Plan, zone: ServedZone, chain: Nsec3Chain, node: NodeIndex): void {
  if (node === NO_NODE) plan.isUnprovable = true;
  else addNode(plan, zone, chain, node);
}

function addNode(plan: Plan, zone: ServedZone, chain: Nsec3Chain, node: NodeIndex): void {
  const { image } = chain;
  if (node !== chain.apex) plan.add(SECTION.AUTHORITY, zone, image, image.firstRRset(node), KIND.RRSET);
  else plan.add(SECTION.AUTHORITY, zone, zone.apex!, zone.apexNsec3, KIND.RRSET);
}
