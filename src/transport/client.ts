/** What a stream server knows of each of its connections, whatever state it is in. */

export interface Client {
  /** Under which its address is counted; null for a proxy, which speaks for many. */
  readonly addressKey: string | null;
  /** Monotonic milliseconds of the last whole query, or of its beginning. */
  readonly activeAt: number;
  /** True if nothing is under way: no query half read, none unanswered, no answer unsent. */
  readonly isQuiet: boolean;
  /** True if it keeps octets for a query or an answer that is not done. */
  readonly isHolding: boolean;
  /** Closes the connection if a limit of time is passed; `now` is monotonic milliseconds. */
  sweep(now: number): void;
  /** Sends what is unsent, then closes; no further query is read. */
  close(): void;
  /** Closes at once. */
  destroy(): void;
}

/** Who asks: the other end of the connection, or whom its proxy names. */
export interface Origin {
  readonly family: 4 | 6;
  readonly address: string;
  readonly port: number;
}
