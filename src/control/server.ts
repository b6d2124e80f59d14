/**
 * The control socket: HTTP with JSON over a Unix socket that only its owner can open (the mode is the access control;
 * Node cannot ask who connects). Parameters are checked by the table of operations before a handler sees them.
 */
import fs from 'node:fs';
import { Readable } from 'node:stream';
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify';
import type { Log } from '../ops/log.ts';
import { asCaller, CALLER_HEADER, currentCaller } from './caller.ts';
import { FAILURE, OperationError, SCHEMA_VERSION } from './operation.ts';
import { OPERATION_NAMES, OPERATIONS, type OperationName, type Params, type Result } from './operations.ts';
import { checkParams } from './parameters.ts';
import { prepareSocket, SocketError } from './socket.ts';

/** What does the work; parameters have been checked. */
export type Handlers = {
  readonly [N in OperationName]: (params: Params<N>) => Result<N> | Promise<Result<N>>;
};

const BODY_OCTETS = 65_536;
/** The head of a request is not longer, so that the table of operations alone says what is too long. */
const MAX_PATH_CHARACTERS = 16_384;
const CHUNK_CHARACTERS = 65_536;
/** For a request to arrive; whoever sends half of one does not keep its connection. */
const REQUEST_MS = 10_000;
const LOOK_MS = 2_000;
const MAX_CONNECTIONS = 1_000;

/** Serves the operations on a socket. */
export class ControlServer {
  readonly #app: FastifyInstance;
  readonly #log: Log;
  readonly #path: string;

  constructor(path: string, handlers: Handlers, log: Log) {
    this.#path = path;
    this.#log = log;
    this.#app = fastify({
      bodyLimit: BODY_OCTETS,
      routerOptions: { maxParamLength: MAX_PATH_CHARACTERS },
      forceCloseConnections: true,
      requestTimeout: REQUEST_MS,
      http: { headersTimeout: REQUEST_MS, connectionsCheckingInterval: LOOK_MS },
    });
    this.#app.server.maxConnections = MAX_CONNECTIONS;
    this.#app.removeContentTypeParser('text/plain');
    for (const name of OPERATION_NAMES) this.#route(name, handlers);
    this.#app.setErrorHandler((error, _request, reply) => this.#sendError(reply, error));
    this.#app.setNotFoundHandler((request, reply) => {
      const error = new OperationError('NO_SUCH_OBJECT', 'NO_SUCH_OPERATION', `no operation ${request.url}`);
      return this.#sendError(reply, error);
    });
  }

  /** Listens; throws SocketError. */
  async start(): Promise<void> {
    await prepareSocket(this.#path);
    try {
      await this.#app.listen({ path: this.#path });
      fs.chmodSync(this.#path, 0o600);
    } catch (error) {
      const { message } = error as Error;
      const fix = 'name another path with --control';
      throw new SocketError('SOCKET_FAILED', `the control socket: ${message}`, fix, { cause: error });
    }
  }

  /** Ends all connections and removes the socket. */
  async stop(): Promise<void> {
    await this.#app.close();
  }

  #route<N extends OperationName>(name: N, handlers: Handlers): void {
    const { http, danger } = OPERATIONS[name];
    this.#app.route({
      method: http.method,
      url: http.path,
      handler: async (request, reply) => {
        const params = checkParams(name, paramsOf(request));
        const result = await asCaller(request.headers[CALLER_HEADER], () => {
          const by = currentCaller();
          if (danger !== 'reads') this.#log.info({ operation: name, params, by }, `${by} asked for ${name}`);
          return handlers[name](params);
        });
        if (OPERATIONS[name].result !== null)
          return { schema_version: SCHEMA_VERSION, ...(result as object) };
        if (result instanceof Readable) return reply.type('application/x-ndjson; charset=utf-8').send(result);
        reply.type('text/plain; charset=utf-8');
        return reply.send(Readable.from(chunks(result as Iterable<string>)));
      },
    });
  }

  #sendError(reply: FastifyReply, error: unknown): FastifyReply {
    const known = error instanceof OperationError ? error : this.#unknown(error);
    const { kind, code, message, fix } = known;
    return reply
      .code(FAILURE[kind].http)
      .send({ schema_version: SCHEMA_VERSION, error: { kind, code, message, fix: fix ?? null } });
  }

  #unknown(error: unknown): OperationError {
    const { statusCode, message, stack } = error as { statusCode?: number; message?: string; stack?: string };
    if (statusCode !== undefined && statusCode < 500) {
      return new OperationError('USAGE_WRONG', 'BAD_REQUEST', message ?? 'malformed request');
    }
    this.#log.error({ error: stack ?? String(error) }, 'a control operation failed');
    return new OperationError('DATA_WRONG', 'OPERATION_FAILED', message ?? 'the operation failed');
  }
}

function paramsOf(request: FastifyRequest): object {
  const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
  const { query, body, params } = request;
  return { ...(isObject(query) && query), ...(isObject(body) && body), ...(isObject(params) && params) };
}

/** Lines in portions that are worth a write; between portions others have their turn. */
async function* chunks(lines: Iterable<string>): AsyncGenerator<string> {
  let text = '';
  for (const line of lines) {
    text += `${line}\n`;
    if (text.length < CHUNK_CHARACTERS) continue;
    yield text;
    text = '';
    await new Promise((resolve) => setImmediate(resolve));
  }
  yield text;
}
