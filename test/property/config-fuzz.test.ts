/** Mutated configuration files: findings with places, or a configuration that makes sense; never a throw or a hang. */
import { expect, it } from 'vitest';
import { fuzzConfig } from '../support/fuzz-config.ts';

const FILES = 1_000;

it(`stands ${FILES} mutated configuration files`, () => {
  const { config, report } = fuzzConfig(20_261_124, FILES);
  expect(config).toBeGreaterThan(FILES / 50);
  expect(report).toBeGreaterThan(FILES / 2);
});
