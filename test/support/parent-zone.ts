/**
 * A parent that works as a registry does: a signed zone of another make, whose DS RRsets can be set. Every change is told
 * only when the zone is served with it. `named` has its zone signed by `dnssec-signzone`, `knotd` signs by itself.
 */
import { writeFileSync } from 'node:fs';
import { changeOf, type DsChange, normalDs } from './above.ts';
import { dig } from './dig.ts';
import { type DsServer, PARENT_TTL, type ParentSetup } from './ds-server.ts';
import { KnotZone } from './knot-zone.ts';
import { NamedZone } from './named-zone.ts';
import { getPeer } from './peers.ts';
import { runOk, type Workplace, waitUntil } from './processes.ts';

/** A signed zone with delegations. */
export class ParentZone {
  readonly origin: string;
  readonly #server: DsServer;
  readonly #workplace: Workplace;
  readonly #ds = new Map<string, readonly string[]>();
  #last: Promise<unknown> = Promise.resolve();

  private constructor(origin: string, server: DsServer, workplace: Workplace) {
    this.origin = origin;
    this.#server = server;
    this.#workplace = workplace;
  }

  /** Signs the zone, without DS, and serves it. */
  static async start(setup: ParentSetup, workplace: Workplace): Promise<ParentZone> {
    const make = setup.make ?? 'named';
    const server = await (make === 'named' ? NamedZone : KnotZone).start(setup, workplace);
    return new ParentZone(setup.origin, server, workplace);
  }

  get port(): number {
    return this.#server.port;
  }

  /** The DS RRset of a child as it is served: `tag algorithm digest-type digest`, sorted. */
  dsOf(child: string): readonly string[] {
    return this.#ds.get(child) ?? [];
  }

  /** DS RDATA of the zone's own key, for its parent or for who validates from here. */
  async ownDs(): Promise<string> {
    const { answer } = await dig(this.port, this.origin, 'DNSKEY');
    const file = this.#workplace.at(`dnskey-${this.origin}`);
    const rows = answer.map(({ rdata }) => `${this.origin} ${PARENT_TTL} IN DNSKEY ${rdata}\n`);
    writeFileSync(file, rows.join(''));
    return normalDs((await runOk(getPeer('dnssec-dsfromkey'), ['-2', '-f', file, this.origin])).trim());
  }

  /** Replaces the DS RRset of a child; resolves when the new one is served. */
  setDs(child: string, records: readonly string[]): Promise<DsChange> {
    const done = this.#last.then(() => this.#setDs(child, records));
    this.#last = done.catch(() => undefined); // who asked for it is told of its failure
    return done;
  }

  async stop(): Promise<void> {
    await this.#server.stop();
  }

  async #setDs(child: string, records: readonly string[]): Promise<DsChange> {
    const before = this.dsOf(child);
    const wanted = [...records].sort();
    await this.#server.replaceDs(child, wanted, before);
    const isServed = async (): Promise<boolean> => {
      const { answer } = await dig(this.port, child, 'DS');
      const served = answer.map(({ rdata }) => normalDs(rdata)).sort();
      return served.join('\n') === wanted.join('\n');
    };
    await waitUntil(isServed, `${this.origin} with a new DS of ${child}`, 10_000, this.#server.process);
    this.#ds.set(child, wanted);
    return changeOf(before, wanted);
  }
}
