/**
 * The built server as a process (`npm test` builds it first): started as an operator starts it, on a free port, with
 * folders of its own; its log lines are collected, and it is ended by its process id.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dig } from './dig.ts';
import { freePort, type Output, run, ServerProcess, type Workplace, waitUntil } from './processes.ts';
import { ROOT_FOLDER } from './sources.ts';
import { answers } from './unbound.ts';

/** What `npm run build` makes; the bin of the package. */
export const CLI = join(ROOT_FOLDER, 'dist/cli.js');

/** One line of the JSON log; pino's level 30 is info, 40 warn, 50 error. */
export interface LogLine {
  readonly level: number;
  readonly msg: string;
  readonly [field: string]: unknown;
}

export interface DaemonSetup {
  readonly workplace: Workplace;
  /** File names (`example.com.zone`) and their text, written before the start. */
  readonly zones?: Readonly<Record<string, string>>;
  /** Default: everything as without a configuration file, but CDS and CDNSKEY at once. */
  readonly configuration?: string;
  readonly args?: readonly string[];
  readonly port?: number;
  /** Default: that of the build. */
  readonly cli?: string;
  /** Do not wait until the server answers. */
  readonly wait?: boolean;
}

const CONFIGURATION = 'policies:\n  default: { bootstrapHold: 0s }\n';

/** Folders of a server below its workplace. */
export function foldersOf(workplace: Workplace): { zones: string; keys: string; control: string } {
  const [zones, keys] = [workplace.at('zones'), workplace.at('keys')];
  return { zones, keys, control: join(keys, 'control.sock') };
}

/** Puts the command `keyturn` into a folder, for a PATH. */
export function writeCommand(folder: string): void {
  const script = `#!/bin/sh\nexec '${globalThis.process.execPath}' '${CLI}' "$@"\n`;
  writeFileSync(join(folder, 'keyturn'), script, { mode: 0o755 });
}

/** The UDP transport that the suite runs over: `npm run test:dgram` takes the portable one. */
const UDP = globalThis.process.env.KEYTURN_TEST_UDP ?? 'auto';

/** A running `keyturn serve`. */
export class Daemon {
  readonly port: number;
  readonly process: ServerProcess;
  readonly zones: string;
  readonly keys: string;
  readonly #cli: string;

  private constructor(port: number, process: ServerProcess, workplace: Workplace, cli: string) {
    this.port = port;
    this.#cli = cli;
    this.process = process;
    ({ zones: this.zones, keys: this.keys } = foldersOf(workplace));
  }

  static async start({
    workplace,
    zones = {},
    args = [],
    wait = true,
    cli = CLI,
    ...setup
  }: DaemonSetup): Promise<Daemon> {
    if (!existsSync(cli)) throw new Error('dist/cli.js is not there: npm run build');
    const folders = foldersOf(workplace);
    for (const folder of [folders.zones, folders.keys]) mkdirSync(folder, { recursive: true, mode: 0o700 });
    for (const [name, text] of Object.entries(zones))
      writeFileSync(join(folders.zones, name), text, 'latin1');
    const configFile = workplace.at('keyturn.yaml');
    writeFileSync(configFile, setup.configuration ?? CONFIGURATION);
    const port = setup.port ?? (await freePort());
    const fixed = ['--config', configFile, '--zones', folders.zones, '--keys', folders.keys];
    const listen = ['--listen', `127.0.0.1:${port}`, '--udp', UDP];
    const process = new ServerProcess(globalThis.process.execPath, [
      cli,
      'serve',
      ...fixed,
      ...listen,
      ...args,
    ]);
    const daemon = new Daemon(port, process, workplace, cli);
    if (wait) await waitUntil(() => answers(port), 'keyturn answers', 30_000, process);
    return daemon;
  }

  /** The log so far; lines that are not JSON are left out. */
  get log(): LogLine[] {
    return this.process.lines.flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as LogLine] : []));
  }

  /** Waits for a log line whose JSON matches `pattern`. */
  async waitForLog(pattern: RegExp, withinMs = 15_000): Promise<void> {
    const isThere = (): boolean => this.process.lines.some((line) => pattern.test(line));
    await waitUntil(isThere, `a log line ${pattern}`, withinMs, this.process);
  }

  /** Waits until the SOA of a zone has this serial. */
  async waitForSerial(origin: string, serial: number, withinMs = 15_000): Promise<void> {
    await waitUntil(
      async () => (await this.serial(origin)) === serial,
      `${origin} ${serial}`,
      withinMs,
      this.process,
    );
  }

  /** Serial of a zone as served; undefined if it is not. */
  async serial(origin: string): Promise<number | undefined> {
    const { answer } = await dig(this.port, origin, 'SOA');
    const soa = answer.find(({ type }) => type === 'SOA');
    return soa === undefined ? undefined : Number(soa.rdata.split(' ')[2]);
  }

  /** Runs `keyturn` against this server's control socket. */
  keyturn(...args: string[]): Promise<Output> {
    return run(globalThis.process.execPath, [
      this.#cli,
      '--control',
      join(this.keys, 'control.sock'),
      ...args,
    ]);
  }

  /** Ends the server as an operator does; it must go in peace. */
  async stop(): Promise<void> {
    const { code, signal } = await this.process.stop('SIGTERM', 15_000);
    if (code !== 0) throw new Error(`keyturn ended with ${code ?? signal}\n${this.process.tail()}`);
  }
}
