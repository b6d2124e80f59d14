/** What a row of the conformance sweep is, and the pieces that its messages are made of. */
import { parseType, type RRTYPE } from '../../src/wire/iana.ts';
import { nameOf } from '../../src/wire/name.ts';
import { optRecord, queryMessage } from './wiretext.ts';

export const ORIGIN = 'sweep.example.';
/** The secret that all servers make their cookies with. */
export const SECRET: Uint8Array = Uint8Array.from(Buffer.from('e5e973e5a6b2a43f48e7dc849e37bfcf', 'hex'));
const MESSAGE_ID = 0x4b54;
export const NSID_TEXT = 'sweep-1';

/** One message to all servers, and what an answer to it must be. */
export interface SweepCase {
  readonly group: string;
  /** In words, for the table; with the group it names the case. */
  readonly title: string;
  readonly transport: 'udp' | 'tcp' | 'stream';
  /** The message; over `stream` the octets of the connection themselves. `now` is in seconds. */
  readonly octets: (now: number) => Uint8Array;
  /** Words that an answer must have, `!` must not have, `a|b` one of, `+` may have and ours must. */
  readonly rule: string;
  /** Where that is written, and how. */
  readonly because: string;
}

export interface Question {
  readonly name?: string;
  /** No question at all. */
  readonly bare?: boolean;
  /** Wire octets instead of a name. */
  readonly qname?: Uint8Array;
  readonly type?: keyof typeof RRTYPE | `TYPE${number}`;
  readonly class?: number;
  readonly flags?: number;
  readonly counts?: readonly [number, number, number, number];
  /** Records behind the question; ARCOUNT is 1 if there are some, unless `counts` says otherwise. */
  readonly rest?: Uint8Array;
}

/** The apex of the zone in the sweep, or a name below it. */
export function below(label?: string): string {
  return label === undefined ? ORIGIN : `${label}.${ORIGIN}`;
}

/** A query, by default for the address of `www`, without EDNS and RD. */
export function ask(question: Question = {}): Uint8Array {
  const { name = below('www'), type = 'A', flags = 0, rest = new Uint8Array(0) } = question;
  const counts = question.counts ?? [question.bare ? 0 : 1, 0, 0, rest.length > 0 ? 1 : 0];
  const qname = question.qname ?? nameOf(name);
  const asked = question.bare ? {} : { qname, qtype: parseType(type)!, qclass: question.class ?? 1 };
  return queryMessage({ id: MESSAGE_ID, flags, counts, rest, ...asked });
}

export interface Opt {
  readonly size?: number;
  readonly version?: number;
  readonly flags?: number;
  readonly options?: readonly number[];
}

/** An OPT record. */
export function opt({ size = 1232, version = 0, flags = 0, options = [] }: Opt = {}): Uint8Array {
  return optRecord(size, version, flags, options);
}

/** An option as it stands in an OPT record. */
export function option(code: number, ...octets: readonly number[]): number[] {
  return [code >> 8, code & 255, octets.length >> 8, octets.length & 255, ...octets];
}

/** A query with an OPT record. */
export function askEdns(optParts: Opt = {}, question: Question = {}): Uint8Array {
  return ask({ ...question, rest: opt(optParts) });
}

export function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}

/** A record: owner in wire octets, class IN, TTL 0. */
export function record(owner: Uint8Array, type: number, rdata: readonly number[]): Uint8Array {
  const tail = [type >> 8, type & 255, 0, 1, 0, 0, 0, 0, rdata.length >> 8, rdata.length & 255, ...rdata];
  return Uint8Array.from([...owner, ...tail]);
}

type Row = readonly [title: string, octets: Uint8Array | SweepCase['octets'], rule: string, because: string];

/** Rows of one group. */
export function groupOf(group: string, transport: SweepCase['transport'], rows: readonly Row[]): SweepCase[] {
  return rows.map(([title, octets, rule, because]) => ({
    group,
    title: transport === 'udp' ? title : `${title}, TCP`,
    transport,
    octets: typeof octets === 'function' ? octets : () => octets,
    rule,
    because,
  }));
}
