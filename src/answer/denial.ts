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

const wildcardName = new Uint8Array(258);

/** Plans the NSEC that matches `node` or, for an empty non-terminal, covers it: "no such type". */
export function proveNodata(plan: Plan, zone: ServedZone, node: NodeIndex): void {
  addNsec(plan, zone, zone.image.covering(node));
}

/** Plans the NSEC that covers `name`, which does not exist: "no such name, no closer match" (RFC 4035 §3.1.3.3). */
export function proveNoName(plan: Plan, zone: ServedZone, name: SearchName): void {
  addNsec(plan, zone, zone.image.covering(nodeBefore(zone.image, name.octets, 0)));
}

/** Plans the NSECs for "no such name, and no wildcard that could make it" (RFC 4035 §3.1.3.2). */
export function proveNxdomain(plan: Plan, zone: ServedZone, name: SearchName, encloser: NodeIndex): void {
  proveNoName(plan, zone, name);
  const { image } = zone;
  const at = image.nameAt(encloser);
  wildcardName[0] = 1;
  wildcardName[1] = 42;
  const octets = image.nameOctets(encloser);
  for (let i = 0; i < octets; i++) wildcardName[i + 2] = image.u8[at + i]!;
  addNsec(plan, zone, image.covering(nodeBefore(image, wildcardName, 0)));
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
