/** The network as looks at the parent see it; the real one is `daemon/parentnet`. Types only. */

/** A DNS server at a literal address. */
export interface ServerAddress {
  readonly address: string;
  readonly port: number;
}

/** No response came. */
export interface NetworkFault {
  /** `no route`: this host has no way there at all, as to IPv6 from a host that has none. */
  readonly code: 'timeout' | 'refused' | 'closed' | 'no route';
  /** For people, one clause. */
  readonly fault: string;
}

export interface Network {
  /**
   * Sends a query over TCP and resolves with the response that has its id; never rejects. The id of `query` is replaced
   * by a random one, and the response has that of `query` again.
   */
  exchange(server: ServerAddress, query: Uint8Array): Promise<Uint8Array | NetworkFault>;

  /** Sends a message in one datagram and resolves with the one that answers it; ids as above; never rejects. */
  tell(server: ServerAddress, message: Uint8Array): Promise<Uint8Array | NetworkFault>;
}
