/** What the log says about one zone, in the words of the operator: what, where, with which effect. */
import { type Diagnostic, formatDiagnostic } from '../base/diagnostic.ts';
import type { FileStoreError } from '../base/ports.ts';
import type { Action, RolloverEvent } from '../kasp/step.ts';
import type { Log } from '../ops/log.ts';
import type { ZoneKeys } from '../store/keystore.ts';
import type { Problem } from './problem.ts';
import type { SigningListener } from './signing.ts';

/** Diagnostics of one file that are told; all are in `keyturn zone check`. */
const TOLD_DIAGNOSTICS = 10;

export class ZoneLog implements SigningListener {
  readonly #log: Log;
  readonly #zone: string;

  constructor(log: Log, zone: string) {
    this.#log = log;
    this.#zone = zone;
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

  /** A file was not loaded; `effect` says what is served. */
  problem({ code, diagnostics }: Problem, effect: string): void {
    const errors = diagnostics.filter(({ severity }) => severity === 'error');
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
    else this.info({ tags, path: keys.path }, `${keys.how} keys of ${this.#zone}: ${told}`);
    for (const note of keys.notes) this.warn({}, note);
  }

  /** Steps of keys and rollovers. */
  actions(actions: readonly Action[]): void {
    for (const action of actions) {
      if (action.kind === 'edge') {
        const { tag, record, from, to, because } = action;
        const fields = { key: tag, record, from, to, because };
        this.info(fields, `${this.#zone} key ${tag}: ${record} ${from} → ${to}: ${because}`);
      } else if (action.kind === 'rollover') {
        const { event, type, id, step, because } = action;
        const text = `${this.#zone} ${type} rollover ${EVENT_WORDS[event](step)}: ${because}`;
        if (event === 'stalled') this.warn({ rollover: id, step }, text);
        else this.info({ rollover: id, step }, text);
      } else {
        this.info({ key: action.tag }, `${this.#zone} key ${action.tag}: its private half was destroyed`);
      }
    }
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

function placeOf({ code, file, line, column }: Diagnostic) {
  return { code, file, line, column };
}
