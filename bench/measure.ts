/** Timing for benches: rounds that interleave the contenders, the median of each, ratios to the first. */

export interface Contender {
  readonly name: string;
  /** Runs the work `count` times. */
  readonly run: (count: number) => void;
  /** Runs a round: enough for some tens of milliseconds. */
  readonly count: number;
}

export interface Measured {
  readonly name: string;
  /** Nanoseconds an operation: the median of the rounds, and the fastest and slowest. */
  readonly ns: number;
  readonly fastest: number;
  readonly slowest: number;
  /** Octets of heap allocated an operation; NaN without --expose-gc. */
  readonly octets: number;
}

const ROUNDS = 9;

/** Measures all contenders in turn, round by round, so that a slow moment of the machine hits them alike. */
export function measure(contenders: readonly Contender[]): Measured[] {
  const times = contenders.map((): number[] => []);
  for (const contender of contenders) contender.run(contender.count);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, { run, count }] of contenders.entries()) {
      const from = process.hrtime.bigint();
      run(count);
      times[i]!.push(Number(process.hrtime.bigint() - from) / count);
    }
  }
  return contenders.map((contender, i) => {
    const sorted = times[i]!.sort((a, b) => a - b);
    return {
      name: contender.name,
      ns: sorted[ROUNDS >> 1]!,
      fastest: sorted[0]!,
      slowest: sorted.at(-1)!,
      octets: allocated(contender),
    };
  });
}

function allocated({ run, count }: Contender): number {
  if (globalThis.gc === undefined) return Number.NaN;
  globalThis.gc();
  // What the collection threw away, code among it, is made once more.
  run(count);
  const before = process.memoryUsage().heapUsed;
  for (let i = 0; i < 5; i++) run(count);
  return Math.max(0, process.memoryUsage().heapUsed - before) / (5 * count);
}

/** Prints one comparable line for each. */
export function print(title: string, measured: readonly Measured[]): void {
  console.log(`\n${title}  (node ${process.version}, ${process.arch}, ${ROUNDS} rounds)`);
  const base = measured[0]!.ns;
  for (const { name, ns, fastest, slowest, octets } of measured) {
    const perSecond = Math.round(1e9 / ns).toLocaleString('en');
    const heap = Number.isNaN(octets) ? '' : `${octets.toFixed(1).padStart(9)} octets`;
    const spread = `[${fastest.toFixed(0)}–${slowest.toFixed(0)}]`;
    console.log(
      `  ${name.padEnd(34)}${ns.toFixed(0).padStart(9)} ns ${spread.padEnd(18)}${perSecond.padStart(12)}/s` +
        `${(ns / base).toFixed(3).padStart(10)} ×${heap}`,
    );
  }
}
