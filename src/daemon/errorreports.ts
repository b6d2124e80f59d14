/** What resolvers reported to us as the agent (RFC 9567), newest last, bounded: anybody may report anything. */
import type { ErrorReport } from '../answer/report.ts';
import type { UnixSeconds } from '../base/time.ts';
import type { EventSink } from '../ops/events.ts';
import { formatType } from '../wire/iana.ts';
import { formatName, isAtOrBelow, type Name } from '../wire/name.ts';

/** One name, with the types and the code that were reported of it. */
export interface KnownReport extends ErrorReport {
  readonly count: number;
  readonly firstAt: UnixSeconds;
  readonly lastAt: UnixSeconds;
}

/** Reports that are kept; one more makes the one go that was not repeated for longest. */
const MAX_REPORTS = 1_000;

export class ErrorReports {
  readonly #events: EventSink;
  readonly #known = new Map<string, KnownReport>();

  constructor(events: EventSink) {
    this.#events = events;
  }

  /** Takes a report in; one that was not known is an event. */
  add(report: ErrorReport, now: UnixSeconds): void {
    const name = formatName(report.name);
    const key = `${name} ${report.types} ${report.infoCode}`;
    const before = this.#known.get(key);
    this.#known.delete(key);
    this.#known.set(key, {
      ...report,
      count: (before?.count ?? 0) + 1,
      firstAt: before?.firstAt ?? now,
      lastAt: now,
    });
    const [oldest] = this.#known.keys();
    if (this.#known.size > MAX_REPORTS && oldest !== undefined) this.#known.delete(oldest);
    if (before !== undefined) return;
    const { infoCode } = report;
    const types = typeWords(report.types);
    const message = `a resolver reports that ${types} of ${name} failed, extended error ${infoCode}`;
    this.#events.add({ kind: 'reported', zone: null, message, details: { name, types, infoCode } });
  }

  /** The reports of names in a zone, that repeated last at the end. */
  below(origin: Name): KnownReport[] {
    return [...this.#known.values()].filter(({ name }) => isAtOrBelow(name, origin));
  }
}

/** `AAAA` for `28`, `A and AAAA` for `1-28`. */
export function typeWords(types: string): string {
  return types
    .split('-')
    .map((type) => formatType(Number(type)))
    .join(' and ');
}
