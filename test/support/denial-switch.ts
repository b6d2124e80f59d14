/**
 * A zone whose way to deny is changed by its policy while it is asked without pause: a daemon, resolvers of three kinds
 * and the independent validator, and the transitions one after the other.
 */
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { CachingUnbound } from './caching-unbound.ts';
import { Daemon } from './daemon.ts';
import { DenialWatch, switchedZone } from './denial-watch.ts';
import { dig } from './dig.ts';
import { Workplace, waitUntil } from './processes.ts';
import { Unbound } from './unbound.ts';
import type { DenialMode } from './validator-zone.ts';

const ORIGIN = 'switch.example.';
/** All six transitions, each once. */
const ROUND: readonly DenialMode[] = ['nsec3', 'compact', 'nsec', 'compact', 'nsec3', 'nsec'];
const CACHING = ['aggressive-nsec: yes', 'aggressive-nsec: no'] as const;

function configurationOf(mode: DenialMode): string {
  return `policies:\n  default: { bootstrapHold: 0s, dnskeyTtl: 2s, cdsTtl: 2s, denial: ${mode} }\n`;
}

export interface SwitchPlan {
  readonly rounds: number;
  /** How long each way to deny stays, in milliseconds. */
  readonly stayMs: number;
  /** Changes the content between transitions too. */
  readonly editsContent: boolean;
  readonly lanes: number;
}

/** Runs a plan; no answer may have been wrong, and denials of all ways must have been seen. */
export async function expectSafeSwitches(plan: SwitchPlan): Promise<void> {
  const startedMs = performance.now();
  const rig = await SwitchRig.start(plan.lanes);
  try {
    for (let round = 0; round < plan.rounds; round++) {
      for (const mode of ROUND) {
        await rig.switchTo(mode);
        await sleep(plan.stayMs);
        if (plan.editsContent) await rig.editContent();
      }
    }
    await rig.watch.stop();
    const { resolved, judged } = rig.watch;
    const seconds = Math.round((performance.now() - startedMs) / 1_000);
    const counts = `${judged.right} answers judged, ${resolved.right} resolved and validated`;
    const wrong = judged.faultCount + resolved.faultCount;
    console.info(
      `${plan.rounds * ROUND.length} switches in ${seconds} s: ${counts}, ${wrong} wrong`,
      judged.denials,
    );
    expect(judged.faults).toEqual([]);
    expect(resolved.faults).toEqual([]);
    expect(rig.complaints).toEqual([]);
    for (const mode of ROUND) expect(judged.denials[mode], mode).toBeGreaterThan(50);
    expect(resolved.right).toBeGreaterThan(500);
  } finally {
    await rig.stop();
  }
}

class SwitchRig {
  readonly watch: DenialWatch;
  readonly #daemon: Daemon;
  readonly #resolvers: readonly (CachingUnbound | Unbound)[];
  readonly #workplace: Workplace;
  #serial = 1;

  private constructor(
    watch: DenialWatch,
    daemon: Daemon,
    resolvers: readonly (CachingUnbound | Unbound)[],
    workplace: Workplace,
  ) {
    this.watch = watch;
    this.#daemon = daemon;
    this.#resolvers = resolvers;
    this.#workplace = workplace;
  }

  static async start(lanes: number): Promise<SwitchRig> {
    const workplace = new Workplace();
    const zones = { [`${ORIGIN}zone`]: switchedZone(1).text };
    const daemon = await Daemon.start({ workplace, zones, configuration: configurationOf('nsec') });
    const { answer } = await dig(daemon.port, ORIGIN, 'DNSKEY');
    const anchor = `${ORIGIN} 3600 IN DNSKEY ${answer.find(({ type }) => type === 'DNSKEY')?.rdata}`;
    const stubs = [{ origin: ORIGIN, port: daemon.port }];
    const resolvers: (CachingUnbound | Unbound)[] = [
      await Unbound.start({ stubs, trustAnchors: [anchor] }, workplace),
    ];
    for (const option of CACHING)
      resolvers.push(await CachingUnbound.start(stubs, anchor, [option], workplace));
    const ports = resolvers.map(({ port }) => port);
    const watch = await DenialWatch.start(daemon.port, ports, lanes);
    return new SwitchRig(watch, daemon, resolvers, workplace);
  }

  /** As an operator does it: writes the policy, and tells the server to read it. */
  async switchTo(mode: DenialMode): Promise<void> {
    writeFileSync(this.#workplace.at('keyturn.yaml'), configurationOf(mode));
    this.#daemon.process.signal('SIGHUP');
    await waitUntil(async () => (await this.#servedMode()) === mode, mode, 15_000, this.#daemon.process);
  }

  async #servedMode(): Promise<DenialMode> {
    const { authority } = await dig(this.#daemon.port, `nothing.${ORIGIN}`, 'A', '+dnssec');
    if (authority.some(({ type }) => type === 'NSEC3')) return 'nsec3';
    return authority.some(({ type, rdata }) => type === 'NSEC' && /NXNAME|TYPE128/.test(rdata))
      ? 'compact'
      : 'nsec';
  }

  /** A new version of the zone, with another serial. */
  async editContent(): Promise<void> {
    const zone = switchedZone(++this.#serial);
    await this.watch.expectZone(zone);
    writeFileSync(`${this.#daemon.zones}/${ORIGIN}zone`, zone.text);
    await this.#daemon.keyturn('zone', 'reload', ORIGIN);
    await this.#daemon.waitForSerial(ORIGIN, this.#serial);
    await sleep(100); // answers on their way may be of the version before
    this.watch.settle();
  }

  get complaints(): string[] {
    return this.#resolvers.flatMap(({ complaints }) => complaints);
  }

  async stop(): Promise<void> {
    await this.watch.stop();
    await Promise.all([...this.#resolvers.map((resolver) => resolver.stop()), this.#daemon.stop()]);
    this.#workplace.remove();
  }
}
