/** The client of bench:flood: its questions are answered whole by a real responder, and it sees what is not whole. */
import { describe, expect, it } from 'vitest';
import { faultOf, KINDS, type KindName, legitimateQuestions } from '../../../bench/legitimate.ts';
import { smallZone } from '../../../bench/zonetext.ts';
import { TestServer } from '../../support/served.ts';

const ORIGIN = 'bench.example.';
const NAMES = 1_000;
const questions = legitimateQuestions(ORIGIN, NAMES);

describe('the client of bench:flood', () => {
  it('asks for each kind by its share', () => {
    for (const kind of Object.keys(KINDS) as KindName[]) {
      const count = questions.filter((question) => question.kind === kind).length;
      expect(count / questions.length).toBe(KINDS[kind].share / 100);
    }
  });

  it.each(['nsec', 'nsec3', 'compact'] as const)(
    'is answered whole with %s, and not without signatures',
    (denial) => {
      const signed = new TestServer().add(ORIGIN, smallZone(NAMES), denial);
      const unsigned = new TestServer().add(ORIGIN, smallZone(NAMES), 'unsigned');
      for (const { kind, octets } of questions) {
        expect(faultOf(kind, signed.askRaw(octets, {}))).toBeUndefined();
        expect(faultOf(kind, unsigned.askRaw(octets, {}))).toMatch(/missing$/);
      }
    },
  );

  it('takes no answer that was cut or refused', () => {
    const server = new TestServer().add(ORIGIN, smallZone(NAMES));
    const answer = Uint8Array.from(server.askRaw(questions[0]!.octets, {}));
    const cut = answer.with(2, answer[2]! | 0x02);
    expect(faultOf(questions[0]!.kind, cut)).toBe('truncated');
    expect(faultOf(questions[0]!.kind, answer.with(3, 5))).toBe('rcode 5');
    expect(faultOf(questions[0]!.kind, answer.subarray(0, 11))).toBe('short');
  });
});
