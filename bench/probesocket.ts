/**
 * A UDP socket of a client that shares its core: the kernel notes when each answer came in (SO_TIMESTAMPNS, socket(7)), so
 * that it does not matter when this process has its turn to read it.
 */
import { Batch } from '../src/transport/batch.ts';
import { AF, type Libc, loadLibc, MSG, SO, SOCK_DGRAM, SOL } from '../src/transport/libc.ts';
import { setInteger, socketAddress } from '../src/transport/sockaddr.ts';

/** Also the type of the control message, of struct timespec after 16 octets of header. */
const SO_TIMESTAMPNS = 35;
const TIME_AT = 16;
const CLOCK_REALTIME = 0;
const BUFFER_OCTETS = 4 << 20;
const BATCH = 64;
const ANSWER_OCTETS = 2_048;

/** @throws Error where there is no glibc, or no such socket. */
export class ProbeSocket {
  readonly #libc: Libc;
  readonly #fd: number;
  readonly #to: Uint8Array;
  readonly #batch: Batch;
  readonly #times: DataView;
  readonly #now = new BigInt64Array(2);

  constructor(port: number) {
    const libc = loadLibc();
    if (typeof libc === 'string') throw new Error(libc);
    this.#libc = libc;
    this.#fd = libc.socket(AF.INET, SOCK_DGRAM, 0);
    this.#to = socketAddress({ address: '127.0.0.1', port });
    this.#batch = new Batch(libc, BATCH, ANSWER_OCTETS, 0);
    this.#times = new DataView(this.#batch.octets.buffer);
    const isReady =
      setInteger(libc, this.#fd, SOL.SOCKET, SO.RCVBUF, BUFFER_OCTETS) &&
      setInteger(libc, this.#fd, SOL.SOCKET, SO_TIMESTAMPNS, 1);
    if (!isReady) throw new Error(`no socket that notes times: errno ${libc.errno()}`);
  }

  /** Milliseconds since 1970, by the clock that the kernel notes times with. */
  nowMs(): number {
    this.#libc.clock_gettime(CLOCK_REALTIME, this.#now);
    return milliseconds(this.#now[0]!, this.#now[1]!);
  }

  send(query: Uint8Array): void {
    this.#libc.sendto(this.#fd, query, query.length, MSG.DONTWAIT, this.#to, this.#to.length);
  }

  /** All that has come, each with the time when it did. */
  receive(onAnswer: (answer: Uint8Array, atMs: number) => void): void {
    const batch = this.#batch;
    for (;;) {
      batch.prepare(BATCH, true);
      const count = this.#libc.recvmmsg(this.#fd, batch.receiveHeaders, BATCH, MSG.DONTWAIT, null);
      for (let i = 0; i < count; i++)
        onAnswer(batch.requests[i]!.subarray(0, batch.received(i)), this.#arrivedMs(i));
      if (count < BATCH) return;
    }
  }

  pause(ms: number): void {
    this.#libc.usleep(ms * 1_000);
  }

  #arrivedMs(i: number): number {
    const at = this.#batch.controlOf(i) + TIME_AT;
    return milliseconds(this.#times.getBigInt64(at, true), this.#times.getBigInt64(at + 8, true));
  }
}

function milliseconds(seconds: bigint, nanoseconds: bigint): number {
  return Number(seconds) * 1_000 + Number(nanoseconds) / 1e6;
}
