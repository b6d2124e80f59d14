/**
 * Who asks, for the audit trail: the command line tells the user that runs it. Node cannot ask the system who
 * connects; whoever may open the socket could do everything anyway, so its word is taken.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import os from 'node:os';

export const CALLER_HEADER = 'keyturn-caller';
const MAX_CHARACTERS = 64;
const UNKNOWN = 'someone at the control socket';

const current = new AsyncLocalStorage<string>();

/** `uid 1000 (name)`, of this process. */
export function ownCaller(): string {
  const { uid, username } = os.userInfo();
  return told(`uid ${uid} (${username})`);
}

/** Runs what a request asks for; `currentCaller` is then whom its header names. */
export function asCaller<T>(header: unknown, act: () => T): T {
  return current.run(typeof header === 'string' && header !== '' ? told(header) : UNKNOWN, act);
}

/** Who asks for what runs now. */
export function currentCaller(): string {
  return current.getStore() ?? UNKNOWN;
}

function told(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, MAX_CHARACTERS);
}
