/** `keyturn query`: asks a DNS server, by default the one that runs here, and shows the answer. */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { OperationError, SCHEMA_VERSION } from '../control/operation.ts';
import { DEFAULT_LISTEN } from '../store/config.ts';
import { parseListen } from '../store/listen.ts';
import { isWildcard } from '../transport/listen.ts';
import { parseType, RCODE, RRTYPE } from '../wire/iana.ts';
import { readMessage } from '../wire/message.ts';
import { type Name, parseName } from '../wire/name.ts';
import { nearest } from '../zonefile/suggest.ts';
import {
  ask,
  DNS_PORT,
  NoReplyError,
  type QueryOptions,
  type QueryTarget,
  type Reply,
  TLS_PORT,
} from './query-client.ts';
import { OPTION, readOptions } from './query-edns.ts';
import { classOf, optionsOf, portOf, type QueryFlags, usage } from './query-flags.ts';
import type { Question } from './query-message.ts';
import { type Answer, answerOf, printAnswer } from './query-output.ts';
import type { Runner } from './runner.ts';

/** Types that one answer cannot give. */
const TRANSFERS: readonly number[] = [RRTYPE.AXFR, RRTYPE.IXFR];
/** RFC 7873 §8. */
const BADCOOKIE = 23;
/** Rcodes of answers; with any other one the server did not do its work. */
const GOOD_RCODES: readonly number[] = [RCODE.NOERROR, RCODE.NXDOMAIN];

/** Asks and prints. Throws OperationError; the exit code is 1 if the server refused or failed. */
export async function queryCommand(
  words: readonly string[],
  flags: QueryFlags,
  runner: Runner,
): Promise<void> {
  const { question: asked, server } = questionOf(words);
  const options = optionsOf(flags);
  const question = { ...asked, class: classOf(flags.class) };
  const port = portOf(flags) ?? (options.transport === 'tls' ? TLS_PORT : undefined);
  const target = await targetOf(server, port, runner);
  const { reply, cookie } = await replyOf(target, () => askWithCookie(target, question, options));
  const answer = read(target, reply, cookie);
  const { output } = runner;
  runner.show({ schema_version: SCHEMA_VERSION, ...answer }, () =>
    printAnswer(output, answer, flags.short === true),
  );
  if (!GOOD_RCODES.includes(answer.rcodeNumber)) runner.exitCode = 1;
}

/** A reply, and the cookie that it answers. */
interface Asked {
  readonly reply: Reply;
  readonly cookie: Uint8Array | undefined;
}

/** Asks, and once more with the server's cookie if it wants to see that (RFC 7873 §5.3). */
async function askWithCookie(target: QueryTarget, question: Question, options: QueryOptions): Promise<Asked> {
  const { edns } = options;
  const cookie = edns?.options.find(({ code }) => code === OPTION.COOKIE)?.data;
  const reply = await ask(target, question, options);
  const fresh = cookie === undefined ? undefined : wantedCookie(reply);
  if (edns === undefined || fresh === undefined) return { reply, cookie };
  const withFresh = edns.options.map((option) =>
    option.code === OPTION.COOKIE ? { ...option, data: fresh } : option,
  );
  const again = await ask(target, question, { ...options, edns: { ...edns, options: withFresh } });
  return { reply: again, cookie: fresh };
}

/** The cookie of an answer that says BADCOOKIE. */
function wantedCookie({ octets }: Reply): Uint8Array | undefined {
  const message = readMessage(octets);
  const opt =
    typeof message === 'string' ? undefined : message.additional.find(({ type }) => type === RRTYPE.OPT);
  if (opt === undefined || (((opt.ttl >>> 24) << 4) | (octets[3]! & 15)) !== BADCOOKIE) return undefined;
  return readOptions(opt.rdata).find(({ code }) => code === OPTION.COOKIE)?.data;
}

function read(server: QueryTarget, reply: Reply, cookie: Uint8Array | undefined): Answer {
  const { octets, transport, milliseconds, wasTruncated, tls } = reply;
  const message = readMessage(octets);
  if (typeof message === 'string') {
    throw new OperationError('DATA_WRONG', 'ANSWER_MALFORMED', `the answer cannot be read: ${message}`);
  }
  const rounded = Math.round(milliseconds * 100) / 100;
  const transfer = { server, transport, milliseconds: rounded, octets: octets.length, tls };
  return answerOf(message, { ...transfer, retriedOverTcp: wasTruncated }, cookie);
}

async function replyOf<T>({ address, port }: QueryTarget, asking: () => Promise<T>): Promise<T> {
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
