/**
 * Asks a DNS server: one question over UDP, again over TCP if the answer did not fit. Only what comes from the server
 * that was asked, with the id and the question that were sent, is taken for the answer.
 */
import { createSocket } from 'node:dgram';
import net from 'node:net';
import { DNSSEC_OK, encode, RECURSION_DESIRED } from 'dns-packet';
import { FLAG, getFlags, getId, getU16, HEADER, setU16 } from '../wire/header.ts';
import { CLASS } from '../wire/iana.ts';
import { equalNames, type Name, nameOctets } from '../wire/name.ts';

export const DNS_PORT = 53;
const UDP_PAYLOAD_OCTETS = 1232;
const LENGTH_OCTETS = 2;

export interface QueryTarget {
  /** A literal address. */
  readonly address: string;
  readonly port: number;
}

export interface Question {
  readonly name: Name;
  readonly type: number;
}

export interface QueryOptions {
  readonly dnssec: boolean;
  readonly recurse: boolean;
  readonly tcp: boolean;
  /** For one try, in milliseconds. */
  readonly timeoutMs: number;
  /** Of UDP; TCP is tried once. */
  readonly tries: number;
}

export interface Reply {
  readonly octets: Uint8Array;
  readonly transport: 'udp' | 'tcp';
  readonly milliseconds: number;
  /** The answer did not fit into UDP and was asked for again. */
  readonly wasTruncated: boolean;
}

/** No answer came; `message` says why. */
export class NoReplyError extends Error {
  override readonly name = 'NoReplyError';
}

/** Asks and waits. Throws NoReplyError. */
export async function ask(target: QueryTarget, question: Question, options: QueryOptions): Promise<Reply> {
  if (options.tcp) return overTcp(target, question, options, false);
  const reply = await overUdp(target, question, options);
  const isTruncated = (getFlags(reply.octets) & FLAG.TC) !== 0;
  return isTruncated ? overTcp(target, question, options, true) : reply;
}

/** A query message. The question is our own: dns-packet cannot write every label. */
export function encodeQuery(
  id: number,
  { name, type }: Question,
  options: Pick<QueryOptions, 'dnssec' | 'recurse'>,
): Buffer {
  const message = encode({
    type: 'query',
    id,
    flags: options.recurse ? RECURSION_DESIRED : 0,
    questions: [{ type: 'A', name: '.' }],
    additionals: [
      {
        ...{
          type: 'OPT',
          name: '.',
          udpPayloadSize: UDP_PAYLOAD_OCTETS,
          flags: options.dnssec ? DNSSEC_OK : 0,
        },
        ...{ extendedRcode: 0, ednsVersion: 0, flag_do: options.dnssec, options: [] },
      },
    ],
  });
  const tail = new Uint8Array(4);
  setU16(tail, 0, type);
  setU16(tail, 2, CLASS.IN);
  const rootQuestionEnd = HEADER.OCTETS + 1 + tail.length;
  return Buffer.concat([message.subarray(0, HEADER.OCTETS), name, tail, message.subarray(rootQuestionEnd)]);
}

function randomId(): number {
  return crypto.getRandomValues(new Uint16Array(1))[0]!;
}

/** Whether a message answers a query. */
function isAnswerTo(octets: Uint8Array, query: Uint8Array): boolean {
  if (octets.length < HEADER.OCTETS || getId(octets) !== getId(query)) return false;
  if ((getFlags(octets) & FLAG.QR) === 0) return false;
  // A server that did not understand the question sends none back.
  if (getU16(octets, HEADER.QDCOUNT) === 0) return true;
  const end = HEADER.OCTETS + nameOctets(query, HEADER.OCTETS);
  if (octets.length < end + 4 || !equalNames(octets, HEADER.OCTETS, query, HEADER.OCTETS)) return false;
  return getU16(octets, end) === getU16(query, end) && getU16(octets, end + 2) === getU16(query, end + 2);
}

// ---- UDP ----

async function overUdp(target: QueryTarget, question: Question, options: QueryOptions): Promise<Reply> {
  for (let left = options.tries; left > 0; left--) {
    const reply = await tryUdp(target, question, options);
    if (reply !== undefined) return { ...reply, transport: 'udp', wasTruncated: false };
  }
  throw new NoReplyError(`no answer within ${options.timeoutMs / 1_000} s, asked ${options.tries} times`);
}

/** Undefined if nothing came in time. */
function tryUdp(
  { address, port }: QueryTarget,
  question: Question,
  options: QueryOptions,
): Promise<Pick<Reply, 'octets' | 'milliseconds'> | undefined> {
  const query = encodeQuery(randomId(), question, options);
  return new Promise((resolve, reject) => {
    const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
    let sentMs = 0;
    const end = (then: () => void) => {
      clearTimeout(timer);
      socket.close();
      then();
    };
    const fail = (error: Error) => end(() => reject(new NoReplyError(wordsOf(error))));
    const timer = setTimeout(() => end(() => resolve(undefined)), options.timeoutMs);
    socket.once('error', fail);
    socket.on('message', (octets) => {
      const milliseconds = performance.now() - sentMs;
      if (isAnswerTo(octets, query)) end(() => resolve({ octets, milliseconds }));
    });
    socket.once('connect', () => {
      sentMs = performance.now();
      socket.send(query);
    });
    // A connected socket hears its peer alone, and of ports that nobody listens on.
    socket.connect(port, address);
  });
}

// ---- TCP ----

function overTcp(
  { address, port }: QueryTarget,
  question: Question,
  options: QueryOptions,
  wasTruncated: boolean,
): Promise<Reply> {
  const query = encodeQuery(randomId(), question, options);
  const startedMs = performance.now();
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, address);
    const end = (then: () => void) => {
      clearTimeout(timer);
      socket.destroy();
      then();
    };
    const fail = (words: string) => end(() => reject(new NoReplyError(words)));
    const timer = setTimeout(
      () => fail(`no answer within ${options.timeoutMs / 1_000} s`),
      options.timeoutMs,
    );
    let got = Buffer.alloc(0);
    socket.once('error', (error) => fail(wordsOf(error)));
    socket.once('end', () => fail('the server closed the connection without an answer'));
    socket.on('data', (part) => {
      got = Buffer.concat([got, part]);
      if (got.length < LENGTH_OCTETS || got.length < LENGTH_OCTETS + got.readUInt16BE(0)) return;
      const octets = got.subarray(LENGTH_OCTETS, LENGTH_OCTETS + got.readUInt16BE(0));
      if (!isAnswerTo(octets, query)) {
        fail('what came is no answer to what was asked');
        return;
      }
      const milliseconds = performance.now() - startedMs;
      end(() => resolve({ octets, milliseconds, transport: 'tcp', wasTruncated }));
    });
    const framed = Buffer.alloc(LENGTH_OCTETS + query.length);
    framed.writeUInt16BE(query.length, 0);
    query.copy(framed, LENGTH_OCTETS);
    socket.write(framed);
  });
}

function wordsOf(error: Error): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ECONNREFUSED') return 'nobody listens there (connection refused)';
  if (code === 'ENETUNREACH' || code === 'EHOSTUNREACH') return 'no way leads there (host unreachable)';
  return message;
}
