/**
 * Mutated requests over real sockets of src/transport. Each batch ends with a good query: when it is answered, all
 * answers to what was sent before it are there, because loopback keeps the order and the server is one thread.
 */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ListenAddress } from '../../src/transport/listen.ts';
import type { Respond } from '../../src/wire/peer.ts';
import { PacketMutator } from './fuzz-packets.ts';
import { checkResponse, describeCase, type FuzzTarget, isSilent } from './fuzz-responses.ts';
import { NOW } from './served.ts';
import { framed, StreamClient } from './streamclient.ts';

const BATCH = 50;
const GOOD_ID = 0xffff;
const LAST_ID = GOOD_ID - 1;
const GIVE_UP_MS = 5_000;
const NO_ANSWER = new Uint8Array(0);

/** The target's responder as a transport wants it. */
export function respondOf(target: FuzzTarget): Respond {
  const { responder } = target.server;
  return (request, octets, peer, response) => responder.respond(request, octets, peer, NOW, response);
}

function withId(octets: Uint8Array, id: number): Uint8Array {
  const copy = octets.slice();
  if (copy.length > 0) copy[0] = id >> 8;
  if (copy.length > 1) copy[1] = id & 255;
  return copy;
}

function idOf(octets: Uint8Array): number {
  return (octets[0]! << 8) | octets[1]!;
}

/** What both transports share: a batch of requests is judged when its answers are in. */
class Judge {
  readonly #target: FuzzTarget;
  readonly #seed: number;
  #judged = 0;

  constructor(target: FuzzTarget, seed: number) {
    this.#target = target;
    this.#seed = seed;
  }

  judge(
    requests: readonly Uint8Array[],
    answers: ReadonlyMap<number, Uint8Array>,
    transport: 'udp' | 'tcp',
  ): void {
    const { lastFault } = this.#target.server.responder;
    for (const [id, request] of requests.entries()) {
      try {
        if (lastFault !== null) throw lastFault;
        checkResponse(request, answers.get(id) ?? NO_ANSWER, transport, false);
      } catch (fault) {
        throw new Error(`${transport}: ${describeCase(this.#seed, this.#judged + id, request, fault)}`);
      }
    }
    const good = answers.get(GOOD_ID);
    if (good === undefined || !this.#target.isGoodAnswer(good))
      throw new Error(`${transport}: no good answer`);
    this.#judged += requests.length;
  }
}

/** Sends `count` mutated requests to a UDP server of this process. */
export async function fuzzDatagrams(
  target: FuzzTarget,
  to: ListenAddress,
  seed: number,
  count: number,
): Promise<void> {
  const mutator = new PacketMutator(seed, target.names);
  const judge = new Judge(target, seed);
  const socket = createSocket({ type: 'udp4', recvBufferSize: 4 << 20 });
  socket.connect(to.port, to.address);
  await once(socket, 'connect');
  try {
    for (let sent = 0; sent < count; sent += BATCH) {
      const requests = Array.from({ length: BATCH }, (_, id) => withId(mutator.next(), id));
      judge.judge(requests, await exchange(socket, [...requests, withId(target.goodQuery, GOOD_ID)]), 'udp');
    }
  } finally {
    socket.close();
  }
}

/**
 * Sends all, the good query last, and waits for the answers. Those of one batch come in any order, so when the good one is
 * there, it is asked once more: behind that answer there are none.
 */
async function exchange(socket: Socket, messages: readonly Uint8Array[]): Promise<Map<number, Uint8Array>> {
  const answers = new Map<number, Uint8Array>();
  const isDone = new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('the server does not answer any more')), GIVE_UP_MS);
    socket.removeAllListeners('message');
    socket.on('message', (octets) => {
      answers.set(idOf(octets), new Uint8Array(octets));
      if (idOf(octets) === GOOD_ID) socket.send(withId(messages.at(-1)!, LAST_ID));
      if (idOf(octets) !== LAST_ID) return;
      clearTimeout(timer);
      resolve();
    });
  });
  for (const message of messages) socket.send(message);
  await isDone;
  return answers;
}

/**
 * Sends `count` mutated requests over TCP, cut into pieces anywhere; every fifth connection carries lengths that lie
 * instead, and is left alone: the next one must be served as ever.
 */
export async function fuzzStreams(
  target: FuzzTarget,
  to: ListenAddress,
  seed: number,
  count: number,
): Promise<void> {
  const mutator = new PacketMutator(seed, target.names);
  const judge = new Judge(target, seed);
  for (let sent = 0, connection = 0; sent < count; sent += BATCH, connection++) {
    const requests = Array.from({ length: BATCH }, (_, id) => withId(wholeMessage(mutator), id));
    const client = await StreamClient.open(to);
    try {
      if (connection % 5 === 4) await sendGarbage(client, requests, mutator);
      else judge.judge(requests, await exchangeStream(client, requests, target, mutator), 'tcp');
    } finally {
      await client.close();
    }
  }
}

/** A mutated message that is at least a header: shorter ones end the connection. */
function wholeMessage(mutator: PacketMutator): Uint8Array {
  for (;;) {
    const message = mutator.next();
    if (message.length >= 12) return message;
  }
}

async function exchangeStream(
  client: StreamClient,
  requests: readonly Uint8Array[],
  target: FuzzTarget,
  { random }: PacketMutator,
): Promise<Map<number, Uint8Array>> {
  const stream = framed(...requests, withId(target.goodQuery, GOOD_ID));
  for (let at = 0; at < stream.length; ) {
    const octets = 1 + random.below(random.below(4) === 0 ? 8 : 4_000);
    client.send(stream.subarray(at, at + octets));
    at += octets;
    if (random.below(4) === 0) await sleep(0);
  }
  const answers = new Map<number, Uint8Array>();
  let lastId = -1;
  while (!answers.has(GOOD_ID)) {
    const answer = await client.next();
    if (answer === undefined) throw new Error('tcp: the connection was closed');
    if (idOf(answer) <= lastId) throw new Error('tcp: answers out of order or twice');
    lastId = idOf(answer);
    answers.set(lastId, answer);
  }
  const expected = requests.filter((request) => !isSilent(request)).length + 1;
  if (answers.size !== expected) throw new Error(`tcp: ${answers.size} answers, not ${expected}`);
  return answers;
}

/** Frames with lengths that lie, cut anywhere; the server may answer, wait or close. */
async function sendGarbage(
  client: StreamClient,
  requests: readonly Uint8Array[],
  { random }: PacketMutator,
): Promise<void> {
  for (const request of requests) {
    const lie = random.pick([0, 1, 11, request.length - 1, request.length + 1, 0xffff, random.below(65_536)]);
    client.send(Uint8Array.of((lie >> 8) & 255, lie & 255));
    client.send(request.subarray(0, random.below(request.length + 1)));
    if (client.hasEnded) return;
  }
  await sleep(1);
}
