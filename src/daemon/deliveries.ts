/**
 * What is handed over to others, over channels of the configuration: DS records to parents, reminders to people. At least
 * once: a delivery is durable before its first try, and stays until a channel has taken it, also when the process is killed.
 *
 *     deliver ─▶ durable ─▶ try ─▶ done: handed       ─▶ (patience) next channel
 *                            │ └─▶ later: waits ever longer, MAX_TRIES times
 *                            ├───▶ for good: next channel, or dead, told in log and events
 *                            └───▶ held: no try at all, it must not be handed over yet; looked at again, for ever
 *     dead ─▶ (operator, or a channel that is another now) tried anew, or (operator) dropped
 *
 * Nothing here proves anything: key states go by what is seen at the parent.
 */
import { randomUUID } from 'node:crypto';
import type { Clock, FileStore } from '../base/ports.ts';
import { plus } from '../base/time.ts';
import type { EventSink } from '../ops/events.ts';
import type { Log } from '../ops/log.ts';
import type { ChannelOutcome, Delivery } from '../store/deliveries.ts';
import { DeliveriesFile } from './deliveriesfile.ts';
import { anew, type Channels, withChannels, withOrder } from './deliveryorder.ts';
import type { Scheduler } from './scheduler.ts';

/** What a try led to. */
export interface Outcome {
  readonly kind: ChannelOutcome['outcome'];
  /** For people, one clause. */
  readonly text: string;
}

/** Hands one delivery over, by the name of a channel. Never rejects. */
export type Send = (channel: string, delivery: Delivery) => Promise<Outcome>;
/** Why a delivery must not be handed over yet; undefined if nothing speaks against it. Never rejects. */
export type HoldOf = (delivery: Delivery) => Promise<string | undefined>;

export interface DeliveriesContext {
  readonly files: FileStore;
  readonly keysDirectory: string;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly log: Log;
  readonly events: EventSink;
  readonly send: Send;
  readonly holdOf: HoldOf;
}

/** What shall be handed over. */
export type Wanted = Pick<Delivery, 'topic' | 'zone' | 'about' | 'channels' | 'patience'> & {
  readonly payload: Readonly<Record<string, unknown>>;
};

const FIRST_RETRY_S = 5;
const LONGEST_RETRY_S = 3_600;
/** What must not be handed over yet is looked at again when it is as old again, in seconds. */
const LEAST_HOLD_S = 1;
const LONGEST_HOLD_S = 300;
/** Over one channel: with these waits about six hours. */
export const MAX_TRIES = 16;
/** Under way at once. */
const MAX_OPEN = 8;
/** More are not taken: a receiver that is down for long must not fill the disk. */
const MAX_DELIVERIES = 20_000;
const TIMER = 'hand over';

export class Deliveries {
  readonly #context: DeliveriesContext;
  /** By what they are about. */
  readonly #known: Map<string, Delivery>;
  /** Those under way by id, as they were when the try began. */
  readonly #open = new Map<string, Delivery>();
  readonly #file: DeliveriesFile;
  #isClosed = false;

  constructor(context: DeliveriesContext) {
    this.#context = context;
    this.#file = new DeliveriesFile(context, () => this.all());
    this.#known = new Map(this.#file.load().map((one) => [keyOf(one), one]));
  }

  /** Goes on with what an earlier process has left. */
  start(): void {
    this.#arm();
  }

  all(): readonly Delivery[] {
    return [...this.#known.values()];
  }

  /** Takes a delivery, unless there is one about the same; a DS RRset replaces the one that was wanted before. */
  deliver({ payload, ...wanted }: Wanted): void {
    const { zone, topic } = wanted;
    const key = keyOf(wanted);
    const same = this.#known.get(key);
    // A reminder that died is no reason to keep quiet when the same is to be told again.
    const isAnew = same?.topic === 'reminder' && same.state === 'dead';
    if (same?.about === wanted.about && !isAnew) {
      this.#reorder(same, wanted.channels);
      return;
    }
    if (same === undefined && !this.#makeRoom()) {
      const message = `${zone}: ${MAX_DELIVERIES} deliveries wait already, this one is dropped`;
      this.#context.log.error({ zone, topic }, message);
      return;
    }
    const now = this.#context.clock.now();
    const made = {
      id: randomUUID(),
      state: 'waiting',
      tries: 0,
      createdAt: now,
      nextAt: now,
      last: '',
      outcomes: [],
    } as const;
    const order = wanted.channels;
    this.#known.set(key, { ...wanted, ...made, order, payload: JSON.stringify(payload) });
    void this.#file.save().then(() => this.#arm());
  }

  /** A zone wants no DS RRset of its parent any more. */
  dropDs(zone: string): void {
    if (this.#known.delete(keyOf({ topic: 'ds-wanted', zone, about: '' }))) void this.#file.save();
  }

  /** The DS RRset that a zone wants of its parent, and what became of it. */
  dsOf(zone: string): Delivery | undefined {
    return this.#known.get(keyOf({ topic: 'ds-wanted', zone, about: '' }));
  }

  /** Follows channels that are others now; what was to go over one that is gone, and has no other, is dead. */
  follow(channels: Channels): void {
    const now = this.#context.clock.now();
    for (const one of this.all()) {
      const changed = withChannels(one, channels, now);
      if (changed !== one) this.#change(one, changed, false);
    }
  }

  /** The policy of a zone names other channels, or none any more. */
  reorder(zone: string, order: readonly string[]): void {
    const one = this.dsOf(zone);
    if (one !== undefined) this.#reorder(one, order);
  }

  /**
   * Tries now what of a zone waits, is dead or was dropped, if it does not wait over all channels from the first on; empty:
   * what is about the server. Returns how many those are; what is under way is one of them.
   */
  retry(zone: string): number {
    const found = this.all().filter((one) => one.zone === zone && one.state !== 'handed');
    const nextAt = this.#context.clock.now();
    for (const one of found.filter(({ id }) => !this.#open.has(id))) {
      const isWhole = one.state !== 'waiting' && one.order.length > 0;
      const again = isWhole
        ? anew(one, one.order, nextAt)
        : ({ ...one, state: 'waiting', tries: 0, nextAt } as const);
      this.#known.set(keyOf(one), again);
    }
    if (found.length > 0) void this.#file.save().then(() => this.#arm());
    return found.length;
  }

  /**
   * Drops what of a zone is dead, and returns how many those are. A DS RRset is kept as dropped as long as the zone wants
   * it: it would be handed over anew at the next turn of the keys.
   */
  dropDead(zone: string): number {
    const found = this.all().filter((one) => one.zone === zone && one.state === 'dead');
    for (const one of found) {
      if (one.topic === 'reminder') this.#known.delete(keyOf(one));
      else this.#known.set(keyOf(one), { ...one, state: 'dropped' });
    }
    if (found.length > 0) void this.#file.save();
    return found.length;
  }

  /** Begins nothing more; resolves when the disk has what is known. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#file.settled();
  }

  /** False if there is none: dead reminders go for what is new, the oldest first. */
  #makeRoom(): boolean {
    if (this.#known.size < MAX_DELIVERIES) return true;
    const oldest = this.all().find(({ state, topic }) => state === 'dead' && topic === 'reminder');
    return oldest !== undefined && this.#known.delete(keyOf(oldest));
  }

  // ---- Tries ----

  #arm(): void {
    if (this.#isClosed || this.#open.size >= MAX_OPEN) return;
    const next = this.#pending().reduce(
      (least, one) => Math.min(least, this.#waitOf(one)),
      Number.POSITIVE_INFINITY,
    );
    if (next < Number.POSITIVE_INFINITY)
      this.#context.scheduler.after(TIMER, next * 1_000, () => this.#work());
  }

  #pending(): Delivery[] {
    return this.all().filter((one) => !this.#open.has(one.id) && one.nextAt !== null);
  }

  /** In seconds. A clock that was set back makes nobody wait longer than was meant. */
  #waitOf({ nextAt, patience }: Delivery): number {
    const left = (nextAt ?? 0) - this.#context.clock.now();
    return left > Math.max(LONGEST_RETRY_S, patience) ? 0 : Math.max(0, left);
  }

  #work(): void {
    const due = this.#pending().filter((one) => this.#waitOf(one) === 0);
    for (const one of due.slice(0, MAX_OPEN - this.#open.size)) {
      if (one.state === 'handed') this.#goOn(one, 'the parent has not acted');
      else void this.#try(one);
    }
    this.#arm();
  }

  async #try(delivery: Delivery): Promise<void> {
    const { id, channels } = delivery;
    this.#open.set(id, delivery);
    const held = await this.#context.holdOf(delivery);
    // To find that out takes time, in which another DS may have become the right one.
    if (this.#isMeant(delivery)) {
      const outcome: Outcome =
        held === undefined ? await this.#context.send(channels[0]!, delivery) : { kind: 'held', text: held };
      const present = this.#known.get(keyOf(delivery))!;
      if (this.#isMeant(delivery)) this.#settle(present, outcome);
    }
    if (this.#open.get(id) === delivery) this.#open.delete(id);
    this.#arm();
  }

  /** It is wanted still, its channel is not another one by now, and nobody ends what is under way. */
  #isMeant(delivery: Delivery): boolean {
    const isWanted = this.#known.get(keyOf(delivery))?.id === delivery.id;
    return isWanted && this.#open.get(delivery.id) === delivery && !this.#isClosed;
  }

  #reorder(one: Delivery, order: readonly string[]): void {
    if (one.order.join() === order.join()) return;
    const changed = withOrder(one, order, this.#context.clock.now());
    this.#change(one, changed, changed.state === one.state && changed.channels[0] === one.channels[0]);
  }

  /** Goes on as `changed`, because channels are others than they were; `isSameTry`: what is under way counts still. */
  #change(one: Delivery, changed: Delivery, isSameTry: boolean): void {
    if (!isSameTry) this.#open.delete(one.id);
    this.#known.set(keyOf(one), changed);
    void this.#file.save().then(() => this.#arm());
    const [before, after] = [one.channels[0], changed.channels[0]];
    if (changed.state === 'dead' && one.state !== 'dead') {
      this.#tell(
        changed,
        'dead',
        `is handed over by nobody: the configuration does not name ${before} for it any more`,
      );
    } else if (changed.state === 'waiting' && (one.state === 'dead' || before !== after)) {
      this.#tell(changed, 'next', `goes over ${after} now: the configuration of channels has changed`);
    }
  }

  #settle(delivery: Delivery, { kind, text }: Outcome): void {
    const tries = delivery.tries + (kind === 'held' ? 0 : 1);
    const channel = delivery.channels[0]!;
    const others = delivery.outcomes.filter((one) => one.channel !== channel);
    const outcome = { channel, outcome: kind, at: this.#context.clock.now(), because: text };
    const tried = { ...delivery, tries, last: text, outcomes: [...others, outcome] };
    if (kind === 'done') this.#handed(tried);
    else if (kind === 'held') this.#hold(tried, delivery.last);
    else if (kind === 'failed' || tries >= MAX_TRIES) this.#goOn(tried, text);
    else {
      const wait = Math.min(LONGEST_RETRY_S, FIRST_RETRY_S * 2 ** (tries - 1));
      this.#put({ ...tried, nextAt: plus(this.#context.clock.now(), wait) });
      this.#tell(
        tried,
        'retry',
        `not handed over by ${tried.channels[0]}, tried again in ${wait} s: ${text}`,
      );
    }
  }

  /** Told and kept on disk when it is held for another reason than the last time: it may be looked at often. */
  #hold(delivery: Delivery, lastTold: string): void {
    const now = this.#context.clock.now();
    const wait = Math.min(LONGEST_HOLD_S, Math.max(LEAST_HOLD_S, now - delivery.createdAt));
    this.#known.set(keyOf(delivery), { ...delivery, nextAt: plus(now, wait) });
    if (delivery.last === lastTold) return;
    this.#tell(delivery, 'held', `not handed over yet: ${delivery.last}`);
    void this.#file.save();
  }

  #handed(delivery: Delivery): void {
    const { channels, patience, last } = delivery;
    this.#tell(delivery, 'handed', `handed over by ${channels[0]}: ${last}`);
    if (delivery.topic === 'reminder') {
      this.#forget(delivery);
      return;
    }
    const isLast = channels.length === 1 || patience === 0;
    const nextAt = isLast ? null : plus(this.#context.clock.now(), patience);
    this.#put({ ...delivery, state: 'handed', nextAt });
  }

  /** The next channel has its turn, if there is one. */
  #goOn(delivery: Delivery, why: string): void {
    const [failed, ...left] = delivery.channels;
    if (left.length === 0) {
      this.#put({ ...delivery, state: 'dead', nextAt: null });
      this.#tell(delivery, 'dead', `cannot be handed over by ${failed}, and no other way is left: ${why}`);
      return;
    }
    const now = this.#context.clock.now();
    this.#put({ ...delivery, channels: left, state: 'waiting', tries: 0, nextAt: now });
    this.#tell(delivery, 'next', `${failed} has not led to anything, ${left[0]} is next: ${why}`);
  }

  #tell({ id, topic, zone, channels }: Delivery, what: string, text: string): void {
    const { log, events } = this.#context;
    const message = `${topic === 'reminder' ? 'reminder' : 'DS'} ${text}`;
    const again = `mend the channel, then: keyturn handover retry ${zone === '' ? '.' : zone}`;
    const fix = topic === 'reminder' ? again : `${again}; or hand it over by hand: keyturn ds ${zone}`;
    if (what === 'dead') log.error({ zone, id, fix }, `${zone}: ${message}. ${fix}`);
    else log.info({ zone, id, channel: channels[0] }, `${zone}: ${message}`);
    events.add({
      kind: 'handover',
      zone,
      message,
      details: { event: what, id, topic, channel: channels[0] },
    });
  }

  #forget(delivery: Delivery): void {
    this.#known.delete(keyOf(delivery));
    void this.#file.save();
  }

  #put(delivery: Delivery): void {
    this.#known.set(keyOf(delivery), delivery);
    void this.#file.save();
  }
}

/** A zone wants one DS RRset, whichever; reminders are one by one. */
function keyOf({ topic, zone, about }: Pick<Delivery, 'topic' | 'zone' | 'about'>): string {
  return topic === 'ds-wanted' ? `${topic} ${zone}` : `${topic} ${zone} ${about}`;
}
