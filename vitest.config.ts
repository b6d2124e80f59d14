import { defineConfig } from 'vitest/config';

/** Test tiers (DESIGN §10): `unit` is quick, `integration` starts servers and peers, `long` is for nightly machines. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/*.test.ts', 'test/{unit,property,regress}/**/*.test.ts'],
          testTimeout: 30_000,
        },
      },
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
