/**
 * A client of good faith as a process of its own, started by `bench:flood`: it asks at a steady rate whatever becomes of
 * the answers (open loop). The time of an answer is from when its question left to when the kernel had the answer: this
 * process shares its core with the flood, and when it comes to read says nothing of the server. It waits before it begins:
 * what it takes to start would hold up the flood. Prints what it saw as JSON.
 *
 * Arguments: port, zone, names of the zone, queries a second, seconds, milliseconds to wait.
 */
import { faultOf, legitimateQuestions } from './legitimate.ts';
import { ProbeSocket } from './probesocket.ts';
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
  /** By how much its questions left later than they were due: 99 of a hundred, all. */
  readonly lateMs: readonly number[];
}

/** An answer that comes later is lost. */
const PATIENCE_MS = 1_000;
/** Between two looks at what is due and what came. */
const PAUSE_MS = 1;
const IDS = 65_536;

const [port = 0, names = 0, perSecond = 0, seconds = 0, waitMs = 0] = [2, 4, 5, 6, 7].map((i) =>
  Number(process.argv[i]),
);
const questions = legitimateQuestions(process.argv[3] ?? '', names);
const socket = new ProbeSocket(port);
/** By message id: when the question left, and which it was; -1: none waits. */
const leftMs = new Float64Array(IDS).fill(-1);
const asked = new Uint32Array(IDS);
const total = perSecond * seconds;
const latenciesMs: number[] = [];
const lateMs: number[] = [];
const faults: Record<string, number> = {};

socket.pause(waitMs);
const startMs = socket.nowMs();
const endMs = startMs + seconds * 1_000 + PATIENCE_MS;
for (let sent = 0; socket.nowMs() < endMs; socket.pause(PAUSE_MS)) {
  sent = askDue(sent);
  socket.receive(noteAnswer);
}
report();

/** Sends what is due of the questions from number `sent` on; returns the number of the first that is not. */
function askDue(sent: number): number {
  for (; sent < total; sent++) {
    const dueMs = startMs + (sent * 1_000) / perSecond;
    const now = socket.nowMs();
    if (dueMs > now) break;
    const id = sent % IDS;
    const index = sent % questions.length;
    const query = questions[index]!.octets;
    query[0] = id >> 8;
    query[1] = id & 0xff;
    leftMs[id] = now;
    lateMs.push(now - dueMs);
    asked[id] = index;
    socket.send(query);
  }
  return sent;
}

function noteAnswer(answer: Uint8Array, atMs: number): void {
  const id = (answer[0]! << 8) | answer[1]!;
  const left = leftMs[id]!;
  if (left < 0) return;
  leftMs[id] = -1;
  const fault = atMs - left > PATIENCE_MS ? 'late' : faultOf(questions[asked[id]!]!.kind, answer);
  if (fault === undefined) latenciesMs.push(atMs - left);
  else faults[fault] = (faults[fault] ?? 0) + 1;
}

function report(): void {
  const shares = (times: readonly number[], of: readonly number[]) =>
    times.length === 0 ? [] : of.map((share) => percentile(times, share));
  const probed: Probed = {
    ...{ sent: lateMs.length, answered: latenciesMs.length, faults },
    latenciesMs: shares(latenciesMs, [0.5, 0.99, 1]),
    lateMs: shares(lateMs, [0.99, 1]),
  };
  console.log(JSON.stringify(probed));
}
