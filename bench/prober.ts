/**
 * A client of good faith as a process of its own, started by `bench:flood`: it asks at a steady rate whatever becomes of
 * the answers (open loop), and counts the time of an answer from when its question was due. It waits before it begins: what
 * it takes to start would hold up who shares its core. Prints what it saw as JSON.
 *
 * Arguments: port, zone, names of the zone, queries a second, seconds, milliseconds to wait.
 */
import { createSocket } from 'node:dgram';
import { faultOf, legitimateQuestions } from './legitimate.ts';
import { percentile } from './results.ts';

/** What it prints. */
export interface Probed {
  readonly sent: number;
  /** Whole and right. */
  readonly answered: number;
  /** What was wrong with answers that were not, and how often. */
  readonly faults: Readonly<Record<string, number>>;
  /** Of the answers that were right: median, 99 of a hundred, all; empty if there were none. */
  readonly latenciesMs: readonly number[];
  /** By how much its questions left later than they were due, which is a part of these times: 99 of a hundred, all. */
  readonly lateMs: readonly number[];
}

/** An answer that comes later is lost. */
const PATIENCE_MS = 1_000;
const IDS = 65_536;
const BUFFER_OCTETS = 4 << 20;

const [port = 0, names = 0, perSecond = 0, seconds = 0, waitMs = 0] = [2, 4, 5, 6, 7].map((i) =>
  Number(process.argv[i]),
);
const questions = legitimateQuestions(process.argv[3] ?? '', names);
const socket = createSocket({ type: 'udp4', recvBufferSize: BUFFER_OCTETS, sendBufferSize: BUFFER_OCTETS });
/** By message id: when the question was due, and which it was; -1: none waits. */
const dueMs = new Float64Array(IDS).fill(-1);
const asked = new Uint32Array(IDS);
const total = perSecond * seconds;
const latenciesMs: number[] = [];
const lateMs: number[] = [];
const faults: Record<string, number> = {};
let sent = 0;

socket.on('message', (answer) => {
  const atMs = performance.now();
  const id = (answer[0]! << 8) | answer[1]!;
  const due = dueMs[id]!;
  if (due < 0) return;
  dueMs[id] = -1;
  const fault = atMs - due > PATIENCE_MS ? 'late' : faultOf(questions[asked[id]!]!.kind, answer);
  if (fault === undefined) latenciesMs.push(atMs - due);
  else faults[fault] = (faults[fault] ?? 0) + 1;
});
socket.connect(port, '127.0.0.1', () => setTimeout(() => askDue(performance.now()), waitMs));

/** Sends what is due since `startMs`, and comes back soon. */
function askDue(startMs: number): void {
  const now = performance.now();
  for (; sent < total; sent++) {
    const due = startMs + (sent * 1_000) / perSecond;
    if (due > now) break;
    const id = sent % IDS;
    const index = sent % questions.length;
    const { octets } = questions[index]!;
    // Node copies small messages only later.
    const query = Uint8Array.from(octets);
    query[0] = id >> 8;
    query[1] = id & 0xff;
    dueMs[id] = due;
    lateMs.push(now - due);
    asked[id] = index;
    socket.send(query);
  }
  if (sent < total) setTimeout(askDue, 1, startMs);
  else setTimeout(finish, PATIENCE_MS);
}

function finish(): void {
  socket.close();
  const shares = (times: readonly number[], of: readonly number[]) =>
    times.length === 0 ? [] : of.map((share) => percentile(times, share));
  const probed: Probed = {
    ...{ sent, answered: latenciesMs.length, faults },
    latenciesMs: shares(latenciesMs, [0.5, 0.99, 1]),
    lateMs: shares(lateMs, [0.99, 1]),
  };
  console.log(JSON.stringify(probed));
}
