/** 50,000 mutated configuration files; see test/property/config-fuzz.test.ts. */
import { expect, it } from 'vitest';
import { fuzzConfig } from '../support/fuzz-config.ts';

const FILES = 50_000;

it(`stands ${FILES} mutated configuration files`, () => {
  const { config, report } = fuzzConfig(3_000, FILES);
  expect(config + report).toBe(FILES);
});
