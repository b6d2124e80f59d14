/** What a zone serves at its apex as far as keys go, and what a state file says that it serves: compared by RDATA. */
import type { UnixSeconds } from '../../src/base/time.ts';
import { CDNSKEY_DELETE } from '../../src/dnssec/ds.ts';
import { verifyRRset } from '../../src/dnssec/rrsig.ts';
import type { Key } from '../../src/kasp/key.ts';
import {
  cdsSet,
  cdsSigners,
  dnskeyOf,
  dnskeySet,
  dnskeySigners,
  zoneSigners,
} from '../../src/kasp/records.ts';
import { isAliveAt } from '../../src/kasp/versions.ts';
import type { Span, ZoneState } from '../../src/kasp/zonestate.ts';
import { formatType, RRTYPE } from '../../src/wire/iana.ts';
import type { Name } from '../../src/wire/name.ts';
import { formatName } from '../../src/wire/name.ts';
import { readMessage } from './message.ts';

/** The RRsets at an apex that depend on keys: themselves, or by who signs them. */
export const SIGHT_TYPES = [RRTYPE.DNSKEY, RRTYPE.CDS, RRTYPE.CDNSKEY, RRTYPE.SOA] as const;
export type SightType = (typeof SIGHT_TYPES)[number];

/** An RRset and who signs it. */
export interface Sight {
  /** RDATA in hex, sorted; for the SOA nothing, as only its signers depend on keys. */
  readonly rdata: readonly string[];
  /** Key tags, sorted. */
  readonly signers: readonly number[];
}

/** The policy that the zones of these tests have, as far as it changes what is served. */
const POLICY = { cds: 'always', digests: [2] } as const;
const NOTHING: Sight = { rdata: [], signers: [] };

/** As text that is equal for what is equal. */
export function sightText({ rdata, signers }: Sight): string {
  return `${rdata.join(' ') || 'nothing'} signed by ${signers.join(' ') || 'nobody'}`;
}

/** Reads an answer; undefined if it is not the zone's own. */
export function readSight(octets: Uint8Array, type: SightType): Sight | undefined {
  const message = readMessage(octets);
  if (message.rcode !== 0 || (message.flags & 0x0400) === 0) return undefined;
  const own = message.answer.filter((record) => record.type === type);
  const rrsigs = message.answer.filter((record) => record.type === RRTYPE.RRSIG);
  return {
    rdata: type === RRTYPE.SOA ? [] : own.map(({ rdata }) => hex(rdata)).sort(),
    signers: rrsigs.map(({ rdata }) => (rdata[16]! << 8) | rdata[17]!).sort(byNumber),
  };
}

/** What is wrong with the signatures of an answer by the DNSKEY RRset of the same zone. */
export function signatureFaults(
  octets: Uint8Array,
  dnskeys: readonly Uint8Array[],
  apex: Name,
  now: UnixSeconds,
): string[] {
  const { answer } = readMessage(octets);
  const rrsigs = answer.filter((record) => record.type === RRTYPE.RRSIG);
  return rrsigs.flatMap(({ rdata: rrsig }) => {
    const type = (rrsig[0]! << 8) | rrsig[1]!;
    const rdatas = answer.filter((record) => record.type === type).map(({ rdata }) => rdata);
    const faults = dnskeys.map((dnskey) =>
      verifyRRset({ owner: apex, type, rdatas, rrsig, dnskey, apex }, now),
    );
    if (faults.includes(undefined)) return [];
    return [`RRSIG ${formatType(type)} of ${formatName(apex)}: ${faults.join(', ') || 'no DNSKEY'}`];
  });
}

/** What a state says that is served. */
export function impliedSight(state: ZoneState, type: SightType, apex: Name): Sight {
  const { keys } = state;
  const dnskey = dnskeySet(keys);
  if (dnskey.length === 0) return NOTHING;
  if (type === RRTYPE.SOA) return { rdata: [], signers: tagsOf(zoneSigners(keys)) };
  if (type === RRTYPE.DNSKEY) return { rdata: dnskey.map(hex).sort(), signers: tagsOf(dnskeySigners(keys)) };
  const sets = cdsSet(state, apex, POLICY);
  const rdata = type === RRTYPE.CDS ? sets.cds : sets.cdnskey;
  return rdata.length === 0 ? NOTHING : { rdata: rdata.map(hex).sort(), signers: tagsOf(cdsSigners(state)) };
}

/** What the logs of a state say may have been served until now: the newest version, and those still in caches. */
export function loggedSights(state: ZoneState, type: SightType, at: UnixSeconds): string[] {
  const { logs, keys } = state;
  const byId = new Map(keys.map((key) => [key.id, key]));
  const known = (ids: readonly string[]) => ids.map((id) => byId.get(id)).filter((key) => key !== undefined);
  const rdata = (ids: readonly string[]) =>
    known(ids)
      .map((key) => hex(dnskeyOf(key)))
      .sort();
  const signers = (ids: readonly string[]) => tagsOf(known(ids));
  const alive = <V extends Span>(versions: readonly V[]) => versions.filter((one) => isAliveAt(one, 0, at));
  const none = alive(logs.dnskey).some((version) => version.keys.length === 0) ? [sightText(NOTHING)] : [];
  switch (type) {
    case RRTYPE.DNSKEY:
      return alive(logs.dnskey).map((one) =>
        sightText({ rdata: rdata(one.keys), signers: signers(one.signers) }),
      );
    case RRTYPE.SOA:
      return [
        ...none,
        ...alive(logs.zone).map((one) => sightText({ rdata: [], signers: signers(one.signers) })),
      ];
    case RRTYPE.CDNSKEY:
      return [
        ...none,
        ...alive(logs.cds).map((one) => {
          const asked = one.isDelete ? [hex(CDNSKEY_DELETE)] : rdata(one.keys);
          return sightText({ rdata: asked, signers: signers(one.signers) });
        }),
      ];
    default:
      return [];
  }
}

export function hex(octets: Uint8Array): string {
  return Buffer.from(octets).toString('hex');
}

function tagsOf(keys: readonly Key[]): number[] {
  return keys.map(({ tag }) => tag).sort(byNumber);
}

function byNumber(a: number, b: number): number {
  return a - b;
}
