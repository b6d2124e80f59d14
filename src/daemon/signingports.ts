/** What the signing of a zone is given of the world, what it is told, and whom it tells. */
import type { FileStore, FileStoreError, Random } from '../base/ports.ts';
import type { Policy } from '../kasp/policy.ts';
import type { Reminder } from '../kasp/reminders.ts';
import type { Action, RolloverRequest } from '../kasp/step.ts';
import type { ZoneState } from '../kasp/zonestate.ts';
import type { KeysAhead } from '../store/keysahead.ts';
import type { Name } from '../wire/name.ts';

/** What signing needs of the world. */
export interface SigningPorts {
  readonly files: FileStore;
  readonly random: Random;
  readonly keysDirectory: string;
  /** Sign also zones that come with keys of others. */
  readonly replaceKeys: boolean;
}

/** The zone that is signed. */
export interface SignedZone {
  readonly origin: Name;
  /** `formatName` of it, if that is there already. */
  readonly name?: string;
  readonly policy: Policy;
  readonly listener: SigningListener;
  /** Its keys, if they were read ahead. */
  readonly ahead?: KeysAhead | undefined;
}

/** Who is told what was done, as the log is. */
export interface SigningListener {
  actions(actions: readonly Action[]): void;
  ordered(order: OrderEvent): void;
  /** A rollover has waited for a person for so long that somebody shall be told again. */
  reminded(reminder: Reminder, state: ZoneState): void;
  /** The audit trail could not be written. */
  unaudited(error: FileStoreError): void;
}

/** What an operator did, or a lifetime that is over, for the audit trail. */
export interface OrderEvent {
  readonly kind: 'order';
  readonly order: string;
  readonly [detail: string]: unknown;
}

/** A state that is not durable yet, and what led to it. */
export interface Change {
  readonly state: ZoneState;
  readonly events: readonly OrderEvent[];
}

/** A rollover that is to begin in `state`. */
export interface Beginning {
  readonly state: ZoneState;
  readonly request: RolloverRequest;
  readonly by: 'operator' | 'lifetime';
}
