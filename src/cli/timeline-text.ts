/** The timeline of a zone for a terminal: a lane a line, hatched where caches are waited for; ASCII where asked. */
import { formatDuration } from '../base/time.ts';
import type { Timeline, TimelineLane, TimelineSpan, TimelineWait } from '../control/timeline-shapes.ts';
import { Scale } from './timeline-scale.ts';
import { comingOf, LOOK_WORDS, type Look, lookOf, WAIT_WORDS } from './timeline-words.ts';

/** What to draw with. */
export interface TextOptions {
  readonly columns: number;
  readonly isAscii: boolean;
}

type Ink = Readonly<Record<Look | 'wait' | 'now' | 'edge' | 'line' | 'tick', string>>;

const UNICODE: Ink = {
  ...{ step: '─', coming: '░', used: '█', going: '▒', wait: '╱' },
  ...{ now: '┃', edge: '├', line: '─', tick: '┬' },
};
const ASCII: Ink = {
  ...{ step: '-', coming: '.', used: '#', going: '~', wait: '/' },
  ...{ now: '|', edge: '+', line: '-', tick: '+' },
};

const MIN_CHART = 20;
const MAX_LABEL = 24;
/** More that comes is in the JSON form. */
const TOLD = 16;

/** Lines of the picture, with a legend and what comes next. */
export function timelineText(timeline: Timeline, { columns, isAscii }: TextOptions): string[] {
  const { zone, policy, now, lanes, from, until, parentDelay } = timeline;
  const ink = isAscii ? ASCII : UNICODE;
  const labels = lanes.map(({ label }) => label.length);
  const labelWidth = Math.min(MAX_LABEL, Math.max(10, ...labels)) + 1;
  const scale = new Scale(timeline, Math.max(MIN_CHART, columns - labelWidth - 1));
  const nowAt = cellOf(scale, now);
  const row = (label: string, chart: readonly string[]) =>
    `${label.slice(0, labelWidth - 1).padEnd(labelWidth)}${chart.join('')}`.trimEnd();
  const drawn = lanes.flatMap((lane) => {
    const rows = [row(lane.label, marked(spanCells(lane, scale, ink), nowAt, ink))];
    if (lane.waits.length > 0) rows.push(row('', marked(waitCells(lane.waits, scale, ink), nowAt, ink)));
    return rows;
  });
  return [
    `${zone}  policy ${policy}, from ${from} to ${until}`,
    ...axis(scale, ink).map((cells) => row('', cells)),
    ...(lanes.length === 0 ? ['no key in this time'] : drawn),
    row('', nowLine(scale, nowAt, `${isAscii ? '^' : '▲'} now ${now}`)),
    ...legend(ink, columns),
    `  assumed: the parent acts ${formatDuration(parentDelay)} after it is asked`,
    ...agenda(timeline, columns),
  ];
}

/** The cell of an instant, from 0 to the width - 1. */
function cellOf(scale: Scale, instant: string | null): number {
  return Math.min(scale.width - 1, Math.floor(scale.at(instant)));
}

function blank(width: number): string[] {
  return Array.from({ length: width }, () => ' ');
}

/** Cells of a span: at least one, and all up to the one in which the next span begins. */
function cellsOf(scale: Scale, { from, until }: TimelineSpan | TimelineWait): { first: number; end: number } {
  const first = cellOf(scale, from);
  return { first, end: Math.max(first + 1, Math.floor(scale.at(until))) };
}

/** Short spans are drawn over long ones, or they would not be seen. */
function spanCells({ spans }: TimelineLane, scale: Scale, ink: Ink): string[] {
  const cells = blank(scale.width);
  const placed = spans.map((span) => ({ span, ...cellsOf(scale, span) }));
  for (const { span, first, end } of placed.toSorted((a, b) => b.end - b.first - (a.end - a.first))) {
    cells.fill(ink[lookOf(span.kind)], first, end);
    if (span.kind !== 'step') continue;
    const word = span.label.split(' ').at(-1)!;
    if (word.length < end - first) cells.splice(first + 1, word.length, ...word);
    cells[first] = ink.edge;
  }
  return cells;
}

function waitCells(waits: readonly TimelineWait[], scale: Scale, ink: Ink): string[] {
  const cells = blank(scale.width);
  for (const wait of waits) {
    const { first, end } = cellsOf(scale, wait);
    cells.fill(ink.wait, first, end);
  }
  return cells;
}

/** The line of now goes through everything but words. */
function marked(cells: string[], nowAt: number, ink: Ink): string[] {
  return /[a-z]/.test(cells[nowAt]!) ? cells : cells.with(nowAt, ink.now);
}

/** Dates, and the line that they stand on. */
function axis(scale: Scale, ink: Ink): string[][] {
  const [dates, line] = [blank(scale.width), blank(scale.width).fill(ink.line)];
  for (const { at, label } of scale.ticks(1)) {
    const cell = Math.min(scale.width - 1, Math.floor(at));
    line[cell] = ink.tick;
    if (cell + label.length <= scale.width) dates.splice(cell, label.length, ...label);
  }
  return [dates, line];
}

/** The mark below the line of now, with the words on the side where there is room. */
function nowLine(scale: Scale, nowAt: number, words: string): string[] {
  const start = Math.max(0, Math.min(nowAt, scale.width - words.length));
  const cells = blank(scale.width);
  if (start === nowAt) cells.splice(start, words.length, ...words);
  else {
    const [mark, ...rest] = words;
    const before = `${rest.join('').trim()} ${mark}`;
    cells.splice(Math.max(0, nowAt - before.length + 1), before.length, ...before);
  }
  return cells;
}

/** As many entries a line as fit. */
function legend(ink: Ink, columns: number): string[] {
  const entries = [
    ...LOOK_WORDS.map(([look, words]) => `${ink[look]} ${words}`),
    `${ink.wait} ${WAIT_WORDS}`,
  ];
  const lines: string[] = [];
  for (const entry of entries) {
    const longer = `${lines.at(-1)}   ${entry}`;
    if (lines.length > 0 && longer.length <= columns) lines[lines.length - 1] = longer;
    else lines.push(`  ${entry}`);
  }
  return lines;
}

/** What comes, with its reason: beside it if that fits, else below. */
function agenda(timeline: Timeline, columns: number): string[] {
  const coming = comingOf(timeline);
  if (coming.length === 0) return ['nothing is planned in this time'];
  const told = coming.slice(0, TOLD);
  const wide = Math.max(...told.map(({ words }) => words.length));
  const isBeside = told.every(({ at, because }) => 6 + at.length + wide + because.length <= columns);
  const lines = told.flatMap(({ at, words, because }) =>
    isBeside ? [`  ${at}  ${words.padEnd(wide)}  ${because}`] : [`  ${at}  ${words}`, `      ${because}`],
  );
  const rest = coming.length - TOLD;
  return ['planned:', ...lines, ...(rest > 0 ? [`  and ${rest} more: keyturn timeline --json`] : [])];
}
