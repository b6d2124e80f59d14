/**
 * `deliveries.json` in the keys directory: what is to be handed over, replaced as a whole and atomically. Keys do not depend
 * on it: if it is lost, what is wanted now is handed over anew.
 *
 *     { "format": 1, "deliveries": [ fields of Delivery, instants in ISO 8601 ] }
 */
import { type FileStore, FileStoreError } from '../base/ports.ts';
import { formatInstant, type UnixSeconds } from '../base/time.ts';
import {
  asObject,
  must,
  oneOf,
  readInstant,
  readInstantOrNull,
  readList,
  readSeconds,
  readText,
  ShapeError,
} from './json-shape.ts';

export const DELIVERIES_FILE = 'deliveries.json';
const FORMAT = 1;
const MAX_OCTETS = 256 * 1024 * 1024;

export const TOPICS = ['ds-wanted', 'reminder'] as const;
/** ds-wanted: the DS RRset that a zone wants at its parent; reminder: what a person must see to. */
export type Topic = (typeof TOPICS)[number];

/**
 * waiting: for its next try; handed: the channel has taken it; dead: no channel is left; dropped: it was dead, and an
 * operator does not want it to be tried again.
 */
export const DELIVERY_STATES = ['waiting', 'handed', 'dead', 'dropped'] as const;

/**
 * done: the channel has taken it; retry: perhaps later; failed: not over this channel; held: not tried, it must not be
 * yet.
 */
export const OUTCOME_KINDS = ['done', 'retry', 'failed', 'held'] as const;

/** What the last try over one channel led to. */
export interface ChannelOutcome {
  readonly channel: string;
  readonly outcome: (typeof OUTCOME_KINDS)[number];
  readonly at: UnixSeconds;
  /** For people, one clause. */
  readonly because: string;
}

export interface Delivery {
  /** The same at every try: who gets it twice can tell. */
  readonly id: string;
  readonly topic: Topic;
  /** Name of the zone; empty if it is about the server. */
  readonly zone: string;
  /** What it is about: there is one delivery of it at a time. */
  readonly about: string;
  /** JSON of what is handed over. */
  readonly payload: string;
  /** Names of channels: the one in use, then those that are left. */
  readonly channels: readonly string[];
  /** All of them, in the order that the configuration had when it was looked at last. */
  readonly order: readonly string[];
  /** Seconds after which the next channel has its turn although this one has taken it; 0: never. */
  readonly patience: number;
  readonly state: (typeof DELIVERY_STATES)[number];
  /** Tries over this channel. */
  readonly tries: number;
  readonly createdAt: UnixSeconds;
  /** Of the next try, or of the next channel; null if none is to come. */
  readonly nextAt: UnixSeconds | null;
  /** What the last try led to; empty before. */
  readonly last: string;
  /** By channel, the one that was tried last at the end. */
  readonly outcomes: readonly ChannelOutcome[];
}

/** Loads what is to be handed over. Throws ShapeError for a file that is damaged, and FileStoreError. */
export function loadDeliveries(files: FileStore, keysDirectory: string): Delivery[] {
  let text: string;
  try {
    text = Buffer.from(files.read(`${keysDirectory}/${DELIVERIES_FILE}`, MAX_OCTETS)).toString('utf8');
  } catch (error) {
    if (error instanceof FileStoreError && error.code === 'ENOENT') return [];
    throw error;
  }
  return parseDeliveries(text);
}

/** Saves it, atomically and durably. Throws FileStoreError. */
export async function saveDeliveries(
  files: FileStore,
  keysDirectory: string,
  deliveries: readonly Delivery[],
): Promise<void> {
  const text = formatDeliveries(deliveries);
  await files.replaceDurable(`${keysDirectory}/${DELIVERIES_FILE}`, Buffer.from(text));
}

/** The text of the file. */
export function formatDeliveries(deliveries: readonly Delivery[]): string {
  const written = deliveries.map((one) => ({
    ...one,
    createdAt: formatInstant(one.createdAt),
    nextAt: one.nextAt === null ? null : formatInstant(one.nextAt),
    outcomes: one.outcomes.map((outcome) => ({ ...outcome, at: formatInstant(outcome.at) })),
  }));
  return `${JSON.stringify({ format: FORMAT, deliveries: written })}\n`;
}

/** Reads the text of the file. Throws ShapeError. */
export function parseDeliveries(text: string): Delivery[] {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    throw new ShapeError(`not JSON: ${(error as Error).message}`);
  }
  const { format, deliveries } = asObject(document);
  must(format === FORMAT, `the format of deliveries is ${FORMAT}`);
  return readList(deliveries, 'deliveries', readDelivery);
}

function readDelivery(value: unknown): Delivery {
  const one = asObject(value);
  const channels = readList(one.channels, 'channels', readText);
  must(channels.length > 0, 'a delivery has a channel');
  return {
    id: readText(one.id),
    topic: oneOf(one.topic, TOPICS, 'topic'),
    zone: readString(one.zone),
    about: readText(one.about),
    payload: readText(one.payload),
    channels,
    // Files of earlier versions have neither an order nor outcomes.
    order: one.order === undefined ? channels : readList(one.order, 'order', readText),
    patience: readSeconds(one.patience),
    state: oneOf(one.state, DELIVERY_STATES, 'state'),
    tries: readSeconds(one.tries),
    createdAt: readInstant(one.createdAt),
    nextAt: readInstantOrNull(one.nextAt),
    last: readString(one.last),
    outcomes: readList(one.outcomes ?? [], 'outcomes', readOutcome),
  };
}

function readOutcome(value: unknown): ChannelOutcome {
  const one = asObject(value);
  return {
    channel: readText(one.channel),
    outcome: oneOf(one.outcome, OUTCOME_KINDS, 'outcome'),
    at: readInstant(one.at),
    because: readString(one.because),
  };
}

/** A text that may be empty. */
function readString(value: unknown): string {
  must(typeof value === 'string', 'a zone or a result is a text');
  return value;
}
