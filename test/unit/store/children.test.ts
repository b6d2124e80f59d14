/** `children.log` on a real disk: what counts is the last whole line about a child. */
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { unixSeconds } from '../../../src/base/time.ts';
import { ChildrenLog } from '../../../src/store/children.ts';
import { DiskFileStore } from '../../../src/store/files.ts';
import { nameOf } from '../../../src/wire/name.ts';
import { NOW } from '../../support/served.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keyturn-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const open = () => new ChildrenLog(new DiskFileStore(), join(folder, 'zone'));
const [ONE, OTHER] = ['one.test.', 'other.test.'].map(nameOf) as [Uint8Array, Uint8Array];
const taken = (child: Uint8Array, ...tags: number[]) => ({
  child,
  ds: tags.map((tag) => Uint8Array.of(0, tag, 13, 2, 255)),
  inception: NOW,
  at: NOW,
  by: 'CDS',
});

it('knows after a restart what was taken last, and what the file has its say about again', async () => {
  const log = open();
  expect(log.all()).toEqual([]);
  await log.take(taken(ONE, 1));
  await log.take(taken(OTHER, 7));
  await log.take(taken(ONE, 2, 3));
  await log.drop(OTHER, NOW, 'operator');
  expect(open().all()).toEqual([taken(ONE, 2, 3)]);
  expect(open().find(OTHER)).toBeUndefined();
  await log.take(taken(ONE));
  expect(open().find(ONE)).toEqual(taken(ONE));
});

it('skips a line that power loss tore, and begins a new one behind it', async () => {
  await open().take(taken(ONE, 1));
  const { path } = open();
  appendFileSync(path, '{"at":"2026-11-28T12:00:00Z","child":"one.te');
  expect(open().all()).toEqual([taken(ONE, 1)]);
  await open().take(taken(ONE, 2));
  expect(open().all()).toEqual([taken(ONE, 2)]);
  expect(readFileSync(path, 'utf8')).toContain('one.te\n{');
});

it('skips lines of other shapes', async () => {
  const log = open();
  await log.take(taken(ONE, 1));
  for (const line of ['[]', '{}', '{"child":"x y.","ds":[]}', '{"child":"one.test.","ds":["zz"],"at":"x"}'])
    appendFileSync(log.path, `${line}\n`);
  expect(open().all()).toEqual([taken(ONE, 1)]);
});

it('opens no way to older requests when a first DS is taken by signals', async () => {
  const log = open();
  await log.take({ ...taken(ONE), inception: NOW });
  const signaled = { ...taken(ONE, 5), inception: unixSeconds(0), by: 'signals' };
  await log.take(signaled);
  for (const known of [log, open()]) expect(known.find(ONE)).toEqual({ ...signaled, inception: NOW });
  await log.take({ ...taken(OTHER, 6), inception: unixSeconds(0), by: 'signals' });
  expect(open().find(OTHER)?.inception).toBe(0);
});
