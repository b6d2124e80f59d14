/** Open files: a connection is one, and a server without a free one can neither accept nor read its keys. */
import fs from 'node:fs';
import type { Log } from '../ops/log.ts';
import type { Config } from '../store/config.ts';
import { STREAM_DEFAULTS } from '../transport/limits.ts';

/** For sockets, key files, zone files and pipes of the threads. */
const RESERVED = 512;
const LEAST_CONNECTIONS = 16;

/** The configuration with no more connections than there can be, which is told. */
export function withinDescriptors(config: Config, log: Log, limit: number = descriptorLimit()): Config {
  const { streams } = config.transport;
  const wanted = streams.maxConnections ?? STREAM_DEFAULTS.maxConnections;
  const possible = Math.max(LEAST_CONNECTIONS, limit - RESERVED);
  if (wanted <= possible) return config;
  log.warn(
    { wanted, possible, openFiles: limit },
    `at most ${possible} connections, not ${wanted}: the process may have ${limit} open files (ulimit -n, LimitNOFILE=)`,
  );
  const transport = { ...config.transport, streams: { ...streams, maxConnections: possible } };
  return { ...config, transport };
}

/** What the system allows; Node raises the limit to that by itself. Infinite where it is not told. */
function descriptorLimit(): number {
  if (!fs.existsSync('/proc/self/limits')) return Number.POSITIVE_INFINITY;
  const hard = /^Max open files\s+\d+\s+(\d+)/m.exec(fs.readFileSync('/proc/self/limits', 'utf8'))?.[1];
  return hard === undefined ? Number.POSITIVE_INFINITY : Number(hard);
}
