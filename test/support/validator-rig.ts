/**
 * The real way of an answer under the independent validator: master file text is parsed, compiled, made an epoch and
 * asked, and every response is judged. What is under test comes from `src`; what judges does not.
 */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { Responder } from '../../src/answer/respond.ts';
import { ZoneTable } from '../../src/answer/zonetable.ts';
import { Counters } from '../../src/base/counters.ts';
import { DENIAL_MODES } from '../../src/store/words.ts';
import { Peer } from '../../src/wire/peer.ts';
import { imageOf, NOW, SEED, signedEpoch, type TestMode, testKey } from './served.ts';
import { type Asked, type Judgement, Validator } from './validator.ts';
import { TYPE } from './validator-message.ts';
import { LIAR_DNSKEY, mutantsOf } from './validator-mutants.ts';
import { nameOctets, nameToText, nameToWire } from './validator-name.ts';
import { keyTagOf } from './validator-signature.ts';
import type { Verdict } from './validator-verdict.ts';
import { type DenialMode, type FactRecord, ZoneFacts } from './validator-zone.ts';
import {
  buildZone,
  namesOfZone,
  type PlainZone,
  type QuestionRecipe,
  questionOf,
  questionRecipe,
  type ZoneRecipe,
  zoneRecipe,
} from './validator-zones.ts';

export const MODES: readonly TestMode[] = [...DENIAL_MODES, 'nsec3-opt-out'];

const KEY = testKey();
const SECOND_KEY = testKey(9, 15);
const [DNSKEY, SECOND_DNSKEY] = [KEY, SECOND_KEY].map(({ algorithm, publicKey }) =>
  Buffer.concat([Buffer.from([1, 1, 3, algorithm]), Buffer.from(publicKey)]),
) as [Buffer, Buffer];
const DNSKEY_TTL = 3_600;
const CDS_TTL = 300;

/** What signing adds at the apex (`signedEpoch`). */
function recordsOfKeys({ apex, records: zone, hasTwoAlgorithms }: PlainZone, mode: DenialMode): FactRecord[] {
  const digest = createHash('sha256').update(nameToWire(apex)).update(DNSKEY).digest();
  const tag = Buffer.alloc(2);
  tag.writeUInt16BE(keyTagOf(DNSKEY));
  const ds = Buffer.concat([tag, Buffer.from([KEY.algorithm, 2]), digest]);
  const records: FactRecord[] = [
    { owner: apex, type: TYPE.DNSKEY, ttl: DNSKEY_TTL, rdata: DNSKEY },
    { owner: apex, type: TYPE.CDS, ttl: CDS_TTL, rdata: ds },
    { owner: apex, type: TYPE.CDNSKEY, ttl: CDS_TTL, rdata: DNSKEY },
  ];
  if (hasTwoAlgorithms)
    records.push({ owner: apex, type: TYPE.DNSKEY, ttl: DNSKEY_TTL, rdata: SECOND_DNSKEY });
  if (mode !== 'nsec3') return records;
  const ttl = new ZoneFacts(apex, zone).negativeTtl;
  return [...records, { owner: apex, type: TYPE.NSEC3PARAM, ttl, rdata: Buffer.from([1, 0, 0, 0, 0]) }];
}

/** One zone behind a responder, and its judge. */
export class JudgedZone {
  readonly validator: Validator;
  readonly zone: PlainZone;
  readonly isOptOut: boolean;
  readonly #responder: Responder;
  readonly #peer = new Peer();
  readonly #out = new Uint8Array(65_535);

  constructor(zone: PlainZone, testMode: TestMode) {
    const isOptOut = testMode === 'nsec3-opt-out';
    const mode = isOptOut ? 'nsec3' : testMode;
    this.zone = zone;
    this.isOptOut = isOptOut;
    const { apex, text, records } = zone;
    const keys = zone.hasTwoAlgorithms ? { key: KEY, beside: SECOND_KEY } : { key: KEY };
    const origin = nameToText(apex);
    const table = new ZoneTable();
    table.publish(1, signedEpoch(origin, imageOf(origin, text), { ...keys, denial: testMode }));
    this.#responder = new Responder(table, new Counters(), SEED);
    this.#peer.setText('tcp', 4, '127.0.0.1', 40_000);
    const all = [...records, ...recordsOfKeys(zone, mode)];
    const trusted = [DNSKEY, LIAR_DNSKEY, ...(zone.hasTwoAlgorithms ? [SECOND_DNSKEY] : [])];
    this.validator = new Validator({ apex, records: all, trusted, mode, isOptOut, now: NOW });
  }

  ask(asked: Asked): Uint8Array {
    const query = encodeQuestion(asked);
    const octets = this.#responder.respond(query, query.length, this.#peer, NOW, this.#out);
    if (this.#responder.lastFault !== null) throw this.#responder.lastFault;
    return this.#out.slice(0, octets);
  }

  judge(asked: Asked): Judgement {
    return this.validator.judge(asked, this.ask(asked));
  }
}

export function encodeQuestion({ name, type, dnssecOk, compactOk }: Asked): Buffer {
  const qname = nameToWire(name);
  const head = Buffer.from([0x1d, 0x0c, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1]);
  const tail = Buffer.alloc(15);
  tail.writeUInt16BE(type, 0);
  tail.writeUInt16BE(1, 2);
  tail.writeUInt16BE(TYPE.OPT, 5);
  tail.writeUInt16BE(1_232, 7);
  tail.writeUInt16BE((dnssecOk ? 0x8000 : 0) | (compactOk === true ? 0x4000 : 0), 11);
  return Buffer.concat([head, qname, tail]);
}

/** What a resolver may call a right response: there may be a delegation without DS, or with opt-out room for one. */
function verdictsFor({ isOptOut }: JudgedZone, { dnssecOk }: Asked, kind: string): Verdict['verdict'][] {
  if (!dnssecOk || kind.endsWith('unsigned referral')) return ['insecure'];
  const needsNoDenial = ['data', 'any', 'too-long', 'signed referral'].includes(kind);
  return isOptOut && !needsNoDenial ? ['secure', 'insecure'] : ['secure'];
}

/** What came of many pairs: how often each kind of answer was judged. */
export class PairCounts {
  pairs = 0;
  zones = 0;
  verified = 0;
  readonly kinds: Record<string, number> = {};

  add(kind: string): void {
    this.pairs++;
    this.kinds[kind] = (this.kinds[kind] ?? 0) + 1;
  }
}

/** Throws with all that is needed to see what is wrong if a response is not exactly right. */
function expectRight(judged: JudgedZone, asked: Asked, counts: PairCounts): void {
  const response = judged.ask(asked);
  const { verdict, reason, faults, kind } = judged.validator.judge(asked, response);
  const shall = verdictsFor(judged, asked, kind);
  counts.add(asked.dnssecOk ? kind : 'without DO');
  if (shall.includes(verdict) && faults.length === 0) return;
  const { name, type, dnssecOk, compactOk } = asked;
  throw new Error(
    [
      `${nameToText(name)} TYPE${type}${dnssecOk ? ' DO' : ''}${compactOk === true ? ' CO' : ''} (${kind}):`,
      `verdict ${verdict}, not ${shall.join(' or ')}: ${reason}`,
      ...faults,
      `response ${Buffer.from(response).toString('hex')}`,
      judged.zone.text,
    ].join('\n'),
  );
}

export interface PairRun {
  readonly mode: TestMode;
  readonly seed: number;
  readonly zones: number;
  readonly questionsPerZone: number;
}

/**
 * Makes every single fault of `mutantsOf` in right responses and returns those that the judge lets pass, which must be
 * none, and how many it found.
 */
export function judgeMutants(judged: JudgedZone, asked: Asked): { found: number; missed: string[] } {
  const response = judged.ask(asked);
  const right = judged.validator.judge(asked, response);
  let seed = response.length;
  const dice = (): number => (seed = (seed * 48_271 + 11) % 2_147_483_647);
  const mutants = mutantsOf(response, dice);
  const missed = mutants.filter(({ octets }) => {
    const { verdict, faults } = judged.validator.judge(asked, octets);
    return verdict === right.verdict && faults.length === 0;
  });
  const told = missed.map(
    ({ what }) => `${nameToText(asked.name)} type ${asked.type} (${right.kind}): ${what}`,
  );
  return { found: mutants.length - missed.length, missed: told };
}

/** Judges `zones` × `questionsPerZone` pairs; fast-check shrinks what fails. */
export function judgePairs({ mode, seed, zones, questionsPerZone }: PairRun, counts: PairCounts): void {
  const questions = fc.array(questionRecipe, { minLength: questionsPerZone, maxLength: questionsPerZone });
  const judgeZone = (recipe: ZoneRecipe, asked: readonly QuestionRecipe[]): void => {
    const zone = buildZone(recipe);
    const names = namesOfZone(zone);
    const judged = new JudgedZone(zone, mode);
    for (const question of asked) {
      const { dnssecOk, compactOk } = question;
      const { name, type } = questionOf(zone, names, question);
      // Without room below the name the validator cannot know which NSEC a lone signature is of.
      const isUnknowable = mode === 'compact' && type === TYPE.RRSIG && nameOctets(name) > 253;
      expectRight(judged, { name, type: isUnknowable ? TYPE.A : type, dnssecOk, compactOk }, counts);
    }
    counts.zones++;
    counts.verified += judged.validator.verified;
  };
  fc.assert(fc.property(zoneRecipe, questions, judgeZone), { seed, numRuns: zones });
}
