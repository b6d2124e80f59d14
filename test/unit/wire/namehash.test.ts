import { describe, expect, it } from 'vitest';
import { nameOf } from '../../../src/wire/name.ts';
import { hashLabel, hashLowerLabel, hashName } from '../../../src/wire/namehash.ts';

describe('hashName', () => {
  it('is built from the right, label by label', () => {
    const name = nameOf('www.example.com.');
    const com = hashLabel(9, name, 12);
    const example = hashLabel(com, name, 4);
    expect(hashName(name, 12, 9)).toBe(com);
    expect(hashName(name, 4, 9)).toBe(example);
    expect(hashName(name, 0, 9)).toBe(hashLabel(example, name, 0));
    expect(hashName(nameOf('.'), 0, 9)).toBe(9);
  });

  it('has 32 bits, ignores case, depends on the seed', () => {
    for (let i = 0; i < 200; i++) {
      const hash = hashName(nameOf(`name-${i}.Example.`), 0, 0xffff_ffff);
      expect(hash).toBe(hash | 0);
      expect(hash).toBe(hashName(nameOf(`NAME-${i}.eXAMPLE.`), 0, 0xffff_ffff));
      expect(hash).not.toBe(hashName(nameOf(`name-${i}.Example.`), 0, 1));
    }
  });

  it('is the same for octets that are known to be in lower case', () => {
    for (let length = 1; length <= 63; length++) {
      const label = new Uint8Array(64).map((_, i) => (i === 0 ? length : 128 + ((i * 37 + length) % 128)));
      expect(hashLowerLabel(length, label, 0)).toBe(hashLabel(length, label, 0));
    }
  });

  it('reads no octet behind the label', () => {
    for (let length = 1; length <= 9; length++) {
      const octets = new Uint8Array(16).fill(97);
      octets[0] = length;
      const before = hashLabel(5, octets, 0);
      octets.fill(98, length + 1);
      expect(hashLabel(5, octets, 0)).toBe(before);
      octets[length] = 99;
      expect(hashLabel(5, octets, 0)).not.toBe(before);
    }
  });

  it.each<[string, (i: number) => string]>([
    ['counting names', (i) => `host${i}.example.`],
    ['addresses in reverse', (i) => `${i & 255}.${i >> 8}.0.10.in-addr.arpa.`],
    ['labels of two octets', (i) => `${String.fromCharCode(97 + (i % 26))}${i % 10}.${i}.`],
    ['deep names of one letter', (i) => [...i.toString(2)].join('.').concat('.x.')],
  ])('spreads %s over slots as chance would', (_what, nth) => {
    const count = 1 << 14;
    const slots = new Uint8Array(count);
    const whole = new Set<number>();
    for (let i = 0; i < count; i++) {
      const hash = hashName(nameOf(nth(i)), 0, 0x1234_5678);
      slots[hash & (count - 1)]!++;
      whole.add(hash);
    }
    // Chance leaves 1/e of the slots empty and makes 0.03 collisions of 32 bits.
    expect(slots.filter((used) => used === 0).length / count).toBeCloseTo(1 / Math.E, 1);
    expect(Math.max(...slots)).toBeLessThan(12);
    expect(whole.size).toBeGreaterThanOrEqual(count - 2);
  });

  it('changes half of its bits when one bit of a label changes', () => {
    let changed = 0;
    let pairs = 0;
    for (let i = 0; i < 500; i++) {
      const label = Uint8Array.from(
        [8, ...`${i}--------`.slice(0, 8)].map((octet) =>
          typeof octet === 'number' ? octet : octet.charCodeAt(0),
        ),
      );
      const hash = hashLabel(77, label, 0);
      for (let octet = 1; octet <= 8; octet++) {
        label[octet]! ^= 1;
        changed += popcount(hash ^ hashLabel(77, label, 0));
        label[octet]! ^= 1;
        pairs++;
      }
    }
    expect(changed / pairs).toBeGreaterThan(15);
    expect(changed / pairs).toBeLessThan(17);
  });
});

function popcount(word: number): number {
  let count = 0;
  for (let bits = word >>> 0; bits !== 0; bits = (bits & (bits - 1)) >>> 0) count++;
  return count;
}
