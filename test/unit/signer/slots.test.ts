import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { SlotTable, slotTableOctets } from '../../../src/signer/slots.ts';
import { ALGORITHM } from '../../../src/wire/iana.ts';
import { ImagePack } from '../../../src/zone/imagepack.ts';

const P256 = ALGORITHM.ECDSAP256SHA256;
const P384 = ALGORITHM.ECDSAP384SHA384;

describe('SlotTable', () => {
  it('gives back what was written, by inception', () => {
    const slots = new SlotTable(new SharedArrayBuffer(slotTableOctets(3, P256)), P256);
    const out = new Uint8Array(64);
    expect(slots.inception(1)).toBe(0);
    expect(slots.write(1, 4_000_000_000, new Uint8Array(64).fill(5), 0)).toBe(true);
    expect(slots.inception(1)).toBe(4_000_000_000);
    expect(slots.read(1, 4_000_000_000, out, 0)).toBe(true);
    expect(out).toEqual(new Uint8Array(64).fill(5));
    expect(slots.inception(0)).toBe(0);
    expect(slots.inception(2)).toBe(0);
  });

  it('keeps to its own of the memory that it shares', () => {
    const pack = new ImagePack();
    const tables = [3, 1, 7, 2].map((slots, i) => {
      const algorithm = i % 2 === 0 ? P256 : P384;
      const memory = pack.take(slotTableOctets(slots, algorithm));
      return { slots, memory, table: new SlotTable(memory, algorithm) };
    });
    expect(
      new Set(tables.map(({ memory }) => memory instanceof SharedArrayBuffer || memory.memory)).size,
    ).toBe(1);
    const fill = (table: number, slot: number) => 16 * (table + 1) + slot;
    for (const [i, { slots, table }] of tables.entries()) {
      for (let slot = 0; slot < slots; slot++) {
        expect(table.inception(slot)).toBe(0);
        table.write(
          slot,
          1_000 + fill(i, slot),
          new Uint8Array(table.signatureOctets).fill(fill(i, slot)),
          0,
        );
      }
    }
    for (const [i, { slots, memory, table }] of tables.entries()) {
      const other = new SlotTable(memory, i % 2 === 0 ? P256 : P384);
      const out = new Uint8Array(table.signatureOctets);
      for (let slot = 0; slot < slots; slot++) {
        expect(other.read(slot, 1_000 + fill(i, slot), out, 0)).toBe(true);
        expect(out).toEqual(new Uint8Array(table.signatureOctets).fill(fill(i, slot)));
      }
    }
  });

  it('voids a copy when the slot changed meanwhile', () => {
    const slots = new SlotTable(new SharedArrayBuffer(slotTableOctets(1, P256)), P256);
    slots.write(0, 100, new Uint8Array(64).fill(1), 0);
    const inception = slots.inception(0);
    slots.write(0, 200, new Uint8Array(64).fill(2), 0);
    expect(slots.read(0, inception, new Uint8Array(64), 0)).toBe(false);
  });

  it('leaves a slot alone that another thread is writing', () => {
    const buffer = new SharedArrayBuffer(slotTableOctets(2, P256));
    const slots = new SlotTable(buffer, P256);
    new Int32Array(buffer)[0] = 1;
    expect(slots.write(0, 100, new Uint8Array(64), 0)).toBe(false);
    expect(slots.inception(0)).toBe(0);
  });

  it('never lets a reader take octets of two signatures while another thread rewrites the slot', async () => {
    const buffer = new SharedArrayBuffer(slotTableOctets(1, P256));
    const stop = new SharedArrayBuffer(4);
    // The writer speaks the protocol of the table by itself: state 1, octets, state = inception.
    const writer = new Worker(
      `const { workerData, parentPort } = require('node:worker_threads');
       const states = new Int32Array(workerData.buffer), octets = new Uint8Array(workerData.buffer);
       const stop = new Int32Array(workerData.stop);
       parentPort.postMessage('ready');
       for (let n = 2; n < 2e9 && Atomics.load(stop, 0) === 0; n++) {
         Atomics.store(states, 0, 1);
         for (let i = 4; i < 68; i++) octets[i] = n & 255;
         Atomics.store(states, 0, n);
         for (let pause = n % 50; pause > 0; pause--) Atomics.load(stop, 0);
       }`,
      { eval: true, workerData: { buffer, stop } },
    );
    await once(writer, 'message');
    const slots = new SlotTable(buffer, P256);
    const out = new Uint8Array(64);
    let reads = 0;
    for (let turn = 0; turn < 20_000_000 && reads < 50_000; turn++) {
      const inception = slots.inception(0);
      if (inception === 0 || !slots.read(0, inception, out, 0)) continue;
      reads++;
      if (out.some((octet) => octet !== (inception & 255))) expect.unreachable('a torn signature was read');
    }
    Atomics.store(new Int32Array(stop), 0, 1);
    await once(writer, 'exit');
    expect(reads).toBeGreaterThan(0);
  });
});
