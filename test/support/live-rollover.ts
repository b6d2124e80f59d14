/**
 * Rollovers in real time, end to end: a parent that follows CDS, our server as the child with a policy whose waits are
 * seconds, resolvers with caches that are asked without pause, and the operator's commands in between.
 */
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { Above, DsChange } from './above.ts';
import { CachingUnbound } from './caching-unbound.ts';
import { ScannedParent } from './cds-scanner.ts';
import { Daemon } from './daemon.ts';
import { dig } from './dig.ts';
import { PARENT_TTL } from './ds-server.ts';
import type { DsTrace } from './ds-trace.ts';
import { ParentZone } from './parent-zone.ts';
import { Workplace, waitUntil } from './processes.ts';
import { RolloverWatch, watchedZone } from './rollover-watch.ts';
import type { Stub } from './unbound.ts';

export const CHILD = 'child.test.';
const PARENT = 'test.';

/** Resolvers that differ in what they insist on and in what they conclude from their caches. */
const RESOLVERS = [
  ['harden-algo-downgrade: no', 'aggressive-nsec: no'],
  ['harden-algo-downgrade: yes', 'aggressive-nsec: no'],
  ['harden-algo-downgrade: no', 'aggressive-nsec: yes'],
] as const;

/** Starts a resolver of each kind. */
export async function startResolvers(
  stubs: readonly Stub[],
  anchor: string,
  workplace: Workplace,
): Promise<CachingUnbound[]> {
  const started: CachingUnbound[] = [];
  for (const options of RESOLVERS) {
    started.push(await CachingUnbound.start(stubs, anchor, options, workplace));
  }
  return started;
}

/** A rollover may wait for several parent changes, each a few seconds; machines are slow. */
const ROLL_MS = 120_000;

/**
 * How long resolvers may go by what they learned when the zone had no DS: the denial of the DS, then data that was
 * found insecure with it, each with whole seconds rounded up.
 */
const SETTLED_MS = (PARENT_TTL + 1 + 2 + 1) * 1_000 + 1_500;

/** What `rollover status --json` tells, as far as tests read it. */
interface Status {
  readonly rollover: RunningRollover | null;
  /** A ZSK rollover beside one that waits for the parent. */
  readonly overlapping: RunningRollover | null;
  readonly waiting: readonly { readonly tag: number; readonly reason: string; readonly because: string }[];
  readonly keys: readonly LiveKey[];
}

interface RunningRollover {
  readonly type: string;
  readonly step: string;
}

export interface LiveKey {
  readonly tag: number;
  readonly algorithm: number;
  readonly roles: readonly string[];
  readonly goal: string;
  readonly dnskey: string | null;
}

/** Seconds count in whole ones at resolvers and in the server: the margins of one second are for that. */
export function policyText(name: string, extra = '', bootstrapHold = '0s'): string {
  return `  ${name}:
    dnskeyTtl: 2s
    cdsTtl: 1s
    publishSafety: 1s
    retireSafety: 1s
    propagation: 0s
    parent: { propagation: 0s, dsTtl: ${PARENT_TTL}s }
    cdsHold: 2s
    minInterval: 0s
    bootstrapHold: ${bootstrapHold}
    monitor: { interval: 1s, rounds: 2, roundGap: 1s }
${extra}
`;
}

/** What a live rollover is made of. */
export interface LiveParts {
  readonly daemon: Daemon;
  readonly above: Above;
  readonly resolvers: readonly CachingUnbound[];
  readonly workplace: Workplace;
  readonly news: ParentNews;
  /** Measures how soon the parent follows. */
  readonly trace?: DsTrace;
  /** Where the root is, of 127.0.0.1; the server of the child if it is not said. */
  readonly rootPort?: number;
}

/** How the server learns what the parent has: an operator tells it, or its monitor looks. */
export type ParentNews = 'told' | 'monitored';

/** The part of a configuration that makes the server look at this parent. */
async function lookingAt(parent: ParentZone): Promise<string> {
  const anchor = `{ zone: ${parent.origin}, ds: ["${await parent.ownDs()}"], servers: ["127.0.0.1:${parent.port}"] }`;
  return `parents: { anchors: [${anchor}], port: ${parent.port} }\n`;
}

/** Runs a test's body against a live rig; nothing may have gone wrong with any answer meanwhile. */
export async function expectSafe(
  title: string,
  policy: string,
  body: (live: LiveRollover) => Promise<void>,
  news: ParentNews = 'told',
): Promise<void> {
  await expectSafeIn(title, await LiveRollover.start(policy, news), body);
}

/** The same with a rig that was made elsewhere; it is stopped. */
export async function expectSafeIn(
  title: string,
  live: LiveRollover,
  body: (live: LiveRollover) => Promise<void>,
): Promise<void> {
  try {
    await body(live);
    await sleep(SETTLED_MS);
    expect(live.watch.faults, live.story).toEqual([]);
    expect(live.complaints, live.story).toEqual([]);
    expect(live.watch.validated).toBeGreaterThan(1_000);
  } finally {
    console.info(live.summary(title));
    await live.stop();
  }
}

/** A child, its parent and its resolvers. */
export class LiveRollover {
  readonly watch: RolloverWatch;
  readonly above: Above;
  readonly #daemon: Daemon;
  readonly #rootPort: number;
  readonly #trace: DsTrace | undefined;
  readonly #news: ParentNews;
  readonly #resolvers: readonly CachingUnbound[];
  readonly #workplace: Workplace;
  /** What happened when, for the message of a test that fails. */
  readonly #story: string[] = [];
  /** What the server waited for when it was asked last. */
  #waiting: readonly string[] = [];
  readonly #startedMs = performance.now();

  private constructor({ daemon, above, resolvers, workplace, news, trace, rootPort }: LiveParts) {
    this.#rootPort = rootPort ?? daemon.port;
    this.#trace = trace;
    this.#daemon = daemon;
    this.#news = news;
    this.above = above;
    this.#resolvers = resolvers;
    this.#workplace = workplace;
    this.watch = new RolloverWatch(CHILD, resolvers);
    above.onChange = (change) => this.#confirm(change);
  }

  /** Starts all of it with a zone that is signed and delegated; `policy`: more lines of the policy. */
  static async start(policy = '', news: ParentNews = 'told'): Promise<LiveRollover> {
    const workplace = new Workplace();
    const zones = { [`${CHILD}zone`]: watchedZone(CHILD) };
    const rows = [`${CHILD} IN NS ns.${CHILD}`, `ns.${CHILD} IN A 127.0.0.1`];
    const parent = await ParentZone.start({ origin: PARENT, rows }, workplace);
    const looking = news === 'monitored' ? await lookingAt(parent) : '';
    const configuration = `${looking}policies:\n${policyText('default', policy)}`;
    const daemon = await Daemon.start({ workplace, zones, configuration });
    const child = { origin: CHILD, port: daemon.port };
    const stubs = [child, { origin: parent.origin, port: parent.port }];
    const resolvers = await startResolvers(stubs, `${PARENT} DS ${await parent.ownDs()}`, workplace);
    const above = new ScannedParent(parent, child, workplace);
    return LiveRollover.begin({ daemon, above, resolvers, workplace, news });
  }

  /** Begins to watch, and waits until the zone is delegated and secure. */
  static async begin(parts: LiveParts): Promise<LiveRollover> {
    const live = new LiveRollover(parts);
    live.watch.start();
    try {
      await live.delegate();
    } catch (error) {
      await live.stop();
      throw error;
    }
    return live;
  }

  async stop(): Promise<void> {
    await this.watch.stop();
    await this.#trace?.stop();
    await this.above.stop();
    await Promise.all([...this.#resolvers.map((resolver) => resolver.stop()), this.#daemon.stop()]);
    this.#workplace.remove();
  }

  /** Waits for the first DS, or brings it to the parent, and until all resolvers must find the zone secure. */
  async delegate(): Promise<void> {
    await this.waitFor('CDS', async () => (await this.answered('CDS')).length > 0);
    if (this.above.takesFirstDs) {
      await this.waitFor('a first DS', async () => this.dsTags.length > 0);
    } else {
      const ds = await this.command('ds', CHILD);
      await this.above.bring(ds.split('\n').filter(Boolean));
    }
    await sleep(SETTLED_MS);
    await this.waitFor('a secure zone', () => this.watch.isSecureEverywhere());
    this.watch.mustBeSecure = true;
  }

  /** Runs `keyturn`, which must succeed; returns what it printed. */
  async command(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.#daemon.keyturn(...args);
    this.#tell(`keyturn ${args.join(' ')}: ${code === 0 ? 'ok' : `exit ${code}`}`);
    if (code === 0) return stdout;
    throw new Error(`keyturn ${args.join(' ')}: exit ${code}\n${stderr}${stdout}\n${this.story}`);
  }

  /** Runs `keyturn`, which must refuse; returns what it said. */
  async refused(...args: string[]): Promise<string> {
    const { code, stderr } = await this.#daemon.keyturn(...args);
    if (code !== 5)
      throw new Error(`keyturn ${args.join(' ')}: exit ${code}, not 5\n${stderr}\n${this.story}`);
    return stderr;
  }

  /** Of the child, or of a zone above it that its server has, too. */
  async status(zone = CHILD): Promise<Status> {
    const { code, stdout, stderr } = await this.#daemon.keyturn('--json', 'rollover', 'status', zone);
    if (code !== 0) throw new Error(`rollover status: exit ${code}\n${stderr}${stdout}`);
    return JSON.parse(stdout) as Status;
  }

  /** Starts a rollover and waits until it is done. */
  async roll(type: string, ...more: string[]): Promise<void> {
    await this.command('rollover', 'start', CHILD, '--type', type, ...more);
    await this.waitUntilDone();
  }

  /** Tags of the keys that the DS RRset of the parent names, without repetition. */
  get dsTags(): readonly number[] {
    return [...new Set(this.above.ds.map((record) => Number.parseInt(record, 10)))];
  }

  /** Waits until a rollover runs that is at one of these steps. */
  async waitForStep(...steps: readonly string[]): Promise<void> {
    await this.waitFor(`step ${steps}`, async () => {
      const step = (await this.status()).rollover?.step;
      if (step === undefined) throw new Error(`the rollover ended before ${steps}\n${this.story}`);
      return steps.includes(step);
    });
    this.#tell(`step ${steps}`);
  }

  /** The same for a zone above the child that its server has, too. */
  async rollAbove(zone: string, type: string): Promise<void> {
    await this.command('rollover', 'start', zone, '--type', type);
    await this.waitUntilDone(zone);
  }

  async waitUntilDone(zone = CHILD): Promise<void> {
    let last: string | undefined;
    await this.waitFor('a finished rollover', async () => {
      const { rollover, overlapping, waiting } = await this.status(zone);
      this.#waiting = waiting.map(({ tag, reason, because }) => `${tag} ${reason}: ${because}`);
      if (rollover !== null && rollover.step !== last) this.#tell(`step ${rollover.step}`);
      last = rollover?.step;
      await this.#lookAtParent(waiting);
      return rollover === null && overlapping === null;
    });
    this.#tell('done');
  }

  /** Cancels at a step of a rollover of this type, and waits for its end. */
  async cancelAt(step: string, type: string, ...more: string[]): Promise<void> {
    await this.command('rollover', 'start', CHILD, '--type', type, ...more);
    await this.waitForStep(step);
    await this.command('rollover', 'cancel', CHILD);
    await this.waitUntilDone();
  }

  /** Keys whose DNSKEY is served. */
  async servedKeys(zone = CHILD): Promise<readonly LiveKey[]> {
    const { keys } = await this.status(zone);
    return keys.filter(({ dnskey }) => dnskey === 'rumoured' || dnskey === 'omnipresent');
  }

  /** What our server answers for a type at the apex. */
  answered(type: string, zone = CHILD): Promise<readonly string[]> {
    return rdatasAt(this.#daemon.port, type, zone);
  }

  /** Tags of the DS that the root has of a TLD. */
  async tagsAtRoot(tld: string): Promise<number[]> {
    return (await rdatasAt(this.#rootPort, 'DS', tld)).map((rdata) => Number.parseInt(rdata, 10));
  }

  async waitFor(what: string, isTrue: () => Promise<boolean>): Promise<void> {
    const check = async (): Promise<boolean> => {
      this.above.check();
      if (await isTrue()) return true;
      await sleep(200);
      return false;
    };
    await waitUntil(check, what, ROLL_MS, this.#daemon.process).catch((error: Error) => {
      throw new Error(`${error.message}\n${this.story}\n${this.above.refusals.slice(-3).join('\n')}`);
    });
  }

  /** What happened, with seconds since the start, and what resolvers complained of. */
  get story(): string {
    const complaints = this.#resolvers.flatMap(({ complaints }, i) =>
      complaints.slice(0, 10).map((line) => `resolver ${i}: ${line}`),
    );
    return [...this.#story, ...this.#waiting, ...complaints].join('\n');
  }

  /** What validators complained of; a fault of ours even if an answer came out of it in the end. */
  get complaints(): readonly string[] {
    return this.#resolvers.flatMap(({ complaints }) => complaints);
  }

  /** One line for the report of a test, and the first faults. */
  summary(title: string): string {
    const { queries, validated, faultCount, starvedCount, faults } = this.watch;
    const seconds = Math.round((performance.now() - this.#startedMs) / 1_000);
    const starved = starvedCount === 0 ? '' : ` (${starvedCount} of them when the machine had stood still)`;
    const counts = `${queries} right answers, ${validated} of them validated, ${faultCount} wrong${starved}`;
    const delays = this.followedAfterMs.map((ms) => Math.round(ms)).join(' ');
    const followed = delays === '' ? '' : `; DS ${delays} ms after CDS`;
    const shown = faults.slice(0, 5).map((fault) => `\n  ${fault}`);
    return `${title}: ${counts}, by ${this.#resolvers.length} resolvers in ${seconds} s${followed}${shown.join('')}`;
  }

  /** Milliseconds from each new CDS RRset to the DS RRset that it asks for; none if nobody measures. */
  get followedAfterMs(): readonly number[] {
    return this.#trace?.delaysMs ?? [];
  }

  async #confirm({ seen, gone, isNone }: DsChange): Promise<void> {
    this.#tell(`parent: DS ${this.dsTags.join(' ') || 'none'}`);
    if (this.#news === 'monitored') return;
    const confirm = (...args: string[]) => this.command('rollover', 'confirm-ds', CHILD, ...args);
    const ttl = ['--ttl', `${PARENT_TTL}`];
    for (const tag of seen) await confirm('--key', `${tag}`, '--seen', ...ttl);
    if (isNone) await confirm('--none');
    else for (const tag of gone) await confirm('--key', `${tag}`, '--gone', ...ttl);
  }

  /** An operator who is asked for a DS looks at the parent: it may be there all the time, or never have been. */
  async #lookAtParent(waiting: Status['waiting']): Promise<void> {
    if (this.#news === 'monitored') return;
    const asked = (reason: string) => {
      return [...new Set(waiting.filter((wait) => wait.reason === reason).map(({ tag }) => tag))];
    };
    const seen = asked('parent_ds').filter((tag) => this.dsTags.includes(tag));
    const gone = asked('parent_ds_gone').filter((tag) => !this.dsTags.includes(tag));
    if (seen.length + gone.length > 0) await this.#confirm({ seen, gone, isNone: false });
  }

  #tell(text: string): void {
    this.#story.push(`${((performance.now() - this.#startedMs) / 1_000).toFixed(1)} s ${text}`);
  }
}

async function rdatasAt(port: number, type: string, name: string): Promise<readonly string[]> {
  const { answer } = await dig(port, name, type);
  return answer.filter((record) => record.type === type).map(({ rdata }) => rdata);
}
