/**
 * A plain decoder of whole messages for tests: written for clearness, independent of `src/wire`, strict about bounds
 * and compression pointers. Prints messages as text that a person can compare.
 */
import { formatRdata } from '../../src/rdata/text.ts';
import { formatType, RRTYPE } from '../../src/wire/iana.ts';
import { formatName } from '../../src/wire/name.ts';

export interface MessageRecord {
  readonly owner: string;
  readonly type: number;
  readonly class: number;
  readonly ttl: number;
  /** Uncompressed. */
  readonly rdata: Uint8Array;
}

export interface Message {
  readonly id: number;
  readonly flags: number;
  readonly rcode: number;
  readonly question: { readonly name: string; readonly type: number; readonly class: number } | undefined;
  readonly answer: readonly MessageRecord[];
  readonly authority: readonly MessageRecord[];
  readonly additional: readonly MessageRecord[];
}

const FLAG_NAMES: readonly (readonly [string, number])[] = [
  ['qr', 0x8000],
  ['aa', 0x0400],
  ['tc', 0x0200],
  ['rd', 0x0100],
  ['ra', 0x0080],
  ['ad', 0x0020],
  ['cd', 0x0010],
];

const RCODES = ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED', 'YXDOMAIN'];

/** Decodes a message; throws if it is malformed or has octets behind its last record. */
export function readMessage(octets: Uint8Array): Message {
  const view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
  let at = 12;

  function readName(from: number): { name: Uint8Array; next: number } {
    const parts: number[] = [];
    let next = -1;
    let offset = from;
    for (let jumps = 0; ; ) {
      const length = view.getUint8(offset);
      if (length >= 0xc0) {
        if (next < 0) next = offset + 2;
        const target = view.getUint16(offset) & 0x3fff;
        if (target >= offset || ++jumps > 126) throw new Error('compression pointer does not point back');
        offset = target;
        continue;
      }
      for (let i = 0; i <= length; i++) parts.push(view.getUint8(offset + i));
      offset += length + 1;
      if (length === 0) break;
    }
    if (parts.length > 255) throw new Error('name over 255 octets');
    return { name: Uint8Array.from(parts), next: next < 0 ? offset : next };
  }

  function readRecord(): MessageRecord {
    const owner = readName(at);
    const type = view.getUint16(owner.next);
    const length = view.getUint16(owner.next + 8);
    const from = owner.next + 10;
    at = from + length;
    if (at > octets.length) throw new Error('RDATA ends behind the message');
    return {
      owner: formatName(owner.name),
      type,
      class: view.getUint16(owner.next + 2),
      ttl: view.getUint32(owner.next + 4),
      rdata: readRdata(type, from, length),
    };
  }

  function readRdata(type: number, from: number, length: number): Uint8Array {
    const layout = NAMES_IN_RDATA[type];
    if (layout === undefined) return octets.slice(from, from + length);
    const parts: number[] = [...octets.subarray(from, from + layout.before)];
    let offset = from + layout.before;
    for (let i = 0; i < layout.names; i++) {
      const { name, next } = readName(offset);
      parts.push(...name);
      offset = next;
    }
    parts.push(...octets.subarray(offset, from + length));
    return Uint8Array.from(parts);
  }

  const counts = [4, 6, 8, 10].map((offset) => view.getUint16(offset));
  let question: Message['question'];
  if (counts[0] === 1) {
    const { name, next } = readName(at);
    question = { name: formatName(name), type: view.getUint16(next), class: view.getUint16(next + 2) };
    at = next + 4;
  }
  const section = (count: number) => Array.from({ length: count }, readRecord);
  const answer = section(counts[1]!);
  const authority = section(counts[2]!);
  const additional = section(counts[3]!);
  if (at !== octets.length) throw new Error(`${octets.length - at} octets behind the message`);
  const flags = view.getUint16(2);
  const opt = additional.find(({ type }) => type === RRTYPE.OPT);
  const rcode = (flags & 0xf) | (opt === undefined ? 0 : (opt.ttl >>> 24) << 4);
  return { id: view.getUint16(0), flags, rcode, question, answer, authority, additional };
}

const NAMES_IN_RDATA: Readonly<Record<number, { before: number; names: number }>> = {
  [RRTYPE.NS]: { before: 0, names: 1 },
  [RRTYPE.CNAME]: { before: 0, names: 1 },
  [RRTYPE.PTR]: { before: 0, names: 1 },
  [RRTYPE.MX]: { before: 2, names: 1 },
  [RRTYPE.SOA]: { before: 0, names: 2 },
};

/** As text: flags and rcode, then a section a paragraph. Signatures are told without times and octets. */
export function printMessage(message: Message): string {
  const flags = FLAG_NAMES.filter(([, bit]) => (message.flags & bit) !== 0).map(([name]) => name);
  const rows = [`${RCODES[message.rcode] ?? message.rcode} [${flags.join(' ')}]`];
  for (const section of ['answer', 'authority', 'additional'] as const) {
    for (const record of message[section]) {
      rows.push(`  ${section.slice(0, 3)}: ${printRecord(record)}`);
    }
  }
  return rows.join('\n');
}

function printRecord(record: MessageRecord): string {
  const { owner, type, ttl, rdata } = record;
  if (type === RRTYPE.OPT) {
    const dnssecOk = (ttl & 0x8000) !== 0 ? ' do' : '';
    const compactOk = (ttl & 0x4000) !== 0 ? ' co' : '';
    return `OPT size ${record.class}${dnssecOk}${compactOk}${rdata.length > 0 ? ` options ${rdata.length}` : ''}`;
  }
  const text = type === RRTYPE.RRSIG ? printRrsig(rdata) : formatRdata(type, rdata, 0, rdata.length);
  return `${owner} ${ttl} ${formatType(type)} ${text}`;
}

function printRrsig(rdata: Uint8Array): string {
  const view = new DataView(rdata.buffer, rdata.byteOffset);
  return `${formatType(view.getUint16(0))} labels ${rdata[3]} ttl ${view.getUint32(4)} by ${formatName(rdata, 18)}`;
}
