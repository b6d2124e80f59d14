/**
 * The serial of a zone was noted outside of the zone's turn: a process that had handed its keys over while a zone was being
 * loaded wrote its serial into the directory that was another's by then.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { DEFAULT_POLICY } from '../../src/kasp/policy.ts';
import { RecordingFiles } from '../support/recording-files.ts';
import { ZonesBench, zoneText } from '../support/zones-bench.ts';

const ZONE = 'a.example.';

let bench: ZonesBench | undefined;
afterEach(() => bench?.close());

it('writes no serial of a zone that is loaded when turns are over', async () => {
  const files = new RecordingFiles();
  const opened = new ZonesBench({ files, policies: { [ZONE]: { ...DEFAULT_POLICY, serial: 'increment' } } });
  const written = () => files.of('a.example').filter((what) => what === 'replace serial.json');
  bench = opened;
  opened.write(`${ZONE}zone`, zoneText(1));
  await opened.settle();
  for (let i = 0; i < 200 && opened.serial(ZONE) === undefined; i++) await sleep(10);
  await opened.settle();
  expect(opened.serial(ZONE)).toBe(1);
  expect(written()).toHaveLength(1);
  opened.write(`${ZONE}zone`, zoneText(2));
  opened.zones.look();
  opened.clock.advance(6);
  opened.zones.look();
  expect(opened.loads).toBe(2);
  await opened.zones.close();
  await sleep(300);
  expect(written()).toHaveLength(1);
});
