/**
 * Resolvers that are asked without pause while keys roll: every answer must be right, none may be SERVFAIL, and where
 * the zone must be secure each must be validated. Half of what they cache is fetched unchecked (CD), so that it is
 * validated later, beside keys and DS of another age.
 */
import { createSocket, type Socket } from 'node:dgram';
import { setTimeout as sleep } from 'node:timers/promises';
import { formatType, RRTYPE } from '../../src/wire/iana.ts';
import { formatName, nameOf } from '../../src/wire/name.ts';
import { type Answer, Asker, encodeQuery, type Question } from './asker.ts';
import type { CachingUnbound } from './caching-unbound.ts';
import { Stalls } from './stalls.ts';
import { SeededRandom } from './zones.ts';

/** Owners with A and TXT in the zone that is watched: `h0` … */
export const HOSTS = 40;
const LANES = 3;
/** Least pause of a lane; a resolver that is slow is asked as much more rarely. */
const GAP_MS = 12;
const TIMEOUT_MS = 30_000;
const CD = 0x10;
const SERVFAIL = 2;
const NXDOMAIN = 3;

/** The zone file of a child that is watched; every TTL is two seconds. Its server is `ns` in it, or `servers` elsewhere. */
export function watchedZone(origin: string, servers: readonly string[] = ['ns']): string {
  const hosts = Array.from({ length: HOSTS }, (_, i) => `h${i} A 192.0.2.${i + 1}\nh${i} TXT "text ${i}"`);
  return [
    `$ORIGIN ${origin}`,
    '$TTL 2',
    `@ SOA ${servers[0]} hostmaster.${origin} 1 3600 600 86400 2`,
    ...servers.map((server) => `@ NS ${server}`),
    '@ MX 10 h0',
    'ns A 127.0.0.1',
    '*.wild A 192.0.2.200',
    ...hosts,
    '',
  ].join('\n');
}

interface WatchedQuestion extends Question {
  readonly rcode: number;
  readonly hasAnswer: boolean;
}

/** Asks some resolvers about one zone until it is stopped. */
export class RolloverWatch {
  /** Answers that were right. */
  queries = 0;
  /** Of these, the validated ones. */
  validated = 0;
  /** At most 40 lines about answers that were wrong. */
  readonly faults: string[] = [];
  faultCount = 0;
  /** Of these, those soon after the machine stood still: they may be nobody's fault, and must be tried again. */
  starvedCount = 0;
  /** Whether each answer must be validated now. */
  mustBeSecure = false;
  readonly #origin: string;
  readonly #askers: readonly Asker[];
  readonly #resolvers: readonly CachingUnbound[];
  readonly #unchecked: Socket = createSocket('udp4');
  readonly #random = new SeededRandom(20_261_124);
  readonly #stalls = new Stalls();
  #isStopped = false;
  #lanes: Promise<void>[] = [];

  constructor(origin: string, resolvers: readonly CachingUnbound[]) {
    this.#origin = origin;
    this.#resolvers = resolvers;
    this.#askers = resolvers.map(({ port }) => new Asker(port, { timeoutMs: TIMEOUT_MS, tries: 1 }));
    this.#unchecked.on('message', () => undefined); // what is fetched unchecked is looked at when it is asked again
    this.#unchecked.on('error', (error) => this.#fault(`unchecked: ${error.message}`));
  }

  start(): void {
    const lanes = this.#askers.map((_, i) => i).flatMap((i) => Array.from({ length: LANES }, () => i));
    this.#stalls.start();
    this.#lanes = lanes.map((i) => this.#lane(i));
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all(this.#lanes);
    this.#stalls.stop();
    for (const asker of this.#askers) asker.close();
    this.#unchecked.close();
  }

  /** Asks each resolver one question that is not in its cache: true if all say that it is validated. */
  async isSecureEverywhere(): Promise<boolean> {
    const name = nameOf(`fresh-${this.#random.below(1_000_000_000)}.wild.${this.#origin}`);
    const ask = (asker: Asker) => asker.ask({ name, type: RRTYPE.A }).catch(() => undefined);
    const answers = await Promise.all(this.#askers.map(ask));
    return answers.every((answer) => answer?.authentic === true);
  }

  async #lane(i: number): Promise<void> {
    while (!this.#isStopped) {
      if (this.#random.below(2) === 0) this.#fetchUnchecked(i, this.#pick());
      const question = this.#pick();
      const isSecureBefore = this.mustBeSecure;
      const askedMs = performance.now();
      const answer = await this.#askers[i]!.ask(question).catch((error: Error) => error);
      const tookMs = performance.now() - askedMs;
      // What is asked over loopback and takes so long was not being worked at.
      this.#stalls.note(tookMs);
      this.#judge(i, question, answer, isSecureBefore && this.mustBeSecure);
      await sleep(Math.max(GAP_MS, tookMs));
    }
  }

  #fetchUnchecked(i: number, question: Question): void {
    const query = encodeQuery(1 + this.#random.below(65_535), question, true);
    query[3] = query[3]! | CD;
    this.#unchecked.send(query, this.#resolvers[i]!.port, '127.0.0.1');
  }

  #pick(): WatchedQuestion {
    const host = `h${this.#random.below(HOSTS)}.${this.#origin}`;
    const here = (name: string, type: number): WatchedQuestion => {
      return { name: nameOf(name), type, rcode: 0, hasAnswer: true };
    };
    switch (this.#random.below(8)) {
      case 0:
        return here(this.#origin, RRTYPE.SOA);
      case 1:
        return here(this.#origin, RRTYPE.MX);
      case 2:
        return { ...here(`n${this.#random.below(10_000)}.${this.#origin}`, RRTYPE.A), ...MISSING };
      case 3:
        return { ...here(host, RRTYPE.AAAA), hasAnswer: false };
      case 4:
        return here(`w${this.#random.below(10_000)}.wild.${this.#origin}`, RRTYPE.A);
      case 5:
        return here(host, RRTYPE.TXT);
      default:
        return here(host, RRTYPE.A);
    }
  }

  #judge(i: number, question: WatchedQuestion, answer: Answer | Error, mustBeSecure: boolean): void {
    const told = `resolver ${i}: ${formatName(question.name)} ${formatType(question.type)}`;
    if (answer instanceof Error) this.#fault(`${told}: ${answer.message}`);
    else if (answer.rcode === SERVFAIL) this.#fault(`${told}: SERVFAIL`);
    else if (answer.rcode !== question.rcode) this.#fault(`${told}: rcode ${answer.rcode}`);
    else if (answer.answers > 0 !== question.hasAnswer) this.#fault(`${told}: ${answer.answers} answers`);
    else if (mustBeSecure && !answer.authentic) this.#fault(`${told}: not validated`);
    else {
      this.queries++;
      if (answer.authentic) this.validated++;
    }
  }

  #fault(text: string): void {
    this.faultCount++;
    const stalled = this.#stalls.lately();
    if (stalled > 0) this.starvedCount++;
    const because = stalled > 0 ? ` (the machine stood still for ${Math.round(stalled)} ms just before)` : '';
    if (this.faults.length < 40) this.faults.push(`${new Date().toISOString()} ${text}${because}`);
  }
}

const MISSING = { rcode: NXDOMAIN, hasAnswer: false } as const;
