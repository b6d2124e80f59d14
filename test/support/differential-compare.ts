/**
 * Answers of different servers, made comparable. An answer is told in aspects, each a text; what servers are free to
 * choose (order of records, additional data nobody asked for, NS of the apex beside an answer) is left out.
 */
import { formatType, RRTYPE } from '../../src/wire/iana.ts';
import { formatName, nameOf } from '../../src/wire/name.ts';
import { type Message, type MessageRecord, printMessage, readMessage } from './message.ts';

/** What is compared, in the order in which a person wants to read it. */
export const ASPECTS = ['rcode', 'aa', 'answer', 'order', 'authority', 'additional', 'ttl'] as const;
export type Aspect = (typeof ASPECTS)[number];
export type Aspects = Readonly<Record<Aspect, string>>;

/** One server's answer. */
export interface Told {
  readonly aspects: Aspects;
  readonly message: Message;
}

const RCODES = ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED', 'YXDOMAIN'];
const ADDRESSES = new Set<number>([RRTYPE.A, RRTYPE.AAAA]);
/** Offset of the name in RDATA of types with additional data. */
const TARGET_AT: Readonly<Record<number, number>> = {
  [RRTYPE.NS]: 0,
  [RRTYPE.MX]: 2,
  [RRTYPE.KX]: 2,
  [RRTYPE.AFSDB]: 2,
  [RRTYPE.SRV]: 6,
  [RRTYPE.SVCB]: 2,
  [RRTYPE.HTTPS]: 2,
};
/** Types whose names in RDATA have no case of their own. */
const CASELESS = new Set<number>([
  RRTYPE.CNAME,
  RRTYPE.DNAME,
  RRTYPE.PTR,
  RRTYPE.SOA,
  ...Object.keys(TARGET_AT).map(Number),
]);

/** The form in which owners are compared. */
export function ownerKey(name: string): string {
  return formatName(nameOf(name)).toLowerCase();
}

function rdataKey({ type, rdata }: MessageRecord): string {
  const text = Buffer.from(rdata).toString('latin1');
  const folded = CASELESS.has(type) ? text.replace(/[A-Z]/g, (letter) => letter.toLowerCase()) : text;
  return Buffer.from(folded, 'latin1').toString('hex');
}

function key(record: MessageRecord): string {
  return `${record.owner.toLowerCase()} ${formatType(record.type)} ${rdataKey(record)}`;
}

/** As a set: the same record twice is once (RFC 2181 §5). */
function sorted(records: readonly MessageRecord[]): string {
  return [...new Set(records.map(key))].sort().join('\n');
}

function targetOf({ owner, type, rdata }: MessageRecord): string[] {
  const at = TARGET_AT[type];
  if (at === undefined) return [];
  const isOwner = (type === RRTYPE.SVCB || type === RRTYPE.HTTPS) && rdata[at] === 0;
  return [isOwner ? owner.toLowerCase() : formatName(rdata, at).toLowerCase()];
}

/** Reads an answer; `origins` are those of the zones that are served, as `ownerKey` gives them. */
export function tell(octets: Uint8Array, origins: ReadonlySet<string>): Told {
  const message = readMessage(octets);
  const { answer } = message;
  const authority = message.authority.filter(
    ({ owner, type }) => type !== RRTYPE.NS || !origins.has(owner.toLowerCase()),
  );
  const targets = new Set([...answer, ...authority].flatMap(targetOf));
  const additional = message.additional.filter(
    ({ owner, type }) => ADDRESSES.has(type) && targets.has(owner.toLowerCase()),
  );
  const aliases = answer.filter(({ type }) => type === RRTYPE.CNAME || type === RRTYPE.DNAME);
  const ttls = [...answer, ...authority, ...additional].map(
    ({ owner, type, ttl }) => `${owner.toLowerCase()} ${formatType(type)} ${ttl}`,
  );
  const aspects = {
    rcode: RCODES[message.rcode] ?? `${message.rcode}`,
    aa: (message.flags & 0x0400) === 0 ? 'no' : 'yes',
    answer: sorted(answer),
    order: [...new Set(aliases.map(key))].join('\n'),
    authority: sorted(authority),
    additional: sorted(additional),
    ttl: [...new Set(ttls)].sort().join('\n'),
  };
  return { aspects, message };
}

/** True if TC is set: the answer cannot be compared. */
export function isTruncated({ message }: Told): boolean {
  return (message.flags & 0x0200) !== 0;
}

/** What follows from the answer section: not compared when the peers have different answers. */
const FOLLOWING = new Set<Aspect>(['order', 'authority', 'additional', 'ttl']);

/** The aspects in which all peers say the same and we do not. TTLs are compared only between equal records. */
export function differences(ours: Told, peers: readonly Told[]): Aspect[] {
  const split = new Set(disagreements(peers));
  const found = ASPECTS.filter((aspect) => {
    if (split.has(aspect) || (split.has('answer') && FOLLOWING.has(aspect))) return false;
    return ours.aspects[aspect] !== peers[0]?.aspects[aspect];
  });
  const hasOther = found.some((aspect) => aspect !== 'ttl');
  return hasOther ? found.filter((aspect) => aspect !== 'ttl') : found;
}

/** The aspects in which the peers are not of one mind. */
export function disagreements(peers: readonly Told[]): Aspect[] {
  return ASPECTS.filter((aspect) => new Set(peers.map(({ aspects }) => aspects[aspect])).size > 1);
}

/** The aspects in which the peers are of different minds and none is of ours. */
export function alone(ours: Told, peers: readonly Told[]): Aspect[] {
  return disagreements(peers).filter((aspect) =>
    peers.every(({ aspects }) => aspects[aspect] !== ours.aspects[aspect]),
  );
}

/** As `dig` would show it, for the message of a failure. */
export function printTold(server: string, told: Told): string {
  return `--- ${server}: ${printMessage(told.message)}`;
}
