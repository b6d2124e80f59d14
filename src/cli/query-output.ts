/** How an answer looks: sections and flags as dig has them, one record a line; or as one JSON object. */
import { formatRdata } from '../rdata/text.ts';
import { formatListen } from '../transport/listen.ts';
import { FLAG, opcodeOf, rcodeOf } from '../wire/header.ts';
import { CLASS, formatType, RCODE, RRTYPE } from '../wire/iana.ts';
import type { Message, MessageRecord } from '../wire/message.ts';
import { formatName } from '../wire/name.ts';
import type { Output } from './output.ts';

const FLAG_NAMES = Object.entries(FLAG);
const OPTION_EDE = 15;
const OPTION_NSID = 3;
const DO_BIT = 0x8000;

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
  readonly transport: 'udp' | 'tcp';
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
}

interface Edns {
  readonly version: number;
  readonly dnssecOk: boolean;
  readonly udpPayload: number;
  readonly options: readonly { readonly code: number; readonly text: string }[];
}

type Transfer = Pick<Answer, 'server' | 'transport' | 'milliseconds' | 'octets' | 'retriedOverTcp'>;

/** Puts a message into words. */
export function answerOf(message: Message, transfer: Transfer): Answer {
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
    edns: opt === undefined ? null : ednsOf(opt),
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
  };
}

function recordOf({ owner, ttl, class: number, type, rdata }: MessageRecord): AnswerRecord {
  const data = formatRdata(type, rdata, 0, rdata.length);
  return { name: formatName(owner), ttl, class: className(number), type: formatType(type), data };
}

export function rcodeName(rcode: number): string {
  return Object.entries(RCODE).find(([, number]) => number === rcode)?.[0] ?? `RCODE${rcode}`;
}

function className(number: number): string {
  return Object.entries(CLASS).find(([, known]) => known === number)?.[0] ?? `CLASS${number}`;
}

/** RFC 6891 §6.1.3: class is the payload size, the TTL holds rcode, version and flags. */
function ednsOf(opt: MessageRecord): Edns {
  const options: { code: number; text: string }[] = [];
  const rdata = Buffer.from(opt.rdata);
  for (let at = 0; at + 4 <= rdata.length; ) {
    const code = rdata.readUInt16BE(at);
    const end = at + 4 + rdata.readUInt16BE(at + 2);
    options.push({ code, text: optionText(code, rdata.subarray(at + 4, end)) });
    at = end;
  }
  return {
    version: (opt.ttl >>> 16) & 0xff,
    dnssecOk: (opt.ttl & DO_BIT) !== 0,
    udpPayload: opt.class,
    options,
  };
}

function optionText(code: number, octets: Buffer): string {
  if (code === OPTION_EDE && octets.length >= 2) {
    const text = printable(octets.subarray(2));
    return `extended error ${octets.readUInt16BE(0)}${text === '' ? '' : `: ${text}`}`;
  }
  if (code === OPTION_NSID) return `server id: ${printable(octets)}`;
  return `option ${code}: ${octets.toString('hex')}`;
}

/** Text of others: nothing that a terminal obeys. */
function printable(octets: Buffer): string {
  return octets.toString('utf8').replace(/\p{C}/gu, '?');
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
    const { version, dnssecOk, udpPayload, options } = edns;
    output.print(`;; EDNS version ${version}${dnssecOk ? ', flag do' : ''}, UDP payload ${udpPayload}`);
    for (const { text } of options) output.print(`;; EDNS ${text}`);
  }
  if (question !== null) output.print(`\n;; QUESTION\n;${question.name} ${question.class} ${question.type}`);
  for (const section of ['answer', 'authority', 'additional'] as const)
    printSection(output, section, answer[section]);
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

function transferText({ server, transport, milliseconds, octets, retriedOverTcp }: Answer): string {
  const where = formatListen(server);
  const again = retriedOverTcp ? ', for the answer did not fit into UDP' : '';
  return `${octets} octets from ${where} over ${transport.toUpperCase()}${again}, in ${milliseconds.toFixed(1)} ms`;
}
