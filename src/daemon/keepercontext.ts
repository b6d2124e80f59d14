/** What a keeper of keys is given of its zone and of the server, and what it gives back. */
import type { Policy } from '../kasp/policy.ts';
import type { Name } from '../wire/name.ts';
import type { KeysBefore } from './keysbefore.ts';
import type { Publisher } from './publisher.ts';
import type { Scheduler } from './scheduler.ts';
import type { SigningPorts } from './signingports.ts';
import type { SteadyClock } from './steadyclock.ts';
import type { Turns } from './turns.ts';

/** What the keepers of all zones share. */
export interface KeeperContext {
  readonly clock: SteadyClock;
  readonly scheduler: Scheduler;
  readonly turns: Turns;
  readonly publisher: Publisher;
  readonly isUnsigned: boolean;
  readonly signing: SigningPorts;
  readonly keysBefore: KeysBefore;
}

/** The zone that is kept. */
export interface KeptZone {
  readonly id: number;
  readonly name: string;
  readonly origin: Name;
  readonly policy: Policy;
  /** Its keys have had a turn. */
  turned(): void;
  /** Ids of keys whose DS the parent had at the last look. */
  namedByParent(): readonly string[];
}

/**
 * What was taken is durable. `published` resolves when all threads serve it and the keys have nothing left to do; at a
 * start, of keys that were there before, when all threads serve it.
 */
export interface Taken {
  readonly published: Promise<void>;
}
