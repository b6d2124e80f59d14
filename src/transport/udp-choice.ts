/** Which of the two UDP transports serves, and why: told in the log at start. */
import type { Counters } from '../base/counters.ts';
import type { Respond } from '../wire/peer.ts';
import { loadLibc } from './libc.ts';
import type { ListenAddress } from './listen.ts';
import type { UdpServer } from './udp.ts';
import { type BatchedOptions, BatchedServer } from './udp-batched.ts';
import { DgramServer } from './udp-dgram.ts';

export type UdpKind = 'batched' | 'dgram';

export interface UdpChoice {
  /** Undefined if what was asked for cannot be had. */
  readonly kind: UdpKind | undefined;
  readonly because: string;
}

/** Chooses the transport for this machine; `auto` takes batched UDP where it can be had. */
export function chooseUdp(mode: UdpKind | 'auto'): UdpChoice {
  if (mode === 'dgram') return { kind: 'dgram', because: 'the configuration says so' };
  const libc = loadLibc();
  if (typeof libc === 'object') return { kind: 'batched', because: 'recvmmsg and sendmmsg are there' };
  return { kind: mode === 'auto' ? 'dgram' : undefined, because: libc };
}

/** Makes the server of a thread. Throws if the choice was made on another machine. */
export function makeUdpServer(
  kind: UdpKind,
  listen: readonly ListenAddress[],
  respond: Respond,
  counters: Counters,
  options: Pick<BatchedOptions, 'proxies' | 'handed' | 'steering'>,
): UdpServer {
  if (kind === 'dgram') return new DgramServer(listen, respond, { proxies: options.proxies }, counters);
  const libc = loadLibc();
  if (typeof libc === 'string') throw new Error(`batched UDP cannot be had: ${libc}`);
  return new BatchedServer(libc, listen, respond, options, counters);
}
