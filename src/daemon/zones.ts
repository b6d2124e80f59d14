/**
 * All zones: compares what the directory shows with what is served, and adds, changes and removes. If the directory
 * cannot be read, or most of its files vanish at once (a disk that was not mounted, a wrong `rm`), everything stays
 * served and an alarm tells (DESIGN §8). A zone whose parent has a DS of it stays as well: docs/decisions/0014.
 */
import type { Clock } from '../base/ports.ts';
import { formatDuration, type UnixSeconds } from '../base/time.ts';
import type { NewEvent } from '../ops/events.ts';
import type { Config } from '../store/config.ts';
import { policyOfZone } from '../store/config.ts';
import { type Look, lookAtZones, type Misnamed, type SeenZone, ZonesDirectoryError } from '../store/zones.ts';
import { formatName, type Name } from '../wire/name.ts';
import { tagsAtParent } from './atparent.ts';
import { Children } from './children.ts';
import { Concerns } from './concerns.ts';
import { turnsWithCrowds } from './crowds.ts';
import { Handover } from './handover.ts';
import { Heartbeat } from './heartbeat.ts';
import { KeptZones } from './keptzones.ts';
import { KeysBefore } from './keysbefore.ts';
import { ParentMonitor } from './monitor.ts';
import type { ParentsContext } from './parents.ts';
import { ParentPush } from './push.ts';
import { SETTLE_MS } from './settling.ts';
import { SteadyClock } from './steadyclock.ts';
import type { Turns } from './turns.ts';
import { Vouching } from './vouching.ts';
import { Zone } from './zone.ts';
import type { ZoneContext } from './zonecontext.ts';

/** From so many zones on, more than half vanishing is taken for an accident. */
const ACCIDENT_ZONES = 4;

/** What the wall clock must have been set by to make a difference. */
const MIN_SKEW_S = 2;

/** Something that an operator must see to. */
export interface Alarm {
  readonly code: 'ZONES_DIRECTORY' | 'ZONES_VANISHED' | 'CLOCK_STEPPED';
  readonly message: string;
  readonly fix: string;
}

/** What became of zones that were told to go. */
export interface Forgotten {
  readonly gone: readonly string[];
  /** Those that stay because their parents have a DS of them. */
  readonly kept: readonly string[];
}

/** What became of a zone that was told to reload. */
export interface Reloaded {
  readonly zone: Zone;
  readonly isChanged: boolean;
}

/** What zones have one of together, and make themselves. */
type Made = 'clock' | 'keysBefore' | 'turns' | 'monitor' | 'vouching' | 'children' | 'concerns' | 'handover';

/** What all zones are given, but for what they have one of. */
export interface ZonesContext extends Omit<ZoneContext, Made> {
  readonly clock: Clock;
  /** How parents are found; without it nobody looks at them. */
  readonly parents?: ParentsContext | undefined;
}

export class Zones {
  #config: Config;
  readonly #context: ZoneContext;
  readonly #zones = new Map<string, Zone>();
  readonly #alarms = new Map<Alarm['code'], Alarm>();
  #misnamed: readonly Misnamed[] = [];
  readonly #heartbeat: Heartbeat;
  readonly #kept: KeptZones;
  /** By how many seconds the wall clock was ahead of key time at the last look. */
  #skew = 0;
  #lastId = 0;

  constructor(config: Config, context: ZonesContext) {
    this.#config = config;
    this.#heartbeat = new Heartbeat(context);
    this.#kept = new KeptZones({ ...context.signing, log: context.log });
    const clock = new SteadyClock(context.clock, this.#heartbeat.load());
    const { parents, events: plain, ...others } = context;
    const find = (apex: Name) => this.find(apex);
    const handover = new Handover({
      ...others,
      ...others.signing,
      events: plain,
      config: config.handover,
      parents,
      find,
    });
    // What is told of as an alarm is handed to people, too.
    const add = (event: NewEvent) => {
      plain.add(event);
      handover.remind(event);
    };
    const keysBefore = new KeysBefore(others.signing.files, others.signing.keysDirectory);
    const shared = { ...others, events: { add }, keysBefore };
    const concerns = new Concerns({ ...shared, clock, monitor: () => this.monitor });
    const looked = (zone: Zone) => concerns.touch(zone);
    const looking = parents === undefined ? undefined : { ...shared, ...parents, clock, looked };
    const monitor =
      looking && new ParentMonitor(looking, looking.isPushing ? new ParentPush(looking) : undefined);
    const vouching = new Vouching({
      ...shared,
      find: (apex) => this.find(apex),
      renew: (holder) => holder.renew(),
    });
    const children = new Children({ ...shared, ...shared.signing, clock, parents, find });
    const turns = turnsWithCrowds(context.scheduler, context.clock);
    this.#context = { ...shared, clock, turns, monitor, vouching, children, concerns, handover };
  }

  /** Who looks at the parents of zones, if anybody does. */
  get monitor(): ParentMonitor | undefined {
    return this.#context.monitor;
  }

  /** What zones of ours say of others. */
  get vouching(): Vouching {
    return this.#context.vouching;
  }

  /** What zones of ours do as parents. */
  get children(): Children {
    return this.#context.children;
  }

  /** What is handed over to parents and people. */
  get handover(): Handover {
    return this.#context.handover;
  }

  /** The time that key states go by. */
  get keyTime(): UnixSeconds {
    return this.#context.clock.keyInstant().now;
  }

  /** Whose keys have their turns, and when. */
  get turns(): Turns {
    return this.#context.turns;
  }

  /** Begins nothing more with keys; resolves when what has begun is over. */
  async close(): Promise<void> {
    this.monitor?.close();
    // Turns end at once: whoever takes the keys over waits for that, not for a hook.
    await Promise.all([this.#context.turns.close(), this.handover.close()]);
    await this.#heartbeat.beat(this.#context.clock, 0);
    await this.#kept.close();
  }

  /** Tags of the keys of a zone of which its parent, or a cache, may have a DS: for them it must stay. */
  tagsAtParent(zone: Zone): number[] {
    return tagsAtParent(zone, this.monitor, this.keyTime);
  }

  get alarms(): readonly Alarm[] {
    return [...this.#alarms.values()];
  }

  /** Files that end in `.zone` but name no zone. */
  get misnamed(): readonly Misnamed[] {
    return this.#misnamed;
  }

  /** In the order of their names. */
  all(): Zone[] {
    return [...this.#zones.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  find(origin: Name): Zone | undefined {
    return this.#zones.get(formatName(origin));
  }

  /** Resolves when every zone that is known now is served or has failed. */
  async settled(): Promise<void> {
    // One after the other: each stays settled, or is loaded once more for a reason that came later.
    const all = async () => {
      for (const zone of this.#zones.values()) if (!zone.isSettled) await zone.settled();
    };
    await all();
    // What is said of a zone in another one is known only when both are there: some are loaded a second time.
    await all();
  }

  /** Looks at the directory and acts. Returns its inode; undefined if it cannot be read. */
  look(): number | undefined {
    this.#checkClock();
    let look: Look;
    try {
      look = lookAtZones(this.#config.zonesDirectory, (name) => this.#zones.get(name)?.file);
    } catch (error) {
      if (!(error instanceof ZonesDirectoryError)) throw error;
      this.#raise({
        code: 'ZONES_DIRECTORY',
        message: error.message,
        fix: 'make it readable; what is served stays so until then',
      });
      return undefined;
    }
    this.#clear('ZONES_DIRECTORY');
    this.#tellMisnamed(look.misnamed);
    this.#recall(look);
    for (const seen of look.zones.values()) {
      this.#zoneOf(seen).see(seen);
      if (this.#kept.has(seen)) void this.#kept.drop(seen);
    }
    const isMissing = ({ name }: Zone) => !look.zones.has(name);
    const isAnyMissing = this.#zones.size > look.zones.size;
    this.#treatMissing(isAnyMissing ? [...this.#zones.values()].filter(isMissing) : []);
    return look.inode;
  }

  /** Loads a zone (or all) anew, changed or not; resolves when that is done. Undefined if there is no such zone. */
  async reload(origin?: Name): Promise<Reloaded[] | undefined> {
    const chosen = origin === undefined ? [...this.#zones.values()] : [this.find(origin)];
    for (const zone of chosen) zone?.forget();
    const before = new Map([...this.#zones.values()].map((zone) => [zone, zone.served?.digest]));
    this.look();
    const zones = origin === undefined ? this.all() : [this.find(origin)];
    const found = zones.filter((zone) => zone !== undefined);
    if (origin !== undefined && found.length === 0) return undefined;
    await Promise.all(
      found.filter((zone) => zone.missingSinceMs === undefined).map((zone) => zone.settled()),
    );
    return found.map((zone) => ({ zone, isChanged: before.get(zone) !== zone.served?.digest }));
  }

  /** Zones of an earlier process whose files were gone while their parents named them. */
  #recall({ zones }: Look): void {
    for (const kept of this.#kept.recalled()) {
      const known = this.#zones.get(kept.name);
      if (zones.has(kept.name) || (known !== undefined && known.path !== kept.path)) continue;
      this.#zoneOf(kept).recall(kept);
    }
  }

  /**
   * Serves no more the zones whose files are gone: the one, or all that are held. Those that their parents name stay,
   * unless that is `forced`.
   */
  async forget(origin?: Name, { forced = false } = {}): Promise<Forgotten> {
    const missing = [...this.#zones.values()].filter(
      (zone) =>
        zone.missingSinceMs !== undefined && (origin === undefined || zone.name === formatName(origin)),
    );
    const kept = forced ? [] : missing.filter((zone) => this.#isNamed(zone));
    const gone = missing.filter((zone) => !kept.includes(zone));
    for (const zone of kept) this.#keep(zone);
    await Promise.all(gone.map((zone) => this.#remove(zone)));
    if (![...this.#zones.values()].some(({ hold }) => hold === 'accident')) this.#clear('ZONES_VANISHED');
    return { gone: gone.map(({ name }) => name), kept: kept.map(({ name }) => name) };
  }

  /** Follows the policies of another configuration; returns the names of the zones for which that makes a difference. */
  follow(config: Config): string[] {
    this.#config = config;
    const changed = this.all().filter((zone) => zone.follow(policyOfZone(config, zone.name)));
    if (changed.length > 0) this.look();
    return changed.map(({ name }) => name);
  }

  /** The clock was stepped and is right now: rollovers go on by it. */
  trustClock(): void {
    this.#context.clock.trust();
    this.#checkClock();
    for (const zone of this.#zones.values()) void zone.keeper.turn();
  }

  #checkClock(): void {
    const { clock } = this.#context;
    const { isTrusted, aheadSeconds, behindSeconds } = clock;
    const skew = clock.now() - clock.keyInstant().now;
    // What was to be taken at an instant of the wall clock is now due at another one.
    if (Math.abs(skew - this.#skew) >= MIN_SKEW_S) {
      for (const zone of this.#zones.values()) void zone.keeper.turn();
      this.#skew = skew;
    }
    if (isTrusted) void this.#heartbeat.beat(clock);
    if (!isTrusted) {
      this.#raise({
        code: 'CLOCK_STEPPED',
        message: `the clock jumped ${formatDuration(aheadSeconds)} ahead; no rollover goes on by time`,
        fix: 'set it right; if it is right now, run: keyturn clock confirm',
      });
    } else if (behindSeconds > 0) {
      const behind = formatDuration(toMinutes(behindSeconds));
      this.#raise({
        code: 'CLOCK_STEPPED',
        message: `the clock is ${behind} behind what it has been; rollovers go on by what has really passed`,
        fix: 'set it right; if it is right now, run: keyturn clock confirm',
      });
    } else this.#clear('CLOCK_STEPPED');
  }

  #zoneOf(seen: SeenZone): Zone {
    let zone = this.#zones.get(seen.name);
    if (zone === undefined) {
      zone = new Zone(++this.#lastId, seen, policyOfZone(this.#config, seen.name), this.#context);
      this.#zones.set(seen.name, zone);
    }
    return zone;
  }

  #treatMissing(missing: readonly Zone[]): void {
    if (missing.length === 0) {
      this.#tellHeld(0);
      return;
    }
    const { clock, lookSoon } = this.#context;
    const now = clock.monotonicMs();
    for (const zone of missing) zone.missingSinceMs ??= now;
    const free = missing.filter(({ hold }) => hold === undefined);
    const vanished = free.filter((zone) => zone.served !== undefined).length;
    const known = [...this.#zones.values()].filter(
      (zone) => zone.served !== undefined && zone.hold === undefined,
    ).length;
    if (known >= ACCIDENT_ZONES && vanished * 2 > known) {
      for (const zone of free) zone.hold = 'accident';
    } else {
      for (const zone of free) {
        if (now - zone.missingSinceMs! < SETTLE_MS) lookSoon(SETTLE_MS);
        else this.#letGo(zone);
      }
    }
    for (const zone of missing.filter(({ hold }) => hold === 'parent')) this.#letGo(zone);
    this.#tellHeld(missing.filter(({ hold }) => hold === 'accident').length);
  }

  /** Removes a zone whose file is gone, unless its parent names it. */
  #letGo(zone: Zone): void {
    if (this.#isNamed(zone)) this.#keep(zone);
    else void this.#remove(zone);
  }

  /** Of a zone that was recalled nobody knows what its parent has before its keys are open. */
  #isNamed(zone: Zone): boolean {
    if (zone.signing === undefined) return zone.hold === 'parent';
    return zone.served !== undefined && this.tagsAtParent(zone).length > 0;
  }

  #keep(zone: Zone): void {
    zone.hold = 'parent';
    this.#context.concerns.touch(zone);
    this.#kept.keep(zone, this.#context.clock.now());
  }

  #tellHeld(held: number): void {
    if (held === 0) {
      this.#clear('ZONES_VANISHED');
      return;
    }
    this.#raise({
      code: 'ZONES_VANISHED',
      message: `the files of ${held} zones vanished at once; these zones stay served`,
      fix: 'put the files back, or run: keyturn zone forget',
    });
  }

  async #remove(zone: Zone): Promise<void> {
    this.#zones.delete(zone.name);
    await Promise.all([zone.remove(), this.#kept.drop(zone)]);
  }

  #raise(alarm: Alarm): void {
    const { code, message, fix } = alarm;
    const isNew = this.#alarms.get(code)?.message !== message;
    this.#alarms.set(code, alarm);
    if (!isNew) return;
    this.#context.log.error({ code, fix }, `${message}. ${fix}`);
    this.#context.events.add({ kind: 'alarm', zone: null, message, details: { code, fix } });
  }

  #clear(code: Alarm['code']): void {
    if (!this.#alarms.delete(code)) return;
    this.#context.log.info({ code }, `${code} is over`);
    this.#context.events.add({
      kind: 'alarm-over',
      zone: null,
      message: `${code} is over`,
      details: { code },
    });
  }

  #tellMisnamed(misnamed: readonly Misnamed[]): void {
    const known = new Set(this.#misnamed.map(({ path, why }) => `${path} ${why}`));
    for (const { path, why } of misnamed) {
      if (!known.has(`${path} ${why}`))
        this.#context.log.error({ file: path }, `${path} is not loaded: ${why}`);
    }
    this.#misnamed = misnamed;
  }
}

function toMinutes(seconds: number): number {
  return Math.round(seconds / 60) * 60;
}
