/**
 * The timeline of a zone as SVG, written by hand: fixed layout, a lane a row, hatched where caches are waited for. Light
 * and dark by `prefers-color-scheme`; no scripts, nothing from outside. Tooltips say why.
 */
import { formatDuration } from '../base/time.ts';
import type { Timeline, TimelineLane, TimelineSpan, TimelineWait } from '../control/timeline-shapes.ts';
import { Scale } from './timeline-scale.ts';
import { LOOK_WORDS, lookOf, spanWords, WAIT_WORDS } from './timeline-words.ts';

const WIDTH = 960;
const LEFT = 150;
const RIGHT = 20;
const TOP = 64;
const LANE = 28;
const BAR = 16;
const LEGEND = 68;
/** About, in pixels. */
const CHARACTER = 6.2;

/** Colors as plain classes: viewers that know no variables show the light ones. */
const STYLE = `
  text { font: 12px sans-serif; fill: #1c2430; } .small { font-size: 11px; }
  .paper { fill: #ffffff; } .grid { stroke: #d5dae1; } .step { fill: #dfe6f0; stroke: #b9c3d0; }
  .coming { fill: #f0c36d; } .used { fill: #58a884; } .going { fill: #b4bdc9; } .planned { opacity: 0.6; }
  .now { stroke: #b3261e; stroke-width: 2; } .nowtext { fill: #b3261e; }
  .hatch { stroke: #1c2430; stroke-width: 1.5; } .wait { fill: url(#hatch); }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6eaf0; }
    .paper { fill: #14181f; } .grid { stroke: #333b47; } .step { fill: #26303d; stroke: #46536a; }
    .coming { fill: #b98a2c; } .used { fill: #2f7d5b; } .going { fill: #5d6775; }
    .now { stroke: #ff8a80; } .nowtext { fill: #ff8a80; } .hatch { stroke: #e6eaf0; }
  }
`;

/** The whole document, with a line feed at its end. */
export function timelineSvg(timeline: Timeline): string {
  const { zone, policy, lanes, from, until, now } = timeline;
  const height = TOP + Math.max(1, lanes.length) * LANE + LEGEND;
  const scale = new Scale(timeline, WIDTH - LEFT - RIGHT);
  const bottom = height - LEGEND + 6;
  const size = `width="${WIDTH}" height="${height}"`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" role="img" ${size} viewBox="0 0 ${WIDTH} ${height}">`,
    `<title>${escaped(`Keys of ${zone} from ${from} to ${until}`)}</title>`,
    `<style>${STYLE}</style>`,
    '<defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">' +
      '<line class="hatch" x1="0" y1="0" x2="0" y2="6"/></pattern></defs>',
    `<rect class="paper" ${size}/>`,
    `<text x="12" y="22">${escaped(`${zone} under policy ${policy}`)}</text>`,
    ...grid(scale, bottom),
    ...lanes.flatMap((lane, index) => laneRows(lane, index, scale, now)),
    ...nowLine(scale, now, bottom),
    ...legend(timeline, height),
    '</svg>',
    '',
  ].join('\n');
}

/** Text that XML takes: nothing of it is markup, and no character is one that XML forbids. */
export function escaped(text: string): string {
  const named: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  return text.replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd]/g, '?').replace(/[&<>"]/g, (mark) => named[mark]!);
}

function grid(scale: Scale, bottom: number): string[] {
  return scale.ticks(CHARACTER).flatMap(({ at, label }) => {
    const x = place(at);
    return [
      `<line class="grid" x1="${x}" y1="${TOP - 14}" x2="${x}" y2="${bottom}"/>`,
      `<text class="small" x="${x}" y="${TOP - 20}">${escaped(label)}</text>`,
    ];
  });
}

function laneRows(lane: TimelineLane, index: number, scale: Scale, now: string): string[] {
  const top = TOP + index * LANE;
  const label = `<text x="12" y="${top + 17}">${escaped(lane.label)}</text>`;
  const bars = lane.spans.flatMap((span) => spanBars(span, lane, { top: top + 5, scale, now }));
  const waits = lane.waits.map((wait) => {
    const words = `${lane.label}: ${wait.records.join(', ')} until ${wait.until ?? 'an unknown time'}`;
    return bar('wait', wait, { top: top + 5, scale, title: `${words}: ${wait.because}` });
  });
  return [label, ...bars, ...waits];
}

interface Place {
  readonly top: number;
  readonly scale: Scale;
}

/** One bar, or two where a span goes on into the future. */
function spanBars(
  span: TimelineSpan,
  lane: TimelineLane,
  { now, ...at }: Place & { readonly now: string },
): string[] {
  const look = lookOf(span.kind);
  const when = `from ${span.from} to ${span.until ?? 'no known time'}`;
  const title = `${spanWords(span, lane)} ${when}: ${span.because}`;
  const isCut = !span.planned && (span.until === null || span.until > now);
  const parts = isCut
    ? [bar(look, { from: span.from, until: now }, { ...at, title })]
    : [bar(span.planned ? `${look} planned` : look, span, { ...at, title })];
  if (isCut) parts.push(bar(`${look} planned`, { from: now, until: span.until }, { ...at, title }));
  const [x, end] = [at.scale.at(span.from), at.scale.at(span.until)];
  const word = span.label.split(' ').at(-1)!;
  if (span.kind === 'step' && end - x > (word.length + 1) * CHARACTER) {
    parts.push(`<text class="small" x="${place(x + 3)}" y="${at.top + 12}">${escaped(word)}</text>`);
  }
  return parts;
}

function bar(
  look: string,
  { from, until }: Pick<TimelineSpan | TimelineWait, 'from' | 'until'>,
  { top, scale, title }: Place & { readonly title: string },
): string {
  const [x, end] = [scale.at(from), scale.at(until)];
  const box = `x="${place(x)}" y="${top}" width="${rounded(Math.max(1, end - x))}" height="${BAR}"`;
  return `<rect class="${look}" ${box}><title>${escaped(title)}</title></rect>`;
}

function nowLine(scale: Scale, now: string, bottom: number): string[] {
  const x = place(scale.at(now));
  const isRight = scale.at(now) > scale.width / 2;
  const anchor = isRight ? ' text-anchor="end"' : '';
  return [
    `<line class="now" x1="${x}" y1="${TOP - 10}" x2="${x}" y2="${bottom}"><title>${escaped(`now: ${now}`)}</title></line>`,
    `<text class="small nowtext" x="${x}" y="${bottom + 12}"${anchor}>${escaped(`now ${now}`)}</text>`,
  ];
}

function legend({ parentDelay }: Timeline, height: number): string[] {
  const y = height - 38;
  const entries = [...LOOK_WORDS, ['wait', WAIT_WORDS] as const];
  const drawn = entries.flatMap(([look, words], index) => {
    const x = 12 + index * 212;
    return [
      `<rect class="${look}" x="${x}" y="${y}" width="18" height="12"/>`,
      `<text class="small" x="${x + 24}" y="${y + 10}">${escaped(words)}</text>`,
    ];
  });
  const assumed = `pale: planned, if the parent acts ${formatDuration(parentDelay)} after it is asked`;
  return [...drawn, `<text class="small" x="12" y="${height - 8}">${escaped(assumed)}</text>`];
}

function place(x: number): number {
  return rounded(LEFT + x);
}

function rounded(pixels: number): number {
  return Math.round(pixels * 10) / 10;
}
