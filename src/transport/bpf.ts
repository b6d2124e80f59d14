/** Programs of classic BPF, which the kernel runs on what a socket receives. */
import type { Libc } from './libc.ts';

/** One instruction: a code and an operand. None of ours jumps. */
export type Instruction = readonly [code: number, operand: number];

/** Codes: into the accumulator, with it, and out of the program with what the program says of a packet. */
export const BPF = { LOAD_WORD: 0x20, MODULO: 0x94, RETURN: 0x06, RETURN_ACCUMULATOR: 0x16 } as const;
/** Where a load finds a random number instead of octets of the packet: SKF_AD_OFF + SKF_AD_RANDOM. */
export const BPF_RANDOM = (-0x1000 + 56) >>> 0;

const INSTRUCTION_OCTETS = 8;
const FPROG_OCTETS = 16;
const FPROG_FILTER = 8;

/** A program in memory that does not move, which is never given back: it is made once. Its operands can be changed. */
export class BpfProgram {
  /** struct sock_fprog: how many instructions, and where; what `setsockopt` takes. */
  readonly fprog = new Uint8Array(FPROG_OCTETS);
  readonly #instructions: DataView;

  constructor(libc: Libc, instructions: readonly Instruction[]) {
    const { address, buffer } = libc.map(instructions.length * INSTRUCTION_OCTETS);
    this.#instructions = new DataView(buffer);
    for (const [i, [code, operand]] of instructions.entries()) {
      // struct sock_filter: code, two jumps, operand.
      this.#instructions.setUint16(i * INSTRUCTION_OCTETS, code, true);
      this.setOperand(i, operand);
    }
    const view = new DataView(this.fprog.buffer);
    view.setUint16(0, instructions.length, true);
    view.setBigUint64(FPROG_FILTER, address, true);
  }

  setOperand(instruction: number, operand: number): void {
    this.#instructions.setUint32(instruction * INSTRUCTION_OCTETS + 4, operand, true);
  }
}
