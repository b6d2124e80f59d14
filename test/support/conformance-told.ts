/**
 * An answer to one message of the conformance sweep as a line of words: rcode, flags, what the sections hold, the OPT
 * record and its options. Words are what rules are written in (`conformance-rules.ts`) and what the table shows.
 */
import { RRTYPE } from '../../src/wire/iana.ts';
import { type Message, type MessageRecord, readMessage } from './message.ts';

const RCODES: Readonly<Record<number, string>> = {
  0: 'NOERROR',
  1: 'FORMERR',
  2: 'SERVFAIL',
  3: 'NXDOMAIN',
  4: 'NOTIMP',
  5: 'REFUSED',
  6: 'YXDOMAIN',
  7: 'YXRRSET',
  8: 'NXRRSET',
  9: 'NOTAUTH',
  10: 'NOTZONE',
  11: 'DSOTYPENI',
  16: 'BADVERS',
  23: 'BADCOOKIE',
};

/** Flags of the header; RFC 1035 §4.1.1 calls the last one Z: it must be zero. */
const FLAGS: readonly (readonly [string, number])[] = [
  ['aa', 0x0400],
  ['tc', 0x0200],
  ['rd', 0x0100],
  ['ra', 0x0080],
  ['z', 0x0040],
  ['ad', 0x0020],
  ['cd', 0x0010],
];

const OPTION_NAMES: Readonly<Record<number, string>> = {
  3: 'nsid',
  8: 'ecs',
  9: 'expire',
  10: 'cookie',
  11: 'keepalive',
  12: 'padding',
  13: 'chain',
  14: 'key-tag',
  15: 'ede',
  18: 'report-channel',
  19: 'zoneversion',
};

/** No answer within the time that is waited. */
export const SILENCE = 'silence';
/** The connection was closed, or reset, instead of an answer. */
export const CLOSED = 'closed';

/** What came back. */
export type Reply = Uint8Array | typeof SILENCE | typeof CLOSED;

/** The words for what came back to `request`, in a fixed order. */
export function wordsOf(request: Uint8Array, reply: Reply): string[] {
  if (reply === SILENCE || reply === CLOSED) return [reply];
  if (reply.length < 12) return ['garbage'];
  const flags = (reply[2]! << 8) | reply[3]!;
  const message = readWhole(reply);
  const rcode = message?.rcode ?? flags & 15;
  const words = [RCODES[rcode] ?? `RCODE${rcode}`];
  if (reply[0] !== request[0] || reply[1] !== request[1]) words.push('other-id');
  if ((reply[2]! & 0x78) !== (request[2]! & 0x78)) words.push('other-opcode');
  if ((flags & 0x8000) === 0) words.push('no-qr');
  words.push(...FLAGS.filter(([, bit]) => (flags & bit) !== 0).map(([name]) => name));
  if (message === undefined) return [...words, 'unreadable'];
  return [
    ...words,
    ...questionWords(request, reply),
    ...sectionWords(message),
    ...optWords(request, message),
  ];
}

function readWhole(octets: Uint8Array): Message | undefined {
  try {
    return readMessage(octets);
  } catch {
    return undefined; // told as "unreadable"
  }
}

/** The question comes back as it was sent, its case included, or not at all (`no-question`). */
function questionWords(request: Uint8Array, reply: Uint8Array): string[] {
  const count = (reply[4]! << 8) | reply[5]!;
  if (count === 0) return ['no-question'];
  let end = 12;
  while (end < reply.length && reply[end] !== 0) end += reply[end]! + 1;
  const isSame = Buffer.compare(reply.subarray(12, end + 5), request.subarray(12, end + 5)) === 0;
  return isSame ? [] : ['other-question'];
}

function sectionWords({ answer, authority }: Message): string[] {
  const words: string[] = [];
  const has = (records: readonly MessageRecord[], type: number) => records.some((one) => one.type === type);
  if (answer.some(({ type }) => type !== RRTYPE.RRSIG)) words.push('data');
  if (has(answer, RRTYPE.RRSIG)) words.push('signed');
  if (has(authority, RRTYPE.SOA)) words.push('soa');
  else if (has(authority, RRTYPE.NS) && answer.length === 0) words.push('referral');
  if (has(authority, RRTYPE.NSEC) || has(authority, RRTYPE.NSEC3)) words.push('denial');
  return words;
}

function optWords(request: Uint8Array, { additional }: Message): string[] {
  const opts = additional.filter(({ type }) => type === RRTYPE.OPT);
  const words = additional.some(({ type }) => type === RRTYPE.TSIG) ? ['tsig'] : [];
  if (opts.length > 1) return [...words, 'two-opts'];
  const [opt] = opts;
  if (opt === undefined) return words;
  words.push('opt');
  if (opt.owner !== '.') words.push('opt-owner');
  if (opt.class < 512) words.push('opt-size');
  const version = (opt.ttl >>> 16) & 255;
  if (version !== 0) words.push(`version-${version}`);
  if ((opt.ttl & 0x8000) !== 0) words.push('do');
  if ((opt.ttl & 0x4000) !== 0) words.push('co');
  if ((opt.ttl & 0x3fff) !== 0) words.push('opt-z');
  return [...words, ...optionWords(request, opt.rdata)];
}

function optionWords(request: Uint8Array, rdata: Uint8Array): string[] {
  const words: string[] = [];
  const view = new DataView(rdata.buffer, rdata.byteOffset, rdata.byteLength);
  for (let at = 0; at + 4 <= rdata.length; ) {
    const code = view.getUint16(at);
    const value = rdata.subarray(at + 4, at + 4 + view.getUint16(at + 2));
    at += 4 + value.length;
    words.push(optionWord(request, code, value));
  }
  return words;
}

function optionWord(request: Uint8Array, code: number, value: Uint8Array): string {
  const name = OPTION_NAMES[code] ?? `option-${code}`;
  if (name === 'ede' && value.length >= 2) return `ede-${(value[0]! << 8) | value[1]!}`;
  // RFC 7873 §5.2.3: the client's half as it was sent, and a server's half; RFC 9018 §4 makes that 16 octets.
  if (name !== 'cookie') return name;
  const isEcho = Buffer.from(request).includes(Buffer.from(value.subarray(0, 8)));
  return isEcho && value.length === 24 ? name : `odd-cookie-${value.length}`;
}
