/**
 * What a person must see to at the parent of a zone, and who tells of it: the log, the events, whoever follows those.
 * It is told at once, and again as long as it lasts (`kasp/concerns.ts`); what was told is in the state of the zone before
 * it is told, so that a restart repeats nothing.
 */
import { formatDuration, type UnixSeconds } from '../base/time.ts';
import { nextTelling, type Reviewed, reviewed, type Telling } from '../kasp/concerns.ts';
import { LOUD_AFTER } from '../kasp/ladder.ts';
import type { Concerned } from '../kasp/zonestate.ts';
import type { EventSink } from '../ops/events.ts';
import type { Log } from '../ops/log.ts';
import { chainOf, isWhole } from '../parent/chain.ts';
import { type Concern, chainConcerns } from '../parent/concerns.ts';
import { UNWATCHED } from '../parent/watch.ts';
import { tagsAtParent } from './atparent.ts';
import type { ParentMonitor } from './monitor.ts';
import type { Scheduler } from './scheduler.ts';
import type { ZoneSigning } from './signing.ts';
import type { SteadyClock } from './steadyclock.ts';
import type { Zone } from './zone.ts';

/** A zone is served although its file is gone. */
const HELD = 'ZONE_HELD_FOR_DS';

/** Name servers of a zone serve other CDS than we do. */
const UNEVEN = 'SERVERS_CDS_DIFFER';

/** What is wrong, as it can be seen now. */
export function concernsOf(zone: Zone, monitor: ParentMonitor | undefined, now: UnixSeconds): Concern[] {
  const { signing, name } = zone;
  const held = zone.hold === 'parent' ? [heldConcern(zone, tagsAtParent(zone, monitor, now))] : [];
  if (signing === undefined) return held;
  const { watch } = monitor?.knownOf(zone) ?? { watch: UNWATCHED };
  const chain = watch.last === null ? undefined : chainOf(watch, zone.origin, signing.zoneState);
  const differing = monitor?.even.differingOf(zone) ?? [];
  return [
    ...(chain === undefined ? [] : chainConcerns(name, chain)),
    ...held,
    ...(differing.length === 0 ? [] : [unevenConcern(name, differing)]),
  ];
}

function unevenConcern(name: string, differing: readonly string[]): Concern {
  const message = `not all name servers have its CDS and CDNSKEY as they are here: ${differing.join(', ')}`;
  const fix = `see why these are behind: keyturn diagnose ${name}; until then its parent takes no change`;
  return { level: 'warning', code: UNEVEN, message, fix };
}

function heldConcern({ name }: Zone, tags: readonly number[]): Concern {
  const which = tags.length === 0 ? 'a DS' : `the DS of key ${tags.join(', ')}`;
  const message = `its file is gone, and it stays served: its parent, or a cache, has ${which}`;
  const fix = `put the file back, or have the DS removed: keyturn zone unsign ${name}; then it goes by itself`;
  return { level: 'warning', code: HELD, message, fix };
}

export interface ConcernsContext {
  readonly clock: SteadyClock;
  readonly scheduler: Scheduler;
  readonly log: Log;
  readonly events: EventSink;
  /** Undefined if nobody looks at parents. */
  readonly monitor: () => ParentMonitor | undefined;
}

export class Concerns {
  readonly #context: ConcernsContext;
  /** Zones whose review is being made durable. */
  readonly #busy = new Set<Zone>();

  constructor(context: ConcernsContext) {
    this.#context = context;
  }

  /** Something about the zone may be other than it was: its keys, its parent, its file. */
  touch(zone: Zone): void {
    const { clock } = this.#context;
    const { signing, keeper } = zone;
    if (signing === undefined || keeper.epoch === undefined || this.#busy.has(zone)) return;
    this.#schedule(zone, signing);
    if (!clock.isTrusted) return;
    const { told, over } = this.#review(zone, signing, clock.keyInstant().now);
    if (told.length + over.length > 0) void this.#tellWhenDurable(zone, signing);
  }

  /** Forgets a zone that is no longer served. */
  forget(zone: Zone): void {
    this.#context.scheduler.cancel(timerOf(zone));
  }

  #schedule(zone: Zone, { zoneState, policy }: ZoneSigning): void {
    const { clock, scheduler } = this.#context;
    const next = nextTelling(zoneState.concerns, clock.keyInstant().now, policy.staleAfter);
    if (next === null) scheduler.cancel(timerOf(zone));
    else scheduler.at(timerOf(zone), clock.wallTimeOf(next), () => this.touch(zone));
  }

  async #tellWhenDurable(zone: Zone, signing: ZoneSigning): Promise<void> {
    this.#busy.add(zone);
    let found: Review | undefined;
    try {
      await zone.keeper.change(async ({ now }) => {
        found = this.#review(zone, signing, now);
        return { state: { ...signing.zoneState, concerns: found.concerns }, events: [] };
      }, 'due');
      for (const telling of found?.told ?? []) this.#tell(zone, telling, found!.found);
      for (const code of found?.over ?? []) this.#tellOver(zone, code);
    } catch (error) {
      // A disk that is full is told of by the keeper; the next turn, or the next look, reviews again.
      const why = error instanceof Error ? error.message : String(error);
      this.#context.log.debug({ zone: zone.name }, `${zone.name}: what was found is not kept: ${why}`);
      return;
    } finally {
      this.#busy.delete(zone);
    }
    this.touch(zone);
  }

  #review(zone: Zone, { zoneState, policy }: ZoneSigning, now: UnixSeconds): Review {
    const monitor = this.#context.monitor();
    const found = concernsOf(zone, monitor, now);
    const codes = found.map(({ code }) => code);
    // What nobody can see now is not over by that.
    const isKept = ({ code }: Concerned) => !codes.includes(code) && isUnseen(code, zone, monitor);
    const known = zoneState.concerns.filter((one) => !isKept(one));
    const { concerns, ...rest } = reviewed(known, codes, now, policy.staleAfter);
    return { ...rest, concerns: [...zoneState.concerns.filter(isKept), ...concerns], found };
  }

  #tell({ name }: Zone, { code, after }: Telling, found: readonly Concern[]): void {
    const concern = found.find((one) => one.code === code);
    if (concern === undefined) return;
    const { level, message, fix } = concern;
    const text = after === 0 ? message : `for over ${formatDuration(after)}: ${message}`;
    const { log, events } = this.#context;
    const isLoud = level === 'critical' || after >= LOUD_AFTER;
    log[isLoud ? 'error' : 'warn']({ zone: name, code, fix, after }, `${name}: ${text}. ${fix}`);
    events.add({ kind: 'alarm', zone: name, message: text, details: { code, level, fix, after } });
  }

  #tellOver({ name }: Zone, code: string): void {
    const { log, events } = this.#context;
    log.info({ zone: name, code }, `${name}: ${code} is over`);
    events.add({ kind: 'alarm-over', zone: name, message: `${code} is over`, details: { code } });
  }
}

/** Whether nobody can say now if something is still so. */
function isUnseen(code: string, zone: Zone, monitor: ParentMonitor | undefined): boolean {
  if (monitor === undefined || code === HELD) return false;
  if (code === UNEVEN) return monitor.even.differingOf(zone) === undefined;
  return !isWhole(monitor.knownOf(zone).watch);
}

/** What was found of a zone, and what is to be told of it. */
interface Review extends Reviewed {
  readonly found: readonly Concern[];
}

function timerOf({ name }: Zone): string {
  return `remind of ${name}`;
}
