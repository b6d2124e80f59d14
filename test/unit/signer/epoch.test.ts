import { describe, expect, it } from 'vitest';
import { plus, type UnixSeconds } from '../../../src/base/time.ts';
import { dnskeyRdata, FLAGS_SEP, keyTag } from '../../../src/dnssec/dnskey.ts';
import { generateKey } from '../../../src/dnssec/keypair.ts';
import { lendPrivateKey } from '../../../src/dnssec/privatekey.ts';
import { readRrsig, verifyRRset } from '../../../src/dnssec/rrsig.ts';
import { ApexPacks } from '../../../src/signer/apexpacks.ts';
import { buildEpoch, type Epoch, type EpochContent, type EpochKey } from '../../../src/signer/epoch.ts';
import { signHot } from '../../../src/signer/hot.ts';
import { SlotTable } from '../../../src/signer/slots.ts';
import { isInWindow } from '../../../src/signer/validity.ts';
import { RRTYPE } from '../../../src/wire/iana.ts';
import { nameOf } from '../../../src/wire/name.ts';
import { type ImageMemory, type RRsetIndex, ZoneImage } from '../../../src/zone/image.ts';
import { ImagePack } from '../../../src/zone/imagepack.ts';
import { chainOf, imageOf, NOW, TestServer } from '../../support/served.ts';

const HOSTS = Array.from({ length: 40 }, (_, i) => `h${i} A 192.0.2.${i + 1}\n`).join('');
const ZONE = `$TTL 60\n@ SOA ns h 1 2 3 4 5\n@ NS ns\nns A 192.0.2.1\n${HOSTS}`;
const VALIDITY = 7 * 86_400;

function keyOf(algorithm: number, fill: number): EpochKey {
  const pair = generateKey(algorithm, (count) => new Uint8Array(count).fill(fill));
  const privateKey = lendPrivateKey(algorithm, pair.privateOctets, pair.publicKey);
  const tag = keyTag(dnskeyRdata(FLAGS_SEP, algorithm, pair.publicKey));
  return { algorithm, tag, flags: FLAGS_SEP, publicKey: pair.publicKey, privateKey };
}

const A = keyOf(13, 7);
const A2 = keyOf(13, 8);
const B = keyOf(15, 9);
const rdataOf = (key: EpochKey) => dnskeyRdata(key.flags, key.algorithm, key.publicKey);

interface Signing {
  readonly published: readonly EpochKey[];
  readonly signers: readonly EpochKey[];
  readonly zone?: readonly EpochKey[];
  readonly cds?: readonly EpochKey[];
}

function contentOf({ published, signers, zone = signers, cds = signers }: Signing): EpochContent {
  return {
    dnskey: published.map(rdataOf),
    cds: [],
    cdnskey: published.map(rdataOf),
    dnskeyTtl: 3600,
    cdsTtl: 300,
    dnskeySigners: signers,
    zoneSigners: zone,
    cdsSigners: cds,
    validity: VALIDITY,
    denial: 'nsec',
    nsec3: null,
  };
}

const IMAGE = imageOf('example.', ZONE);
const build = (signing: Signing, previous?: Epoch) => buildEpoch(IMAGE, contentOf(signing), previous, NOW);

/** Tags of the signatures in the answer to a question. */
function signersOf(epoch: Epoch, name: string, type: string): number[] {
  const server = new TestServer();
  server.table.publish(1, epoch);
  const { answer } = server.ask(name, type, { dnssecOk: true });
  return answer
    .filter((record) => record.type === RRTYPE.RRSIG)
    .map((record) => readRrsig(record.rdata)!.keyTag)
    .sort((a, b) => a - b);
}

const sorted = (...keys: EpochKey[]) => keys.map(({ tag }) => tag).sort((a, b) => a - b);

describe('the signers of an epoch', () => {
  it('may be keys of an algorithm that is not published yet, or no more (ROLLOVER 2.5)', () => {
    const epoch = build({ published: [A], signers: [A, B] });
    expect(signersOf(epoch, 'example.', 'DNSKEY')).toEqual(sorted(A, B));
    expect(signersOf(epoch, 'example.', 'SOA')).toEqual(sorted(A, B));
    expect(signersOf(epoch, 'h1.example.', 'A')).toEqual(sorted(A, B));
  });

  it('sign CDS by themselves, which may be others than those of DNSKEY', () => {
    const epoch = build({ published: [A, A2], signers: [A], cds: [A, A2] });
    expect(signersOf(epoch, 'example.', 'DNSKEY')).toEqual(sorted(A));
    expect(signersOf(epoch, 'example.', 'CDNSKEY')).toEqual(sorted(A, A2));
  });

  it('cover each algorithm in the DNSKEY rrset (RFC 4035 §2.2), with keys that are published', () => {
    const refused: [string, Signing][] = [
      ['signs that for algorithm 15', { published: [A, B], signers: [A], zone: [A, B] }],
      ['signs the zone for algorithm 15', { published: [A, B], signers: [A, B], zone: [A] }],
      ['signs that for algorithm 13', { published: [A], signers: [A2] }],
      ['signs the zone for algorithm 13', { published: [A], signers: [A], zone: [A2] }],
      ['signs that for algorithm 13', { published: [A], signers: [B] }],
      ['signs CDS', { published: [A], signers: [A], cds: [A2] }],
      ['has a DNSKEY rrset', { published: [], signers: [A] }],
    ];
    for (const [why, signing] of refused) expect(() => build(signing), why).toThrow(why);
    expect(build({ published: [A, A2], signers: [A], zone: [A2] }).signers).toHaveLength(1);
  });

  it('keep their signatures from epoch to epoch, but not over a change of validity', () => {
    const content = contentOf({ published: [A], signers: [A] });
    const first = buildEpoch(IMAGE, content, undefined, NOW);
    expect(buildEpoch(IMAGE, content, first, NOW).signers[0]!.table).toBe(first.signers[0]!.table);
    const longer = buildEpoch(IMAGE, { ...content, validity: 2 * VALIDITY }, first, NOW);
    expect(longer.signers[0]!.table).not.toBe(first.signers[0]!.table);
    expect(signersOf(longer, 'h1.example.', 'A')).toEqual(sorted(A));
  });
});

describe('apex images and tables in packs', () => {
  it.each([
    ['nsec', null],
    ['nsec3', chainOf(IMAGE)],
    ['compact', null],
  ] as const)('lie in memory that they share, and answer as those that do not: %s', (denial, nsec3) => {
    const packs = { apexes: new ApexPacks(), tables: new ImagePack() };
    const content = { ...contentOf({ published: [A, B], signers: [A, B] }), denial, nsec3 };
    const epochs = [1, 2].map(() => buildEpoch(IMAGE, content, undefined, NOW, { packs }));
    const tables = epochs.flatMap(({ signers }) =>
      signers.flatMap(({ table, nsec3Table, compactTable }) => [table, nsec3Table, compactTable]),
    );
    expect(new Set(epochs.map(({ apex }) => memoryOf(apex))).size).toBe(1);
    expect(new Set(tables.filter((table) => table !== null).map(memoryOf)).size).toBe(1);
    for (const epoch of epochs) {
      for (const type of ['DNSKEY', 'SOA']) expect(signersOf(epoch, 'example.', type)).toEqual(sorted(A, B));
      expect(signersOf(epoch, 'h1.example.', 'A')).toEqual(sorted(A, B));
    }
  });

  it('lie by the span in which they are made anew, and those of spans that are over are let go', () => {
    const packs = { apexes: new ApexPacks(), tables: new ImagePack() };
    const content = contentOf({ published: [A], signers: [A] });
    let [epoch, before]: (Epoch | undefined)[] = [undefined, undefined];
    const memories = new Set<SharedArrayBuffer>();
    for (let now: UnixSeconds = NOW, turns = 0; turns < 30; now = epoch.refreshAt, turns++) {
      epoch = buildEpoch(IMAGE, content, before, now, { packs });
      const alike = buildEpoch(IMAGE, content, before, now, { packs });
      expect(memoryOf(alike.apex)).toBe(memoryOf(epoch.apex));
      expect(signersOf(epoch, 'example.', 'DNSKEY')).toEqual([A.tag]);
      memories.add(memoryOf(epoch.apex)!);
      before = epoch;
    }
    expect(memories.size, 'each lasts for four days').toBe(30);
    expect(packs.apexes.size, 'packs that are still filled').toBeLessThanOrEqual(2);
  });
});

/** Where an image or a table lies. */
function memoryOf(place: ImageMemory | null): SharedArrayBuffer | null {
  return place instanceof SharedArrayBuffer ? place : (place?.memory ?? null);
}

// ---- Signing ahead ----

/** Rrsets that a signer has a signature for that is served now. */
function readyIn(epoch: Epoch, tag: number, now: UnixSeconds = NOW): number[] {
  const { table, algorithm } = epoch.signers.find((signer) => signer.tag === tag)!;
  const slots = new SlotTable(table, algorithm);
  const count = ZoneImage.open(epoch.image).rrsetCount;
  return Array.from({ length: count }, (_, i) => i).filter((i) =>
    isInWindow(now, epoch.validity, slots.inception(i)),
  );
}

/** Asks for some hosts, so that they are hot. */
function warm(epoch: Epoch, hosts: number): void {
  for (let i = 0; i < hosts; i++) signersOf(epoch, `h${i}.example.`, 'A');
}

function names(epoch: Epoch, rrsets: readonly number[]): string[] {
  const image = ZoneImage.open(epoch.image);
  return rrsets
    .map((rrset) => {
      const owner = image.nameAt(image.owner(rrset as RRsetIndex));
      return `${Buffer.from(image.u8.slice(owner, owner + 4)).toString('latin1')} ${image.type(rrset as RRsetIndex)}`;
    })
    .sort();
}

describe('signing ahead', () => {
  it('gives a new signer signatures of what is asked for, and of nothing else', () => {
    const before = build({ published: [A, A2], signers: [A] });
    warm(before, 20);
    const after = build({ published: [A, A2], signers: [A], zone: [A2] }, before);
    expect(readyIn(after, A2.tag)).toHaveLength(2);
    const hot = readyIn(before, A.tag);
    expect(hot).toHaveLength(22);
    expect(signHot(after, before, { now: NOW, from: 0, signatures: 1000 })).toMatchObject({
      signed: 20,
      isDone: true,
    });
    expect(readyIn(after, A2.tag)).toEqual(hot);
    const server = new TestServer();
    server.table.publish(1, after);
    const { answer } = server.ask('h5.example.', 'A', { dnssecOk: true });
    const [rdatas, [rrsig]] = [RRTYPE.A, RRTYPE.RRSIG].map((type) =>
      answer.filter((record) => record.type === type).map(({ rdata }) => rdata),
    ) as [Uint8Array[], Uint8Array[]];
    const [owner, apex] = [nameOf('h5.example.'), nameOf('example.')];
    const signed = { owner, type: RRTYPE.A, rdatas, rrsig: rrsig!, dnskey: rdataOf(A2), apex };
    expect(verifyRRset(signed, NOW)).toBeUndefined();
    expect(verifyRRset({ ...signed, dnskey: rdataOf(A) }, NOW)).toBeDefined();
  });

  it('takes slices of the size it is given, and ends', () => {
    const before = build({ published: [A, A2], signers: [A] });
    warm(before, 20);
    const after = build({ published: [A, A2], signers: [A], zone: [A2] }, before);
    const slices: number[] = [];
    let from = 0;
    for (let isDone = false; !isDone; ) {
      const slice = signHot(after, before, { now: NOW, from, signatures: 6 });
      slices.push(slice.signed);
      expect(slice.next).toBeGreaterThan(from);
      ({ next: from, isDone } = slice);
    }
    expect(slices).toEqual([6, 6, 6, 2]);
    expect(readyIn(after, A2.tag)).toEqual(readyIn(before, A.tag));
  });

  it('finds the same rrsets in a zone that has changed, and skips those that are gone', () => {
    const before = build({ published: [A, A2], signers: [A] });
    warm(before, 3);
    const changed = imageOf('example.', `${ZONE.replace('h1 A', 'a A 192.0.2.9\nx.h1 A')}`);
    const content = contentOf({ published: [A, A2], signers: [A], zone: [A2] });
    const after = buildEpoch(changed, content, before, NOW);
    expect(signHot(after, before, { now: NOW, from: 0, signatures: 1000 })).toMatchObject({ signed: 2 });
    const ready = names(after, readyIn(after, A2.tag));
    expect(ready.filter((name) => name.startsWith('\x02h'))).toEqual(['\x02h0\x07 1', '\x02h2\x07 1']);
  });

  it('leaves alone what has aged, and does nothing where nothing was signed before', () => {
    const before = build({ published: [A, A2], signers: [A] });
    warm(before, 20);
    const late = plus(NOW, 30 * 86_400);
    const content = contentOf({ published: [A, A2], signers: [A], zone: [A2] });
    const after = buildEpoch(IMAGE, content, before, late);
    expect(signHot(after, before, { now: late, from: 0, signatures: 1000 })).toMatchObject({ signed: 0 });
    const first = build({ published: [A], signers: [A] });
    expect(signHot(first, undefined, { now: NOW, from: 0, signatures: 10 })).toEqual({
      next: 0,
      signed: 0,
      isDone: true,
    });
  });
});
