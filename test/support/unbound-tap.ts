/**
 * A tap between a resolver and a server: passes every octet on and notes which questions came by, so that a test can
 * prove that an answer was not made from a cache. UDP and TCP on the same port of 127.0.0.1.
 */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket as TcpSocket } from 'node:net';
import { freePort } from './processes.ts';

/** Name (lower-case wire octets as hex) and type of the first question of a message; undefined if it has none. */
export function questionKey(message: Uint8Array): string | undefined {
  let at = 12;
  if (message.length < 17) return undefined;
  while (message[at] !== undefined && message[at] !== 0) at += (message[at] as number) + 1;
  if (at + 5 > message.length) return undefined;
  const name = Buffer.from(message.subarray(12, at + 1));
  return keyOf(name, Buffer.from(message).readUInt16BE(at + 1));
}

/** The key of a question, as `Tap.seen` holds it. */
export function keyOf(name: Uint8Array, type: number): string {
  const lower = Buffer.from(name).map((octet) => (octet >= 65 && octet <= 90 ? octet + 32 : octet));
  return `${Buffer.from(lower).toString('hex')}/${type}`;
}

interface Asked {
  readonly id: number;
  readonly from: RemoteInfo;
}

/** A running tap in front of `127.0.0.1:serverPort`. */
export class Tap {
  readonly port: number;
  /** Question key → how often it came by. */
  readonly seen = new Map<string, number>();
  readonly #serverPort: number;
  readonly #front: Socket = createSocket({ type: 'udp4', recvBufferSize: 4 << 20, sendBufferSize: 4 << 20 });
  readonly #back: Socket = createSocket({ type: 'udp4', recvBufferSize: 4 << 20, sendBufferSize: 4 << 20 });
  readonly #tcp: Server;
  readonly #asked = new Map<number, Asked>();
  readonly #connections = new Set<TcpSocket>();
  #nextId = 0;

  private constructor(port: number, serverPort: number) {
    this.port = port;
    this.#serverPort = serverPort;
    this.#front.on('message', (message, from) => this.#forward(message, from));
    this.#back.on('message', (message) => this.#giveBack(message));
    this.#tcp = createServer((client) => this.#pipe(client));
  }

  static async start(serverPort: number): Promise<Tap> {
    const tap = new Tap(await freePort(), serverPort);
    tap.#front.bind(tap.port, '127.0.0.1');
    tap.#back.bind(0, '127.0.0.1');
    tap.#tcp.listen(tap.port, '127.0.0.1');
    await Promise.all([
      once(tap.#front, 'listening'),
      once(tap.#back, 'listening'),
      once(tap.#tcp, 'listening'),
    ]);
    return tap;
  }

  #note(message: Uint8Array): void {
    const key = questionKey(message);
    if (key !== undefined) this.seen.set(key, (this.seen.get(key) ?? 0) + 1);
  }

  #forward(message: Buffer, from: RemoteInfo): void {
    if (message.length < 12) return;
    this.#note(message);
    const id = this.#nextId++ & 0xffff;
    this.#asked.set(id, { id: message.readUInt16BE(0), from });
    message.writeUInt16BE(id, 0);
    this.#back.send(message, this.#serverPort, '127.0.0.1');
  }

  #giveBack(message: Buffer): void {
    const asked = this.#asked.get(message.readUInt16BE(0));
    if (asked === undefined) return;
    message.writeUInt16BE(asked.id, 0);
    this.#front.send(message, asked.from.port, asked.from.address);
  }

  #pipe(client: TcpSocket): void {
    const server = connect(this.#serverPort, '127.0.0.1');
    let pending: Buffer = Buffer.alloc(0);
    client.on('data', (chunk) => {
      pending = Buffer.concat([pending, chunk]);
      while (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE(0)) {
        const end = 2 + pending.readUInt16BE(0);
        this.#note(pending.subarray(2, end));
        pending = pending.subarray(end);
      }
    });
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#connections.add(socket);
      socket.pipe(other);
      socket.on('error', () => other.destroy());
      socket.on('close', () => this.#connections.delete(socket));
    }
  }

  close(): void {
    this.#front.close();
    this.#back.close();
    this.#tcp.close();
    for (const connection of this.#connections) connection.destroy();
  }
}
