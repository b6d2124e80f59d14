/**
 * A trial of hostile parents: the real server rolls the keys of a child below each of them, over real sockets, in real
 * seconds: all become secure, the parents turn hostile, rollovers start; the reasons are named and rollovers stay where
 * the truth holds them; the parents turn honest, and the rollovers go on by themselves.
 */
import { ControlClient } from '../../src/control/client.ts';
import type { StatusResult } from '../../src/control/shapes.ts';
import { Daemon } from './daemon.ts';
import { HONEST, type Hostility } from './hostile-conduct.ts';
import { HostileParent } from './hostile-parent.ts';
import { HostileWatch } from './hostile-watch.ts';
import { freePort, Workplace, waitUntil } from './processes.ts';
import { formatFindings } from './rollover-judge.ts';

const POLICY = `policies:
  default:
    dnskeyTtl: 1s
    cdsTtl: 1s
    publishSafety: 1s
    retireSafety: 1s
    propagation: 0s
    parent: { propagation: 0s, dsTtl: 1s }
    cdsHold: 1s
    minInterval: 0s
    bootstrapHold: 0s
    monitor: { interval: 1s, rounds: 2, roundGap: 1s }
`;
const zoneText = (child: string) => `$TTL 1
@ SOA ns.${child} admin.${child} 1 3600 600 86400 1
@ NS ns.${child}
ns A 127.0.0.1
`;
/** Further looks for which a rollover must stay where it was held. */
const HELD_MS = 2_500;
const PATIENCE_MS = 60_000;

export const childOf = ({ name }: Pick<Hostility, 'name'>) => `${name}.test.`;

/** What came of one hostility. */
export interface Outcome extends Hostility {
  /** The step at which its rollover was after it had been held; undefined: none ran any more. */
  readonly at: string | undefined;
}

export class HostileTrial {
  readonly daemon: Daemon;
  readonly parent: HostileParent;
  readonly watch: HostileWatch;
  readonly #hostilities: readonly Hostility[];
  readonly #client: ControlClient;
  readonly #workplace: Workplace;
  #isHonest = true;

  private constructor(
    hostilities: readonly Hostility[],
    { daemon, parent, workplace }: { daemon: Daemon; parent: HostileParent; workplace: Workplace },
  ) {
    this.#hostilities = hostilities;
    this.daemon = daemon;
    this.parent = parent;
    this.#workplace = workplace;
    this.#client = new ControlClient(`${daemon.keys}/control.sock`);
    this.watch = new HostileWatch(parent, this.#client, hostilities.map(childOf));
  }

  /** Starts all of it; resolves when the keys of every child have a DS that all caches know. */
  static async start(hostilities: readonly Hostility[]): Promise<HostileTrial> {
    const workplace = new Workplace();
    const port = await freePort();
    const parent = await HostileParent.start(port);
    for (const hostility of hostilities) {
      const child = childOf(hostility);
      parent.delegate(child, hostility.records?.(child, port) ?? [], hostility.ttl);
    }
    const zones = Object.fromEntries(
      hostilities.map(childOf).map((child) => [`${child}zone`, zoneText(child)]),
    );
    const configuration = parent.configurationWith(2_000) + POLICY;
    const daemon = await Daemon.start({ workplace, port, zones, configuration });
    const trial = new HostileTrial(hostilities, { daemon, parent, workplace });
    // The control socket opens after those that answer queries.
    await trial.#until('the control socket', () =>
      trial.status().then(
        () => true,
        () => false,
      ),
    );
    trial.watch.start(() => trial.#scan());
    const isSecure = () => hostilities.map(childOf).every((child) => trial.watch.isSecure(child));
    await trial.#until('all children to be secure', isSecure);
    return trial;
  }

  async stop(): Promise<void> {
    await this.watch.stop();
    await this.daemon.stop();
    await this.parent.stop();
    this.#workplace.remove();
  }

  /** Turns the parents hostile and starts the rollovers; resolves when all reasons were named, and some looks later. */
  async beHostile(): Promise<readonly Outcome[]> {
    this.#isHonest = false;
    for (const hostility of this.#hostilities) {
      const child = childOf(hostility);
      const lie = hostility.lie?.(child, this.parent.dsOf(child)[0]);
      if (hostility.liars === 'both') this.parent.lie(child, 0, lie);
      this.parent.lie(child, 1, lie);
      await this.#client.call('rollover.start', { zone: child, type: 'csk' });
    }
    const missing = new Set(this.#hostilities);
    await this.#until('each reason to be named', async () => {
      for (const hostility of [...missing]) if (await this.#isNamed(hostility)) missing.delete(hostility);
      return missing.size === 0;
    }).catch((error: Error) => {
      const told = [...missing].map(
        (one) => `${one.name}: ${[...this.watch.named.get(childOf(one))!].join(' ')}`,
      );
      throw new Error(`${error.message}\n${told.join('\n')}`);
    });
    await new Promise((resolve) => setTimeout(resolve, HELD_MS));
    const steps = await this.#steps();
    return this.#hostilities.map((one) => ({ ...one, at: steps.get(childOf(one)) }));
  }

  /** Turns the parents honest; resolves when every rollover has left the step where it was held, or is over. */
  async beHonest(until: 'going on' | 'over'): Promise<void> {
    this.#isHonest = true;
    for (const hostility of this.#hostilities) {
      for (const server of [0, 1] as const) this.parent.lie(childOf(hostility), server, undefined);
    }
    await this.#until(`rollovers to be ${until}`, async () => {
      const steps = await this.#steps();
      if (until === 'over') return steps.size === 0;
      return this.#hostilities.every((one) => one.step === null || steps.get(childOf(one)) !== one.step);
    }).catch(async (error: Error) => {
      const left = [...(await this.#steps())].map(([child, step]) => `${child} ${step}`);
      throw new Error(`${error.message}\n${left.join('\n')}`);
    });
  }

  status(): Promise<StatusResult> {
    return this.#client.call('status', {});
  }

  /** Everything that went wrong in caches, and every claim of a key that was not true: child by child. */
  faults(): string[] {
    const found = this.#hostilities.map(childOf).flatMap((child) => {
      const findings = this.watch.findingsOf(child);
      return findings.length === 0 ? [] : [`${child}\n${formatFindings(findings, (at) => at.toFixed(2))}`];
    });
    return [...found, ...this.watch.claims.map(({ child, text }) => `${child} ${text}`)];
  }

  /** The parents act on the CDS that they see. */
  #scan(): void {
    for (const hostility of this.#hostilities) {
      const child = childOf(hostility);
      const asked = this.watch.askedBy(child);
      if (asked.length === 0) continue;
      const has = this.parent.dsOf(child);
      const isFirst = this.#isHonest && has.every((ds) => ds.length === 0);
      const wanted = (this.#isHonest ? HONEST : hostility.conduct)(
        asked,
        has,
        this.parent.algorithmsOf(child),
      );
      if (wanted === undefined) continue;
      for (const server of [0, 1] as const) {
        this.parent.publish(child, server, wanted[server], isFirst ? hostility.ttl : 1);
      }
    }
  }

  async #isNamed(hostility: Hostility): Promise<boolean> {
    const child = childOf(hostility);
    const { rollover } = await this.watch.status(child);
    const isThere = hostility.step === null || rollover?.step === hostility.step;
    return isThere && hostility.codes.every((code) => this.watch.named.get(child)!.has(code));
  }

  async #until(what: string, isTrue: () => Promise<boolean> | boolean): Promise<void> {
    await waitUntil(async () => isTrue(), what, PATIENCE_MS, this.daemon.process);
  }

  /** Steps of all rollovers that run, by child. */
  async #steps(): Promise<Map<string, string>> {
    const { rollovers } = await this.#client.call('rollover.list', {});
    return new Map(rollovers.map(({ zone, step }) => [zone, step]));
  }
}

/** The table of a trial, for a person. */
export function tableOf(outcomes: readonly Outcome[]): string {
  const rows = outcomes.map(({ what, codes, step, at }) => {
    return `${what.padEnd(56)} ${codes.join(', ').padEnd(42)} ${step === null ? 'goes on' : `held at ${at}`}`;
  });
  return rows.join('\n');
}
