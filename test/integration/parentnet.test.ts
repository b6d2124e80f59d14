/** The network for looks at parents, over real sockets: connections that are used again, a budget, silent servers. */
import { createSocket } from 'node:dgram';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { ParentNet, type ParentNetOptions } from '../../src/daemon/parentnet.ts';

/** What a server does with a query on a connection; the octets of the query without their length. */
type Service = (query: Buffer, socket: Socket) => void;

const open: (() => void)[] = [];
afterEach(() => {
  for (const close of open.splice(0)) close();
});

class Place {
  connections = 0;
  /** When each query came, in milliseconds. */
  readonly asked: number[] = [];
  readonly #server: Server;

  private constructor(service: Service) {
    this.#server = createServer((socket) => {
      this.connections++;
      socket.on('error', () => socket.destroy());
      let got = Buffer.alloc(0);
      socket.on('data', (part) => {
        got = Buffer.concat([got, part]);
        while (got.length >= 2 && got.length >= 2 + got.readUInt16BE(0)) {
          const end = 2 + got.readUInt16BE(0);
          this.asked.push(performance.now());
          service(got.subarray(2, end), socket);
          got = got.subarray(end);
        }
      });
    });
    open.push(() => this.#server.close());
  }

  static async start(service: Service): Promise<Place> {
    const place = new Place(service);
    await new Promise<void>((resolve) => place.#server.listen(0, '127.0.0.1', resolve));
    return place;
  }

  get at() {
    return { address: '127.0.0.1', port: (this.#server.address() as AddressInfo).port };
  }
}

function netWith(options: Partial<ParentNetOptions> = {}): ParentNet {
  const network = new ParentNet({ timeoutMs: 300, rate: 1_000, ...options });
  open.push(() => network.close());
  return network;
}

const query = (id = 7) => Uint8Array.of(id >> 8, id & 255, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
const framed = (message: Uint8Array) => Buffer.concat([Buffer.of(0, message.length), message]);
const echo: Service = (message, socket) => void socket.write(framed(message));

it('asks one question after the other over one connection, each by an id of its own', async () => {
  const ids: number[] = [];
  const place = await Place.start((message, socket) => {
    ids.push(message.readUInt16BE(0));
    echo(message, socket);
  });
  const network = netWith();
  for (let i = 0; i < 5; i++) expect(await network.exchange(place.at, query(i))).toEqual(query(i));
  expect(place.connections).toBe(1);
  expect(new Set(ids).size).toBeGreaterThan(1);
  expect(network.counters).toMatchObject({ questions: 5, answers: 5, connections: 1, open: 0, waiting: 0 });
});

it('asks again over a new connection when the server has closed the one that was kept', async () => {
  const place = await Place.start((message, socket) => void socket.end(framed(message)));
  const network = netWith();
  for (let i = 0; i < 3; i++) expect(await network.exchange(place.at, query(i))).toEqual(query(i));
  const late = await Place.start((message, socket) => {
    if (late.asked.length % 2 === 0) socket.destroy();
    else echo(message, socket);
  });
  // The second question is not answered on the old connection, the third one on a new one is.
  expect(await network.exchange(late.at, query(1))).toEqual(query(1));
  expect(await network.exchange(late.at, query(2))).toEqual(query(2));
  expect(late.connections).toBe(2);
});

it('takes what nobody asked for, or what another id has, for no answer', async () => {
  const place = await Place.start((message, socket) => {
    const other = Buffer.from(message);
    other[0] = message[0]! ^ 255;
    socket.write(framed(other));
  });
  expect(await netWith().exchange(place.at, query())).toMatchObject({ code: 'closed' });
  const talkative = await Place.start((message, socket) => {
    socket.write(Buffer.concat([framed(message), framed(message)]));
  });
  const network = netWith();
  expect(await network.exchange(talkative.at, query(1))).toEqual(query(1));
  expect(await network.exchange(talkative.at, query(2))).toEqual(query(2));
  expect(talkative.connections).toBe(2);
});

it('sends no more than its rate in any second, datagrams among them, as the servers see it', async () => {
  const place = await Place.start(echo);
  const hearer = createSocket('udp4', (message, { port }) => {
    place.asked.push(performance.now());
    hearer.send(message, port, '127.0.0.1');
  });
  open.push(() => hearer.close());
  await new Promise<void>((resolve) => hearer.bind(0, '127.0.0.1', resolve));
  const ear = { address: '127.0.0.1', port: hearer.address().port };
  const network = netWith({ rate: 40 });
  const all = Array.from({ length: 100 }, (_, i) =>
    i % 3 === 0 ? network.tell(ear, query(i)) : network.exchange(place.at, query(i)),
  );
  const answers = await Promise.all(all);
  expect(answers.every((answer) => !('fault' in answer))).toBe(true);
  const most = Math.max(
    ...place.asked.map((from) => place.asked.filter((at) => at >= from && at < from + 900).length),
  );
  expect(most).toBeLessThanOrEqual(40);
  expect(network.counters).toMatchObject({ questions: 100, datagrams: 34, answers: 100 });
  expect(network.counters.mostPerSecond).toBeLessThanOrEqual(40);
});

it('spares a server that is silent, and what is asked of others does not wait for it', async () => {
  const mute = await Place.start(() => undefined);
  const place = await Place.start(echo);
  const network = netWith({ timeoutMs: 100 });
  const silent = Array.from({ length: 60 }, (_, i) => network.exchange(mute.at, query(i)));
  expect(await network.exchange(place.at, query())).toEqual(query());
  const faults = await Promise.all(silent);
  expect(faults.every((fault) => 'fault' in fault && fault.code === 'timeout')).toBe(true);
  expect(mute.asked.length).toBeLessThan(20);
  const { timeouts, spared } = network.counters;
  expect(timeouts + spared).toBe(60);
  expect(await network.exchange(mute.at, query())).toMatchObject({
    fault: expect.stringMatching(/no answer to the last \d+ questions/),
  });
});

it('tells what waits that it stops', async () => {
  const mute = await Place.start(() => undefined);
  const network = netWith({ timeoutMs: 60_000 });
  const waiting = Array.from({ length: 9 }, (_, i) => network.exchange(mute.at, query(i)));
  network.close();
  for (const fault of await Promise.all(waiting)) expect(fault).toMatchObject({ code: 'closed' });
});
