/** Memory of large images in huge pages, as the system shows it. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { useHugePages } from '../../../src/daemon/hugepages.ts';
import { type Libc, loadLibc } from '../../../src/transport/libc.ts';

const MIB = 1 << 20;
const libc = loadLibc();
const hasHugePages = existsSync('/sys/kernel/mm/transparent_hugepage/enabled');

/** Memory that was written, and whether the system was asked for huge pages in its middle. */
function asked(octets: number): boolean {
  const memory = new SharedArrayBuffer(octets);
  const view = new Uint8Array(memory).map((_, i) => i * 7);
  new Uint8Array(memory).set(view);
  useHugePages(memory);
  expect(Buffer.compare(new Uint8Array(memory), view)).toBe(0);
  const middle = (libc as Libc).addressOf(new Uint8Array(memory)) + BigInt(octets >> 1);
  return flagsAt(middle).includes('hg');
}

/** VmFlags of the mapping that has an address. */
function flagsAt(address: bigint): string[] {
  let isIt = false;
  for (const line of readFileSync('/proc/self/smaps', 'utf8').split('\n')) {
    const range = /^([0-9a-f]+)-([0-9a-f]+) /.exec(line);
    if (range !== null) isIt = BigInt(`0x${range[1]}`) <= address && address < BigInt(`0x${range[2]}`);
    else if (isIt && line.startsWith('VmFlags:')) return line.split(/\s+/);
  }
  return [];
}

describe.runIf(typeof libc === 'object')('useHugePages', () => {
  it('asks for them where an image is large, and leaves its octets as they are', () => {
    expect(asked(16 * MIB)).toBe(hasHugePages);
    expect(asked(5 * MIB + 12_345)).toBe(hasHugePages);
  });

  it('leaves small images alone, and those that share memory', () => {
    expect(asked(3 * MIB)).toBe(false);
    expect(() => useHugePages({ memory: new SharedArrayBuffer(8), at: 0 })).not.toThrow();
  });
});
