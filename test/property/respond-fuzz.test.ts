/**
 * Hostile octets over `respond`: never a throw, never an answer to an answer, always a well-formed response of allowed
 * size with the ID that was asked, and the next good query is answered as ever. One million: test/long/fuzz.test.ts.
 */
import { expect, it } from 'vitest';
import { PacketMutator, packetCorpus } from '../support/fuzz-packets.ts';
import { checkResponse, describeCase, FuzzTarget } from '../support/fuzz-responses.ts';
import { fuzzRespond } from '../support/fuzz-run.ts';

const SEED = 20_261_124;
const REQUESTS = 100_000;
/** Five seconds on a machine with nothing else to do. */
const TIMEOUT_MS = 120_000;

const target = new FuzzTarget(SEED);

it('answers the corpus as it must', () => {
  for (const [index, request] of packetCorpus().entries()) {
    for (const transport of ['udp', 'tcp'] as const) {
      try {
        checkResponse(request, target.respond(request, transport, true), transport, true);
      } catch (fault) {
        expect.fail(describeCase(0, index, request, fault));
      }
    }
  }
  target.checkGood();
});

it('makes the same requests from the same seed', () => {
  const [one, other] = [new PacketMutator(7, target.names), new PacketMutator(7, target.names)];
  for (let i = 0; i < 1_000; i++) expect(one.next()).toEqual(other.next());
});

it(
  `stands ${REQUESTS} mutated requests`,
  () => {
    const outcome = fuzzRespond(target, SEED, REQUESTS);
    // Reaches deep: silence, every rcode that respond has, and many answers with records.
    expect(outcome.silent).toBeGreaterThan(REQUESTS / 100);
    expect([...outcome.rcodes.keys()].sort((a, b) => a - b)).toEqual([0, 1, 3, 4, 5, 6, 9]);
    expect(outcome.withRecords).toBeGreaterThan(REQUESTS / 5);
  },
  TIMEOUT_MS,
);
