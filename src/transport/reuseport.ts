/**
 * Which of the sockets that share a port (SO_REUSEPORT) gets a datagram or a connection. By itself the kernel chooses by a
 * hash of both ends; a program chooses by the order in which the sockets were bound. It is attached to all of them through
 * any of them, and stays when the process ends.
 */
import { BPF, BPF_RANDOM, BpfProgram } from './bpf.ts';
import { type Libc, SO, SOL } from './libc.ts';

/** There is no such socket: the kernel chooses. */
const NOBODY = 0xffffffff;
const COUNT = 1;

/** Attaches programs. One for each thread that needs it. */
export class ReuseportChooser {
  readonly #libc: Libc;
  readonly #one: BpfProgram;
  readonly #some: BpfProgram;

  constructor(libc: Libc) {
    this.#libc = libc;
    this.#one = new BpfProgram(libc, [[BPF.RETURN, NOBODY]]);
    this.#some = new BpfProgram(libc, [
      [BPF.LOAD_WORD, BPF_RANDOM],
      [BPF.MODULO, 1],
      [BPF.RETURN_ACCUMULATOR, 0],
    ]);
  }

  /** Each of the first `count` sockets gets its share, at random. False if the kernel cannot. */
  spread(fd: number, count: number): boolean {
    this.#some.setOperand(COUNT, count);
    return this.#attach(fd, this.#some);
  }

  /** The socket that was bound as number `index` gets all; the kernel chooses if there is none. */
  give(fd: number, index: number): boolean {
    this.#one.setOperand(0, index);
    return this.#attach(fd, this.#one);
  }

  /** As if there had never been a program. */
  leaveToKernel(fd: number): boolean {
    return this.give(fd, NOBODY);
  }

  #attach(fd: number, { fprog }: BpfProgram): boolean {
    return this.#libc.setsockopt(fd, SOL.SOCKET, SO.ATTACH_REUSEPORT_CBPF, fprog, fprog.length) === 0;
  }
}
