/** What zones have together. */
import type { Policy } from '../kasp/policy.ts';
import type { EventSink } from '../ops/events.ts';
import type { Log } from '../ops/log.ts';
import type { Children } from './children.ts';
import type { Concerns } from './concerns.ts';
import type { Handover } from './handover.ts';
import type { KeeperContext } from './keepercontext.ts';
import type { LoadQueue } from './loadqueue.ts';
import type { ParentMonitor } from './monitor.ts';
import type { Vouching } from './vouching.ts';

/** What all zones share. */
export interface ZoneContext extends KeeperContext {
  readonly loads: LoadQueue;
  readonly log: Log;
  readonly events: EventSink;
  /** Seed of name hashes. */
  readonly seed: number;
  readonly limitOctets: number;
  /** Looks at the parents of zones; undefined if nobody shall. */
  readonly monitor: ParentMonitor | undefined;
  readonly concerns: Concerns;
  /** What one zone says of another. */
  readonly vouching: Vouching;
  /** What zones do as parents. */
  readonly children: Children;
  /** What is handed over to its parent. */
  readonly handover: Handover;
  /** Asks for another look at the directory. */
  readonly lookSoon: (ms: number) => void;
}

/** A policy and its name. */
export interface NamedPolicy {
  readonly name: string;
  readonly policy: Policy;
}
