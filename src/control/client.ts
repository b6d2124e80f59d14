/** Calls operations over the control socket. */
import http from 'node:http';
import { CALLER_HEADER, ownCaller } from './caller.ts';
import { FAILURE, type FailureKind, OperationError } from './operation.ts';
import { OPERATIONS, type OperationName, type ParamsIn, type Result } from './operations.ts';

const TIMEOUT_MS = 120_000;
const MAX_REPLY_OCTETS = 1 << 30;

export class ControlClient {
  readonly #path: string;
  readonly #signal: AbortSignal | undefined;

  /** `signal` ends calls early. */
  constructor(path: string, signal?: AbortSignal) {
    this.#path = path;
    this.#signal = signal;
  }

  /** Calls an operation with a JSON result. Throws OperationError. */
  async call<N extends OperationName>(name: N, params: ParamsIn<N>): Promise<Result<N>> {
    const parts: Buffer[] = [];
    await this.stream(name, params, (part) => parts.push(part));
    return JSON.parse(Buffer.concat(parts).toString('utf8')) as Result<N>;
  }

  /** Calls an operation and hands on the octets of its result as they come. Throws OperationError. */
  stream<N extends OperationName>(
    name: N,
    params: ParamsIn<N>,
    onPart: (part: Buffer) => void,
  ): Promise<void> {
    const { method } = OPERATIONS[name].http;
    const { path, rest } = fillPath(OPERATIONS[name].http.path, params as Record<string, unknown>);
    const body = method === 'POST' ? JSON.stringify(rest) : undefined;
    const query = method === 'GET' ? new URLSearchParams(rest as Record<string, string>).toString() : '';
    return new Promise((resolve, reject) => {
      const request = http.request({
        socketPath: this.#path,
        method,
        path: query === '' ? path : `${path}?${query}`,
        headers: {
          [CALLER_HEADER]: ownCaller(),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        timeout: TIMEOUT_MS,
        ...(this.#signal !== undefined && { signal: this.#signal }),
      });
      request.once('timeout', () => request.destroy(new Error('no answer in time')));
      request.once('error', (error) => reject(unreachable(this.#path, error)));
      request.once('response', (response) => {
        receive(response, onPart).then(resolve, (error: Error) => {
          reject(error instanceof OperationError ? error : unreachable(this.#path, error));
        });
      });
      request.end(body);
    });
  }
}

/** Puts parameters into the path; `rest` are those that it does not name. */
function fillPath(
  pattern: string,
  params: Record<string, unknown>,
): { readonly path: string; readonly rest: Record<string, unknown> } {
  const rest = Object.fromEntries(Object.entries(params).filter(([, value]) => value !== undefined));
  const path = pattern.replace(/:(\w+)/g, (_, name: string) => {
    const value = encodeURIComponent(String(rest[name]));
    delete rest[name];
    return value;
  });
  return { path, rest };
}

async function receive(response: http.IncomingMessage, onPart: (part: Buffer) => void): Promise<void> {
  const isGood = response.statusCode === 200;
  const parts: Buffer[] = [];
  let octets = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    octets += part.length;
    if (octets > MAX_REPLY_OCTETS) throw new Error('the reply does not end');
    if (isGood) onPart(part);
    else parts.push(part);
  }
  if (!isGood) throw errorOf(Buffer.concat(parts).toString('utf8'));
}

function errorOf(text: string): OperationError {
  const { error } = JSON.parse(text) as {
    error: { kind: FailureKind; code: string; message: string; fix: string | null };
  };
  const kind = error.kind in FAILURE ? error.kind : 'DATA_WRONG';
  return new OperationError(kind, error.code, error.message, error.fix ?? undefined);
}

/** Says why the daemon cannot be reached: not running, or not ours. */
function unreachable(path: string, error: Error): OperationError {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'EACCES' || code === 'EPERM') {
    return new OperationError(
      'UNREACHABLE',
      'PERMISSION',
      `no permission to use ${path}`,
      'run this as the user that runs the server',
    );
  }
  const isAbsent = code === 'ENOENT' || code === 'ECONNREFUSED';
  return new OperationError(
    'UNREACHABLE',
    'NOT_RUNNING',
    isAbsent ? `no server listens on ${path}` : `the server on ${path} does not answer: ${error.message}`,
    'start it with "keyturn serve", or say with --control (or KEYTURN_CONTROL) where its socket is',
  );
}
