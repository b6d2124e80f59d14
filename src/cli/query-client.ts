/**
 * Asks a DNS server: one question over UDP, again over TCP if the answer did not fit; or over TCP or TLS at once. Only
 * what comes from the server that was asked, with the id and the question that were sent, is taken for the answer.
 */
import { createSocket } from 'node:dgram';
import net from 'node:net';
import tls from 'node:tls';
import { FLAG, getFlags, getId, getU16, HEADER } from '../wire/header.ts';
import { equalNames, nameOctets } from '../wire/name.ts';
import { encodeQuery, type QueryShape, type Question } from './query-message.ts';

export const DNS_PORT = 53;
export const TLS_PORT = 853;
const LENGTH_OCTETS = 2;

export type Transport = 'udp' | 'tcp' | 'tls';

export interface QueryTarget {
  /** A literal address. */
  readonly address: string;
  readonly port: number;
}

/** How far a server over TLS is trusted. */
export interface TlsWish {
  /** The name that its certificate must have; without one it is not looked at (RFC 7858 §4.1). */
  readonly host: string | undefined;
  /** Certificates of authorities, in PEM, in place of those of the system. */
  readonly ca: string | undefined;
}

export interface QueryOptions extends QueryShape {
  /** UDP is followed by TCP if need be. */
  readonly transport: Transport;
  readonly tls: TlsWish;
  /** For one try, in milliseconds. */
  readonly timeoutMs: number;
  /** Of UDP; the others are tried once. */
  readonly tries: number;
}

/** The other end of a TLS connection. */
export interface TlsPeer {
  readonly protocol: string;
  readonly cipher: string;
  /** Name in the certificate; empty if it has none. */
  readonly subject: string;
  /** SHA-256 of the certificate, in hexadecimal with colons. */
  readonly fingerprint: string;
  readonly isVerified: boolean;
}

export interface Reply {
  readonly octets: Uint8Array;
  readonly transport: Transport;
  readonly milliseconds: number;
  /** The answer did not fit into UDP and was asked for again. */
  readonly wasTruncated: boolean;
  readonly tls: TlsPeer | null;
}

/** No answer came; `message` says why. */
export class NoReplyError extends Error {
  override readonly name = 'NoReplyError';
}

/** Asks and waits. Throws NoReplyError. */
export async function ask(target: QueryTarget, question: Question, options: QueryOptions): Promise<Reply> {
  if (options.transport !== 'udp') return overStream(target, question, options);
  const reply = await overUdp(target, question, options);
  if ((getFlags(reply.octets) & FLAG.TC) === 0) return reply;
  const again = await overStream(target, question, { ...options, transport: 'tcp' });
  return { ...again, wasTruncated: true };
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
    if (reply !== undefined) return { ...reply, transport: 'udp', wasTruncated: false, tls: null };
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

// ---- TCP and TLS ----

function overStream(target: QueryTarget, question: Question, options: QueryOptions): Promise<Reply> {
  const query = encodeQuery(randomId(), question, options);
  const startedMs = performance.now();
  return new Promise((resolve, reject) => {
    const socket = connect(target, options);
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
      const peer = socket instanceof tls.TLSSocket ? peerOf(socket) : null;
      const { transport } = options;
      end(() => resolve({ octets, milliseconds, transport, wasTruncated: false, tls: peer }));
    });
    const framed = Buffer.alloc(LENGTH_OCTETS + query.length);
    framed.writeUInt16BE(query.length, 0);
    query.copy(framed, LENGTH_OCTETS);
    socket.write(framed);
  });
}

function connect({ address, port }: QueryTarget, { transport, tls: wish }: QueryOptions): net.Socket {
  if (transport === 'tcp') return net.connect(port, address);
  const { host, ca } = wish;
  return tls.connect({
    ...{ host: address, port, ALPNProtocols: ['dot'], rejectUnauthorized: host !== undefined },
    ...(host === undefined ? {} : { servername: host }),
    ...(ca === undefined ? {} : { ca }),
  });
}

function peerOf(socket: tls.TLSSocket): TlsPeer {
  const { subject, fingerprint256 } = socket.getPeerCertificate();
  const name = subject?.CN;
  return {
    protocol: socket.getProtocol() ?? '',
    cipher: socket.getCipher().standardName,
    subject: Array.isArray(name) ? name.join(', ') : (name ?? ''),
    fingerprint: fingerprint256 ?? '',
    isVerified: socket.authorized,
  };
}

function wordsOf(error: Error): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ECONNREFUSED') return 'nobody listens there (connection refused)';
  if (code === 'ENETUNREACH' || code === 'EHOSTUNREACH') return 'no way leads there (host unreachable)';
  return message;
}
