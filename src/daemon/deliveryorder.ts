/** What becomes of a delivery under way when the channels that it may take are others: pure, and nothing is lost. */
import { plus, type UnixSeconds } from '../base/time.ts';
import type { Delivery } from '../store/deliveries.ts';

/** Which channels the configuration has, and which of them are not what they were before, those that are gone among them. */
export interface Channels {
  readonly known: ReadonlySet<string>;
  readonly changed: ReadonlySet<string>;
}

/** Over all channels of an order, from the first on. */
export function anew(one: Delivery, order: readonly string[], now: UnixSeconds): Delivery {
  return { ...one, order, channels: order, state: 'waiting', tries: 0, nextAt: now };
}

/**
 * With another order of channels: one that waits goes on over its channel if that is still among them, one that a
 * channel has taken waits as long as before for what comes after it, one that was dropped stays so. Without any
 * channel, what waits is dead.
 */
export function withOrder(one: Delivery, order: readonly string[], now: UnixSeconds): Delivery {
  const [channel] = one.channels as readonly [string, ...string[]];
  const channels = [channel, ...order.slice(order.indexOf(channel) + 1)];
  if (order.length === 0) {
    return { ...one, order, channels, state: one.state === 'waiting' ? 'dead' : one.state, nextAt: null };
  }
  switch (one.state) {
    case 'dropped':
      return { ...one, order };
    case 'handed': {
      const isLast = channels.length === 1 || one.patience === 0;
      const nextAt = isLast ? null : (one.nextAt ?? plus(now, one.patience));
      return { ...one, order, channels, nextAt };
    }
    case 'waiting':
      return order.includes(channel) ? { ...one, order, channels } : anew(one, order, now);
    case 'dead':
      return anew(one, order, now);
  }
}

/**
 * With channels that the configuration has in place of those before: one that waits for a channel that is another now is
 * tried again at once, one that is dead gets a new chance, and one without a channel is dead. The same object if nothing
 * changes for it.
 */
export function withChannels(one: Delivery, { known, changed }: Channels, now: UnixSeconds): Delivery {
  const order = one.order.filter((name) => known.has(name));
  const isGone = !known.has(one.channels[0]!);
  if (one.state === 'dropped' || one.state === 'handed') return one;
  if (one.state === 'dead') return order.some((name) => changed.has(name)) ? anew(one, order, now) : one;
  if (order.length === 0) return { ...one, state: 'dead', nextAt: null };
  if (isGone) return anew(one, order, now);
  return changed.has(one.channels[0]!) ? { ...one, tries: 0, nextAt: now } : one;
}
