/**
 * Watches a zone while it changes: a zone whose versions differ in every record, and an observer that asks all the
 * time and finds answers that mix two versions, answers that are missing and answers that should not be.
 */

import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { type DecodedPacket, decode } from 'dns-packet';
import { nameOf } from '../../src/wire/name.ts';
import { type Answer, Asker, type Question } from './asker.ts';
import { getPeer } from './peers.ts';
import { ServerProcess, type Workplace } from './processes.ts';

/** TTLs say the version: 1,000 + version. */
const BASE_TTL = 1_000;

/** A zone in which every record of one version differs from that of any other, in its TTL and its data. */
export function versionedZone(origin: string, version: number, names = 50): string {
  const ttl = BASE_TTL + version;
  const rows = [
    `$TTL ${ttl}`,
    `${origin} IN SOA ns-${version}.${origin} admin-${version}.${origin} ${version} 7200 900 1209600 ${ttl}`,
    `${origin} IN NS ns-${version}.${origin}`,
    `ns-${version}.${origin} IN A 198.51.100.${version}`,
    `${origin} IN MX 10 mail-${version}.${origin}`,
    `mail-${version}.${origin} IN A 198.51.100.${version}`,
    `*.wild.${origin} IN TXT "version ${version}"`,
    `alias.${origin} IN CNAME mail-${version}.${origin}`,
  ];
  for (let i = 0; i < names; i++) rows.push(`n${i}.${origin} IN TXT "version ${version} of ${i}"`);
  rows.push(`zz-last.${origin} IN TXT "version ${version}, the last record of the file"`);
  return `${rows.join('\n')}\n`;
}

/** Questions whose answers fill all sections: data, wildcard, alias, referral to addresses, both kinds of absence. */
function questionsOf(origin: string): Question[] {
  const names: readonly (readonly [string, number])[] = [
    ['', 6],
    ['', 2],
    ['', 15],
    ['n0.', 16],
    ['n7.', 16],
    ['n0.', 1],
    ['zz-last.', 16],
    ['any.wild.', 16],
    ['any.wild.', 1],
    ['alias.', 1],
    ['no-such-name.', 1],
  ];
  return names.map(([label, type]) => ({ name: nameOf(`${label}${origin}`), type }));
}

/** Versions that one answer shows: TTLs, original TTLs of signatures, and the numbers in the data. */
export function versionsIn(packet: DecodedPacket): number[] {
  const versions = new Set<number>();
  const { answers = [], authorities = [], additionals = [] } = packet;
  for (const record of [...answers, ...authorities, ...additionals]) {
    if (!('ttl' in record) || record.ttl === undefined) continue;
    versions.add(record.ttl - BASE_TTL);
    if (record.type === 'RRSIG') versions.add(record.data.originalTTL - BASE_TTL);
    if (record.type === 'SOA') versions.add(record.data.serial as number);
    if (record.type === 'A') versions.add(Number(record.data.split('.')[3]));
    if (record.type === 'TXT') versions.add(Number(/version (\d+)/.exec(String(record.data))?.[1]));
  }
  return [...versions];
}

/** What an observer saw of one zone. */
export class Observation {
  answers = 0;
  lost = 0;
  /** Answers that show two versions at once, with the versions. */
  readonly mixed: string[] = [];
  /** rcode → how often; NXDOMAIN is expected for one question in eleven. */
  readonly rcodes: Record<number, number> = {};
  readonly versions = new Set<number>();
  /** Names that exist in every version but were denied. */
  readonly denied: string[] = [];
}

/** Asks a zone without pause until it is told to stop. */
export class Observer {
  readonly seen = new Observation();
  readonly #asker: Asker;
  readonly #questions: Question[];
  readonly #lanes: Promise<void>[];
  #stopping = false;

  constructor(port: number, origin: string, lanes = 4) {
    this.#asker = new Asker(port, { tries: 1, timeoutMs: 3_000 });
    this.#questions = questionsOf(origin);
    this.#lanes = Array.from({ length: lanes }, (_, lane) => this.#run(lane));
    // A lane that fails ends the others; `stop` throws what it threw.
    for (const lane of this.#lanes) lane.catch(() => (this.#stopping = true));
  }

  async #run(lane: number): Promise<void> {
    for (let turn = lane; !this.#stopping; turn++) {
      const question = this.#questions[turn % this.#questions.length] as Question;
      const answer = await this.#asker.ask(question).catch((error: Error) => error);
      if (answer instanceof Error) this.seen.lost++;
      else this.#note(answer);
      await sleep(1); // some thousand questions a second leave room for the server on a small machine
    }
  }

  #note(answer: Answer): void {
    this.seen.answers++;
    this.seen.rcodes[answer.rcode] = (this.seen.rcodes[answer.rcode] ?? 0) + 1;
    const packet = decode(Buffer.from(answer.octets));
    const versions = versionsIn(packet);
    for (const version of versions) this.seen.versions.add(version);
    const asked = packet.questions?.[0]?.name ?? '';
    if (versions.length > 1) this.seen.mixed.push(`${asked}: versions ${versions.join(' and ')}`);
    if (answer.rcode === 3 && !asked.startsWith('no-such-name')) this.seen.denied.push(asked);
  }

  async stop(): Promise<Observation> {
    this.#stopping = true;
    await Promise.all(this.#lanes);
    this.#asker.close();
    return this.seen;
  }
}

/** dnsperf in the background, at a steady rate. */
export class Load {
  readonly #process: ServerProcess;
  readonly #startedMs = performance.now();

  constructor(port: number, origin: string, workplace: Workplace) {
    const file = workplace.at('dnsperf-questions');
    const names = Array.from({ length: 50 }, (_, i) => `n${i}.${origin} TXT`);
    writeFileSync(file, `${[...names, `x.wild.${origin} TXT`, `none.${origin} A`].join('\n')}\n`);
    const args = [
      '-s',
      '127.0.0.1',
      '-p',
      `${port}`,
      '-d',
      file,
      '-D',
      '-e',
      '-Q',
      '1000',
      '-q',
      '50',
      '-l',
      '600',
    ];
    this.#process = new ServerProcess(getPeer('dnsperf'), args);
  }

  /** Ends the load; tells how many queries were sent and how many never answered. */
  async stop(): Promise<{ sent: number; lost: number; text: string }> {
    // dnsperf prints when it ends only; SIGINT before it has begun would find no figures.
    await sleep(Math.max(0, 1_000 - (performance.now() - this.#startedMs)));
    await this.#process.stop('SIGINT', 10_000);
    const text = this.#process.lines.join('\n');
    const count = (what: string): number =>
      Number(new RegExp(`Queries ${what}: +(\\d+)`).exec(text)?.[1] ?? Number.NaN);
    return { sent: count('sent'), lost: count('lost'), text };
  }
}
