/** RRsets of a message of others, each with the RRSIGs that came with it, in the form in which they are signed. */
import { canonicalRdata } from '../rdata/canonical.ts';
import { CLASS, RRTYPE } from '../wire/iana.ts';
import type { MessageRecord } from '../wire/message.ts';
import { equalNames, lowerName, type Name } from '../wire/name.ts';

/** One RRset of one section. */
export interface ReceivedRRset {
  /** In lower case. */
  readonly owner: Name;
  readonly type: number;
  /** The lowest TTL of its records, as received. */
  readonly ttl: number;
  /** Canonical RDATA (RFC 4034 §6.2), in the order in which they came. */
  readonly rdatas: readonly Uint8Array[];
  /** RDATA of the RRSIGs that cover it. */
  readonly rrsigs: readonly Uint8Array[];
}

/** RRsets of one section; who sends more wants to be searched for long. */
const MAX_RRSETS = 512;

/** The RRsets of class IN in a section, or undefined if some RDATA is malformed, or there are too many. */
export function rrsetsOf(records: readonly MessageRecord[]): ReceivedRRset[] | undefined {
  const found: { owner: Name; type: number; ttl: number; rdatas: Uint8Array[]; rrsigs: Uint8Array[] }[] = [];
  const rrsetAt = (owner: Name, type: number, ttl: number) => {
    const known = found.find((rrset) => rrset.type === type && equalNames(rrset.owner, 0, owner, 0));
    if (known !== undefined) return known;
    const made = { owner: lowerName(owner), type, ttl, rdatas: [], rrsigs: [] };
    found.push(made);
    return made;
  };
  for (const record of records) {
    if (record.class !== CLASS.IN) continue;
    if (found.length > MAX_RRSETS) return undefined;
    const rdata = canonicalRdata(record.type, record.rdata, 0, record.rdata.length);
    if (rdata === undefined) return undefined;
    if (record.type === RRTYPE.RRSIG) {
      rrsetAt(record.owner, (rdata[0]! << 8) | rdata[1]!, record.ttl).rrsigs.push(rdata);
      continue;
    }
    const rrset = rrsetAt(record.owner, record.type, record.ttl);
    rrset.ttl = Math.min(rrset.ttl, record.ttl);
    rrset.rdatas.push(rdata);
  }
  // Signatures without what they sign are nothing.
  return found.filter(({ rdatas }) => rdatas.length > 0);
}

/** The RRset of this owner and type. */
export function findRRset(
  rrsets: readonly ReceivedRRset[],
  owner: Name,
  type: number,
): ReceivedRRset | undefined {
  return rrsets.find((rrset) => rrset.type === type && equalNames(rrset.owner, 0, owner, 0));
}
