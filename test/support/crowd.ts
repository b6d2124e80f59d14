/**
 * A crowd of clients on a stream server: some connect and say nothing, some send or read as slowly as they can, all from
 * many addresses of 127/8. It is a process of its own, so that it has descriptors of its own.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import type { ListenAddress } from '../../src/transport/listen.ts';
import { RRTYPE } from '../../src/wire/iana.ts';
import { nameOf } from '../../src/wire/name.ts';
import { encodeQuery } from './asker.ts';
import { ServerProcess, type Workplace, waitUntil } from './processes.ts';
import { framed, StreamClient, sleep } from './streamclient.ts';

/**
 * The process, plain JavaScript, for there is no build of test/: told PORT IDLE SLOW tcp|tls, it says `ready` when all
 * had their turn, and takes each seat again that it loses.
 */
const CROWD_SOURCE = `
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
const [port, idle, slow] = process.argv.slice(2, 5).map(Number);
const isTls = process.argv[5] === 'tls';
const PER_ADDRESS = 50;
const AT_ONCE = 100;
const query = Buffer.from('001d000100000001000000000000036f6e65076578616d706c650000060001', 'hex');
let dropped = 0;
const open = (i) => new Promise((resolve) => {
  const n = Math.floor(i / PER_ADDRESS);
  const localAddress = '127.1.' + (n >> 8) + '.' + (1 + (n & 127));
  const socket = connect({ host: '127.0.0.1', port, localAddress, noDelay: true });
  const stream = isTls ? connectTls({ socket, rejectUnauthorized: false }) : socket;
  stream.once(isTls ? 'secureConnect' : 'connect', () => resolve(stream));
  stream.on('error', () => undefined);
  socket.on('error', () => undefined);
  socket.once('close', () => { dropped++; resolve(undefined); });
});
const every = (ms, stream, octets) => {
  const timer = setInterval(() => stream.destroyed ? clearInterval(timer) : stream.write(octets()), ms);
};
const sit = (stream) => stream.pause();
const crawl = (stream, i) => {
  if (i % 2 === 0) {
    // Writes one octet a second, and never comes to the end of a query.
    let at = 0;
    every(1000, stream, () => query.subarray(at++ % 8, (at - 1) % 8 + 1));
  } else {
    // Asks without end and reads nothing.
    stream.pause();
    every(500, stream, () => Buffer.alloc(31 * 100, query));
  }
};
const seats = Array.from({ length: idle + slow }, (_, i) => i);
// A seat that is lost is taken again, at most once a second.
const take = async (i) => {
  const stream = await open(i);
  if (stream === undefined) { setTimeout(take, 1000, i); return; }
  if (i < idle) sit(stream); else crawl(stream, i);
  stream.once('close', () => setTimeout(take, 1000, i));
};
while (seats.length > 0) await Promise.all(seats.splice(0, AT_ONCE).map(take));
console.log('ready');
setInterval(() => console.log('dropped ' + dropped), 1000);
`;

const SETTLE_MS = 2_000;
const QUESTION = { name: nameOf('one.example.'), type: RRTYPE.SOA };

export interface CrowdSetup {
  readonly workplace: Workplace;
  readonly port: number;
  readonly idle: number;
  readonly slow: number;
  readonly isTls: boolean;
}

/** Starts a crowd; resolves when all have their seats or were refused one. */
export async function startCrowd({ workplace, port, idle, slow, isTls }: CrowdSetup): Promise<ServerProcess> {
  const file = workplace.at('crowd.mjs');
  writeFileSync(file, CROWD_SOURCE);
  const crowd = new ServerProcess(process.execPath, [
    file,
    `${port}`,
    `${idle}`,
    `${slow}`,
    isTls ? 'tls' : 'tcp',
  ]);
  await waitUntil(() => crowd.lines.includes('ready'), 'the crowd', 400_000, crowd);
  // Those who were evicted try again; only who was silent for a second makes room for them.
  await sleep(SETTLE_MS);
  return crowd;
}

/** Of `count` clients one after the other, each with a connection and ten queries, how many had all their answers. */
export async function countServed(to: ListenAddress, count: number, isTls: boolean): Promise<number> {
  let served = 0;
  for (let i = 0; i < count; i++) {
    const queries = Array.from({ length: 10 }, (_, id) => encodeQuery(id, QUESTION, false));
    const client = await StreamClient.open(to, `127.2.0.${1 + (i % 200)}`, isTls).catch(() => undefined);
    if (client === undefined) continue;
    client.send(framed(...queries));
    if ((await client.ids(10)).length === 10) served++;
    await client.close();
  }
  return served;
}

/** Resident memory of a process, in MiB. */
export function residentMiB(pid: number): number {
  const match = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(match?.[1] ?? 0) / 1_024;
}
