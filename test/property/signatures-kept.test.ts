/** Where signatures are kept, and how many may be made: against maps and lists. */
import { randomBytes, verify } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { COUNTER, Counters } from '../../src/base/counters.ts';
import { unixSeconds } from '../../src/base/time.ts';
import { loadPublicKey, signOctets } from '../../src/dnssec/algorithm.ts';
import { SigningBudget } from '../../src/signer/budget.ts';
import { type QuickSigner, SignatureMaker } from '../../src/signer/maker.ts';
import { NO_ENTRY, SignatureCache } from '../../src/signer/signaturecache.ts';
import { ZoneSigner } from '../../src/signer/signer.ts';
import { SlotTable, slotTableOctets } from '../../src/signer/slots.ts';
import { ALGORITHM } from '../../src/wire/iana.ts';
import { imageOf, signedEpoch } from '../support/served.ts';

describe('SlotTable', () => {
  const SLOTS = 5;
  const step = fc.record({
    slot: fc.nat(SLOTS - 1),
    kind: fc.constantFrom('write', 'write', 'read', 'read another', 'begin'),
    inception: fc.oneof(
      fc.integer({ min: 2, max: 0xffff_ffff }),
      fc.constantFrom(2, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff),
    ),
    fill: fc.nat(255),
    offset: fc.nat(6),
  });

  it('holds what a map of slots holds, in whatever order they are written and read', () => {
    const algorithms = [ALGORITHM.ECDSAP256SHA256, ALGORITHM.ECDSAP384SHA384, ALGORITHM.ED25519];
    fc.assert(
      fc.property(
        fc.constantFrom(...algorithms),
        fc.constantFrom(undefined, 0, 8, 424),
        fc.array(step, { maxLength: 60, size: 'max' }),
        (algorithm, at, steps) => {
          const tableOctets = slotTableOctets(SLOTS, algorithm);
          // Alone, or among others, of whose memory it leaves all else as it is.
          const buffer = new SharedArrayBuffer(at === undefined ? tableOctets : at + tableOctets + 64);
          const slots = new SlotTable(at === undefined ? buffer : { memory: buffer, at }, algorithm);
          const octets = slots.signatureOctets;
          expect(octets).toBe(algorithm === ALGORITHM.ECDSAP384SHA384 ? 96 : 64);
          const twin = new Map<number, { inception: number; signature: Uint8Array }>();
          const begun = new Set<number>();
          for (const { slot, kind, inception, fill, offset } of steps) {
            const held = twin.get(slot);
            if (kind === 'begin' && fill === 0) {
              // Another thread is in the midst of writing it, for ever.
              Atomics.store(new Int32Array(buffer, at ?? 0), (slot * tableOctets) / SLOTS / 4, 1);
              begun.add(slot);
              twin.delete(slot);
            } else if (kind === 'write') {
              const signature = Uint8Array.from({ length: octets + offset }, (_, i) => i * 3 + fill);
              expect(slots.write(slot, inception, signature, offset)).toBe(!begun.has(slot));
              if (!begun.has(slot)) twin.set(slot, { inception, signature: signature.slice(offset) });
            } else if (held !== undefined) {
              const wanted = kind === 'read' ? held.inception : inception;
              const out = new Uint8Array(octets + 8).fill(9);
              expect(slots.read(slot, wanted, out, offset)).toBe(wanted === held.inception);
              expect(out.slice(offset, offset + octets)).toEqual(held.signature);
              expect(
                [...out.slice(0, offset), ...out.slice(offset + octets)].every((octet) => octet === 9),
              ).toBe(true);
            }
            for (let i = 0; i < SLOTS; i++) expect(slots.inception(i)).toBe(twin.get(i)?.inception ?? 0);
          }
          const others = Buffer.from(buffer).fill(0, at ?? 0, (at ?? 0) + tableOctets);
          expect(others.every((octet) => octet === 0)).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });
});

/** Entries as objects, each set a list of four at most. */
class PlainCache {
  readonly #sets: number;
  readonly #entries: {
    set: number;
    key: string;
    lastUse: number;
    isAgain: boolean;
    signature: Uint8Array;
  }[] = [];
  #uses = 0;

  constructor(sets: number) {
    this.#sets = sets;
  }

  find(hash: number, key: string): Uint8Array | undefined {
    const entry = this.#entries.find((one) => one.key === `${hash} ${key}`);
    if (entry === undefined) return undefined;
    entry.lastUse = ++this.#uses;
    entry.isAgain = true;
    return entry.signature;
  }

  store(hash: number, key: string, signature: Uint8Array): void {
    const set = (hash >>> 0) % this.#sets;
    const own = this.#entries.filter((one) => one.set === set).sort((a, b) => a.lastUse - b.lastUse);
    if (own.length === 4) {
      const once = own.find(({ isAgain }) => !isAgain);
      // All were used again: from now on they have to be used once more.
      if (once === undefined) for (const one of own) one.isAgain = false;
      this.#entries.splice(this.#entries.indexOf(once ?? own[0]!), 1);
    }
    this.#entries.push({ set, key: `${hash} ${key}`, lastUse: ++this.#uses, isAgain: false, signature });
  }
}

describe('SignatureCache', () => {
  const SET_OCTETS = 4 * 320;

  it('keeps and lets go of what a list does', () => {
    const step = fc.record({
      hash: fc.constantFrom(0, 1, 2, 3, -1, 0x7fff_ffff, -0x8000_0000),
      value: fc.nat(3),
      words: fc.constantFrom(1, 30, 53),
      octets: fc.constantFrom(64, 96),
    });
    let reused = 0;
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 3 }),
        fc.array(step, { maxLength: 150, size: 'max' }),
        (sets, steps) => {
          const cache = new SignatureCache(sets * SET_OCTETS + 1);
          const twin = new PlainCache(sets);
          for (const [i, { hash, value, words, octets }] of steps.entries()) {
            const signed = new Int32Array(60).fill(value);
            const key = `${value} ${words}`;
            const entry = cache.find(hash, signed, words);
            const expected = twin.find(hash, key);
            expect(entry !== NO_ENTRY).toBe(expected !== undefined);
            if (expected === undefined) {
              const signature = new Uint8Array(octets).fill(i);
              cache.store(hash, signed, words, signature);
              twin.store(hash, key, signature);
              continue;
            }
            reused++;
            const out = new Uint8Array(100);
            cache.read(entry, out, 2, expected.length);
            expect(out.subarray(2, 2 + expected.length)).toEqual(expected);
          }
        },
      ),
      { numRuns: 200 },
    );
    expect(reused).toBeGreaterThan(100);
  });
});

describe('SigningBudget', () => {
  const START = 1_795_000_000;

  it('grants what an account that is filled each second grants', () => {
    const step = fc.record({
      wait: fc.constantFrom(0, 0, 0, 0, 1, 2, 60, -5),
      kind: fc.constantFrom('P256', 'P256', 'P384', 'truncation'),
      isBehind: fc.constantFrom(false, false, false, true),
    });
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 40 }),
        fc.array(step, { maxLength: 200, size: 'max' }),
        (perSecond, steps) => {
          const budget = new SigningBudget(perSecond);
          let now = START;
          let filledAt = 0;
          let [signatures, truncations] = [0, 0];
          for (const { wait, kind, isBehind } of steps) {
            now += wait;
            budget.isBehind = isBehind;
            const isSignature = kind !== 'truncation';
            const isFree = isSignature && (perSecond === 0 || isBehind);
            if (now !== filledAt && !isFree) {
              // Debts of a costly algorithm are paid, savings are not kept.
              for (let second = 0; second < (now > filledAt ? Math.min(now - filledAt, 200) : 1); second++) {
                signatures = Math.min(signatures, 0) + perSecond;
              }
              truncations = 4 * perSecond;
              filledAt = now;
            }
            if (kind === 'truncation') {
              expect(budget.takeTruncation(unixSeconds(now))).toBe(truncations > 0);
              truncations--;
              continue;
            }
            const algorithm = kind === 'P384' ? ALGORITHM.ECDSAP384SHA384 : ALGORITHM.ECDSAP256SHA256;
            const isGranted = perSecond === 0 || (!isBehind && signatures > 0);
            expect(budget.take(algorithm, unixSeconds(now))).toBe(isGranted);
            if (isGranted && perSecond > 0) signatures -= kind === 'P384' ? 24 : 1;
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('SignatureMaker', () => {
  const image = imageOf('maker.test.', '@ 60 SOA ns h 1 2 3 4 5\n@ 60 NS ns.b.test.\n');
  const epoch = signedEpoch('maker.test.', image);
  const signer = new ZoneSigner(epoch.signers[0]!, epoch.validity);
  const published = loadPublicKey(signer.algorithm, signer.publicKey)!;
  const HOME_OCTETS = 200;

  it('signs what is in its scratch, of any length, by whichever way, and checks one in a hundred', () => {
    const length = fc.oneof(
      fc.integer({ min: HOME_OCTETS - 6, max: HOME_OCTETS + 4 }),
      fc.integer({ min: 1, max: 900 }),
    );
    const step = fc.record({
      length,
      mustCheck: fc.constantFrom(false, false, true),
      isRefused: fc.boolean(),
    });
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 1, maxLength: 260, size: 'max' }),
        fc.boolean(),
        (steps, hasQuick) => {
          let refuses = false;
          const message = new Uint8Array(HOME_OCTETS);
          const quick: QuickSigner = {
            message,
            sign: (algorithm, key, octets) =>
              refuses ? null : signOctets(algorithm, key, message.subarray(0, octets)),
          };
          const counters = new Counters();
          const maker = new SignatureMaker(counters, hasQuick ? quick : null);
          let checked = 0;
          let untilSample = 100;
          for (const { length, mustCheck, isRefused } of steps) {
            refuses = isRefused;
            maker.reserve(length);
            expect(maker.scratch.length).toBeGreaterThanOrEqual(length + 3);
            expect(maker.words.byteOffset).toBe(maker.scratch.byteOffset);
            expect(maker.words.buffer).toBe(maker.scratch.buffer);
            const octets = randomBytes(length);
            maker.scratch.set(octets);
            const signature = maker.make(signer, length, mustCheck);
            const key = { key: published, dsaEncoding: 'ieee-p1363' } as const;
            expect(verify('sha256', octets, key, signature!)).toBe(true);
            if (mustCheck || --untilSample === 0) checked++;
            if (untilSample === 0) untilSample = 100;
          }
          expect(counters.get(COUNTER.SIGNATURES_MADE)).toBe(steps.length);
          expect(counters.get(COUNTER.SIGNATURES_CHECKED)).toBe(checked);
        },
      ),
      { numRuns: 12 },
    );
  });
});
