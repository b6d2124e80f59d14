/**
 * A validating `unbound` with its caches on, as resolvers run: what it learned stays as long as TTLs allow, and meets
 * what is fetched later. A bogus set is not asked for again, so that nothing is smoothed over.
 */
import { writeFileSync } from 'node:fs';
import { getPeer } from './peers.ts';
import { freePort, ServerProcess, type Workplace, waitUntil } from './processes.ts';
import { answers, type Stub } from './unbound.ts';

/** What differs from resolver to resolver: lines of the `server:` section. */
export type ResolverOptions = readonly string[];

const COMMON = [
  'do-daemonize: no',
  'use-syslog: no',
  'logfile: ""',
  'pidfile: ""',
  'username: ""',
  'chroot: ""',
  'do-ip6: no',
  'num-threads: 1',
  'so-rcvbuf: 0',
  'do-not-query-localhost: no',
  'module-config: "validator iterator"',
  'qname-minimisation: no',
  'target-fetch-policy: "0 0 0 0 0"',
  'minimal-responses: no',
  'prefetch: no',
  'serve-expired: no',
  'val-log-level: 2',
  'val-max-restart: 0',
  'trust-anchor-signaling: no',
  'root-key-sentinel: no',
  // No server is down, but the machine may be busy: who gives up soon finds faults that nobody has made.
  'unknown-server-time-limit: 2000',
  'infra-cache-min-rtt: 1000',
  'infra-cache-max-rtt: 4000',
  'outbound-msg-retry: 10',
  'discard-timeout: 0',
];

/** A running resolver. */
export class CachingUnbound {
  readonly port: number;
  readonly process: ServerProcess;

  private constructor(port: number, process: ServerProcess) {
    this.port = port;
    this.process = process;
  }

  static async start(
    stubs: readonly Stub[],
    anchor: string,
    options: ResolverOptions,
    workplace: Workplace,
  ): Promise<CachingUnbound> {
    const port = await freePort();
    const own = [
      `directory: "${workplace.path}"`,
      `interface: 127.0.0.1@${port}`,
      `trust-anchor: "${anchor}"`,
    ];
    const zones = stubs.map(({ origin }) => `local-zone: "${origin}" nodefault`);
    const rows = ['server:', ...[...COMMON, ...own, ...zones, ...options].map((row) => `  ${row}`)];
    rows.push('remote-control:', '  control-enable: no');
    for (const stub of stubs) {
      rows.push('stub-zone:', `  name: "${stub.origin}"`, `  stub-addr: 127.0.0.1@${stub.port}`);
    }
    const file = workplace.at(`caching-${port}.conf`);
    writeFileSync(file, `${rows.join('\n')}\n`);
    const process = new ServerProcess(getPeer('unbound'), ['-d', '-p', '-c', file]);
    await waitUntil(() => answers(port), 'unbound answers', 15_000, process);
    return new CachingUnbound(port, process);
  }

  /** What the validator complained about. */
  get complaints(): string[] {
    return this.process.lines.filter((line) => /validation failure|bogus/i.test(line));
  }

  async stop(): Promise<void> {
    await this.process.stop();
  }
}
