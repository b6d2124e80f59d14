/**
 * The monitor of the DS at the parent (ROLLOVER 3.4): looks when it is time, and tells the key states what the looks prove.
 * It answers for nothing but facts: what follows from them is for the machine to find.
 */
import type { UnixSeconds } from '../base/time.ts';
import { dnskeyOf } from '../kasp/records.ts';
import type { EventSink } from '../ops/events.ts';
import type { Log } from '../ops/log.ts';
import type { Unknown } from '../parent/judge.ts';
import { type Look, lookAtDs } from '../parent/look.ts';
import { type News, newsOf, nextLookAt, waitingSince, withNews } from '../parent/news.ts';
import { type ParentReason, reasonsOf } from '../parent/reasons.ts';
import { afterLook, foreignDs, sightOf, UNWATCHED, type Watch } from '../parent/watch.ts';
import { formatName } from '../wire/name.ts';
import { EvenCds } from './evencds.ts';
import { FirstDs, type FirstDsReason } from './firstds.ts';
import { LookQueue, type LookUrgency } from './lookqueue.ts';
import type { ParentNetCounters } from './parentnet.ts';
import type { ParentsContext } from './parents.ts';
import { type ParentPush, type PushReason, pushReasonOf } from './push.ts';
import type { Scheduler } from './scheduler.ts';
import type { OrderEvent } from './signingports.ts';
import type { SteadyClock } from './steadyclock.ts';
import type { Zone } from './zone.ts';

export interface MonitorContext extends ParentsContext {
  readonly clock: SteadyClock;
  readonly scheduler: Scheduler;
  readonly log: Log;
  readonly events: EventSink;
  /** A look at the parent of a zone is over. */
  readonly looked: (zone: Zone) => void;
}

/** Looks under way at once; each asks all servers of a parent. */
const MAX_LOOKS = 32;
/** Who is in a hurry waits for what those under way ask: no longer than it takes a second to ask it. */
const QUESTIONS_A_LOOK = 4;

/** How the monitor does, over all zones. */
export interface MonitorCounters extends ParentNetCounters {
  /** Messages in any second, at most. */
  readonly rate: number;
  /** Zones whose parent is watched, and those of them of which no look was complete since the start. */
  readonly zones: number;
  readonly unseen: number;
  /** Looks that were taken since the start; those under way; those that are due and wait. */
  readonly looks: number;
  readonly looking: number;
  readonly queued: number;
  /** For how many seconds the look is due that waits longest. */
  readonly lateSeconds: number;
}

interface Watched {
  watch: Watch;
  nextAt: UnixSeconds | null;
  /** The look that is under way. */
  look: Promise<void> | undefined;
  /** What was told of the last look, so that it is told once. */
  told: string;
}

export class ParentMonitor {
  readonly #context: MonitorContext;
  readonly #watched = new Map<Zone, Watched>();
  readonly #queue: LookQueue<Zone>;
  #looks = 0;
  readonly #firstDs: FirstDs;

  readonly push: ParentPush | undefined;
  readonly even: EvenCds;

  #isWaiting = false;

  constructor(context: MonitorContext, push?: ParentPush) {
    this.#context = context;
    this.push = push;
    this.#firstDs = new FirstDs(context);
    this.even = new EvenCds(context);
    const atOnce = Math.floor(context.network.rate / QUESTIONS_A_LOOK);
    this.#queue = new LookQueue(Math.min(MAX_LOOKS, Math.max(1, atOnce)));
  }

  /** Begins nothing until `begin`: a parent that is served here answers only when the sockets are open. */
  wait(): void {
    this.#isWaiting = true;
  }

  /** Begins with these zones, after `wait`. */
  begin(zones: readonly Zone[]): void {
    this.#isWaiting = false;
    for (const zone of zones) this.touch(zone);
  }

  /** The keys of a zone have had a turn: it may have something to ask of its parent now. */
  touch(zone: Zone): void {
    const { signing, keeper, origin } = zone;
    // The root has no parent.
    const isWatchable = origin[0] !== 0 && !this.#isWaiting;
    if (signing === undefined || keeper.epoch === undefined || !isWatchable) return;
    this.push?.touch(zone);
    this.#firstDs.touch(zone, () => void this.look(zone, 'awaited'));
    const watched = this.#of(zone);
    const { now } = this.#context.clock.keyInstant();
    const at = nextLookAt(watched.watch, signing.zoneState, signing.policy, now);
    watched.nextAt = at;
    const due = this.#context.clock.wallTimeOf(at);
    const urgency = waitingSince(signing.zoneState) === null ? 'idle' : 'awaited';
    this.#context.scheduler.at(timerOf(zone), due, () => void this.look(zone, urgency));
  }

  /** The way to parents and to what they delegate to. */
  get parents(): ParentsContext {
    return this.#context;
  }

  /** Ends the looks that are under way. */
  close(): void {
    this.#context.network.close();
  }

  /** Forgets a zone that is no longer served. */
  forget(zone: Zone): void {
    this.push?.forget(zone);
    this.even.forget(zone);
    this.#firstDs.forget(zone);
    this.#watched.delete(zone);
    this.#context.scheduler.cancel(timerOf(zone));
  }

  /** What is known of a zone's parent, and when it is looked at next. */
  knownOf(zone: Zone): { readonly watch: Watch; readonly nextAt: UnixSeconds | null } {
    return this.#watched.get(zone) ?? { watch: UNWATCHED, nextAt: null };
  }

  /**
   * Looks as soon as it is the zone's turn, or joins the look that waits or is under way; resolves when what it proved is
   * taken in. Never rejects.
   */
  look(zone: Zone, urgency: LookUrgency = 'asked'): Promise<void> {
    const watched = this.#of(zone);
    if (watched.look !== undefined) this.#queue.hurry(zone, urgency);
    watched.look ??= this.#lookOnce(zone, watched, urgency).finally(() => {
      watched.look = undefined;
    });
    return watched.look;
  }

  /** Why a zone that waits for its parent still waits: what looks show, and what became of telling the parent. */
  reasonsFor(zone: Zone): (ParentReason | PushReason | FirstDsReason)[] {
    const { signing } = zone;
    if (signing === undefined || signing.waitingSince === null) return [];
    const outcome = this.push?.outcomeOf(zone) ?? null;
    const { now } = this.#context.clock.keyInstant();
    const scene = { state: signing.zoneState, policy: signing.policy, now };
    const seen = reasonsOf(this.knownOf(zone).watch, zone.origin, scene, outcome === 'told');
    const told = outcome === null ? undefined : pushReasonOf(outcome);
    return [...seen, ...(told === undefined ? [] : [told]), ...this.#firstDs.reasonsFor(zone)];
  }

  get counters(): MonitorCounters {
    const { network, clock } = this.#context;
    const oldest = this.#queue.oldestDue;
    const unseen = [...this.#watched.values()].filter(({ watch }) => watch.rounds.length === 0).length;
    return {
      ...network.counters,
      ...{ rate: network.rate, zones: this.#watched.size, unseen, looks: this.#looks },
      ...{ looking: this.#queue.running, queued: this.#queue.waiting },
      lateSeconds: oldest === null ? 0 : Math.max(0, Math.round(clock.now() - oldest)),
    };
  }

  #of(zone: Zone): Watched {
    const known = this.#watched.get(zone);
    if (known !== undefined) return known;
    const added: Watched = { watch: UNWATCHED, nextAt: null, look: undefined, told: '' };
    this.#watched.set(zone, added);
    return added;
  }

  async #lookOnce(zone: Zone, watched: Watched, urgency: LookUrgency): Promise<void> {
    const { clock, finder, network } = this.#context;
    const outcome = await this.#queue.run(zone, urgency, clock.now(), () => {
      this.#looks++;
      return lookAtDs(finder, network, zone.origin, clock.now());
    });
    const { signing } = zone;
    if (signing === undefined || !this.#watched.has(zone)) return;
    // What is seen counts from when the last server has answered, never from before.
    const { ended } = clock.keyInstant();
    watched.watch = afterLook(watched.watch, outcome, signing.policy.monitor, ended);
    this.#tell(zone, watched, outcome);
    await this.#report(zone, watched);
    const checked = this.#firstDs.check(zone, outcome, urgency === 'asked');
    this.touch(zone);
    this.#context.looked(zone);
    void this.even.review(zone);
    if (urgency === 'asked') await checked;
  }

  /** Hands to the key states what they do not know. */
  async #report(zone: Zone, { watch }: Watched): Promise<void> {
    const { signing, keeper } = zone;
    if (signing === undefined) return;
    const { now } = this.#context.clock.keyInstant();
    const { origin } = zone;
    if (newsOf(watch, origin, { state: signing.zoneState, policy: signing.policy, now }).length === 0) return;
    try {
      await keeper.change(async ({ ended }) => {
        const { zoneState, policy } = signing;
        const news = newsOf(watch, origin, { state: zoneState, policy, now: ended });
        return { state: withNews(zoneState, news, policy, ended), events: news.map(eventOf) };
      }, 'due');
    } catch (error) {
      // A disk that is full freezes rollovers and is told by the keeper; the next look tells the same again.
      const why = error instanceof Error ? error.message : String(error);
      this.#context.log.error(
        { zone: zone.name },
        `${zone.name}: what was seen at the parent is not kept: ${why}`,
      );
    }
  }

  /** Tells what a look showed, when that is something else than before. */
  #tell(zone: Zone, watched: Watched, outcome: Look | Unknown): void {
    const text = this.#textOf(zone, watched.watch, outcome);
    if (text === watched.told) return;
    watched.told = text;
    this.#context.log.info({ zone: zone.name }, `${zone.name}: ${text}`);
    this.#context.events.add({ kind: 'parent', zone: zone.name, message: text, details: {} });
  }

  #textOf(zone: Zone, watch: Watch, outcome: Look | Unknown): string {
    if (outcome.kind === 'unknown') return `the parent cannot be looked at: ${outcome.text}`;
    const keys = zone.signing!.zoneState.keys.filter(({ states }) => states.ds !== null);
    const dnskeys = keys.map(dnskeyOf);
    const ds = keys.map(
      (key, i) => `key ${key.tag} ${WORDS[sightOf(outcome.sights, zone.origin, dnskeys[i]!)]}`,
    );
    const foreign = foreignDs(watch, zone.origin, dnskeys).length;
    const others = foreign === 0 ? '' : `; ${foreign} DS of no key that is here`;
    const mute = outcome.sights.filter(({ verdict }) => verdict.kind === 'unknown').length;
    const silent = mute === 0 ? '' : `; ${mute} of ${outcome.sights.length} servers say nothing`;
    return `DS at ${formatName(outcome.parent)}: ${ds.join(', ')}${others}${silent}`;
  }
}

const WORDS = { IN: 'on all servers', OUT: 'on none', MIXED: 'on some', UNKNOWN: 'unknown' } as const;

/** What was seen, for the audit trail. */
function eventOf({ keyId, tag, what, ttl }: News): OrderEvent {
  return { kind: 'order', order: `monitor ${what}`, by: 'monitor', keyId, tag, ttl };
}

function timerOf({ name }: Zone): string {
  return `look at parent of ${name}`;
}
