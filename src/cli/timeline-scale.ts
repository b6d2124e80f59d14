/** The scale of a timeline: from instants to places, and dates that fit. */
import { formatInstant, unixSeconds } from '../base/time.ts';
import type { Timeline } from '../control/timeline-shapes.ts';

const HOUR = 3_600;
const DAY = 86_400;
/** From one date to the next. */
const STEPS: readonly number[] = [
  ...[HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 7 * DAY, 14 * DAY, 28 * DAY],
  ...[56 * DAY, 91 * DAY, 182 * DAY, 364 * DAY, 1_820 * DAY],
];
/** Beyond that, dates need their years. */
const YEARLY = 300 * DAY;

/** A date on the scale. */
export interface Tick {
  /** From 0 to the width. */
  readonly at: number;
  readonly label: string;
}

export class Scale {
  readonly from: number;
  readonly until: number;
  readonly width: number;

  /** `width` in columns or pixels. */
  constructor(timeline: Pick<Timeline, 'from' | 'until'>, width: number) {
    this.from = secondsOf(timeline.from);
    this.until = Math.max(this.from + 1, secondsOf(timeline.until));
    this.width = width;
  }

  /** The place of an instant, within the width; null is the end. */
  at(instant: string | null): number {
    if (instant === null) return this.width;
    const part = (secondsOf(instant) - this.from) / (this.until - this.from);
    return Math.min(1, Math.max(0, part)) * this.width;
  }

  /** Dates at whole hours, days or weeks, so many that their labels do not touch; `unit` is the width of a character. */
  ticks(unit: number): Tick[] {
    const span = this.until - this.from;
    const lengthOf = (step: number) => labelOf(this.from, step, span).length + 2;
    const fits = (step: number) => (step / span) * this.width >= lengthOf(step) * unit;
    const step = STEPS.find(fits);
    const ticks: Tick[] = [];
    if (step === undefined) return ticks;
    for (let at = Math.ceil(this.from / step) * step; at <= this.until; at += step) {
      ticks.push({ at: ((at - this.from) / span) * this.width, label: labelOf(at, step, span) });
    }
    return ticks;
  }
}

export function secondsOf(instant: string): number {
  return Math.floor(Date.parse(instant) / 1_000);
}

function labelOf(at: number, step: number, span: number): string {
  const text = formatInstant(unixSeconds(at));
  if (step < DAY) return `${text.slice(5, 10)} ${text.slice(11, 16)}`;
  return span > YEARLY ? text.slice(0, 10) : text.slice(5, 10);
}
