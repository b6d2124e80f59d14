/**
 * Tells parents of new CDS records (RFC 9859, ROLLOVER 3.6), so that nobody has to wait for their next scan. It changes
 * nothing here: whether a parent did what it was told to look at, the monitor sees.
 *
 *     the zone waits for its parent → all its servers have the same CDS → DSYNC → NOTIFY → any response: told
 */
import type { UnixSeconds } from '../base/time.ts';
import type { EventSink } from '../ops/events.ts';
import type { Log } from '../ops/log.ts';
import { findNotifyTarget, type NotifyTarget } from '../parent/dsync.ts';
import { waitingSince } from '../parent/news.ts';
import { isNotifyResponse, notifyFor } from '../parent/notify.ts';
import { isAtOrBelow, type Name } from '../wire/name.ts';
import { cdsText, compareCds, markOf } from './evencds.ts';
import type { ParentsContext } from './parents.ts';
import type { Scheduler } from './scheduler.ts';
import type { SteadyClock } from './steadyclock.ts';
import type { Zone } from './zone.ts';

export interface PushContext extends ParentsContext {
  readonly clock: SteadyClock;
  readonly scheduler: Scheduler;
  readonly log: Log;
  readonly events: EventSink;
}

/** Until all servers of a zone have what the parent shall find there, ever more rarely; milliseconds. */
const UNEVEN_MS: readonly number[] = [1_000, 2_000, 5_000, 10_000, 30_000, 60_000, 300_000];
/** After a target was silent (RFC 9859 §4.2: at most five retries); milliseconds. */
const SILENT_MS: readonly number[] = [60_000, 120_000, 240_000, 480_000, 960_000];

/** What has become of telling a parent, for people. */
export type PushOutcome = 'told' | 'no target' | 'several targets' | 'silent' | 'servers differ' | 'unknown';

interface Pushed {
  /** Of the CDS and CDNSKEY RRsets that it is about (daemon/evencds), and since when they are told. */
  mark: string;
  since: UnixSeconds;
  outcome: PushOutcome | null;
  uneven: number;
  silent: number;
  isUnderWay: boolean;
}

/** A parent that was told of CDS and has not acted for `staleAfter` is told of them every week (ROLLOVER 2.10). */
const WEEK = 7 * 86_400;

function isDueAgain({ signing }: Zone, { since, outcome }: Pushed, now: UnixSeconds): boolean {
  const waiting = waitingSince(signing!.zoneState);
  const isStale = waiting !== null && now - waiting >= signing!.policy.staleAfter;
  const isOver = outcome !== null && outcome !== 'servers differ' && outcome !== 'unknown';
  return isStale && isOver && now - since >= WEEK;
}

export class ParentPush {
  readonly #context: PushContext;
  readonly #pushed = new Map<Zone, Pushed>();

  constructor(context: PushContext) {
    this.#context = context;
  }

  /** The keys of a zone have had a turn: its CDS may be others, or all threads serve them now. */
  touch(zone: Zone): void {
    const { signing } = zone;
    // Not before every thread serves it: the parent would find what was there before.
    if (signing === undefined || signing.isPending || waitingSince(signing.zoneState) === null) return;
    const content = cdsText(zone);
    if (content === '') return;
    const { now } = this.#context.clock.keyInstant();
    const pushed = this.#pushed.get(zone);
    const mark = markOf(content);
    if (pushed?.mark === mark && !isDueAgain(zone, pushed, now)) return;
    this.#pushed.set(zone, { mark, since: now, outcome: null, uneven: 0, silent: 0, isUnderWay: false });
    this.#after(zone, 0);
  }

  /** What became of telling the parent of the CDS that are served; null if there was nothing to tell, or not yet. */
  outcomeOf(zone: Zone): PushOutcome | null {
    return this.#pushed.get(zone)?.outcome ?? null;
  }

  forget(zone: Zone): void {
    this.#pushed.delete(zone);
    this.#context.scheduler.cancel(timerOf(zone));
  }

  #after(zone: Zone, ms: number): void {
    this.#context.scheduler.after(timerOf(zone), ms, () => void this.#push(zone));
  }

  async #push(zone: Zone): Promise<void> {
    const pushed = this.#pushed.get(zone);
    if (pushed === undefined || pushed.isUnderWay) return;
    pushed.isUnderWay = true;
    const outcome = await this.#try(zone);
    pushed.isUnderWay = false;
    if (this.#pushed.get(zone) !== pushed) {
      // The CDS changed meanwhile.
      if (this.#pushed.has(zone)) this.#after(zone, 0);
      return;
    }
    if (outcome !== pushed.outcome) this.#tell(zone, outcome);
    pushed.outcome = outcome;
    if (outcome === 'servers differ' || outcome === 'unknown') {
      this.#after(zone, UNEVEN_MS[Math.min(pushed.uneven++, UNEVEN_MS.length - 1)]!);
    } else if (outcome === 'silent') {
      const next = SILENT_MS[pushed.silent++];
      if (next !== undefined) this.#after(zone, next);
    }
  }

  async #try(zone: Zone): Promise<PushOutcome> {
    const { finder, clock } = this.#context;
    const target = await findNotifyTarget(finder, zone.origin, clock.now());
    if (target === 'none') return 'no target';
    if (target === 'several') return 'several targets';
    if ('kind' in target) return 'unknown';
    if (!(await this.#isEverywhere(zone))) return 'servers differ';
    return (await this.#notify(zone, target)) ? 'told' : 'silent';
  }

  /** Whether every server of the zone, as its parent delegates it, has the CDS and CDNSKEY that we have; signals, too. */
  async #isEverywhere(zone: Zone): Promise<boolean> {
    const content = cdsText(zone);
    // Others came, or they went: the parent is not told of what it was not to be told of.
    if (!zone.isVouchedFor || this.#pushed.get(zone)?.mark !== markOf(content)) return false;
    const found = await compareCds(this.#context, zone, content, this.#context.clock.now());
    return found !== undefined && found.differing.length + found.silent.length === 0;
  }

  /** Tells one address after the other until one answers, whatever it says. */
  async #notify(zone: Zone, { host, port }: NotifyTarget): Promise<boolean> {
    const { finder, network, clock } = this.#context;
    const message = notifyFor(zone.origin, await this.#agentFor(zone));
    for (const address of await finder.addressesOf(host, clock.now())) {
      const octets = await network.tell({ address, port }, message);
      if (!('fault' in octets) && isNotifyResponse(octets)) return true;
    }
    return false;
  }

  /** The agent for reports, if it is one that the parent may believe: at or below a name server of the zone. */
  async #agentFor({ origin }: Zone): Promise<Name | null> {
    const { finder, clock, reportAgent = null } = this.#context;
    if (reportAgent === null) return null;
    const servers = await finder.serversOf(origin, clock.now());
    const isNamed = !('kind' in servers) && servers.some(({ name }) => isAtOrBelow(reportAgent, name));
    return isNamed ? reportAgent : null;
  }

  #tell(zone: Zone, outcome: PushOutcome): void {
    const text = WORDS[outcome];
    this.#context.log.info({ zone: zone.name, outcome }, `${zone.name}: ${text}`);
    this.#context.events.add({ kind: 'parent', zone: zone.name, message: text, details: { outcome } });
  }
}

const WORDS: Readonly<Record<PushOutcome, string>> = {
  told: 'the parent was told of new CDS records (NOTIFY)',
  'no target': 'the parent has no DSYNC record: it finds new CDS records by itself, if it looks for them',
  'several targets': 'the parent has several DSYNC records for CDS, so none is told of new ones',
  silent: 'the parent was told of new CDS records and did not answer',
  'servers differ': 'the parent is not told yet: not all name servers have the new CDS records',
  unknown: 'whom to tell of new CDS records cannot be found out',
};

/** Why the parent was not told of new CDS records. */
export interface PushReason {
  readonly code: 'DSYNC_NONE' | 'DSYNC_SEVERAL' | 'DSYNC_UNKNOWN' | 'NOTIFY_SILENT' | 'NOTIFY_HELD_BACK';
  readonly address: null;
  readonly since: null;
  readonly text: string;
}

const CODES: Readonly<Record<Exclude<PushOutcome, 'told'>, PushReason['code']>> = {
  'no target': 'DSYNC_NONE',
  'several targets': 'DSYNC_SEVERAL',
  silent: 'NOTIFY_SILENT',
  'servers differ': 'NOTIFY_HELD_BACK',
  unknown: 'DSYNC_UNKNOWN',
};

/** The outcome as a reason why the parent knows nothing; undefined if it was told. */
export function pushReasonOf(outcome: PushOutcome): PushReason | undefined {
  if (outcome === 'told') return undefined;
  return { code: CODES[outcome], address: null, since: null, text: WORDS[outcome] };
}

function timerOf({ name }: Zone): string {
  return `tell parent of ${name}`;
}
