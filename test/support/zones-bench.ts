/** The controller of zones over real files, with a loader in this thread and a clock that the test moves. */
import fs from 'node:fs';
import path from 'node:path';
import type { FileStore } from '../../src/base/ports.ts';
import { formatInstant, unixSeconds } from '../../src/base/time.ts';
import { LoadQueue } from '../../src/daemon/loadqueue.ts';
import { loadZone } from '../../src/daemon/loadzone.ts';
import type { ToData } from '../../src/daemon/messages.ts';
import type { ParentsContext } from '../../src/daemon/parents.ts';
import { Publisher } from '../../src/daemon/publisher.ts';
import { Scheduler } from '../../src/daemon/scheduler.ts';
import { Zones } from '../../src/daemon/zones.ts';
import { DEFAULT_POLICY, type Policy } from '../../src/kasp/policy.ts';
import { EventRing } from '../../src/ops/events.ts';
import { createLog } from '../../src/ops/log.ts';
import { type Config, defaultConfig } from '../../src/store/config.ts';
import type { HandoverConfig } from '../../src/store/config-handover.ts';
import { DiskFileStore } from '../../src/store/files.ts';
import { nameOf } from '../../src/wire/name.ts';
import { ManualClock } from './manual-clock.ts';
import { Workplace } from './processes.ts';
import { strongRandom } from './random.ts';

/** Everything lasts seconds, and nothing is done by itself but what must be. */
export const QUICK_POLICY: Policy = {
  ...DEFAULT_POLICY,
  ...{ dnskeyTtl: 20, cdsTtl: 5, publishSafety: 5, retireSafety: 5, propagation: 0, bootstrapHold: 0 },
  ...{ parent: { propagation: 0, dsTtl: 30 }, minInterval: 0, cdsHold: 10, purgeAfter: 100_000 },
};

/** So many things may be due while time passes. */
const MAX_DUE = 200;

/** A zone file with an apex; its names are outside. */
export const zoneText = (serial: number, extra = '') =>
  `@ 300 IN SOA ns.b.test. admin.b.test. ${serial} 7200 900 1209600 300\n@ 300 IN NS ns.b.test.\n${extra}`;

export interface BenchOptions {
  readonly isUnsigned?: boolean;
  readonly replaceKeys?: boolean;
  /** Where a server ran before, in place of an empty one. */
  readonly place?: Workplace;
  /** In place of files on the disk. */
  readonly files?: FileStore;
  /** The key time that a former process left, in seconds since 1970. */
  readonly keyTime?: number;
  /** In place of the default policy, by zone; the name of the policy is that of its zone. */
  readonly policies?: Readonly<Record<string, Policy>>;
  /** Where parents are looked at. */
  readonly parents?: ParentsContext;
  /** Channels, and which of them get reminders. */
  readonly handover?: HandoverConfig;
}

/** A server without threads and sockets. */
export class ZonesBench {
  readonly place: Workplace;
  readonly directory: string;
  readonly clock = new ManualClock(Math.floor(Date.now() / 1_000) + 5);
  readonly scheduler = new Scheduler(this.clock);
  readonly publisher = new Publisher();
  readonly posted: ToData[] = [];
  /** Called when something is given to the threads. */
  onPost: () => void = () => undefined;
  readonly events = new EventRing(this.clock);
  loads = 0;
  readonly queue: LoadQueue = new LoadQueue(({ job, ...rest }) => {
    this.loads++;
    queueMicrotask(() => this.queue.onReplies([{ job, outcome: loadZone(rest) }]));
  });
  readonly zones: Zones;
  readonly config: Config;
  readonly #options: BenchOptions;

  constructor(options: BenchOptions = {}) {
    this.#options = options;
    this.place = options.place ?? new Workplace();
    this.directory = path.join(fs.realpathSync(this.place.path), 'zones');
    fs.mkdirSync(this.directory, { recursive: true });
    const thread = {
      name: 'test',
      post: (message: ToData) => {
        this.posted.push(message);
        this.onPost();
        if ('version' in message) queueMicrotask(() => this.publisher.acknowledge(thread, message.version));
      },
    };
    this.publisher.attach(thread);
    this.queue.onStart();
    const { policies = {} } = options;
    this.config = {
      ...defaultConfig({ zonesDirectory: this.directory, keysDirectory: this.place.at('keys') }),
      policies: new Map([['default', DEFAULT_POLICY], ...Object.entries(policies)]),
      zonePolicies: new Map(Object.keys(policies).map((name) => [name, name])),
      ...(options.handover && { handover: options.handover }),
    };
    const { config } = this;
    if (options.keyTime !== undefined) {
      const keyTime = formatInstant(unixSeconds(options.keyTime));
      fs.mkdirSync(config.keysDirectory, { mode: 0o700 });
      fs.writeFileSync(`${config.keysDirectory}/clock.json`, JSON.stringify({ format: 1, keyTime }));
    }
    this.zones = new Zones(config, {
      clock: this.clock,
      scheduler: this.scheduler,
      publisher: this.publisher,
      loads: this.queue,
      log: createLog('fatal' as 'error', { isTerminal: false }),
      events: this.events,
      seed: 1,
      limitOctets: 1 << 20,
      isUnsigned: options.isUnsigned ?? false,
      signing: {
        files: options.files ?? new DiskFileStore(),
        random: strongRandom,
        keysDirectory: config.keysDirectory,
        replaceKeys: options.replaceKeys ?? false,
      },
      parents: options.parents,
      // Another look at once, as a server has it; later ones are up to the test.
      lookSoon: (ms) => {
        if (ms === 0) queueMicrotask(() => this.zones.look());
      },
    });
  }

  write(name: string, text: string): void {
    fs.writeFileSync(path.join(this.directory, name), text);
  }

  remove(name: string): void {
    fs.rmSync(path.join(this.directory, name));
  }

  /** Two looks, far enough apart for anything to settle. */
  async settle(seconds = 6): Promise<void> {
    for (let i = 0; i < 3; i++) {
      this.zones.look();
      this.clock.advance(seconds);
      await this.rest();
    }
  }

  /** Lets time pass, from one thing that is due to the next. */
  async lapse(seconds: number): Promise<void> {
    const { clock, scheduler } = this;
    const until = clock.now() + seconds;
    for (let round = 0; clock.now() < until; round++) {
      if (round === MAX_DUE) throw new Error('something is due all the time');
      const due = scheduler.due(1)[0]?.at ?? until;
      clock.advance(Math.min(until, Math.max(due, clock.now() + 1)) - clock.now());
      scheduler.runDue();
      await this.rest();
    }
  }

  /** Ends this process; another one over the same files, not earlier than this one ended. */
  async restarted(): Promise<ZonesBench> {
    this.scheduler.close();
    await this.zones.close();
    const { place, clock } = this;
    const next = new ZonesBench({ ...this.#options, place });
    next.clock.advance(Math.max(0, clock.now() - next.clock.now()));
    return next;
  }

  /** Waits until nothing is left to do at this instant. */
  async rest(): Promise<void> {
    for (let quiet = 0; quiet < 20; quiet = this.zones.turns.isIdle ? quiet + 1 : 0) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  serial(origin: string): number | undefined {
    return this.zones.find(nameOf(origin))?.served?.image.serial;
  }

  problem(origin: string): string | undefined {
    return this.zones.find(nameOf(origin))?.problem?.code;
  }

  async close(): Promise<void> {
    this.scheduler.close();
    await this.zones.close();
    this.place.remove();
  }
}
