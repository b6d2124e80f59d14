/**
 * What happens to one zone, told to the log and to those who follow the events, in the words of the operator: what,
 * where, with which effect.
 */
import { type Diagnostic, formatDiagnostic } from '../base/diagnostic.ts';
import type { FileStoreError } from '../base/ports.ts';
import { formatDuration } from '../base/time.ts';
import { LOUD_AFTER } from '../kasp/ladder.ts';
import type { Reminder } from '../kasp/reminders.ts';
import type { Action, EdgeTaken, RolloverEvent } from '../kasp/step.ts';
import type { ZoneState } from '../kasp/zonestate.ts';
import type { EventKind, EventSink } from '../ops/events.ts';
import type { Log } from '../ops/log.ts';
import type { ZoneKeys } from '../store/keystore.ts';
import { needOf } from './needs.ts';
import type { Problem } from './problem.ts';
import type { OrderEvent, SigningListener } from './signingports.ts';

/** Diagnostics of one file that are told; all are in `keyturn zone check`. */
const TOLD_DIAGNOSTICS = 10;

/** Why something still waits. */
interface Why {
  readonly code: string;
  readonly text: string;
}

/** What a log can ask of its zone. */
interface Subject {
  /** Why what waits for the parent still waits, the first cause first. */
  readonly parentReasons: readonly Why[];
}

export class ZoneLog implements SigningListener {
  readonly #log: Log;
  readonly #zone: string;
  readonly #events: EventSink;
  readonly #subject: Subject;
  /** Code of why the keys were told to stay as they are, if nothing happened to them since. */
  #frozen: string | undefined;

  constructor(log: Log, zone: string, events: EventSink, subject: Subject = { parentReasons: [] }) {
    this.#log = log;
    this.#zone = zone;
    this.#events = events;
    this.#subject = subject;
  }

  #tell(kind: EventKind, message: string, details: Readonly<Record<string, unknown>>): void {
    this.#events.add({ kind, zone: this.#zone, message, details });
  }

  info(fields: object, message: string): void {
    this.#log.info({ zone: this.#zone, ...fields }, message);
  }

  warn(fields: object, message: string): void {
    this.#log.warn({ zone: this.#zone, ...fields }, message);
  }

  error(fields: object, message: string): void {
    this.#log.error({ zone: this.#zone, ...fields }, message);
  }

  /** A file was loaded and is served; `before` is the serial that was served until now. */
  serving(
    loaded: { readonly serial: number; readonly records: number; readonly ms: number },
    before?: number,
  ): void {
    const text = before === undefined ? '' : ` instead of ${before}`;
    this.info(loaded, `serving ${this.#zone} serial ${loaded.serial}${text}`);
    const { serial, records } = loaded;
    this.#tell('loaded', `serial ${serial} is served${text}`, { serial, records });
  }

  /** No thread answers from the zone any more. */
  removed(keysPath: string | undefined): void {
    const keys = keysPath === undefined ? '' : `; its keys stay in ${keysPath}`;
    this.info({}, `no longer serving ${this.#zone}${keys}`);
    this.#tell('removed', `it is no longer served${keys}`, {});
  }

  /** Keys or signatures cannot be renewed for now. */
  frozen({ code, message }: Problem, retrySeconds: number): void {
    this.error(
      { code },
      `keys of ${this.#zone} stay as they are: ${message}; tried again in ${retrySeconds} s`,
    );
    // It is tried every minute: one event is enough for those who follow.
    if (this.#frozen !== code) this.#tell('frozen', `keys stay as they are: ${message}`, { code });
    this.#frozen = code;
  }

  /** A file was not loaded; `effect` says what is served. */
  problem({ code, message, diagnostics }: Problem, effect: string): void {
    this.#tell('rejected', `the file was not loaded: ${message}; ${effect}`, {
      code,
      errors: errorsOf(diagnostics).length,
    });
    const errors = errorsOf(diagnostics);
    for (const diagnostic of errors.slice(0, TOLD_DIAGNOSTICS)) {
      this.error(placeOf(diagnostic), formatDiagnostic(diagnostic));
    }
    const more = errors.length > TOLD_DIAGNOSTICS ? ` (${errors.length - TOLD_DIAGNOSTICS} more errors)` : '';
    this.error({ code }, `${this.#zone} was not loaded${more}: ${effect}`);
  }

  warnings(warnings: readonly Diagnostic[]): void {
    for (const warning of warnings.slice(0, TOLD_DIAGNOSTICS)) {
      this.warn(placeOf(warning), formatDiagnostic(warning));
    }
  }

  keys(keys: ZoneKeys): void {
    const tags = keys.zoneState.keys.map(({ tag }) => tag);
    const told = tags.join(' and ');
    if (keys.how === 'loaded') this.#log.debug({ zone: this.#zone, tags }, `keys of ${this.#zone}: ${told}`);
    else {
      this.info({ tags, path: keys.path }, `${keys.how} keys of ${this.#zone}: ${told}`);
      this.#tell('keys', `${keys.how} keys: ${told}`, { how: keys.how, tags });
    }
    for (const note of keys.notes) this.warn({}, note);
  }

  /** Steps of keys and rollovers. */
  actions(actions: readonly Action[]): void {
    if (actions.length > 0) this.#frozen = undefined;
    for (const action of actions) {
      if (action.kind === 'edge') {
        const { tag, record, from, to, because } = action;
        const fields = { key: tag, record, from, to, because };
        const text = `key ${tag}: ${record} ${from} → ${to}: ${because}`;
        this.info(fields, `${this.#zone} ${text}`);
        this.#tell('edge', text, fields);
        this.#ds(action);
      } else if (action.kind === 'rollover') {
        const { event, type, id, step, because } = action;
        const text = `${type} rollover ${EVENT_WORDS[event](step)}: ${because}`;
        if (event === 'stalled') this.warn({ rollover: id, step }, `${this.#zone} ${text}`);
        else this.info({ rollover: id, step }, `${this.#zone} ${text}`);
        this.#tell('rollover', text, { event, type, rollover: id, step });
      } else {
        const text = `key ${action.tag}: its private half was destroyed`;
        this.info({ key: action.tag }, `${this.#zone} ${text}`);
        this.#tell('purge', text, { key: action.tag });
      }
    }
  }

  /** What an operator ordered or saw, or that a lifetime is over. */
  ordered({ order, kind: _, ...details }: OrderEvent): void {
    const { kind, text, event } = orderWords(order, details);
    this.info(details, `${this.#zone} ${text}`);
    const { keyId: __, tag, ...rest } = details;
    const key = tag === undefined ? {} : { key: tag };
    this.#tell(kind, text, event === undefined ? rest : { event, ...key, ...rest });
  }

  /** A rollover, or a zone that was never secured, still waits for a person or for the parent. */
  reminded({ rollover, wait, after }: Reminder, state: ZoneState): void {
    const need = needOf(this.#zone, state, wait);
    const what = need === undefined ? wait.because : `${need.what}; then: ${need.command}`;
    const { id = null, type = null, step = null } = rollover ?? {};
    const waits = rollover === null ? 'the first DS is waited for' : `${type} rollover waits at step ${step}`;
    const [reason] = this.#subject.parentReasons;
    const why = reason === undefined ? '' : ` (${reason.text} [${reason.code}])`;
    const text = `${waits} for over ${formatDuration(after)}: ${what}${why}`;
    const code = reason?.code ?? wait.reason;
    const fix = need?.command ?? null;
    const fields = { event: 'reminder', type, rollover: id, step, after, code, level: 'warning', fix };
    this[after >= LOUD_AFTER ? 'error' : 'warn'](fields, `${this.#zone}: ${text}`);
    this.#tell('rollover', text, fields);
  }

  /** The DS of a key is asked for, or asked to leave: by CDS and CDNSKEY, and of the operator. */
  #ds({ record, tag, to }: EdgeTaken): void {
    if (record !== 'ds') return;
    const event = DS_EVENTS[to];
    if (event !== undefined)
      this.#tell('ds', `the DS of key ${tag} ${event.words}`, { event: event.name, key: tag });
  }

  /** The audit trail has a gap. */
  unaudited({ code, path, message }: FileStoreError): void {
    this.warn({ code, path }, `${this.#zone}: the audit trail could not be written: ${message}`);
  }
}

const EVENT_WORDS: Readonly<Record<RolloverEvent['event'], (step: string) => string>> = {
  started: (step) => `started with step ${step}`,
  step: (step) => `is at step ${step}`,
  done: () => 'is done',
  cancelled: (step) => `is being cancelled, at step ${step}`,
  stalled: (step) => `is stalled at step ${step}`,
};

/** An order as an event: its kind, its words, and what became of the rollover or the DS. */
function orderWords(
  order: string,
  { type, by, tag }: Readonly<Record<string, unknown>>,
): { readonly kind: EventKind; readonly text: string; readonly event?: string } {
  switch (order) {
    case 'rollover start': {
      const whose = by === 'lifetime' ? 'a lifetime that is over' : 'an operator';
      return { kind: 'rollover', text: `${type} rollover is started by ${whose}`, event: 'started' };
    }
    case 'rollover cancel': {
      const whose = by === 'policy' ? 'the policy (autoCancel)' : 'an operator';
      return { kind: 'rollover', text: `rollover is cancelled by ${whose}`, event: 'cancelled' };
    }
    case 'confirm-ds seen':
      return { kind: 'ds', text: `the DS of key ${tag} is on all servers of the parent`, event: 'seen' };
    case 'confirm-ds gone':
      return { kind: 'ds', text: `the DS of key ${tag} is on no server of the parent`, event: 'gone' };
    case 'confirm-ds none':
      return { kind: 'ds', text: 'no DS of the zone is at the parent', event: 'none' };
    default:
      return { kind: 'order', text: order };
  }
}

const DS_EVENTS: Partial<Record<EdgeTaken['to'], { readonly name: string; readonly words: string }>> = {
  rumoured: { name: 'asked', words: 'is asked for' },
  omnipresent: { name: 'known', words: 'is known to all caches' },
  unretentive: { name: 'withdrawn', words: 'is asked to leave the parent' },
  hidden: { name: 'forgotten', words: 'is in no cache any more' },
};

function errorsOf(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  return diagnostics.filter(({ severity }) => severity === 'error');
}

function placeOf({ code, file, line, column }: Diagnostic) {
  return { code, file, line, column };
}
