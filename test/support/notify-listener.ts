/** Where a parent wants to be told of new CDS (RFC 9859): answers each NOTIFY, and says which child it was about. */
import { createSocket, type Socket } from 'node:dgram';
import type { AddressInfo } from 'node:net';
import { formatName, nameOf } from '../../src/wire/name.ts';

/** What arrived. */
export interface Notice {
  readonly opcode: number;
  readonly isAuthoritative: boolean;
  readonly name: string;
  readonly type: number;
}

export class NotifyListener {
  readonly heard: Notice[] = [];
  /** Called for each message that arrived, after it was answered. */
  onNotice: (notice: Notice) => void = () => undefined;
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('message', (octets, { address, port }) => {
      const notice = noticeOf(octets);
      this.heard.push(notice);
      const answer = Uint8Array.from(octets);
      answer[2] = answer[2]! | 0x80;
      socket.send(answer, port, address);
      this.onNotice(notice);
    });
  }

  static async start(address: string): Promise<NotifyListener> {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => socket.bind(0, address, resolve));
    return new NotifyListener(socket);
  }

  get port(): number {
    return (this.#socket.address() as AddressInfo).port;
  }

  stop(): void {
    this.#socket.close();
  }
}

function noticeOf(octets: Buffer): Notice {
  const name = formatName(octets, 12);
  const typeAt = 12 + nameOf(name).length;
  const opcode = (octets[2]! >> 3) & 15;
  return { opcode, isAuthoritative: (octets[2]! & 4) !== 0, name, type: octets.readUInt16BE(typeAt) };
}
