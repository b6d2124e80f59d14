/**
 * @hot Error reports (RFC 9567): who failed to resolve a name tells the agent that the name's server announced, by asking
 * for TXT at `_er.TYPE.NAME.CODE._er.AGENT`. Here they are told from other queries; the answer is the zone's own.
 */
import { RRTYPE } from '../wire/iana.ts';
import { equalNames, labelCount, type Name } from '../wire/name.ts';
import type { Query } from '../wire/query.ts';

/** What a resolver reports. Plain data. */
export interface ErrorReport {
  /** The name that could not be resolved, in lower case. */
  readonly name: Name;
  /** Its type, or types with hyphens between them, as numbers. */
  readonly types: string;
  /** Info-code of EDE (RFC 8914), at most 65535. */
  readonly infoCode: number;
}

/** `_er` as a label; `_` and letters are the same in both cases or lower here. */
const MARK = Uint8Array.of(3, 0x5f, 0x65, 0x72);
/** The least labels in front of the agent: both marks, a type and a code. */
const LEAST_LABELS = 4;
const MAX_CODE = 65_535;

/** Tells reports to one agent. */
export class ReportReader {
  readonly #agent: Name;
  readonly #agentLabels: number;

  constructor(agent: Name) {
    this.#agent = agent;
    this.#agentLabels = labelCount(agent);
  }

  /** True if the query is a report. Allocates nothing. */
  isReport({ qtype, qname }: Query): boolean {
    if (qtype !== RRTYPE.TXT) return false;
    const own = qname.labels - this.#agentLabels;
    if (own < LEAST_LABELS || !isMark(qname.octets, 0)) return false;
    const { octets, labelAt } = qname;
    return isMark(octets, labelAt[own - 1]!) && equalNames(octets, labelAt[own]!, this.#agent, 0);
  }

  /** What a report says; null if its type or its code is no number. */
  read({ qname }: Query): ErrorReport | null {
    const { octets, labelAt, labels } = qname;
    const own = labels - this.#agentLabels;
    const types = textAt(octets, labelAt[1]!);
    const code = textAt(octets, labelAt[own - 2]!);
    if (!/^\d{1,5}(?:-\d{1,5})*$/.test(types) || !/^\d{1,5}$/.test(code) || Number(code) > MAX_CODE)
      return null;
    const from = labelAt[2]!;
    const end = labelAt[own - 2]!;
    const name = new Uint8Array(end - from + 1);
    name.set(octets.subarray(from, end));
    return { name, types, infoCode: Number(code) };
  }
}

function isMark(octets: Uint8Array, at: number): boolean {
  for (let i = 0; i < MARK.length; i++) {
    if (octets[at + i] !== MARK[i]) return false;
  }
  return true;
}

function textAt(octets: Uint8Array, at: number): string {
  return String.fromCharCode(...octets.subarray(at + 1, at + 1 + octets[at]!));
}
