/** The heartbeat, of which one may be on its way to the disk when the next is due. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Heartbeat } from '../../../src/daemon/heartbeat.ts';
import { SteadyClock } from '../../../src/daemon/steadyclock.ts';
import { createLog } from '../../../src/ops/log.ts';
import { DiskFileStore } from '../../../src/store/files.ts';
import { loadHeartbeat } from '../../../src/store/heartbeat.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { Workplace } from '../../support/processes.ts';

const START = 1_800_000_000;

let place: Workplace;
let files: DiskFileStore;
let clock: ManualClock;
let steady: SteadyClock;
let heartbeat: Heartbeat;

beforeEach(() => {
  place = new Workplace();
  files = new DiskFileStore();
  clock = new ManualClock(START);
  steady = new SteadyClock(clock);
  const log = createLog('fatal' as 'error', { isTerminal: false });
  heartbeat = new Heartbeat({ log, isUnsigned: false, signing: { files, keysDirectory: place.path } });
});
afterEach(() => place.remove());

const onDisk = () => loadHeartbeat(files, place.path);

it('is on disk when the last one of a process is over, though another was on its way', async () => {
  void heartbeat.beat(steady);
  await heartbeat.beat(steady, 0);
  expect(onDisk()).toBe(START);
});

it('is the newest of two that are on their way', async () => {
  void heartbeat.beat(steady);
  clock.advance(1_000);
  await heartbeat.beat(steady, 0);
  expect(onDisk()).toBe(START + 1_000);
});

it('waits for its interval', async () => {
  await heartbeat.beat(steady);
  clock.advance(599);
  await heartbeat.beat(steady);
  expect(onDisk()).toBe(START);
  clock.advance(1);
  await heartbeat.beat(steady);
  expect(onDisk()).toBe(START + 600);
});
