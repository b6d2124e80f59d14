/** A zone that `knotd` serves and signs by itself, changed by transactions of `knotc` as a registry's own tools do it. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { type DsServer, PARENT_TTL, type ParentSetup, parentRows } from './ds-server.ts';
import { getPeer } from './peers.ts';
import { freePort, runOk, ServerProcess, type Workplace, waitUntil } from './processes.ts';
import { answers } from './unbound.ts';

/** One key for everything, no rollover, everything as short-lived as the rest of the zone. */
const POLICY = [
  '  - id: parent',
  '    single-type-signing: on',
  '    algorithm: ECDSAP256SHA256',
  '    ksk-lifetime: 0',
  '    zsk-lifetime: 0',
  `    dnskey-ttl: ${PARENT_TTL}`,
  `    zone-max-ttl: ${PARENT_TTL}`,
  '    propagation-delay: 0',
  '    cds-cdnskey-publish: none',
];

export class KnotZone implements DsServer {
  readonly port: number;
  readonly process: ServerProcess;
  readonly #origin: string;
  readonly #socket: string;

  private constructor(port: number, process: ServerProcess, origin: string, socket: string) {
    this.port = port;
    this.process = process;
    this.#origin = origin;
    this.#socket = socket;
  }

  static async start(setup: ParentSetup, workplace: Workplace): Promise<KnotZone> {
    const { origin } = setup;
    const port = await freePort();
    const folder = workplace.at(`knotd-${port}`);
    mkdirSync(folder);
    writeFileSync(`${folder}/parent.zone`, `${parentRows(setup, 1).join('\n')}\n`);
    const socket = `${folder}/knot.sock`;
    const configuration = [
      'server:',
      `    listen: 127.0.0.1@${port}`,
      `    rundir: "${folder}"`,
      '    udp-workers: 1',
      '    tcp-workers: 1',
      '    background-workers: 1',
      'control:',
      `    listen: "${socket}"`,
      'log:',
      '  - target: stderr',
      '    any: warning',
      'database:',
      `    storage: "${folder}"`,
      '    journal-db-max-size: 16M',
      '    kasp-db-max-size: 16M',
      '    timer-db-max-size: 16M',
      'policy:',
      ...POLICY,
      'zone:',
      `  - domain: "${origin}"`,
      `    file: "${folder}/parent.zone"`,
      '    zonefile-sync: -1',
      '    zonefile-load: whole',
      '    journal-content: changes',
      '    dnssec-signing: on',
      '    dnssec-policy: parent',
      '',
    ];
    writeFileSync(`${folder}/knot.conf`, configuration.join('\n'));
    const process = new ServerProcess(getPeer('knotd'), ['-c', `${folder}/knot.conf`]);
    await waitUntil(() => answers(port), 'knotd answers', 20_000, process);
    return new KnotZone(port, process, origin, socket);
  }

  async replaceDs(child: string, records: readonly string[], before: readonly string[]): Promise<void> {
    await this.#knotc('zone-begin', this.#origin);
    if (before.length > 0) await this.#knotc('zone-unset', this.#origin, child, 'DS');
    for (const record of records) {
      await this.#knotc('zone-set', this.#origin, child, `${PARENT_TTL}`, 'DS', record);
    }
    await this.#knotc('zone-commit', this.#origin);
  }

  async stop(): Promise<void> {
    await this.process.stop();
  }

  async #knotc(...args: string[]): Promise<void> {
    await runOk(getPeer('knotc'), ['-b', '-s', this.#socket, ...args]);
  }
}
