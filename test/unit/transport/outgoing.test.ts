/** Messages for `sendmmsg`, read from memory as the kernel reads them, against lists of answers that go together. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Batch, IOV_LEN, MSGHDR, OCTETS } from '../../../src/transport/batch.ts';
import { loadLibc } from '../../../src/transport/libc.ts';
import { Outgoing } from '../../../src/transport/outgoing.ts';

const libc = loadLibc();
const SIZE = 70;
const RESPONSE_OCTETS = 2_048;

const hex = (octets: Uint8Array) => Buffer.from(octets).toString('hex');

/** Socket addresses: two of IPv4 that differ in the port alone, one more, two of IPv6. */
const NAMES = [
  [16, 1, 2, 3],
  [16, 1, 2, 4],
  [16, 9, 2, 3],
  [28, 1, 2, 3],
  [28, 1, 7, 3],
].map(([octets, ...content]) => Uint8Array.from({ length: octets! }, (_, i) => (i < 3 ? content[i]! : 5)));

/** What came with a request: a control message of IPv4 or IPv6, with the interface and the local address. */
function control(level: 0 | 41, address: readonly number[], interfaceIndex: number): Uint8Array {
  const isIpv4 = level === 0;
  const octets = new Uint8Array(isIpv4 ? 32 : 40);
  octets[0] = isIpv4 ? 28 : 36;
  octets[8] = level;
  octets[isIpv4 ? 16 : 32] = interfaceIndex;
  octets.set(address, isIpv4 ? 20 : 16);
  return octets;
}
const CONTROLS = [
  new Uint8Array(0),
  control(0, [192, 0, 2, 1], 1),
  control(0, [192, 0, 2, 1], 2),
  control(0, [192, 0, 2, 2], 1),
  control(41, [0x20, 1], 1),
  control(41, [0x20, 1], 2),
  control(41, [0xfe, 0x80], 1),
  control(41, [0xfe, 0xbf], 2),
  control(41, [0xfe, 0xc0], 2),
];

/** What goes out with it: the interface is left to routing, but for link-local addresses. */
function controlToSend(received: Uint8Array): Uint8Array {
  const sent = received.slice();
  if (sent.length === 32) sent.fill(0, 16, 20);
  const isLinkLocal = sent[16] === 0xfe && sent[17]! >= 0x80 && sent[17]! <= 0xbf;
  if (sent.length === 40 && !isLinkLocal) sent.fill(0, 32, 36);
  return sent;
}

interface Answer {
  readonly slot: number;
  readonly name: number;
  readonly control: number;
  readonly length: number;
  readonly mayShare: boolean;
}

/** A message, as octets in hexadecimal digits and lists. */
interface Message {
  readonly name: string;
  readonly control: string;
  readonly parts: readonly { readonly slot: number; readonly length: number }[];
}

const segment = (length: number) => {
  const octets = Buffer.alloc(24);
  octets.writeUInt32LE(18, 0);
  octets.writeUInt32LE(17, 8);
  octets.writeUInt32LE(103, 12);
  octets.writeUInt32LE(length, 16);
  return octets;
};

function messageOf(answers: readonly Answer[]): Message {
  const [{ name, control, length }] = answers as [Answer];
  const sent = controlToSend(CONTROLS[control]!);
  return {
    name: hex(NAMES[name]!),
    control: hex(answers.length > 1 ? Buffer.concat([sent, segment(length)]) : sent),
    parts: answers.map(({ slot, length }) => ({ slot, length })),
  };
}

/** Answers that go together, by comparing each with all messages. */
function together(answers: readonly Answer[]): Answer[][] {
  const messages: Answer[][] = [];
  const keyOf = ({ name, control, length }: Answer) =>
    `${name} ${hex(controlToSend(CONTROLS[control]!))} ${length}`;
  for (const answer of answers) {
    const alike = messages.findLast(
      ([first]) => first!.mayShare && first!.length <= 1_232 && keyOf(first!) === keyOf(answer),
    );
    const parts = (alike?.length ?? 0) + 1;
    const hasRoom = parts <= 64 && parts * answer.length <= 65_000;
    if (alike !== undefined && hasRoom && answer.mayShare && answer.length <= 1_232) alike.push(answer);
    else messages.push([answer]);
  }
  return messages;
}

/** The messages in memory, every pointer followed. */
function inMemory(batch: Batch, outgoing: Outgoing): Message[] {
  const view = Buffer.from(batch.octets.buffer);
  const at = (pointer: number) => Number(view.readBigUInt64LE(pointer) - batch.address);
  return Array.from({ length: outgoing.count }, (_, message) => {
    const header = Number(outgoing.headerOf(message) - batch.address);
    const field = (offset: number) => Number(view.readBigUInt64LE(header + offset));
    const octets = (pointer: number, length: number) =>
      hex(view.subarray(at(header + pointer), at(header + pointer) + length));
    const parts = Array.from({ length: field(MSGHDR.IOVLEN) }, (_, i) => {
      const iovec = at(header + MSGHDR.IOV) + i * OCTETS.IOVEC;
      const slot = (at(iovec) - batch.responsesAt) / RESPONSE_OCTETS;
      return { slot, length: Number(view.readBigUInt64LE(iovec + IOV_LEN)) };
    });
    expect(outgoing.partsOf(message)).toBe(parts.length);
    return {
      name: octets(MSGHDR.NAME, view.readUInt32LE(header + MSGHDR.NAMELEN)),
      control: octets(MSGHDR.CONTROL, field(MSGHDR.CONTROLLEN)),
      parts,
    };
  });
}

describe.runIf(typeof libc === 'object')('Outgoing', () => {
  const answer = fc.record({
    name: fc.constantFrom(0, 0, 0, 1, 2, 3, 4),
    control: fc.oneof(fc.constantFrom(1, 1, 2), fc.nat(CONTROLS.length - 1)),
    length: fc.constantFrom(90, 90, 90, 91, 1_015, 1_232, 1_233),
    mayShare: fc.constantFrom(true, true, true, true, false),
  });
  const alike = fc
    .tuple(fc.constantFrom(90, 1_015, 1_016, 1_232), fc.constantFrom(1, 2))
    .map(([length, control]) => ({ name: 0, control, length, mayShare: true }));
  const answers = fc.oneof(
    fc.array(answer, { maxLength: SIZE, size: 'max' }),
    alike.chain((one) =>
      fc.array(fc.oneof({ weight: 30, arbitrary: fc.constant(one) }, answer), {
        minLength: 60,
        maxLength: SIZE,
      }),
    ),
  );

  it('makes the messages that comparing each answer with all makes, whole and taken apart', () => {
    if (typeof libc !== 'object') return;
    const batch = new Batch(libc, SIZE, 512, RESPONSE_OCTETS);
    const outgoing = new Outgoing(batch);
    const received = Buffer.from(batch.octets.buffer);
    const receiveAt = Number(batch.receiveHeaders - batch.address);
    let most = 0;
    fc.assert(
      fc.property(answers, fc.nat(3), fc.nat(SIZE), (list, gap, from) => {
        batch.prepare(SIZE, true);
        // Some slots have no answer.
        const all = list
          .map((one, i) => ({ ...one, slot: i + (gap > 0 ? Math.floor(i / 20) : 0) }))
          .filter(({ slot }) => slot < SIZE);
        outgoing.begin();
        for (const { slot, name, control, length, mayShare } of all) {
          const header = receiveAt + slot * OCTETS.HEADER;
          received.writeUInt32LE(NAMES[name]!.length, header + MSGHDR.NAMELEN);
          received.writeUInt32LE(CONTROLS[control]!.length, header + MSGHDR.CONTROLLEN);
          received.writeUInt32LE(slot + 12, header + MSGHDR.LEN);
          batch.octets.set(NAMES[name]!, batch.nameAt(slot));
          batch.octets.set(CONTROLS[control]!, batch.controlOf(slot));
          expect([batch.received(slot), batch.nameOctets(slot)]).toEqual([slot + 12, NAMES[name]!.length]);
          outgoing.add(slot, length, mayShare);
        }
        const groups = together(all);
        most = Math.max(most, ...groups.map(({ length }) => length));
        outgoing.arrange();
        expect(inMemory(batch, outgoing)).toEqual(groups.map(messageOf));
        if (groups.length === 0) return;
        const first = from % groups.length;
        outgoing.takeApart(first);
        outgoing.arrange();
        expect(inMemory(batch, outgoing)).toEqual(
          groups
            .slice(first)
            .flat()
            .map((one) => messageOf([one])),
        );
      }),
      { numRuns: 150 },
    );
    expect(most).toBe(64);
  });
});
