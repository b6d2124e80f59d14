/** Keeps the newest key time on disk (store/heartbeat), so that a clock that is behind at the next start is found out. */
import { FileStoreError } from '../base/ports.ts';
import type { UnixSeconds } from '../base/time.ts';
import type { Log } from '../ops/log.ts';
import { HEARTBEAT_FILE, loadHeartbeat, saveHeartbeat } from '../store/heartbeat.ts';
import { ShapeError } from '../store/json-shape.ts';
import type { SigningPorts } from './signingports.ts';
import type { SteadyClock } from './steadyclock.ts';

const INTERVAL_S = 600;

export interface HeartbeatContext {
  readonly log: Log;
  /** A daemon that signs nothing has no keys directory to write to. */
  readonly isUnsigned: boolean;
  readonly signing: Pick<SigningPorts, 'files' | 'keysDirectory'>;
}

export class Heartbeat {
  readonly #context: HeartbeatContext;
  /** What the file says, or was to say. */
  #written = 0;
  /** What was begun last: two writes would meet in one file. */
  #writing: Promise<void> = Promise.resolve();

  constructor(context: HeartbeatContext) {
    this.#context = context;
  }

  /** The newest key time of former processes. A file that cannot be used is replaced by the next beat. */
  load(): UnixSeconds | undefined {
    const { log, signing } = this.#context;
    try {
      const keyTime = loadHeartbeat(signing.files, signing.keysDirectory);
      this.#written = keyTime ?? 0;
      return keyTime;
    } catch (error) {
      if (!(error instanceof ShapeError || error instanceof FileStoreError)) throw error;
      log.warn({}, `${HEARTBEAT_FILE} cannot be used, the clock is not compared with it: ${error.message}`);
      return undefined;
    }
  }

  /**
   * Writes key time down if that was not done for a while; call it while the clock is trusted. Resolves when nothing is on
   * its way to the disk any more.
   */
  async beat(clock: SteadyClock, interval = INTERVAL_S): Promise<void> {
    const { now } = clock.keyInstant();
    const isRecent = now <= this.#written || now < this.#written + interval;
    if (!this.#context.isUnsigned && clock.isTrusted && !isRecent) {
      this.#written = now;
      this.#writing = this.#writing.then(() => this.#write(now));
    }
    await this.#writing;
  }

  async #write(now: UnixSeconds): Promise<void> {
    const { log, signing } = this.#context;
    try {
      await saveHeartbeat(signing.files, signing.keysDirectory, now);
    } catch (error) {
      if (!(error instanceof FileStoreError)) throw error;
      log.warn({ code: error.code }, `${HEARTBEAT_FILE} cannot be written: ${error.message}`);
    }
  }
}
