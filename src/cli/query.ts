/** `keyturn query`: asks a DNS server, by default the one that runs here, and shows the answer. */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { OperationError, SCHEMA_VERSION } from '../control/operation.ts';
import { seconds, whole } from '../control/params.ts';
import { DEFAULT_LISTEN } from '../store/config.ts';
import { parseListen } from '../store/listen.ts';
import { isWildcard } from '../transport/listen.ts';
import { parseType, RCODE, RRTYPE } from '../wire/iana.ts';
import { readMessage } from '../wire/message.ts';
import { type Name, parseName } from '../wire/name.ts';
import { nearest } from '../zonefile/suggest.ts';
import { ask, DNS_PORT, NoReplyError, type QueryTarget, type Question, type Reply } from './query-client.ts';
import { type Answer, answerOf, printAnswer } from './query-output.ts';
import type { Runner } from './runner.ts';

/** Types that one answer cannot give. */
const TRANSFERS: readonly number[] = [RRTYPE.AXFR, RRTYPE.IXFR];
/** Rcodes of answers; with any other one the server did not do its work. */
const GOOD_RCODES: readonly number[] = [RCODE.NOERROR, RCODE.NXDOMAIN];

/** Options as commander gives them. */
export interface QueryFlags {
  readonly port?: string;
  readonly dnssec?: boolean;
  readonly tcp?: boolean;
  readonly recurse?: boolean;
  readonly short?: boolean;
  readonly timeout: string;
  readonly tries: string;
}

/** Asks and prints. Throws OperationError; the exit code is 1 if the server refused or failed. */
export async function queryCommand(
  words: readonly string[],
  flags: QueryFlags,
  runner: Runner,
): Promise<void> {
  const { question, server } = questionOf(words);
  const target = await targetOf(server, portOf(flags), runner);
  const options = {
    ...{ dnssec: flags.dnssec === true, tcp: flags.tcp === true, recurse: flags.recurse === true },
    timeoutMs: numberOf(seconds, '--timeout', flags.timeout) * 1_000,
    tries: numberOf(whole(1, 10), '--tries', flags.tries),
  };
  const reply = await replyOf(target, () => ask(target, question, options));
  const answer = read(target, reply);
  const { output } = runner;
  runner.show({ schema_version: SCHEMA_VERSION, ...answer }, () =>
    printAnswer(output, answer, flags.short === true),
  );
  if (!GOOD_RCODES.includes(answer.rcodeNumber)) runner.exitCode = 1;
}

function read(server: QueryTarget, { octets, transport, milliseconds, wasTruncated }: Reply): Answer {
  const message = readMessage(octets);
  if (typeof message === 'string') {
    throw new OperationError('DATA_WRONG', 'ANSWER_MALFORMED', `the answer cannot be read: ${message}`);
  }
  const retriedOverTcp = wasTruncated;
  const rounded = Math.round(milliseconds * 100) / 100;
  return answerOf(message, {
    server,
    transport,
    milliseconds: rounded,
    octets: octets.length,
    retriedOverTcp,
  });
}

async function replyOf({ address, port }: QueryTarget, asking: () => Promise<Reply>): Promise<Reply> {
  try {
    return await asking();
  } catch (error) {
    if (!(error instanceof NoReplyError)) throw error;
    const message = `${address} port ${port}: ${error.message}`;
    throw new OperationError(
      'UNREACHABLE',
      'NO_ANSWER',
      message,
      'name the server and its port: @ADDRESS -p PORT',
    );
  }
}

// ---- Words ----

/** NAME [TYPE] [@ADDRESS], in any order of the last two. Throws OperationError. */
export function questionOf(words: readonly string[]): { question: Question; server: string | undefined } {
  const servers = words.filter((word) => word.startsWith('@') && word.length > 1);
  const [name, type, ...more] = words.filter((word) => !servers.includes(word));
  if (name === undefined || more.length > 0 || servers.length > 1) {
    throw usage('BAD_PARAMETERS', `say NAME [TYPE] [@ADDRESS], not "${words.join(' ')}"`);
  }
  return { question: { name: nameOf(name), type: typeOf(type ?? 'A') }, server: servers[0]?.slice(1) };
}

function nameOf(text: string): Name {
  const name = parseName(text.endsWith('.') && !text.endsWith('\\.') ? text : `${text}.`);
  if (typeof name !== 'string') return name;
  throw usage('BAD_NAME', `"${text}" is no domain name: ${name}`);
}

function typeOf(text: string): number {
  const type = parseType(text.toUpperCase());
  if (type === undefined) {
    const near = nearest(text, Object.keys(RRTYPE));
    throw usage(
      'BAD_TYPE',
      `"${text}" is no record type${near === undefined ? '' : `, did you mean ${near}?`}`,
    );
  }
  if (!TRANSFERS.includes(type)) return type;
  throw usage(
    'BAD_TYPE',
    `${text.toUpperCase()} is no query with one answer; "keyturn zone export" prints a zone`,
  );
}

function usage(code: string, message: string): OperationError {
  return new OperationError('USAGE_WRONG', code, message, 'keyturn query example.com SOA @127.0.0.1 -p 5300');
}

function portOf({ port }: QueryFlags): number | undefined {
  return port === undefined ? undefined : numberOf(whole(1, 65_535), '--port', port);
}

interface Schema {
  safeParse(
    value: unknown,
  ): { success: true; data: number } | { success: false; error: { issues: { message: string }[] } };
}

function numberOf(schema: Schema, option: string, text: string): number {
  const parsed = schema.safeParse(text);
  if (parsed.success) return parsed.data;
  throw usage('BAD_PARAMETERS', `${option} ${text}: ${parsed.error.issues[0]?.message ?? 'wrong'}`);
}

// ---- Server ----

/** The server that was named, or the one that runs here. Throws OperationError. */
async function targetOf(
  server: string | undefined,
  port: number | undefined,
  runner: Runner,
): Promise<QueryTarget> {
  if (server === undefined) {
    const here = await listenerHere(runner);
    return { address: here.address, port: port ?? here.port };
  }
  if (isIP(server) !== 0) return { address: server, port: port ?? DNS_PORT };
  try {
    const { address } = await lookup(server);
    return { address, port: port ?? DNS_PORT };
  } catch (error) {
    const { message } = error as Error;
    throw new OperationError('UNREACHABLE', 'NO_ANSWER', `the server "${server}" has no address: ${message}`);
  }
}

/** Where the server listens, asked over its control socket; else where one listens by default. */
async function listenerHere(runner: Runner): Promise<QueryTarget> {
  try {
    const { listen } = await runner.call('status', {});
    const first = parseListen(listen[0] ?? '');
    if (typeof first === 'string') return DEFAULT_LISTEN;
    if (!isWildcard(first.address)) return first;
    return { address: first.address.includes(':') ? '::1' : '127.0.0.1', port: first.port };
  } catch (error) {
    if (error instanceof OperationError && error.kind === 'UNREACHABLE') return DEFAULT_LISTEN;
    throw error;
  }
}
