/**
 * A hierarchy of our own: root, TLD and the operator of the children are Keyturns, or one Keyturn. A parent hears NOTIFY
 * where its DSYNC says so, believes the first DS by signals (RFC 9615) and follows CDS; no test code stands in between.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Above, changeOf, type DsChange } from './above.ts';
import { Daemon } from './daemon.ts';
import { PARENT_TTL, parentRows } from './ds-server.ts';
import type { DsTrace } from './ds-trace.ts';
import {
  childDelegations,
  type Hierarchy,
  HOST_ADDRESSES,
  HOSTS,
  lookingFromRoot,
  OPERATOR,
  operatorZone,
  ROOT,
  TLD,
  tldDelegation,
} from './hierarchy.ts';
import { CHILD, policyText } from './live-rollover.ts';
import { freePort, Workplace, waitUntil } from './processes.ts';
import { watchedZone } from './rollover-watch.ts';

/** DS records that a zone has from the start: of who is above the zones that are watched, by whole lines. */
export type KnownDs = ReadonlyMap<string, readonly string[]>;

/** The zones of each process, and its port of 127.0.0.1. */
export interface Process {
  readonly zones: readonly string[];
  readonly port: number;
  readonly workplace: Workplace;
}

/** Starts it; `policy`: more lines of the policy of the operator's zones. */
export async function startOwnHierarchy(
  isOneProcess: boolean,
  policy: string,
  workplace: Workplace,
): Promise<Hierarchy> {
  const groups = isOneProcess ? [[ROOT, TLD, OPERATOR, CHILD]] : [[ROOT], [TLD], [OPERATOR, CHILD]];
  const processes: Process[] = [];
  for (const zones of groups) {
    const place = zones.includes(CHILD) ? workplace : new Workplace();
    processes.push({ zones, port: await freePort(), workplace: place });
  }
  const portOf = (origin: string): number => processes.find(({ zones }) => zones.includes(origin))!.port;
  const ports = { root: portOf(ROOT), tld: portOf(TLD) };
  const known = await makeKeys(processes, policy);
  const rootDs = known.get(ROOT)![0]!.replace(/^.*\sDS\s+/, '');
  const looking = lookingFromRoot(ports, rootDs);
  const daemons: Daemon[] = [];
  for (const process of processes) {
    const isOperator = process.zones.includes(CHILD);
    const listen = HOST_ADDRESSES.flatMap((address) => ['--listen', `${address}:${ports.tld}`]);
    daemons.push(
      await Daemon.start({
        workplace: process.workplace,
        port: process.port,
        zones: filesOf(process.zones, known, 2),
        configuration: looking + configurationOf(policy, process, true),
        args: isOperator ? listen : [],
      }),
    );
  }
  const tldDaemon = daemons[processes.findIndex(({ zones }) => zones.includes(TLD))]!;
  const stop = async (): Promise<void> => {
    const others = daemons.filter((_, i) => processes[i]!.workplace !== workplace);
    await Promise.all(others.map((daemon) => daemon.stop()));
    for (const process of processes) if (process.workplace !== workplace) process.workplace.remove();
  };
  return {
    daemon: daemons.at(-1)!,
    stubs: [ROOT, TLD].map((origin) => ({ origin, port: portOf(origin) })),
    rootDs,
    rootPort: ports.root,
    tldPort: ports.tld,
    above: (_resolver, trace) => new OwnParent(tldDaemon, known, trace, stop),
  };
}

/** Starts each process without the zone that is watched, so that all others have keys; returns their DS. */
export async function makeKeys(processes: readonly Process[], policy: string): Promise<KnownDs> {
  const known = new Map<string, readonly string[]>();
  for (const process of processes) {
    const { port, workplace } = process;
    const zones = process.zones.filter((origin) => origin !== CHILD);
    const configuration = configurationOf(policy, process, false);
    const daemon = await Daemon.start({ workplace, port, zones: filesOf(zones, known, 1), configuration });
    for (const origin of zones) {
      const isSigned = async (): Promise<boolean> => {
        const { code, stdout } = await daemon.keyturn('ds', origin);
        known.set(origin, stdout.split('\n').filter(Boolean));
        return code === 0 && stdout !== '';
      };
      await waitUntil(isSigned, `DS of ${origin}`, 20_000, daemon.process);
    }
    await daemon.stop();
  }
  return known;
}

/** `hasParents`: its zones are parents already, not only keys to be. */
export function configurationOf(policy: string, { zones, port }: Process, hasParents: boolean): string {
  const parents = zones.filter((origin) => [ROOT, TLD].includes(origin));
  const policies = parents.map((origin) => {
    return policyText(nameOf(origin), hasParents ? childrenOf(origin, port) : '');
  });
  const rows = parents.map((origin) => `  "${origin}": { policy: ${nameOf(origin)} }\n`);
  const chosen = rows.length === 0 ? '' : `zones:\n${rows.join('')}`;
  // Caches must have nothing unsigned any more when the first DS of the child comes.
  return `policies:\n${policyText('default', policy, 'auto')}${policies.join('')}${chosen}`;
}

/** Of a policy and of a zone file. */
function nameOf(origin: string): string {
  return origin === ROOT ? 'root' : origin.slice(0, -1);
}

function childrenOf(origin: string, port: number): string {
  const host = origin === ROOT ? 'ns.' : `ns.${origin}`;
  return `    children: { accept: bootstrap, dsTtl: ${PARENT_TTL}s, dsync: "${host}:${port}" }`;
}

export function filesOf(zones: readonly string[], known: KnownDs, serial: number): Record<string, string> {
  return Object.fromEntries(zones.map((origin) => [`${nameOf(origin)}.zone`, textOf(origin, known, serial)]));
}

function textOf(origin: string, known: KnownDs, serial: number): string {
  if (origin === OPERATOR) return operatorZone();
  if (origin === CHILD) return watchedZone(CHILD, HOSTS);
  const delegation = origin === ROOT ? tldDelegation() : childDelegations();
  const ds = known.get(origin === ROOT ? TLD : OPERATOR) ?? [];
  return `${parentRows({ origin, rows: [...delegation, ...ds] }, serial).join('\n')}\n`;
}

/** Our TLD, seen from outside; only what an operator would put into its zone file is put there. */
export class OwnParent implements Above {
  readonly takesFirstDs = true;
  readonly #daemon: Daemon;
  readonly #known: KnownDs;
  readonly #trace: DsTrace;
  readonly #stop: () => Promise<void>;
  readonly #checkAbove: () => void;

  /** `checkAbove`: throws what ended the work of those above the TLD. */
  constructor(
    daemon: Daemon,
    known: KnownDs,
    trace: DsTrace,
    stop: () => Promise<void>,
    checkAbove: () => void = () => undefined,
  ) {
    this.#daemon = daemon;
    this.#known = known;
    this.#trace = trace;
    this.#stop = stop;
    this.#checkAbove = checkAbove;
  }

  get ds(): readonly string[] {
    return this.#trace.ds;
  }

  get isPaused(): boolean {
    return false;
  }

  set isPaused(_value: boolean) {
    throw new Error('this parent always follows its children');
  }

  /** What the TLD told of children that it does not follow. */
  get refusals(): readonly string[] {
    return this.#daemon.log.flatMap(({ msg, zone, child }) =>
      zone === TLD && child !== undefined ? [msg] : [],
    );
  }

  set onChange(called: (change: DsChange) => Promise<void>) {
    this.#trace.onDs = (before, after) => void called(changeOf(before, after));
  }

  async bring(records: readonly string[]): Promise<void> {
    const rows = records.map((record) => `${CHILD} IN DS ${record}\n`).join('');
    writeFileSync(join(this.#daemon.zones, `${nameOf(TLD)}.zone`), textOf(TLD, this.#known, 3) + rows);
    for (const args of [
      ['zone', 'reload', TLD],
      ['children', 'forget', TLD, CHILD],
    ]) {
      const { code, stderr } = await this.#daemon.keyturn(...args);
      if (code !== 0) throw new Error(`keyturn ${args.join(' ')}: exit ${code}\n${stderr}`);
    }
  }

  check(): void {
    this.#checkAbove();
    if (this.#daemon.process.hasEnded) throw new Error(`the TLD ended\n${this.#daemon.process.tail()}`);
  }

  stop(): Promise<void> {
    return this.#stop();
  }
}
