/** How many of the sockets of a port get datagrams: the judgement, and the kernel that is told. */
import { createSocket } from 'node:dgram';
import { networkInterfaces } from 'node:os';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { type Libc, loadLibc } from '../../../src/transport/libc.ts';
import type { ListenAddress } from '../../../src/transport/listen.ts';
import { Judge, newSteeringMemory, SteeredSockets, type Work } from '../../../src/transport/steering.ts';
import { BatchedServer } from '../../../src/transport/udp-batched.ts';
import { bindSocket, deafen } from '../../../src/transport/udp-socket.ts';
import { freePort } from '../../support/processes.ts';
import { hasIpv6, message, sleep } from '../../support/streamclient.ts';

const loaded = loadLibc();
const libc = loaded as Libc;
const QUICK = { receiveTimeoutMs: 1, batchesPerTurn: 1 };
const THREADS = 4;

const running: BatchedServer[] = [];
const descriptors: number[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.stop()));
  for (const fd of descriptors.splice(0)) libc.close(fd);
});

function bind(listen: ListenAddress): number {
  const fd = bindSocket(libc, listen);
  descriptors.push(fd);
  return fd;
}

/** Serves a bound socket as a thread does; each answer tells whose it is. */
async function serve(fd: number, listen: ListenAddress, worker: number): Promise<void> {
  const respond = (_request: Uint8Array, _octets: number, _peer: unknown, response: Uint8Array) => {
    response.fill(0, 0, 12);
    response[0] = worker;
    return 12;
  };
  const handed = [{ fd, kind: 'udp' as const, listen, worker, isLent: false }];
  const server = new BatchedServer(libc, [], respond, { ...QUICK, handed });
  await server.start();
  running.push(server);
}

/** Which workers answered, each time asked from another port. */
async function answering(to: ListenAddress, times: number): Promise<Set<number>> {
  const workers = new Set<number>();
  let count = 0;
  const sockets = Array.from({ length: times }, () =>
    createSocket(to.address.includes(':') ? 'udp6' : 'udp4'),
  );
  for (const socket of sockets) {
    socket.on('message', (octets) => {
      count++;
      workers.add(octets[0]!);
    });
    socket.send(message(1), to.port, to.address);
  }
  for (let waits = 0; count < times && waits < 500; waits++) await sleep(2);
  for (const socket of sockets) socket.close();
  expect(count).toBe(times);
  return workers;
}

describe('Judge', () => {
  const work = (share: number, wallMs = 20, full = 0): Work => {
    return { wallMs, busyMs: share * wallMs, batches: 10, full };
  };

  /** What it wants when it goes on like this. */
  const settled = (one: Work, active: number, threads: number): number => {
    const judge = new Judge();
    for (let windows = 0; windows < 5; windows++) {
      const next = judge.next(one, active, threads);
      if (next !== active) return next;
    }
    return active;
  };

  it('wants twice as many when a thread has no time left, or does not keep up', () => {
    expect(settled(work(0.9), 1, 8)).toBe(2);
    expect(settled(work(0.9), 2, 8)).toBe(4);
    expect(settled(work(0.9), 3, 4)).toBe(4);
    expect(settled(work(0.5, 20, 6), 1, 8)).toBe(2);
    expect(settled(work(0.5, 20, 5), 1, 8)).toBe(1);
  });

  it('takes no notice of a moment', () => {
    const judge = new Judge();
    const wanted = [0.9, 0.9, 0.6, 0.9, 0.9].map((share) => judge.next(work(share), 1, 8));
    expect(wanted).toEqual([1, 1, 1, 1, 1]);
    expect(judge.next(work(0.9), 1, 8)).toBe(2);
  });

  it('wants half as many when there was time to spare for a whole second', () => {
    const judge = new Judge();
    for (let ms = 0; ms < 980; ms += 20) expect(judge.next(work(0.25), 4, 8)).toBe(4);
    expect(judge.next(work(0.25), 4, 8)).toBe(2);
  });

  it('judges a second by its average: a moment of work is no load', () => {
    const judge = new Judge();
    for (let ms = 0; ms < 960; ms += 20) expect(judge.next(work(ms === 500 ? 0.8 : 0.38), 4, 8)).toBe(4);
    judge.next(work(0.8), 4, 8);
    expect(judge.next(work(0.38), 4, 8)).toBe(2);
  });

  it('begins a new second when one was busy', () => {
    const judge = new Judge();
    expect(judge.next(work(0.6, 1_000), 4, 8)).toBe(4);
    expect(judge.next(work(0.1, 980), 4, 8)).toBe(4);
    expect(judge.next(work(0.1, 20), 4, 8)).toBe(2);
  });

  it('says nothing where nothing came', () => {
    expect(new Judge().next({ wallMs: 60_000, busyMs: 0, batches: 0, full: 0 }, 4, 8)).toBe(4);
  });

  it('stays between one and all, and never undoes what it just wanted at the same load', () => {
    const load = fc.record({
      load: fc.double({ min: 0.01, max: 8, noNaN: true }),
      active: fc.integer({ min: 1, max: 8 }),
    });
    fc.assert(
      fc.property(load, ({ load, active }) => {
        const at = (count: number) => {
          const share = Math.min(1, load / count);
          return settled(work(share, 1_000), count, 8);
        };
        const next = at(active);
        expect(next).toBeGreaterThanOrEqual(1);
        expect(next).toBeLessThanOrEqual(8);
        if (next > active) expect(at(next)).toBeGreaterThanOrEqual(next);
        if (next < active) expect(at(next)).toBeLessThanOrEqual(next);
      }),
    );
  });
});

describe.runIf(typeof loaded === 'object')('SteeredSockets', () => {
  it('gives datagrams to the first sockets alone, to more of them, and to all', async () => {
    const listen = { address: '127.0.0.1', port: await freePort() };
    const fds = Array.from({ length: THREADS }, () => bind(listen));
    for (const [worker, fd] of fds.entries()) await serve(fd, listen, worker);
    const steered = new SteeredSockets(libc, newSteeringMemory(), fds);
    expect(await answering(listen, 60)).toEqual(new Set([0, 1, 2, 3]));
    steered.begin();
    expect(await answering(listen, 60)).toEqual(new Set([0]));
    steered.change(1, 2);
    expect(await answering(listen, 60)).toEqual(new Set([0, 1]));
    // Judged by what is no longer so.
    steered.change(1, 4);
    expect(steered.active).toBe(2);
    steered.end();
    expect(await answering(listen, 60)).toEqual(new Set([0, 1, 2, 3]));
  });

  it('leaves the choice to a kernel that takes no program', () => {
    const refusing = { ...libc, setsockopt: () => -1 };
    const steered = new SteeredSockets(refusing, newSteeringMemory(), [1]);
    steered.begin();
    expect(steered.active).toBe(0);
  });
});

describe.runIf(typeof loaded === 'object')('a deaf socket', () => {
  const own = Object.values(networkInterfaces())
    .flatMap((addresses = []) => addresses.map(({ address }) => address))
    .filter((address) => !address.startsWith('fe80:'));
  const wildcards = ['0.0.0.0', ...(hasIpv6 ? ['::'] : [])];

  it.each(wildcards)('bound to %s hears nothing, and everybody as soon as it is served', async (address) => {
    const listen = { address, port: await freePort() };
    const fd = bind(listen);
    deafen(libc, fd);
    const early = createSocket(address === '::' ? 'udp6' : 'udp4');
    let answers = 0;
    early.on('message', () => answers++);
    early.send(message(1), listen.port, address === '::' ? '::1' : '127.0.0.1');
    await sleep(20);
    await serve(fd, listen, 5);
    for (const to of own.filter((other) => other.includes(':') === (address === '::'))) {
      expect(await answering({ address: to, port: listen.port }, 3)).toEqual(new Set([5]));
    }
    expect(answers).toBe(0);
    early.close();
  });
});
