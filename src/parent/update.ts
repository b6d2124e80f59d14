/**
 * Dynamic update (RFC 2136) of the DS RRset of a child at its parent: the RRset is removed and the wanted records are
 * added, in one message, if the parent delegates the child.
 */
import {
  FLAG,
  flagsOf,
  getFlags,
  HEADER,
  opcodeOf,
  setCount,
  setFlags,
  setU16,
  setU32,
} from '../wire/header.ts';
import { CLASS, OPCODE, RCODE, RRTYPE } from '../wire/iana.ts';
import type { Name } from '../wire/name.ts';

/** What the DS RRset of a child shall become. */
export interface DsUpdate {
  /** Apex of the zone above. */
  readonly parent: Name;
  readonly child: Name;
  /** RDATA; none removes the RRset. */
  readonly ds: readonly Uint8Array[];
  readonly ttl: number;
}

/** The message, neither signed nor with an id. */
export function updateFor({ parent, child, ds, ttl }: DsUpdate): Uint8Array {
  const zone = Buffer.concat([parent, numbers(RRTYPE.SOA, CLASS.IN)]);
  // §2.4.1 and §2.5.2: what exists, and what is removed, is said with class ANY, TTL 0 and no RDATA.
  const isDelegated = record(child, { type: RRTYPE.NS, class: CLASS.ANY, ttl: 0, rdata: NOTHING });
  const removal = record(child, { type: RRTYPE.DS, class: CLASS.ANY, ttl: 0, rdata: NOTHING });
  const additions = ds.map((rdata) => record(child, { type: RRTYPE.DS, class: CLASS.IN, ttl, rdata }));
  const header = new Uint8Array(HEADER.OCTETS);
  setFlags(header, flagsOf(OPCODE.UPDATE, RCODE.NOERROR));
  setCount(header, HEADER.QDCOUNT, 1);
  setCount(header, HEADER.ANCOUNT, 1);
  setCount(header, HEADER.NSCOUNT, 1 + ds.length);
  return Buffer.concat([header, zone, isDelegated, removal, ...additions]);
}

/** True if the octets answer an update, whatever they say. */
export function isUpdateResponse(octets: Uint8Array): boolean {
  if (octets.length < HEADER.OCTETS) return false;
  const flags = getFlags(octets);
  return (flags & FLAG.QR) !== 0 && opcodeOf(flags) === OPCODE.UPDATE;
}

/** Why a server does not follow an update (RFC 2136 §2.2), and whether it may later. */
export function refusalOf(rcode: number): { readonly text: string; readonly isLasting: boolean } {
  const known = REFUSALS[rcode];
  if (known !== undefined) return { text: known, isLasting: rcode !== RCODE.SERVFAIL };
  return { text: `it answers with RCODE ${rcode}`, isLasting: true };
}

const REFUSALS: Readonly<Record<number, string>> = {
  1: 'it cannot read the update (FORMERR)',
  2: 'it has trouble of its own (SERVFAIL)',
  4: 'it takes no updates (NOTIMP)',
  5: 'the key may not change this DS (REFUSED)',
  8: 'it does not delegate the zone (NXRRSET)',
  9: 'it is not the primary of the parent zone (NOTAUTH)',
  10: 'the zone is not in the zone named as parent (NOTZONE)',
};

const NOTHING = new Uint8Array(0);

interface Written {
  readonly type: number;
  readonly class: number;
  readonly ttl: number;
  readonly rdata: Uint8Array;
}

function record(owner: Name, { type, class: of, ttl, rdata }: Written): Uint8Array {
  const tail = new Uint8Array(10);
  setU16(tail, 0, type);
  setU16(tail, 2, of);
  setU32(tail, 4, ttl);
  setU16(tail, 8, rdata.length);
  return Buffer.concat([owner, tail, rdata]);
}

function numbers(first: number, second: number): Uint8Array {
  const octets = new Uint8Array(4);
  setU16(octets, 0, first);
  setU16(octets, 2, second);
  return octets;
}
