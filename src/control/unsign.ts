/**
 * Going unsigned: the DS first, then the signatures (ROLLOVER 2.7). For a reason that is written down it is done at
 * once: the last resort when nothing can be signed any more, or nothing that is signed can be trusted.
 */
import { type Order, unsigning } from '../daemon/orders.ts';
import type { ZoneSigning } from '../daemon/signing.ts';
import { isDsWaived } from '../kasp/versions.ts';
import { carryOut, type RolloverContext, refuse } from './carry-out.ts';
import { dryRun, orderPlan } from './dry-run.ts';
import { findSigned, type SignedZone } from './find.ts';
import { OperationError } from './operation.ts';
import type { Params } from './operations.ts';
import type { RolloverChange } from './shapes.ts';

/** `zone unsign`: what is forced comes with what it breaks, and from when to when. */
export async function unsign(
  context: RolloverContext,
  params: Params<'zone.unsign'>,
): Promise<RolloverChange> {
  const { zone, forceUnsafe } = params;
  const found = findSigned(context.zones, zone);
  const order: Order = { kind: 'insecure', forceUnsafe };
  const now = context.clock.now();
  if (forceUnsafe === undefined && !params.dryRun) return carryOut(context, found, order);
  refuse(found, order, now);
  if (forceUnsafe !== undefined && isDsWaived(found.signing.zoneState, found.signing.policy, now)) {
    throw nothingToForce(found);
  }
  const plan = orderPlan(found, unsigning(order), now);
  const notes = forceUnsafe === undefined ? [] : lastResortWords(found);
  if (!params.dryRun) {
    const change = await carryOut(context, found, order);
    return { ...change, plan, next: [...notes, ...change.next] };
  }
  const force = forceUnsafe === undefined ? '' : ` --force-unsafe '${quoted(forceUnsafe)}'`;
  return dryRun(found, plan, { notes, command: `keyturn zone unsign ${zone}${force}` });
}

/** What only the operator can do: CDS that nobody signs are believed by nobody. */
function lastResortWords({ zone, signing }: SignedZone): string[] {
  const tags = tagsWithDs(signing);
  const which = tags.length === 0 ? 'any DS' : `the DS of key ${tags.join(' and of key ')}`;
  const ask =
    `nobody can ask the parent by CDS, which nothing signs any more: have ${which} of ${zone.name} removed at the ` +
    'registrar NOW';
  const outage =
    signing.zoneState.delegation === 'unconfirmed'
      ? `whether the parent has a DS is not known: if it has, ${zone.name} is bogus until that is gone`
      : `every validating resolver gets no answer (SERVFAIL) from ${zone.name} until the DS is gone from the parent ` +
        'and from its cache; the sooner it is removed, the shorter that is';
  const later = `when that is over: keyturn zone sign ${zone.name} --new-keys makes keys that nobody else has`;
  return [outage, ask, later];
}

function tagsWithDs({ zoneState }: ZoneSigning): number[] {
  return zoneState.keys
    .filter(({ states }) => states.ds !== null && states.ds.state !== 'hidden')
    .map(({ tag }) => tag);
}

function nothingToForce({ zone }: SignedZone): OperationError {
  const message = `no validator has a DS of ${zone.name}: going unsigned breaks nothing`;
  const fix = `leave --force-unsafe out; keyturn zone unsign ${zone.name} is done as soon`;
  return new OperationError('USAGE_WRONG', 'NOTHING_TO_FORCE', message, fix);
}

/** In single quotes of a shell. */
function quoted(text: string): string {
  return text.replaceAll("'", "'\\''");
}
