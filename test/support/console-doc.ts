/**
 * Documents whose console blocks are run: every line that begins with `$ ` is typed into one bash, and what follows
 * must be what it prints. Instants, ids, digests and keys may differ; a number like a key tag may, if it then differs
 * everywhere in the same way, in later commands too.
 */
import { type ChildProcess, spawn } from 'node:child_process';

/** One command of a document. */
export interface DocCommand {
  readonly text: string;
  readonly expected: string;
  /** Lines of the document that hold what is expected: from, to (exclusive). */
  readonly from: number;
  readonly to: number;
}

const COMMAND_MS = 90_000;

/** The commands in the `console` blocks of a Markdown text, in their order. */
export function commandsOf(markdown: string): DocCommand[] {
  const lines = markdown.split('\n');
  const commands: DocCommand[] = [];
  let isInside = false;
  let open: { text: string; from: number } | undefined;
  const close = (to: number) => {
    if (open !== undefined) {
      commands.push({ ...open, to, expected: lines.slice(open.from, to).join('\n') });
    }
    open = undefined;
  };
  lines.forEach((line, at) => {
    if (line.startsWith('```')) {
      close(at);
      isInside = line === '```console';
    } else if (isInside && line.startsWith('$ ')) {
      close(at);
      open = { text: line.slice(2), from: at + 1 };
    }
  });
  return commands;
}

/** A bash that is told one command after the other. */
export class Console {
  readonly #bash: ChildProcess;
  #output = '';
  #onOutput: () => void = () => undefined;

  constructor(folder: string, environment: Readonly<Record<string, string>>) {
    this.#bash = spawn('bash', ['--norc', '--noprofile'], {
      cwd: folder,
      env: { ...process.env, ...environment },
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
    });
    for (const stream of [this.#bash.stdout!, this.#bash.stderr!]) {
      stream.on('data', (part: Buffer) => {
        this.#output += part.toString('utf8');
        this.#onOutput();
      });
    }
    this.#bash.stdin!.write('exec 2>&1\n');
  }

  /** Runs a command; returns what it printed, and `[exit code N]` if it failed. Throws if it takes too long. */
  async run(text: string): Promise<string> {
    this.#output = '';
    const mark = `--done-${Math.floor(performance.now() * 1_000)}--`;
    const ended = new RegExp(`${mark}(\\d+)\\n`);
    this.#bash.stdin!.write(`${text}\necho "${mark}$?"\n`);
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`takes too long: ${text}\n${this.#output}`)),
        COMMAND_MS,
      );
      this.#onOutput = () => {
        if (!ended.test(this.#output)) return;
        clearTimeout(timer);
        resolve();
      };
    });
    const code = ended.exec(this.#output)![1]!;
    const printed = this.#output.replace(ended, '').trimEnd();
    return code === '0' ? printed : `${printed}\n[exit code ${code}]`.trimStart();
  }

  /** Ends bash and all that it started. */
  end(): void {
    if (this.#bash.pid === undefined || this.#bash.exitCode !== null) return;
    try {
      process.kill(-this.#bash.pid, 'SIGKILL');
    } catch (error) {
      // It may have ended meanwhile.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}

/** Numbers of the document and what they are in this run. */
export type Bindings = Map<string, string>;

/** What may differ between two runs in itself. */
function erased(text: string): string {
  return (
    text
      .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, '<instant>')
      .replace(/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, '<id>')
      .replace(/\b[0-9A-F]{64}\b/g, '<digest>')
      // Said from when all threads serve what is asked for: a moment after the step is reached.
      .replace(/ at <instant> or later: what it shows before may change again/g, '')
      .replace(/[A-Za-z0-9+/]{86}==/g, '<key>')
      // Columns are as wide as their tags.
      .replace(/ {2,}/g, '  ')
  );
}

/** Whether two texts are the same but for what may differ; binds numbers that do. */
export function unify(expected: string, actual: string, bindings: Bindings): boolean {
  const [some, others] = [erased(expected), erased(actual)].map((text) => text.split(/(\d+)/));
  if (some!.length !== others!.length) return false;
  return some!.every((part, at) => {
    const other = others![at]!;
    if (at % 2 === 0) return part === other;
    const bound = bindings.get(part);
    if (bound !== undefined) return bound === other;
    if (part === other) return true;
    if (![part, other].every((number) => Number(number) >= 100 && Number(number) <= 65_535)) return false;
    bindings.set(part, other);
    return true;
  });
}

/** A command with the numbers of this run. */
export function bound(text: string, bindings: Bindings): string {
  return text.replace(/\d+/g, (number) => bindings.get(number) ?? number);
}

/** For a text that is written anew: binds numbers that could be key tags, the first to the first. */
export function bindInOrder(expected: string, actual: string, bindings: Bindings): void {
  const known = new Set([...bindings.keys(), ...bindings.values()]);
  const tagsOf = (text: string) =>
    [...new Set(erased(text).match(/\b\d{4,5}\b/g))].filter((number) => !known.has(number));
  const others = tagsOf(actual);
  tagsOf(expected).forEach((tag, at) => {
    const other = others[at];
    if (other !== undefined) bindings.set(tag, other);
  });
}
