/**
 * The threads of the daemon: one loader, the UDP threads, one stream thread. Joins them with the publisher and the
 * load queue, opens the sockets once and again in each thread that had to be restarted.
 */
import { Counters } from '../base/counters.ts';
import type { Clock } from '../base/ports.ts';
import type { EventSink } from '../ops/events.ts';
import type { Log } from '../ops/log.ts';
import type { TransportSettings } from '../store/config-transport.ts';
import type { HandedSocket } from '../transport/handed.ts';
import type { ListenAddress } from '../transport/listen.ts';
import type { Certificate } from '../transport/tls.ts';
import type { UdpKind } from '../transport/udp-choice.ts';
import { foldJobs, foldPublications, unfoldReplies } from './columns.ts';
import { ErrorReports } from './errorreports.ts';
import { exposeCollectors } from './garbage.ts';
import { type ThreadScript, threadScript } from './installation.ts';
import { tellLimited } from './limited.ts';
import { LoadQueue } from './loadqueue.ts';
import type {
  AnswerSetup,
  DataSetup,
  FromData,
  LoadJob,
  LoadReply,
  ReplyColumns,
  ToData,
} from './messages.ts';
import type { Publisher } from './publisher.ts';
import type { Scheduler } from './scheduler.ts';
import { SupervisedThread } from './thread.ts';
import { UdpPorts } from './udpports.ts';

/** Why the sockets of a thread are not open. */
export interface ListenFailure {
  readonly transport: 'udp' | 'tcp';
  readonly address: string;
  readonly port: number;
  readonly code: string;
}

export interface SupervisorOptions {
  /** Somebody says that a child of one of our zones has new CDS records. */
  readonly onNotified: (child: Uint8Array) => void;
  readonly listen: readonly ListenAddress[];
  readonly udp: UdpKind;
  readonly udpThreads: number;
  readonly transport: TransportSettings;
  /** Sockets of all threads; null: they are opened when all zones are there. */
  readonly handed: readonly HandedSocket[] | null;
  readonly mayShare: boolean;
  readonly answers: AnswerSetup;
  readonly seed: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly events: EventSink;
  readonly scheduler: Scheduler;
  readonly publisher: Publisher;
}

/** One line of `status` about a thread. */
export interface ThreadStatus {
  readonly name: string;
  readonly running: boolean;
  readonly restarts: number;
}

const STOP_MS = 4_500;
const RETRY_LISTEN_MS = 1_000;

/** There is one for each core, and none makes much garbage: memory that V8 would give it lies idle. */
const UDP_YOUNG_MIB = 1;
/** What it works on for longer than a moment is not in its heap, or is of the zone that it is at. */
const LOADER_YOUNG_MIB = 8;
const STREAM_YOUNG_MIB = 8;

/** What the loader says at once. */
type LoaderList = readonly (LoadReply | ReplyColumns)[];

interface Data {
  readonly thread: SupervisedThread<FromData, ToData>;
  readonly counters: Counters;
  /** What it shall serve; null: it opens its own. */
  readonly sockets: () => readonly HandedSocket[] | null;
  isListening: boolean;
}

export class Supervisor {
  readonly loads: LoadQueue;
  /** What resolvers reported to us. */
  readonly reports: ErrorReports;
  readonly #options: SupervisorOptions;
  readonly #loader: SupervisedThread<LoaderList, LoadJob>;
  readonly #data: Data[] = [];
  readonly #stream: Data;
  readonly #ports: UdpPorts;
  #certificate: Certificate | undefined;
  #cookieSecrets: readonly Uint8Array[] | undefined;
  #mayListen = false;
  #firstListen: { resolve: () => void; reject: (failure: unknown) => void } | undefined;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.reports = new ErrorReports(options.events);
    const { log, scheduler } = options;
    this.loads = new LoadQueue((job) => this.#loader.post(job));
    this.#loader = new SupervisedThread<LoaderList, LoadJob>({
      name: 'loader',
      entry: threadScript('loader'),
      workerData: this.loads.progress.memory,
      fold: foldJobs,
      youngGenerationMib: LOADER_YOUNG_MIB,
      log,
      scheduler,
      onStart: () => this.loads.onStart(),
      onMessage: (list) => this.loads.onReplies(unfoldReplies(list)),
      onDeath: (error) => {
        this.loads.onDeath(error);
        this.#tellDeath('loader', error);
      },
    });
    const { udp, udpThreads: threads, listen, handed } = options;
    this.#ports = new UdpPorts({ udp, threads, listen, handed });
    const streams = handed?.filter(({ kind }) => kind !== 'udp') ?? null;
    this.#stream = this.#add('stream', 'stream-thread', () => streams);
    for (let i = 0; i < threads; i++) this.#add(`udp-${i + 1}`, 'udp-thread', () => this.#ports.socketsOf(i));
  }

  start(): void {
    exposeCollectors();
    this.#loader.start();
    for (const { thread } of this.#data) thread.start();
  }

  /**
   * Opens the sockets of all threads; rejects with the first ListenFailure or ListenError. TCP comes first: it finds
   * out whether another server has the port, which SO_REUSEPORT would let us share with it.
   */
  listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#firstListen = { resolve, reject };
      this.#tellListen(this.#stream);
    });
  }

  #listenUdp(): void {
    try {
      this.#ports.open();
    } catch (error) {
      this.#firstListen?.reject(error);
      return;
    }
    this.#mayListen = true;
    for (const data of this.#data) {
      if (data !== this.#stream) this.#tellListen(data);
    }
  }

  #tellListen({ thread, sockets }: Data): void {
    thread.post({ kind: 'listen', handed: sockets() });
  }

  /** No other process has the ports from now on: how many threads answer follows the load (`transport/steering`). */
  becomeAlone(): void {
    this.#ports.becomeAlone();
    this.#steer();
  }

  #steer(): void {
    if (this.#data.every(({ isListening }) => isListening)) this.#ports.steer();
  }

  /** All zones of a start are there: what it took to take them in can go. */
  collect(): void {
    for (const { thread } of this.#data) thread.post({ kind: 'collect' });
  }

  /** TLS shows this certificate from now on; it has been checked. */
  setCertificate(certificate: Certificate): void {
    this.#certificate = certificate;
    this.#stream.thread.post({ kind: 'certificate', certificate });
  }

  /** All threads make and take cookies by these secrets from now on; the first makes them. */
  setCookieSecrets(secrets: readonly Uint8Array[]): void {
    this.#cookieSecrets = secrets;
    for (const { thread } of this.#data) thread.post({ kind: 'cookies', secrets });
  }

  /** Drains and ends all threads, in at most 5 s. */
  async stop(): Promise<void> {
    this.#ports.leave();
    for (const { thread } of this.#data) thread.post({ kind: 'stop' });
    await Promise.all([this.#loader.stop(0), ...this.#data.map(({ thread }) => thread.stop(STOP_MS))]);
  }

  threads(): ThreadStatus[] {
    return [this.#loader, ...this.#data.map(({ thread }) => thread)].map((thread) => ({
      name: thread.name,
      running: thread.isRunning,
      restarts: thread.restarts,
    }));
  }

  /** How many threads answer queries, and know all zones. */
  get answering(): number {
    return this.#data.length;
  }

  /** A counter, summed over all threads. */
  count(counter: Parameters<Counters['get']>[0]): number {
    return this.#data.reduce((sum, { counters }) => sum + counters.get(counter), 0);
  }

  #add(name: string, script: ThreadScript, sockets: Data['sockets']): Data {
    const { listen, seed, udp, transport, mayShare, answers, log, scheduler, publisher } = this.#options;
    const counters = new Counters();
    const workerData: DataSetup = {
      listen,
      counters: counters.values.buffer as SharedArrayBuffer,
      seed,
      udp,
      transport,
      steering: script === 'udp-thread' ? this.#ports.steering : null,
      mayShare,
      answers,
    };
    const data: Data = {
      counters,
      sockets,
      isListening: false,
      thread: new SupervisedThread<FromData, ToData>({
        name,
        entry: threadScript(script),
        workerData,
        fold: foldPublications,
        youngGenerationMib: script === 'udp-thread' ? UDP_YOUNG_MIB : STREAM_YOUNG_MIB,
        log,
        scheduler,
        onStart: () => {
          publisher.attach(data.thread);
          const certificate = data === this.#stream ? this.#certificate : undefined;
          if (certificate !== undefined) data.thread.post({ kind: 'certificate', certificate });
          const secrets = this.#cookieSecrets;
          if (secrets !== undefined) data.thread.post({ kind: 'cookies', secrets });
          if (this.#mayListen) this.#tellListen(data);
        },
        onMessage: (message) => this.#onMessage(data, message),
        onDeath: (error) => {
          data.isListening = false;
          this.#ports.spread();
          publisher.detach(data.thread);
          this.#tellDeath(name, error);
        },
      }),
    };
    this.#data.push(data);
    return data;
  }

  #tellDeath(thread: string, { message: why }: Error): void {
    const message = `the thread ${thread} died: ${why}; it is started again`;
    this.#options.events.add({ kind: 'thread', zone: null, message, details: { thread } });
  }

  #onMessage(data: Data, message: FromData): void {
    const { log, publisher, scheduler, events, clock } = this.#options;
    if (message.kind === 'applied') publisher.acknowledge(data.thread, message.version);
    else if (message.kind === 'fault')
      log.error({ thread: data.thread.name, fault: message.text }, 'SERVFAIL');
    else if (message.kind === 'limited') tellLimited(message.limited, log, events);
    else if (message.kind === 'report') this.reports.add(message.report, clock.now());
    else if (message.kind === 'notified') this.#options.onNotified(message.child);
    else if (message.kind === 'listening') {
      data.isListening = true;
      if (data === this.#stream && !this.#mayListen) this.#listenUdp();
      if (this.#data.every(({ isListening }) => isListening)) this.#firstListen?.resolve();
      this.#steer();
    } else if (message.kind === 'listenFailed') {
      this.#firstListen?.reject(message);
      const { transport, address, port, code } = message;
      log.error(
        { transport, address, port, code },
        `cannot listen on ${address} port ${port} (${transport})`,
      );
      // Only a thread that was restarted tries on: at the start the daemon ends instead.
      scheduler.after(`listen ${data.thread.name}`, RETRY_LISTEN_MS, () => this.#tellListen(data));
    }
  }
}
