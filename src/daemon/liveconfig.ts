/**
 * The configuration of a daemon at work. Read again, its policies and channels and what follows them come into force at
 * once: a zone with another policy is where it would be if the daemon had been started with it, without the pause. All else
 * waits for the next start.
 */
import { isDeepStrictEqual } from 'node:util';
import { counted, type Diagnostic, formatDiagnostic } from '../base/diagnostic.ts';
import type { EventSink } from '../ops/events.ts';
import type { Log } from '../ops/log.ts';
import type { Config } from '../store/config.ts';
import type { Zones } from './zones.ts';

/** A configuration that was read, and what should be known of it. */
export interface ReadConfig {
  readonly config: Config;
  readonly warnings: readonly Diagnostic[];
}

export interface LiveConfigOptions {
  readonly config: Config;
  /** Reads the configuration again; throws with a message for a person. */
  readonly read: () => ReadConfig;
  readonly log: Log;
  readonly events: EventSink;
}

export class LiveConfig {
  #current: Config;
  readonly #options: LiveConfigOptions;

  constructor(options: LiveConfigOptions) {
    this.#current = options.config;
    this.#options = options;
  }

  /** What is in force. */
  get current(): Config {
    return this.#current;
  }

  /** Reads the configuration again and lets `zones` follow it. If it is wrong, all stays as it is. */
  reload(zones: Zones): void {
    const { log, read } = this.#options;
    let fresh: ReadConfig;
    try {
      fresh = read();
    } catch (error) {
      const { message } = error as Error;
      log.error(
        { code: 'CONFIG_WRONG' },
        `${message}\nthe configuration that was read before stays in force`,
      );
      return;
    }
    for (const warning of fresh.warnings) log.warn({ code: warning.code }, formatDiagnostic(warning));
    const { policies, zonePolicies, handover } = fresh.config;
    if (!isDeepStrictEqual(constantOf(fresh.config), constantOf(this.#current))) {
      log.warn(
        {},
        'the configuration differs in more than policies and channels: that takes effect at the next start',
      );
    }
    this.#current = { ...this.#current, policies, zonePolicies, handover };
    // Policies first: what is under way goes on in the order that they have now.
    const followed = zones.follow(this.#current);
    const channels = zones.handover.follow(handover);
    for (const zone of followed) log.info({ zone }, `${zone} follows its policy as it is configured now`);
    if (channels.length > 0)
      log.info({ channels }, `channels are new, gone or others: ${channels.join(', ')}`);
    if (followed.length > 0) this.#tell(`policies changed for ${counted(followed.length, 'zone')}`);
    if (channels.length > 0) this.#tell(`${counted(channels.length, 'channel')} changed`);
  }

  #tell(what: string): void {
    const message = `the configuration was read again: ${what}`;
    this.#options.events.add({ kind: 'server', zone: null, message, details: { event: 'configured' } });
  }
}

/** What takes effect at the start only. */
function constantOf(config: Config) {
  return { ...config, policies: 0, zonePolicies: 0, handover: 0 };
}
