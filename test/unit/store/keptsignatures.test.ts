/** `apex.kept`: what was written is read, and nothing else is. */
import { describe, expect, it } from 'vitest';
import { unixSeconds } from '../../../src/base/time.ts';
import {
  formatKept,
  type Kept,
  loadKept,
  pairProof,
  readKept,
  saveKept,
  wholeKept,
} from '../../../src/store/keptsignatures.ts';
import { AFTERMATHS, SimulatedFiles } from '../../support/simulated-files.ts';

const digest = (fill: number) => Buffer.alloc(32, fill).toString('hex');

const keptAt = (instant: number): Kept => ({
  apexInception: unixSeconds(instant),
  proofs: new Set([digest(1), digest(2)]),
  signatures: new Map([
    [digest(3), new Uint8Array(64).fill(3)],
    [digest(4), new Uint8Array(96).fill(4)],
  ]),
});
const KEPT = keptAt(1_795_000_000);

/** A file store with a directory for the file. */
async function filesWith(kept?: Kept): Promise<SimulatedFiles> {
  const files = new SimulatedFiles();
  await files.makeDirectory('/keys/a');
  if (kept !== undefined) await saveKept(files, '/keys/a', kept);
  return files;
}

const parseKept = (octets: Uint8Array) => {
  const whole = wholeKept(octets);
  return whole && readKept(whole);
};
const instantIn = (files: SimulatedFiles) => loadKept(files, '/keys/a')?.apexInception;

describe('what is kept', () => {
  it('is read as it was written', () => {
    const read = parseKept(formatKept(KEPT))!;
    expect(read.apexInception).toBe(KEPT.apexInception);
    expect(read.proofs).toEqual(KEPT.proofs);
    expect([...read.signatures].map(([key, octets]) => [key, Buffer.from(octets).toString('hex')])).toEqual(
      [...KEPT.signatures].map(([key, octets]) => [key, Buffer.from(octets).toString('hex')]),
    );
    const none = { ...KEPT, proofs: new Set<string>(), signatures: new Map<string, Uint8Array>() };
    expect(parseKept(formatKept(none))).toEqual(none);
  });

  it('is read with the state, if there is one', () => {
    const state = { digest: digest(5), packed: 'a\u0000\u00ff' };
    expect(parseKept(formatKept({ ...KEPT, state }))?.state).toEqual(state);
    expect(parseKept(formatKept(KEPT))).not.toHaveProperty('state');
  });

  it('is not read if an octet is another, or missing, or too many', () => {
    const whole = formatKept({ ...KEPT, state: { digest: digest(5), packed: 'packed' } });
    for (let at = 0; at < whole.length; at++) {
      const flipped = Uint8Array.from(whole, (octet, i) => (i === at ? octet ^ 0x10 : octet));
      expect(parseKept(flipped), `octet ${at}`).toBeUndefined();
      expect(parseKept(whole.subarray(0, at)), `${at} octets`).toBeUndefined();
    }
    expect(parseKept(Buffer.concat([whole, whole]))).toBeUndefined();
    expect(parseKept(new Uint8Array(whole.length))).toBeUndefined();
  });

  it('is nothing where there is no file, or none that can be read', async () => {
    const files = await filesWith();
    expect(instantIn(files)).toBeUndefined();
    files.putLink('/keys/a/apex.kept');
    expect(instantIn(files)).toBeUndefined();
  });

  it('goes if it cannot be replaced: it is of an epoch that is over', async () => {
    const files = await filesWith(KEPT);
    expect(instantIn(files)).toBe(KEPT.apexInception);
    files.failAt(1, 'ENOSPC', 1);
    await saveKept(files, '/keys/a', keptAt(5));
    expect(files.allFiles()).toEqual([]);
    files.failAt(1, 'EROFS');
    await expect(saveKept(files, '/keys/a', keptAt(5))).resolves.toBeUndefined();
  });

  it('is the old one, the new one or none whenever power is lost', async () => {
    for (const aftermath of AFTERMATHS) {
      for (let step = 1, isOver = false; !isOver; step++) {
        const files = await filesWith(KEPT);
        files.crashAt(step);
        isOver = await saveKept(files, '/keys/a', keptAt(5)).then(
          () => true,
          () => false,
        );
        files.restart(aftermath);
        expect([undefined, 5, KEPT.apexInception], `${aftermath} ${step}`).toContain(instantIn(files));
      }
    }
  });
});

describe('the proof of a pair', () => {
  it('differs by algorithm and by either half', () => {
    const [a, b] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
    const proofs = [pairProof(13, a, b), pairProof(14, a, b), pairProof(13, b, b), pairProof(13, a, a)];
    expect(new Set(proofs).size).toBe(proofs.length);
    expect(pairProof(13, a, b)).toBe(proofs[0]);
  });
});
