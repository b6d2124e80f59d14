/**
 * What a registry does with the CDS of a child (RFC 7344): it looks when it is told to (NOTIFY, RFC 9859) and by a timer,
 * has `dnssec-cds` of BIND judge what it finds, with its protection against replays, and sets the DS RRset of the parent.
 */
import { readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Above, type DsChange, normalDs } from './above.ts';
import { PARENT_TTL } from './ds-server.ts';
import type { ParentZone } from './parent-zone.ts';
import { getPeer } from './peers.ts';
import { run, runOk, type Workplace } from './processes.ts';

/** How often a child is asked for CDS. */
const POLL_MS = 250;

/** A child and where it is served, on 127.0.0.1. */
export interface Child {
  /** With a final dot, directly below the parent. */
  readonly origin: string;
  readonly port: number;
}

export interface ScanOptions {
  readonly pollMs?: number;
  /**
   * The policy for children without DS: the DS RRset that the child asks for, if it is to be believed; a text says why
   * not. Without this, a first DS comes from an operator.
   */
  readonly firstDs?: () => Promise<readonly string[] | string>;
}

/** Looks at one child's CDS and lets the parent follow them, as a registry's scanner does. */
export class CdsScanner {
  /** Why nothing was changed, the newest last. */
  readonly refusals: string[] = [];
  /** Set while the child's requests are not followed. */
  isPaused = false;
  /** Called when another DS RRset is served. */
  onChange: (change: DsChange) => Promise<void> = async () => undefined;
  readonly #parent: ParentZone;
  readonly #child: Child;
  readonly #workplace: Workplace;
  readonly #options: ScanOptions;
  #isStopped = false;
  #failure: Error | undefined;
  #loop: Promise<void> | undefined;
  #last: Promise<void> = Promise.resolve();

  constructor(parent: ParentZone, child: Child, workplace: Workplace, options: ScanOptions = {}) {
    this.#parent = parent;
    this.#child = child;
    this.#workplace = workplace;
    this.#options = options;
  }

  /** Begins to look by itself. */
  start(): void {
    this.#loop ??= this.#run();
  }

  /** Puts a DS RRset in as an operator brings it to the registrar, and looks from then on. */
  async bring(records: readonly string[]): Promise<void> {
    await this.#oneAtATime(async () => {
      const wanted = records.map(normalDs);
      const change = await this.#parent.setDs(this.#child.origin, wanted);
      this.#writeDsset(wanted);
      await this.onChange(change);
    });
    this.start();
  }

  /** Looks now, because somebody said that there is something new. */
  scan(): void {
    void this.#scan();
  }

  /** Throws what ended the scanner, if something did. */
  check(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#loop;
    await this.#last;
  }

  async #run(): Promise<void> {
    while (!this.#isStopped && this.#failure === undefined) {
      await this.#scan();
      await sleep(this.#options.pollMs ?? POLL_MS);
    }
  }

  async #scan(): Promise<void> {
    await this.#oneAtATime(() => this.#look()).catch((error: Error) => {
      this.#failure = error;
    });
  }

  #oneAtATime(work: () => Promise<void>): Promise<void> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined); // who asked for the work is told of its failure
    return done;
  }

  async #look(): Promise<void> {
    if (this.#isStopped || this.isPaused) return;
    if (this.#served.length > 0) await this.#follow();
    else if (this.#options.firstDs !== undefined) await this.#takeFirst(this.#options.firstDs);
  }

  async #takeFirst(firstDs: () => Promise<readonly string[] | string>): Promise<void> {
    const records = await firstDs();
    if (typeof records === 'string') {
      this.refusals.push(records);
      return;
    }
    const wanted = await this.#judge(records);
    if (wanted === undefined) return;
    await this.onChange(await this.#parent.setDs(this.#child.origin, wanted));
  }

  async #follow(): Promise<void> {
    const wanted = await this.#judge();
    if (wanted === undefined || wanted.join('\n') === this.#served.join('\n')) return;
    await this.onChange(await this.#parent.setDs(this.#child.origin, wanted));
  }

  /** What the DS RRset shall be; undefined if the child asks for nothing, or may not. `trusted`: as if these were there. */
  async #judge(trusted?: readonly string[]): Promise<readonly string[] | undefined> {
    const { origin, port } = this.#child;
    const fixed = ['-r', '+norecurse', '+dnssec', '+noall', '+answer', '@127.0.0.1', '-p', `${port}`];
    const questions = ['DNSKEY', 'CDS', 'CDNSKEY'].flatMap((type) => ['-q', origin, '-t', type]);
    const records = await runOk(getPeer('dig'), [...fixed, ...questions]);
    if (!/\sCDS\s/.test(records)) return undefined;
    if (trusted !== undefined) this.#writeDsset(trusted);
    const childFile = this.#workplace.at(`records-${origin}`);
    writeFileSync(childFile, records);
    const args = ['-i', '-T', `${PARENT_TTL}`, '-d', this.#dsset, '-f', childFile, origin];
    const { code, stderr } = await run(getPeer('dnssec-cds'), args);
    if (code !== 0) {
      this.refusals.push(stderr.trim());
      return undefined;
    }
    const lines = readFileSync(this.#dsset, 'latin1').split('\n').filter(Boolean);
    return withoutDelete(lines.map(normalDs)).sort();
  }

  get #served(): readonly string[] {
    return this.#parent.dsOf(this.#child.origin);
  }

  /** The DS RRset as `dnssec-cds` keeps it; the time of the file is that of the last CDS signature. */
  get #dsset(): string {
    return this.#workplace.at(`cds-of-${this.#child.origin}`);
  }

  #writeDsset(records: readonly string[]): void {
    const rows = records.map((record) => `${this.#child.origin} ${PARENT_TTL} IN DS ${record}`);
    writeFileSync(this.#dsset, `${rows.join('\n')}\n`);
    utimesSync(this.#dsset, 0, 0); // no CDS was followed yet: none is a replay
  }
}

interface Stoppable {
  stop(): unknown;
}

/** A parent with a scanner. */
export class ScannedParent implements Above {
  readonly takesFirstDs: boolean;
  readonly #parent: ParentZone;
  readonly #child: Child;
  readonly #scanner: CdsScanner;
  /** What else belongs to the parent, in the order in which it ends. */
  readonly beside: Stoppable[] = [];

  constructor(parent: ParentZone, child: Child, workplace: Workplace, options: ScanOptions = {}) {
    this.#parent = parent;
    this.#child = child;
    this.#scanner = new CdsScanner(parent, child, workplace, options);
    this.takesFirstDs = options.firstDs !== undefined;
    if (this.takesFirstDs) this.#scanner.start();
  }

  get ds(): readonly string[] {
    return this.#parent.dsOf(this.#child.origin);
  }

  get isPaused(): boolean {
    return this.#scanner.isPaused;
  }

  set isPaused(value: boolean) {
    this.#scanner.isPaused = value;
  }

  get refusals(): readonly string[] {
    return this.#scanner.refusals;
  }

  set onChange(value: (change: DsChange) => Promise<void>) {
    this.#scanner.onChange = value;
  }

  bring(records: readonly string[]): Promise<void> {
    return this.#scanner.bring(records);
  }

  scan(): void {
    this.#scanner.scan();
  }

  check(): void {
    this.#scanner.check();
  }

  async stop(): Promise<void> {
    await this.#scanner.stop();
    for (const one of this.beside) await one.stop();
    await this.#parent.stop();
  }
}

/**
 * `dnssec-cds` of BIND 9.18 authenticates a delete request (RFC 8078 §4) and then makes a DS record of it, with the
 * algorithm 0 that it has: what a registry reads in it is no DS at all.
 */
function withoutDelete(records: readonly string[]): string[] {
  const isDelete = records.length === 1 && records[0]!.split(' ')[1] === '0';
  return isDelete ? [] : [...records];
}
