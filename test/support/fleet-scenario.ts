/**
 * The zones of a simulated fleet: policies, TTLs and parents, drawn from a seed so that a zone that fails can be
 * played again alone.
 */
import { DEFAULT_POLICY, type Policy } from '../../src/kasp/policy.ts';
import type { RolloverRequest } from '../../src/kasp/step.ts';

export const MINUTE = 60;
export const HOUR = 3_600;
export const DAY = 86_400;
export const YEAR = 365 * DAY;

/** Reproducible chance (mulberry32). */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = Math.imul(seed + 1, 0x9e37_79b9) >>> 0;
  }

  /** Uniform in [0, 1). */
  roll(): number {
    this.#state = (this.#state + 0x6d2b_79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** An integer from `low` to `high`, both possible. */
  between(low: number, high: number): number {
    return low + Math.floor(this.roll() * (high - low + 1));
  }

  chance(probability: number): boolean {
    return this.roll() < probability;
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.between(0, choices.length - 1)]!;
  }
}

export const PARENT_KINDS = ['quick', 'slow', 'flapping', 'refusing', 'one-ds'] as const;
export type ParentKind = (typeof PARENT_KINDS)[number];

/** How a parent behaves; all delays in seconds. */
export interface ParentTraits {
  readonly kind: ParentKind;
  /** From new CDS until the parent fetches them, and from there until its first server has the new DS. */
  readonly scanDelay: number;
  readonly applyDelay: number;
  /** From its first server to its last. */
  readonly spread: number;
  /** From there until the monitor tells of it. */
  readonly monitorDelay: number;
  readonly ttl: number;
  readonly negativeTtl: number;
}

export interface Scenario {
  readonly policy: Policy;
  readonly parent: ParentTraits;
  readonly maxTtl: number;
  readonly negativeTtl: number;
  /** From the commit of new content until every server has acknowledged it. */
  readonly ackDelay: number;
  /** Mean number of writes between two losses of power. */
  readonly writesPerCrash: number;
}

export function scenarioOf(dice: Dice): Scenario {
  const kind = dice.pick(PARENT_KINDS);
  const policy = policyOf(dice, kind);
  return {
    policy,
    parent: parentOf(dice, kind, policy),
    maxTtl: ttlOf(dice),
    negativeTtl: dice.pick([1, MINUTE, HOUR]),
    ackDelay: shortWait(dice),
    writesPerCrash: dice.between(100, 800),
  };
}

function policyOf(dice: Dice, kind: ParentKind): Policy {
  const methods = ['additive', 'swap', 'double-ds'] as const;
  return {
    ...DEFAULT_POLICY,
    scheme: dice.pick(['csk', 'ksk-zsk']),
    algorithm: dice.pick([13, 15]),
    lifetime: {
      csk: dice.between(40, 200) * DAY,
      ksk: dice.between(40, 200) * DAY,
      zsk: dice.between(15, 90) * DAY,
    },
    dnskeyTtl: ttlOf(dice),
    cdsTtl: dice.pick([MINUTE, 5 * MINUTE]),
    publishSafety: waitOf(dice),
    retireSafety: waitOf(dice),
    propagation: shortWait(dice),
    parent: { propagation: shortWait(dice), dsTtl: ttlOf(dice) },
    cds: dice.pick(['always', 'rollover']),
    // A parent that takes one DS only would put the DS of a key that is not published yet (ROLLOVER 3.5).
    rollover: {
      ksk: dice.pick(kind === 'one-ds' ? methods.slice(0, 2) : methods),
      algorithm: dice.pick(['conservative', 'liberal']),
    },
    minInterval: dice.pick([0, DAY, 7 * DAY]),
    purgeAfter: dice.between(0, 30) * DAY,
  };
}

/** What a parent does between its fetch of CDS and the report that all has its way takes less than any hold (24 h). */
function parentOf(dice: Dice, kind: ParentKind, policy: Policy): ParentTraits {
  return {
    kind,
    scanDelay: kind === 'slow' ? dice.between(DAY, 45 * DAY) : dice.between(0, 5 * HOUR),
    applyDelay: kind === 'quick' ? dice.between(0, MINUTE) : dice.between(0, 5 * HOUR),
    spread: kind === 'flapping' ? dice.between(HOUR, 8 * HOUR) : shortWait(dice),
    monitorDelay: shortWait(dice),
    ttl: ttlOf(dice),
    negativeTtl: policy.parent.dsTtl,
  };
}

const REQUESTS: readonly RolloverRequest[] = [
  { type: 'zsk' },
  { type: 'ksk' },
  { type: 'csk' },
  { type: 'algorithm', algorithm: 15 },
  { type: 'algorithm', algorithm: 13 },
  { type: 'scheme', scheme: 'csk' },
  { type: 'scheme', scheme: 'ksk-zsk' },
  { type: 'zsk', emergency: 'continuity' },
];

/** What an operator asks for; most of it is refused at most times. */
export function requestOf(dice: Dice, { kind }: ParentTraits): RolloverRequest {
  const request = dice.pick(REQUESTS);
  const isDoubled = request.type === 'ksk' && kind !== 'one-ds' && dice.chance(0.3);
  return isDoubled ? { ...request, method: 'double-ds' } : request;
}

export function ttlOf(dice: Dice): number {
  return dice.chance(0.5) ? dice.pick([1, MINUTE, HOUR, DAY]) : dice.between(1, 2 * DAY);
}

function waitOf(dice: Dice): number {
  return dice.chance(0.5) ? dice.pick([0, 1, HOUR, DAY]) : dice.between(0, 2 * DAY);
}

function shortWait(dice: Dice): number {
  return dice.chance(0.5) ? dice.pick([0, 1, MINUTE]) : dice.between(0, 2 * HOUR);
}
