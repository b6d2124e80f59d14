/**
 * Signed webhooks: a POST of JSON. The receiver knows by `Keyturn-Signature` who sent it, and by its time that nobody sends
 * it again:
 *
 *     Keyturn-Delivery: 3f0c…            the same at each try of a delivery
 *     Keyturn-Signature: t=1795867200,v1=HEX    HMAC-SHA256(secret, "1795867200." ‖ body)
 *
 * 2xx: handed over. 408, 425, 429, 5xx and no answer: later. Redirects are not followed, they and all else: not by this URL.
 */
import { createHmac } from 'node:crypto';
import { type FileStore, FileStoreError } from '../base/ports.ts';
import type { UnixSeconds } from '../base/time.ts';
import type { WebhookChannel } from '../store/config-handover.ts';
import type { Outcome } from './deliveries.ts';

const LATER = [408, 425, 429];
const MAX_SECRET_OCTETS = 4_096;
/** A shorter one can be guessed. */
const MIN_SECRET_OCTETS = 16;

/** What is sent. */
export interface Post {
  readonly id: string;
  readonly body: string;
  readonly now: UnixSeconds;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/** Sends one POST. Never rejects. */
export async function postWebhook(channel: WebhookChannel, files: FileStore, post: Post): Promise<Outcome> {
  const secret = readSecret(files, channel.secret);
  if (typeof secret === 'string') return { kind: 'retry', text: secret };
  const { id, body, now } = post;
  const headers = {
    'content-type': 'application/json',
    'user-agent': 'keyturn',
    'keyturn-delivery': id,
    'keyturn-signature': signatureOf(secret, body, now),
  };
  const signal = AbortSignal.any([post.signal, AbortSignal.timeout(channel.timeout * 1_000)]);
  try {
    const response = await fetch(channel.url, { method: 'POST', headers, body, signal, redirect: 'manual' });
    await response.body?.cancel();
    return outcomeOf(response.status);
  } catch (error) {
    const { cause, message } = error as Error;
    const why = cause instanceof Error && cause.message !== '' ? cause.message : message;
    return { kind: 'retry', text: `no answer: ${why}` };
  }
}

/** The value of `Keyturn-Signature`. */
export function signatureOf(secret: Uint8Array, body: string, now: UnixSeconds): string {
  return `t=${now},v1=${createHmac('sha256', secret).update(`${now}.${body}`).digest('hex')}`;
}

function outcomeOf(status: number): Outcome {
  const text = `HTTP ${status}`;
  if (status >= 200 && status < 300) return { kind: 'done', text };
  return { kind: status >= 500 || LATER.includes(status) ? 'retry' : 'failed', text };
}

/** White space around a secret in a file is not part of it. */
function readSecret(files: FileStore, path: string): Uint8Array | string {
  try {
    const secret = Buffer.from(Buffer.from(files.read(path, MAX_SECRET_OCTETS)).toString('utf8').trim());
    if (secret.length >= MIN_SECRET_OCTETS) return secret;
    return `the secret in ${path} has fewer than ${MIN_SECRET_OCTETS} octets`;
  } catch (error) {
    if (!(error instanceof FileStoreError)) throw error;
    return `${path} cannot be read: ${error.code}`;
  }
}
