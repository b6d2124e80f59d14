/**
 * What clients of good faith ask of the small zone (bench/zonetext) while others flood it: names that exist, of each
 * kind that the signing budget must never turn away. And whether an answer is whole.
 */
import { HEADER } from '../src/wire/header.ts';
import { queryOctets } from '../test/support/served.ts';

interface Kind {
  /** Of a hundred questions. */
  readonly share: number;
  readonly question: (origin: string, i: number) => readonly [name: string, type: string];
  /** Records that a signed answer has in a section, at least. */
  readonly answers: number;
  readonly authority: number;
}

/** A prime: names come out of order. */
const STRIDE = 7_919;

export const KINDS = {
  positive: { share: 65, question: (origin, i) => [`host${i}.${origin}`, 'A'], answers: 2, authority: 0 },
  nodata: { share: 15, question: (origin, i) => [`host${i}.${origin}`, 'AAAA'], answers: 0, authority: 4 },
  referral: {
    share: 10,
    question: (origin, i) => [`www.cut${i - (i % 10)}.${origin}`, 'A'],
    answers: 0,
    authority: 3,
  },
  soa: { share: 5, question: (origin) => [origin, 'SOA'], answers: 2, authority: 0 },
  dnskey: { share: 5, question: (origin) => [origin, 'DNSKEY'], answers: 2, authority: 0 },
} as const satisfies Record<string, Kind>;

export type KindName = keyof typeof KINDS;

export interface Question {
  readonly kind: KindName;
  /** The query with DO; its first two octets are the id. */
  readonly octets: Uint8Array;
}

/** A hundred questions for each of the first `names / 100` hundreds of a zone's names, the kinds mixed by their shares. */
export function legitimateQuestions(origin: string, names: number): Question[] {
  const kinds = (Object.keys(KINDS) as KindName[]).flatMap((kind) => Array(KINDS[kind].share).fill(kind));
  return Array.from({ length: names }, (_, i) => {
    const at = (i * STRIDE) % names;
    const kind = kinds[at % kinds.length] as KindName;
    const [name, type] = KINDS[kind].question(origin, at);
    return { kind, octets: queryOctets(name, type, { dnssecOk: true }) };
  });
}

/** Why an answer is not what was asked for, or undefined: it must be whole, authoritative or a referral, and signed. */
export function faultOf(kind: KindName, answer: Uint8Array): string | undefined {
  if (answer.length < HEADER.OCTETS) return 'short';
  const [flags, rcode] = [answer[2]!, answer[3]! & 0xf];
  if ((flags & 0x02) !== 0) return 'truncated';
  if (rcode !== 0) return `rcode ${rcode}`;
  const { answers, authority } = KINDS[kind];
  if (countAt(answer, HEADER.ANCOUNT) < answers) return 'answers missing';
  if (countAt(answer, HEADER.NSCOUNT) < authority) return 'proof missing';
  return undefined;
}

function countAt(message: Uint8Array, offset: number): number {
  return (message[offset]! << 8) | message[offset + 1]!;
}
