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

const WILDCARD_OCTETS = 2;
/** `*` and the longest name below which there is room for a label. */
const wildcard = new Uint8Array(WILDCARD_OCTETS + 255);
wildcard[0] = 1;
wildcard[1] = 42;

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
  const at = name.labelAt[name.labels - zone.image.labels(encloser) - 1]!;
  addCovering(plan, zone, zone.nsec3!, name.octets, at, name.length - at);
}

/** RFC 5155 §7.2.2: the closest encloser, nothing at the next closer name, and no wildcard. */
export function proveNxdomainByNsec3(
  plan: Plan,
  zone: ServedZone,
  name: SearchName,
  encloser: NodeIndex,
): void {
  const { image } = zone;
  const chain = zone.nsec3!;
  addMatching(plan, zone, chain, encloser);
  proveNoNameByNsec3(plan, zone, name, encloser);
  const octets = image.nameOctets(encloser);
  const at = image.nameAt(encloser);
  for (let i = 0; i < octets; i++) wildcard[WILDCARD_OCTETS + i] = image.u8[at + i]!;
  addCovering(plan, zone, chain, wildcard, 0, WILDCARD_OCTETS + octets);
}

function addMatching(plan: Plan, zone: ServedZone, chain: Nsec3Chain, node: NodeIndex): void {
  addNode(plan, zone, chain, chain.matching(node));
}

function addCovering(
  plan: Plan,
  zone: ServedZone,
  chain: Nsec3Chain,
  name: Uint8Array,
  offset: number,
  octets: number,
): void {
  const node = chain.covering(name, offset, octets);
  if (node === NO_NODE) plan.isUnprovable = true;
  else addNode(plan, zone, chain, node);
}

function addNode(plan: Plan, zone: ServedZone, chain: Nsec3Chain, node: NodeIndex): void {
  const { image } = chain;
  if (node !== chain.apex) plan.add(SECTION.AUTHORITY, zone, image, image.firstRRset(node), KIND.RRSET);
  else plan.add(SECTION.AUTHORITY, zone, zone.apex!, zone.apexNsec3, KIND.RRSET);
}
