/** `keyturn events`: lines for a person from lines of JSON, as they come. */
import { StringDecoder } from 'node:string_decoder';
import type { Command } from 'commander';
import { OperationError } from '../control/operation.ts';
import { checkParams, optionWord, parametersOf } from '../control/parameters.ts';
import type { EventLine } from '../control/watch-shapes.ts';
import { paramsOf } from './command.ts';
import type { Output } from './output.ts';
import { INTERRUPTED, type Runner } from './runner.ts';
import { eventText } from './watch-output.ts';

/** No event is longer. */
const MAX_LINE_CHARACTERS = 1 << 20;

/** Prints events as they come; lines of JSON with `--json`. */
export function addEvents(command: Command, runner: Runner): void {
  const parameters = parametersOf('events');
  command.action(async () => {
    const params = checkParams('events', paramsOf(command, parameters), optionWord);
    const lines = new EventLines(runner.output, runner.isJson);
    const leave = () => process.exit(INTERRUPTED);
    process.once('SIGINT', leave);
    try {
      await runner.stream('events', params, (part) => lines.take(part));
    } catch (error) {
      // A server that ends breaks the stream off.
      if (!lines.hasBegun || !(error instanceof OperationError) || error.kind !== 'UNREACHABLE') throw error;
    } finally {
      process.off('SIGINT', leave);
    }
    lines.end(params.follow);
  });
}

/** Cuts a stream into lines. */
export class EventLines {
  readonly #output: Output;
  readonly #asJson: boolean;
  readonly #decoder = new StringDecoder('utf8');
  #rest = '';
  #last: number | undefined;

  constructor(output: Output, asJson: boolean) {
    this.#output = output;
    this.#asJson = asJson;
  }

  /** Something has come. */
  get hasBegun(): boolean {
    return this.#last !== undefined;
  }

  take(part: Buffer): void {
    const lines = `${this.#rest}${this.#decoder.write(part)}`.split('\n');
    this.#rest = lines.pop()!;
    if (this.#rest.length > MAX_LINE_CHARACTERS) throw new Error('a line of the events does not end');
    // Empty ones say that the server is there.
    for (const line of lines) if (line !== '') this.#print(line);
  }

  /** The stream is over. Throws OperationError if it should not be. */
  end(isFollowing: boolean): void {
    if (!isFollowing) return;
    const since = this.#last === undefined ? '' : ` --since ${this.#last}`;
    const fix = `when the server is there again: keyturn events --follow${since}`;
    throw new OperationError('UNREACHABLE', 'EVENTS_ENDED', 'the server ended the events', fix);
  }

  #print(line: string): void {
    const event = JSON.parse(line) as EventLine;
    if ('seq' in event) this.#last = Number(event.seq);
    this.#output.print(this.#asJson ? line : eventText(event));
  }
}
