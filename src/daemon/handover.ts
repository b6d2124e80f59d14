/**
 * Hands the DS RRset that a zone wants to its parent, over the channels of its policy, and reminders to people. What a zone
 * wants is what its CDS says; it is wanted as long as the zone waits for its parent, and is handed over when all threads
 * serve what it is about.
 */
import type { Clock } from '../base/ports.ts';
import { formatInstant } from '../base/time.ts';
import { CDS_DELETE, tagOfDs } from '../dnssec/ds.ts';
import { cdsSet } from '../kasp/records.ts';
import type { NewEvent } from '../ops/events.ts';
import { waitingSince } from '../parent/news.ts';
import type { HandoverConfig } from '../store/config-handover.ts';
import type { Delivery } from '../store/deliveries.ts';
import { type Name, nameOf } from '../wire/name.ts';
import { Deliveries, type DeliveriesContext, type Outcome } from './deliveries.ts';
import { updateDs } from './dsupdate.ts';
import { Hooks } from './hook.ts';
import { postWebhook } from './webhook.ts';
import type { Zone } from './zone.ts';

export interface HandoverContext extends Omit<DeliveriesContext, 'send'> {
  readonly config: HandoverConfig;
  readonly clock: Clock;
  /** Our zone with exactly this apex. */
  readonly find: (apex: Name) => Zone | undefined;
}

/** The keys of a zone that wants nothing. */
const NOTHING = { keys: [], goal: 'secure' } as const;
/** Version of what hooks and webhooks get. */
const FORMAT = 1;

export class Handover {
  readonly deliveries: Deliveries;
  readonly #context: HandoverContext;
  readonly #hooks = new Hooks();
  readonly #ending = new AbortController();

  constructor(context: HandoverContext) {
    this.#context = context;
    this.deliveries = new Deliveries({
      ...context,
      send: (channel, delivery) => this.#send(channel, delivery),
    });
  }

  /** The keys of a zone have had a turn. */
  touch(zone: Zone): void {
    const { signing, name, origin, policy } = zone;
    if (signing === undefined || signing.isPending) return;
    const isWaiting = policy.handover.length > 0 && waitingSince(signing.zoneState) !== null;
    const state = isWaiting ? signing.zoneState : NOTHING;
    const { cds: ds, cdnskey } = cdsSet(state, origin, { ...policy, cds: 'always' });
    if (ds.length === 0) {
      this.deliveries.dropDs(name);
      return;
    }
    const isRemoval = Buffer.compare(ds[0]!, CDS_DELETE) === 0;
    const payload = {
      remove: isRemoval,
      ds: isRemoval ? [] : ds.map(dsFields),
      dnskey: isRemoval ? [] : cdnskey.map(dnskeyFields),
    };
    const about = ds.map((rdata) => Buffer.from(rdata).toString('hex')).join(' ');
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
    for (const channel of this.#context.config.reminders) {
      const about = `${code} ${after} ${channel}`;
      const rest = { about, payload, channels: [channel], patience: 0 };
      this.deliveries.deliver({ topic: 'reminder', zone: zone ?? '', ...rest });
    }
  }

  /** Tries now what of a zone waits, is dead or was dropped; empty: what is about the server. Returns how many those are. */
  retry(zone: string): number {
    const channels = zone === '' ? [] : this.#context.find(nameOf(zone))?.policy.handover;
    return this.deliveries.retry(zone, channels ?? []);
  }

  /** Ends what is under way: it is tried again by the next process. */
  async close(): Promise<void> {
    const closed = this.deliveries.close();
    this.#hooks.close();
    this.#ending.abort();
    await closed;
  }

  async #send(name: string, delivery: Delivery): Promise<Outcome> {
    const { config, files, clock } = this.#context;
    const channel = config.channels.get(name);
    if (delivery.topic === 'ds-wanted' && this.#context.find(nameOf(delivery.zone))?.signing === undefined) {
      return { kind: 'retry', text: 'the zone is not served signed now' };
    }
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
