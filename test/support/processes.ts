/**
 * Real server processes of a test: started on free ports of 127.0.0.1, their lines collected, ended by process id
 * and never left behind.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** A test process that is itself killed runs no exit handler; on Linux the kernel then ends what it started. */
const GUARD = ['/usr/bin/setpriv', '--pdeathsig', 'KILL'] as const;
const HAS_GUARD = existsSync(GUARD[0]);

function guarded(program: string, args: readonly string[]): [string, string[]] {
  return HAS_GUARD ? [GUARD[0], [...GUARD.slice(1), program, ...args]] : [program, [...args]];
}

/** How a process ended. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A running program. */
export class ServerProcess {
  /** Lines of stdout and stderr, in the order in which they came. */
  readonly lines: string[] = [];
  readonly ended: Promise<Ending>;
  readonly #child: ChildProcess;

  constructor(program: string, args: readonly string[], environment: NodeJS.ProcessEnv = {}) {
    const child = spawn(...guarded(program, args), {
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    running.add(child);
    collectLines(child, this.lines);
    this.ended = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => {
        running.delete(child);
        resolve({ code, signal });
      });
    });
  }

  /** Process id; -1 if the program could not be started. */
  get pid(): number {
    return this.#child.pid ?? -1;
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** Sends a signal to this process. */
  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Ends the process and tells how it ended; one that is not gone in time is killed, and the ending says so. */
  async stop(name: NodeJS.Signals = 'SIGTERM', withinMs = 10_000): Promise<Ending> {
    this.signal(name);
    const timer = setTimeout(() => this.signal('SIGKILL'), withinMs);
    const ending = await this.ended;
    clearTimeout(timer);
    return ending;
  }

  /** The last lines, for the message of a test that fails. */
  tail(count = 20): string {
    return this.lines.slice(-count).join('\n');
  }
}

function collectLines(child: ChildProcess, into: string[]): void {
  for (const stream of [child.stdout, child.stderr]) {
    let rest = '';
    stream?.setEncoding('utf8');
    stream?.on('data', (text: string) => {
      const parts = (rest + text).split('\n');
      rest = parts.pop() as string;
      into.push(...parts);
    });
    stream?.on('end', () => {
      if (rest !== '') into.push(rest);
    });
  }
}

/** What a program printed and how it ended. */
export interface Output extends Ending {
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end (at most `withinMs`, then it is killed). Never throws for an exit code. */
export function run(program: string, args: readonly string[], withinMs = 60_000): Promise<Output> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    running.add(child);
    const timer = setTimeout(() => child.kill('SIGKILL'), withinMs);
    const chunks = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
    child.stdout.on('data', (chunk: Buffer) => chunks.stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => chunks.stderr.push(chunk));
    child.once('error', reject);
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      running.delete(child);
      const stdout = Buffer.concat(chunks.stdout).toString('latin1');
      const stderr = Buffer.concat(chunks.stderr).toString('latin1');
      resolve({ code, signal, stdout, stderr });
    });
  });
}

/** Runs a program that must succeed; returns its stdout. */
export async function runOk(program: string, args: readonly string[], withinMs = 60_000): Promise<string> {
  const { code, signal, stdout, stderr } = await run(program, args, withinMs);
  if (code === 0) return stdout;
  throw new Error(
    `${program} ${args.join(' ')}: exit ${code ?? signal}\n${stderr.slice(-2_000)}${stdout.slice(-2_000)}`,
  );
}

/** A port of 127.0.0.1 that is free for UDP and TCP at this moment. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 50; attempt++) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    if ((await canBindUdp(port)) && (await canBindTcp(port))) return port;
  }
  throw new Error('no free port found');
}

function canBindUdp(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    socket.once('error', () => resolve(false));
    socket.bind(port, '127.0.0.1', () => socket.close(() => resolve(true)));
  });
}

function canBindTcp(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/** Asks `isReady` until it says yes; throws after `withinMs`, or at once if the process ended. */
export async function waitUntil(
  isReady: () => boolean | Promise<boolean>,
  what: string,
  withinMs = 15_000,
  server?: ServerProcess,
): Promise<void> {
  const until = performance.now() + withinMs;
  while (!(await isReady())) {
    if (server?.hasEnded) throw new Error(`${what}: the process ended\n${server.tail()}`);
    if (performance.now() > until)
      throw new Error(`${what}: not within ${withinMs} ms\n${server?.tail() ?? ''}`);
    await sleep(20);
  }
}

/** A temporary folder of one test file; `remove` deletes it. */
export class Workplace {
  readonly path: string = mkdtempSync(join(tmpdir(), 'keyturn-'));

  /** A path below the folder. */
  at(...names: string[]): string {
    return join(this.path, ...names);
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
