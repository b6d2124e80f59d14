/**
 * A parent zone on two servers that copies CDS in its own manner (ROLLOVER 3.5), and the history of its DS RRset. What
 * it fetches is given to it; it tells when it is worth while to look at it.
 */
import type { Waiting } from '../../src/kasp/step.ts';
import type { Dice, ParentTraits } from './fleet-scenario.ts';
import type { ServedCds, ServedDs } from './rollover-judge.ts';

const ENDLESS = Number.POSITIVE_INFINITY;

export interface ParentPorts {
  readonly now: () => number;
  readonly schedule: (seconds: number, act: () => void) => void;
  /** Every server has the new DS. */
  readonly onSettled: () => void;
}

export class FleetParent {
  readonly history: ServedDs[];
  #ttl: number;
  readonly #traits: ParentTraits;
  readonly #propagation: number;
  readonly #dice: Dice;
  readonly #ports: ParentPorts;
  /** Content of each server. */
  readonly #servers: (readonly string[])[] = [[], []];
  #busyUntil = 0;
  #refusesUntil = 0;

  constructor(traits: ParentTraits, propagation: number, dice: Dice, ports: ParentPorts) {
    this.#traits = traits;
    this.#propagation = propagation;
    this.#dice = dice;
    this.#ports = ports;
    this.#ttl = traits.ttl;
    this.history = [{ first: 0, last: ENDLESS, deadAt: ENDLESS, ttl: traits.negativeTtl, keys: [] }];
  }

  /** What its servers answer now. */
  get answers(): readonly (readonly string[])[] {
    return this.#servers;
  }

  /** Whether a look at its servers would end a wait, now or when it proves something. */
  isTelling(waiting: readonly Waiting[]): boolean {
    return waiting.some(({ keyId, reason }) => {
      const has = this.answers.map((ids) => ids.includes(keyId));
      return reason === 'parent_ds' ? has.every(Boolean) : reason === 'parent_ds_gone' && !has.some(Boolean);
    });
  }

  /** The largest TTL that a server gives to its DS RRset. */
  get ttl(): number {
    const { history } = this;
    return Math.max(...history.filter(({ last }) => last > this.#ports.now()).map(({ ttl }) => ttl));
  }

  /** The DS RRset has another TTL from now on, or from its next change if one is under way. */
  setTtl(ttl: number): void {
    this.#ttl = ttl;
    const before = this.history.at(-1)!;
    const now = this.#ports.now();
    if (before.keys.length === 0 || now < this.#busyUntil) return;
    // Nothing else changes until the monitor has told.
    this.#busyUntil = now + this.#traits.monitorDelay;
    this.#replace(before.keys, 0);
    this.#ports.onSettled();
  }

  /** Fetches CDS and acts on them some time later; or refuses, for months or for ever. */
  scan(cds: ServedCds): void {
    const { kind, applyDelay } = this.#traits;
    if (cds.keys.length === 0) return;
    const hasDs = this.#servers[0]!.length > 0;
    if (kind === 'refusing' && hasDs && this.#ports.now() >= this.#refusesUntil && this.#dice.chance(0.5)) {
      this.#refusesUntil = this.#ports.now() + this.#dice.pick([30 * 86_400, 120 * 86_400, ENDLESS]);
    }
    if (this.#ports.now() < this.#refusesUntil) return;
    const keys = kind === 'one-ds' ? this.#newestOf(cds.keys) : cds.keys;
    this.#ports.schedule(applyDelay, () => this.#apply(keys));
  }

  /** One of the keys: the one that has no DS yet, else one of those that have. */
  #newestOf(keys: readonly string[]): readonly string[] {
    const current = this.#servers[0]!;
    return [keys.findLast((id) => !current.includes(id)) ?? keys.at(-1)!];
  }

  /** Puts the DS records into its servers, one after the other; changes queue. */
  #apply(keys: readonly string[]): void {
    const { kind, spread } = this.#traits;
    const now = this.#ports.now();
    if (now < this.#busyUntil) {
      this.#ports.schedule(this.#busyUntil - now, () => this.#apply(keys));
      return;
    }
    const before = this.history.at(-1)!;
    if (before.keys.join() === keys.join()) return;
    this.#busyUntil = now + spread;
    this.#replace(keys, spread);
    this.#put(0, keys);
    if (kind === 'flapping') {
      this.#ports.schedule(spread / 3, () => this.#put(0, before.keys));
      this.#ports.schedule((spread * 2) / 3, () => this.#put(0, keys));
    }
    this.#ports.schedule(spread, () => {
      this.#put(1, keys);
      this.#ports.onSettled();
    });
  }

  /** Another RRset, which all servers have after `spread` seconds. */
  #replace(keys: readonly string[], spread: number): void {
    const now = this.#ports.now();
    const before = this.history.at(-1)!;
    before.last = now + spread;
    before.deadAt = before.last + this.#propagation + before.ttl;
    const ttl = keys.length === 0 ? this.#traits.negativeTtl : this.#ttl;
    this.history.push({ first: now, last: ENDLESS, deadAt: ENDLESS, ttl, keys });
  }

  #put(server: number, keys: readonly string[]): void {
    this.#servers[server] = keys;
  }
}
