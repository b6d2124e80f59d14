/** The section that `bulk.ts` writes into the results. */
import type { Rolled } from './bulk-keys.ts';
import type { Phase, Sample } from './bulk-samples.ts';
import { machine, median, spread, table, versionOf, writeSection } from './results.ts';

/** Issue 5: the most that `zone list` may take, and a query may cost more while a job runs. */
const MOST_LIST_S = 1;
const MOST_RATIO = 1.1;

/** Seconds of `zone list`: wall clock as text and as JSON, and CPU of the command and the daemon for the text. */
export type Lists = Record<'text' | 'json' | 'cpu', number[]>;

/** All that was measured. */
export interface Figures {
  readonly command: string;
  readonly count: number;
  readonly dir: string;
  readonly rate: number;
  readonly seconds: number;
  readonly maxParallel: number;
  readonly ttl: number;
  readonly firstStartS: number;
  readonly restartS: number;
  readonly jobS: number;
  readonly killedAt: number;
  readonly lists: Lists;
  /** The last state of the progress bar before the kill, and at the end. */
  readonly bars: readonly string[];
  readonly samples: ReadonlyMap<Phase, readonly Sample[]>;
  readonly rolled: Rolled;
  readonly job: { readonly state: string; readonly zones: Readonly<Record<string, number>> };
}

/** Prints and writes the section; throws if the job did not do what it shall. */
export async function report(figures: Figures): Promise<void> {
  const { command, count, dir, rate, seconds, maxParallel, ttl } = figures;
  const text = [
    '## The ZSKs of 10,000 zones rolled at once'.replace('10,000', count.toLocaleString('en')),
    `\`${command}\`, ${new Date().toISOString().slice(0, 16)}Z. ${machine()}. dnsperf ${await versionOf('dnsperf', '-h')}.`,
    `Zones of 4 records with KSK and ZSK, files and keys in ${dir}; \`rollover start --all --type zsk --max-parallel ` +
      `${maxParallel}\`; TTLs of ${ttl} s and waits of seconds. One UDP thread is asked ${rate} times a second for signed ` +
      `data, all zones in turn, ${seconds} s a sample; medians [least–most] of its CPU. The **twin** is a second ` +
      'daemon with the same zones that only answers, asked right after each sample: it feels what others do to the ' +
      'machine, too.',
    table(['', ''], overview(figures)),
    table(
      HEAD,
      [...figures.samples].map(([phase, taken]) => row(phase, taken)),
    ),
    table(['CPU a query, busy ÷ quiet', 'plain', 'both ÷ twin'], comparisons(figures)),
  ].join('\n\n');
  console.log(`\n${text}`);
  writeSection('bulk', text);
  const { job, rolled } = figures;
  if (job.state !== 'done' || job.zones.failed !== 0 || job.zones.done !== count || rolled.bad.length > 0) {
    throw new Error(
      `the job did not do what it shall: ${JSON.stringify(job)} ${rolled.bad.slice(0, 5).join('; ')}`,
    );
  }
}

function overview({ count, lists, job, rolled, bars, ...rest }: Figures): string[][] {
  const { firstStartS, restartS, jobS, killedAt } = rest;
  const isQuick = median(lists.text) <= MOST_LIST_S ? 'reached' : '**missed**';
  return [
    ['first start, with all keys made, until all are served', `${firstStartS.toFixed(0)} s`],
    ['`zone list`, the whole command', `${spread(lists.text)} s (goal ≤ ${MOST_LIST_S} s: ${isQuick})`],
    ['CPU of that, command and daemon', `${spread(lists.cpu)} s`],
    ['`zone list --json`', `${spread(lists.json)} s`],
    [
      'the job, the restart included',
      `${jobS.toFixed(0)} s (no less than ${(count * 0.05).toFixed(0)} s by its pace)`,
    ],
    ['SIGKILL', `at ${killedAt} zones done; all served again after ${restartS.toFixed(0)} s`],
    ['bar, last before the kill', `\`${bars[0]}\``],
    ['bar at the end', `\`${bars.at(-1)}\``],
    [
      'the job at its end',
      `${job.state}: ${job.zones.done} of ${job.zones.total} done, ${job.zones.failed} failed`,
    ],
    ['zones with exactly one new ZSK, and no rollover left', `${rolled.good} of ${count}`],
    ['answers signed by the new ZSK', `${rolled.signedByNew} of ${rolled.asked} asked`],
  ];
}

const HEAD = [
  ...['', 'samples', 'µs CPU a query', 'the twin', '÷ twin', 'queries/s', 'lost'],
  ...['signatures made a sample', 'cores of the main thread', 'cores of others'],
];

function row(phase: Phase, taken: readonly Sample[]): string[] {
  if (taken.length === 0) return [phase, '0', ...HEAD.slice(2).map(() => '')];
  const of = (value: (sample: Sample) => number, digits = 2): string => spread(taken.map(value), digits);
  return [
    phase,
    `${taken.length}`,
    of(({ cpuUs }) => cpuUs),
    of(({ twinUs }) => twinUs),
    of(toTwin),
    of(({ perSecond }) => perSecond, 0),
    `${taken.reduce((sum, { lost }) => sum + lost, 0)}`,
    of(({ signatures }) => signatures, 0),
    of(({ mainCores }) => mainCores),
    of(({ otherCores }) => otherCores),
  ];
}

function toTwin({ cpuUs, twinUs }: Sample): number {
  return cpuUs / twinUs;
}

/** Each busy phase with the quiet one of the same process: before the kill, and after the restart. */
function comparisons({ samples }: Figures): string[][] {
  const phases = (...names: Phase[]): Sample[] => names.flatMap((name) => samples.get(name) ?? []);
  const rows: [string, Sample[], Sample[]][] = [
    ['before the kill', phases('busy before the kill'), phases('quiet before')],
    ['after the restart', phases('busy after the restart'), phases('quiet after')],
    [
      '**all samples**',
      phases('busy before the kill', 'busy after the restart'),
      phases('quiet before', 'quiet after'),
    ],
  ];
  return rows
    .filter(([, busy, quiet]) => busy.length > 0 && quiet.length > 0)
    .map(([name, busy, quiet]) => [
      name,
      verdict(busy, quiet, ({ cpuUs }) => cpuUs),
      verdict(busy, quiet, toTwin),
    ]);
}

function verdict(busy: Sample[], quiet: Sample[], value: (sample: Sample) => number): string {
  const ratio = median(busy.map(value)) / median(quiet.map(value));
  return `${ratio.toFixed(3)} (goal ≤ ${MOST_RATIO}: ${ratio <= MOST_RATIO ? 'reached' : '**missed**'})`;
}
