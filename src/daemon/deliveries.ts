/**
 * What is handed over to others, over channels of the configuration: DS records to parents, reminders to people. At least
 * once: a delivery is durable before its first try, and stays until a channel has taken it, also when the process is killed.
 *
 *     deliver ─▶ durable ─▶ try ─▶ done: handed       ─▶ (patience) next channel
 *                            │ └─▶ later: waits ever longer, MAX_TRIES times
 *                            └───▶ for good: next channel, or dead, told in log and events
 *     dead ─▶ (operator) tried anew, or dropped
 *
 * Nothing here proves anything: key states go by what is seen at the parent.
 */
import { randomUUID } from 'node:crypto';
import type { Clock, FileStore } from '../base/ports.ts';
import { plus } from '../base/time.ts';
import type { EventSink } from '../ops/events.ts';
import type { Log } from '../ops/log.ts';
import {
  type ChannelOutcome,
  DELIVERIES_FILE,
  type Delivery,
  loadDeliveries,
  saveDeliveries,
} from '../store/deliveries.ts';
import type { Scheduler } from './scheduler.ts';

/** What a try led to. */
export interface Outcome {
  readonly kind: ChannelOutcome['outcome'];
  /** For people, one clause. */
  readonly text: string;
}

/** Hands one delivery over, by the name of a channel. Never rejects. */
export type Send = (channel: string, delivery: Delivery) => Promise<Outcome>;

export interface DeliveriesContext {
  readonly files: FileStore;
  readonly keysDirectory: string;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly log: Log;
  readonly events: EventSink;
  readonly send: Send;
}

/** What shall be handed over. */
export type Wanted = Pick<Delivery, 'topic' | 'zone' | 'about' | 'channels' | 'patience'> & {
  readonly payload: Readonly<Record<string, unknown>>;
};

const FIRST_RETRY_S = 5;
const LONGEST_RETRY_S = 3_600;
/** Over one channel: with these waits about six hours. */
export const MAX_TRIES = 16;
/** Under way at once. */
const MAX_OPEN = 8;
/** More are not taken: a receiver that is down for long must not fill the disk. */
const MAX_DELIVERIES = 20_000;
/** What could not be made durable is tried again. */
const SAVE_RETRY_MS = 10_000;
const TIMER = 'hand over';

export class Deliveries {
  readonly #context: DeliveriesContext;
  /** By what they are about. */
  readonly #known: Map<string, Delivery>;
  readonly #open = new Set<string>();
  /** The write that is under way, and the one that will have what came since. */
  #saving: Promise<void> | undefined;
  #nextSave: Promise<void> | undefined;
  #isClosed = false;

  constructor(context: DeliveriesContext) {
    this.#context = context;
    this.#known = new Map(this.#load().map((one) => [keyOf(one), one]));
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
    if (same?.about === wanted.about && !isAnew) return;
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
    this.#known.set(key, { ...wanted, ...made, payload: JSON.stringify(payload) });
    void this.#save().then(() => this.#arm());
  }

  /** A zone wants no DS RRset of its parent any more. */
  dropDs(zone: string): void {
    if (this.#known.delete(keyOf({ topic: 'ds-wanted', zone, about: '' }))) void this.#save();
  }

  /** The DS RRset that a zone wants of its parent, and what became of it. */
  dsOf(zone: string): Delivery | undefined {
    return this.#known.get(keyOf({ topic: 'ds-wanted', zone, about: '' }));
  }

  /**
   * Tries now what of a zone waits, is dead or was dropped; a DS that is not waiting over `channels` from the first on, if
   * there are any. Returns how many those are; what is under way is one of them.
   */
  retry(zone: string, channels: readonly string[]): number {
    const found = this.all().filter((one) => one.zone === zone && one.state !== 'handed');
    const nextAt = this.#context.clock.now();
    for (const one of found.filter(({ id }) => !this.#open.has(id))) {
      const isWhole = one.state !== 'waiting' && one.topic === 'ds-wanted' && channels.length > 0;
      const again = {
        state: 'waiting',
        tries: 0,
        nextAt,
        channels: isWhole ? channels : one.channels,
      } as const;
      this.#known.set(keyOf(one), { ...one, ...again });
    }
    if (found.length > 0) void this.#save().then(() => this.#arm());
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
    if (found.length > 0) void this.#save();
    return found.length;
  }

  /** Begins nothing more; resolves when the disk has what is known. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#saving;
    await this.#nextSave;
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
    this.#open.add(id);
    const outcome = await this.#context.send(channels[0]!, delivery);
    this.#open.delete(id);
    // Whoever ends what is under way has not heard that it failed.
    if (!this.#isClosed && this.#known.get(keyOf(delivery)) === delivery) this.#settle(delivery, outcome);
    this.#arm();
  }

  #settle(delivery: Delivery, { kind, text }: Outcome): void {
    const tries = delivery.tries + 1;
    const channel = delivery.channels[0]!;
    const others = delivery.outcomes.filter((one) => one.channel !== channel);
    const outcome = { channel, outcome: kind, at: this.#context.clock.now(), because: text };
    const tried = { ...delivery, tries, last: text, outcomes: [...others, outcome] };
    if (kind === 'done') this.#handed(tried);
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

  // ---- On disk ----

  #forget(delivery: Delivery): void {
    this.#known.delete(keyOf(delivery));
    void this.#save();
  }

  #put(delivery: Delivery): void {
    this.#known.set(keyOf(delivery), delivery);
    void this.#save();
  }

  /** Resolves when the disk has what is known now, or has refused it. A write has all that came during the last one. */
  #save(): Promise<void> {
    if (this.#saving === undefined) {
      this.#saving = this.#write().finally(() => {
        this.#saving = undefined;
      });
      return this.#saving;
    }
    this.#nextSave ??= this.#saving.then(() => {
      this.#nextSave = undefined;
      return this.#save();
    });
    return this.#nextSave;
  }

  async #write(): Promise<void> {
    const { files, keysDirectory, log, scheduler } = this.#context;
    try {
      await saveDeliveries(files, keysDirectory, this.all());
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      log.error(
        { file: DELIVERIES_FILE, error: why },
        `what is to be handed over is not kept on disk: ${why}`,
      );
      scheduler.after('keep deliveries', SAVE_RETRY_MS, () => void this.#save());
    }
  }

  /** A file that cannot be read stays until the next write; what zones want now is handed over anew. */
  #load(): Delivery[] {
    const { files, keysDirectory, log } = this.#context;
    try {
      // A start is a new attempt: a DS RRset that was dead is handed over anew if it is still wanted.
      const left = loadDeliveries(files, keysDirectory);
      return left.filter(({ state, topic }) => state !== 'dead' || topic === 'reminder');
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      log.error(
        { file: DELIVERIES_FILE, error: why },
        `${DELIVERIES_FILE} cannot be read, and begins anew: ${why}`,
      );
      return [];
    }
  }
}

/** A zone wants one DS RRset, whichever; reminders are one by one. */
function keyOf({ topic, zone, about }: Pick<Delivery, 'topic' | 'zone' | 'about'>): string {
  return topic === 'ds-wanted' ? `${topic} ${zone}` : `${topic} ${zone} ${about}`;
}
