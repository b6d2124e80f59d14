/** A parent zone that `named` serves. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { type DsServer, type ParentSetup, parentRows } from './ds-server.ts';
import { makeKey, Named, signWithBind, type ZoneFile } from './named.ts';
import type { ServerProcess, Workplace } from './processes.ts';

/** A zone served by `named`, signed anew by `dnssec-signzone` for each change. */
export class NamedZone implements DsServer {
  readonly #setup: ParentSetup;
  readonly #zone: ZoneFile;
  readonly #key: string;
  readonly #ds = new Map<string, readonly string[]>();
  readonly #named: Named;
  #serial = 1;

  private constructor(setup: ParentSetup, zone: ZoneFile, key: string, named: Named) {
    this.#setup = setup;
    this.#zone = zone;
    this.#key = key;
    this.#named = named;
  }

  static async start(setup: ParentSetup, workplace: Workplace): Promise<NamedZone> {
    const { origin } = setup;
    const folder = workplace.at(`parent-${origin}`);
    mkdirSync(folder);
    const zone = { origin, file: `${folder}/zone` };
    const key = await makeKey(origin, folder);
    writeFileSync(zone.file, `${parentRows(setup, 1).join('\n')}\n`);
    const file = await signWithBind(zone, key);
    const named = await Named.start([{ origin, file }], workplace);
    return new NamedZone(setup, zone, key, named);
  }

  get port(): number {
    return this.#named.port;
  }

  get process(): ServerProcess {
    return this.#named.process;
  }

  async replaceDs(child: string, records: readonly string[]): Promise<void> {
    this.#serial++;
    this.#ds.set(child, records);
    const ds = [...this.#ds].flatMap(([owner, set]) => set.map((record) => `${owner} IN DS ${record}`));
    writeFileSync(this.#zone.file, `${[...parentRows(this.#setup, this.#serial), ...ds].join('\n')}\n`);
    await signWithBind(this.#zone, this.#key);
    this.process.signal('SIGHUP');
  }

  async stop(): Promise<void> {
    await this.#named.stop();
  }
}
