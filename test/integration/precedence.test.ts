/** In a running server threads that answer go first, then the control plane, then what V8 and libuv do beside. */
import { readdirSync, readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { afterAll, describe, expect, it } from 'vitest';
import { nameOf } from '../../src/wire/name.ts';
import { Asker } from '../support/asker.ts';
import { Daemon } from '../support/daemon.ts';
import { Workplace, waitUntil } from '../support/processes.ts';

const ZONE = '$TTL 60\n@ SOA ns hostmaster 1 7200 900 1209600 1\n@ NS ns\nns A 192.0.2.1\n';
/** Of V8 alone: the least that there are, on a machine with one core. */
const V8_HELPERS = 4;
/** More work than the control plane has with its heap after a start. */
const QUERIES = 5_000;
/** Fields of /proc/PID/stat after the name, counted from 0 (proc(5): field 19). */
const NICE_FIELD = 16;

interface Thread {
  readonly id: number;
  readonly nice: number;
  /** Nanoseconds that it ran. */
  readonly ran: number;
}

function threadsOf(pid: number): Thread[] {
  const folder = `/proc/${pid}/task`;
  return readdirSync(folder).map((id) => {
    const read = (file: string) => readFileSync(`${folder}/${id}/${file}`, 'utf8');
    const nice = Number(read('stat').split(') ')[1]?.split(' ')[NICE_FIELD]);
    return { id: Number(id), nice, ran: Number(read('schedstat').split(' ')[0]) };
  });
}

describe.runIf(process.platform === 'linux')('threads of a server', () => {
  const workplace = new Workplace();
  let daemon: Daemon;
  afterAll(async () => {
    await daemon?.stop();
    workplace.remove();
  });

  it('have an order once it has started, from the niceness on that the process was given', async () => {
    daemon = await Daemon.start({ workplace, zones: { 'a.example.zone': ZONE } });
    const { pid } = daemon.process;
    const given = getPriority();
    const helpers = () => threadsOf(pid).filter(({ nice }) => nice === given + 10);
    await waitUntil(async () => helpers().length >= V8_HELPERS, 'helpers give way', 15_000, daemon.process);
    const before = new Map(threadsOf(pid).map(({ id, ran }) => [id, ran]));
    const asker = new Asker(daemon.port);
    for (let i = 0; i < QUERIES; i++) await asker.ask({ name: nameOf(`x${i}.a.example.`), type: 1 });
    asker.close();
    const answering = threadsOf(pid)
      .map((thread) => ({ ...thread, ran: thread.ran - (before.get(thread.id) ?? 0) }))
      .reduce((most, thread) => (thread.ran > most.ran ? thread : most));
    expect(answering.nice).toBe(given);
    expect(threadsOf(pid).find(({ id }) => id === pid)?.nice).toBe(given + 5);
  });
});
