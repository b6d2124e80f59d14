/**
 * Responses that are wrong in one thing, made from right ones: what the independent validator must never let pass. Some
 * are what an attacker or a fault on the way makes, others are signed anew by a key that the validator trusts, as a
 * server with a wrong denial would.
 */
import { generateKeyPairSync, sign } from 'node:crypto';
import { decodeMessage, TYPE, type WireMessage, type WireRecord } from './validator-message.ts';
import { labelCount, type Name, nameAt, nameToWire, truncateTo, wildcardBelow } from './validator-name.ts';
import { keyTagOf } from './validator-signature.ts';

export interface Mutant {
  readonly what: string;
  readonly octets: Buffer;
}

type Section = 'answer' | 'authority';
const SECTIONS: readonly Section[] = ['answer', 'authority'];

/** Encodes a message without compression. */
export function encodeMessage(message: WireMessage): Buffer {
  const { id, flags, rcode, question, answer, authority, additional, ednsFlags } = message;
  const head = Buffer.alloc(12);
  const extra = ednsFlags === undefined ? 0 : 1;
  const counts = [1, answer.length, authority.length, additional.length + extra];
  [id, (flags & 0xfff0) | (rcode & 15), ...counts].forEach((value, index) => {
    head.writeUInt16BE(value, index * 2);
  });
  const asked = Buffer.alloc(4);
  asked.writeUInt16BE(question.type, 0);
  asked.writeUInt16BE(question.class, 2);
  const opt = Buffer.from([
    0,
    0,
    41,
    4,
    208,
    rcode >> 4,
    0,
    (ednsFlags ?? 0) >> 8,
    (ednsFlags ?? 0) & 255,
    0,
    0,
  ]);
  const records = [...answer, ...authority, ...additional].flatMap(encodeRecord);
  return Buffer.concat([head, nameToWire(question.name), asked, ...records, ...(extra === 1 ? [opt] : [])]);
}

function encodeRecord(record: WireRecord): Buffer[] {
  const fixed = Buffer.alloc(10);
  fixed.writeUInt16BE(record.type, 0);
  fixed.writeUInt16BE(record.class, 2);
  fixed.writeUInt32BE(record.ttl, 4);
  fixed.writeUInt16BE(record.rdata.length, 8);
  return [nameToWire(record.owner), fixed, record.rdata];
}

/** All single faults of one kind each, at every record of the answer and authority sections. `dice` picks the bits. */
export function mutantsOf(response: Uint8Array, dice: () => number): Mutant[] {
  const message = decodeMessage(response);
  const mutants: Mutant[] = [];
  const add = (what: string, changed: Partial<WireMessage>): void => {
    mutants.push({ what, octets: encodeMessage({ ...message, ...changed }) });
  };
  for (const section of SECTIONS) {
    const records = message[section];
    records.forEach((record, index) => {
      const where = `${section} ${index} type ${record.type}`;
      const replace = (by: readonly WireRecord[]) => ({ [section]: records.toSpliced(index, 1, ...by) });
      add(`without ${where}`, replace([]));
      add(`twice ${where}`, replace([record, record]));
      add(`TTL of ${where}`, replace([{ ...record, ttl: record.ttl + 1 }]));
      add(`a bit of ${where}`, replace([{ ...record, rdata: flipped(record.rdata, dice()) }]));
      add(`owner of ${where}`, replace([{ ...record, owner: `${record.owner}\0b` as Name }]));
    });
    add(`signatures swapped in ${section}`, { [section]: swapped(records) });
  }
  add('rcode', { rcode: message.rcode === 3 ? 0 : 3 });
  add('another name', { question: { ...message.question, name: `${message.question.name}\0b` as Name } });
  return mutants.filter(({ octets }) => !octets.equals(encodeMessage(message)));
}

/** Flips the lowest bit of an octet: never only the case of a letter. */
function flipped(rdata: Buffer, dice: number): Buffer {
  const copy = Buffer.from(rdata);
  const at = dice % copy.length;
  copy[at] = (copy[at] as number) ^ 1;
  return copy;
}

/** The signature octets of the first and the last RRSIG, exchanged. */
function swapped(records: readonly WireRecord[]): WireRecord[] {
  const rrsigs = records.filter(({ type }) => type === TYPE.RRSIG);
  const [first, last] = [rrsigs[0], rrsigs.at(-1)];
  if (first === undefined || last === undefined || first === last) return [...records];
  const exchange = (one: WireRecord, other: WireRecord): WireRecord => {
    const headEnd = nameAt(one.rdata, 18).end;
    const signature = other.rdata.subarray(nameAt(other.rdata, 18).end);
    return { ...one, rdata: Buffer.concat([one.rdata.subarray(0, headEnd), signature]) };
  };
  return records.map((record) =>
    record === first ? exchange(first, last) : record === last ? exchange(last, first) : record,
  );
}

// ---- Signed anew ----

const PAIR = generateKeyPairSync('ec', { namedCurve: 'P-256' });

/** A second key of the zone, which signs what the server would never say. */
export const LIAR_DNSKEY: Buffer = (() => {
  const { x, y } = PAIR.publicKey.export({ format: 'jwk' });
  const point = [x, y].map((part) => Buffer.from(part as string, 'base64url'));
  return Buffer.concat([Buffer.from([1, 0, 3, 13]), ...point]);
})();

/** The records of one set and their signature by the liar's key; `labels` as a wildcard's signature has fewer. */
export function signAnew(
  records: readonly WireRecord[],
  apex: Name,
  now: number,
  labels: number = labelCount(records[0]?.owner ?? apex),
): WireRecord[] {
  const [first] = records as [WireRecord];
  const head = Buffer.alloc(18);
  head.writeUInt16BE(first.type, 0);
  head.writeUInt8(13, 2);
  head.writeUInt8(labels, 3);
  head.writeUInt32BE(first.ttl, 4);
  head.writeUInt32BE(now + 3_600, 8);
  head.writeUInt32BE(now - 3_600, 12);
  head.writeUInt16BE(keyTagOf(LIAR_DNSKEY), 16);
  const start = Buffer.concat([head, nameToWire(apex)]);
  const isExpanded = labels < labelCount(first.owner);
  const owner = isExpanded ? wildcardBelow(truncateTo(first.owner, labels)) : first.owner;
  const sorted = [...records].sort((a, b) => Buffer.compare(a.rdata, b.rdata));
  const signed = Buffer.concat([start, ...sorted.flatMap((record) => encodeRecord({ ...record, owner }))]);
  const signature = sign('sha256', signed, { key: PAIR.privateKey, dsaEncoding: 'ieee-p1363' });
  return [...records, { ...first, type: TYPE.RRSIG, rdata: Buffer.concat([start, signature]) }];
}
