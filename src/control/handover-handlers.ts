/** Handlers of the operations that are about what is handed over. */
import type { Zones } from '../daemon/zones.ts';
import type { Delivery } from '../store/deliveries.ts';
import { formatName } from '../wire/name.ts';
import { iso } from './describe.ts';
import { getZone, originOf } from './find.ts';
import type { HANDOVER_OPERATIONS } from './handover-operations.ts';
import type { ChannelOutcomeView, DeliveriesView, DeliveryView } from './handover-shapes.ts';
import { OperationError } from './operation.ts';
import type { Handlers } from './server.ts';

export function createHandoverHandlers({
  zones,
}: {
  readonly zones: Zones;
}): Pick<Handlers, keyof typeof HANDOVER_OPERATIONS> {
  const { handover } = zones;
  const listed = (names?: readonly string[]): DeliveriesView => {
    const all = handover.deliveries.all();
    const shown = names === undefined ? all : all.filter(({ zone }) => names.includes(zone));
    return { deliveries: shown.map(viewOf) };
  };
  /** Does it for each name that is meant. */
  const act = (zone: string, one: (name: string) => number, missing: string): DeliveriesView => {
    const names = namesOf(zone);
    const count = names.reduce((sum, name) => sum + one(name), 0);
    if (count > 0) return listed(names);
    if (!names.includes('')) mustBeKnown(zones, zone, listed(names));
    const fix = 'see what there is: keyturn handover list';
    throw new OperationError('NO_SUCH_OBJECT', 'NO_SUCH_DELIVERY', `${missing} of ${zone}`, fix);
  };
  return {
    'handover.list': ({ zone }) => {
      if (zone === undefined) return listed();
      const names = namesOf(zone);
      const found = listed(names);
      if (!names.includes('')) mustBeKnown(zones, zone, found);
      return found;
    },
    'handover.retry': ({ zone }) =>
      act(zone, (name) => handover.deliveries.retry(name), 'nothing waits or is dead'),
    'handover.drop': ({ zone }) => {
      return act(zone, (name) => handover.deliveries.dropDead(name), 'there is no dead letter');
    },
  };
}

/** What became of a delivery, by channel. */
export function outcomesOf(delivery: Delivery | undefined): ChannelOutcomeView[] {
  return (delivery?.outcomes ?? []).map((one) => ({ ...one, at: iso(one.at)! }));
}

/** Zones that a word means in deliveries: the root is also the name of the server. */
function namesOf(text: string): readonly string[] {
  const name = formatName(originOf(text));
  return name === '.' ? [name, ''] : [name];
}

/** What is left of a zone that is no longer served can be seen; a name of nothing is a mistake. */
function mustBeKnown(zones: Zones, zone: string, { deliveries }: DeliveriesView): void {
  if (deliveries.length === 0) getZone(zones, zone);
}

function viewOf(delivery: Delivery): DeliveryView {
  const { id, zone, topic, payload, state, channels, tries, createdAt, nextAt } = delivery;
  const { code } = JSON.parse(payload) as { readonly code?: unknown };
  return {
    id,
    zone: zone === '' ? null : zone,
    topic,
    code: typeof code === 'string' ? code : null,
    state,
    channel: channels[0]!,
    left: channels.slice(1),
    tries,
    createdAt: iso(createdAt)!,
    nextAt: iso(nextAt),
    outcomes: outcomesOf(delivery),
  };
}
