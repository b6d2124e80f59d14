/** What the machine is told and what it answers: the types that `next` and all who call it share. */
import type { UnixSeconds } from '../base/time.ts';
import type { RecordKind, RecordState } from './key.ts';
import type { Emergency, RolloverMethod, RolloverType, ZoneState } from './zonestate.ts';

/** Facts of the zone that is served, handed in with every call. */
export interface Facts {
  /** Largest TTL of the zone's data, SOA and denial among it. */
  readonly maxTtl: number;
  /** Ingc: min(SOA TTL, SOA MINIMUM), for which caches keep "no such type" (RFC 9077). */
  readonly negativeTtl: number;
  /** False only if it is known that nobody ever served this zone unsigned. */
  readonly hadUnsignedBefore?: boolean;
  /** False after a step of the clock: what time alone makes true is not taken (ROLLOVER 1.9). */
  readonly isClockTrusted?: boolean;
  /** Ids of keys whose DS some server of the parent had at the last look: they are not destroyed (ROLLOVER 3.4.7). */
  readonly namedByParent?: readonly string[];
}

/** An edge that was taken, for the log and the audit trail. */
export interface EdgeTaken {
  readonly kind: 'edge';
  readonly keyId: string;
  readonly tag: number;
  readonly record: RecordKind;
  readonly from: RecordState;
  readonly to: RecordState;
  readonly because: string;
}

/** Something about a rollover that an operator wants to read in the log. */
export interface RolloverEvent {
  readonly kind: 'rollover';
  readonly event: 'started' | 'step' | 'done' | 'cancelled' | 'stalled';
  readonly type: RolloverType;
  readonly id: string;
  readonly step: string;
  readonly because: string;
}

/** A key whose private half may be destroyed: hidden for `purgeAfter`. The shell destroys it and buries the key. */
export interface Purge {
  readonly kind: 'purge';
  readonly keyId: string;
  readonly tag: number;
}

export type Action = EdgeTaken | RolloverEvent | Purge;

/** Why an edge is not taken yet; stable words for tools. */
export type WaitReason =
  | 'acknowledgement'
  | 'clock_step'
  | 'negative_caches'
  | 'unsigned_caches'
  | 'bootstrap_hold'
  | 'dnskey_ttl'
  | 'zone_ttl'
  | 'ds_ttl'
  | 'parent_ds'
  | 'parent_ds_gone'
  | 'cds_hold'
  | 'delegation_unconfirmed'
  | 'paused'
  | 'gate'
  | 'plan'
  | 'invariant'
  | 'oracle';

/** One wait. `until` is null where time alone does not end it. */
export interface Waiting {
  readonly keyId: string;
  readonly tag: number;
  readonly record: RecordKind;
  readonly to: RecordState;
  readonly reason: WaitReason;
  readonly until: UnixSeconds | null;
  readonly because: string;
}

/** A rollover to be started: by the operator, or because a lifetime is over. */
export interface RolloverRequest {
  readonly type: RolloverType;
  /** DNSSEC algorithm number of the new keys (type `algorithm`). */
  readonly algorithm?: number;
  readonly scheme?: 'csk' | 'ksk-zsk';
  readonly method?: RolloverMethod;
  readonly emergency?: Emergency;
  /** The private half of a key that goes is lost: nothing can be signed with it (ROLLOVER 2.8). */
  readonly isLost?: boolean;
}

export interface Step {
  readonly zoneState: ZoneState;
  /** True if `zoneState` differs from what was handed in and must be made durable. */
  readonly isChanged: boolean;
  /** True if what is served differs: publish, then call `acknowledge`. */
  readonly isContentChanged: boolean;
  readonly actions: readonly Action[];
  /** Earliest instant at which another call can change something. */
  readonly nextWake: UnixSeconds | null;
  readonly waiting: readonly Waiting[];
  /** A rollover that is due by a lifetime and can start: create its keys, then `startRollover`. */
  readonly due: RolloverRequest | null;
  /** Id of a rollover that the policy has cancelled by itself: `cancelRollover`. */
  readonly forgotten: string | null;
}

/** True if nothing is to be done after the step: its state is the one that was handed in. */
export function asksNothing({ isChanged, actions, due, forgotten }: Step): boolean {
  return !isChanged && actions.length === 0 && due === null && forgotten === null;
}
