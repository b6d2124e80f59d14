/**
 * Hands the DS RRset that a zone wants to its parent, over the channels of its policy, and reminders to people. What a zone
 * wants is what its CDS says; it is wanted as long as the zone waits for its parent, and is handed over when all threads
 * serve what it is about.
 */
import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { type Clock, type FileStore, FileStoreError } from '../base/ports.ts';
import { formatInstant } from '../base/time.ts';
import { CDS_DELETE, tagOfDs } from '../dnssec/ds.ts';
import { cdsSet } from '../kasp/records.ts';
import type { NewEvent } from '../ops/events.ts';
import { waitingSince } from '../parent/news.ts';
import type { Channel, HandoverConfig } from '../store/config-handover.ts';
import type { Delivery } from '../store/deliveries.ts';
import { type Name, nameOf } from '../wire/name.ts';
import { Deliveries, type DeliveriesContext, type Outcome } from './deliveries.ts';
import { updateDs } from './dsupdate.ts';
import { holdOf } from './handoverhold.ts';
import { Hooks } from './hook.ts';
import type { ParentsContext } from './parents.ts';
import { postWebhook } from './webhook.ts';
import type { Zone } from './zone.ts';

export interface HandoverContext extends Omit<DeliveriesContext, 'send' | 'holdOf'> {
  readonly config: HandoverConfig;
  readonly clock: Clock;
  /** How the servers of zones are found; without it nobody looks at them before a DS is handed over. */
  readonly parents?: ParentsContext | undefined;
  /** Our zone with exactly this apex. */
  readonly find: (apex: Name) => Zone | undefined;
}

/** The keys of a zone that wants nothing. */
const NOTHING = { keys: [], goal: 'secure' } as const;
/** Version of what hooks and webhooks get. */
const FORMAT = 1;
/** Longer files of keys and secrets are not read. */
const MAX_SECRET_OCTETS = 65_536;

export class Handover {
  readonly deliveries: Deliveries;
  readonly #context: HandoverContext;
  readonly #hooks = new Hooks();
  readonly #ending = new AbortController();
  #config: HandoverConfig;
  /** What tells one state of a channel from another, by name. */
  #prints: ReadonlyMap<string, unknown>;

  constructor(context: HandoverContext) {
    this.#context = context;
    this.#config = context.config;
    this.#prints = printsOf(context.config, context.files);
    this.deliveries = new Deliveries({
      ...context,
      send: (channel, delivery) => this.#send(channel, delivery),
      holdOf: (delivery) => this.#holdOf(delivery),
    });
  }

  /**
   * Follows channels, their secrets included, and receivers of reminders as they are now. Returns the names of the channels
   * that are new, gone, or not what they were.
   */
  follow(config: HandoverConfig): string[] {
    const before = this.#prints;
    this.#config = config;
    this.#prints = printsOf(config, this.#context.files);
    const names = [...new Set([...before.keys(), ...this.#prints.keys()])];
    const changed = names.filter((name) => !isDeepStrictEqual(before.get(name), this.#prints.get(name)));
    for (const { topic, zone } of this.deliveries.all()) {
      const order = topic === 'ds-wanted' ? this.#context.find(nameOf(zone))?.policy.handover : undefined;
      if (order !== undefined) this.deliveries.reorder(zone, order);
    }
    this.deliveries.follow({ known: new Set(config.channels.keys()), changed: new Set(changed) });
    return changed;
  }

  /** The keys of a zone have had a turn. */
  touch(zone: Zone): void {
    const { signing, name, origin, policy } = zone;
    if (signing === undefined || signing.isPending) return;
    const under = this.deliveries.dsOf(name);
    if (policy.handover.length === 0 && under === undefined) return;
    const isWaiting = waitingSince(signing.zoneState) !== null;
    const state = isWaiting ? signing.zoneState : NOTHING;
    const { cds: ds, cdnskey } = cdsSet(state, origin, { ...policy, cds: 'always' });
    const about = ds.map((rdata) => Buffer.from(rdata).toString('hex')).join(' ');
    const isOver = ds.length === 0 || (policy.handover.length === 0 && under?.about !== about);
    if (isOver) this.deliveries.dropDs(name);
    else if (policy.handover.length === 0) this.deliveries.reorder(name, []);
    else this.#want(zone, ds, cdnskey, about);
  }

  #want(
    { name, policy }: Zone,
    ds: readonly Uint8Array[],
    cdnskey: readonly Uint8Array[],
    about: string,
  ): void {
    const isRemoval = Buffer.compare(ds[0]!, CDS_DELETE) === 0;
    const payload = {
      remove: isRemoval,
      ds: isRemoval ? [] : ds.map(dsFields),
      dnskey: isRemoval ? [] : cdnskey.map(dnskeyFields),
    };
    const channels = policy.handover;
    this.deliveries.deliver({
      topic: 'ds-wanted',
      zone: name,
      about,
      payload,
      channels,
      patience: policy.cdsHold,
    });
  }

  /** A zone is no longer served. */
  forget({ name }: Zone): void {
    this.deliveries.dropDs(name);
  }

  /** What happened is handed to people, if it is an alarm or a reminder. */
  remind({ kind, zone, message, details = {} }: NewEvent): void {
    if (kind !== 'alarm' && details.event !== 'reminder') return;
    const { code, level, fix, after = 0 } = details;
    const payload = { message, code, level, fix, after };
    for (const channel of this.#config.reminders) {
      const about = `${code} ${after} ${channel}`;
      const rest = { about, payload, channels: [channel], patience: 0 };
      this.deliveries.deliver({ topic: 'reminder', zone: zone ?? '', ...rest });
    }
  }

  /** Ends what is under way: it is tried again by the next process. */
  async close(): Promise<void> {
    const closed = this.deliveries.close();
    this.#hooks.close();
    this.#ending.abort();
    await closed;
  }

  async #send(name: string, delivery: Delivery): Promise<Outcome> {
    const { files, clock } = this.#context;
    const channel = this.#config.channels.get(name);
    if (channel?.update !== undefined) {
      const change = { child: nameOf(delivery.zone), ds: dsOf(delivery) };
      return updateDs(channel.update, change, { files, now: () => clock.now() });
    }
    const now = clock.now();
    const body = bodyOf(delivery, formatInstant(delivery.createdAt));
    if (channel?.hook !== undefined) return this.#hooks.run(channel.hook, body);
    if (channel?.webhook === undefined)
      return { kind: 'failed', text: 'the configuration has no such channel' };
    return postWebhook(channel.webhook, files, { id: delivery.id, body, now, signal: this.#ending.signal });
  }

  /** Why a DS must not be handed over now. */
  async #holdOf({ topic, zone: name, createdAt }: Delivery): Promise<string | undefined> {
    if (topic === 'reminder') return undefined;
    const { find, parents, clock } = this.#context;
    const zone = find(nameOf(name));
    if (zone?.signing === undefined) return 'the zone is not served signed now';
    return parents && holdOf(zone, parents, { now: clock.now(), createdAt });
  }
}

/** Channels with what is in their files of keys and secrets, so that a change of either is seen. */
function printsOf({ channels }: HandoverConfig, files: FileStore): Map<string, unknown> {
  return new Map(
    [...channels].map(([name, channel]) => [name, { channel, secret: digestOf(channel, files) }]),
  );
}

/** Of the file that a channel needs; null if it needs none, or it cannot be read. */
function digestOf({ update, webhook }: Channel, files: FileStore): string | null {
  const path = update?.key ?? webhook?.secret;
  if (path === undefined) return null;
  try {
    return createHash('sha256').update(files.read(path, MAX_SECRET_OCTETS)).digest('hex');
  } catch (error) {
    if (!(error instanceof FileStoreError)) throw error;
    return null;
  }
}

/** What hooks read and webhooks post. */
function bodyOf({ id, topic, zone, payload, tries }: Delivery, at: string): string {
  const fields = JSON.parse(payload) as Record<string, unknown>;
  return JSON.stringify({ format: FORMAT, id, topic, zone, at, try: tries + 1, ...fields });
}

function dsFields(rdata: Uint8Array) {
  const digest = Buffer.from(rdata.subarray(4)).toString('hex').toUpperCase();
  return { keyTag: tagOfDs(rdata), algorithm: rdata[2]!, digestType: rdata[3]!, digest };
}

function dnskeyFields(rdata: Uint8Array) {
  const publicKey = Buffer.from(rdata.subarray(4)).toString('base64');
  return { flags: (rdata[0]! << 8) | rdata[1]!, protocol: rdata[2]!, algorithm: rdata[3]!, publicKey };
}

/** RDATA of the DS RRset that is wanted. */
function dsOf({ about }: Delivery): Uint8Array[] {
  const rdatas = about.split(' ').map((hex) => Uint8Array.from(Buffer.from(hex, 'hex')));
  return rdatas.filter((rdata) => Buffer.compare(rdata, CDS_DELETE) !== 0);
}
