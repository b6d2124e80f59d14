/**
 * The network for looks at parents and for messages to them. All that is sent has one budget, questions over TCP and
 * datagrams alike, and so many may be under way, in all and to each server: a fleet of zones is no burden for a parent.
 * Who has to wait does so in line. A server that was silent to several questions in a row is spared for a while: what
 * waits for it would hold up what is asked of others.
 */
import { randomInt } from 'node:crypto';
import type { Network, NetworkFault, ServerAddress } from '../parent/network.ts';
import { getId, setId } from '../wire/header.ts';
import { Budget } from './budget.ts';
import { TcpConnections } from './parenttcp.ts';
import { sendDatagram } from './parentudp.ts';

export interface ParentNetOptions {
  /** From the first octet sent to the last received, in milliseconds. */
  readonly timeoutMs: number;
  /** Messages under way at once. */
  readonly maxOpen: number;
  /** Of these, to one address. */
  readonly maxOpenPerServer: number;
  /** Messages in any second, to all servers together. */
  readonly rate: number;
}

export const PARENT_NET_DEFAULTS: ParentNetOptions = {
  timeoutMs: 5_000,
  maxOpen: 64,
  maxOpenPerServer: 4,
  rate: 100,
};

/** What was sent, and what came back. */
export interface ParentNetCounters {
  /** Messages that were sent, over TCP and in datagrams. */
  readonly questions: number;
  readonly datagrams: number;
  /** TCP connections that were opened. */
  readonly connections: number;
  readonly answers: number;
  readonly timeouts: number;
  /** Connections that were refused or closed, and hosts that cannot be reached. */
  readonly faults: number;
  /** What was not sent, since the server was silent to the questions before. */
  readonly spared: number;
  /** Under way. */
  readonly open: number;
  readonly waiting: number;
  /** Sent within the last second, and the most within any. */
  readonly perSecond: number;
  readonly mostPerSecond: number;
}

/** After so many questions in a row without an answer a server is asked once in so many milliseconds. */
const SILENT_IN_A_ROW = 8;
const SPARED_MS = 10_000;

interface Waiting {
  readonly server: string;
  /** It is its turn; or the fault with which it ends. */
  readonly begin: (fault?: NetworkFault) => void;
}

interface Silence {
  times: number;
  untilMs: number;
}

type Outcome = Uint8Array | NetworkFault;
const STOPPED: NetworkFault = { code: 'closed', fault: 'the server stops' };

export class ParentNet implements Network {
  readonly #options: ParentNetOptions;
  readonly #budget: Budget;
  readonly #connections = new TcpConnections();
  readonly #counted = { questions: 0, datagrams: 0, answers: 0, timeouts: 0, faults: 0, spared: 0 };
  #open = 0;
  readonly #openTo = new Map<string, number>();
  #line: Waiting[] = [];
  #timer: NodeJS.Timeout | undefined;
  readonly #silences = new Map<string, Silence>();
  #isClosed = false;

  constructor(options: Partial<ParentNetOptions> = {}) {
    this.#options = { ...PARENT_NET_DEFAULTS, ...options };
    this.#budget = new Budget(this.#options.rate);
  }

  /** Messages in any second, at most. */
  get rate(): number {
    return this.#options.rate;
  }

  get counters(): ParentNetCounters {
    return {
      ...this.#counted,
      ...{ connections: this.#connections.opened, open: this.#open, waiting: this.#line.length },
      ...{ perSecond: this.#budget.lately(performance.now()), mostPerSecond: this.#budget.most },
    };
  }

  async exchange(server: ServerAddress, query: Uint8Array): Promise<Outcome> {
    const key = keyOf(server);
    const spared = this.#spare(key);
    if (spared !== undefined) return spared;
    const { timeoutMs } = this.#options;
    return this.#send(key, query, async (message) => {
      const outcome = await this.#connections.ask({ server, message, timeoutMs });
      this.#noteSilence(key, 'fault' in outcome && outcome.code === 'timeout');
      return outcome;
    });
  }

  tell(server: ServerAddress, message: Uint8Array): Promise<Outcome> {
    const { timeoutMs } = this.#options;
    return this.#send(`udp ${keyOf(server)}`, message, (sent) => {
      this.#counted.datagrams++;
      return sendDatagram(server, sent, timeoutMs);
    });
  }

  /** Ends what is under way. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#connections.close();
    for (const { begin } of this.#line.splice(0)) begin(STOPPED);
  }

  /** Sends a message under an id that nobody knows, when it is its turn; what comes back has its own again. */
  async #send(
    server: string,
    message: Uint8Array,
    send: (message: Uint8Array) => Promise<Outcome>,
  ): Promise<Outcome> {
    const fault = this.#isClosed ? STOPPED : await this.#turnFor(server);
    if (fault !== undefined) return fault;
    if (this.#isClosed) return this.#leave(server, STOPPED);
    this.#counted.questions++;
    const sent = Uint8Array.from(message);
    setId(sent, randomInt(0x1_0000));
    const outcome = await send(sent);
    if (!('fault' in outcome)) {
      this.#counted.answers++;
      setId(outcome, getId(message));
    } else if (outcome.code === 'timeout') this.#counted.timeouts++;
    else this.#counted.faults++;
    return this.#leave(server, outcome);
  }

  // ---- Turns ----

  /** Resolves when it is the turn of a message, or with the fault with which it ends. */
  #turnFor(server: string): Promise<NetworkFault | undefined> {
    return new Promise((resolve) => {
      const begin = (fault?: NetworkFault) => {
        if (fault === undefined) {
          this.#open++;
          this.#openTo.set(server, (this.#openTo.get(server) ?? 0) + 1);
        }
        resolve(fault);
      };
      this.#line.push({ server, begin });
      this.#serve();
    });
  }

  /** Lets those begin who may. */
  #serve(): void {
    const { maxOpen, maxOpenPerServer } = this.#options;
    const mayBegin = ({ server }: Waiting) => (this.#openTo.get(server) ?? 0) < maxOpenPerServer;
    while (this.#timer === undefined && this.#open < maxOpen) {
      const next = this.#line.findIndex(mayBegin);
      if (next < 0) return;
      const waitMs = this.#budget.take(performance.now());
      if (waitMs > 0) {
        this.#serveAfter(waitMs);
        return;
      }
      this.#line.splice(next, 1)[0]!.begin();
    }
  }

  #serveAfter(waitMs: number): void {
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#serve();
    }, Math.ceil(waitMs));
  }

  #leave<T>(server: string, outcome: T): T {
    this.#open--;
    const left = this.#openTo.get(server)! - 1;
    if (left > 0) this.#openTo.set(server, left);
    else this.#openTo.delete(server);
    if (!this.#isClosed) this.#serve();
    return outcome;
  }

  // ---- Servers that are silent ----

  /** What is said for a server that is spared; undefined if it is to be asked. */
  #spare(server: string): NetworkFault | undefined {
    const silence = this.#silences.get(server);
    if (silence === undefined || silence.times < SILENT_IN_A_ROW) return undefined;
    const nowMs = performance.now();
    if (nowMs < silence.untilMs) return this.#sparedFor(silence);
    // One question finds out whether it still is; others wait for what it finds.
    silence.untilMs = nowMs + SPARED_MS;
    return undefined;
  }

  #sparedFor({ times }: Silence): NetworkFault {
    this.#counted.spared++;
    return { code: 'timeout', fault: `no answer to the last ${times} questions` };
  }

  #noteSilence(server: string, isSilent: boolean): void {
    if (!isSilent) {
      this.#silences.delete(server);
      return;
    }
    const silence = this.#silences.get(server) ?? { times: 0, untilMs: 0 };
    silence.times++;
    silence.untilMs = performance.now() + SPARED_MS;
    this.#silences.set(server, silence);
    if (silence.times < SILENT_IN_A_ROW) return;
    const isFor = (waiting: Waiting) => waiting.server === server;
    const dropped = this.#line.filter(isFor);
    this.#line = this.#line.filter((waiting) => !isFor(waiting));
    for (const { begin } of dropped) begin(this.#sparedFor(silence));
  }
}

function keyOf({ address, port }: ServerAddress): string {
  return `${address} ${port}`;
}
