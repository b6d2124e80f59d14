import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/** Tests of the process that runs them, its heap and its allocator: each file needs one of its own. */
const OF_THE_PROCESS = ['test/unit/daemon/{allocator,garbage}.test.ts'];

/**
 * Test tiers (DESIGN §10): `unit` and `process` are quick, `integration` starts servers and peers, `long` is for nightly
 * machines. Modules below the shell have no state, so files of `unit` share a process: half of the time was loading them
 * again for each file.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/*.test.ts', 'test/{unit,property,regress}/**/*.test.ts'],
          exclude: OF_THE_PROCESS,
          testTimeout: 30_000,
          isolate: false,
          maxWorkers: availableParallelism(),
        },
      },
      { test: { name: 'process', include: OF_THE_PROCESS, testTimeout: 30_000, maxWorkers: 1 } },
      {
        test: {
          name: 'integration',
          include: ['test/{integration,interop}/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 60_000,
          maxWorkers: 1,
          // Real processes on a machine that others use too: a test must fail twice to fail there. Never for units.
          retry: process.env.CI === undefined ? 0 : 1,
        },
      },
      { test: { name: 'long', include: ['test/long/**/*.test.ts'], testTimeout: 3_600_000, maxWorkers: 1 } },
    ],
  },
});
