/** What the two UDP transports share: `udp-dgram` everywhere, batched system calls on Linux. */
import type { ListenAddress } from './listen.ts';

/** A UDP server on one or more addresses. It is started once and stopped once. */
export interface UdpServer {
  /** Binds all addresses, or none and throws ListenError. */
  start(): Promise<void>;
  /** Answers what has arrived, sends what is waiting, closes the sockets. Never rejects; a second call waits too. */
  stop(): Promise<void>;
  /** What is bound, with real ports; a wildcard is given as the addresses that it stood for. */
  readonly addresses: readonly ListenAddress[];
  readonly counters: Readonly<UdpCounters>;
}

/** What happened to datagrams; numbers only grow. */
export interface UdpCounters {
  received: number;
  /** Handed to the kernel. */
  sent: number;
  /** Of these: as parts of messages to one peer (`transport/outgoing`). */
  sentTogether: number;
  /** No answer: the responder wanted none. */
  unanswered: number;
  /** Dropped: from a source that wants no answer (`transport/reflection`). */
  badSource: number;
  /** Dropped: a listed proxy sent no header, or a malformed one. */
  badProxyHeaders: number;
  /** Dropped: too many responses wait for the kernel. */
  overloaded: number;
  /** The responder threw. */
  faults: number;
  sendErrors: number;
  /** Errors of a socket other than while sending, failed binds of a wildcard's addresses among them. */
  socketErrors: number;
}

export function newUdpCounters(): UdpCounters {
  return {
    received: 0,
    sent: 0,
    sentTogether: 0,
    unanswered: 0,
    badSource: 0,
    badProxyHeaders: 0,
    overloaded: 0,
    faults: 0,
    sendErrors: 0,
    socketErrors: 0,
  };
}
