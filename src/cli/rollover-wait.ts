/** `rollover status --wait`: for scripts that go on when a person must act, when a step is reached, or at the end. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { formatDuration, parseDuration } from '../base/time.ts';
import { OperationError } from '../control/operation.ts';
import type { RolloverStatus } from '../control/shapes.ts';
import { printRollover } from './rollover-output.ts';
import type { Runner } from './runner.ts';

const LOOK_MS = 500;
const DEFAULT_TIMEOUT = '1d';

interface WaitFlags {
  /** True without a step. */
  readonly wait?: string | true;
  readonly timeout: string;
}

/** Adds `--wait` to `rollover status`. */
export function addWait(command: Command, runner: Runner): void {
  command.option(
    '--wait [step]',
    'wait until the step is reached and served; without one, until you must act or it is over',
  );
  command.option('--timeout <duration>', 'how long to wait; after that the exit code is 6', DEFAULT_TIMEOUT);
  command.action(async (zone: string, { wait, timeout }: WaitFlags) => {
    const seconds = parseDuration(timeout);
    if (seconds === undefined) {
      throw new OperationError(
        'USAGE_WRONG',
        'BAD_PARAMETERS',
        '--timeout: a duration is written 300s, 5m or 1h',
      );
    }
    const status = await waited(zone, wait, seconds, runner);
    runner.show(status, () => printRollover(runner.output, status));
  });
}

/** The status when what is waited for is true. Throws OperationError. */
async function waited(
  zone: string,
  wait: WaitFlags['wait'],
  seconds: number,
  runner: Runner,
): Promise<RolloverStatus> {
  const untilMs = performance.now() + seconds * 1_000;
  for (;;) {
    const status = await runner.call('rollover.status', { zone });
    if (wait === undefined || isReached(status, wait)) return status;
    if (performance.now() >= untilMs) {
      const step = status.rollover === null ? 'no rollover runs' : `it is at step ${status.rollover.step}`;
      const what = wait === true ? 'nothing needs you and it is not over' : `${wait} is not reached`;
      const message = `after ${formatDuration(seconds)} ${what}: ${step}`;
      throw new OperationError('NOT_YET', 'NOT_YET', message, `keyturn rollover status ${zone}`);
    }
    await sleep(LOOK_MS);
  }
}

/** A step is reached also when it is over; and only when what it began is served. Throws OperationError. */
export function isReached({ rollover, needs, waiting }: RolloverStatus, wait: string | true): boolean {
  if (rollover === null) return true;
  const isServed = waiting.every(({ reason }) => reason !== 'acknowledgement');
  if (wait === true) return isServed && needs.length > 0;
  const { steps, step } = rollover;
  if (wait !== 'done' && !steps.includes(wait)) {
    const message = `a ${rollover.type} rollover has no step "${wait}"`;
    throw new OperationError(
      'USAGE_WRONG',
      'NO_SUCH_STEP',
      message,
      `say done, or one of ${steps.join(', ')}`,
    );
  }
  return wait !== 'done' && isServed && steps.indexOf(step) >= steps.indexOf(wait);
}
