/** A server whose keys rest between their turns tells what is on its disk, and what it serves goes on from there. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { KeyDetail } from '../../src/control/key-shapes.ts';
import type { RolloverStatus, StatusResult } from '../../src/control/shapes.ts';
import { Daemon } from '../support/daemon.ts';
import { Workplace, waitUntil } from '../support/processes.ts';

const NAMES = ['a.example.', 'b.example.'];
const TEXT = '$TTL 1\n@ SOA ns hostmaster 1 7200 900 1209600 1\n@ NS ns\nns A 192.0.2.1\n';
const ZONES = Object.fromEntries(NAMES.map((name) => [`${name}zone`, TEXT]));
const POLICY = [
  'scheme: ksk-zsk, bootstrapHold: 0s, dnskeyTtl: 1s, cdsTtl: 1s, publishSafety: 0s, retireSafety: 0s',
  'propagation: 0s, minInterval: 0s',
].join(', ');

interface KeyOnDisk {
  readonly id: string;
  readonly tag: number;
  readonly states: Readonly<Record<string, { readonly state: string } | null>>;
}

describe('keys that rest', () => {
  const workplace = new Workplace();
  let daemon: Daemon;
  afterAll(async () => {
    await daemon?.stop();
    workplace.remove();
  });

  const start = async () => {
    const configuration = `policies:\n  default: { ${POLICY} }\n`;
    daemon = await Daemon.start({ workplace, zones: ZONES, configuration });
  };

  async function good<T>(...args: string[]): Promise<T> {
    const { code, stdout, stderr } = await daemon.keyturn('--json', ...args);
    expect(code, stderr).toBe(0);
    return JSON.parse(stdout) as T;
  }

  const rolloverOf = (name: string) => good<RolloverStatus>('rollover', 'status', name);

  /** What the server says of the keys of a zone is what its state says. */
  async function expectAsOnDisk(name: string): Promise<string[]> {
    const state = readFileSync(join(daemon.keys, name.slice(0, -1), 'state.json'), 'utf8');
    const { keys } = JSON.parse(state) as { readonly keys: readonly KeyOnDisk[] };
    const told = await good<{ readonly keys: readonly KeyDetail[] }>('key', 'list', name);
    const stated = keys.map(({ id, tag, states }) => {
      const [dnskey, ds] = [states.dnskey?.state ?? null, states.ds?.state ?? null];
      return { id, tag, dnskey, ds };
    });
    expect(told.keys.map(({ id, tag, dnskey, ds }) => ({ id, tag, dnskey, ds }))).toEqual(stated);
    return keys.map(({ id }) => id);
  }

  it('are told as they are on disk, before a rollover, after it and after a restart', async () => {
    await start();
    const before = await Promise.all(NAMES.map(expectAsOnDisk));
    const [rolled, other] = NAMES as [string, string];
    await good('rollover', 'start', rolled, '--type', 'zsk');
    await waitUntil(async () => (await rolloverOf(rolled)).rollover === null, 'it is rolled', 30_000);
    const after = await expectAsOnDisk(rolled);
    expect(
      after.filter((id) => !before[0]!.includes(id)),
      'a new key',
    ).toHaveLength(1);
    expect(await expectAsOnDisk(other), 'nothing else was touched').toEqual(before[1]);
    await daemon.stop();
    await start();
    expect(await expectAsOnDisk(rolled)).toEqual(after);
    expect(await expectAsOnDisk(other)).toEqual(before[1]);
  });

  it('obey, and are found by who looks at all zones', async () => {
    const [name] = NAMES as [string];
    await good('rollover', 'pause', name);
    const { needs } = await good<StatusResult>('status');
    expect(needs.map(({ command }) => command)).toContain(`keyturn rollover resume ${name}`);
    await good('rollover', 'resume', name);
    await expectAsOnDisk(name);
    const resumed = await good<StatusResult>('status');
    expect(resumed.needs.map(({ command }) => command)).not.toContain(`keyturn rollover resume ${name}`);
  });
});
