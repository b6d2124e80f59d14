/**
 * A parent that works as a registry does: a signed zone served by BIND's `named`, whose DS RRset for one child follows
 * the child's CDS as `dnssec-cds` reads them (RFC 7344), with its protection against replays. Every change is signed by
 * `dnssec-signzone` and told only when the zone is served with it.
 */
import { readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { dig } from './dig.ts';
import { makeKey, Named, signWithBind, type ZoneFile } from './named.ts';
import { getPeer } from './peers.ts';
import { run, runOk, type Workplace, waitUntil } from './processes.ts';

/** TTL of everything in the parent zone, its DS RRsets and its denials, in seconds. */
export const PARENT_TTL = 2;

/** How often the child is asked for CDS. */
const POLL_MS = 250;

/** A child and where it is served, on 127.0.0.1. */
export interface Child {
  /** With a final dot, directly below the parent. */
  readonly origin: string;
  readonly port: number;
}

/** What a change of the DS RRset did, once it is served; key tags. */
export interface DsChange {
  readonly seen: readonly number[];
  readonly gone: readonly number[];
  /** The child is insecure now. */
  readonly isNone: boolean;
}

/** A signed zone with one delegation. */
export class ParentZone {
  /** `tag algorithm digest-type digest`, sorted: what is served. */
  ds: readonly string[] = [];
  /** Trust anchor for validators: the zone's DNSKEY record. */
  readonly anchor: string;
  readonly origin: string;
  readonly #child: Pick<Child, 'origin'>;
  readonly #zone: ZoneFile;
  readonly #key: string;
  #serial = 1;
  #named: Named | undefined;

  private constructor(child: Pick<Child, 'origin'>, zone: ZoneFile, key: string) {
    this.origin = zone.origin;
    this.#child = child;
    this.#zone = zone;
    this.#key = key;
    this.anchor = readFileSync(`${key}.key`, 'latin1')
      .split('\n')
      .filter((line) => line.includes('DNSKEY') && !line.startsWith(';'))
      .join('');
  }

  /** DS RDATA of the zone's key, for who validates from here. */
  async anchorDs(): Promise<string> {
    return normalDs((await runOk(getPeer('dnssec-dsfromkey'), ['-2', `${this.#key}.key`])).trim());
  }

  /** Signs the zone, without DS, and serves it. */
  static async start(child: Pick<Child, 'origin'>, workplace: Workplace): Promise<ParentZone> {
    const origin = child.origin.slice(child.origin.indexOf('.') + 1);
    const key = await makeKey(origin, workplace.path);
    const parent = new ParentZone(child, { origin, file: workplace.at('parent.zone') }, key);
    const file = await parent.#sign();
    parent.#named = await Named.start([{ origin, file }], workplace);
    return parent;
  }

  get port(): number {
    return this.#running.port;
  }

  /** Replaces the DS RRset; returns when the new one is served. */
  async setDs(records: readonly string[]): Promise<DsChange> {
    const before = tagsOf(this.ds);
    const wanted = [...records].sort();
    this.#serial++;
    const serial = `${this.#serial}`;
    this.ds = wanted;
    await this.#sign();
    this.#running.process.signal('SIGHUP');
    await waitUntil(
      async () => (await this.#servedSerial()) === serial,
      `${this.origin} with serial ${serial}`,
      10_000,
      this.#running.process,
    );
    const { answer } = await dig(this.port, this.#child.origin, 'DS');
    const served = answer.map(({ rdata }) => normalDs(rdata)).sort();
    if (served.join('\n') !== wanted.join('\n')) throw new Error(`the parent serves other DS: ${served}`);
    const after = tagsOf(wanted);
    return {
      seen: after.filter((tag) => !before.includes(tag)),
      gone: before.filter((tag) => !after.includes(tag)),
      isNone: wanted.length === 0,
    };
  }

  async stop(): Promise<void> {
    await this.#named?.stop();
  }

  get #running(): Named {
    if (this.#named === undefined) throw new Error('the parent is not served yet');
    return this.#named;
  }

  async #servedSerial(): Promise<string | undefined> {
    const { answer } = await dig(this.port, this.origin, 'SOA');
    return answer[0]?.rdata.split(' ')[2];
  }

  #sign(): Promise<string> {
    const { origin } = this;
    const child = this.#child.origin;
    const rows = [
      `$TTL ${PARENT_TTL}`,
      `${origin} IN SOA ns.${origin} hostmaster.${origin} ${this.#serial} 3600 600 86400 ${PARENT_TTL}`,
      `${origin} IN NS ns.${origin}`,
      `ns.${origin} IN A 127.0.0.1`,
      `${child} IN NS ns.${child}`,
      `ns.${child} IN A 127.0.0.1`,
      ...this.ds.map((record) => `${child} IN DS ${record}`),
    ];
    writeFileSync(this.#zone.file, `${rows.join('\n')}\n`);
    return signWithBind(this.#zone, this.#key);
  }
}

/** Polls the child for CDS and lets the parent follow them, as a registry's scanner does. */
export class CdsScanner {
  /** Why `dnssec-cds` changed nothing, the newest last. */
  readonly refusals: string[] = [];
  /** Set while the child's requests are not followed. */
  isPaused = false;
  readonly #parent: ParentZone;
  readonly #child: Child;
  readonly #workplace: Workplace;
  readonly #onChange: (change: DsChange) => Promise<void>;
  #isStopped = false;
  #failure: Error | undefined;
  #loop: Promise<void> | undefined;
  #last: Promise<void> = Promise.resolve();

  constructor(
    parent: ParentZone,
    child: Child,
    workplace: Workplace,
    onChange: (change: DsChange) => Promise<void>,
  ) {
    this.#parent = parent;
    this.#child = child;
    this.#workplace = workplace;
    this.#onChange = onChange;
  }

  /** Puts a first DS RRset in, as an operator brings it to the registrar, and scans from then on. */
  async bootstrap(records: readonly string[]): Promise<void> {
    await this.#oneAtATime(async () => {
      const change = await this.#parent.setDs(records.map(normalDs));
      this.#writeDsset();
      utimesSync(this.#dsset, 0, 0); // no CDS was read yet: none is a replay
      await this.#onChange(change);
    });
    this.#loop ??= this.#run();
  }

  /** Throws what ended the scanner, if something did. */
  check(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#loop;
  }

  async #run(): Promise<void> {
    while (!this.#isStopped && this.#failure === undefined) {
      await this.#oneAtATime(() => this.#look()).catch((error: Error) => {
        this.#failure = error;
      });
      await sleep(POLL_MS);
    }
  }

  #oneAtATime(work: () => Promise<void>): Promise<void> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined); // who asked for the work is told of its failure
    return done;
  }

  async #look(): Promise<void> {
    if (this.isPaused || this.#parent.ds.length === 0) return;
    const { origin, port } = this.#child;
    const fixed = ['-r', '+norecurse', '+dnssec', '+noall', '+answer', '@127.0.0.1', '-p', `${port}`];
    const questions = ['DNSKEY', 'CDS', 'CDNSKEY'].flatMap((type) => ['-q', origin, '-t', type]);
    const records = await runOk(getPeer('dig'), [...fixed, ...questions]);
    if (!/\sCDS\s/.test(records)) return;
    const childFile = this.#workplace.at('child-records');
    writeFileSync(childFile, records);
    const args = ['-i', '-T', `${PARENT_TTL}`, '-d', this.#dsset, '-f', childFile, origin];
    const { code, stderr } = await run(getPeer('dnssec-cds'), args);
    if (code !== 0) {
      this.refusals.push(stderr.trim());
      return;
    }
    const wanted = withoutDelete(
      readFileSync(this.#dsset, 'latin1').split('\n').filter(Boolean).map(normalDs),
    );
    if (wanted.sort().join('\n') === this.#parent.ds.join('\n')) return;
    await this.#onChange(await this.#parent.setDs(wanted));
  }

  /** The DS RRset as `dnssec-cds` keeps it; the time of the file is that of the last CDS signature. */
  get #dsset(): string {
    return this.#workplace.at(`dsset-${this.#child.origin}`);
  }

  #writeDsset(): void {
    const rows = this.#parent.ds.map((record) => `${this.#child.origin} ${PARENT_TTL} IN DS ${record}`);
    writeFileSync(this.#dsset, `${rows.join('\n')}\n`);
  }
}

/** RDATA of a DS record, from RDATA or a whole line, with the digest in one piece. */
function normalDs(text: string): string {
  const rdata = /(?:\sDS\s+)?(\d+ \d+ \d+ [\dA-Fa-f ]+)$/.exec(text.trim())?.[1];
  if (rdata === undefined) throw new Error(`not a DS record: ${text}`);
  const [tag, algorithm, type, ...digest] = rdata.split(' ');
  return `${tag} ${algorithm} ${type} ${digest.join('').toUpperCase()}`;
}

/**
 * `dnssec-cds` of BIND 9.18 authenticates a delete request (RFC 8078 §4) and then makes a DS record of it, with the
 * algorithm 0 that it has: what a registry reads in it is no DS at all.
 */
function withoutDelete(records: readonly string[]): string[] {
  const isDelete = records.length === 1 && records[0]!.split(' ')[1] === '0';
  return isDelete ? [] : [...records];
}

function tagsOf(records: readonly string[]): number[] {
  return [...new Set(records.map((record) => Number.parseInt(record, 10)))];
}
