/** From events to lanes: when a key is published, signs and retires, when its DS is there, when caches must forget. */
import type { UnixSeconds } from '../base/time.ts';
import type { RecordKind, RecordState } from '../kasp/key.ts';
import type { RecordEvent, SightingEvent, StepEvent, TimelineEvent } from './timeline-events.ts';
import type { TimelineLane, TimelineSpan } from './timeline-shapes.ts';
import { stepWords } from './words.ts';

/** A span with instants as numbers. */
export interface Span {
  readonly kind: TimelineSpan['kind'];
  readonly label: string;
  readonly from: UnixSeconds;
  readonly until: UnixSeconds | null;
  readonly because: string;
}

export interface Wait {
  readonly records: readonly RecordKind[];
  readonly from: UnixSeconds;
  readonly until: UnixSeconds | null;
  readonly because: string;
}

export interface Lane {
  readonly id: string;
  readonly kind: TimelineLane['kind'];
  readonly label: string;
  readonly spans: readonly Span[];
  readonly waits: readonly Wait[];
}

/** What events do not tell of a key. */
export interface LaneWords {
  labelOf(keyId: string): string | undefined;
  /** When it was made. */
  madeAt(keyId: string): UnixSeconds | undefined;
  /** Why something waits that nothing is planned to end. */
  waitOf(keyId: string, record: RecordKind): string | undefined;
}

const UNTIL_THEN = 'nothing was written down before';
const NO_END = 'not known';

/** The lanes of all events, which are in order: rollovers, then each key with its DS, in the order of appearance. */
export function lanesOf(events: readonly TimelineEvent[], words: LaneWords): Lane[] {
  const steps = events.filter((event) => event.kind === 'step');
  const records = events.filter((event) => event.kind === 'record');
  const sightings = events.filter((event) => event.kind === 'sighting');
  const seen = grouped(sightings, ({ keyId }) => keyId);
  const keys = [...grouped(records, ({ keyId }) => keyId)].flatMap(([id, own]) =>
    lanesOfKey(id, own, seen.get(id) ?? [], words),
  );
  return [...rolloverLanes(steps), ...keys];
}

/** In the order in which the groups appear. */
function grouped<T>(items: readonly T[], idOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(idOf(item));
    if (group === undefined) groups.set(idOf(item), [item]);
    else group.push(item);
  }
  return groups;
}

// ---- Rollovers ----

/** A rollover, from its first step to its end. */
interface Run {
  readonly from: UnixSeconds;
  readonly until: UnixSeconds | null;
  readonly spans: readonly Span[];
}

/** Rollovers that overlap are in lanes of their own. */
function rolloverLanes(steps: readonly StepEvent[]): Lane[] {
  const lanes: { spans: Span[]; until: UnixSeconds | null }[] = [];
  for (const own of grouped(steps, ({ id }) => id).values()) {
    const run = runOf(own);
    const free = lanes.find(({ until }) => until !== null && until <= run.from);
    if (free === undefined) {
      lanes.push({ spans: [...run.spans], until: run.until });
      continue;
    }
    free.spans.push(...run.spans);
    free.until = run.until;
  }
  return lanes.map(({ spans }, index) => ({
    ...{ id: `rollover-${index + 1}`, kind: 'rollover', label: 'rollover', spans, waits: [] },
  }));
}

function runOf(steps: readonly StepEvent[]): Run {
  const spans = steps.flatMap(({ at, type, step, because }, index): Span[] => {
    if (step === 'done') return [];
    const until = steps[index + 1]?.at ?? null;
    const why = `${stepWords(step)}; ${because}`;
    return [{ kind: 'step', label: `${type} ${step}`, from: at, until, because: why }];
  });
  return { from: steps[0]!.at, until: spans.at(-1)?.until ?? steps.at(-1)!.at, spans };
}

// ---- Keys ----

type States = Readonly<Record<RecordKind, RecordState>>;

/** What changed at one instant, and what the key is then. */
interface Turn {
  readonly at: UnixSeconds;
  readonly events: readonly RecordEvent[];
  readonly states: States;
}

function lanesOfKey(
  id: string,
  events: readonly RecordEvent[],
  sightings: readonly SightingEvent[],
  words: LaneWords,
): Lane[] {
  const label = words.labelOf(id) ?? labelByRecords(events);
  const turns = turnsOf(events, words.madeAt(id) ?? events[0]!.at);
  const own = events.filter(({ record }) => record !== 'ds');
  const key: Lane = {
    ...{ id, kind: 'key', label },
    spans: spansOf(turns, keyPhase(events), ['zrrsig', 'krrsig', 'dnskey']),
    waits: merged(recordWaits(own, (record) => words.waitOf(id, record))),
  };
  const ds = spansOf(turns, dsPhase, ['ds']);
  if (ds.length === 0) return [key];
  const waits = dsWaits(
    events.filter(({ record }) => record === 'ds'),
    sightings,
    () => words.waitOf(id, 'ds'),
  );
  return [key, { id: `${id}/ds`, kind: 'ds', label: label.replace(/[CKZ]SK/, 'DS'), spans: ds, waits }];
}

/** Of a key that was destroyed, its records tell what it was. */
function labelByRecords(events: readonly RecordEvent[]): string {
  const has = (kind: RecordKind) => events.some(({ record }) => record === kind);
  const word = has('krrsig') || has('ds') ? (has('zrrsig') ? 'CSK' : 'KSK') : 'ZSK';
  return `${word} ${events[0]!.tag}`;
}

function turnsOf(events: readonly RecordEvent[], madeAt: UnixSeconds): Turn[] {
  const firstOf = (record: RecordKind) => events.find((event) => event.record === record)?.from ?? 'hidden';
  let states: States = {
    ...{ dnskey: firstOf('dnskey'), krrsig: firstOf('krrsig'), zrrsig: firstOf('zrrsig'), ds: firstOf('ds') },
  };
  const turns: Turn[] = [{ at: madeAt, events: [], states }];
  for (const at of new Set(events.map((event) => event.at))) {
    const now = events.filter((event) => event.at === at);
    states = { ...states, ...Object.fromEntries(now.map(({ record, to }) => [record, to])) };
    turns.push({ at, events: now, states });
  }
  return turns;
}

type PhaseOf = (states: States, before: Span['kind'] | null) => Span['kind'] | null;

const isShown = (state: RecordState) => state === 'rumoured' || state === 'omnipresent';

/** Signing is what the key is for: of data if it ever signs that, else of keys. */
function keyPhase(events: readonly RecordEvent[]): PhaseOf {
  const main = events.some(({ record }) => record === 'zrrsig') ? 'zrrsig' : 'krrsig';
  return (states, before) => {
    const { dnskey, krrsig, zrrsig } = states;
    if (isShown(states[main])) return 'signing';
    if ([dnskey, krrsig, zrrsig].every((state) => state === 'hidden')) return null;
    const isLeaving = before === 'signing' || before === 'retiring' || dnskey === 'unretentive';
    return isLeaving ? 'retiring' : 'published';
  };
}

const DS_PHASES: Readonly<Record<RecordState, Span['kind'] | null>> = {
  hidden: null,
  rumoured: 'asked',
  omnipresent: 'present',
  unretentive: 'leaving',
};
const dsPhase: PhaseOf = ({ ds }) => DS_PHASES[ds];

/** A span for each time between two changes of phase; `records` are asked for the reason in this order. */
function spansOf(turns: readonly Turn[], phaseOf: PhaseOf, records: readonly RecordKind[]): Span[] {
  const spans: Span[] = [];
  let phase: Span['kind'] | null = null;
  for (const { at, events, states } of turns) {
    const now = phaseOf(states, phase);
    if (now === phase) continue;
    const last = spans.at(-1);
    if (last !== undefined && last.until === null) spans[spans.length - 1] = { ...last, until: at };
    const why = records.flatMap((record) => events.filter((event) => event.record === record))[0];
    if (now !== null) {
      const because = why?.because ?? UNTIL_THEN;
      spans.push({ kind: now, label: now, from: at, until: null, because });
    }
    phase = now;
  }
  return spans.filter(({ from, until }) => from !== until);
}

// ---- Waits ----

type WhyOf = (record: RecordKind) => string | undefined;

/** From each change that caches do not know yet until they do. */
function recordWaits(events: readonly RecordEvent[], whyOf: WhyOf): Wait[] {
  return events.flatMap(({ at, record, to }, index): Wait[] => {
    if (to !== 'rumoured' && to !== 'unretentive') return [];
    const end = events.slice(index + 1).find((event) => event.record === record);
    const because = end?.because ?? whyOf(record) ?? NO_END;
    return [{ records: [record], from: at, until: end?.at ?? null, because }];
  });
}

/** Of a DS, caches are waited for once the parent has acted. */
function dsWaits(events: readonly RecordEvent[], sightings: readonly SightingEvent[], whyOf: WhyOf): Wait[] {
  return recordWaits(events, whyOf).flatMap((wait): Wait[] => {
    const isArrival = events.some(({ at, to }) => at === wait.from && to === 'rumoured');
    const known = sightings.filter(({ at }) => wait.until === null || at <= wait.until);
    const before = known.findLastIndex(({ seen }) => seen !== isArrival);
    const acted = known[before + 1];
    if (acted === undefined) return [];
    return [{ ...wait, from: Math.max(wait.from, acted.at) as UnixSeconds }];
  });
}

/** Records that wait for the same wait together. */
function merged(waits: readonly Wait[]): Wait[] {
  const found = new Map<string, Wait>();
  for (const wait of waits) {
    const id = `${wait.from} ${wait.until} ${wait.because}`;
    const known = found.get(id);
    found.set(id, known === undefined ? wait : { ...known, records: [...known.records, ...wait.records] });
  }
  return [...found.values()];
}
