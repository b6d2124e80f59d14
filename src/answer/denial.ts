/**
 * @hot Proofs of what is not there. A zone proves in one way at a time, its denial mode; here are the questions, one
 * file beside this for each mode has the answers. Names are those of RFC 4592 and RFC 5155: closest encloser, next
 * closer name, source of synthesis. Call these for signed zones only.
 */
import type { SearchName } from '../wire/searchname.ts';
import type { NodeIndex } from '../zone/image.ts';
import {
  proveNodataCompactly,
  proveNoNameCompactly,
  proveWildcardNodataCompactly,
} from './denial-compact.ts';
import { proveNodataByNsec, proveNoNameByNsec, proveNxdomainByNsec } from './denial-nsec.ts';
import {
  proveNodataByNsec3,
  proveNoNameByNsec3,
  proveNxdomainByNsec3,
  proveWildcardNodataByNsec3,
} from './denial-nsec3.ts';
import type { Plan } from './plan.ts';
import { DENIAL, type ServedZone } from './zonetable.ts';

/** `node` exists, but nothing of the type that was asked for; also: a zone cut has no DS. */
export function proveNodata(plan: Plan, zone: ServedZone, node: NodeIndex): void {
  if (zone.denial === DENIAL.NSEC) proveNodataByNsec(plan, zone, node);
  else if (zone.denial === DENIAL.NSEC3) proveNodataByNsec3(plan, zone, node);
  else if (zone.denial === DENIAL.COMPACT) proveNodataCompactly(plan, zone, node);
}

/**
 * The wildcard `source` has nothing of the type that was asked for. That it stands for the name, which lies at `ownerAt`
 * of the plan's scratch, `proveExpansion` tells.
 */
export function proveWildcardNodata(plan: Plan, zone: ServedZone, source: NodeIndex, ownerAt: number): void {
  if (zone.denial === DENIAL.NSEC) proveNodataByNsec(plan, zone, source);
  else if (zone.denial === DENIAL.NSEC3) proveWildcardNodataByNsec3(plan, zone, source);
  else if (zone.denial === DENIAL.COMPACT) proveWildcardNodataCompactly(plan, zone, source, ownerAt);
}

/**
 * `name`, answered from the wildcard below its closest encloser, does not exist, nor anything nearer to it. With compact
 * denial there is nothing to prove: the answer is signed as if the name existed.
 */
export function proveExpansion(plan: Plan, zone: ServedZone, name: SearchName, encloser: NodeIndex): void {
  if (zone.denial === DENIAL.NSEC) proveNoNameByNsec(plan, zone, name, encloser);
  else if (zone.denial === DENIAL.NSEC3) proveNoNameByNsec3(plan, zone, name, encloser);
}

/** `name` does not exist, and no wildcard below its closest encloser stands for it. */
export function proveNxdomain(plan: Plan, zone: ServedZone, name: SearchName, encloser: NodeIndex): void {
  if (zone.denial === DENIAL.NSEC) proveNxdomainByNsec(plan, zone, name, encloser);
  else if (zone.denial === DENIAL.NSEC3) proveNxdomainByNsec3(plan, zone, name, encloser);
  else if (zone.denial === DENIAL.COMPACT) proveNoNameCompactly(plan, zone, name);
}
