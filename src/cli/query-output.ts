/** How an answer looks: sections and flags as dig has them, one record a line; or as one JSON object. */
import { formatRdata } from '../rdata/text.ts';
import { formatListen } from '../transport/listen.ts';
import { FLAG, opcodeOf, rcodeOf } from '../wire/header.ts';
import { CLASS, formatType, RCODE, RRTYPE } from '../wire/iana.ts';
import type { Message, MessageRecord } from '../wire/message.ts';
import { formatName } from '../wire/name.ts';
import type { Output } from './output.ts';
import type { TlsPeer, Transport } from './query-client.ts';
import { EDNS_FLAG, optionText, readOptions } from './query-edns.ts';
import { explainProofs } from './query-proof.ts';

/** Rcodes that only others send (RFC 2136, RFC 8945, RFC 7873). */
const CLIENT_RCODES = { YXRRSET: 7, NXRRSET: 8, NOTZONE: 10, BADCOOKIE: 23 };
const FLAG_NAMES = Object.entries(FLAG);

export interface AnswerRecord {
  readonly name: string;
  readonly ttl: number;
  readonly class: string;
  readonly type: string;
  readonly data: string;
}

/** An answer in words, as `--json` gives it. */
export interface Answer {
  readonly server: { readonly address: string; readonly port: number };
  readonly transport: Transport;
  /** The other end of TLS; null without. */
  readonly tls: TlsPeer | null;
  readonly milliseconds: number;
  readonly octets: number;
  readonly retriedOverTcp: boolean;
  readonly id: number;
  readonly opcode: number;
  readonly rcode: string;
  readonly rcodeNumber: number;
  readonly flags: readonly string[];
  readonly edns: Edns | null;
  readonly question: { readonly name: string; readonly class: string; readonly type: string } | null;
  readonly answer: readonly AnswerRecord[];
  readonly authority: readonly AnswerRecord[];
  readonly additional: readonly AnswerRecord[];
  /** What the NSEC and NSEC3 records say, if their signatures are right. */
  readonly proves: readonly string[];
}

interface Edns {
  readonly version: number;
  readonly dnssecOk: boolean;
  readonly compactOk: boolean;
  readonly udpPayload: number;
  readonly options: readonly { readonly code: number; readonly text: string }[];
}

type Transfer = Pick<Answer, 'server' | 'transport' | 'tls' | 'milliseconds' | 'octets' | 'retriedOverTcp'>;

/** Puts a message into words. `cookie` is what was sent, to compare. */
export function answerOf(message: Message, transfer: Transfer, cookie?: Uint8Array): Answer {
  const { id, flags, questions, answer, authority, additional } = message;
  const opt = additional.find(({ type }) => type === RRTYPE.OPT);
  const rcodeNumber = rcodeOf(flags) | (opt === undefined ? 0 : (opt.ttl >>> 24) << 4);
  const [question] = questions;
  return {
    ...transfer,
    id,
    opcode: opcodeOf(flags),
    rcode: rcodeName(rcodeNumber),
    rcodeNumber,
    flags: FLAG_NAMES.filter(([, bit]) => (flags & bit) !== 0).map(([name]) => name.toLowerCase()),
    edns: opt === undefined ? null : ednsOf(opt, cookie),
    question:
      question === undefined
        ? null
        : {
            name: formatName(question.name),
            class: className(question.class),
            type: formatType(question.type),
          },
    answer: answer.map(recordOf),
    authority: authority.map(recordOf),
    additional: additional.filter(({ type }) => type !== RRTYPE.OPT).map(recordOf),
    proves: question === undefined ? [] : explainProofs(question, authority),
  };
}

function recordOf({ owner, ttl, class: number, type, rdata }: MessageRecord): AnswerRecord {
  const data = formatRdata(type, rdata, 0, rdata.length);
  return { name: formatName(owner), ttl, class: className(number), type: formatType(type), data };
}

export function rcodeName(rcode: number): string {
  return (
    Object.entries({ ...RCODE, ...CLIENT_RCODES }).find(([, number]) => number === rcode)?.[0] ??
    `RCODE${rcode}`
  );
}

function className(number: number): string {
  return Object.entries(CLASS).find(([, known]) => known === number)?.[0] ?? `CLASS${number}`;
}

/** RFC 6891 §6.1.3: class is the payload size, the TTL holds rcode, version and flags. */
function ednsOf(opt: MessageRecord, cookie: Uint8Array | undefined): Edns {
  return {
    version: (opt.ttl >>> 16) & 0xff,
    dnssecOk: (opt.ttl & EDNS_FLAG.DO) !== 0,
    compactOk: (opt.ttl & EDNS_FLAG.CO) !== 0,
    udpPayload: opt.class,
    options: readOptions(opt.rdata).map((option) => ({
      code: option.code,
      text: optionText(option, cookie),
    })),
  };
}

// ---- For a person ----

/** Prints an answer; `isShort` leaves all but the data of the answer out. */
export function printAnswer(output: Output, answer: Answer, isShort: boolean): void {
  if (isShort) {
    for (const { data } of answer.answer) output.print(data);
    return;
  }
  const { rcode, id, flags, edns, question } = answer;
  output.print(`;; ${rcode}, id ${id}, flags ${flags.join(' ')}`);
  if (edns !== null) {
    const { version, dnssecOk, compactOk, udpPayload, options } = edns;
    const flagText = `${dnssecOk ? ', flag do' : ''}${compactOk ? ', flag co' : ''}`;
    output.print(`;; EDNS version ${version}${flagText}, UDP payload ${udpPayload}`);
    for (const { text } of options) output.print(`;; EDNS ${text}`);
  }
  if (question !== null) output.print(`\n;; QUESTION\n;${question.name} ${question.class} ${question.type}`);
  for (const section of ['answer', 'authority', 'additional'] as const)
    printSection(output, section, answer[section]);
  if (answer.proves.length > 0) output.print('\n;; PROVES, if the signatures are right');
  for (const sentence of answer.proves) output.print(`; ${sentence}`);
  output.print('');
  output.print(`;; ${transferText(answer)}`);
}

function printSection(output: Output, section: string, records: readonly AnswerRecord[]): void {
  if (records.length === 0) return;
  output.print(`\n;; ${section.toUpperCase()}`);
  const width = Math.max(...records.map(({ name }) => name.length));
  for (const { name, ttl, class: words, type, data } of records) {
    output.print(`${name.padEnd(width)} ${String(ttl).padEnd(7)} ${words} ${type.padEnd(7)} ${data}`);
  }
}

function transferText({ server, transport, tls, milliseconds, octets, retriedOverTcp }: Answer): string {
  const where = formatListen(server);
  const again = retriedOverTcp ? ', for the answer did not fit into UDP' : '';
  const how = `${transport.toUpperCase()}${tls === null ? '' : ` (${tlsText(tls)})`}`;
  return `${octets} octets from ${where} over ${how}${again}, in ${milliseconds.toFixed(1)} ms`;
}

function tlsText({ protocol, subject, isVerified, fingerprint }: TlsPeer): string {
  const who = subject === '' ? 'a certificate without a name' : subject;
  return `${protocol}, ${who}, ${isVerified ? 'verified' : `not verified, SHA-256 ${fingerprint}`}`;
}
