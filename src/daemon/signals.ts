/**
 * Signals and the last errors. SIGTERM and SIGINT drain and end with 0; a second one ends at once. SIGHUP reads the
 * configuration and looks at the zones again. SIGUSR1 is taken, because Node would open its inspector on it, through
 * which keys could be read.
 */
import type { Log } from '../ops/log.ts';

const STOP_MS = 5_000;

export interface SignalActions {
  readonly log: Log;
  /** Drains and ends everything. */
  readonly stop: () => Promise<void>;
  readonly rescan: () => void;
}

/** Installs the handlers of this process; returns what ends it as SIGTERM does, with a reason. */
export function handleSignals({ log, stop, rescan }: SignalActions): (reason: string) => void {
  let isStopping = false;
  const end = (reason: string) => {
    if (isStopping) process.exit(1);
    isStopping = true;
    log.info({ reason }, 'stopping: answering what has arrived');
    const timer = setTimeout(() => {
      log.error({}, 'not everything ended in time');
      process.exit(1);
    }, STOP_MS);
    timer.unref();
    stop().then(
      () => {
        log.info({}, 'stopped');
        process.exit(0);
      },
      (error: Error) => dieOf(log, error),
    );
  };
  process.on('SIGTERM', end);
  process.on('SIGINT', end);
  process.on('SIGHUP', () => {
    log.info({}, 'SIGHUP: reading the configuration, and looking at the zones again');
    rescan();
  });
  return end;
}

/** Takes SIGUSR1 away from Node's inspector, and makes any error that nobody caught the end of the process. */
export function guardProcess(log: Log): void {
  process.on('SIGUSR1', () => log.info({}, 'SIGUSR1 does nothing'));
  process.on('uncaughtException', (error) => dieOf(log, error));
  process.on('unhandledRejection', (reason) => {
    dieOf(log, reason instanceof Error ? reason : new Error(String(reason)));
  });
}

function dieOf(log: Log, error: Error): void {
  log.fatal(
    { error: error.stack ?? error.message },
    `ended by an error that nobody expected: ${error.message}`,
  );
  process.exit(1);
}
