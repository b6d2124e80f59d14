/**
 * One run of the comparison with `named`, `nsd` and `knotd`: the same unsigned zones and the same questions to all
 * four. Where the peers agree, we must agree, but for the differences in `KNOWN_DIFFERENCES`.
 */
import {
  type Aspect,
  alone,
  differences,
  disagreements,
  isTruncated,
  ownerKey,
  printTold,
  type Told,
  tell,
} from './differential-compare.ts';
import { findKnown, isSubset, wayOut } from './differential-known.ts';
import { PEER_NAMES, type PeerServer, startPeers } from './differential-peers.ts';
import {
  type DifferentialQuestion,
  generateQuestions,
  parentOf,
  questionFor,
} from './differential-questions.ts';
import { generateHosting, type WeirdZone } from './differential-zones.ts';
import { Workplace } from './processes.ts';
import { TestServer } from './served.ts';

export interface DifferentialRun {
  readonly seed: number;
  readonly zones: number;
  readonly questionsPerZone: number;
  /** One of the zones is the root zone. */
  readonly root?: boolean;
}

export interface DifferentialResult {
  readonly zones: number;
  readonly asked: number;
  /** Questions with at least two comparable peers. */
  readonly compared: number;
  /** Questions to which all peers and we say the same in all aspects. */
  readonly agreed: number;
  /** How often a known difference explained one. */
  readonly known: ReadonlyMap<string, number>;
  /** Peers of different minds, by aspect. */
  readonly split: ReadonlyMap<Aspect, number>;
  /** Peers of different minds, and none of ours, by aspect. */
  readonly alone: ReadonlyMap<Aspect, number>;
  /** Those questions, as text like that of failures: worth a look, no fault. */
  readonly curiosities: readonly string[];
  /** Zones that a server did not load. */
  readonly refused: ReadonlyMap<string, readonly string[]>;
  /** Differences that nothing explains, as text with zone, question and all answers. */
  readonly failures: readonly string[];
}

/** As many aliases as we follow; a longer chain ends early. */
const MAX_ALIASES = 16;

/** Four servers with the same zones. */
class Comparison {
  readonly #zones: readonly WeirdZone[];
  readonly #origins: ReadonlySet<string>;
  /** Owners of A and AAAA records, as keys. */
  readonly #addresses: ReadonlySet<string>;
  readonly #ours = new TestServer();
  readonly #known = new Map<string, number>();
  readonly #split = new Map<Aspect, number>();
  readonly #alone = new Map<Aspect, number>();
  readonly #curiosities: string[] = [];
  readonly #followUps = new Map<string, DifferentialQuestion>();
  readonly #refused = new Map<string, readonly string[]>();
  readonly #failures: string[] = [];
  #compared = 0;
  #agreed = 0;

  constructor(zones: readonly WeirdZone[]) {
    this.#zones = zones;
    this.#origins = new Set(zones.map(({ origin }) => ownerKey(origin)));
    const rows = zones.flatMap(({ text }) => text.split('\n').filter((row) => / IN A(?:AAA)? /.test(row)));
    this.#addresses = new Set(rows.map((row) => ownerKey(row.split(' ', 1)[0] ?? '.')));
    const refused: string[] = [];
    for (const { origin, text } of zones) {
      try {
        this.#ours.add(origin, text, 'unsigned');
      } catch (error) {
        refused.push(`${origin}: ${(error as Error).message}\n${text}`);
      }
    }
    this.#refused.set('keyturn', refused);
  }

  async run(
    peers: readonly PeerServer[],
    questions: readonly DifferentialQuestion[],
  ): Promise<DifferentialResult> {
    const refused = await Promise.all(peers.map((peer) => peer.refusedZones(this.#zones)));
    for (const [index, peer] of peers.entries()) {
      const origins = [...(refused[index] as Set<number>)].map((zone) => this.#zones[zone]?.origin ?? '');
      this.#refused.set(peer.name, origins);
    }
    await this.#ask(peers, questions);
    // Where an alias of ours leads into another zone, the peers are asked for the rest themselves.
    const rest = [...this.#followUps.values()];
    await this.#ask(peers, rest);
    return {
      zones: this.#zones.length,
      asked: questions.length + rest.length,
      compared: this.#compared,
      agreed: this.#agreed,
      known: this.#known,
      split: this.#split,
      alone: this.#alone,
      curiosities: this.#curiosities,
      refused: this.#refused,
      failures: this.#failures,
    };
  }

  async #ask(peers: readonly PeerServer[], questions: readonly DifferentialQuestion[]): Promise<void> {
    const messages = questions.map(({ octets }) => octets);
    const answers = await Promise.all(peers.map((peer) => peer.client.askAll(messages, 64)));
    for (const [index, question] of questions.entries()) {
      this.#judge(
        question,
        answers.map((ofPeer) => ofPeer[index]),
      );
    }
  }

  #answer({ octets }: DifferentialQuestion): Told {
    return tell(this.#ours.askRaw(octets, { transport: 'tcp' }), this.#origins);
  }

  /** An answer that leads into another zone must end as the answer for that name does. */
  #checkFollowed(question: DifferentialQuestion, ours: Told): void {
    // To these an alias is an answer.
    if (question.type === 'CNAME' || question.type === 'ANY') return;
    const zoneOf = (name: string): string | undefined => this.#zoneOf(name);
    const way = wayOut({ question, ours, zoneOf });
    if (way === undefined || zoneOf(way.target) === undefined) return;
    if (ours.aspects.order.split('\n').length >= MAX_ALIASES) return;
    const rest = questionFor(question.zone, way.target, question.type, question.edns);
    this.#followUps.set(`${way.target} ${question.type}`, rest);
    const told = this.#answer(rest);
    const isWhole =
      isSubset(told.aspects.answer, ours.aspects.answer) &&
      told.aspects.rcode === ours.aspects.rcode &&
      told.aspects.authority === ours.aspects.authority;
    if (!isWhole) this.#failures.push(this.#explain(question, ['answer'], ours, [told]));
  }

  #judge(question: DifferentialQuestion, answers: readonly (Uint8Array | undefined)[]): void {
    const ours = this.#answer(question);
    this.#checkFollowed(question, ours);
    const told = answers.map((octets) => (octets === undefined ? undefined : tell(octets, this.#origins)));
    // A server that did not load a zone says SERVFAIL for it: it has no opinion. Nor has one that had no room.
    const peers = told.filter(
      (peer) => peer !== undefined && peer.message.rcode !== 2 && !isTruncated(peer),
    ) as Told[];
    if (peers.length < 2) return;
    this.#compared++;
    const split = disagreements(peers);
    for (const aspect of split) bump(this.#split, aspect);
    const ownWays = alone(ours, peers);
    for (const aspect of ownWays) bump(this.#alone, aspect);
    if (ownWays.length > 0) this.#curiosities.push(this.#explain(question, ownWays, ours, told));
    const found = differences(ours, peers);
    if (found.length === 0) {
      if (split.length === 0) this.#agreed++;
      return;
    }
    const known = findKnown({
      question,
      found,
      ours,
      peers,
      zoneOf: (name) => this.#zoneOf(name),
      hasAddress: (name) => this.#addresses.has(name),
    });
    if (known !== undefined) bump(this.#known, known);
    else this.#failures.push(this.#explain(question, found, ours, told));
  }

  #explain(
    question: DifferentialQuestion,
    found: readonly Aspect[],
    ours: Told,
    told: readonly (Told | undefined)[],
  ): string {
    const involved = this.#involved(question, [ours, ...told]);
    return [
      `=== ${question.name} ${question.type}${question.edns ? '' : ' +noedns'}: differs in ${found.join(', ')}`,
      ...involved.map(({ origin, text }) => `$ZONE ${origin} unsigned\n${text}`),
      printTold('keyturn', ours),
      ...told.map((peer, index) =>
        peer === undefined ? `--- ${PEER_NAMES[index]}: no answer` : printTold(PEER_NAMES[index] ?? '', peer),
      ),
    ].join('\n');
  }

  /** The origin of the zone nearest above a name; both are keys. */
  #zoneOf(name: string): string | undefined {
    for (let rest = name; rest !== '.'; rest = parentOf(rest)) if (this.#origins.has(rest)) return rest;
    return this.#origins.has('.') ? '.' : undefined;
  }

  /** The zones at or above any name in the question and the answers. */
  #involved(question: DifferentialQuestion, told: readonly (Told | undefined)[]): WeirdZone[] {
    const records = told.flatMap((one) =>
      one === undefined ? [] : [...one.message.answer, ...one.message.authority],
    );
    const names = [ownerKey(question.name), ...records.map(({ owner }) => owner.toLowerCase())];
    return this.#zones.filter(({ origin }) => {
      const apex = ownerKey(origin);
      return names.some((name) => name === apex || apex === '.' || name.endsWith(`.${apex}`));
    });
  }
}

function bump<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

/** Starts the peers, asks, ends them. */
export async function runDifferential(run: DifferentialRun): Promise<DifferentialResult> {
  const zones = generateHosting(run.seed, run.zones, run.root === true);
  const questions = generateQuestions(zones, run.seed, run.questionsPerZone);
  const workplace = new Workplace();
  const peers = await startPeers(zones, workplace);
  try {
    return await new Comparison(zones).run(peers, questions);
  } finally {
    await Promise.all(peers.map((peer) => peer.stop()));
    workplace.remove();
  }
}

/** One line that tells what was compared, and what the peers made of each other. */
export function summarize({ seed }: DifferentialRun, result: DifferentialResult): string {
  const counts = (map: ReadonlyMap<string, number>) =>
    [...map].map(([word, count]) => `${word} ${count}`).join(', ') || 'none';
  const refused = [...result.refused].map(([server, zones]) => `${server} ${zones.length}`).join(', ');
  return (
    `seed ${seed}: ${result.zones} zones, ${result.asked} questions, ${result.compared} compared, ` +
    `${result.agreed} of one mind; known differences: ${counts(result.known)}; ` +
    `peers split: ${counts(result.split)}; we alone: ${counts(result.alone)}; zones not loaded: ${refused}`
  );
}
