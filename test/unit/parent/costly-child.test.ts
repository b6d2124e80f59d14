/**
 * Children that would keep their parent busy: keys of one tag, piles of signatures, crowds of records, over many addresses
 * (CVE-2023-50387 is the same against a resolver). One look has one bound, and says so in a code of its own.
 */
import { describe, expect, it } from 'vitest';
import { dnskeyRdata, keyTag } from '../../../src/dnssec/dnskey.ts';
import { dsRdata } from '../../../src/dnssec/ds.ts';
import { type ChildSight, judgeUpdate } from '../../../src/parent/acceptance.ts';
import { judgeBootstrap } from '../../../src/parent/bootstrap.ts';
import { gatherChild } from '../../../src/parent/child-gather.ts';
import type { ReceivedRRset } from '../../../src/parent/rrset.ts';
import { faultOf } from '../../../src/parent/validate.ts';
import { isSpent, newVerifications } from '../../../src/parent/verifications.ts';
import { FLAG, HEADER, setFlags, setU16 } from '../../../src/wire/header.ts';
import { CLASS, RRTYPE } from '../../../src/wire/iana.ts';
import { nameOf } from '../../../src/wire/name.ts';
import { NOW, testKey } from '../../support/served.ts';
import { signedRRset } from '../../support/signed-rrset.ts';

const CHILD = nameOf('child.test.');
const HOST = nameOf('ns.elsewhere.');
const [OLD, FRESH] = [testKey(1), testKey(2)];
type Key = typeof OLD;
const dnskeyOf = (key: Key) => dnskeyRdata(key.flags, key.algorithm, key.publicKey);
const dsOf = (dnskey: Uint8Array) => dsRdata(CHILD, dnskey, 2);
const ADDRESSES = Array.from({ length: 64 }, (_, i) => `192.0.2.${i + 1}`);

const rrset = (type: number, rdatas: readonly Uint8Array[], by: readonly Key[]): ReceivedRRset =>
  signedRRset(CHILD, { type, rdatas }, by);

const sight = (address: string, dnskey: ReceivedRRset, asked: ReceivedRRset): ChildSight => {
  const cdnskey = rrset(RRTYPE.CDNSKEY, [dnskeyOf(FRESH)], [OLD, FRESH]);
  return { server: { name: HOST, address, port: 53 }, cds: asked, cdnskey, dnskey };
};

/** Keys of the tag of `key`: the order of its 16-bit words is another one, their sum is not. */
function colliding(key: Key, count: number): Uint8Array[] {
  const dnskey = dnskeyOf(key);
  return Array.from({ length: count }, (_, i) => {
    const made = Uint8Array.from(dnskey);
    for (const [from, to] of [
      [4 + 2 * i, 6 + 2 * i],
      [6 + 2 * i, 4 + 2 * i],
    ] as const)
      made.set(dnskey.subarray(from, from + 2), to);
    return made;
  });
}

/** Signatures of a key that no longer fit. */
const spoilt = ({ rrsigs, ...rest }: ReceivedRRset, count: number): ReceivedRRset => {
  const bad = Array.from({ length: count }, (_, i) => {
    const made = Uint8Array.from(rrsigs[0]!);
    made[made.length - 1]! ^= i + 1;
    return made;
  });
  return { ...rest, rrsigs: bad };
};

const CDS = rrset(RRTYPE.CDS, [dsOf(dnskeyOf(FRESH))], [OLD, FRESH]);
const DNSKEY = rrset(RRTYPE.DNSKEY, [dnskeyOf(OLD), dnskeyOf(FRESH)], [OLD, FRESH]);

describe('what one look may cost', () => {
  it('is enough for an honest child with as many addresses as are asked', () => {
    const sights = ADDRESSES.map((address) => sight(address, DNSKEY, CDS));
    const facts = { child: CHILD, ds: [dsOf(dnskeyOf(OLD))], sights, takenInception: null };
    expect(judgeUpdate(facts, NOW)).toMatchObject({ kind: 'accepted' });
  });

  it('is not enough for keys of one tag, and piles of signatures, at every address', () => {
    const keys = colliding(OLD, 24);
    expect(new Set(keys.map(keyTag))).toEqual(new Set([keyTag(dnskeyOf(OLD))]));
    // The signature that is good comes last among those that are tried, so that each server passes by itself.
    const piled = spoilt(CDS, 14);
    const last = { ...piled, rrsigs: [...piled.rrsigs, CDS.rrsigs[0]!] };
    const dnskeys = [dnskeyOf(OLD), dnskeyOf(FRESH), ...keys];
    const dnskey = spoilt(rrset(RRTYPE.DNSKEY, dnskeys, [OLD]), 600);
    const ds = [dsOf(dnskeyOf(OLD)), ...keys.map(dsOf)];
    const judged = (sights: readonly ChildSight[]) =>
      judgeUpdate({ child: CHILD, ds, sights, takenInception: null }, NOW);
    const hostile = ADDRESSES.map((address) => sight(address, dnskey, CDS));
    expect(judged(hostile)).toMatchObject({ kind: 'refused', faults: [{ reason: 'CHILD_TOO_COSTLY' }] });
    expect(judged(hostile.slice(0, 2))).toMatchObject({
      kind: 'refused',
      faults: [{ reason: 'CHILD_REQUEST_BOGUS' }, { reason: 'CHILD_REQUEST_BOGUS' }],
    });
    const passing = ADDRESSES.map((address) => sight(address, DNSKEY, last));
    const facts = { child: CHILD, ds: [dsOf(dnskeyOf(OLD))], sights: passing, takenInception: null };
    expect(judgeUpdate(facts, NOW)).toMatchObject({
      kind: 'refused',
      faults: [{ reason: 'CHILD_TOO_COSTLY' }],
    });
  });

  it('holds for a first DS as well', () => {
    const keys = colliding(FRESH, 24);
    const dnskeys = [...keys, dnskeyOf(FRESH)];
    const dnskey = spoilt(rrset(RRTYPE.DNSKEY, dnskeys, [FRESH]), 600);
    const heard = (rdatas: readonly Uint8Array[]) => ({ kind: 'heard', rdatas }) as const;
    const apexes = ADDRESSES.map((address) => ({
      server: { name: HOST, address, port: 53 },
      cds: heard(dnskeys.map(dsOf)),
      cdnskey: heard([]),
      dnskey,
    }));
    const signals = [{ host: HOST, cds: heard(dnskeys.map(dsOf)), cdnskey: heard([]) }];
    const ds = { kind: 'known', ds: [], ttl: 0 } as const;
    const verdict = judgeBootstrap({ child: CHILD, ds, hosts: [HOST], apexes, signals }, NOW);
    expect(verdict).toMatchObject({ kind: 'refused', faults: [{ reason: 'BOOTSTRAP_TOO_COSTLY' }] });
  });

  it('is what all have together that share it: then nothing is verified any more', () => {
    const verifications = newVerifications();
    const zone = { apex: CHILD, keys: [dnskeyOf(OLD)], verifications };
    while (!isSpent(verifications)) expect(faultOf(spoilt(CDS, 4), zone, NOW)).toMatch(/is bad|have to be/);
    expect(faultOf(CDS, zone, NOW)).toContain('signatures would have to be verified');
    expect(faultOf(CDS, { ...zone, verifications: newVerifications() }, NOW)).toBeUndefined();
  });

  it('is not spent on crowds of records: the server that has them is named', async () => {
    /** An authoritative answer with so many records of the type that is asked for. */
    const answering = (count: number) => async (_: unknown, query: Uint8Array) => {
      const end = HEADER.OCTETS + CHILD.length + 4;
      const type = query.subarray(end - 4, end - 2);
      const records = Array.from({ length: count }, (_, i) =>
        Buffer.from([
          0xc0,
          HEADER.OCTETS,
          ...type,
          0,
          CLASS.IN,
          0,
          0,
          0,
          60,
          0,
          36,
          0,
          i,
          13,
          2,
          ...Buffer.alloc(32),
        ]),
      );
      const message = Buffer.concat([query.subarray(0, end), ...records]);
      setFlags(message, FLAG.QR | FLAG.AA);
      setU16(message, HEADER.ANCOUNT, count);
      setU16(message, HEADER.ARCOUNT, 0);
      return Uint8Array.from(message);
    };
    const said = (count: number) => {
      const hosts = [{ name: HOST, glue: [], addresses: ['192.0.2.1'] }];
      const exchange = answering(count);
      return gatherChild({ exchange, tell: exchange }, CHILD, hosts, 53);
    };
    expect(await said(32)).toMatchObject([{ cds: { rdatas: { length: 32 } } }]);
    expect(await said(33)).toEqual([
      {
        kind: 'fault',
        reason: 'CHILD_TOO_COSTLY',
        text: 'ns.elsewhere. 192.0.2.1 has over 32 CDS records',
      },
    ]);
  });
});
