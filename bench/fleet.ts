/**
 * `npm run bench:fleet -- [zones] [crowd]`: what 100,000 zones cost the control plane: memory of a zone, an idle minute,
 * one call of the machine, and what a thousand zones that are due at one instant mean for each of them. Zones, states
 * and files are those of the daemon; only their making is short (`fleet-zones.ts`), as making keys would take an hour.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FileStore } from '../src/base/ports.ts';
import { plus, type UnixSeconds } from '../src/base/time.ts';
import { Keeper } from '../src/daemon/keeper.ts';
import { KeysBefore } from '../src/daemon/keysbefore.ts';
import type { LoadedZone, ToData } from '../src/daemon/messages.ts';
import { SYSTEM_CLOCK, SYSTEM_RANDOM } from '../src/daemon/ports.ts';
import { Publisher } from '../src/daemon/publisher.ts';
import { Scheduler } from '../src/daemon/scheduler.ts';
import { ZoneSigning } from '../src/daemon/signing.ts';
import { SteadyClock } from '../src/daemon/steadyclock.ts';
import { Turns } from '../src/daemon/turns.ts';
import { ZoneLog } from '../src/daemon/zonelog.ts';
import { next } from '../src/kasp/next.ts';
import { EventRing } from '../src/ops/events.ts';
import { createLog } from '../src/ops/log.ts';
import type { Epoch } from '../src/signer/epoch.ts';
import { OF_RRSETS, tableOctets } from '../src/signer/tables.ts';
import { DiskFileStore } from '../src/store/files.ts';
import { zoneKeysPath } from '../src/store/keystore.ts';
import { lookAtZones } from '../src/store/zones.ts';
import { nameOf } from '../src/wire/name.ts';
import { ZoneImage } from '../src/zone/image.ts';
import { imageOf } from '../test/support/served.ts';
import { FACTS, FleetFiles, lifeBefore, livesUntil, POLICY, ZONE_TEXT, zoneName } from './fleet-zones.ts';
import { machine, spread, table, writeSection } from './results.ts';

const ZONES = Number(process.argv[2] ?? 100_000);
const CROWD = Number(process.argv[3] ?? 1_000);
const SERVED = 2_000;
const WARM_UP = 500;
const IDLE_S = 60;
const NOBODY = { foreignKeys: [], foreignCds: [] };
const log = createLog('error', { isTerminal: false });
const events = new EventRing(SYSTEM_CLOCK);
const { gc } = globalThis;
if (gc === undefined) throw new Error('run it with --expose-gc');

/** Octets in use: what V8 manages, and what the process has. */
function memory(): { heap: number; resident: number } {
  for (let i = 0; i < 3; i++) gc!();
  const { heapUsed, external, rss } = process.memoryUsage();
  return { heap: heapUsed + external, resident: rss };
}

/** Milliseconds of CPU that this process has had; other work on the machine does not count. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

const kib = (octets: number) => `${(octets / 1_024).toFixed(1)} KiB`;
const ms = (value: number) => `${value.toFixed(value < 10 ? 2 : 0)} ms`;

/** Shared memory of what is served of a zone. */
function sharedOctets({ image, apex, signers }: Epoch): number {
  const tables = signers.reduce((sum, { algorithm }) => sum + tableOctets(image, algorithm, OF_RRSETS), 0);
  return ZoneImage.open(image).octets + (apex === null ? 0 : ZoneImage.open(apex).octets) + tables;
}

// ---- Memory, an idle minute, one call ----

/** Zones as the control plane has them, all waiting for their next step. */
async function openFleet(
  files: FileStore,
  scheduler: Scheduler,
  count: number,
  now: UnixSeconds,
): Promise<ZoneSigning[]> {
  const ports = { files, random: SYSTEM_RANDOM, keysDirectory: '/keys', replaceKeys: false };
  const fleet: ZoneSigning[] = [];
  for (let i = 0; i < count; i++) {
    const listener = new ZoneLog(log, zoneName(i), events);
    const zone = { origin: nameOf(zoneName(i)), policy: POLICY, listener };
    const signing = await ZoneSigning.open(ports, zone, NOBODY, now);
    await signing.advance(FACTS, now);
    fleet.push(signing);
    if (signing.nextWake === null) throw new Error(`${zoneName(i)} has no next step`);
    scheduler.at(`zone ${zoneName(i)}`, signing.nextWake, () => void signing.advance(FACTS, now));
  }
  return fleet;
}

/** Microseconds of CPU for one call of the machine that finds nothing due. */
function callCost(fleet: readonly ZoneSigning[], now: UnixSeconds): number[] {
  return Array.from({ length: 7 }, (_, round) => {
    const from = cpuMs();
    for (let i = 0; i < 2_000; i++) {
      const { zoneState } = fleet[(round * 2_000 + i * 37) % fleet.length]!;
      if (next(zoneState, FACTS, POLICY, now).isChanged) throw new Error('something was due');
    }
    return ((cpuMs() - from) / 2_000) * 1_000;
  });
}

/** Milliseconds of CPU for a look at a directory with a file for every zone. */
function lookCost(place: string): number[] {
  mkdirSync(place);
  for (let i = 0; i < ZONES; i++) writeFileSync(join(place, `${zoneName(i)}zone`), '');
  return Array.from({ length: 5 }, () => {
    const from = cpuMs();
    if (lookAtZones(place).zones.size !== ZONES) throw new Error('a zone was not seen');
    return cpuMs() - from;
  });
}

// ---- Keepers: zones that are served ----

class Served {
  readonly scheduler = new Scheduler(SYSTEM_CLOCK);
  readonly publisher = new Publisher();
  readonly keepers: Keeper[] = [];
  /** When a zone was published last, in milliseconds since 1970, by its number; nothing before `fromMs` counts. */
  readonly publishedAtMs = new Map<number, number>();
  fromMs = 0;
  readonly #files: FileStore;
  readonly #keysDirectory: string;
  readonly #clock = new SteadyClock(SYSTEM_CLOCK);
  readonly #turns = new Turns();

  constructor(files: FileStore, keysDirectory: string) {
    this.#files = files;
    this.#keysDirectory = keysDirectory;
    const thread = {
      name: 'bench',
      post: (message: ToData) => {
        if (message.kind !== 'publish') return;
        const nowMs = Date.now();
        if (nowMs >= this.fromMs) this.publishedAtMs.set(message.id, nowMs);
        setImmediate(() => this.publisher.acknowledge(thread, message.version));
      },
    };
    this.publisher.attach(thread);
  }

  /** Everything that was published is acknowledged, and that is durable: nothing is left to do. */
  get isSettled(): boolean {
    return this.#turns.isIdle && this.keepers.every(({ signing }) => signing?.isPending === false);
  }

  async add(i: number): Promise<void> {
    const name = zoneName(i);
    const context = {
      ...{ clock: this.#clock, scheduler: this.scheduler, turns: this.#turns },
      ...{ publisher: this.publisher, isUnsigned: false },
      signing: {
        files: this.#files,
        random: SYSTEM_RANDOM,
        keysDirectory: this.#keysDirectory,
        replaceKeys: false,
      },
      keysBefore: new KeysBefore(this.#files, this.#keysDirectory),
    };
    const loaded: LoadedZone = {
      ...{ kind: 'loaded', diagnostics: [], includes: [], digest: name, tookMs: 0 },
      ...NOBODY,
      image: imageOf(name, ZONE_TEXT),
      denial: { mode: 'nsec', nsec3: null },
    };
    const own = { id: i, name, origin: nameOf(name), policy: POLICY };
    const zone = { ...own, turned: () => undefined, namedByParent: () => [] };
    const keeper = new Keeper(zone, context, new ZoneLog(log, name, events));
    this.keepers.push(keeper);
    const { published } = await keeper.serve(loaded, () => Promise.resolve());
    await published;
    if (keeper.problem !== undefined) throw new Error(`${name}: ${keeper.problem.message}`);
  }
}

interface Crowd {
  /** Milliseconds from the instant at which a zone was due until its change was given to the threads. */
  readonly delays: readonly number[];
  /** The same for the zone that is due one second after the crowd. */
  readonly other: number;
  /** Milliseconds: the longest time in which the event loop had no turn. */
  readonly longestTurn: number;
  /** Milliseconds of CPU for all. */
  readonly cpu: number;
  /** Milliseconds to replace a file durably on this disk, for comparison. */
  readonly replace: readonly number[];
}

async function replaceCost(place: string): Promise<number[]> {
  const files = new DiskFileStore();
  const costs: number[] = [];
  for (let i = 0; i < 50; i++) {
    const from = performance.now();
    await files.replaceDurable(join(place, 'replaced'), new Uint8Array(4_096));
    costs.push(performance.now() - from);
  }
  return costs;
}

/** Zones on a real disk of which all are due at one instant, and one that is due a second later. */
async function crowd(place: string): Promise<Crowd> {
  const keysDirectory = join(place, 'keys');
  const due = plus(SYSTEM_CLOCK.now(), 60);
  const early = new FleetFiles([await lifeBefore(due)]);
  const late = new FleetFiles([await lifeBefore(plus(due, 1))]);
  const served = new Served(new DiskFileStore(), keysDirectory);
  for (let i = 0; i <= CROWD; i++) {
    const path = zoneKeysPath(keysDirectory, nameOf(zoneName(i)));
    mkdirSync(path, { recursive: true, mode: 0o700 });
    for (const [name, octets] of (i === CROWD ? late : early).filesOf(i)) {
      writeFileSync(join(path, name), octets, { mode: 0o600 });
    }
    await served.add(i);
  }
  if (SYSTEM_CLOCK.now() >= due) throw new Error('the crowd was due before it was there: take a smaller one');
  const wakes = served.keepers.map(({ signing }) => signing!.nextWake);
  if (wakes.slice(0, CROWD).some((wake) => wake !== due)) throw new Error('the crowd is not due at once');
  // Until then signatures may be renewed.
  served.fromMs = due * 1_000;
  served.publishedAtMs.clear();
  await sleep(due * 1_000 - Date.now() - 200);
  const turns = monitorEventLoopDelay({ resolution: 1 });
  turns.enable();
  const from = cpuMs();
  while (served.publishedAtMs.size <= CROWD || !served.isSettled) await sleep(50);
  turns.disable();
  const cpu = cpuMs() - from;
  const delayOf = (i: number) => served.publishedAtMs.get(i)! - due * 1_000;
  const delays = Array.from({ length: CROWD }, (_, i) => delayOf(i)).sort((a, b) => a - b);
  served.scheduler.close();
  return {
    delays,
    other: delayOf(CROWD) - 1_000,
    longestTurn: turns.max / 1e6,
    cpu,
    replace: await replaceCost(place),
  };
}

// ---- The bench ----

const place = mkdtempSync(join(tmpdir(), 'keyturn-fleet-'));
try {
  const now = SYSTEM_CLOCK.now();
  const together = await crowd(join(place, 'crowd'));
  console.log(`a crowd of ${CROWD}: the last one after ${ms(together.delays.at(-1)!)}`);
  const files = new FleetFiles(await livesUntil(now));
  const scheduler = new Scheduler(SYSTEM_CLOCK);
  const warm = new Scheduler(SYSTEM_CLOCK);
  await openFleet(files, warm, WARM_UP, now);
  warm.close();
  const before = memory();
  const openedAt = cpuMs();
  const fleet = await openFleet(files, scheduler, ZONES, now);
  const openMs = cpuMs() - openedAt;
  const after = memory();
  console.log(`${ZONES} zones: ${kib((after.heap - before.heap) / ZONES)} each`);
  const calls = callCost(fleet, now);
  const idleFrom = cpuMs();
  await sleep(IDLE_S * 1_000);
  const idle = cpuMs() - idleFrom;
  const looks = lookCost(join(place, 'zones'));
  const keys = fleet[0]!.zoneState.keys.length;
  scheduler.close();
  const served = new Served(files, '/keys');
  const bare = memory().heap;
  for (let i = 0; i < SERVED; i++) await served.add(i);
  const full = memory().heap;
  served.scheduler.close();
  const each = (from: number, to: number, count: number) => kib((to - from) / count);
  const delay = (share: number) => ms(together.delays[Math.ceil(CROWD * share) - 1]!);
  const count = ZONES.toLocaleString('en');
  const shared = served.keepers.reduce((sum, { epoch }) => sum + sharedOctets(epoch!), 0);
  const costs = [
    ['a zone: state, keys, waits, scheduler entry (heap)', each(before.heap, after.heap, ZONES)],
    ['the same, resident', each(before.resident, after.resident, ZONES)],
    ['a zone that is served, with image of 5 names and epoch (heap)', each(bare, full, SERVED)],
    ['the shared memory of its image and epoch', kib(shared / SERVED)],
    ["CPU to open a zone's keys and find its next step, making its files included", ms(openMs / ZONES)],
    ['CPU of one call of next() with nothing due', `${spread(calls, 1)} µs`],
    [`CPU of an idle minute of the scheduler with ${count} entries, nothing due`, ms(idle)],
    [
      `CPU of a look at the directory of ${count} files (every 10 s, or 20 times what it takes)`,
      `${spread(looks, 0)} ms`,
    ],
  ];
  const crowded = [
    [
      'time for a zone: until the last one was published, divided by all',
      ms(together.delays.at(-1)! / CROWD),
    ],
    ['CPU for a zone, until all have acknowledged', ms(together.cpu / CROWD)],
    [
      'one durable replacement of a file here, alone; a zone makes two, and two lines of its trail at most',
      `${spread(together.replace, 1)} ms`,
    ],
    ['from due to published: first, median, 99 %, last', [0.001, 0.5, 0.99, 1].map(delay).join(', ')],
    ['a zone due one second later, behind the crowd', ms(together.other)],
    ['longest time without a turn of the event loop', ms(together.longestTurn)],
  ];
  const crowdTitle = `${CROWD.toLocaleString('en')} zones due at one instant, each with two commits and a publication`;
  const load = loadavg()[0]!.toFixed(1);
  writeSection(
    'fleet',
    `## ${count} zones with policies

\`npm run bench:fleet -- ${ZONES} ${CROWD}\`, ${new Date().toISOString().slice(0, 16)}Z. ${machine()}.

Each zone has KSK and ZSK, a DS, and one ZSK rolled already (${keys} keys in its state). The zones have states and
key ids of their own, but share the key pairs of one: making keys was cut short, nothing else. Zones on disk for the
crowd, in memory for the rest. Heap is that of V8 with what is external to it, after collection. Other work shared the
machine (load ${load}): so CPU time, where not said otherwise.

${table(['control plane', ''], costs)}

${table([crowdTitle, ''], crowded)}
`,
  );
} finally {
  rmSync(place, { recursive: true, force: true });
}
process.exit(0);
