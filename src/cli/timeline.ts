/** `keyturn timeline` in a terminal. */
import type { Timeline } from '../control/timeline-shapes.ts';
import type { Output } from './output.ts';
import { timelineText } from './timeline-text.ts';

const DEFAULT_COLUMNS = 100;

/** `timeline`, as wide as the terminal. */
export function printTimeline(output: Output, timeline: Timeline): void {
  const { isTerminal } = output;
  for (const line of timelineText(timeline, { columns: columnsOf(), isAscii: !isTerminal }))
    output.print(line);
}

function columnsOf(): number {
  const told = Number(process.env.COLUMNS ?? process.stdout.columns);
  return Number.isInteger(told) && told > 0 && told <= 1_000 ? told : DEFAULT_COLUMNS;
}
