/**
 * @hot Proofs of what is not there, from the zone's NSEC chain (RFC 4035 §3.1.3). The names in them are those of
 * RFC 4592 and RFC 5155: closest encloser, next closer name, source of synthesis.
 */
import { RRTYPE } from '../wire/iana.ts';
import type { SearchName } from '../wire/searchname.ts';
import type { NodeIndex } from '../zone/image.ts';
import { APEX, NO_RRSET } from '../zone/image.ts';
import { nodeBefore } from '../zone/lookup.ts';
import type { Plan } from './plan.ts';
import { KIND, SECTION } from './plan.ts';
import type { ServedZone } from './zonetable.ts';

const WILDCARD_LABEL = Uint8Array.of(1, 42);

/** Plans the NSEC that matches `node` or, for an empty non-terminal, covers it: "no such type". */
export function proveNodataByNsec(plan: Plan, zone: ServedZone, node: NodeIndex): void {
  addNsec(plan, zone, zone.image.covering(node));
}

/**
 * Plans the NSEC that covers `name`, which does not exist, nor does the next closer name below its closest encloser:
 * "no such name, no closer match" (RFC 4035 §3.1.3.3).
 */
export function proveNoNameByNsec(plan: Plan, zone: ServedZone, name: SearchName, encloser: NodeIndex): void {
  const { image } = zone;
  const nextCloser = name.labels - image.labels(encloser) - 1;
  const before = nodeBefore(image, encloser, name.octets, name.labelAt[nextCloser]!);
  addNsec(plan, zone, image.covering(before));
}

/** Plans the NSECs for "no such name, and no wildcard that could make it" (RFC 4035 §3.1.3.2). */
export function proveNxdomainByNsec(
  plan: Plan,
  zone: ServedZone,
  name: SearchName,
  encloser: NodeIndex,
): void {
  proveNoNameByNsec(plan, zone, name, encloser);
  const { image } = zone;
  addNsec(plan, zone, image.covering(nodeBefore(image, encloser, WILDCARD_LABEL, 0)));
}

function addNsec(plan: Plan, zone: ServedZone, node: NodeIndex): void {
  if (node !== APEX) {
    plan.add(SECTION.AUTHORITY, zone, zone.image, zone.image.nsec(node), KIND.RRSET);
    return;
  }
  const apex = zone.apex;
  if (apex === null) return;
  const nsec = apex.rrset(APEX, RRTYPE.NSEC);
  if (nsec !== NO_RRSET) plan.add(SECTION.AUTHORITY, zone, apex, nsec, KIND.RRSET);
}
