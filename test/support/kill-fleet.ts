/**
 * Zones whose keys roll in seconds on a real server that is killed again and again. Each zone does one thing over and
 * over by orders over the control socket, a parent that acts at once confirms every DS, and someone asks for the
 * apexes all the time. After each kill what is on disk is looked at, after each restart what is served.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { unixSeconds } from '../../src/base/time.ts';
import { ControlClient } from '../../src/control/client.ts';
import { OperationError } from '../../src/control/operation.ts';
import type { RolloverChange, RolloverStatus } from '../../src/control/shapes.ts';
import { dnskeyOf, dnskeySigners } from '../../src/kasp/records.ts';
import { rolloversOf, type ZoneState } from '../../src/kasp/zonestate.ts';
import { formatRdata } from '../../src/rdata/text.ts';
import type { StoredState } from '../../src/store/state.ts';
import { formatType, RRTYPE } from '../../src/wire/iana.ts';
import { formatName, nameOf } from '../../src/wire/name.ts';
import { Asker } from './asker.ts';
import { Daemon, foldersOf } from './daemon.ts';
import { delv, writeAnchors } from './delv.ts';
import {
  impliedSight,
  readSight,
  SIGHT_TYPES,
  type SightType,
  sightText,
  signatureFaults,
} from './kill-sights.ts';
import { type Kill, type KillTarget, KillWatch } from './kill-watch.ts';
import { type Acknowledged, type Remnant, ZoneWitness } from './kill-witness.ts';
import { freePort, Workplace, waitUntil } from './processes.ts';
import { watchedZone } from './rollover-watch.ts';
import { Unbound } from './unbound.ts';
import type { SeededRandom } from './zones.ts';

/** What a zone does over and over: the rollovers it starts, by the keys it has. */
interface Career {
  readonly policy: 'default' | 'split';
  readonly next: (status: RolloverStatus, random: SeededRandom) => Request | undefined;
}

type Request =
  | { readonly order: 'rollover.start'; readonly params: StartParams }
  | { readonly order: 'rollover.cancel' | 'zone.sign' | 'zone.unsign' };

interface StartParams {
  readonly type: 'zsk' | 'ksk' | 'csk' | 'algorithm' | 'scheme';
  readonly to?: string;
  readonly method?: 'additive' | 'swap' | 'double-ds';
}

/** Starts whenever nothing runs. */
function starting(policy: Career['policy'], params: (status: RolloverStatus) => StartParams): Career {
  return {
    policy,
    next: (status) =>
      status.rollover === null ? { order: 'rollover.start', params: params(status) } : undefined,
  };
}

/** Starts, and takes back what has not been taken back. */
function wavering(policy: Career['policy'], params: StartParams): Career {
  return {
    policy,
    next: ({ rollover }, random) => {
      if (rollover === null) return { order: 'rollover.start', params };
      return rollover.cancelledAt === null && random.below(4) === 0
        ? { order: 'rollover.cancel' }
        : undefined;
    },
  };
}

const hasCsk = ({ keys }: RolloverStatus) =>
  keys.some(({ goal, roles }) => goal === 'IN' && roles.length === 2);

export const CAREERS: Readonly<Record<string, Career>> = {
  zsk: starting('split', () => ({ type: 'zsk' })),
  ksk: starting('split', () => ({ type: 'ksk' })),
  double: starting('split', () => ({ type: 'ksk', method: 'double-ds' })),
  csk: starting('default', () => ({ type: 'csk', method: 'swap' })),
  algorithm: starting('default', ({ keys }) => {
    const isOld = keys.some(({ goal, algorithm }) => goal === 'IN' && algorithm === 13);
    return { type: 'algorithm', to: isOld ? 'ED25519' : 'ECDSAP256SHA256' };
  }),
  scheme: starting('default', (status) => ({ type: 'scheme', to: hasCsk(status) ? 'ksk-zsk' : 'csk' })),
  sign: {
    policy: 'default',
    next: ({ goal, rollover, delegation }) => {
      if (goal === 'insecure') return rollover === null ? { order: 'zone.sign' } : undefined;
      return rollover === null && delegation === 'secure' ? { order: 'zone.unsign' } : undefined;
    },
  },
  cancelksk: wavering('split', { type: 'ksk' }),
  cancelzsk: wavering('split', { type: 'zsk' }),
};

const POLICY = `
    dnskeyTtl: 2s
    cdsTtl: 1s
    publishSafety: 1s
    retireSafety: 1s
    propagation: 0s
    parent: { propagation: 0s, dsTtl: 1s }
    cdsHold: 1s
    minInterval: 0s
    bootstrapHold: 0s
    purgeAfter: 2s
`;

/** How a killed server came to be killed. */
export interface KillReport extends Kill {
  /** Whether it was still starting. */
  readonly isStarting: boolean;
  readonly remnants: readonly Remnant[];
}

/** Between two looks at what zones wait for. */
const DRIVE_MS = 120;
/** Served answers follow the state within this time. */
const SETTLED_MS = 10_000;
const PARENT_TTL = 1;
/** Questions to a resolver: the apex, data, a wildcard, no data, no name. */
const RESOLVED = [
  { label: '', type: RRTYPE.SOA },
  { label: '', type: RRTYPE.DNSKEY },
  { label: '', type: RRTYPE.CDS },
  { label: 'h1.', type: RRTYPE.A },
  { label: 'x.wild.', type: RRTYPE.A },
  { label: 'h1.', type: RRTYPE.AAAA },
  { label: 'nothing.', type: RRTYPE.A },
] as const;

export class KillFleet {
  readonly faults: string[] = [];
  readonly kills: KillReport[] = [];
  /** Orders that were acknowledged, and rollovers that a restart found running and went on with. */
  orders = 0;
  continued = 0;
  /** Zones whose answers were compared with their state and validated. */
  compared = 0;
  readonly witnesses: readonly ZoneWitness[];
  readonly #workplace = new Workplace();
  readonly #careers: ReadonlyMap<string, Career>;
  readonly #watch: KillWatch;
  readonly #client: ControlClient;
  readonly #random: SeededRandom;
  readonly #port: number;
  /** Of the observer, who gives up soon. */
  readonly #eager: Asker;
  readonly #asker: Asker;
  readonly #title: string;
  #daemon: Daemon | undefined;
  #isAsking = true;
  readonly #observer: Promise<void>;

  private constructor(title: string, port: number, careers: readonly string[], random: SeededRandom) {
    this.#title = title;
    this.#port = port;
    this.#random = random;
    const { zones, keys, control } = foldersOf(this.#workplace);
    mkdirSync(zones, { mode: 0o700 });
    mkdirSync(keys, { mode: 0o700 });
    this.#careers = new Map(careers.map((career) => [`${career}.example.`, CAREERS[career]!]));
    this.witnesses = [...this.#careers.keys()].map((name) => new ZoneWitness(name, keys));
    for (const { name, folder } of this.witnesses) {
      mkdirSync(folder, { mode: 0o700 });
      writeFileSync(`${zones}/${name}zone`, watchedZone(name));
    }
    this.#watch = new KillWatch(this.witnesses.map(({ folder }) => folder));
    this.#client = new ControlClient(control);
    this.#eager = new Asker(port, { timeoutMs: 300, tries: 1 });
    this.#asker = new Asker(port);
    this.#observer = this.#observe();
  }

  /** A fleet that was never started; `title` begins each fault. */
  static async create(title: string, careers: readonly string[], random: SeededRandom): Promise<KillFleet> {
    return new KillFleet(title, await freePort(), careers, random);
  }

  /** Kinds of events that were seen, whether or not anything was killed at them. */
  get eventKinds(): readonly string[] {
    return [...this.#watch.seen.keys()];
  }

  // ---- Kills ----

  /** Has the server killed at a target, while it works or, if it is not running, while it starts. */
  async kill(target: KillTarget): Promise<void> {
    const isStarting = this.#daemon === undefined;
    this.#daemon ??= await this.#start(false);
    const { process } = this.#daemon;
    const armed = this.#watch.arm(target, () => process.signal('SIGKILL'));
    const driving = this.#drive(() => !process.hasEnded);
    const kill = await armed;
    const { signal } = await process.ended;
    this.#daemon = undefined;
    await driving;
    const at = `${isStarting ? 'starting, ' : ''}${kill.kind ?? 'idle'}`;
    if (signal !== 'SIGKILL') this.#fault(at, `the server ended by itself: ${process.tail()}`);
    for (const witness of this.witnesses) {
      for (const fault of witness.checkKilled(kill.at)) this.#fault(at, `${witness.name} ${fault}`);
    }
    const remnants = [...new Set(this.witnesses.flatMap((witness) => witness.remnants()))];
    this.kills.push({ ...kill, isStarting, remnants });
  }

  #fault(at: string, what: string): void {
    this.faults.push(`${this.#title}, kill ${this.kills.length + 1} (${at}): ${what}`);
  }

  #start(wait: boolean): Promise<Daemon> {
    const splits = [...this.#careers].filter(([, { policy }]) => policy === 'split');
    const zones = splits.map(([name]) => `  ${name}: { policy: split }`).join('\n');
    const configuration = `policies:\n  default:${POLICY}  split:${POLICY}    scheme: ksk-zsk\nzones:\n${zones}\n`;
    return Daemon.start({ workplace: this.#workplace, configuration, port: this.#port, wait });
  }

  get isRunning(): boolean {
    return this.#daemon !== undefined;
  }

  /** Starts the server, waits until it serves all zones, and compares what it serves with what is on disk. */
  async restart(): Promise<void> {
    const killedAt = this.kills.at(-1)?.at ?? 0;
    const running = this.witnesses.flatMap(({ stored }) =>
      stored === undefined ? [] : rolloversOf(stored.zoneState).map(({ id }) => id),
    );
    this.#daemon = await this.#start(true);
    const served = waitUntil(() => this.#areServed(), 'all zones are served', 30_000, this.#daemon.process);
    await served.catch((error: Error) => {
      throw new Error([error.message, ...this.faults].join('\n'));
    });
    for (const witness of this.witnesses) {
      for (const fault of witness.checkRestarted(killedAt))
        this.#fault('restarted', `${witness.name} ${fault}`);
      const { stored } = witness;
      const ids = stored === undefined ? [] : rolloversOf(stored.zoneState).map(({ id }) => id);
      this.continued += ids.filter((id) => running.includes(id)).length;
    }
    await Promise.all(this.witnesses.map((witness) => this.#compare(witness)));
  }

  async #areServed(): Promise<boolean> {
    const listed = await this.#client.call('zone.list', {}).catch((error) => {
      if (isExpected(error)) return undefined; // the socket is there a moment after the first answer
      throw error;
    });
    if (listed === undefined) return false;
    const { zones } = listed;
    const problems = zones.filter(({ problem }) => problem !== null);
    if (problems.length > 0) throw new Error(`restarted: ${JSON.stringify(problems)}`);
    return zones.length === this.witnesses.length && zones.every(({ state }) => state === 'served');
  }

  // ---- What is served ----

  /** What is served is what the state says, and validators agree with it. */
  async #compare(witness: ZoneWitness): Promise<void> {
    let differences: string[] = ['no answer'];
    const until = performance.now() + SETTLED_MS;
    for (; differences.length > 0 && performance.now() < until; await sleep(20)) {
      differences = await this.#differences(witness);
    }
    for (const difference of differences) this.#fault('restarted', `${witness.name} ${difference}`);
    this.compared++;
  }

  /** Empty if the state on disk, before and after the questions, is what the answers show. */
  async #differences(witness: ZoneWitness): Promise<string[]> {
    const { apex, name } = witness;
    const before = witness.read()!.stored;
    const dnskeys = before.zoneState.keys.map(dnskeyOf);
    const differences: string[] = [];
    for (const type of SIGHT_TYPES) {
      const { octets } = await this.#asker.ask({ name: apex, type });
      const sight = readSight(octets, type);
      const implied = sightText(impliedSight(before.zoneState, type, apex));
      const served = sight === undefined ? 'no answer of its own' : sightText(sight);
      if (served !== implied)
        differences.push(`serves ${formatType(type)} ${served}, the state has ${implied}`);
      differences.push(...signatureFaults(octets, dnskeys, apex, unixSeconds(Date.now() / 1000)));
    }
    if (dnskeySigners(before.zoneState.keys).length > 0) {
      const verdicts = await Promise.all(['SOA', 'CDS'].map((type) => this.#delv(witness, before, type)));
      differences.push(
        ...verdicts.filter((verdict) => !/; (?:negative response, )?fully validated/.test(verdict)),
      );
    }
    const after = witness.read()!.stored;
    const isSame = after.generation === before.generation;
    return isSame || differences.length === 0
      ? differences
      : [`${name} changes all the time`, ...differences];
  }

  /** BIND's validator, with the keys that sign the DNSKEY RRset as trust anchors. */
  async #delv({ name }: ZoneWitness, { zoneState }: StoredState, type: string): Promise<string> {
    const anchors = this.#workplace.at(`${name}${type}.anchor`);
    writeAnchors(anchors, name, anchorsOf(zoneState));
    return `delv: ${await delv({ origin: name, port: this.#port, anchors }, name, type)}`;
  }

  /** Asks for apexes, one zone after the other, until it is told to stop. */
  async #observe(): Promise<void> {
    for (let turn = 0; this.#isAsking; turn++) {
      const witness = this.witnesses[turn % this.witnesses.length]!;
      await Promise.all(SIGHT_TYPES.map((type) => this.#look(witness, type)));
      await sleep(3);
    }
  }

  async #look(witness: ZoneWitness, type: SightType): Promise<void> {
    const answer = await this.#eager.ask({ name: witness.apex, type }).catch(() => undefined);
    const sight = answer === undefined ? undefined : readSight(answer.octets, type);
    if (sight !== undefined) witness.see(type, sight);
  }

  // ---- Orders ----

  /** Is the operator and the parent of all zones for as long as `isWanted`. */
  async #drive(isWanted: () => boolean, mayStart = true): Promise<void> {
    while (isWanted()) {
      await Promise.all(this.witnesses.map((witness) => this.#driveZone(witness, mayStart)));
      await sleep(DRIVE_MS);
    }
  }

  async #driveZone(witness: ZoneWitness, mayStart: boolean): Promise<void> {
    try {
      const status = await this.#client.call('rollover.status', { zone: witness.name });
      if (await this.#actAsParent(witness, status)) return;
      const request = this.#careers.get(witness.name)!.next(status, this.#random);
      if (request !== undefined && (mayStart || request.order === 'zone.sign'))
        await this.#order(witness, request);
    } catch (error) {
      if (!isExpected(error)) this.#fault('order', `${witness.name} ${error}`);
    }
  }

  /** Does what the zone waits for, and says so; true if there was anything to say. */
  async #actAsParent(witness: ZoneWitness, status: RolloverStatus): Promise<boolean> {
    const zone = witness.name;
    const goalOf = (tag: number) => status.keys.find((key) => key.tag === tag)?.goal;
    const asked = status.waiting.filter(({ record }) => record === 'ds');
    const seen = asked.find(
      ({ tag, reason }) =>
        (reason === 'parent_ds' && goalOf(tag) === 'IN') || reason === 'delegation_unconfirmed',
    );
    const gone = asked.find(({ tag, reason }) => reason === 'parent_ds_gone' && tag !== seen?.tag);
    if (seen === undefined && gone === undefined) return false;
    if (status.goal === 'insecure') {
      await this.#client.call('rollover.confirm-ds', { zone, none: true });
      return true;
    }
    await this.#client.call('rollover.confirm-ds', {
      zone,
      ttl: PARENT_TTL,
      ...(seen === undefined ? {} : { seen: seen.tag }),
      ...(gone === undefined ? {} : { gone: gone.tag }),
    });
    const observed = `the DS of ${seen?.tag} is there, that of ${gone?.tag} is gone`;
    witness.acknowledged = {
      order: observed,
      isKept: ({ zoneState }) => isHeard(zoneState, seen?.tag, true) && isHeard(zoneState, gone?.tag, false),
    };
    this.orders++;
    return true;
  }

  async #order(witness: ZoneWitness, request: Request): Promise<void> {
    const zone = witness.name;
    const change =
      request.order === 'rollover.start'
        ? await this.#client.call('rollover.start', { zone, ...request.params })
        : await this.#client.call(request.order, { zone });
    this.orders++;
    witness.acknowledged = acknowledgedBy(request, change);
  }

  // ---- The end ----

  /** Lets every rollover come to its end, and starts no other. */
  async rest(withinMs = 180_000): Promise<void> {
    const until = performance.now() + withinMs;
    const isBusy = ({ zoneState: { goal, rollover, keys, delegation } }: StoredState) =>
      goal === 'insecure' ||
      rollover !== null ||
      delegation !== 'secure' ||
      keys.some((key) => key.goal === 'OUT');
    const areBusy = () => this.witnesses.some((witness) => isBusy(witness.read()!.stored));
    await this.#drive(() => performance.now() < until && areBusy(), false);
    for (const witness of this.witnesses) {
      const policy = this.#careers.get(witness.name)!.policy;
      const stored = witness.refresh();
      const isSplit = witness.name.startsWith('scheme')
        ? stored.zoneState.keys.length > 1
        : policy === 'split';
      const faults = witness.checkAtRest(isSplit ? 2 : 1);
      const waiting = faults.length > 0 ? await this.#waitsOf(witness) : '';
      for (const fault of faults) this.#fault('at rest', `${witness.name} ${fault}: ${waiting}`);
      await this.#compare(witness);
    }
  }

  /** What a zone waits for that does not come to rest, and what the server said last. */
  async #waitsOf({ name }: ZoneWitness): Promise<string> {
    const { rollover, keys, waiting, nextAt } = await this.#client.call('rollover.status', { zone: name });
    const { due } = await this.#client.call('status', {});
    const now = new Date().toISOString();
    return `${JSON.stringify({ now, step: rollover?.step, waiting, nextAt, due, keys })}\n${this.#daemon?.process.tail()}`;
  }

  /** The zones as files, with all signatures, for validators of whole zones. */
  async exports(): Promise<{ readonly name: string; readonly file: string }[]> {
    const files: { name: string; file: string }[] = [];
    for (const { name } of this.witnesses) {
      const parts: Buffer[] = [];
      await this.#client.stream('zone.export', { zone: name, signed: true }, (part) => parts.push(part));
      const file = this.#workplace.at(`${name}signed`);
      writeFileSync(file, Buffer.concat(parts));
      files.push({ name, file });
    }
    return files;
  }

  /** What a resolver does not validate, of what every zone has and has not. */
  async resolve(): Promise<string[]> {
    const stubs = this.witnesses.map(({ name }) => ({ origin: name, port: this.#port }));
    const trustAnchors = this.witnesses.flatMap(({ name, stored }) =>
      anchorsOf(stored!.zoneState).map((rdata) => `${name} DNSKEY ${rdata}`),
    );
    const unbound = await Unbound.start({ stubs, trustAnchors }, this.#workplace);
    const faults: string[] = [];
    const questions = this.witnesses.flatMap(({ name }) =>
      RESOLVED.map(({ label, type }) => ({ name: nameOf(`${label}${name}`), type })),
    );
    await unbound.asker.askAll(questions, 8, ({ name, type }, answer) => {
      const isGood = !(answer instanceof Error) && answer.authentic;
      if (!isGood) faults.push(`unbound: ${formatName(name)} ${formatType(type)}`);
    });
    faults.push(...unbound.complaints);
    await unbound.stop();
    return faults;
  }

  /** Ends everything and removes all files. */
  async stop(): Promise<void> {
    this.#isAsking = false;
    await this.#observer;
    this.#eager.close();
    this.#asker.close();
    this.#watch.close();
    await this.#daemon?.stop();
    this.#workplace.remove();
  }
}

/** The keys that sign the DNSKEY RRset, as RDATA in presentation form. */
function anchorsOf({ keys }: ZoneState): string[] {
  return dnskeySigners(keys).map((key) => formatRdata(RRTYPE.DNSKEY, dnskeyOf(key), 0, dnskeyOf(key).length));
}

/** Killed servers do not answer, and what was true when a zone was asked need not be when it is told. */
function isExpected(error: unknown): boolean {
  return (
    error instanceof OperationError &&
    (error.kind === 'UNREACHABLE' || error.kind === 'REFUSED' || error.kind === 'NO_SUCH_OBJECT')
  );
}

/**
 * The state knows what was said of a key's DS: as observed, or as a word that will count when it lasts. A word on a key
 * that since was told to go, or to stay after all, is meant no more; that order may have had no time to be acknowledged.
 */
function isHeard({ keys, dsWords }: ZoneState, tag: number | undefined, seen: boolean): boolean {
  const key = keys.find((one) => one.tag === tag);
  if (key === undefined || (key.goal === 'IN') !== seen) return true;
  const { seenAllAt, goneAllAt } = key.dsObservation;
  const isObserved = (seen ? seenAllAt : goneAllAt) !== null;
  return isObserved || dsWords.some((word) => word.keyId === key.id && word.seen === seen);
}

function acknowledgedBy(request: Request, { rollover }: RolloverChange): Acknowledged {
  switch (request.order) {
    case 'rollover.start':
      return {
        order: `${request.params.type} rollover ${rollover?.id}`,
        isKept: ({ zoneState }) => rolloversOf(zoneState).some(({ id }) => id === rollover?.id),
      };
    case 'rollover.cancel':
      return { order: 'cancel', isKept: ({ zoneState }) => zoneState.rollover?.cancelledAt !== null };
    default: {
      const goal = request.order === 'zone.sign' ? 'secure' : 'insecure';
      return { order: request.order, isKept: ({ zoneState }) => zoneState.goal === goal };
    }
  }
}
