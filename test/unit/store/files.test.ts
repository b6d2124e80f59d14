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

function codeOf(work: () => void): string {
  try {
    work();
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
    beforeEach(() => {
      ({ files, top } = open());
      files.makeDirectory(`${top}/a/b`);
    });

    it('are created once, for their owner only', () => {
      files.createDurable(`${top}/a/f`, octets('one'));
      expect(codeOf(() => files.createDurable(`${top}/a/f`, octets('two')))).toBe('EEXIST');
      expect(text(files.read(`${top}/a/f`, 3))).toBe('one');
      expect(files.stat(`${top}/a/f`)).toMatchObject({ kind: 'file', octets: 3, mode: 0o600 });
      expect(files.stat(`${top}/a/b`)).toMatchObject({ kind: 'directory', mode: 0o700 });
      expect(codeOf(() => files.createDurable(`${top}/none/f`, octets('')))).toBe('ENOENT');
    });

    it('are replaced as a whole, and leave no temporary file', () => {
      files.replaceDurable(`${top}/a/f`, octets('one'));
      files.replaceDurable(`${top}/a/f`, octets('longer'));
      expect(text(files.read(`${top}/a/f`, 99))).toBe('longer');
      expect(files.list(`${top}/a`)).toEqual(['b', 'f']);
      expect(files.stat(`${top}/a/f`)?.mode).toBe(0o600);
    });

    it('grow, move and go', () => {
      files.appendDurable(`${top}/a/log`, octets('x'));
      files.appendDurable(`${top}/a/log`, octets('yz'));
      expect(text(files.read(`${top}/a/log`, 9))).toBe('xyz');
      files.renameDurable(`${top}/a/log`, `${top}/a/b/log`);
      expect(files.stat(`${top}/a/log`)).toBeUndefined();
      expect(files.list(`${top}/a/b`)).toEqual(['log']);
      files.removeDurable(`${top}/a/b/log`);
      files.removeDurable(`${top}/a/b/log`);
      expect(files.list(`${top}/a/b`)).toEqual([]);
    });

    it('are refused where they are missing, too long or none', () => {
      files.createDurable(`${top}/a/f`, octets('12345'));
      expect(codeOf(() => files.read(`${top}/a/f`, 4))).toBe('EFBIG');
      expect(codeOf(() => files.read(`${top}/a/g`, 4))).toBe('ENOENT');
      expect(codeOf(() => files.read(`${top}/a/b`, 4))).toBe('EINVAL');
      expect(codeOf(() => files.list(`${top}/c`))).toBe('ENOENT');
      expect(codeOf(() => files.renameDurable(`${top}/a/g`, `${top}/a/h`))).toBe('ENOENT');
    });

    it('have directories that are made once and sorted', () => {
      files.makeDirectory(`${top}/a/b`);
      for (const child of ['z', 'y', 'B']) files.makeDirectory(`${top}/a/b/${child}`);
      expect(files.list(`${top}/a/b`)).toEqual(['B', 'y', 'z']);
    });
  });
}

describe('disk files alone', () => {
  it('follow no symbolic link, wait for no FIFO, and do not overwrite what a link points to', () => {
    const files = new DiskFileStore();
    const top = fs.mkdtempSync(path.join(root, 'links-'));
    files.createDurable(`${top}/target`, octets('safe'));
    fs.symlinkSync(`${top}/target`, `${top}/link`);
    execFileSync('mkfifo', [`${top}/fifo`]);
    expect(codeOf(() => files.read(`${top}/link`, 9))).toBe('ELOOP');
    expect(codeOf(() => files.appendDurable(`${top}/link`, octets('x')))).toBe('ELOOP');
    expect(codeOf(() => files.createDurable(`${top}/link`, octets('x')))).toBe('EEXIST');
    expect(codeOf(() => files.read(`${top}/fifo`, 9))).toBe('EINVAL');
    expect(files.stat(`${top}/link`)?.kind).toBe('symlink');
    expect(files.stat(`${top}/fifo`)?.kind).toBe('other');
    files.replaceDurable(`${top}/link`, octets('new'));
    expect(text(files.read(`${top}/target`, 9))).toBe('safe');
    expect(codeOf(() => files.makeDirectory(`${top}/target`))).toBe('EEXIST');
  });

  it('are written around leftovers of a crash', () => {
    const files = new DiskFileStore();
    const top = fs.mkdtempSync(path.join(root, 'left-'));
    fs.writeFileSync(`${top}/f.${process.pid}-1.tmp`, 'half');
    files.replaceDurable(`${top}/f`, octets('whole'));
    expect(text(files.read(`${top}/f`, 9))).toBe('whole');
    expect(files.list(top)).toEqual(['f', `f.${process.pid}-1.tmp`]);
  });
});

describe('simulated files alone', () => {
  it('lose what was not synced, and keep what was', () => {
    const files = new SimulatedFiles();
    files.makeDirectory('/d');
    files.createDurable('/d/old', octets('old'));
    for (let step = 1; step <= 6; step++) {
      files.crashAt(step);
      expect(() => files.replaceDurable('/d/old', octets('newer'))).toThrow('power lost');
      expect(() => files.read('/d/old', 9)).toThrow('down');
      files.restart('lost');
      expect(text(files.read('/d/old', 9))).toBe('old');
      expect(files.list('/d')).toEqual(['old']);
    }
    files.crashAt(3);
    expect(() => files.createDurable('/d/new', octets('123456'))).toThrow('power lost');
    files.restart('torn');
    expect(text(files.read('/d/new', 9))).toBe('1');
  });
});
