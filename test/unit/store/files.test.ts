/** One contract for the real file store and the simulated one, so that what holds in simulation holds on disk. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import type { FileStore, FileStoreError } from '../../../src/base/ports.ts';
import { DiskFileStore } from '../../../src/store/files.ts';
import { SimulatedFiles } from '../../support/simulated-files.ts';

const text = (octets: Uint8Array) => Buffer.from(octets).toString();
const octets = (content: string) => new Uint8Array(Buffer.from(content));

async function codeOf(work: () => unknown): Promise<string> {
  try {
    await work();
    return 'fine';
  } catch (error) {
    expect((error as Error).name).toBe('FileStoreError');
    return (error as FileStoreError).code;
  }
}

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'keyturn-files-'));
afterAll(() => fs.rmSync(root, { recursive: true, force: true }));

const STORES: [string, () => { files: FileStore; top: string }][] = [
  ['disk', () => ({ files: new DiskFileStore(), top: fs.mkdtempSync(path.join(root, 'disk-')) })],
  ['simulated', () => ({ files: new SimulatedFiles(), top: '/top' })],
];

for (const [name, open] of STORES) {
  describe(`${name} files`, () => {
    let files: FileStore;
    let top: string;
    beforeEach(async () => {
      ({ files, top } = open());
      await files.makeDirectory(`${top}/a/b`);
    });

    it('are created once, for their owner only', async () => {
      await files.createDurable([{ path: `${top}/a/f`, octets: octets('one') }]);
      expect(await codeOf(() => files.createDurable([{ path: `${top}/a/f`, octets: octets('two') }]))).toBe(
        'EEXIST',
      );
      expect(text(files.read(`${top}/a/f`, 3))).toBe('one');
      expect(files.stat(`${top}/a/f`)).toMatchObject({ kind: 'file', octets: 3, mode: 0o600 });
      expect(files.stat(`${top}/a/b`)).toMatchObject({ kind: 'directory', mode: 0o700 });
      expect(await codeOf(() => files.createDurable([{ path: `${top}/none/f`, octets: octets('') }]))).toBe(
        'ENOENT',
      );
    });

    it('are replaced as a whole, and leave no temporary file', async () => {
      await files.replaceDurable(`${top}/a/f`, octets('one'));
      await files.replaceDurable(`${top}/a/f`, octets('longer'));
      expect(text(files.read(`${top}/a/f`, 99))).toBe('longer');
      expect(files.list(`${top}/a`)).toEqual(['b', 'f']);
      expect(files.stat(`${top}/a/f`)?.mode).toBe(0o600);
    });

    it('grow, move and go', async () => {
      await files.appendDurable(`${top}/a/log`, octets('x'));
      await files.appendDurable(`${top}/a/log`, octets('yz'));
      expect(text(files.read(`${top}/a/log`, 9))).toBe('xyz');
      await files.renameDurable([{ from: `${top}/a/log`, to: `${top}/a/b/log` }]);
      expect(files.stat(`${top}/a/log`)).toBeUndefined();
      expect(files.list(`${top}/a/b`)).toEqual(['log']);
      await files.removeDurable(`${top}/a/b/log`);
      await files.removeDurable(`${top}/a/b/log`);
      expect(files.list(`${top}/a/b`)).toEqual([]);
    });

    it('are refused where they are missing, too long or none', async () => {
      await files.createDurable([{ path: `${top}/a/f`, octets: octets('12345') }]);
      expect(await codeOf(() => files.read(`${top}/a/f`, 4))).toBe('EFBIG');
      expect(await codeOf(() => files.read(`${top}/a/g`, 4))).toBe('ENOENT');
      expect(await codeOf(() => files.read(`${top}/a/b`, 4))).toBe('EINVAL');
      expect(await codeOf(() => files.list(`${top}/c`))).toBe('ENOENT');
      expect(await codeOf(() => files.renameDurable([{ from: `${top}/a/g`, to: `${top}/a/h` }]))).toBe(
        'ENOENT',
      );
    });

    it('have directories that are made once and sorted', async () => {
      await files.makeDirectory(`${top}/a/b`);
      for (const child of ['z', 'y', 'B']) await files.makeDirectory(`${top}/a/b/${child}`);
      expect(files.list(`${top}/a/b`)).toEqual(['B', 'y', 'z']);
    });
  });
}

describe('disk files alone', () => {
  it('follow no symbolic link, wait for no FIFO, and do not overwrite what a link points to', async () => {
    const files = new DiskFileStore();
    const top = fs.mkdtempSync(path.join(root, 'links-'));
    await files.createDurable([{ path: `${top}/target`, octets: octets('safe') }]);
    fs.symlinkSync(`${top}/target`, `${top}/link`);
    execFileSync('mkfifo', [`${top}/fifo`]);
    expect(await codeOf(() => files.read(`${top}/link`, 9))).toBe('ELOOP');
    expect(await codeOf(() => files.appendDurable(`${top}/link`, octets('x')))).toBe('ELOOP');
    expect(await codeOf(() => files.createDurable([{ path: `${top}/link`, octets: octets('x') }]))).toBe(
      'EEXIST',
    );
    expect(await codeOf(() => files.read(`${top}/fifo`, 9))).toBe('EINVAL');
    expect(files.stat(`${top}/link`)?.kind).toBe('symlink');
    expect(files.stat(`${top}/fifo`)?.kind).toBe('other');
    await files.replaceDurable(`${top}/link`, octets('new'));
    expect(text(files.read(`${top}/target`, 9))).toBe('safe');
    expect(await codeOf(() => files.makeDirectory(`${top}/target`))).toBe('EEXIST');
  });

  it('are written around leftovers of a crash', async () => {
    const files = new DiskFileStore();
    const top = fs.mkdtempSync(path.join(root, 'left-'));
    fs.writeFileSync(`${top}/f.${process.pid}-1.tmp`, 'half');
    await files.replaceDurable(`${top}/f`, octets('whole'));
    expect(text(files.read(`${top}/f`, 9))).toBe('whole');
    expect(files.list(top)).toEqual(['f', `f.${process.pid}-1.tmp`]);
  });
});

describe('simulated files alone', () => {
  it('lose what was not synced, and keep what was', async () => {
    const files = new SimulatedFiles();
    await files.makeDirectory('/d');
    await files.createDurable([{ path: '/d/old', octets: octets('old') }]);
    for (let step = 1; step <= 6; step++) {
      files.crashAt(step);
      await expect(files.replaceDurable('/d/old', octets('newer'))).rejects.toThrow('power lost');
      expect(() => files.read('/d/old', 9)).toThrow('down');
      files.restart('lost');
      expect(text(files.read('/d/old', 9))).toBe('old');
      expect(files.list('/d')).toEqual(['old']);
    }
    files.crashAt(3);
    await expect(files.createDurable([{ path: '/d/new', octets: octets('123456') }])).rejects.toThrow(
      'power lost',
    );
    files.restart('torn');
    expect(text(files.read('/d/new', 9))).toBe('1');
  });
});
