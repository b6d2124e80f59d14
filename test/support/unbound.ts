/**
 * An `unbound` that validates what a server under test answers (DESIGN §10): one stub-zone per zone, trust anchors
 * from the zones' own keys, no caches, no aggressive use of NSEC, so that every question travels to the server. What
 * lies outside of the zones is answered by a stub for the root, so that nothing leaves the machine.
 */
import { writeFileSync } from 'node:fs';
import { Asker } from './asker.ts';
import { getPeer } from './peers.ts';
import { freePort, ServerProcess, type Workplace, waitUntil } from './processes.ts';

/** Where a zone is served, on 127.0.0.1. */
export interface Stub {
  /** Presentation form without escapes beyond those of unbound: `example.com.` */
  readonly origin: string;
  readonly port: number;
}

export interface UnboundSetup {
  readonly stubs: readonly Stub[];
  /** DS or DNSKEY records in presentation form. */
  readonly trustAnchors: readonly string[];
}

const UNREACHABLE = ['192.0.2.0/24', '198.51.100.0/24', '203.0.113.0/24', '2001:db8::/32'];

function configuration({ stubs, trustAnchors }: UnboundSetup, port: number, folder: string): string {
  const rows = [
    'server:',
    '  do-daemonize: no',
    '  use-syslog: no',
    '  logfile: ""',
    '  pidfile: ""',
    '  username: ""',
    '  chroot: ""',
    `  directory: "${folder}"`,
    `  interface: 127.0.0.1@${port}`,
    '  do-ip6: no',
    '  num-threads: 1',
    '  outgoing-range: 900',
    '  num-queries-per-thread: 800',
    '  outgoing-num-tcp: 100',
    '  incoming-num-tcp: 100',
    '  so-rcvbuf: 0',
    '  do-not-query-localhost: no',
    '  module-config: "validator iterator"',
    '  aggressive-nsec: no',
    '  qname-minimisation: no',
    '  harden-below-nxdomain: no',
    '  target-fetch-policy: "0 0 0 0 0"',
    '  msg-cache-size: 0',
    '  rrset-cache-size: 0',
    '  cache-max-ttl: 0',
    '  cache-max-negative-ttl: 0',
    '  minimal-responses: no',
    '  edns-buffer-size: 1232',
    '  val-log-level: 2',
    '  val-max-restart: 1',
    '  unblock-lan-zones: yes',
    '  trust-anchor-signaling: no',
    '  root-key-sentinel: no',
    ...stubs.map(({ origin }) => `  local-zone: "${origin}" nodefault`),
    ...UNREACHABLE.map((prefix) => `  do-not-query-address: ${prefix}`),
    ...trustAnchors.map((record) => `  trust-anchor: "${record}"`),
    'remote-control:',
    '  control-enable: no',
  ];
  for (const stub of stubs) {
    rows.push('stub-zone:', `  name: "${stub.origin}"`, `  stub-addr: 127.0.0.1@${stub.port}`);
    rows.push('  stub-prime: no', '  stub-no-cache: yes');
  }
  return `${rows.join('\n')}\n`;
}

/** A running unbound. */
export class Unbound {
  readonly port: number;
  readonly process: ServerProcess;
  readonly asker: Asker;

  private constructor(port: number, process: ServerProcess) {
    this.port = port;
    this.process = process;
    this.asker = new Asker(port, { timeoutMs: 20_000, tries: 2 });
  }

  /** Starts unbound in a folder of its own and waits until it answers. */
  static async start(setup: UnboundSetup, workplace: Workplace): Promise<Unbound> {
    const port = await freePort();
    const file = workplace.at(`unbound-${port}.conf`);
    writeFileSync(file, configuration(setup, port, workplace.path));
    const process = new ServerProcess(getPeer('unbound'), ['-d', '-p', '-c', file]);
    await waitUntil(() => answers(port), 'unbound answers', 15_000, process);
    return new Unbound(port, process);
  }

  /** What the validator complained about. */
  get complaints(): string[] {
    return this.process.lines.filter((line) => /validation failure|bogus/i.test(line));
  }

  async stop(): Promise<void> {
    this.asker.close();
    await this.process.stop();
  }
}

/** True if a server answers anything at all on this port. */
export async function answers(port: number): Promise<boolean> {
  const asker = new Asker(port, { timeoutMs: 100, tries: 1 });
  const isAnswered = await asker
    .askUdp({ name: Uint8Array.of(9, ...Buffer.from('localhost'), 0), type: 1 })
    .then(
      () => true,
      () => false,
    );
  asker.close();
  return isAnswered;
}
