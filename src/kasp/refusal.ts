/** Why an operator's request is not obeyed: the types that starting and cancelling a rollover share. */

/** Stable words for tools. */
export type RefusalCode =
  | 'NOT_SIGNED'
  | 'ALREADY_SIGNED'
  | 'ALREADY_INSECURE'
  | 'WRONG_SCHEME'
  | 'NO_CHANGE'
  | 'ALGORITHM_UNKNOWN'
  | 'METHOD_UNSUITABLE'
  | 'EMERGENCY_UNSUITABLE'
  | 'ROLLOVER_RUNNING'
  | 'PREVIOUS_KEY_LEAVING'
  | 'TOO_SOON'
  | 'DELEGATION_UNCONFIRMED'
  | 'PAUSED'
  | 'KEY_LOST'
  | 'ALREADY_PAUSED'
  | 'NOT_PAUSED'
  | 'NO_ROLLOVER'
  | 'ALREADY_CANCELLED'
  | 'POINT_OF_NO_RETURN';

export interface Refusal {
  readonly code: RefusalCode;
  /** One sentence without a full stop: what stands in the way. */
  readonly message: string;
  /** What to do instead, or what to wait for. */
  readonly fix: string;
}
