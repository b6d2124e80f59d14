/**
 * Watches children of a hostile parent: what they serve, by their own answers, and what their keys claim. The judge of
 * rollovers (`rollover-judge.ts`) holds that against what the parent really had, in real seconds.
 */
import type { ControlClient } from '../../src/control/client.ts';
import type { RolloverStatus } from '../../src/control/shapes.ts';
import { keyTag } from '../../src/dnssec/dnskey.ts';
import { CLASS, RRTYPE } from '../../src/wire/iana.ts';
import { nameOf } from '../../src/wire/name.ts';
import { Asker } from './asker.ts';
import { type DsSet, type HostileParent, seconds } from './hostile-parent.ts';
import { type MessageRecord, readMessage } from './message.ts';
import { type Finding, judge, type Lifespan, type ServedDnskey, type ServedZone } from './rollover-judge.ts';

const SAMPLE_MS = 250;

interface Watched {
  readonly dnskey: ServedDnskey[];
  readonly zone: ServedZone[];
  readonly algorithms: Map<string, number>;
  /** State of the DS of each key at the last sample, by tag. */
  readonly ds: Map<string, string>;
  /** What the child asks for at the last sample. */
  asked: DsSet;
}

/** A claim about the DS of a key that the parent's history does not bear out. */
export interface FalseClaim {
  readonly child: string;
  readonly text: string;
}

export class HostileWatch {
  readonly claims: FalseClaim[] = [];
  /** Codes and reasons that were named of each child, ever. */
  readonly named = new Map<string, Set<string>>();
  readonly #parent: HostileParent;
  readonly #client: ControlClient;
  readonly #asker: Asker;
  readonly #watched = new Map<string, Watched>();
  #timer: NodeJS.Timeout | undefined;
  #sample: Promise<void> = Promise.resolve();
  #isStopped = false;

  constructor(parent: HostileParent, client: ControlClient, children: readonly string[]) {
    this.#parent = parent;
    this.#client = client;
    this.#asker = new Asker(parent.port);
    for (const child of children) {
      this.#watched.set(child, { dnskey: [], zone: [], algorithms: new Map(), ds: new Map(), asked: [] });
      this.named.set(child, new Set());
    }
  }

  /** Samples until it is stopped; `onSample` is called after each. */
  start(onSample: () => void): void {
    const next = async () => {
      this.#sample = this.#sampleAll();
      await this.#sample;
      onSample();
      if (!this.#isStopped) this.#timer = setTimeout(() => void next(), SAMPLE_MS);
    };
    void next();
  }

  async stop(): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.#sample;
    this.#asker.close();
  }

  /** The DS that a child asks for by CDS; none: it asks for nothing. */
  askedBy(child: string): DsSet {
    return this.#watched.get(child)!.asked;
  }

  /** Whether the DS of every key that stays is known to all caches. */
  isSecure(child: string): boolean {
    return [...this.#watched.get(child)!.ds.values()].includes('omnipresent');
  }

  /** Asks `rollover status` of a child and notes what it names. */
  async status(child: string): Promise<RolloverStatus> {
    const status = await this.#client.call('rollover.status', { zone: child });
    const named = this.named.get(child)!;
    for (const { code } of status.parent) named.add(code);
    for (const { reason } of status.waiting) named.add(reason);
    return status;
  }

  /** Copies that caches could hold together and that do not validate (P1, P2, P5), as the parent really was. */
  findingsOf(child: string): Finding[] {
    const { dnskey, zone, algorithms } = this.#watched.get(child)!;
    const all = new Map([...this.#parent.algorithmsOf(child), ...algorithms]);
    const histories = { dnskey, zone, cds: [], ds: this.#parent.historyOf(child) };
    return judge(histories, { algorithms: all, isKeyStrict: false, isEverSecure: false });
  }

  // ---- Samples ----

  async #sampleAll(): Promise<void> {
    const at = seconds();
    const [{ zones }] = await Promise.all([
      this.#client.call('zone.list', {}),
      ...[...this.#watched.keys()].map((child) => this.#sampleOf(child)),
    ]);
    for (const { zone, keys } of zones) {
      const watched = this.#watched.get(zone);
      for (const { tag, ds } of watched === undefined ? [] : keys) {
        this.#judgeClaim(zone, `${tag}`, ds ?? 'hidden', at);
        watched!.ds.set(`${tag}`, ds ?? 'hidden');
      }
    }
  }

  /** In the moment in which a DS is taken for known by all caches, or by none, that must be true. */
  #judgeClaim(child: string, tag: string, state: string, at: number): void {
    const before = this.#watched.get(child)!.ds.get(tag);
    if (before === undefined || before === state || (state !== 'omnipresent' && state !== 'hidden')) return;
    const alive = this.#parent.historyOf(child).filter(({ first, deadAt }) => first <= at && at < deadAt);
    const isTrue = alive.every(({ keys }) => keys.includes(tag) === (state === 'omnipresent'));
    if (isTrue) return;
    const text = `ds(${tag}) became ${state} while copies are alive of ${JSON.stringify(alive.map(({ keys }) => keys))}`;
    this.claims.push({ child, text });
  }

  async #sampleOf(child: string): Promise<void> {
    const watched = this.#watched.get(child)!;
    const name = nameOf(child);
    const ask = async (type: number) => readMessage((await this.#asker.ask({ name, type })).octets).answer;
    const from = seconds();
    const [dnskey, soa, cds] = await Promise.all([RRTYPE.DNSKEY, RRTYPE.SOA, RRTYPE.CDS].map(ask));
    const keys = recordsOf(dnskey!, RRTYPE.DNSKEY).map(({ rdata }) => ({
      tag: `${keyTag(rdata)}`,
      algorithm: rdata[3]!,
    }));
    for (const { tag, algorithm } of keys) watched.algorithms.set(tag, algorithm);
    const ttlOf = (records: readonly MessageRecord[]) => Math.max(0, ...records.map(({ ttl }) => ttl));
    const tags = keys.map(({ tag }) => tag).sort();
    note(watched.dnskey, { ...fresh(from, ttlOf(dnskey!)), keys: tags, signers: signersIn(dnskey!) });
    note(watched.zone, { ...fresh(from, ttlOf(soa!)), signers: signersIn(soa!) });
    watched.asked = recordsOf(cds!, RRTYPE.CDS)
      .map(({ rdata }) => dsText(rdata))
      .sort();
  }
}

function recordsOf(records: readonly MessageRecord[], type: number): MessageRecord[] {
  return records.filter((record) => record.type === type && record.class === CLASS.IN);
}

/** Tags of the keys that signed what is in an answer section. */
function signersIn(records: readonly MessageRecord[]): string[] {
  const tags = recordsOf(records, RRTYPE.RRSIG).map(({ rdata }) => `${(rdata[16]! << 8) | rdata[17]!}`);
  return [...new Set(tags)].sort();
}

function dsText(rdata: Uint8Array): string {
  return `${(rdata[0]! << 8) | rdata[1]!} ${rdata[2]} ${rdata[3]} ${Buffer.from(rdata.subarray(4)).toString('hex')}`;
}

function fresh(first: number, ttl: number): Lifespan {
  return { first, last: first, deadAt: first + ttl, ttl };
}

/** A version is known to have been served from the first to the last sample that showed it. */
function note<T extends Lifespan>(versions: T[], version: T): void {
  const content = ({ first: _f, last: _l, deadAt: _d, ...rest }: T) => JSON.stringify(rest);
  const before = versions.at(-1);
  if (before === undefined || content(before) !== content(version)) versions.push(version);
  else Object.assign(before, { last: version.last, deadAt: version.deadAt });
}
