/** What a program costs that runs to its end: time, CPU, the most memory that it held. */
import { spawn } from 'node:child_process';
import { memoryOf, waitedForSeconds } from './proc.ts';

/** Peak memory is read this often: the kernel keeps the peak, so only growth in the last moment is missed. */
const LOOK_MS = 4;

export interface ProgramCost {
  readonly wallS: number;
  /** User and system time. */
  readonly cpuS: number;
  readonly peakOctets: number;
}

/** Runs a program that must succeed; nothing else may be waited for meanwhile. */
export function costOf(program: string, args: readonly string[]): Promise<ProgramCost> {
  return new Promise((resolve, reject) => {
    const cpuBefore = waitedForSeconds();
    const fromMs = performance.now();
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });
    let peakOctets = 0;
    const timer = setInterval(() => {
      const { peak } = memoryOf(child.pid ?? -1);
      if (peak > peakOctets) peakOctets = peak;
    }, LOOK_MS);
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      clearInterval(timer);
      const wallS = (performance.now() - fromMs) / 1_000;
      if (code === 0) resolve({ wallS, cpuS: waitedForSeconds() - cpuBefore, peakOctets });
      else reject(new Error(`${program} ${args.join(' ')}: exit ${code ?? signal}`));
    });
  });
}
