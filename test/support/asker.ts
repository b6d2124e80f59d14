/**
 * A client of our own for tests: many questions in flight over one UDP socket, TCP where an answer is truncated. It
 * knows only headers and questions; what is inside of an answer is left to independent decoders.
 */
import { createSocket, type Socket } from 'node:dgram';
import { connect } from 'node:net';

/** A question; `name` is in wire form. */
export interface Question {
  readonly name: Uint8Array;
  readonly type: number;
}

/** What the header of an answer says, and the whole answer. */
export interface Answer {
  readonly rcode: number;
  readonly authoritative: boolean;
  readonly truncated: boolean;
  /** AD: the resolver validated it (RFC 4035 §3.2.3). */
  readonly authentic: boolean;
  readonly answers: number;
  readonly authorities: number;
  readonly octets: Uint8Array;
}

export interface AskOptions {
  /** DO bit (default true). */
  readonly dnssec?: boolean;
  /** Milliseconds to wait for one try (default 5,000). */
  readonly timeoutMs?: number;
  /** Tries over UDP (default 3). */
  readonly tries?: number;
}

/** Encodes a query with EDNS (RFC 6891), RD set, a buffer of 4,096 octets. */
export function encodeQuery(id: number, { name, type }: Question, dnssec: boolean): Buffer {
  const query = Buffer.alloc(12 + name.length + 4 + 11);
  query.writeUInt16BE(id, 0);
  query.writeUInt16BE(0x0120, 2); // RD, AD (RFC 6840 §5.7)
  query.writeUInt16BE(1, 4);
  query.writeUInt16BE(1, 10);
  query.set(name, 12);
  const at = 12 + name.length;
  query.writeUInt16BE(type, at);
  query.writeUInt16BE(1, at + 2);
  query.writeUInt16BE(41, at + 5);
  query.writeUInt16BE(4_096, at + 7);
  if (dnssec) query.writeUInt16BE(0x8000, at + 11);
  return query;
}

/** Reads the header of an answer. */
export function readAnswer(octets: Buffer): Answer {
  const flags = octets.readUInt16BE(2);
  return {
    rcode: flags & 15,
    authoritative: (flags & 0x0400) !== 0,
    truncated: (flags & 0x0200) !== 0,
    authentic: (flags & 0x0020) !== 0,
    answers: octets.readUInt16BE(6),
    authorities: octets.readUInt16BE(8),
    octets,
  };
}

interface Flight {
  readonly question: Question;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
  timer: NodeJS.Timeout | undefined;
  triesLeft: number;
}

/** Asks one server at 127.0.0.1. */
export class Asker {
  readonly #port: number;
  readonly #dnssec: boolean;
  readonly #timeoutMs: number;
  readonly #tries: number;
  readonly #socket: Socket = createSocket({ type: 'udp4', recvBufferSize: 4 << 20 });
  readonly #flights = new Map<number, Flight>();
  #nextId = 1;
  /** Datagrams that got no answer in time; a test of lossless service wants 0. */
  timeouts = 0;

  constructor(port: number, { dnssec = true, timeoutMs = 5_000, tries = 3 }: AskOptions = {}) {
    this.#port = port;
    this.#dnssec = dnssec;
    this.#timeoutMs = timeoutMs;
    this.#tries = tries;
    this.#socket.on('message', (octets) => this.#receive(octets));
    this.#socket.on('error', () => {
      this.timeouts++; // a refused datagram (ICMP) is a lost one; its timer decides what follows
    });
  }

  /** Asks over UDP, then over TCP if the answer was truncated. Rejects when no try was answered. */
  async ask(question: Question): Promise<Answer> {
    const answer = await this.askUdp(question);
    return answer.truncated ? this.askTcp(question) : answer;
  }

  askUdp(question: Question): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const flight: Flight = { question, resolve, reject, timer: undefined, triesLeft: this.#tries };
      this.#send(flight);
    });
  }

  #send(flight: Flight): void {
    do this.#nextId = (this.#nextId + 1) & 0xffff;
    while (this.#flights.has(this.#nextId));
    const id = this.#nextId;
    this.#flights.set(id, flight);
    flight.triesLeft--;
    flight.timer = setTimeout(() => this.#expire(id, flight), this.#timeoutMs);
    this.#socket.send(encodeQuery(id, flight.question, this.#dnssec), this.#port, '127.0.0.1');
  }

  #expire(id: number, flight: Flight): void {
    this.#flights.delete(id);
    this.timeouts++;
    if (flight.triesLeft > 0) this.#send(flight);
    else flight.reject(new Error(`no answer from 127.0.0.1:${this.#port} (type ${flight.question.type})`));
  }

  #receive(octets: Buffer): void {
    if (octets.length < 12) return;
    const id = octets.readUInt16BE(0);
    const flight = this.#flights.get(id);
    if (flight === undefined) return;
    clearTimeout(flight.timer);
    this.#flights.delete(id);
    flight.resolve(readAnswer(octets));
  }

  askTcp(question: Question): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const query = encodeQuery(1, question, this.#dnssec);
      const socket = connect(this.#port, '127.0.0.1');
      const chunks: Buffer[] = [];
      socket.setTimeout(this.#timeoutMs, () => socket.destroy(new Error('no answer over TCP')));
      socket.once('connect', () => socket.write(Buffer.concat([Buffer.from([0, query.length]), query])));
      socket.on('data', (chunk) => {
        chunks.push(chunk);
        const received = Buffer.concat(chunks);
        if (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) return;
        socket.destroy();
        resolve(readAnswer(received.subarray(2, 2 + received.readUInt16BE(0))));
      });
      socket.once('error', reject);
      socket.once('close', () => reject(new Error('the connection was closed without an answer')));
    });
  }

  /** Asks all questions, at most `inFlight` at a time; `onAnswer` gets each answer, or the error of a lost one. */
  async askAll<Q extends Question>(
    questions: readonly Q[],
    inFlight: number,
    onAnswer: (question: Q, answer: Answer | Error) => void,
  ): Promise<void> {
    let next = 0;
    const lane = async (): Promise<void> => {
      while (next < questions.length) {
        const question = questions[next++] as Q;
        onAnswer(question, await this.ask(question).catch((error: Error) => error));
      }
    };
    await Promise.all(Array.from({ length: inFlight }, lane));
  }

  close(): void {
    for (const flight of this.#flights.values()) clearTimeout(flight.timer);
    this.#flights.clear();
    this.#socket.close();
  }
}
