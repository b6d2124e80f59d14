/** Questions at a steady rate over UDP and TCP while something happens to the server; counts what got no answer. */

import { createSocket, type Socket } from 'node:dgram';
import { connect } from 'node:net';
import type { Question } from './asker.ts';
import { encodeQuery } from './asker.ts';

/** What became of the questions. */
export interface LoadResult {
  readonly udp: number;
  readonly udpLost: number;
  readonly tcp: number;
  readonly tcpLost: number;
}

const SOCKETS = 32;
const TICK_MS = 2;
const LATE_MS = 2_000;
const LOOK_MS = 50;

interface Client {
  readonly socket: Socket;
  readonly open: Set<number>;
  nextId: number;
}

/** Asks 127.0.0.1; each datagram once, each TCP question on a connection of its own. */
export class SteadyLoad {
  readonly #port: number;
  readonly #question: Question;
  readonly #lateMs: number;
  readonly #clients: Client[] = [];
  #udp = 0;
  #tcp = 0;
  #tcpAnswered = 0;
  #timer: NodeJS.Timeout | undefined;

  /** Answers may be `lateMs` late, if the server is away meanwhile. */
  constructor(port: number, question: Question, lateMs = LATE_MS) {
    this.#lateMs = lateMs;
    this.#port = port;
    this.#question = question;
  }

  /** Begins to ask at these rates a second. */
  async start(udpRate: number, tcpRate: number): Promise<void> {
    for (let i = 0; i < SOCKETS; i++) {
      const client: Client = { socket: createSocket('udp4'), open: new Set(), nextId: 0 };
      client.socket.on('message', (octets) => client.open.delete(octets.readUInt16BE(0)));
      // A refused datagram (ICMP) is one without an answer, which is counted.
      client.socket.on('error', () => undefined);
      await new Promise<void>((resolve) => client.socket.bind(0, '127.0.0.1', resolve));
      this.#clients.push(client);
    }
    const startedAt = performance.now();
    this.#timer = setInterval(() => {
      const seconds = (performance.now() - startedAt) / 1_000;
      while (this.#udp < seconds * udpRate) this.#askUdp();
      while (this.#tcp < seconds * tcpRate) this.#askTcp();
    }, TICK_MS);
  }

  /** Asks no more, waits for what is late, counts. */
  async stop(): Promise<LoadResult> {
    clearInterval(this.#timer);
    const endMs = performance.now() + this.#lateMs;
    while (this.#unanswered > 0 && performance.now() < endMs) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
    const udpLost = this.#udpOpen;
    for (const { socket } of this.#clients) socket.close();
    return { udp: this.#udp, udpLost, tcp: this.#tcp, tcpLost: this.#tcp - this.#tcpAnswered };
  }

  get #udpOpen(): number {
    return this.#clients.reduce((sum, { open }) => sum + open.size, 0);
  }

  get #unanswered(): number {
    return this.#udpOpen + this.#tcp - this.#tcpAnswered;
  }

  #askUdp(): void {
    const client = this.#clients[this.#udp++ % SOCKETS]!;
    client.nextId = (client.nextId + 1) & 0xffff;
    client.open.add(client.nextId);
    client.socket.send(encodeQuery(client.nextId, this.#question, false), this.#port, '127.0.0.1');
  }

  #askTcp(): void {
    this.#tcp++;
    const socket = connect(this.#port, '127.0.0.1');
    const query = encodeQuery(1, this.#question, false);
    socket.once('connect', () => socket.write(Buffer.concat([Uint8Array.of(0, query.length), query])));
    socket.once('data', () => {
      this.#tcpAnswered++;
      socket.end();
    });
    // One that is refused or reset has no answer, which is counted.
    socket.on('error', () => socket.destroy());
  }
}
