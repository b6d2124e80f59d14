/**
 * First starts, commits and purges that lose power at every step, with every fate of what was not synced: the next
 * start has the same keys, or none that anybody can have seen (reliability.md I1, I3, I5, I8).
 */
import { describe, expect, it } from 'vitest';
import { FileStoreError } from '../../src/base/ports.ts';
import { unixSeconds } from '../../src/base/time.ts';
import { next } from '../../src/kasp/next.ts';
import { DEFAULT_POLICY, type KeyScheme } from '../../src/kasp/policy.ts';
import { dnskeySet } from '../../src/kasp/records.ts';
import { readAudit } from '../../src/store/audit.ts';
import type { ZoneKeys } from '../../src/store/keystore.ts';
import { openZoneKeys } from '../../src/store/openkeys.ts';
import { loadState } from '../../src/store/state.ts';
import { nameOf } from '../../src/wire/name.ts';
import { seededRandom } from '../support/random.ts';
import { AFTERMATHS, type Aftermath, SimulatedCrash, SimulatedFiles } from '../support/simulated-files.ts';

const NOW = unixSeconds(1_795_521_600);
const FACTS = { maxTtl: 3600, negativeTtl: 600 };
const ZONE = '/keys/example.com';

/** One start of a server as far as keys go; `served` is filled with DNSKEYs that the world may see. */
async function start(
  files: SimulatedFiles,
  scheme: KeyScheme,
  seed: string,
  served: Set<string>,
): Promise<ZoneKeys> {
  const policy = { ...DEFAULT_POLICY, scheme, bootstrapHold: 0 };
  const random = seededRandom(seed);
  const origin = nameOf('example.com.');
  const keys = await openZoneKeys({ files, random, keysDirectory: '/keys', origin, policy, now: NOW });
  const step = next(keys.zoneState, FACTS, policy, NOW);
  const { zoneState, actions } = step;
  if (step.isChanged || !keys.isSaved) await keys.commit({ zoneState, events: actions, now: NOW });
  for (const rdata of dnskeySet(keys.zoneState.keys)) served.add(Buffer.from(rdata).toString('hex'));
  return keys;
}

/** Runs `work`; true if it came to its end, false if power was lost. */
async function survives(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (error instanceof SimulatedCrash) return false;
    throw error;
  }
}

/** A start after all crashes must serve what was seen before, and be able to sign with it. */
async function expectSameKeys(
  files: SimulatedFiles,
  scheme: KeyScheme,
  seen: ReadonlySet<string>,
  at: string,
): Promise<void> {
  const served = new Set<string>();
  const keys = await start(files, scheme, `last ${at}`, served);
  const roles = keys.zoneState.keys.flatMap((key) => key.roles).sort();
  expect(roles, at).toEqual(['key-signing', 'zone-signing']);
  for (const dnskey of seen) expect(served.has(dnskey), `a DNSKEY that was seen is gone: ${at}`).toBe(true);
  for (const { id } of keys.zoneState.keys) expect(() => keys.privateKey(id), at).not.toThrow();
  const again = new Set<string>();
  await start(files, scheme, `again ${at}`, again);
  expect(again, at).toEqual(served);
}

/** Steps that an undisturbed first start takes. */
async function countSteps(scheme: KeyScheme): Promise<number> {
  const files = new SimulatedFiles();
  await start(files, scheme, 'first', new Set());
  return files.steps;
}

describe('power is lost during a first start', () => {
  for (const scheme of ['csk', 'ksk-zsk'] as const) {
    for (const aftermath of AFTERMATHS) {
      it(`${scheme}, unsynced data ${aftermath}: at every step`, async () => {
        const steps = await countSteps(scheme);
        expect(steps).toBeGreaterThan(20);
        for (let step = 1; step <= steps; step++) {
          const files = new SimulatedFiles();
          const seen = new Set<string>();
          files.crashAt(step);
          expect(await survives(() => start(files, scheme, 'first', seen))).toBe(false);
          files.restart(aftermath);
          await expectSameKeys(files, scheme, seen, `${scheme} ${aftermath} ${step}`);
        }
      });
    }
  }

  for (const aftermath of ['lost', 'torn'] satisfies Aftermath[]) {
    it(`and again during the recovery, unsynced data ${aftermath}`, async () => {
      let crashes = 0;
      const steps = await countSteps('csk');
      for (let step = 1; step <= steps; step++) {
        for (let second = 1; ; second++) {
          const files = new SimulatedFiles();
          const seen = new Set<string>();
          files.crashAt(step);
          await survives(() => start(files, 'csk', 'first', seen));
          files.restart(aftermath);
          files.crashAt(second);
          if (await survives(() => start(files, 'csk', 'second', seen))) break;
          crashes++;
          files.restart(aftermath);
          await expectSameKeys(files, 'csk', seen, `${aftermath} ${step}/${second}`);
        }
      }
      expect(crashes).toBeGreaterThan(200);
    });
  }

  it('half-written keys are set aside, not used and not deleted', async () => {
    let orphaned = 0;
    const steps = await countSteps('csk');
    for (let step = 1; step <= steps; step++) {
      const files = new SimulatedFiles();
      files.crashAt(step);
      await survives(() => start(files, 'csk', 'first', new Set()));
      files.restart('torn');
      const before = files.allFiles().filter((name) => name.startsWith(`${ZONE}/K`)).length;
      await start(files, 'csk', 'second', new Set());
      const names = files.allFiles();
      const orphans = names.filter((name) => name.startsWith(`${ZONE}/orphans/K`));
      expect(names.filter((name) => name.endsWith('.new') && !orphans.includes(name))).toEqual([]);
      expect(names.filter((name) => name.includes('/K')).length).toBeGreaterThanOrEqual(before);
      orphaned += orphans.length;
    }
    expect(orphaned).toBeGreaterThan(0);
  });
});

describe('the disk fails during a first start', () => {
  for (const code of ['ENOSPC', 'EIO']) {
    it(`${code} at every step, once or for good: nothing is seen, and the next start is well`, async () => {
      const steps = await countSteps('ksk-zsk');
      let untold = 0;
      for (let step = 1; step <= steps; step++) {
        for (const count of [1, Number.POSITIVE_INFINITY]) {
          const files = new SimulatedFiles();
          const seen = new Set<string>();
          files.failAt(step, code, count);
          const failure = await start(files, 'ksk-zsk', 'first', seen).then(
            () => undefined,
            (error: unknown) => error,
          );
          if (failure === undefined) untold++;
          else {
            expect(failure).toBeInstanceOf(FileStoreError);
            expect(seen.size).toBe(0);
          }
          files.restart();
          await expectSameKeys(files, 'ksk-zsk', seen, `${code} ${step}`);
        }
      }
      // A trail that cannot be begun stops nothing: created, written in two parts, synced, its name synced.
      expect(untold).toBe(5);
    });
  }
});

describe('a commit fails', () => {
  it('at every step: memory stays old, the next commit is a later generation of both', async () => {
    for (let step = 1; step <= 7; step++) {
      const files = new SimulatedFiles();
      const keys = await start(files, 'csk', 'first', new Set());
      const { zoneState, generation } = keys;
      files.failAt(step, 'EIO', 1);
      const wanted = { zoneState: { ...zoneState, delegation: 'none' }, now: NOW } as const;
      let failed = false;
      try {
        await keys.commit(wanted);
      } catch (error) {
        expect(error).toBeInstanceOf(FileStoreError);
        expect(keys.zoneState).toBe(zoneState);
        failed = true;
      }
      expect(failed).toBe(step <= 6);
      files.failAt(Number.POSITIVE_INFINITY, 'EIO');
      const onDisk = loadState(files, ZONE, nameOf('example.com.'))!.generation;
      await keys.commit(wanted);
      files.restart();
      const reopened = await start(files, 'csk', 'second', new Set());
      expect(reopened.zoneState.delegation).toBe('none');
      expect(reopened.generation).toBe(keys.generation);
      expect(keys.generation).toBeGreaterThan(failed ? onDisk : generation);
    }
  });
});

describe('power is lost during a commit', () => {
  for (const aftermath of AFTERMATHS) {
    it(`unsynced data ${aftermath}: the old state or the new one, and no state that is not told of`, async () => {
      const origin = nameOf('example.com.');
      const found = new Set<number>();
      for (let step = 1; ; step++) {
        const files = new SimulatedFiles();
        const keys = await start(files, 'csk', 'first', new Set());
        const [before, after] = [keys.generation, keys.generation + 1];
        const zoneState = { ...keys.zoneState, delegation: 'none' } as const;
        files.crashAt(step);
        const events = [{ kind: 'order', order: 'confirm-ds none' }];
        if (await survives(() => keys.commit({ zoneState, events, now: NOW }))) break;
        files.restart(aftermath);
        const { generation, zoneState: onDisk } = loadState(files, ZONE, origin)!;
        expect([before, after]).toContain(generation);
        expect(onDisk.delegation === 'none').toBe(generation === after);
        const told = readAudit(files, ZONE).entries.filter((one) => one.generation === after);
        if (generation === after) expect(told, `step ${step}`).toHaveLength(1);
        found.add(generation);
      }
      expect(found.size).toBe(aftermath === 'lost' ? 1 : 2);
    });
  }
});

describe('a purge', () => {
  /** A zone with a key that has gone; its id. */
  async function withGoneKey(files: SimulatedFiles): Promise<{ keys: ZoneKeys; id: string }> {
    const keys = await start(files, 'ksk-zsk', 'first', new Set());
    return { keys, id: await addGone(keys) };
  }
  /** Adds a key that has gone; its id. */
  async function addGone(keys: ZoneKeys): Promise<string> {
    const made = await keys.createKey(['zone-signing'], 13, NOW);
    const all = [...keys.zoneState.keys, { ...made, goal: 'OUT' } as const];
    await keys.commit({ zoneState: { ...keys.zoneState, keys: all }, now: NOW });
    return made.id;
  }
  async function purge(keys: ZoneKeys, id: string): Promise<void> {
    const { zoneState } = keys;
    const purged = zoneState.keys.filter((key) => key.id === id);
    const others = zoneState.keys.filter((key) => key.id !== id);
    await keys.commit({ zoneState: { ...zoneState, keys: others }, purged, now: NOW });
  }
  /** The key is whole, or a tombstone without files. */
  async function expectKeyOrTombstone(
    files: SimulatedFiles,
    id: string,
    at: string,
  ): Promise<'key' | 'tombstone'> {
    const keys = await start(files, 'ksk-zsk', `after ${at}`, new Set());
    expect(keys.notes, at).toEqual([]);
    const isThere = keys.zoneState.keys.some((key) => key.id === id);
    expect(
      keys.tombstones.map((dead) => dead.id),
      at,
    ).toEqual(isThere ? [] : [id]);
    const halves = files.allFiles().filter((name) => name.endsWith('.private'));
    expect(halves, at).toHaveLength(isThere ? 3 : 2);
    for (const key of keys.zoneState.keys) expect(() => keys.privateKey(key.id), at).not.toThrow();
    return isThere ? 'key' : 'tombstone';
  }

  for (const aftermath of AFTERMATHS) {
    it(`loses power at every step, unsynced data ${aftermath}: the key, or its tombstone and no file`, async () => {
      const outcomes = new Set<string>();
      for (let step = 1; ; step++) {
        const files = new SimulatedFiles();
        const { keys, id } = await withGoneKey(files);
        files.crashAt(step);
        if (await survives(() => purge(keys, id))) break;
        files.restart(aftermath);
        outcomes.add(await expectKeyOrTombstone(files, id, `${aftermath} ${step}`));
      }
      expect([...outcomes].sort()).toEqual(['key', 'tombstone']);
    });
  }

  it('fails at every step: told, and finished by the next purge or start', async () => {
    let failures = 0;
    for (let step = 1; ; step++) {
      const files = new SimulatedFiles();
      const { keys, id } = await withGoneKey(files);
      files.failAt(step, 'EIO', 1);
      try {
        await purge(keys, id);
        break;
      } catch (error) {
        expect(error).toBeInstanceOf(FileStoreError);
        failures++;
      }
      files.restart();
      await purge(keys, await addGone(keys));
      if (keys.zoneState.keys.some((key) => key.id === id)) await purge(keys, id);
      expect(files.allFiles().filter((name) => name.endsWith('.private'))).toHaveLength(2);
      expect((await start(files, 'ksk-zsk', 'second', new Set())).tombstones).toHaveLength(2);
    }
    expect(failures).toBeGreaterThan(5);
  });
});
