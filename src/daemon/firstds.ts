/**
 * Zones that ask for their first DS are looked at as their parent would look (RFC 9615 §4.2), so that who asks why nothing
 * happens is told. It changes nothing: the parent decides.
 */
import { plus, type UnixSeconds } from '../base/time.ts';
import { asksForFirstDs } from '../kasp/bootstrap.ts';
import type { EventSink } from '../ops/events.ts';
import type { Log } from '../ops/log.ts';
import { type BootstrapReason, type BootstrapVerdict, judgeBootstrap } from '../parent/bootstrap.ts';
import { dsIn, gatherBootstrap } from '../parent/bootstrap-gather.ts';
import { delegationOf } from '../parent/delegation.ts';
import type { Unknown } from '../parent/judge.ts';
import type { Look } from '../parent/look.ts';
import type { ParentsContext } from './parents.ts';
import type { Scheduler } from './scheduler.ts';
import type { SteadyClock } from './steadyclock.ts';
import type { Zone } from './zone.ts';

export interface FirstDsContext extends ParentsContext {
  readonly clock: SteadyClock;
  readonly scheduler: Scheduler;
  readonly log: Log;
  readonly events: EventSink;
}

/** Why a parent that works by RFC 9615 would not take the DS. */
export interface FirstDsReason {
  readonly code: BootstrapReason;
  readonly address: null;
  /** Since when the zone is known to fail the checks. */
  readonly since: UnixSeconds;
  readonly text: string;
}

interface Checked {
  at: UnixSeconds;
  verdict: BootstrapVerdict | null;
  since: UnixSeconds;
}

/** Name servers have what was announced by then. */
const FIRST_MS = 2_000;
/** A check costs a dozen questions: not every look has one. */
const EVERY_S = 600;
/** Name servers may be many; one that fails is told like all. */
const TOLD_REASONS = 4;

export class FirstDs {
  readonly #context: FirstDsContext;
  readonly #checked = new Map<Zone, Checked>();

  constructor(context: FirstDsContext) {
    this.#context = context;
  }

  /** The keys of a zone have had a turn. `look` is called when a zone that has begun to ask is to be looked at first. */
  touch(zone: Zone, look: () => void): void {
    if (!asks(zone)) this.forget(zone);
    else if (!this.#checked.has(zone)) {
      const now = this.#context.clock.now();
      this.#checked.set(zone, { at: 0 as UnixSeconds, verdict: null, since: now });
      this.#context.scheduler.after(timerOf(zone), FIRST_MS, look);
    }
  }

  forget(zone: Zone): void {
    if (this.#checked.delete(zone)) this.#context.scheduler.cancel(timerOf(zone));
  }

  /** Checks a zone that asks, when the parent was looked at; `isAsked`: however short ago that was done. Never rejects. */
  async check(zone: Zone, outcome: Look | Unknown, isAsked: boolean): Promise<void> {
    const { clock, finder, network } = this.#context;
    const checked = this.#checked.get(zone);
    const now = clock.now();
    if (checked === undefined || (!isAsked && now < plus(checked.at, EVERY_S))) return;
    checked.at = now;
    const ds = dsIn(outcome);
    if (ds.kind === 'known' && ds.ds.length > 0) {
      // It is on its way already.
      checked.verdict = null;
      return;
    }
    const delegation = await delegationOf(finder, network, zone.origin, now);
    const hosts = delegation.kind === 'delegation' ? delegation.hosts : [];
    const gathered = await gatherBootstrap({ finder, network }, zone.origin, hosts, now);
    const verdict = judgeBootstrap({ child: zone.origin, ds, ...gathered }, clock.now());
    if (this.#checked.get(zone) !== checked) return;
    const isNews = textOf(verdict) !== textOf(checked.verdict);
    if (checked.verdict?.kind !== verdict.kind) checked.since = now;
    checked.verdict = verdict;
    if (isNews) this.#tell(zone, verdict);
  }

  /** What the newest check found; none if all is well, or nothing is known yet. */
  reasonsFor(zone: Zone): FirstDsReason[] {
    const { verdict, since } = this.#checked.get(zone) ?? NEVER_CHECKED;
    if (verdict === null || verdict.kind === 'accepted') return [];
    const told = verdict.faults.slice(0, TOLD_REASONS);
    return told.map(({ reason, text }) => ({ code: reason, address: null, since, text }));
  }

  #tell(zone: Zone, verdict: BootstrapVerdict): void {
    const { log, events } = this.#context;
    const text = textOf(verdict);
    log.info({ zone: zone.name }, `${zone.name}: ${text}`);
    events.add({ kind: 'parent', zone: zone.name, message: text, details: { bootstrap: verdict.kind } });
  }
}

const NEVER_CHECKED = { verdict: null, since: 0 as UnixSeconds };

function asks({ signing }: Zone): boolean {
  return signing !== undefined && asksForFirstDs(signing.zoneState);
}

function textOf(verdict: BootstrapVerdict | null): string {
  if (verdict === null) return '';
  if (verdict.kind === 'accepted') return 'a parent that works by RFC 9615 can take the first DS';
  const [first] = verdict.faults;
  const more = verdict.faults.length === 1 ? '' : `, and ${verdict.faults.length - 1} more`;
  return `a parent that works by RFC 9615 would not take the first DS: ${first!.text}${more}`;
}

function timerOf({ name }: Zone): string {
  return `check first DS of ${name}`;
}
