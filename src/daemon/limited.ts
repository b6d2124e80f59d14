/** Who is over the rate limit, told in words: by a data thread, at most once a second, and by the main thread. */
import { ANSWER_CLASS, type RateLimitReport } from '../answer/ratelimit.ts';
import type { ZoneTable } from '../answer/zonetable.ts';
import type { EventSink } from '../ops/events.ts';
import type { Log } from '../ops/log.ts';
import { formatName } from '../wire/name.ts';
import { formatAddress } from '../wire/peer.ts';
import { APEX } from '../zone/image.ts';

/** A report on its way between threads. */
export interface Limited {
  /** `192.0.2.0/24`; null: all sources together. */
  readonly source: string | null;
  /** Null: errors, which belong to no zone. */
  readonly zone: string | null;
  readonly answers: string;
}

const WORD_OF_CLASS: Readonly<Record<number, string>> = {
  [ANSWER_CLASS.POSITIVE]: 'answers',
  [ANSWER_CLASS.NODATA]: 'answers without records',
  [ANSWER_CLASS.NXDOMAIN]: 'NXDOMAIN answers',
  [ANSWER_CLASS.ERROR]: 'errors',
};

/** A report with the names of things; `table` is the thread's. */
export function limitedOf(
  { family, octets, bits, zone, answerClass }: RateLimitReport,
  table: ZoneTable,
): Limited {
  const image = table.get(zone)?.image;
  return {
    source: bits === 0 ? null : `${formatAddress(family, octets)}/${bits}`,
    zone: image === undefined ? null : formatName(image.u8, image.nameAt(APEX)),
    answers: WORD_OF_CLASS[answerClass]!,
  };
}

/** Tells the log and those who follow events. */
export function tellLimited({ source, zone, answers }: Limited, log: Log, events: EventSink): void {
  const message = `${answers} to ${source ?? 'all sources'} are over the rate limit`;
  log.warn({ source, zone, answers }, message);
  events.add({ kind: 'limited', zone, message, details: { source, answers } });
}
