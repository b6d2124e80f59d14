/** What the configuration says about sockets and connections. Limits that are left out are those of transport/limits. */
import { z } from 'zod';
import type { Prefix } from '../wire/prefix.ts';
import { addressPrefix, duration, listenAddress, path } from './config-values.ts';
import type { Listen } from './listen.ts';

const name = z.string().min(1, 'a name is not empty');
const MAX_COUNT = 1_000_000;
const MAX_OCTETS = 2 ** 40;
const MIN_QUERY_OCTETS = 512;
const MAX_QUERY_OCTETS = 65_535;

const count = z.int().min(1).max(MAX_COUNT);
const octets = z.int().min(1).max(MAX_OCTETS);
const time = duration.refine((seconds) => seconds > 0, 'at least one second');

const tcp = z
  .strictObject({
    connections: count.describe(
      'connections in all; when they are taken, the one that was silent longest is closed',
    ),
    connectionsPerAddress: count.describe('connections of one IPv4 address or IPv6 /64'),
    idle: time.describe('a connection on which no query comes for so long is closed'),
    message: time.describe('a query must arrive within that time, from its first octet to its last'),
    stall: time.describe('a client must take what was sent to it within that time'),
    queryOctets: z
      .int()
      .min(MIN_QUERY_OCTETS)
      .max(MAX_QUERY_OCTETS)
      .describe('a connection with a longer query is closed'),
    pipeline: count.describe('so many queries of a connection are answered before others have their turn'),
    unsentOctets: octets.describe('a connection with more octets of answers that are not taken is closed'),
    memory: octets.describe(
      'octets of unfinished queries and unsent answers of all connections; above it, the silent ones are closed',
    ),
  })
  .partial();

const tls = z.strictObject({
  certificate: path.describe('PEM file of the certificate, followed by those that lead to its authority'),
  key: path.describe('PEM file of its private key'),
});

/** The keys of the configuration file that are about transports. */
export const transportKeys = {
  listenTls: z
    .array(listenAddress)
    .optional()
    .describe('addresses and ports for DNS over TLS, like 192.0.2.1:853; needs tls'),
  tls: tls
    .optional()
    .describe('the certificate of DNS over TLS; it is read again when its files change, and on SIGHUP'),
  proxyFrom: z
    .array(addressPrefix)
    .optional()
    .describe(
      'proxies, like 192.0.2.7 or 192.0.2.0/28, whose messages and connections begin with a PROXY header (version 2)',
    ),
  user: name
    .optional()
    .describe('user that the server becomes when its sockets are bound, if it is started as root'),
  group: name.optional().describe("its group; without this the user's own"),
  tcp: tcp.optional().describe('limits of TCP connections, those with TLS among them'),
};

/** Limits of streams as transport/limits has them; what is not there has its default. */
export interface StreamSettings {
  readonly maxConnections?: number;
  readonly maxConnectionsPerAddress?: number;
  readonly idleMs?: number;
  readonly messageMs?: number;
  readonly stallMs?: number;
  readonly maxRequestOctets?: number;
  readonly queriesPerTurn?: number;
  readonly maxUnsentOctets?: number;
  readonly maxHeldOctets?: number;
}

/** What data threads must know of the configuration. Plain data. */
export interface TransportSettings {
  readonly streams: StreamSettings;
  /** Where TLS is spoken. */
  readonly tlsListen: readonly Listen[];
  /** Whose PROXY protocol headers are believed, and must be there. */
  readonly proxies: readonly Prefix[];
}

/** Absolute paths of the certificate and its key. */
export type TlsFiles = z.infer<typeof tls>;

const transportSchema = z.strictObject(transportKeys);
type TransportDocument = z.infer<typeof transportSchema>;

/** The settings that a document makes. */
export function transportOf({
  tcp: limits = {},
  listenTls = [],
  proxyFrom = [],
}: TransportDocument): TransportSettings {
  return { streams: streamsOf(limits), tlsListen: listenTls, proxies: proxyFrom };
}

function streamsOf(limits: NonNullable<TransportDocument['tcp']>): StreamSettings {
  const ms = (seconds: number | undefined) => (seconds === undefined ? undefined : seconds * 1000);
  return given({
    maxConnections: limits.connections,
    maxConnectionsPerAddress: limits.connectionsPerAddress,
    idleMs: ms(limits.idle),
    messageMs: ms(limits.message),
    stallMs: ms(limits.stall),
    maxRequestOctets: limits.queryOctets,
    queriesPerTurn: limits.pipeline,
    maxUnsentOctets: limits.unsentOctets,
    maxHeldOctets: limits.memory,
  });
}

/** The fields that have a value. */
function given<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const present = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(present) as { [K in keyof T]?: Exclude<T[K], undefined> };
}
