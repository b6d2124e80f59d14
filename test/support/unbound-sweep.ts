/**
 * The validation sweep: every name and type of a zone, and what is not there, asked through a validating resolver and
 * compared with what `ZoneModel` says. One fault in one proof shows as one wrong line of the report.
 */

import type { DenialMode } from '../../src/kasp/policy.ts';
import { formatType, RRTYPE } from '../../src/wire/iana.ts';
import { formatName } from '../../src/wire/name.ts';
import type { Answer, Question } from './asker.ts';
import type { Unbound } from './unbound.ts';
import { keyOf, type Tap } from './unbound-tap.ts';
import { SeededRandom } from './zones.ts';
import { type Expectation, wireOf, type ZoneModel } from './zones-model.ts';

/** A question and what the resolver must say. */
export interface SweepCase extends Question {
  readonly expected: Expectation;
  /** What is being tried: `data`, `no data`, `no name`, `wildcard`, … */
  readonly kind: string;
}

export interface SweepReport {
  /** Cases by kind and outcome: `wildcard: secure` → 412. */
  readonly counts: Readonly<Record<string, number>>;
  /** At most 40 lines that say what went wrong. */
  readonly faults: readonly string[];
  readonly faultCount: number;
}

/** Types that are asked where they do not exist: common ones, one without a name, and the bitmap's last window. */
const ABSENT_TYPES = [RRTYPE.A, RRTYPE.AAAA, RRTYPE.TXT, RRTYPE.MX, RRTYPE.HTTPS, 65_399] as const;

/** All cases of one zone that denies by `mode`; those whose answer another zone decides are left out. */
export function casesOf(model: ZoneModel, seed: number, mode: DenialMode): SweepCase[] {
  const random = new SeededRandom(seed);
  const cases: SweepCase[] = [];
  const add = (kind: string, key: string | undefined, type: number): void => {
    if (key === undefined) return;
    const expected = model.expect(key, type);
    if (expected === undefined) return;
    const isMissing = mode === 'compact' && expected.rcode === 3;
    cases.push({ name: wireOf(key), type, expected: isMissing ? { ...expected, rcode: 0 } : expected, kind });
    // RFC 9824 §3.1: also a name that does not exist says that it has an NSEC.
    if (isMissing && !expected.hasAnswer) cases.push(nsecCase(key));
  };
  const absentType = (key: string): number => {
    const absent = ABSENT_TYPES.filter((type) => !model.typesOf(key).includes(type));
    return random.pick(absent);
  };
  for (const key of model.owners) {
    for (const type of model.typesOf(key)) add('data', key, type);
    if (mode !== 'nsec3' && model.cutOf(key) === undefined) cases.push(nsecCase(key));
    if (mode === 'nsec3') add('no data', key, RRTYPE.NSEC3);
    add('no DS', key, model.isInsecureCut(key) ? RRTYPE.DS : -1);
    add('no data', key, absentType(key));
    add('no name', model.below(key, `nx${random.below(10_000)}`), random.pick(ABSENT_TYPES));
    if (model.isWildcard(key)) wildcardCases(model, key, absentType(key), add);
    if (model.typesOf(key).includes(RRTYPE.DNAME)) dnameCases(model, key, add);
  }
  for (const key of model.emptyNonTerminals) {
    add('empty non-terminal', key, random.pick(ABSENT_TYPES));
    add('no name', model.below(key, `nx${random.below(10_000)}`), random.pick(ABSENT_TYPES));
  }
  return cases.filter(({ type }) => type >= 0);
}

/** Every name with data of its own has an NSEC record, one with a CNAME too (RFC 4035 §2.5). */
function nsecCase(key: string): SweepCase {
  const expected: Expectation = { rcode: 0, secure: true, hasAnswer: true, because: 'the chain' };
  return { name: wireOf(key), type: RRTYPE.NSEC, expected, kind: 'nsec' };
}

type Add = (kind: string, key: string | undefined, type: number) => void;

function wildcardCases(model: ZoneModel, wildcard: string, absent: number, add: Add): void {
  const above = wildcard.slice(0, -2);
  for (const type of model.typesOf(wildcard)) {
    add('wildcard', model.below(above, 'synthesized'), type);
    const deep = model.below(above, 'b');
    add('wildcard, deep', deep === undefined ? undefined : model.below(deep, 'a'), type);
  }
  add('wildcard, no data', model.below(above, 'synthesized'), absent);
}

function dnameCases(model: ZoneModel, key: string, add: Add): void {
  for (const label of ['one', 'nothing']) add('dname', model.below(key, label), RRTYPE.A);
  const three = model.below(key, 'three');
  if (three !== undefined) add('dname', model.below(three, 'two'), RRTYPE.TXT);
  let long = key;
  for (let next: string | undefined = key; next !== undefined; next = model.below(long, 'l'.repeat(40)))
    long = next;
  add('dname, long', long, RRTYPE.A);
}

/** Cases below cuts for which a child server runs: secure ones must be AD, insecure ones NOERROR without it. */
export function childCases(cuts: readonly string[], secure: boolean, model: ZoneModel): SweepCase[] {
  return cuts.flatMap((cut) => {
    const kind = secure ? 'secure referral' : 'insecure referral';
    const found: Expectation = { rcode: 0, secure, hasAnswer: true, because: kind };
    const missing: Expectation = { rcode: 3, secure, hasAnswer: false, because: kind };
    const www = model.below(cut, 'www');
    const nothing = model.below(cut, 'nothing');
    return [
      ...(www === undefined ? [] : [{ name: wireOf(www), type: RRTYPE.A, expected: found, kind }]),
      ...(nothing === undefined ? [] : [{ name: wireOf(nothing), type: RRTYPE.A, expected: missing, kind }]),
      { name: wireOf(cut), type: RRTYPE.NS, expected: found, kind },
    ];
  });
}

function faultOf({ expected }: SweepCase, answer: Answer | Error): string | undefined {
  if (answer instanceof Error) return answer.message;
  const faults: string[] = [];
  if (answer.rcode !== expected.rcode) faults.push(`rcode ${answer.rcode} instead of ${expected.rcode}`);
  if (answer.authentic !== expected.secure) faults.push(answer.authentic ? 'AD where insecure' : 'no AD');
  if (answer.answers > 0 !== expected.hasAnswer)
    faults.push(`${answer.answers} records in the answer section`);
  return faults.length > 0 ? faults.join(', ') : undefined;
}

/** Asks all cases through unbound. With a tap, a question that did not travel to the server is a fault as well. */
export async function sweep(unbound: Unbound, cases: readonly SweepCase[], tap?: Tap): Promise<SweepReport> {
  const counts: Record<string, number> = {};
  const faults: string[] = [];
  let faultCount = 0;
  const note = (sweepCase: SweepCase, fault: string): void => {
    faultCount++;
    const { name, type, kind, expected } = sweepCase;
    const question = `${formatName(name)} ${formatType(type)}`;
    if (faults.length < 40) faults.push(`${question} (${kind}; ${expected.because}): ${fault}`);
  };
  await unbound.asker.askAll(cases, 64, (sweepCase, answer) => {
    const fault = faultOf(sweepCase, answer);
    if (fault !== undefined) note(sweepCase, fault);
    const outcome = fault !== undefined ? 'fault' : sweepCase.expected.secure ? 'secure' : 'insecure';
    counts[`${sweepCase.kind}: ${outcome}`] = (counts[`${sweepCase.kind}: ${outcome}`] ?? 0) + 1;
  });
  for (const sweepCase of tap === undefined ? [] : cases) {
    const isChild = sweepCase.kind.endsWith('referral');
    if (!isChild && !tap?.seen.has(keyOf(sweepCase.name, sweepCase.type)))
      note(sweepCase, 'never reached the server');
  }
  return { counts, faults, faultCount };
}
