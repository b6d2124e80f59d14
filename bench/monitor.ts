/**
 * `npm run bench:monitor -- [zones]`: what it costs to look at the parents of 10,000 zones: messages a second as the parent
 * sees them, time until all were looked at, memory and CPU. The zones have keys of their own and a DS at the parent, which
 * has two servers; they are made secure first, then the server starts anew and has everything to look at at once.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ControlClient } from '../src/control/client.ts';
import type { StatusResult } from '../src/control/shapes.ts';
import { RRTYPE } from '../src/wire/iana.ts';
import { nameOf } from '../src/wire/name.ts';
import { type Answer, Asker } from '../test/support/asker.ts';
import { HostileParent } from '../test/support/hostile-parent.ts';
import { readMessage } from '../test/support/message.ts';
import { freePort, ServerProcess, Workplace, waitUntil } from '../test/support/processes.ts';
import { cpuSeconds, memoryOf } from './proc.ts';
import { machine, table, writeSection } from './results.ts';

const ZONES = Number(process.argv[2] ?? 10_000);
const MIB = 2 ** 20;
const MAX_S = 1_800;
/** Until a start is over, and how long the server is watched that looks at no parent. */
const SETTLE_S = 5;
const BARE_S = 30;
/** The default of `parents.rate`. */
const RATE = 100;
/** How fast the zones are made secure; that is not measured. */
const MAKING_RATE = 2_000;
const CLI = resolve('dist/cli.js');
const child = (i: number) => `zone${i}.test.`;
const CHILDREN = Array.from({ length: ZONES }, (_, i) => child(i));

const workplace = new Workplace();
const started: ServerProcess[] = [];
const [zones, keys] = [workplace.at('zones'), workplace.at('keys')];
for (const folder of [zones, keys]) mkdirSync(folder, { mode: 0o700 });
for (const name of CHILDREN) {
  const text = `$TTL 300\n@ SOA ns.${name} admin.${name} 1 3600 600 86400 60\n@ NS ns.${name}\nns A 127.0.0.1\n`;
  writeFileSync(`${zones}/${name}zone`, text);
}

/** `monitor`: undefined for the defaults, an hour and two looks five minutes apart. */
function policyWith(monitor?: string): string {
  const waits =
    'dnskeyTtl: 1s, cdsTtl: 1s, publishSafety: 0s, retireSafety: 0s, propagation: 0s, cdsHold: 0s';
  const rest = monitor === undefined ? '' : `, monitor: ${monitor}`;
  return `policies:\n  default: { ${waits}, bootstrapHold: 0s, parent: { propagation: 0s, dsTtl: 1s }${rest} }\n`;
}

interface Running {
  readonly process: ServerProcess;
  readonly client: ControlClient;
}

/** Starts the server with a configuration; resolves when it serves all zones and its control socket answers. */
async function start(port: number, configuration: string): Promise<Running> {
  const file = workplace.at('keyturn.yaml');
  writeFileSync(file, configuration);
  const folders = ['--config', file, '--zones', zones, '--keys', keys];
  const rest = ['--listen', `127.0.0.1:${port}`, '--workers', '1', '--log-level', 'warn'];
  const server = new ServerProcess(process.execPath, [CLI, 'serve', ...folders, ...rest]);
  started.push(server);
  const client = new ControlClient(`${keys}/control.sock`);
  const isReady = async () => {
    if ((await statusOf(client))?.zones.served === ZONES) return true;
    await sleep(1_000);
    return false;
  };
  await waitUntil(isReady, 'all zones to be served', MAX_S * 1_000, server);
  return { process: server, client };
}

/** Undefined as long as nobody answers. */
function statusOf(client: ControlClient): Promise<StatusResult | undefined> {
  return client.call('status', {}).catch(() => undefined);
}

/** Takes the CDS of all zones into the parent. */
async function publishAll(parent: HostileParent): Promise<void> {
  const asker = new Asker(parent.port);
  let questions = CHILDREN.map((name) => ({ name: nameOf(name), type: RRTYPE.CDS, child: name }));
  const take = (question: (typeof questions)[number], answer: Answer | Error) => {
    if (answer instanceof Error) return;
    const cds = readMessage(answer.octets).answer.filter(({ type }) => type === RRTYPE.CDS);
    if (cds.length === 0) return;
    const ds = cds.map(({ rdata }) => {
      const digest = Buffer.from(rdata.subarray(4)).toString('hex');
      return `${(rdata[0]! << 8) | rdata[1]!} ${rdata[2]} ${rdata[3]} ${digest}`;
    });
    for (const server of [0, 1] as const) parent.publish(question.child, server, ds);
  };
  // A zone asks for its DS when all caches must know its keys.
  for (let round = 0; questions.length > 0; round++) {
    if (round > MAX_S) throw new Error(`${questions.length} zones ask for no DS`);
    await asker.askAll(questions, 50, take);
    questions = questions.filter(({ child: name }) => parent.dsOf(name)[0].length === 0);
    await sleep(1_000);
  }
  asker.close();
}

/** Keys are made while nobody looks at parents; the parent gets the DS of all; then it is looked at until all rest. */
async function makeSecure(parent: HostileParent): Promise<void> {
  const making = await start(parent.port, policyWith());
  await publishAll(parent);
  await making.process.stop();
  console.log(`${ZONES} zones have keys and a DS`);
  const monitor = '{ interval: 1h, rounds: 2, roundGap: 5s }';
  const running = await start(parent.port, parent.configurationWith(MAKING_RATE) + policyWith(monitor));
  const isSecure = async () => {
    const { zones: all } = await running.client.call('zone.list', {});
    return all.every((zone) => zone.keys.every(({ ds }) => ds === 'omnipresent'));
  };
  const patient = async () => (await isSecure()) || sleep(2_000).then(() => false);
  await waitUntil(patient, 'all zones to be secure', MAX_S * 1_000, running.process);
  await running.process.stop();
}

interface Measured {
  readonly seconds: number;
  /** Messages that came to the parent, and the most within any second. */
  readonly messages: number;
  readonly most: number;
  readonly cpuS: number;
  readonly rss: number;
  readonly parents: NonNullable<StatusResult['parents']>;
  /** Milliseconds from the order of an operator to look at one zone to what it showed, behind all the others. */
  readonly orderedMs: number;
}

/** Second start: all is to be looked at. */
async function measure(parent: HostileParent): Promise<Measured> {
  const times: number[] = [];
  parent.onMessage = () => times.push(performance.now());
  const running = await start(parent.port, parent.configurationWith(RATE) + policyWith());
  const fromMs = performance.now();
  await sleep(SETTLE_S * 1_000);
  const cpuFrom = cpuSeconds(running.process.pid);
  const orderedFrom = performance.now();
  await running.client.call('parent.look', { zone: child(ZONES - 1) });
  const orderedMs = performance.now() - orderedFrom;
  let parents = (await statusOf(running.client))!.parents!;
  while (parents.unseen > 0) {
    console.log(
      `${parents.unseen} not looked at, ${parents.perSecond} messages a second, ${parents.lateSeconds} s late`,
    );
    await sleep(5_000);
    parents = (await statusOf(running.client))!.parents!;
  }
  const seconds = (performance.now() - fromMs) / 1_000;
  const cpuS = cpuSeconds(running.process.pid) - cpuFrom;
  const { rss } = memoryOf(running.process.pid);
  await running.process.stop();
  parent.onMessage = () => undefined;
  return { seconds, messages: times.length, most: mostWithin(times, 1_000), cpuS, rss, parents, orderedMs };
}

/** The most instants within any window of so many milliseconds. */
function mostWithin(times: readonly number[], ms: number): number {
  let [from, most] = [0, 0];
  for (const [i, at] of times.entries()) {
    while (times[from]! <= at - ms) from++;
    most = Math.max(most, i - from + 1);
  }
  return most;
}

/** The same zones when nobody looks at parents; CPU for as many seconds. */
async function measureWithout(port: number, seconds: number): Promise<{ cpuS: number; rss: number }> {
  const running = await start(port, policyWith());
  await sleep(SETTLE_S * 1_000);
  const from = cpuSeconds(running.process.pid);
  await sleep(BARE_S * 1_000);
  const cpuS = ((cpuSeconds(running.process.pid) - from) * seconds) / BARE_S;
  const { rss } = memoryOf(running.process.pid);
  await running.process.stop();
  return { cpuS, rss };
}

const parent = await HostileParent.start(await freePort());
try {
  for (const name of CHILDREN) parent.delegate(name, []);
  await makeSecure(parent);
  console.log(`${ZONES} zones are secure`);
  const looked = await measure(parent);
  const bare = await measureWithout(parent.port, looked.seconds);
  const { parents } = looked;
  const lookMs = ((looked.cpuS - bare.cpuS) / parents.looks) * 1_000;
  const mib = (octets: number) => `${(octets / MIB).toFixed(0)} MiB`;
  const rows = [
    ['messages in any second, as the parent saw them, at most', `${looked.most} (limit ${RATE})`],
    ['as the server counted them', `${parents.mostPerSecond}`],
    ['from start to the last zone looked at', `${looked.seconds.toFixed(0)} s`],
    [
      'messages to the parent and the root',
      `${looked.messages}, ${(looked.messages / ZONES).toFixed(3)} a zone`,
    ],
    ['TCP connections for them', `${parents.connections}`],
    ['not answered', `${parents.timeouts + parents.faults}`],
    ['an operator orders a look meanwhile, to its answer', `${looked.orderedMs.toFixed(0)} ms`],
    [
      'CPU of the server for that, and without looks for as long',
      `${looked.cpuS.toFixed(1)} s, ${bare.cpuS.toFixed(1)} s: ${lookMs.toFixed(2)} ms a look`,
    ],
    [
      'resident memory then, and without looks',
      `${mib(looked.rss)}, ${mib(bare.rss)}: ${((looked.rss - bare.rss) / ZONES / 1_024).toFixed(1)} KiB a zone`,
    ],
    [
      'afterwards, by default (a look a day at two servers)',
      `${((ZONES * 2) / 86_400).toFixed(2)} messages a second on average`,
    ],
  ];
  writeSection(
    'monitor',
    `## Looks at the parents of ${ZONES.toLocaleString('en')} zones

\`npm run bench:monitor -- ${ZONES}\`, ${new Date().toISOString().slice(0, 16)}Z. ${machine()}.

The zones are below one parent with two servers, signed, in a process of its own on the same machine; each has a DS. The
server is started anew with parents.rate ${RATE} (the default) and has every zone to look at at once.

${table(['looks', ''], rows)}
`,
  );
  console.log(readFileSync('bench/results.md', 'utf8').split('<!-- begin monitor -->')[1]);
} finally {
  await Promise.all(started.map((server) => server.stop()));
  await parent.stop();
  workplace.remove();
}
