import { describe, expect, it } from 'vitest';

import { foldPublications } from '../../../src/daemon/columns.ts';
import type { Publication, PublicationRows, ToData } from '../../../src/daemon/messages.ts';
import { SignedRows } from '../../../src/daemon/signedrows.ts';
import { ApexPacks } from '../../../src/signer/apexpacks.ts';
import type { Epoch } from '../../../src/signer/epoch.ts';
import { ImagePack } from '../../../src/zone/imagepack.ts';
import { imageOf, signedEpoch, type TestMode, TestServer } from '../../support/served.ts';

const packs = { apexes: new ApexPacks(), tables: new ImagePack() };
const images = new ImagePack();
const text = (i: number) => `@ 60 SOA ns h 1 2 3 4 5\n@ 60 NS ns\nns 60 A 192.0.2.${i}\nw 60 A 192.0.2.9\n`;

/** The first epoch of a small zone, all of it in packs. */
function packed(i: number, denial: TestMode): Epoch {
  const image = imageOf(`z${i}.example.`, text(i), { pack: images });
  return signedEpoch(`z${i}.example.`, image, { denial, packs, chainPack: images });
}

const publish = (id: number, epoch: Epoch): Publication => ({ kind: 'publish', version: id * 10, id, epoch });

/** What arrives of a list of messages. */
const crossed = (messages: readonly ToData[]): ToData[] => structuredClone(foldPublications(messages));

const rowsIn = ([message, ...more]: readonly ToData[]): PublicationRows => {
  expect(more).toEqual([]);
  if (message?.kind !== 'publishSigned') throw new Error(`it is not in rows: ${message?.kind}`);
  return message;
};

describe.each(['nsec', 'nsec3', 'compact'] as const)('signed zones in rows (%s)', (denial) => {
  const epochs = [1, 2, 3].map((i) => packed(i, denial));
  const published = epochs.map((epoch, i) => publish(i + 5, epoch));

  it('are the same epochs, with the newest version', () => {
    const message = rowsIn(foldPublications(published));
    const source = new SignedRows(message);
    expect(message.version).toBe(70);
    expect(source.ids()).toEqual([5, 6, 7]);
    for (const [row, epoch] of epochs.entries()) {
      const { apexInception: _inception, refreshAt: _refresh, ...served } = epoch;
      expect(source.epochAt(row)).toEqual(served);
      expect(source.imageAt(row)).toEqual(epoch.image);
    }
  });

  it('are answered from as those that crossed alone', () => {
    const [alone, among] = [new TestServer(), new TestServer()];
    const source = new SignedRows(rowsIn(crossed(published)));
    for (const [row, id] of source.ids().entries()) {
      alone.table.publish(id, epochs[row]!);
      among.table.publishFrom(id, source, row);
    }
    for (const i of [1, 2, 3]) {
      for (const [owner, type] of [
        ['', 'SOA'],
        ['ns.', 'A'],
        ['w.', 'AAAA'],
        ['none.', 'A'],
        ['', 'DNSKEY'],
      ] as const) {
        for (const dnssecOk of [false, true]) {
          const question = [`${owner}z${i}.example.`, type] as const;
          expect(withoutSignatures(among.tell(...question, { dnssecOk }))).toBe(
            withoutSignatures(alone.tell(...question, { dnssecOk })),
          );
        }
      }
    }
  });
});

describe('what goes alone', () => {
  it('is what has memory of its own, more signers than one, or less in common', () => {
    const other = { ...packed(4, 'nsec'), validity: 5 };
    const two = packed(6, 'nsec');
    const messages = [
      publish(1, packed(1, 'nsec')),
      publish(2, packed(2, 'nsec3')),
      publish(3, signedEpoch('z3.example.', imageOf('z3.example.', text(3)))),
      publish(4, other),
      publish(5, packed(5, 'nsec')),
      publish(6, { ...two, signers: [...two.signers, ...two.signers] }),
      publish(7, { ...packed(7, 'nsec'), apex: new SharedArrayBuffer(8) }),
    ];
    expect(foldPublications(messages)).toEqual(messages);
  });

  it('keeps its place among those in rows', () => {
    const remove: ToData = { kind: 'remove', version: 20, id: 1 };
    const [a, b, c, d] = [1, 2, 3, 4].map((i) => publish(i, packed(i, 'nsec')));
    const folded = foldPublications([a!, b!, remove, c!, d!]);
    expect(
      folded.map((one) => (one.kind === 'publishSigned' ? new SignedRows(one).ids() : one.kind)),
    ).toEqual([[1, 2], 'remove', [3, 4]]);
  });
});

/** ECDSA signatures are never the same twice. */
function withoutSignatures(message: string): string {
  return message.replace(/(\sRRSIG\s.*\s)\S+$/gm, '$1');
}
