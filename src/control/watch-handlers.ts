/** Handlers of the operations that watch the server. */
import type { Clock } from '../base/ports.ts';
import { plus } from '../base/time.ts';
import type { EventRing } from '../ops/events.ts';
import type { LogLevels } from '../ops/loglevel.ts';
import { formatName } from '../wire/name.ts';
import { iso } from './describe.ts';
import { eventStream } from './events.ts';
import { originOf } from './find.ts';
import { type HealthContext, healthOf } from './health.ts';
import type { Handlers } from './server.ts';
import type { WATCH_OPERATIONS } from './watch-operations.ts';

export interface WatchContext extends HealthContext {
  readonly clock: Clock;
  readonly events: EventRing;
  readonly levels: LogLevels;
}

export function createWatchHandlers(context: WatchContext): Pick<Handlers, keyof typeof WATCH_OPERATIONS> {
  const { clock, events, levels } = context;
  return {
    health: () => healthOf(context, clock.now()),
    // A zone that is gone has events too: it need not be there.
    events: ({ zone, ...query }) =>
      eventStream(events, { ...query, zone: zone === undefined ? undefined : formatName(originOf(zone)) }),
    'log.level': ({ level, for: seconds }) => {
      levels.set(level, seconds === undefined ? null : plus(clock.now(), seconds));
      const { current, usual, until } = levels;
      return { level: current, until: iso(until), usual };
    },
  };
}
