/** Runs a fuzz over `respond`: shared by the quick and the long test. */

import { PacketMutator } from './fuzz-packets.ts';
import { checkResponse, describeCase, type FuzzTarget, isSilent } from './fuzz-responses.ts';

const GOOD_EVERY = 64;
const STRANGER_EVERY = 16;
const TWICE_EVERY = 8;
const TRUNCATION_EVERY = 25;
/** Far beyond what any answer takes; a pause for garbage collection is within. */
const MAX_MS = 500;

/** What came of a run: enough to see that it reached everything. */
export interface FuzzOutcome {
  silent: number;
  /** Responses by rcode in the header. */
  readonly rcodes: Map<number, number>;
  withRecords: number;
}

/** Puts `count` mutated requests to the target; throws with the case at the first thing that is not as it must be. */
export function fuzzRespond(
  target: FuzzTarget,
  seed: number,
  count: number,
  onBatch?: (done: number) => void,
): FuzzOutcome {
  const mutator = new PacketMutator(seed, target.names);
  const outcome: FuzzOutcome = { silent: 0, rcodes: new Map(), withRecords: 0 };
  for (let index = 0; index < count; index++) {
    const request = mutator.next();
    const transport = index % 2 === 0 ? 'udp' : 'tcp';
    try {
      const started = performance.now();
      const response = target.respond(request, transport, index % TWICE_EVERY === 0);
      if (performance.now() - started > MAX_MS) throw new Error('took too long');
      checkResponse(request, response, transport, index % STRANGER_EVERY === 0);
      if (index % GOOD_EVERY === 0) target.checkGood();
      if (index % TRUNCATION_EVERY === 0) target.checkTruncation(request);
      note(outcome, request, response);
    } catch (fault) {
      throw new Error(describeCase(seed, index, request, fault));
    }
    if (index % 10_000 === 9_999) onBatch?.(index + 1);
  }
  target.checkGood();
  return outcome;
}

function note(outcome: FuzzOutcome, request: Uint8Array, response: Uint8Array): void {
  if (isSilent(request)) {
    outcome.silent++;
    return;
  }
  const rcode = response[3]! & 15;
  outcome.rcodes.set(rcode, (outcome.rcodes.get(rcode) ?? 0) + 1);
  if (response[7]! + response[9]! > 0) outcome.withRecords++;
}
