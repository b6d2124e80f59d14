/**
 * What our zones do as parents (RFC 7344, 8078, 9615, 9859): they ask the zones that they delegate what DS they want, by
 * turns and whenever one tells that it has new CDS records, and serve what is rightly asked for.
 *
 *     NOTIFY(CDS), or its turn ─▶ look (daemon/childscan) ─▶ accepted ─▶ children.log ─▶ the zone is made anew
 *
 * A NOTIFY is a hint: it may be forged, so that it costs one look in a while and proves nothing.
 */
import { type FileStore, FileStoreError } from '../base/ports.ts';
import type { UnixSeconds } from '../base/time.ts';
import { tagOfDs } from '../dnssec/ds.ts';
import type { Policy } from '../kasp/policy.ts';
import type { EventSink } from '../ops/events.ts';
import type { Log } from '../ops/log.ts';
import { type ChildDs, ChildrenLog, hasChildrenLog } from '../store/children.ts';
import { zoneKeysPath } from '../store/keystore.ts';
import { RRTYPE } from '../wire/iana.ts';
import { formatName, lowerName, type Name, nameOf, parentName } from '../wire/name.ts';
import type { NodeIndex, ZoneImage } from '../zone/image.ts';
import {
  cutsOf,
  type Delegated,
  delegatedIn,
  isWorthAgain,
  type ScanOutcome,
  scanChild,
  textOf,
} from './childscan.ts';
import type { DerivedRRset } from './derived.ts';
import { dsyncOf } from './dsync.ts';
import type { KeysBefore } from './keysbefore.ts';
import { LookQueue } from './lookqueue.ts';
import type { ParentsContext } from './parents.ts';
import type { Scheduler } from './scheduler.ts';
import type { SteadyClock } from './steadyclock.ts';
import type { Zone } from './zone.ts';

export interface ChildrenContext {
  readonly files: FileStore;
  readonly keysDirectory: string;
  readonly keysBefore: KeysBefore;
  readonly clock: SteadyClock;
  readonly scheduler: Scheduler;
  readonly log: Log;
  readonly events: EventSink;
  /** How name servers are reached; without it children are not asked. */
  readonly parents: ParentsContext | undefined;
  /** Our zone with exactly this apex. */
  readonly find: (apex: Name) => Zone | undefined;
}

/** What the last look at a child led to. */
export interface ChildView {
  readonly child: string;
  /** Tags of the DS that is served. */
  readonly ds: readonly number[];
  /** What the child took care of itself; undefined if the DS is as the file has it. */
  readonly taken: ChildDs | undefined;
  readonly lookedAt: UnixSeconds | null;
  readonly outcome: ScanOutcome | undefined;
}

/** Looks under way at once. */
const MAX_LOOKS = 16;
/** A child that tells again and again is looked at once in this time. */
const QUIET_MS = 5_000;
/** What was told of and could not be followed is looked at again: servers of a child do not change at once. */
const AGAIN_MS: readonly number[] = [5_000, 15_000, 60_000, 300_000];
const MAX_VIEWS = 20_000;
/** A turn of the timer is no shorter, and begins no more looks than this. */
const MIN_TURN_S = 1;
const MAX_LOOKS_A_TURN = 64;
/** The first turn comes soon after the start. */
const MAX_FIRST_TURN_S = 30;

/** From when `children.log` is found to be long until it is written anew. */
const SHORTEN_MS = 60_000;

interface Looked {
  readonly at: UnixSeconds;
  readonly outcome: ScanOutcome;
}

/** What is known of a zone that may have children. */
interface ParentZone {
  readonly log: ChildrenLog;
  image: ZoneImage | undefined;
  cuts: readonly NodeIndex[];
  /** Whose turn is next. */
  next: number;
}

export class Children {
  readonly #context: ChildrenContext;
  readonly #parents = new Map<string, ParentZone>();
  readonly #looked = new Map<string, Looked>();
  /** Until when a child that has told is not looked at again (monotonic milliseconds). */
  readonly #quiet = new Map<string, number>();
  readonly #queue = new LookQueue<string>(MAX_LOOKS);
  readonly #underWay = new Map<string, Promise<ScanOutcome>>();

  constructor(context: ChildrenContext) {
    this.#context = context;
  }

  /** What is in a zone as a parent and not in its file. Throws FileStoreError if it cannot be read. */
  recordsIn(zone: Pick<Zone, 'name' | 'origin'>, { children }: Policy): DerivedRRset[] {
    if (children.accept === 'none' && !this.#mayHaveTaken(zone)) return [];
    const taken = this.#parentOf(zone)
      .log.all()
      .map(({ child, ds }): DerivedRRset => {
        return { owner: child, type: RRTYPE.DS, ttl: children.dsTtl, rdatas: ds };
      });
    return [...taken, ...dsyncOf(zone.origin, children)];
  }

  /** False of most zones, which are no parents: nothing is kept of them. */
  #mayHaveTaken({ name, origin }: Pick<Zone, 'name' | 'origin'>): boolean {
    if (this.#parents.has(name)) return true;
    const { files, keysDirectory, keysBefore } = this.#context;
    return keysBefore.mayBeOf(name) && hasChildrenLog(files, zoneKeysPath(keysDirectory, origin));
  }

  /** A zone was loaded, or follows another policy. */
  touch(zone: Zone): void {
    const { scheduler, parents } = this.#context;
    const image = zone.served?.image;
    if (image === undefined) return;
    if (zone.policy.children.accept === 'none' && !this.#parents.has(zone.name)) return;
    const parent = this.#parentOf(zone);
    this.#shorten(zone, parent.log);
    if (parent.image?.isSameAs(image) !== true) {
      const isFirst = parent.image === undefined;
      parent.image = image;
      parent.cuts = zone.policy.children.accept === 'none' ? [] : cutsOf(image);
      void this.#dropLost(zone, parent);
      if (!isFirst && scheduler.has(timerOf(zone))) return;
    } else if (scheduler.has(timerOf(zone))) return;
    if (parents === undefined || zone.policy.children.accept === 'none') return;
    if (parent.cuts.length === 0) parent.cuts = cutsOf(image);
    this.#arm(zone, Math.min(MAX_FIRST_TURN_S, this.#turnSeconds(zone, parent)));
  }

  /** A zone is no longer served. */
  forget(zone: Zone): void {
    for (const timer of [timerOf(zone), shortenOf(zone)]) this.#context.scheduler.cancel(timer);
    this.#parents.delete(zone.name);
  }

  /** Somebody says that a child has new CDS records (RFC 9859 §4.2). */
  notified(name: Name): void {
    const child = lowerName(name);
    const zone = this.#zoneAbove(child);
    if (zone === undefined || zone.policy.children.accept === 'none') return;
    const key = formatName(child);
    const nowMs = this.#context.clock.monotonicMs();
    const quietUntil = this.#quiet.get(key) ?? 0;
    if (nowMs >= quietUntil) this.#follow(zone, child, 0);
    else this.#context.scheduler.after(againOf(key), quietUntil - nowMs, () => this.#follow(zone, child, 0));
  }

  /** Looks at a child now, or joins the look that is under way; undefined if the zone does not delegate it. */
  async look(zone: Zone, name: Name): Promise<ChildView | undefined> {
    const child = lowerName(name);
    if (this.#delegated(zone, child) === undefined) return undefined;
    await this.#look(zone, child, 'asked');
    return this.view(zone, child);
  }

  /** The file of the zone has its say again about the DS of a child; false if it has it already. */
  async release(zone: Zone, name: Name, by: string): Promise<boolean> {
    const { log } = this.#parentOf(zone);
    const child = lowerName(name);
    if (log.find(child) === undefined) return false;
    await log.drop(child, this.#context.clock.now(), by);
    this.#shorten(zone, log);
    this.#tell(zone, child, `the DS of ${formatName(child)} is as the zone file has it again`, { by });
    zone.renew();
    return true;
  }

  /** What is known of a child; undefined if the zone does not delegate it. */
  view(zone: Zone, name: Name): ChildView | undefined {
    const delegated = this.#delegated(zone, lowerName(name));
    if (delegated === undefined) return undefined;
    const { child, ds } = delegated;
    const looked = this.#looked.get(formatName(child));
    return {
      child: formatName(child),
      ds: ds.map(tagOfDs),
      taken: this.#parentOf(zone).log.find(child),
      lookedAt: looked?.at ?? null,
      outcome: looked?.outcome,
    };
  }

  /** Children of a zone of which there is something to tell: a DS of their own wish, or a look that led to something. */
  views(zone: Zone): ChildView[] {
    const parent = this.#parentOf(zone);
    const taken = parent.log.all().map(({ child }) => formatName(child));
    const looked = [...this.#looked.keys()].filter((name) => this.#zoneAbove(nameOf(name)) === zone);
    const names = [...new Set([...taken, ...looked])].sort();
    return names.flatMap((name) => this.view(zone, nameOf(name)) ?? []);
  }

  // ---- Looks ----

  /** Looks at a child that has told, and again after a while if that led to nothing that lasts. */
  #follow(zone: Zone, child: Name, tried: number): void {
    const key = formatName(child);
    setNewest(this.#quiet, key, this.#context.clock.monotonicMs() + QUIET_MS);
    const isOlder = this.#underWay.has(key);
    void this.#look(zone, child, 'asked').then((outcome) => {
      // What a look had read that began before may be older than the news.
      if (isOlder) {
        this.#follow(zone, child, tried);
        return;
      }
      const again = isWorthAgain(outcome) ? AGAIN_MS[tried] : undefined;
      if (again === undefined) return;
      this.#context.scheduler.after(againOf(key), again, () => this.#follow(zone, child, tried + 1));
    });
  }

  #look(zone: Zone, child: Name, urgency: 'asked' | 'idle'): Promise<ScanOutcome> {
    const key = formatName(child);
    if (urgency === 'asked') this.#queue.hurry(key, urgency);
    const known = this.#underWay.get(key);
    if (known !== undefined) return known;
    const { clock } = this.#context;
    const look = this.#queue
      .run(key, urgency, clock.now(), () => this.#lookOnce(zone, child))
      .finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, look);
    return look;
  }

  async #lookOnce(zone: Zone, child: Name): Promise<ScanOutcome> {
    const { parents, clock } = this.#context;
    const delegated = this.#delegated(zone, child);
    const isSigned = zone.served !== undefined && zone.served.epoch.apex !== null;
    // A DS in a zone that is not signed proves nothing.
    if (delegated === undefined || parents === undefined || !isSigned) return { kind: 'nothing' };
    const { accept } = zone.policy.children;
    const takenInception = this.#parentOf(zone).log.find(child)?.inception ?? null;
    const outcome = await scanChild(parents, delegated, { accept, takenInception }, clock.now());
    const before = this.#looked.get(formatName(child));
    setNewest(this.#looked, formatName(child), { at: clock.now(), outcome });
    if (outcome.kind === 'accepted') return this.#take(zone, delegated, outcome);
    if (outcome.kind === 'refused' && textOf(before?.outcome) !== textOf(outcome)) {
      this.#tell(zone, child, `the request of ${formatName(child)} is not followed: ${textOf(outcome)}`, {
        codes: outcome.faults.map(({ reason }) => reason),
      });
    }
    return outcome;
  }

  async #take(
    zone: Zone,
    { child, ds: before }: Delegated,
    outcome: Extract<ScanOutcome, { kind: 'accepted' }>,
  ): Promise<ScanOutcome> {
    const { ds, inception, by } = outcome;
    try {
      this.#context.keysBefore.note(zone.name);
      await this.#parentOf(zone).log.take({ child, ds, inception, at: this.#context.clock.now(), by });
    } catch (error) {
      if (!(error instanceof FileStoreError)) throw error;
      const text = `${zone.name}: the DS of ${formatName(child)} stays, as it cannot be kept: ${error.message}`;
      this.#context.log.error({ zone: zone.name, code: error.code, path: error.path }, text);
      return outcome;
    }
    this.#shorten(zone, this.#parentOf(zone).log);
    const [from, to] = [before, ds].map((rdatas) => rdatas.map(tagOfDs).join(', ') || 'none');
    this.#tell(zone, child, `DS of ${formatName(child)}: ${from} → ${to}, as it asked by ${by}`, {
      from,
      to,
      by,
    });
    zone.renew();
    return outcome;
  }

  #tell(zone: Zone, child: Name, message: string, details: Readonly<Record<string, unknown>>): void {
    this.#context.log.info({ zone: zone.name, child: formatName(child) }, `${zone.name}: ${message}`);
    this.#context.events.add({
      kind: 'child',
      zone: zone.name,
      message,
      details: { child: formatName(child), ...details },
    });
  }

  // ---- Turns ----

  #arm(zone: Zone, seconds: number): void {
    this.#context.scheduler.after(timerOf(zone), seconds * 1_000, () => this.#turn(zone));
  }

  /** Time between turns, so that each child has one look in `scan`. */
  #turnSeconds({ policy }: Zone, { cuts }: ParentZone): number {
    return Math.max(MIN_TURN_S, policy.children.scan / Math.max(1, cuts.length));
  }

  #turn(zone: Zone): void {
    const parent = this.#parentOf(zone);
    const { image, cuts } = parent;
    if (image === undefined || zone.served === undefined || zone.policy.children.accept === 'none') return;
    const seconds = this.#turnSeconds(zone, parent);
    const fair = Math.ceil((cuts.length * seconds) / zone.policy.children.scan);
    // What is still under way or waits keeps others from piling up.
    const count = this.#queue.waiting > 0 ? 0 : Math.min(fair, MAX_LOOKS_A_TURN, cuts.length);
    for (let i = 0; i < count; i++) {
      const cut = cuts[parent.next++ % cuts.length]!;
      void this.#look(zone, Uint8Array.from(image.name(cut)), 'idle');
    }
    this.#arm(zone, seconds);
  }

  /** Children that are delegated no more: whoever gets such a name later has nothing to do with their DS. */
  async #dropLost(zone: Zone, { log }: ParentZone): Promise<void> {
    const lost = log.all().filter(({ child }) => this.#delegated(zone, child) === undefined);
    for (const { child } of lost) {
      try {
        await log.drop(child, this.#context.clock.now(), 'delegation gone');
      } catch (error) {
        if (!(error instanceof FileStoreError)) throw error;
        this.#context.log.error({ zone: zone.name, code: error.code }, `${zone.name}: ${error.message}`);
        return;
      }
    }
    this.#shorten(zone, log);
  }

  /**
   * Has the log written anew when most of it no longer counts: after a while, so that a disk that refuses is not pressed.
   */
  #shorten(zone: Zone, log: ChildrenLog): void {
    const { scheduler } = this.#context;
    if (!log.isLong || scheduler.has(shortenOf(zone))) return;
    scheduler.after(shortenOf(zone), SHORTEN_MS, () => void this.#compact(zone, log));
  }

  async #compact({ name }: Zone, log: ChildrenLog): Promise<void> {
    try {
      if (log.isLong) await log.compact();
    } catch (error) {
      if (!(error instanceof FileStoreError)) throw error;
      const text = `${name}: ${log.path} stays longer than it need be, as it cannot be written anew: ${error.message}`;
      this.#context.log.error({ zone: name, code: error.code, path: error.path }, text);
    }
  }

  #delegated({ served }: Zone, child: Name): Delegated | undefined {
    return served === undefined ? undefined : delegatedIn(served.image, child);
  }

  /** Our zone that delegates a child. */
  #zoneAbove(child: Name): Zone | undefined {
    for (let apex = child; apex[0] !== 0; ) {
      apex = parentName(apex);
      const zone = this.#context.find(apex);
      if (zone !== undefined) return this.#delegated(zone, child) === undefined ? undefined : zone;
    }
    return undefined;
  }

  #parentOf({ name, origin }: Pick<Zone, 'name' | 'origin'>): ParentZone {
    const known = this.#parents.get(name);
    if (known !== undefined) return known;
    const { files, keysDirectory } = this.#context;
    const log = new ChildrenLog(files, zoneKeysPath(keysDirectory, origin));
    const made: ParentZone = { log, image: undefined, cuts: [], next: 0 };
    this.#parents.set(name, made);
    return made;
  }
}

/** Sets an entry; of too many, the one goes that was set longest ago. */
function setNewest<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > MAX_VIEWS && oldest !== undefined) map.delete(oldest);
}

function timerOf({ name }: Zone): string {
  return `ask children of ${name}`;
}

function shortenOf({ name }: Zone): string {
  return `shorten children.log of ${name}`;
}

function againOf(child: string): string {
  return `ask ${child} again`;
}
