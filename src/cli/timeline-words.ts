/** The words of a timeline: what spans mean, and what comes when. */
import type { Timeline, TimelineLane, TimelineSpan } from '../control/timeline-shapes.ts';

export type SpanKind = TimelineSpan['kind'];

/** Spans that look alike: something comes, is in use, goes; and steps of rollovers. */
export type Look = 'step' | 'coming' | 'used' | 'going';

const LOOKS: Readonly<Record<SpanKind, Look>> = {
  step: 'step',
  published: 'coming',
  asked: 'coming',
  signing: 'used',
  present: 'used',
  retiring: 'going',
  leaving: 'going',
};

/** How a kind of span looks. */
export function lookOf(kind: SpanKind): Look {
  return LOOKS[kind];
}

/** What the looks mean, in the order of a legend. */
export const LOOK_WORDS: readonly (readonly [Exclude<Look, 'step'>, string])[] = [
  ['coming', 'key published, or DS asked for'],
  ['used', 'key signs, or DS in all caches'],
  ['going', 'key or DS retires'],
];
export const WAIT_WORDS = 'caches are waited for';

const KIND_WORDS: Readonly<Record<SpanKind, string>> = {
  step: 'step',
  published: 'is published',
  signing: 'signs',
  retiring: 'retires',
  asked: 'is asked for at the parent',
  present: 'is in all caches',
  leaving: 'shall leave the parent',
};

/** `ZSK 2371 signs`, `rollover: zsk publish`. */
export function spanWords({ kind, label }: TimelineSpan, lane: TimelineLane): string {
  return kind === 'step' ? `${lane.label}: ${label}` : `${lane.label} ${KIND_WORDS[kind]}`;
}

/** Something that happens at an instant. */
export interface Happening {
  readonly at: string;
  readonly words: string;
  readonly because: string;
}

/** What is planned within the part of time that is shown, in order: spans that begin, keys and DS that are gone. */
export function comingOf(timeline: Timeline): Happening[] {
  const { now, until, lanes } = timeline;
  const found = lanes.flatMap((lane) => [
    ...lane.spans.map((span) => ({
      at: span.from,
      words: spanWords(span, lane),
      because: span.because,
    })),
    ...endsOf(lane),
  ]);
  return found
    .filter(({ at }) => at > now && at <= until)
    .toSorted((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
}

/** Where no other span follows, nothing of a key is in any cache any longer, or a rollover is done. */
function endsOf({ kind, label, spans, waits }: TimelineLane): Happening[] {
  return spans.flatMap(({ until: at }) => {
    if (at === null || spans.some(({ from }) => from === at)) return [];
    const because = waits.find(({ until }) => until === at)?.because ?? 'all its waits are over';
    return [
      { at, words: kind === 'rollover' ? `${label} done` : `${label} is gone from all caches`, because },
    ];
  });
}
