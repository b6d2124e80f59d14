/**
 * What must hold for the response to any octets whatever, judged without our own codec, and a server to try it on:
 * signed and unsigned zones behind one responder.
 */
import { decode } from 'dns-packet';
import { formatType, RCODE, RRTYPE } from '../../src/wire/iana.ts';
import { Peer } from '../../src/wire/peer.ts';
import { generateHosting } from './differential-zones.ts';
import { type Message, type MessageRecord, readMessage } from './message.ts';
import { NOW, queryOctets, TestServer } from './served.ts';
import { generateZone } from './zones.ts';

const MAX_UDP_OCTETS = 1_232;
const MIN_UDP_OCTETS = 512;
/** NOERROR, FORMERR, NXDOMAIN, NOTIMP, REFUSED, YXDOMAIN, NOTAUTH, BADVERS: never SERVFAIL, for nothing is wrong here. */
const RCODES = new Set([0, 1, 3, 4, 5, 6, 9, 16]);

/** A responder with zones of all kinds, and a query whose answer is known. */
export class FuzzTarget {
  readonly server = new TestServer();
  readonly names: string[] = [];
  readonly goodQuery: Uint8Array;
  readonly #goodAnswer: string;
  readonly #request = new Uint8Array(65_535);
  readonly #response = new Uint8Array(65_535);
  readonly #again = new Uint8Array(65_535);
  readonly #peer = new Peer();

  constructor(seed: number) {
    const big = generateZone({ origin: 'example.com.', names: 120, seed });
    this.server.add(big.origin, big.text);
    this.names.push(
      ...big.text
        .split('\n')
        .filter((row) => row.includes(' IN '))
        .map((row) => row.split(' ', 1)[0]!),
    );
    for (const [index, zone] of generateHosting(seed, 24).entries()) {
      this.server.add(zone.origin, zone.text, index % 2 === 0 ? 'nsec' : 'unsigned');
      this.names.push(...zone.names);
    }
    this.goodQuery = queryOctets('ns1.example.com.', 'A', { dnssecOk: true });
    this.#goodAnswer = Buffer.from(this.server.askRaw(this.goodQuery)).toString('hex');
  }

  /**
   * The response to `request`, which lies in a larger buffer with the octets of earlier requests behind it, as it does
   * in a transport. With `twice`, what lies behind it must make no difference. Throws if anything is not as it must be.
   */
  respond(request: Uint8Array, transport: 'udp' | 'tcp', twice: boolean): Uint8Array {
    this.#request.set(request);
    this.#peer.setText(transport, 4, '127.0.0.1', 40_000);
    const { responder } = this.server;
    const octets = responder.respond(this.#request, request.length, this.#peer, NOW, this.#response);
    if (responder.lastFault !== null) throw responder.lastFault;
    if (twice) {
      const exact = responder.respond(request, request.length, this.#peer, NOW, this.#again);
      const first = Buffer.from(this.#response.buffer, 0, octets);
      if (!first.equals(Buffer.from(this.#again.buffer, 0, exact)))
        throw new Error('octets behind the request matter');
    }
    return this.#response.subarray(0, octets);
  }

  /**
   * Throws unless UDP and TCP tell the same: without TC the answer and authority sections are those of TCP, with TC
   * they are a part of them, and TCP is never truncated.
   */
  checkTruncation(request: Uint8Array): void {
    if (isSilent(request)) return;
    const [udp, tcp] = (['udp', 'tcp'] as const).map((transport) =>
      readMessage(this.respond(request, transport, false).slice()),
    ) as [Message, Message];
    if ((tcp.flags & 0x0200) !== 0) throw new Error('TC over TCP');
    for (const section of ['answer', 'authority'] as const) {
      const [short, whole] = [udp[section], tcp[section]].map((records) => records.map(recordKey));
      const isPart = short!.every((record, index) => record === whole![index]);
      const isWhole = short!.length === whole!.length;
      if (!isPart || ((udp.flags & 0x0200) === 0 && !isWhole))
        throw new Error(`UDP and TCP differ in ${section}`);
    }
  }

  /** Throws unless the good query is answered as ever. */
  checkGood(): void {
    if (!this.isGoodAnswer(this.server.askRaw(this.goodQuery)))
      throw new Error('the good query is answered otherwise');
  }

  /** True if this is the answer to the good query, whatever its ID. */
  isGoodAnswer(answer: Uint8Array): boolean {
    return Buffer.from(answer).toString('hex').slice(4) === this.#goodAnswer.slice(4);
  }
}

function recordKey({ owner, type, ttl, rdata }: MessageRecord): string {
  return `${owner} ${type} ${ttl} ${Buffer.from(rdata).toString('latin1')}`;
}

/** True if a request gets no answer: shorter than a header, or itself an answer. */
export function isSilent(request: Uint8Array): boolean {
  return request.length < 12 || (request[2]! & 0x80) !== 0;
}

/** Throws unless `response` is a well-formed answer to `request`. `strangerToo` adds dns-packet as a judge. */
export function checkResponse(
  request: Uint8Array,
  response: Uint8Array,
  transport: 'udp' | 'tcp',
  strangerToo: boolean,
): void {
  if (isSilent(request)) {
    if (response.length > 0) throw new Error('an answer to what must not be answered');
    return;
  }
  if (response.length === 0) throw new Error('no answer');
  const message = readMessage(response);
  const expectEqual = (what: string, is: number, shall: number): void => {
    if (is !== shall) throw new Error(`${what} is ${is}, not ${shall}`);
  };
  expectEqual('id', message.id, (request[0]! << 8) | request[1]!);
  expectEqual('QR', message.flags & 0x8000, 0x8000);
  expectEqual('opcode', message.flags & 0x7800, (request[2]! << 8) & 0x7800);
  expectEqual('RD', message.flags & 0x0100, (request[2]! << 8) & 0x0100);
  expectEqual('RA, Z, AD and CD', message.flags & 0x00f0, 0);
  if (!RCODES.has(message.rcode)) throw new Error(`rcode ${message.rcode}`);
  checkSections(message);
  const limit = transport === 'tcp' ? 65_535 : udpLimit(request, message);
  if (response.length > limit) throw new Error(`${response.length} octets where ${limit} are allowed`);
  if (strangerToo) checkWithStranger(response, message);
}

/** Errors are empty, but for a TSIG that says of NOTAUTH why; data has a question, OPT comes once at most. */
function checkSections(message: Message): void {
  const opts = message.additional.filter(({ type }) => type === 41).length;
  if (opts > 1) throw new Error(`${opts} OPT records`);
  const tsigs = message.additional.filter(({ type }) => type === RRTYPE.TSIG).length;
  const isLast = message.additional.at(-1)?.type === RRTYPE.TSIG;
  if (tsigs > 0 && (tsigs > 1 || !isLast || message.rcode !== RCODE.NOTAUTH))
    throw new Error('a misplaced TSIG');
  const records = message.answer.length + message.authority.length + message.additional.length - opts - tsigs;
  const isError = ![0, 3, 6].includes(message.rcode);
  if (isError && records > 0) throw new Error('an error with records');
  if (records > 0 && message.question === undefined) throw new Error('records without a question');
}

/** What the requestor can take (RFC 6891 §6.2.3), as well as an independent decoder can read its OPT. */
function udpLimit(request: Uint8Array, response: Message): number {
  if (!response.additional.some(({ type }) => type === 41)) return MIN_UDP_OCTETS;
  let asked: Message;
  try {
    asked = readMessage(request);
  } catch {
    return MAX_UDP_OCTETS; // not readable as a whole: then it is FORMERR or an unknown opcode
  }
  const opt = asked.additional.find(({ type }) => type === 41);
  return Math.max(MIN_UDP_OCTETS, Math.min(opt?.class ?? 0, MAX_UDP_OCTETS));
}

/** dns-packet must read it too, and see the same number of records of the same types. */
function checkWithStranger(response: Uint8Array, message: Message): void {
  const decoded = decode(Buffer.from(response));
  for (const section of ['answer', 'authority', 'additional'] as const) {
    const found =
      (section === 'answer'
        ? decoded.answers
        : section === 'authority'
          ? decoded.authorities
          : decoded.additionals) ?? [];
    const ours = message[section].map(({ type }) => formatType(type));
    if (found.length !== ours.length)
      throw new Error(`dns-packet sees ${found.length} records, not ${ours.length}`);
  }
}

/** A request and what went wrong with it, for the message of a failure. */
export function describeCase(seed: number, index: number, request: Uint8Array, fault: unknown): string {
  const reason = fault instanceof Error ? (fault.stack ?? fault.message) : String(fault);
  return `seed ${seed}, request ${index}: ${Buffer.from(request).toString('hex')}\n${reason}`;
}
