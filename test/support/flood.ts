/** Floods of a server on loopback: from a local address over UDP, or with a forged source through a raw socket (root). */
import { createSocket, type Socket } from 'node:dgram';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { runOk } from './processes.ts';

const PER_BURST = 100;
const BURST_GAP_MS = 5;
const FLAGS = { TC: 0x0200 } as const;

/** What came back. */
export interface Echoes {
  readonly whole: number;
  /** With TC. */
  readonly truncated: number;
  readonly octets: number;
}

/** A client that asks without waiting, from an address of its own (all of 127.0.0.0/8 is). */
export class Flooder {
  readonly #socket: Socket = createSocket({ type: 'udp4', recvBufferSize: 8 << 20 });
  readonly #port: number;
  #echoes: Echoes = { whole: 0, truncated: 0, octets: 0 };
  /** The newest response. */
  last: Uint8Array = new Uint8Array(0);

  private constructor(port: number) {
    this.#port = port;
    this.#socket.on('message', (octets) => {
      this.last = new Uint8Array(octets);
      const isTruncated = (octets.readUInt16BE(2) & FLAGS.TC) !== 0;
      const { whole, truncated } = this.#echoes;
      this.#echoes = {
        whole: whole + (isTruncated ? 0 : 1),
        truncated: truncated + (isTruncated ? 1 : 0),
        octets: this.#echoes.octets + octets.length,
      };
    });
  }

  static async from(address: string, port: number): Promise<Flooder> {
    const flooder = new Flooder(port);
    await new Promise<void>((resolve) => flooder.#socket.bind({ address }, resolve));
    return flooder;
  }

  /** What came back so far. */
  get echoes(): Echoes {
    return this.#echoes;
  }

  get received(): number {
    return this.#echoes.whole + this.#echoes.truncated;
  }

  async send(messages: readonly Uint8Array[], count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      this.#socket.send(messages[i % messages.length]!, this.#port, '127.0.0.1');
      if ((i + 1) % PER_BURST === 0) await sleep(BURST_GAP_MS);
    }
  }

  close(): void {
    this.#socket.close();
  }
}

/** Asks once over TCP from `address`; resolves with the response. */
export function askOverTcp(address: string, port: number, message: Uint8Array): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, localAddress: address });
    let received = Buffer.alloc(0);
    socket.setTimeout(5_000, () => socket.destroy(new Error('no answer over TCP')));
    socket.on('error', reject);
    socket.on('data', (octets: Buffer) => {
      received = Buffer.concat([received, octets]);
      if (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) return;
      socket.destroy();
      resolve(received.subarray(2));
    });
    socket.write(Buffer.concat([Uint8Array.of(message.length >> 8, message.length & 255), message]));
  });
}

/** True if this process may forge sources. */
export const mayForge: boolean = process.platform === 'linux' && process.getuid?.() === 0;

export interface Forged {
  /** An address; `any`: each time another one of 127.0.0.0/8. */
  readonly from: string;
  readonly fromPort: number;
  readonly to: string;
  readonly toPort: number;
  readonly count: number;
  readonly message: Uint8Array;
}

const MAX_FORGE_MS = 300_000;

/** IPv4 and UDP headers without checksums: the kernel puts that of IP, UDP may be without. */
const FORGE = `
use Socket;
my ($from, $fromPort, $to, $toPort, $count, $hex) = @ARGV;
my $message = pack 'H*', $hex;
socket(my $socket, PF_INET, SOCK_RAW, 255) or die "no raw socket: $!";
my ($target, $length) = (inet_aton($to), length($message) + 8);
my $datagram = pack('nnnn', $fromPort, $toPort, $length, 0) . $message;
for my $i (1 .. $count) {
  my $source = $from eq 'any' ? pack('CCCC', 127, rand 256, rand 256, 1) : inet_aton($from);
  my $packet = pack('CCnnnCCna4a4', 0x45, 0, $length + 20, 0, 0, 64, 17, 0, $source, $target) . $datagram;
  send($socket, $packet, 0, sockaddr_in(0, $target)) or die "not sent: $!";
  select(undef, undef, undef, 0.01) if $i % 200 == 0;
}
`;

/** Sends datagrams with a forged source, at most 20,000 a second; only if `mayForge`. */
export async function forge({ from, fromPort, to, toPort, count, message }: Forged): Promise<void> {
  const hex = Buffer.from(message).toString('hex');
  await runOk(
    'perl',
    ['-e', FORGE, from, String(fromPort), to, String(toPort), String(count), hex],
    MAX_FORGE_MS,
  );
}
