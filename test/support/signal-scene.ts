/**
 * An operator and a registry (RFC 9615): one Keyturn has `test.`; another one has `child.test.`, without DS, and the zones
 * of its name servers, one for each mode of denial, which have theirs. The registry's zone is a file that tests write.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Preflight, preflight } from '../../src/control/preflight-shapes.ts';
import { Daemon } from './daemon.ts';
import { dig } from './dig.ts';
import { type Output, Workplace } from './processes.ts';

export const CHILD = 'child.test.';
export const PARENT = 'test.';
/** Zones that hold names of name servers, by their modes of denial. */
export const HOSTERS = { nsec: 'a.test.', nsec3: 'b.test.', compact: 'c.test.' } as const;
const MODES = Object.keys(HOSTERS) as (keyof typeof HOSTERS)[];

/** Where the child is signaled below the name server of a hoster. */
export const signalBelow = (hoster: string) => `_dsboot.${CHILD}_signal.ns.${hoster}`;

/** The operator's servers have addresses of their own, at the port of the registry. */
const OPERATOR = '127.0.20.2';

const soa = (origin: string, serial: number) =>
  `$TTL 2\n${origin} SOA ns.${origin} admin.${origin} ${serial} 3600 600 86400 2\n`;
const hosterText = (origin: string) =>
  `${soa(origin, 1)}${origin} NS ns.${origin}\nns.${origin} A ${OPERATOR}\n`;
const CHILD_TEXT = `${soa(CHILD, 1)}${MODES.map((mode) => `${CHILD} NS ns.${HOSTERS[mode]}\n`).join('')}`;

const TIMES =
  'dnskeyTtl: 2s, cdsTtl: 1s, publishSafety: 1s, retireSafety: 1s, propagation: 0s, minInterval: 0s, bootstrapHold: 0s, ' +
  'parent: { propagation: 0s, dsTtl: 2s }, monitor: { interval: 1s, rounds: 2, roundGap: 1s }';

export class SignalScene {
  readonly registry: Daemon;
  readonly operator: Daemon;
  /** DS records of `test.`, as lines. */
  readonly anchors: readonly string[];
  readonly #workplaces: readonly Workplace[];
  readonly #hosterDs: readonly string[];
  #serial = 1;

  private constructor(
    made: Pick<SignalScene, 'registry' | 'operator' | 'anchors'>,
    hosterDs: readonly string[],
    workplaces: readonly Workplace[],
  ) {
    ({ registry: this.registry, operator: this.operator, anchors: this.anchors } = made);
    this.#hosterDs = hosterDs;
    this.#workplaces = workplaces;
  }

  static async start(): Promise<SignalScene> {
    const workplaces = [new Workplace(), new Workplace()] as const;
    const registry = await Daemon.start({
      workplace: workplaces[0],
      zones: { 'test.zone': parentText(1, []) },
    });
    const anchors = await dsOf(registry, PARENT);
    const rdata = anchors[0]!.replace(/^.*\sDS\s+/, '');
    const anchor = `{ zone: ${PARENT}, ds: ["${rdata}"], servers: ["127.0.0.1:${registry.port}"] }`;
    const operator = await Daemon.start({
      workplace: workplaces[1],
      zones: {
        'child.test.zone': CHILD_TEXT,
        ...Object.fromEntries(MODES.map((mode) => [`${HOSTERS[mode]}zone`, hosterText(HOSTERS[mode])])),
      },
      configuration: [
        `parents: { anchors: [${anchor}], port: ${registry.port} }`,
        'policies:',
        ...MODES.map((mode) => `  ${mode}: { ${TIMES}, denial: ${mode} }`),
        'zones:',
        ...MODES.map((mode) => `  "${HOSTERS[mode]}": { policy: ${mode} }`),
        `  "${CHILD}": { policy: nsec }`,
        '',
      ].join('\n'),
      args: ['--listen', `${OPERATOR}:${registry.port}`],
    });
    const hosterDs = (await Promise.all(MODES.map((mode) => dsOf(operator, HOSTERS[mode])))).flat();
    const scene = new SignalScene({ registry, operator, anchors }, hosterDs, workplaces);
    await scene.register([]);
    return scene;
  }

  /** The registry's zone from now on has these DS records of the child; resolves when it is served. */
  async register(childDs: readonly string[]): Promise<void> {
    this.#serial++;
    writeFileSync(
      join(this.registry.zones, 'test.zone'),
      parentText(this.#serial, [...this.#hosterDs, ...childDs]),
    );
    await this.registry.waitForSerial(PARENT, this.#serial);
  }

  /** DS records of the child's keys, as lines. */
  childDs(): Promise<string[]> {
    return dsOf(this.operator, CHILD);
  }

  async preflight(): Promise<Preflight> {
    const { stdout } = await this.operator.keyturn('parent', 'preflight', CHILD, '--json');
    return preflight.parse(JSON.parse(stdout));
  }

  /** RDATA that the operator serves at a name, as dig prints it, sorted. */
  async served(name: string, type: string): Promise<string[]> {
    const { answer } = await dig(this.operator.port, name, type);
    return answer
      .filter((record) => record.type === type)
      .map(({ rdata }) => rdata)
      .sort();
  }

  async stop(): Promise<void> {
    await Promise.all([this.operator.stop(), this.registry.stop()]);
    for (const workplace of this.#workplaces) workplace.remove();
  }
}

function parentText(serial: number, ds: readonly string[]): string {
  const cuts = MODES.flatMap((mode) => {
    const origin = HOSTERS[mode];
    return [`${origin} NS ns.${origin}`, `ns.${origin} A ${OPERATOR}`, `${CHILD} NS ns.${origin}`];
  });
  return [
    `${soa(PARENT, serial)}${PARENT} NS ns.${PARENT}`,
    `ns.${PARENT} A 127.0.0.1`,
    ...cuts,
    ...ds,
    '',
  ].join('\n');
}

async function dsOf(daemon: Daemon, zone: string): Promise<string[]> {
  const { code, stdout, stderr }: Output = await daemon.keyturn('ds', zone);
  if (code !== 0) throw new Error(stderr);
  return stdout.trim().split('\n');
}
