/** Epochs that deny by NSEC3: what a change of the mode, of the zone and of the keys leaves alone. */
import { describe, expect, it } from 'vitest';
import { COUNTER, Counters } from '../../../src/base/counters.ts';
import type { Epoch, EpochKey } from '../../../src/signer/epoch.ts';
import { signHot } from '../../../src/signer/hot.ts';
import { chainSigners, OnlineSigner } from '../../../src/signer/signer.ts';
import { RCODE, RRTYPE } from '../../../src/wire/iana.ts';
import { formatName } from '../../../src/wire/name.ts';
import { type ImageMemory, type NodeIndex, type RRsetIndex, ZoneImage } from '../../../src/zone/image.ts';
import { Nsec3Chain } from '../../../src/zone/nsec3chain.ts';
import {
  chainOf,
  imageOf,
  NOW,
  queryOctets,
  signedEpoch,
  type TestMode,
  TestServer,
  testKey,
} from '../../support/served.ts';

const NAMES = Array.from({ length: 12 }, (_, i) => `h${i} A 192.0.2.${i}`);
const zoneText = (names: readonly string[]) =>
  ['$TTL 300', '@ SOA ns h 1 2 3 4 5', '@ NS ns', 'ns A 192.0.2.1', ...names].join('\n');
const IMAGE = imageOf('example.', zoneText(NAMES));
const epochOf = (image: ImageMemory, denial: TestMode, previous?: Epoch, key?: EpochKey) =>
  signedEpoch('example.', image, { denial, ...(previous && { previous }), ...(key && { key }) });

/** Signs all of the chain but for its apex. */
function warmChain(epoch: Epoch): void {
  const { image, apex } = new Nsec3Chain(epoch.nsec3!);
  const online = new OnlineSigner(new Counters());
  for (const signer of chainSigners(epoch)) {
    for (let node = 1 as NodeIndex; node < image.nodeCount; node++) {
      const rrset = image.firstRRset(node);
      if (node !== apex) online.putRrsig(new Uint8Array(200), 0, signer, image, rrset, NOW);
    }
  }
}

/** Hashed owners whose NSEC3 has a signature. */
function signedOwners(epoch: Epoch): string[] {
  const { image } = new Nsec3Chain(epoch.nsec3!);
  const [signer] = chainSigners(epoch);
  return Array.from({ length: image.rrsetCount }, (_, rrset) => rrset as RRsetIndex)
    .filter((rrset) => signer!.slots.inception(rrset) !== 0)
    .map((rrset) => formatName(image.name(image.owner(rrset))));
}

describe('an epoch that denies by NSEC3', () => {
  it('shares image and signatures of the zone with those of other modes', () => {
    const first = epochOf(IMAGE, 'nsec');
    const hashed = epochOf(IMAGE, 'nsec3', first);
    const back = epochOf(IMAGE, 'nsec', hashed);
    expect(hashed.signers[0]!.table).toBe(first.signers[0]!.table);
    expect(back.signers[0]!.table).toBe(first.signers[0]!.table);
    expect([first, hashed, back].map(({ nsec3 }) => nsec3 !== null)).toEqual([false, true, false]);
    expect(back.signers[0]!.nsec3Table).toBeNull();
  });

  it('has NSEC3PARAM and the NSEC3 of the apex in its apex image, and no NSEC', () => {
    const apex = ZoneImage.open(epochOf(IMAGE, 'nsec3').apex!);
    const types = Array.from({ length: apex.rrsetCount }, (_, rrset) => apex.type(rrset as RRsetIndex));
    expect(types.filter((type) => type !== RRTYPE.RRSIG)).toEqual([
      RRTYPE.DNSKEY,
      RRTYPE.CDS,
      RRTYPE.CDNSKEY,
      RRTYPE.NSEC3PARAM,
      RRTYPE.NSEC3,
    ]);
    expect(apex.nodeCount).toBe(2);
  });

  it('keeps the signatures of all links but those next to a name that came', () => {
    const before = epochOf(IMAGE, 'nsec3');
    warmChain(before);
    const after = epochOf(imageOf('example.', zoneText([...NAMES, 'new A 192.0.2.99'])), 'nsec3', before);
    const lost = signedOwners(before).filter((owner) => !signedOwners(after).includes(owner));
    expect(signedOwners(before)).toHaveLength(NAMES.length + 1);
    // The link that now ends at the new name; were that the apex, it would be signed with the epoch.
    expect(lost).toHaveLength(1);
  });

  it('gets signatures of a new key for the links that were asked for', () => {
    const before = epochOf(IMAGE, 'nsec3');
    warmChain(before);
    const after = epochOf(IMAGE, 'nsec3', before, testKey(9));
    let from = 0;
    const slices: number[] = [];
    for (let isDone = false; !isDone; ) {
      const slice = signHot(after, before, { now: NOW, from, signatures: 5 });
      slices.push(slice.signed);
      ({ next: from, isDone } = slice);
    }
    // SOA and NS of the apex are signed with the epoch.
    expect(slices).toEqual([5, 5, 3]);
    expect(signedOwners(after)).toEqual(signedOwners(before));
  });

  it('gets signatures for the names whose NSEC was asked for, when it comes in place of NSEC', () => {
    const before = epochOf(IMAGE, 'nsec');
    const server = new TestServer();
    server.table.publish(1, before);
    for (const name of ['h1', 'h5', 'h7']) server.ask(`${name}.example.`, 'TXT', { dnssecOk: true });
    const after = epochOf(IMAGE, 'nsec3', before);
    expect(signHot(after, before, { now: NOW, from: 0, signatures: 100 })).toMatchObject({
      signed: 3,
      isDone: true,
    });
    server.table.publish(1, after);
    const made = server.counters.get(COUNTER.SIGNATURES_MADE);
    for (const name of ['h1', 'h5', 'h7']) server.ask(`${name}.example.`, 'TXT', { dnssecOk: true });
    expect(server.counters.get(COUNTER.SIGNATURES_MADE)).toBe(made);
    server.ask('h2.example.', 'TXT', { dnssecOk: true });
    expect(server.counters.get(COUNTER.SIGNATURES_MADE)).toBe(made + 1);
  });

  it('answers SERVFAIL if the hash of a name that is not there is that of one that is', () => {
    // No such names are known: the chain here knows a name more than the zone.
    const ghost = chainOf(imageOf('example.', zoneText([...NAMES, 'ghost A 192.0.2.99'])));
    const server = new TestServer();
    server.table.publish(1, { ...epochOf(IMAGE, 'nsec3'), nsec3: ghost });
    const rcodeOf = (name: string, dnssecOk: boolean) =>
      server.askRaw(queryOctets(name, 'A', { dnssecOk }))[3]! & 15;
    expect(rcodeOf('ghost.example.', true)).toBe(RCODE.SERVFAIL);
    expect(rcodeOf('ghost.example.', false)).toBe(RCODE.NXDOMAIN);
  });
});
