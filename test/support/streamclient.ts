/** A TCP or TLS client that sends and takes raw octets, and a responder that echoes: for tests of transport/. */
import { connect, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { connect as connectTls } from 'node:tls';
import type { ListenAddress } from '../../src/transport/listen.ts';
import type { Respond } from '../../src/wire/peer.ts';

/** True if this machine has ::1; containers often have not. */
export const hasIpv6: boolean = Object.values(networkInterfaces()).some((addresses) =>
  addresses?.some((local) => local.address === '::1'),
);

/** Answers with the request itself, QR set. */
export const echo: Respond = (request, requestOctets, _peer, response) => {
  response.set(request.subarray(0, requestOctets));
  response[2] = request[2]! | 0x80;
  return requestOctets;
};

/** A message of `octets` octets (12 at least) with this ID. */
export function message(id: number, octets = 29): Uint8Array {
  const made = new Uint8Array(octets).fill(id & 255);
  made[0] = id >> 8;
  made[1] = id;
  made[2] = 1;
  return made;
}

/** Messages as they stand in a stream: each behind its length. */
export function framed(...messages: readonly Uint8Array[]): Buffer {
  return Buffer.concat(messages.flatMap((each) => [Uint8Array.of(each.length >> 8, each.length), each]));
}

/** One connection; collects what arrives. */
export class StreamClient {
  readonly socket: Socket;
  /** Resolves when the connection is closed in both directions, for whatever reason. */
  readonly closed: Promise<void>;
  #octets = Buffer.alloc(0);
  #wake: () => void = () => undefined;
  /** The server has sent its FIN or the connection is gone. */
  hasEnded = false;

  private constructor(socket: Socket) {
    this.socket = socket;
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
    socket.on('data', (octets: Buffer) => {
      this.#octets = Buffer.concat([this.#octets, octets]);
      this.#wake();
    });
    const end = (): void => {
      this.hasEnded = true;
      this.#wake();
    };
    socket.on('end', end);
    socket.on('close', end);
    // A reset is one of the ways in which a server closes; `closed` tells.
    socket.on('error', end);
  }

  static async open(to: ListenAddress, localAddress?: string, isTls = false): Promise<StreamClient> {
    const raw = connect({
      host: to.address,
      port: to.port,
      allowHalfOpen: true,
      noDelay: true,
      ...(localAddress === undefined ? {} : { localAddress }),
    });
    const socket = isTls ? connectTls({ socket: raw, rejectUnauthorized: false }) : raw;
    const client = new StreamClient(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once(isTls ? 'secureConnect' : 'connect', resolve);
      socket.once('error', reject);
      socket.once('close', () => reject(new Error('closed while connecting')));
    });
    return client;
  }

  send(octets: Uint8Array): void {
    this.socket.write(octets);
  }

  /** Takes the next message; undefined if the server closes before it is whole. */
  async next(): Promise<Uint8Array | undefined> {
    for (;;) {
      const whole = this.#octets.length >= 2 ? 2 + this.#octets.readUInt16BE(0) : Number.POSITIVE_INFINITY;
      if (this.#octets.length >= whole) {
        const taken = new Uint8Array(this.#octets.subarray(2, whole));
        this.#octets = this.#octets.subarray(whole);
        return taken;
      }
      if (this.hasEnded) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** IDs of the next `count` messages. */
  async ids(count: number): Promise<number[]> {
    const ids: number[] = [];
    while (ids.length < count) {
      const taken = await this.next();
      if (taken === undefined) break;
      ids.push((taken[0]! << 8) | taken[1]!);
    }
    return ids;
  }

  async close(): Promise<void> {
    this.socket.destroy();
    await this.closed;
  }
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
