/**
 * The UDP sockets of the process, of which each thread serves its own: a thread that dies leaves its queue to the one that
 * is started in its place. How many threads get datagrams follows the load, if the ports are ours alone. With `node:dgram`
 * threads open their own sockets, and systemd keeps those that are its: then there is nothing to do.
 */
import type { HandedSocket } from '../transport/handed.ts';
import { type Libc, loadLibc } from '../transport/libc.ts';
import type { ListenAddress } from '../transport/listen.ts';
import { newSteeringMemory, type SharedSteering, SteeredSockets } from '../transport/steering.ts';
import type { UdpKind } from '../transport/udp-choice.ts';
import { bindSocket } from '../transport/udp-socket.ts';

export interface UdpPortsOptions {
  readonly udp: UdpKind;
  readonly threads: number;
  readonly listen: readonly ListenAddress[];
  /** What was bound before the threads were started; null: nothing. */
  readonly handed: readonly HandedSocket[] | null;
}

/** Binds a socket for each thread and address. Throws ListenError. */
export function bindDatagrams(libc: Libc, listen: readonly ListenAddress[], threads: number): HandedSocket[] {
  return Array.from({ length: threads }, (_, worker) =>
    listen.map((wanted): HandedSocket => {
      return { fd: bindSocket(libc, wanted), kind: 'udp', listen: wanted, worker, isLent: false };
    }),
  ).flat();
}

export class UdpPorts {
  readonly #options: UdpPortsOptions;
  readonly #libc: Libc | undefined;
  /** What the threads share that are steered. */
  readonly steering: SharedSteering;
  #sockets: readonly HandedSocket[] | null;
  #steered: SteeredSockets | undefined;
  #isAlone = false;
  #hasLeft = false;

  constructor(options: UdpPortsOptions) {
    const { udp, threads, handed } = options;
    const libc = udp === 'batched' ? loadLibc() : undefined;
    this.#options = options;
    this.#libc = typeof libc === 'object' ? libc : undefined;
    this.#sockets = handed?.filter(({ kind }) => kind === 'udp') ?? null;
    this.steering = { memory: newSteeringMemory(), threads };
  }

  /** Binds the sockets if they are not yet. Throws ListenError. */
  open(): void {
    const { listen, threads } = this.#options;
    if (this.#libc === undefined) return;
    this.#sockets ??= bindDatagrams(this.#libc, listen, threads);
    if (this.#steered !== undefined) return;
    const own = this.#sockets.filter(({ worker, isLent }) => worker !== null && !isLent);
    const fds = own.map(({ fd }) => fd);
    if (fds.length > 0) this.#steered = new SteeredSockets(this.#libc, this.steering.memory, fds);
  }

  /** The sockets of a thread; null: it opens its own. */
  socketsOf(thread: number): readonly HandedSocket[] | null {
    return this.#sockets?.filter(({ worker }) => (worker ?? thread) === thread) ?? null;
  }

  /** No other process has the ports from now on. */
  becomeAlone(): void {
    this.#isAlone = true;
  }

  /** All threads serve: no more of them get datagrams than the load needs. */
  steer(): void {
    const { threads } = this.#options;
    if (this.#isAlone && !this.#hasLeft && threads > 1) this.#steered?.begin();
    else this.spread();
  }

  /** One of them does not: the kernel spreads over all. */
  spread(): void {
    this.#steered?.end();
  }

  /** The process ends, or another one comes. */
  leave(): void {
    this.#hasLeft = true;
    this.spread();
  }
}
