/**
 * When a parent follows a child's wish for other DS records (RFC 7344 §4.1, RFC 8078 §4): each rule by itself broken, and
 * the reason that is then named. Signatures are real.
 */
import { describe, expect, it } from 'vitest';
import { plus, type UnixSeconds } from '../../../src/base/time.ts';
import { dnskeyRdata } from '../../../src/dnssec/dnskey.ts';
import { CDNSKEY_DELETE, CDS_DELETE, dsRdata } from '../../../src/dnssec/ds.ts';
import {
  type ChildSight,
  childFault,
  judgeUpdate,
  type UpdateFacts,
} from '../../../src/parent/acceptance.ts';
import type { ReceivedRRset } from '../../../src/parent/rrset.ts';
import { RRTYPE } from '../../../src/wire/iana.ts';
import { nameOf } from '../../../src/wire/name.ts';
import { NOW, testKey } from '../../support/served.ts';
import { signedRRset } from '../../support/signed-rrset.ts';

const CHILD = nameOf('child.test.');
const [OLD, FRESH, STRANGER] = [testKey(1), testKey(2), testKey(3)];
type Key = typeof OLD;
const dnskeyOf = (key: Key) => dnskeyRdata(key.flags, key.algorithm, key.publicKey);
const dsOf = (key: Key, digest: 2 | 4 = 2) => dsRdata(CHILD, dnskeyOf(key), digest);

interface Signing {
  readonly by?: readonly Key[];
  readonly inception?: UnixSeconds;
  readonly expiration?: UnixSeconds;
}

function rrset(
  type: number,
  rdatas: readonly Uint8Array[],
  signing: Signing = {},
): ReceivedRRset | undefined {
  if (rdatas.length === 0) return undefined;
  const { by = [OLD], ...window } = signing;
  return signedRRset(CHILD, { type, rdatas }, by, window);
}

interface Wish {
  readonly cds?: readonly Uint8Array[];
  readonly cdnskey?: readonly Uint8Array[];
  readonly keys?: readonly Key[];
  readonly signing?: Signing;
  readonly dnskeySigning?: Signing;
}

/** What a server says of a child that rolls from OLD to FRESH. */
function sight(address: string, wish: Wish = {}): ChildSight {
  const { cds = [dsOf(FRESH)], cdnskey = [dnskeyOf(FRESH)], keys = [OLD, FRESH], signing } = wish;
  const { dnskeySigning = { by: [OLD, FRESH] } } = wish;
  return {
    server: { name: nameOf('ns.child.test.'), address, port: 53 },
    cds: rrset(RRTYPE.CDS, cds, signing),
    cdnskey: rrset(RRTYPE.CDNSKEY, cdnskey, signing),
    dnskey: rrset(RRTYPE.DNSKEY, keys.map(dnskeyOf), dnskeySigning),
  };
}

function judge(wish: Wish, more: Partial<UpdateFacts> = {}) {
  const sights = [sight('192.0.2.1', wish), sight('192.0.2.2', wish)];
  return judgeUpdate({ child: CHILD, ds: [dsOf(OLD)], sights, takenInception: null, ...more }, NOW);
}

/** The kind of the verdict, or the reasons of a refusal. */
function told(verdict: ReturnType<typeof judgeUpdate>): string | string[] {
  return verdict.kind === 'refused' ? [...new Set(verdict.faults.map(({ reason }) => reason))] : verdict.kind;
}

describe('a child that asks for other DS records', () => {
  it('gets them, with the inception of the signature that was believed', () => {
    expect(judge({})).toEqual({ kind: 'accepted', ds: [dsOf(FRESH)], inception: plus(NOW, -3_600) });
    expect(judge({ cds: [] })).toMatchObject({ kind: 'accepted', ds: [dsOf(FRESH)] });
    expect(judge({ cdnskey: [] })).toMatchObject({ kind: 'accepted', ds: [dsOf(FRESH)] });
    const both = [dsOf(OLD), dsOf(FRESH)];
    const added = judge({ cds: both, cdnskey: [dnskeyOf(OLD), dnskeyOf(FRESH)] });
    expect(added.kind === 'accepted' && added.ds).toHaveLength(2);
    const long = judge({ cds: [dsOf(FRESH), dsOf(FRESH, 4)] });
    expect(long.kind === 'accepted' && long.ds).toHaveLength(2);
  });

  it('is left alone when it asks for nothing, or for what it has', () => {
    expect(told(judge({ cds: [], cdnskey: [] }))).toBe('nothing');
    expect(told(judge({ cds: [dsOf(OLD)], cdnskey: [dnskeyOf(OLD)] }))).toBe('same');
  });

  it('loses them when it asks for none, in so many words', () => {
    const none = { cds: [CDS_DELETE], cdnskey: [CDNSKEY_DELETE] };
    expect(judge(none)).toMatchObject({ kind: 'accepted', ds: [] });
    expect(judge({ ...none, cdnskey: [] })).toMatchObject({ kind: 'accepted', ds: [] });
    expect(told(judge({ ...none, cds: [CDS_DELETE, dsOf(OLD)] }))).toEqual(['CHILD_REQUEST_MISMATCH']);
    expect(told(judge({ cds: [CDS_DELETE] }))).toEqual(['CHILD_REQUEST_MISMATCH']);
    expect(told(judge({ ...none, signing: { by: [STRANGER] } }))).toEqual(['CHILD_REQUEST_BOGUS']);
  });

  const SHA1 = Uint8Array.of(...dsOf(FRESH).subarray(0, 3), 1, ...new Uint8Array(20));
  const cases: readonly [string, Wish, string][] = [
    ['signs the request by a key without a DS', { signing: { by: [FRESH] } }, 'CHILD_REQUEST_BOGUS'],
    ['signs the request by a stranger', { signing: { by: [STRANGER] } }, 'CHILD_REQUEST_BOGUS'],
    ['does not sign it', { signing: { by: [] } }, 'CHILD_REQUEST_BOGUS'],
    ['has let the signature expire', { signing: { expiration: plus(NOW, -1) } }, 'CHILD_REQUEST_BOGUS'],
    ['signs for the future', { signing: { inception: plus(NOW, 60) } }, 'CHILD_REQUEST_BOGUS'],
    ['has no DNSKEY any more', { keys: [] }, 'CHILD_REQUEST_BOGUS'],
    ['has lost the key of its DS', { keys: [FRESH], dnskeySigning: { by: [FRESH] } }, 'CHILD_REQUEST_BOGUS'],
    [
      'has an expired DNSKEY RRset',
      { dnskeySigning: { by: [OLD], expiration: plus(NOW, -1) } },
      'CHILD_REQUEST_BOGUS',
    ],
    ['asks for a key that is not published', { cds: [dsOf(STRANGER)], cdnskey: [] }, 'CHILD_CHAIN_BROKEN'],
    ['asks for a key that does not sign', { dnskeySigning: { by: [OLD] } }, 'CHILD_CHAIN_BROKEN'],
    ['has other CDS than CDNSKEY', { cdnskey: [dnskeyOf(OLD)] }, 'CHILD_REQUEST_MISMATCH'],
    ['asks by SHA-1 alone', { cds: [SHA1], cdnskey: [] }, 'CHILD_DIGEST_UNSUITED'],
  ];
  it.each(cases)('is not followed if it %s', (_what, wish, reason) => {
    expect(told(judge(wish))).toEqual([reason]);
  });

  it('is not followed while one of its servers says something else, or nothing', () => {
    const behind = sight('192.0.2.2', { cds: [dsOf(OLD)], cdnskey: [dnskeyOf(OLD)] });
    expect(told(judge({}, { sights: [sight('192.0.2.1'), behind] }))).toEqual(['CHILD_SERVERS_DIFFER']);
    const empty = sight('192.0.2.2', { cds: [] });
    expect(told(judge({}, { sights: [sight('192.0.2.1'), empty] }))).toEqual(['CHILD_SERVERS_DIFFER']);
    const silent = childFault('CHILD_SERVER_UNKNOWN', 'ns.child.test. 192.0.2.2: no answer');
    expect(told(judge({}, { sights: [sight('192.0.2.1'), silent] }))).toEqual(['CHILD_SERVER_UNKNOWN']);
    expect(told(judge({}, { sights: [] }))).toEqual(['CHILD_NO_SERVER']);
  });

  it('must leave a chain of trust at each server', () => {
    const unsigned = sight('192.0.2.2', { dnskeySigning: { by: [OLD] } });
    expect(told(judge({}, { sights: [sight('192.0.2.1'), unsigned] }))).toEqual(['CHILD_CHAIN_BROKEN']);
  });

  it('is not followed by an older request than before, whatever forged signatures it bears', () => {
    expect(told(judge({}, { takenInception: plus(NOW, -3_600) }))).toBe('accepted');
    expect(told(judge({}, { takenInception: plus(NOW, -3_599) }))).toEqual(['CHILD_REQUEST_OLD']);
    const replayed = sight('192.0.2.1');
    const forged = rrset(RRTYPE.CDS, replayed.cds!.rdatas, { by: [STRANGER], inception: plus(NOW, -10) })!;
    const cds = { ...replayed.cds!, rrsigs: [...replayed.cds!.rrsigs, ...forged.rrsigs] };
    expect(told(judge({}, { takenInception: plus(NOW, -3_599), sights: [{ ...replayed, cds }] }))).toEqual([
      'CHILD_REQUEST_OLD',
    ]);
  });
});
