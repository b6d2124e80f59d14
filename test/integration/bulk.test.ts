/** A bulk rotation by the command line, over a server that is killed in the middle of it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { JobDetail, JobStart } from '../../src/control/job-shapes.ts';
import { Daemon } from '../support/daemon.ts';
import { versionedZone } from '../support/daemon-watch.ts';
import { Workplace, waitUntil } from '../support/processes.ts';

const NAMES = ['a', 'b', 'c', 'd', 'e'].map((label) => `${label}.example.`);
const ZONES = Object.fromEntries(NAMES.map((origin) => [`${origin}zone`, versionedZone(origin, 1, 1)]));

describe('a bulk rotation', () => {
  const workplace = new Workplace();
  let daemon: Daemon;
  afterAll(async () => {
    await daemon?.stop();
    workplace.remove();
  });

  async function good<T>(...args: string[]): Promise<T> {
    const { code, stdout, stderr } = await daemon.keyturn('--json', ...args);
    expect(code, stderr).toBe(0);
    return JSON.parse(stdout) as T;
  }

  const show = (id: string) => good<JobDetail>('job', 'show', id);

  it('goes on after the server was killed, and makes each zone one new key', async () => {
    daemon = await Daemon.start({ workplace, zones: ZONES });
    const { job } = await good<JobStart>('rollover', 'start', '--all', '--type', 'csk', '--spread', '10s');
    const { id } = job!;
    await waitUntil(async () => (await show(id)).zones.running >= 2, 'two zones are rolled', 20_000);
    expect((await show(id)).zones.pending).toBeGreaterThan(0);
    daemon.process.signal('SIGKILL');
    await daemon.process.ended;
    daemon = await Daemon.start({ workplace, zones: ZONES });
    await waitUntil(async () => (await show(id)).zones.pending === 0, 'all zones are rolled', 30_000);
    expect(await show(id)).toMatchObject({ state: 'running', zones: { total: 5, running: 5, failed: 0 } });
    for (const name of NAMES) {
      const state = readFileSync(join(workplace.at('keys'), name.slice(0, -1), 'state.json'), 'utf8');
      expect((JSON.parse(state) as { keys: unknown[] }).keys, name).toHaveLength(2);
    }
  });

  it('tells what is wrong with a request', async () => {
    const codeOf = async (...args: string[]) => (await daemon.keyturn('rollover', 'start', ...args)).code;
    expect(await codeOf('--type', 'csk')).toBe(2);
    expect(await codeOf('--all')).toBe(2);
    expect(await codeOf('--all', '--match', '*', '--type', 'csk')).toBe(2);
    expect(await codeOf(NAMES[0]!, '--spread', '1d', '--type', 'csk')).toBe(2);
    expect(await codeOf('--all', '--type', 'csk', '--emergency', 'containment')).toBe(2);
    expect(await codeOf('--match', 'nobody.*', '--type', 'csk', '--dry-run')).toBe(4);
    expect(await codeOf('--all', '--type', 'csk')).toBe(5);
    expect(await codeOf('--all', '--type', 'csk', '--dry-run')).toBe(0);
    expect((await daemon.keyturn('job', 'show', 'nothing')).code).toBe(4);
  });

  it('is listed, and cancelled once', async () => {
    const { stdout } = await daemon.keyturn('job', 'list');
    expect(stdout).toMatch(/^JOB +TYPE .*\n\w{8} +csk +all +ok running/);
    // All zones are begun: the job only follows them, and there is nothing to cancel but that.
    const { jobs } = await good<{ jobs: { id: string }[] }>('job', 'list');
    expect(await good('job', 'cancel', jobs[0]!.id)).toMatchObject({ state: 'cancelled' });
    expect((await daemon.keyturn('job', 'cancel', jobs[0]!.id)).code).toBe(5);
  });
});
