/**
 * The comparison of test/support/differential.ts for messages that are not as they should be: the corpus of the fuzz
 * and mutations of it go to all servers, and where the three say the same rcode (or nothing), we must say it too.
 */

import { RRTYPE } from '../../src/wire/iana.ts';
import { DatagramClient } from './datagrams.ts';
import { PEER_NAMES, startPeers } from './differential-peers.ts';
import { PacketMutator, packetCorpus } from './fuzz-packets.ts';
import { readMessage } from './message.ts';
import { Workplace } from './processes.ts';
import { TestServer } from './served.ts';

const ZONE = {
  origin: 'example.com.',
  text: `example.com. 600 IN SOA ns.example.net. h.example.net. 1 7200 900 1209600 300
example.com. 900 IN NS ns.example.net.
www.example.com. 60 IN A 192.0.2.1
*.w.example.com. 60 IN TXT "w"
`,
};
const NAMES = ['example.com.', 'www.example.com.', 'x.example.com.', 'a.w.example.com.', 'example.org.'];
const IN_FLIGHT = 100;
/** Some drop what is malformed: for most of the messages nobody waits longer. */
const QUICK = { timeoutMs: 400, tries: 1 };
/** Silence of all three is only believed after this. */
const PATIENT = { timeoutMs: 3_000, tries: 2 };
const SILENCE = 'nothing';
const CLASS_CHAOS = 3;

/** Why we may say another rcode than three peers that agree. */
const KNOWN: Readonly<Record<string, (message: Uint8Array, told: string, ours: string) => boolean>> = {
  // RFC 5936 §2.2.1 wants NOTAUTH for zones that are not here; we refuse transfers as such, before any zone is sought.
  transfers: (_message, told, ours) => told === '9' && ours === '5',
  // What an opcode that we do not have makes of its sections is unknown, so that they cannot be malformed.
  'opcodes that are not here': (message, _told, ours) => ours === '4' && (message[2]! & 0x78) !== 0,
  // TSIG (RFC 8945) is not built yet: no key is known, whatever else is wrong with it.
  'TSIG without keys': (message, told, ours) =>
    told === '1' && ours === '9' && typesBehindQuestion(message).includes(RRTYPE.TSIG),
  // version.bind and its like in class CHAOS (RFC 4892): we tell nobody what we are.
  'class CHAOS': (message, _told, ours) =>
    ours === '5' && message[behindName(message, 12) + 3] === CLASS_CHAOS,
  // A query's own records but OPT and TSIG mean nothing; we do not read what is in them, so it cannot be wrong.
  'records without meaning': (message, told) => told === '1' && typesBehindQuestion(message).some(isIgnored),
};

function isIgnored(type: number): boolean {
  return type !== RRTYPE.OPT && type !== RRTYPE.TSIG;
}

/** Types of the records behind one question, as far as the lengths in the message lead. */
function typesBehindQuestion(message: Uint8Array): number[] {
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  const types: number[] = [];
  let at = behindName(message, 12) + 4;
  for (let count = view.getUint16(6) + view.getUint16(8) + view.getUint16(10); count > 0; count--) {
    const from = behindName(message, at);
    if (from + 10 > message.length) break;
    types.push(view.getUint16(from));
    at = from + 10 + view.getUint16(from + 8);
  }
  return types;
}

/** Offset behind a name, which may end in a pointer. */
function behindName(message: Uint8Array, start: number): number {
  let at = start;
  while (at < message.length && message[at] !== 0 && message[at]! < 0xc0) at += message[at]! + 1;
  return message[at] === 0 ? at + 1 : at + 2;
}

/** What an answer says, for comparison. */
function rcodeOf(answer: Uint8Array | undefined): string {
  if (answer === undefined || answer.length === 0) return SILENCE;
  try {
    return `${readMessage(answer).rcode}`;
  } catch {
    return `${answer[3]! & 15}`; // a header in front of what was asked, as some answer unknown opcodes
  }
}

export interface PacketResult {
  readonly asked: number;
  /** Messages to which all three say the same. */
  readonly unanimous: number;
  /** How often a known difference explained one. */
  readonly known: ReadonlyMap<string, number>;
  readonly failures: readonly string[];
}

/** Puts the corpus and `count` mutations to all. */
export async function comparePackets(seed: number, count: number): Promise<PacketResult> {
  const mutator = new PacketMutator(seed, NAMES);
  const mutated = Array.from({ length: count }, () => mutator.next());
  const messages = [...packetCorpus(), ...mutated].filter(({ length }) => length >= 12);
  const workplace = new Workplace();
  const peers = await startPeers([ZONE], workplace);
  try {
    const ports = peers.map(({ port }) => port);
    const told = await askAll(ports, messages, QUICK);
    return await judge(messages, told, ports);
  } finally {
    await Promise.all(peers.map((peer) => peer.stop()));
    workplace.remove();
  }
}

/** Rcodes by server, then by message. */
async function askAll(
  ports: readonly number[],
  messages: readonly Uint8Array[],
  options: { readonly timeoutMs: number; readonly tries: number },
): Promise<string[][]> {
  const clients = ports.map((port) => new DatagramClient(port, options));
  const answers = await Promise.all(clients.map((client) => client.askAll(messages, IN_FLIGHT)));
  for (const client of clients) client.close();
  return answers.map((ofPeer) => ofPeer.map(rcodeOf));
}

async function judge(
  messages: readonly Uint8Array[],
  told: readonly (readonly string[])[],
  ports: readonly number[],
): Promise<PacketResult> {
  const server = new TestServer().add(ZONE.origin, ZONE.text, 'unsigned');
  const failures: string[] = [];
  let unanimous = 0;
  const known = new Map<string, number>();
  for (const [index, message] of messages.entries()) {
    const ours = rcodeOf(server.askRaw(message));
    let said = told.map((ofPeer) => ofPeer[index] ?? SILENCE);
    if (said.every((one) => one === SILENCE) && ours !== SILENCE) {
      said = (await askAll(ports, [message], PATIENT)).flat();
    }
    if (new Set(said).size > 1) continue;
    unanimous++;
    const [first] = said as [string];
    if (first === ours) continue;
    const reason = Object.keys(KNOWN).find((word) => KNOWN[word]?.(message, first, ours));
    if (reason !== undefined) known.set(reason, (known.get(reason) ?? 0) + 1);
    else {
      const rows = said.map((rcode, peer) => `${PEER_NAMES[peer]} ${rcode}`).join(', ');
      failures.push(`${Buffer.from(message).toString('hex')}: keyturn ${ours}, ${rows}`);
    }
  }
  return { asked: messages.length, unanimous, known, failures };
}
