/**
 * How long it takes from another CDS RRset at a child to the DS RRset that it asks for at the parent: both are asked for
 * in short intervals, by whoever wants to know it, from outside.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { DatagramClient } from './datagrams.ts';
import { readMessage } from './message.ts';
import { queryOctets } from './served.ts';

const GAP_MS = 20;

export class DsTrace {
  /** Of each request of the child that was followed, milliseconds: at most so many. */
  readonly delaysMs: number[] = [];
  /** RDATA of the DS RRset as it is served: `tag algorithm digest-type digest`, sorted. */
  ds: readonly string[] = [];
  /** Called when the DS RRset is another one. */
  onDs: (before: readonly string[], after: readonly string[]) => void = () => undefined;
  readonly #origin: string;
  readonly #child: DatagramClient;
  readonly #parent: DatagramClient;
  #isStopped = false;
  readonly #loop: Promise<void>;

  /** Ports of 127.0.0.1. */
  constructor(origin: string, childPort: number, parentPort: number) {
    this.#origin = origin;
    this.#child = new DatagramClient(childPort);
    this.#parent = new DatagramClient(parentPort);
    this.#loop = this.#run();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#loop;
    this.#child.close();
    this.#parent.close();
  }

  async #run(): Promise<void> {
    let request: readonly string[] | undefined;
    let lastLookAt = performance.now();
    let askedAt: number | undefined;
    while (!this.#isStopped) {
      const lookAt = performance.now();
      const asked = requestOf(await this.#records(this.#child, 'CDS'));
      if (asked !== undefined && asked.join() !== request?.join()) {
        request = asked;
        askedAt = asked.join() === this.ds.join() ? undefined : lastLookAt;
      }
      lastLookAt = lookAt;
      this.#take(await this.#records(this.#parent, 'DS'));
      if (askedAt !== undefined && request?.join() === this.ds.join()) {
        this.delaysMs.push(performance.now() - askedAt);
        askedAt = undefined;
      }
      await sleep(GAP_MS);
    }
  }

  #take(served: readonly string[] | undefined): void {
    if (served === undefined || served.join() === this.ds.join()) return;
    const before = this.ds;
    this.ds = served;
    this.onDs(before, served);
  }

  /** Undefined if no answer came, or an error. */
  async #records(client: DatagramClient, type: string): Promise<string[] | undefined> {
    const octets = await client.ask(queryOctets(this.#origin, type));
    if (octets === undefined) return undefined;
    const { rcode, answer } = readMessage(octets);
    return rcode === 0 ? answer.map(({ rdata }) => textOf(rdata)).sort() : undefined;
  }
}

/** What CDS ask for: a DS RRset, or none (RFC 8078 §4); undefined if they ask for nothing. */
function requestOf(cds: readonly string[] | undefined): readonly string[] | undefined {
  if (cds === undefined || cds.length === 0) return undefined;
  return cds[0]!.split(' ')[1] === '0' ? [] : cds;
}

function textOf(rdata: Uint8Array): string {
  const digest = Buffer.from(rdata.subarray(4)).toString('hex').toUpperCase();
  return `${rdata[0]! * 256 + rdata[1]!} ${rdata[2]} ${rdata[3]} ${digest}`;
}
