/**
 * How a new process takes a keys directory over while the old one goes on answering (decision 0012):
 *
 *     new                                   old
 *     release ──────── lock.sock ─────────▶ opens retired.sock, ends its control plane, gives the claim up
 *     ◀──────────────────────────released── from now on it only answers, with the epochs that it has
 *     claims the keys, loads, listens too
 *     drain ────────── retired.sock ──────▶ answers what has arrived, ends
 *     ◀─────────────────────── (connection ends with the process)
 *
 * No two processes ever have the claim. If the new one fails, the old one goes on answering, and another may take over.
 */
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { LOCK_NAME, prepareSocket, SocketError } from './socket.ts';

/** Of the socket of a process that has given up its claim and still answers. */
export const RETIRED_NAME = 'retired.sock';
const RELEASE = 'release\n';
const RELEASED = 'released\n';
const DRAIN = 'drain\n';
const RELEASE_MS = 60_000;
/** Longer than any word of ours. */
const MAX_WORD = 16;

/** The old process's side of one keys directory. */
export interface HandoverActions {
  /** Ends the control plane and gives up the claim; resolves when nothing will change keys or states any more. */
  readonly retire: () => Promise<void>;
  /** Answers what has arrived and ends the process. */
  readonly drain: () => void;
  /** The keys cannot be handed over; who asked for them is told that they stay here. */
  readonly failed: (error: Error) => void;
}

/** Answers connections to the claim: whoever says `release` gets the keys. */
export function releaseOnDemand(
  keysDirectory: string,
  actions: HandoverActions,
): (socket: net.Socket) => void {
  let isRetiring = false;
  return (socket) => {
    hear(socket, RELEASE, async () => {
      if (isRetiring) return;
      isRetiring = true;
      try {
        // First what may fail: who has given up its claim must be heard of by whoever starts next.
        await waitToDrain(keysDirectory, actions.drain);
        await actions.retire();
        socket.end(RELEASED);
      } catch (error) {
        isRetiring = false;
        socket.destroy();
        actions.failed(error as Error);
      }
    });
  };
}

/** Listens for the word that the successor answers. The connection that brings it stays open until the process ends. */
async function waitToDrain(keysDirectory: string, drain: () => void): Promise<void> {
  const file = path.join(keysDirectory, RETIRED_NAME);
  await prepareSocket(file);
  const server = net.createServer((socket) => {
    hear(socket, DRAIN, () => {
      server.close();
      drain();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(file, resolve);
  });
  fs.chmodSync(file, 0o600);
  server.unref();
}

/** Calls `then` when `word` has arrived; anything else ends the connection. */
function hear(socket: net.Socket, word: string, then: () => void): void {
  let heard = '';
  socket.setEncoding('latin1');
  socket.on('error', () => socket.destroy());
  socket.on('data', (text: string) => {
    heard += text;
    if (heard === word) then();
    else if (heard.length > MAX_WORD || !word.startsWith(heard)) socket.destroy();
  });
}

// ---- The new process ----

/** Asks the process that has the claim to give it up; resolves when it has, or if nobody has it. Throws SocketError. */
export async function askForRelease(keysDirectory: string): Promise<void> {
  const file = path.join(keysDirectory, LOCK_NAME);
  const answer = await say(file, RELEASE, RELEASE_MS);
  if (answer === undefined || answer === RELEASED) return;
  throw new SocketError(
    'SOCKET_IN_USE',
    `the process that uses the keys in ${keysDirectory} does not hand them over`,
    'stop it, then start without --takeover',
  );
}

/** True if a process that gave up its claim still answers. */
export function hasPredecessor(keysDirectory: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(path.join(keysDirectory, RETIRED_NAME));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** Tells the process that gave up its claim that another answers; resolves when it has ended. */
export async function drainPredecessor(keysDirectory: string): Promise<void> {
  await say(path.join(keysDirectory, RETIRED_NAME), DRAIN, null);
}

/** Says a word and hears until the other end closes. Undefined if nobody listens, null if the time is over. */
function say(file: string, word: string, withinMs: number | null): Promise<string | undefined | null> {
  return new Promise((resolve) => {
    const socket = net.connect(file);
    let heard = '';
    const timer = withinMs === null ? undefined : setTimeout(() => finish(null), withinMs);
    const finish = (result: string | undefined | null) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(result);
    };
    socket.setEncoding('latin1');
    socket.once('connect', () => socket.write(word));
    socket.on('data', (text: string) => {
      heard += text;
    });
    socket.once('close', () => finish(heard));
    socket.once('error', (error: NodeJS.ErrnoException) => {
      const isNobody = error.code === 'ECONNREFUSED' || error.code === 'ENOENT';
      if (isNobody) finish(undefined);
    });
  });
}
