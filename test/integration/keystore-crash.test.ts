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
import { openZoneKeys, type ZoneKeys } from '../../src/store/keystore.ts';
import { loadState } from '../../src/store/state.ts';
import { nameOf } from '../../src/wire/name.ts';
import { seededRandom } from '../support/random.ts';
import { AFTERMATHS, type Aftermath, SimulatedCrash, SimulatedFiles } from '../support/simulated-files.ts';

const NOW = unixSeconds(1_795_521_600);
const FACTS = { maxTtl: 3600, negativeTtl: 600 };
const ZONE = '/keys/example.com';

/** One start of a server as far as keys go; `served` is filled with DNSKEYs that the world may see. */
function start(files: SimulatedFiles, scheme: KeyScheme, seed: string, served: Set<string>): ZoneKeys {
  const policy = { ...DEFAULT_POLICY, scheme, bootstrapHold: 0 };
  const random = seededRandom(seed);
  const origin = nameOf('example.com.');
  const keys = openZoneKeys({ files, random, keysDirectory: '/keys', origin, policy, now: NOW });
  const step = next(keys.zoneState, FACTS, policy, NOW);
  if (step.isChanged) keys.commit(step.zoneState);
  for (const rdata of dnskeySet(keys.zoneState.keys)) served.add(Buffer.from(rdata).toString('hex'));
  return keys;
}

/** Runs `work`; true if it came to its end, false if power was lost. */
function survives(work: () => void): boolean {
  try {
    work();
    return true;
  } catch (error) {
    if (error instanceof SimulatedCrash) return false;
    throw error;
  }
}

/** A start after all crashes must serve what was seen before, and be able to sign with it. */
function expectSameKeys(
  files: SimulatedFiles,
  scheme: KeyScheme,
  seen: ReadonlySet<string>,
  at: string,
): void {
  const served = new Set<string>();
  const keys = start(files, scheme, `last ${at}`, served);
  const roles = keys.zoneState.keys.flatMap((key) => key.roles).sort();
  expect(roles, at).toEqual(['key-signing', 'zone-signing']);
  for (const dnskey of seen) expect(served.has(dnskey), `a DNSKEY that was seen is gone: ${at}`).toBe(true);
  for (const { id } of keys.zoneState.keys) expect(keys.privateKey(id).type, at).toBe('private');
  const again = new Set<string>();
  start(files, scheme, `again ${at}`, again);
  expect(again, at).toEqual(served);
}

/** Steps that an undisturbed first start takes. */
function countSteps(scheme: KeyScheme): number {
  const files = new SimulatedFiles();
  start(files, scheme, 'first', new Set());
  return files.steps;
}

describe('power is lost during a first start', () => {
  for (const scheme of ['csk', 'ksk-zsk'] as const) {
    for (const aftermath of AFTERMATHS) {
      it(`${scheme}, unsynced data ${aftermath}: at every step`, () => {
        const steps = countSteps(scheme);
        expect(steps).toBeGreaterThan(20);
        for (let step = 1; step <= steps; step++) {
          const files = new SimulatedFiles();
          const seen = new Set<string>();
          files.crashAt(step);
          expect(survives(() => start(files, scheme, 'first', seen))).toBe(false);
          files.restart(aftermath);
          expectSameKeys(files, scheme, seen, `${scheme} ${aftermath} ${step}`);
        }
      });
    }
  }

  for (const aftermath of ['lost', 'torn'] satisfies Aftermath[]) {
    it(`and again during the recovery, unsynced data ${aftermath}`, () => {
      let crashes = 0;
      for (let step = 1; step <= countSteps('csk'); step++) {
        for (let second = 1; ; second++) {
          const files = new SimulatedFiles();
          const seen = new Set<string>();
          files.crashAt(step);
          survives(() => start(files, 'csk', 'first', seen));
          files.restart(aftermath);
          files.crashAt(second);
          if (survives(() => start(files, 'csk', 'second', seen))) break;
          crashes++;
          files.restart(aftermath);
          expectSameKeys(files, 'csk', seen, `${aftermath} ${step}/${second}`);
        }
      }
      expect(crashes).toBeGreaterThan(200);
    });
  }

  it('half-written keys are set aside, not used and not deleted', () => {
    let orphaned = 0;
    for (let step = 1; step <= countSteps('csk'); step++) {
      const files = new SimulatedFiles();
      files.crashAt(step);
      survives(() => start(files, 'csk', 'first', new Set()));
      files.restart('torn');
      const before = files.allFiles().filter((name) => name.startsWith(`${ZONE}/K`)).length;
      start(files, 'csk', 'second', new Set());
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
    it(`${code} at every step, once or for good: nothing is seen, and the next start is well`, () => {
      for (let step = 1; step <= countSteps('ksk-zsk'); step++) {
        for (const count of [1, Number.POSITIVE_INFINITY]) {
          const files = new SimulatedFiles();
          const seen = new Set<string>();
          files.failAt(step, code, count);
          expect(() => start(files, 'ksk-zsk', 'first', seen)).toThrow(FileStoreError);
          expect(seen.size).toBe(0);
          files.restart();
          expectSameKeys(files, 'ksk-zsk', seen, `${code} ${step}`);
        }
      }
    });
  }
});

describe('a commit fails', () => {
  it('at every step: memory stays old, the next commit is a later generation of both', () => {
    for (let step = 1; step <= 7; step++) {
      const files = new SimulatedFiles();
      const keys = start(files, 'csk', 'first', new Set());
      const { zoneState, generation } = keys;
      files.failAt(step, 'EIO', 1);
      const wanted = { ...zoneState, delegation: 'none' } as const;
      let failed = false;
      try {
        keys.commit(wanted);
      } catch (error) {
        expect(error).toBeInstanceOf(FileStoreError);
        expect(keys.zoneState).toBe(zoneState);
        failed = true;
      }
      expect(failed).toBe(step <= 6);
      files.failAt(Number.POSITIVE_INFINITY, 'EIO');
      const onDisk = loadState(files, ZONE, nameOf('example.com.'))!.generation;
      keys.commit(wanted);
      files.restart();
      const reopened = start(files, 'csk', 'second', new Set());
      expect(reopened.zoneState.delegation).toBe('none');
      expect(reopened.generation).toBe(keys.generation);
      expect(keys.generation).toBeGreaterThan(failed ? onDisk : generation);
    }
  });
});

describe('a purge', () => {
  /** A zone with a key that has gone; its id. */
  function withGoneKey(files: SimulatedFiles): { keys: ZoneKeys; id: string } {
    const keys = start(files, 'ksk-zsk', 'first', new Set());
    const gone = { ...keys.createKey(['zone-signing'], 13, NOW), goal: 'OUT' } as const;
    keys.commit({ ...keys.zoneState, keys: [...keys.zoneState.keys, gone] });
    return { keys, id: gone.id };
  }
  /** The key is whole, or a tombstone without files. */
  function expectKeyOrTombstone(files: SimulatedFiles, id: string, at: string): 'key' | 'tombstone' {
    const keys = start(files, 'ksk-zsk', `after ${at}`, new Set());
    expect(keys.notes, at).toEqual([]);
    const isThere = keys.zoneState.keys.some((key) => key.id === id);
    expect(
      keys.tombstones.map((dead) => dead.id),
      at,
    ).toEqual(isThere ? [] : [id]);
    const halves = files.allFiles().filter((name) => name.endsWith('.private'));
    expect(halves, at).toHaveLength(isThere ? 3 : 2);
    for (const key of keys.zoneState.keys) expect(keys.privateKey(key.id).type, at).toBe('private');
    return isThere ? 'key' : 'tombstone';
  }

  for (const aftermath of AFTERMATHS) {
    it(`loses power at every step, unsynced data ${aftermath}: the key, or its tombstone and no file`, () => {
      const outcomes = new Set<string>();
      for (let step = 1; ; step++) {
        const files = new SimulatedFiles();
        const { keys, id } = withGoneKey(files);
        files.crashAt(step);
        if (survives(() => keys.purge(id, NOW))) break;
        files.restart(aftermath);
        outcomes.add(expectKeyOrTombstone(files, id, `${aftermath} ${step}`));
      }
      expect([...outcomes].sort()).toEqual(['key', 'tombstone']);
    });
  }

  it('fails at every step: told, and finished by the next purge or start', () => {
    let failures = 0;
    for (let step = 1; ; step++) {
      const files = new SimulatedFiles();
      const { keys, id } = withGoneKey(files);
      files.failAt(step, 'EIO', 1);
      try {
        keys.purge(id, NOW);
        break;
      } catch (error) {
        expect(error).toBeInstanceOf(FileStoreError);
        failures++;
      }
      files.restart();
      const other = { ...keys.createKey(['zone-signing'], 13, NOW), goal: 'OUT' } as const;
      keys.commit({ ...keys.zoneState, keys: [...keys.zoneState.keys, other] });
      keys.purge(other.id, NOW);
      if (keys.zoneState.keys.some((key) => key.id === id)) keys.purge(id, NOW);
      expect(files.allFiles().filter((name) => name.endsWith('.private'))).toHaveLength(2);
      expect(start(files, 'ksk-zsk', 'second', new Set()).tombstones).toHaveLength(2);
    }
    expect(failures).toBeGreaterThan(5);
  });
});
