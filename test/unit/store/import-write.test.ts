/** Keys of another signer come in whole or not at all, once, and never in the place of others. */
import fs from 'node:fs';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import type { FileStore } from '../../../src/base/ports.ts';
import { DEFAULT_POLICY } from '../../../src/kasp/policy.ts';
import { DiskFileStore } from '../../../src/store/files.ts';
import { settleKeys } from '../../../src/store/import-roles.ts';
import { adoptedState } from '../../../src/store/import-state.ts';
import { type ImportTarget, writeImport } from '../../../src/store/import-write.ts';
import { KeystoreError } from '../../../src/store/keypairs.ts';
import { openZoneKeys } from '../../../src/store/openkeys.ts';
import { nameOf } from '../../../src/wire/name.ts';
import { adopting, BARE, foreignKey } from '../../support/foreign-keys.ts';
import { NOON } from '../../support/kasp-states.ts';
import { Workplace } from '../../support/processes.ts';
import { strongRandom } from '../../support/random.ts';

const place = new Workplace();
afterAll(() => place.remove());

const ORIGIN = nameOf('example.com.');
const files = new DiskFileStore();
let folder = '';
let count = 0;
beforeEach(() => {
  folder = place.at(`${++count}`);
  fs.mkdirSync(folder, { mode: 0o700 });
});

/** Fails at the n-th change of the disk. */
function failingAt(nth: number): { readonly store: FileStore; readonly changes: () => number } {
  let changes = 0;
  const store = new Proxy(files, {
    get: (target, name) => {
      const value = Reflect.get(target, name) as unknown;
      if (typeof value !== 'function') return value;
      return (...given: unknown[]) => {
        if (/Durable|makeDirectory/.test(String(name)) && ++changes === nth) throw new Error('power is lost');
        return Reflect.apply(value, target, given) as unknown;
      };
    },
  });
  return { store, changes: () => changes };
}

describe('writing', () => {
  const { keys } = settleKeys([foreignKey(), foreignKey({ flags: 256 })], BARE);
  const zoneState = adoptedState(keys, adopting());
  const event = { kind: 'order', order: 'key import' };
  const targetOf = (store: FileStore): ImportTarget => ({
    ...{ files: store, random: strongRandom, keysDirectory: folder, origin: ORIGIN },
    ...{ policy: DEFAULT_POLICY, now: NOON },
  });
  const open = () =>
    openZoneKeys({
      files,
      random: strongRandom,
      keysDirectory: folder,
      origin: ORIGIN,
      policy: DEFAULT_POLICY,
      now: NOON,
    });

  const codeOfImport = (store: FileStore = files) =>
    writeImport(targetOf(store), keys, zoneState, event).then(
      () => 'none',
      (error: unknown) => (error instanceof KeystoreError ? error.code : String(error)),
    );

  it('makes them those of the zone, once', async () => {
    await writeImport(targetOf(files), keys, zoneState, event);
    const opened = await open();
    expect(opened).toMatchObject({ how: 'loaded', generation: 1, notes: [] });
    expect(opened.zoneState).toEqual(zoneState);
    expect(opened.history()).toMatchObject({
      torn: 0,
      entries: [{ kind: 'order', details: { order: 'key import' } }],
    });
    expect(await codeOfImport()).toBe('KEYS_PRESENT');
  });

  it('lets one of two at a time through', async () => {
    expect(await Promise.all([codeOfImport(), codeOfImport()])).toEqual(['none', 'KEYS_PRESENT']);
    expect((await open()).zoneState).toEqual(zoneState);
  });

  it('is not undone by keys that were being made for the zone', async () => {
    const fresh = await openZoneKeys({
      ...{ files, random: strongRandom, keysDirectory: folder, origin: ORIGIN },
      ...{ policy: DEFAULT_POLICY, now: NOON },
    });
    fs.renameSync(`${folder}/example.com`, `${folder}/made`);
    await writeImport(targetOf(files), keys, zoneState, event);
    await expect(fresh.commit({ zoneState: fresh.zoneState, now: NOON })).rejects.toMatchObject({
      code: 'KEYS_PRESENT',
    });
    expect((await open()).zoneState).toEqual(zoneState);
  });

  it('is whole or not there, whenever power is lost, and can be done again', async () => {
    const whole = failingAt(0);
    await writeImport(targetOf(whole.store), keys, zoneState, event);
    const total = whole.changes();
    expect(total).toBeGreaterThan(8);
    for (let nth = 1; nth <= total; nth++) {
      fs.rmSync(`${folder}/example.com`, { recursive: true, force: true });
      expect(await codeOfImport(failingAt(nth).store)).toContain('power is lost');
      expect(fs.existsSync(`${folder}/example.com`), `after change ${nth} of ${total}`).toBe(false);
      expect(await codeOfImport()).toBe('none');
      expect((await open()).zoneState).toEqual(zoneState);
    }
  });
});
