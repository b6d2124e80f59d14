/** What comes of an order to roll or to go unsigned, before it is obeyed, or instead of that. */
import { plus, type UnixSeconds } from '../base/time.ts';
import type { RolloverRequest } from '../kasp/step.ts';
import { rolloverStatusOf } from './describe.ts';
import type { SignedZone } from './find.ts';
import { planOf } from './plans.ts';
import type { RolloverChange, RolloverPlan } from './shapes.ts';

/** How far the plan looks. */
const PLAN_S = 400 * 86_400;

/** The plan of an order that is not refused. */
export function orderPlan(found: SignedZone, request: RolloverRequest, now: UnixSeconds): RolloverPlan {
  return planOf(found, { request, until: plus(now, PLAN_S) }, now);
}

/** The result of an order that is not obeyed; `command` is the line that has it obeyed. */
export function dryRun(
  { zone, signing }: SignedZone,
  plan: RolloverPlan,
  { notes, command }: { readonly notes: readonly string[]; readonly command: string },
): RolloverChange {
  const done = `it would be done at ${plan.doneAt ?? 'no known time'}; nothing was changed`;
  return { ...rolloverStatusOf(zone, signing), changed: [], next: [...notes, done], command, plan };
}
