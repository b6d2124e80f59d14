/**
 * Mutated zone files: a report in which every finding has a place, or a zone that is served; each within a second and
 * within the limits, never a throw. 200,000 of them: test/long/zonefile-fuzz.test.ts.
 */
import { expect, it } from 'vitest';
import { fuzzZoneFiles, ZoneFileMutator } from '../support/fuzz-zonefiles.ts';

const FILES = 2_000;

it('makes the same files from the same seed', () => {
  const [one, other] = [new ZoneFileMutator(7), new ZoneFileMutator(7)];
  for (let i = 0; i < 50; i++) expect(one.next()).toEqual(other.next());
});

it(`stands ${FILES} mutated zone files`, () => {
  const { zone, report } = fuzzZoneFiles(20_261_124, FILES);
  expect(zone + report).toBe(FILES);
  expect(zone).toBeGreaterThan(FILES / 20);
  expect(report).toBeGreaterThan(FILES / 4);
});
