/**
 * An operator's word on the DS at the parent against what the parent shows (ROLLOVER 3.4): where parents are looked at, a
 * word that a look contradicts is not believed, because a rollover would build on it.
 */
import type { ParentMonitor } from '../daemon/monitor.ts';
import type { Order } from '../daemon/orders.ts';
import { dnskeyOf } from '../kasp/records.ts';
import { findKey } from '../kasp/zonestate.ts';
import type { Sight } from '../parent/look.ts';
import { sightOf } from '../parent/watch.ts';
import { formatName } from '../wire/name.ts';
import type { SignedZone } from './find.ts';
import { OperationError } from './operation.ts';

/** Looks at the parent once more and throws OperationError if it shows otherwise than one of the orders says. */
export async function refuseContradiction(
  monitor: ParentMonitor | undefined,
  found: SignedZone,
  orders: readonly Order[],
): Promise<void> {
  if (monitor === undefined) return;
  await monitor.look(found.zone);
  const outcome = monitor.knownOf(found.zone).watch.last?.outcome;
  // Where nothing can be seen, the operator may see more than we do.
  if (outcome === undefined || outcome.kind === 'unknown') return;
  for (const order of orders) {
    const shown = contradictionOf(found, order, outcome.sights);
    if (shown === undefined) continue;
    const message = `${formatName(outcome.parent)} shows otherwise: ${shown}`;
    const fix = `see keyturn parent show ${found.zone.name}; what it shows is taken in by itself, nothing need be confirmed`;
    throw new OperationError('REFUSED', 'PARENT_CONTRADICTS', message, fix);
  }
}

/** What the parent shows that an order denies; undefined if nothing. */
function contradictionOf(
  { zone, signing }: SignedZone,
  order: Order,
  sights: readonly Sight[],
): string | undefined {
  if (order.kind === 'no-ds') {
    const having = sights.filter(({ verdict }) => verdict.kind === 'known' && verdict.ds.length > 0).length;
    return having === 0 ? undefined : `${having} of ${sights.length} servers have a DS`;
  }
  if (order.kind !== 'ds') return undefined;
  const key = findKey(signing.zoneState, order.keyId);
  if (key === undefined) return undefined;
  const sight = sightOf(sights, zone.origin, dnskeyOf(key));
  if (order.seen && sight === 'OUT') return `no server has a DS of key ${key.tag}`;
  if (!order.seen && sight === 'IN') return `every server has the DS of key ${key.tag}`;
  if (sight === 'MIXED') return `some servers have the DS of key ${key.tag}, others do not`;
  return undefined;
}
