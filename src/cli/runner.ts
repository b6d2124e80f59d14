/** What every command works with: where its output goes, how it calls the server, and how it ends. */
import type { Command } from 'commander';
import { ControlClient } from '../control/client.ts';
import type { OperationName, ParamsIn, Result } from '../control/operations.ts';
import { checkParams, commandLineWord } from '../control/parameters.ts';
import type { Output } from './output.ts';

const DEFAULT_CONTROL = 'keys/control.sock';

/** Exit code of a command that was ended from the keyboard. */
export const INTERRUPTED = 130;

/** Options of every command. */
export interface GlobalFlags {
  readonly control?: string;
  readonly json?: boolean;
  readonly yes?: boolean;
}

/** One run of the program. */
export class Runner {
  readonly output: Output;
  #program: Command | undefined;
  /** What the process ends with, if nothing fails. */
  exitCode = 0;
  /** The process is the server: it outlives whoever reads its output. */
  isServing = false;

  constructor(output: Output) {
    this.output = output;
  }

  /** Binds the run to the program whose options it reads. */
  attach(program: Command): void {
    this.#program = program;
  }

  get flags(): GlobalFlags {
    return this.#program?.opts<GlobalFlags>() ?? {};
  }

  get isJson(): boolean {
    return this.flags.json === true;
  }

  get controlPath(): string {
    return this.flags.control ?? process.env.KEYTURN_CONTROL ?? DEFAULT_CONTROL;
  }

  /** Calls an operation of the server; what is malformed is not sent. Throws OperationError. */
  async call<N extends OperationName>(name: N, params: ParamsIn<N>): Promise<Result<N>> {
    checkParams(name, params, commandLineWord(name));
    return new ControlClient(this.controlPath).call(name, params);
  }

  /** Calls an operation whose result is text, and prints or hands it on as it comes. Throws OperationError. */
  async stream<N extends OperationName>(
    name: N,
    params: ParamsIn<N>,
    onPart: (part: Buffer) => void = (part) => process.stdout.write(part),
  ): Promise<void> {
    checkParams(name, params, commandLineWord(name));
    return new ControlClient(this.controlPath).stream(name, params, onPart);
  }

  /** Prints a result: as one JSON object if that was asked for, else by `print`. */
  show<R>(result: R, print: (result: R) => void): void {
    if (this.isJson) this.output.print(JSON.stringify(result));
    else print(result);
  }
}
