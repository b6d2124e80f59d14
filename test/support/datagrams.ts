/**
 * Raw messages to a server at 127.0.0.1 over one UDP socket: what is sent is not looked at, so it may be garbage. An
 * answer belongs to the message whose ID it has.
 */
import { createSocket, type Socket } from 'node:dgram';

export interface DatagramOptions {
  /** Milliseconds to wait for one try (default 2,000). */
  readonly timeoutMs?: number;
  /** Tries (default 3). */
  readonly tries?: number;
}

interface Flight {
  readonly octets: Buffer;
  readonly resolve: (answer: Uint8Array | undefined) => void;
  timer: NodeJS.Timeout | undefined;
  triesLeft: number;
}

/** A client of one server. */
export class DatagramClient {
  readonly #port: number;
  readonly #timeoutMs: number;
  readonly #tries: number;
  readonly #socket: Socket = createSocket({ type: 'udp4', recvBufferSize: 4 << 20 });
  readonly #flights = new Map<number, Flight>();
  #nextId = 1;

  constructor(port: number, { timeoutMs = 2_000, tries = 3 }: DatagramOptions = {}) {
    this.#port = port;
    this.#timeoutMs = timeoutMs;
    this.#tries = tries;
    this.#socket.on('message', (octets) => this.#receive(octets));
    // A refused datagram (ICMP) is a lost one; its timer decides what follows.
    this.#socket.on('error', () => undefined);
  }

  /** Sends `message` with an ID of the client's own; resolves with the answer, or undefined if none came. */
  ask(message: Uint8Array): Promise<Uint8Array | undefined> {
    return new Promise((resolve) => {
      this.#send({ octets: Buffer.from(message), resolve, timer: undefined, triesLeft: this.#tries });
    });
  }

  #send(flight: Flight): void {
    do this.#nextId = (this.#nextId + 1) & 0xffff;
    while (this.#flights.has(this.#nextId));
    const id = this.#nextId;
    this.#flights.set(id, flight);
    flight.triesLeft--;
    flight.octets.writeUInt16BE(id, 0);
    flight.timer = setTimeout(() => this.#expire(id, flight), this.#timeoutMs);
    this.#socket.send(flight.octets, this.#port, '127.0.0.1');
  }

  #expire(id: number, flight: Flight): void {
    this.#flights.delete(id);
    if (flight.triesLeft > 0) this.#send(flight);
    else flight.resolve(undefined);
  }

  #receive(octets: Buffer): void {
    if (octets.length < 2) return;
    const id = octets.readUInt16BE(0);
    const flight = this.#flights.get(id);
    if (flight === undefined) return;
    clearTimeout(flight.timer);
    this.#flights.delete(id);
    flight.resolve(new Uint8Array(octets));
  }

  /** Asks all messages, at most `inFlight` at a time; answers stand in the order of the messages. */
  async askAll(messages: readonly Uint8Array[], inFlight: number): Promise<(Uint8Array | undefined)[]> {
    const answers = new Array<Uint8Array | undefined>(messages.length);
    let next = 0;
    const lane = async (): Promise<void> => {
      while (next < messages.length) {
        const at = next++;
        answers[at] = await this.ask(messages[at] as Uint8Array);
      }
    };
    await Promise.all(Array.from({ length: inFlight }, lane));
    return answers;
  }

  close(): void {
    for (const { timer } of this.#flights.values()) clearTimeout(timer);
    this.#flights.clear();
    this.#socket.close();
  }
}
