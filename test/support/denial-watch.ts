/**
 * Watches a zone while its way to deny changes: resolvers with warm caches, which must find everything secure, and the
 * independent validator, which takes each raw answer of the server and must find it exactly right by one of the ways.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Asker } from './asker.ts';
import { Validator } from './validator.ts';
import { decodeMessage, TYPE } from './validator-message.ts';
import { type Name, nameOfLabels, nameToText, nameToWire } from './validator-name.ts';
import type { DenialMode, FactRecord } from './validator-zone.ts';
import { type PlainZone, textOf } from './validator-zones.ts';
import { SeededRandom } from './zones.ts';

export const WATCHED_MODES: readonly DenialMode[] = ['nsec', 'nsec3', 'compact'];
const HOSTS = 30;
const TTL = 2;
const MOST_FAULTS = 40;
/** Owners whose names a resolver's local zones do not know. */
const APEX_LABELS = ['switch', 'example'];

/** A zone with something of everything; every TTL is two seconds. */
export function switchedZone(serial: number): PlainZone {
  const apex = nameOfLabels(APEX_LABELS);
  const at = (...labels: string[]): Name => nameOfLabels([...labels, ...APEX_LABELS]);
  const numbers = Buffer.alloc(20);
  [serial, 3_600, 600, 86_400, TTL].forEach((value, index) => {
    numbers.writeUInt32BE(value, index * 4);
  });
  const ns = nameToWire(at('ns'));
  const rows: [Name, number, Buffer][] = [
    [apex, TYPE.SOA, Buffer.concat([ns, ns, numbers])],
    [apex, TYPE.NS, ns],
    [at('ns'), TYPE.A, Buffer.from([127, 0, 0, 1])],
    [at('*', 'wild'), TYPE.A, Buffer.from([192, 0, 2, 200])],
    [at('deep', 'ent'), TYPE.A, Buffer.from([192, 0, 2, 201])],
    [at('alias'), TYPE.CNAME, nameToWire(at('h3'))],
    [at('away'), TYPE.DNAME, nameToWire(at('wild'))],
    [at('unsigned'), TYPE.NS, nameToWire(at('ns', 'unsigned'))],
    [at('ns', 'unsigned'), TYPE.A, Buffer.from([192, 0, 2, 202])],
    [at('signed'), TYPE.NS, nameToWire(at('ns', 'signed'))],
    [at('signed'), TYPE.DS, Buffer.concat([Buffer.from([1, 2, 13, 2]), Buffer.alloc(32, 7)])],
    ...Array.from({ length: HOSTS }, (_, i): [Name, number, Buffer] => {
      return [at(`h${i}`), TYPE.A, Buffer.from([192, 0, 2, i + 1])];
    }),
  ];
  const records = rows.map(([owner, type, rdata]) => ({ owner, type, ttl: TTL, rdata }));
  return { apex, records, text: textOf(records), hasTwoAlgorithms: false };
}

interface Asked {
  readonly name: Name;
  readonly type: number;
  /** What a resolver says; undefined for what is not asked of resolvers, for it lies below a cut. */
  readonly resolved?: { readonly isMissing: boolean; readonly hasAnswer: boolean };
}

const FOUND = { isMissing: false, hasAnswer: true } as const;
const EMPTY = { isMissing: false, hasAnswer: false } as const;
const MISSING = { isMissing: true, hasAnswer: false } as const;

/** What one watch has seen. */
export class Sight {
  right = 0;
  faultCount = 0;
  readonly faults: string[] = [];
  /** Answers with a denial, by the way in which it was right. */
  readonly denials: Record<string, number> = {};

  fault(text: string): void {
    this.faultCount++;
    if (this.faults.length < MOST_FAULTS) this.faults.push(`${new Date().toISOString()} ${text}`);
  }
}

export class DenialWatch {
  /** By resolvers. */
  readonly resolved = new Sight();
  /** By the validator. */
  readonly judged = new Sight();
  /** Of the zone as it is; while its content changes, of the one before as well. */
  #validators: ReadonlyMap<DenialMode, Validator>[];
  readonly #server: Asker;
  readonly #resolvers: readonly Asker[];
  readonly #random = new SeededRandom(5_155);
  readonly #names: (...labels: string[]) => Name;
  #isStopped = false;
  #lanes: Promise<void>[] = [];

  private constructor(server: Asker, resolverPorts: readonly number[]) {
    this.#server = server;
    this.#validators = [];
    this.#resolvers = resolverPorts.map((port) => new Asker(port, { timeoutMs: 10_000, tries: 1 }));
    this.#names = (...labels) => nameOfLabels([...labels, ...APEX_LABELS]);
  }

  /** Starts to ask the server at `port` and the resolvers; `lanes` for each at once. */
  static async start(port: number, resolverPorts: readonly number[], lanes = 2): Promise<DenialWatch> {
    const watch = new DenialWatch(new Asker(port, { timeoutMs: 5_000, tries: 1 }), resolverPorts);
    watch.#validators = [await watch.#validatorsOf(switchedZone(1))];
    const each = Array.from({ length: lanes });
    watch.#lanes = [
      ...each.map(() => watch.#judgeLane()),
      ...watch.#resolvers.flatMap((asker, i) => each.map(() => watch.#resolveLane(asker, i))),
    ];
    return watch;
  }

  /** Content is about to change: until `settle` the answers may be of the old or of the new zone. */
  async expectZone(zone: PlainZone): Promise<void> {
    this.#validators = [await this.#validatorsOf(zone), ...this.#validators];
  }

  settle(): void {
    this.#validators.length = 1;
  }

  async stop(): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    await Promise.all(this.#lanes);
    for (const asker of [this.#server, ...this.#resolvers]) asker.close();
  }

  /** A validator for each way to deny, with the key records as they are served. */
  async #validatorsOf({ apex, records }: PlainZone): Promise<Map<DenialMode, Validator>> {
    const keyRecords: FactRecord[] = [];
    for (const type of [TYPE.DNSKEY, TYPE.CDS, TYPE.CDNSKEY]) {
      const { octets } = await this.#server.ask({ name: nameToWire(apex), type });
      keyRecords.push(...decodeMessage(octets).answer.filter((record) => record.type === type));
    }
    const trusted = keyRecords.filter(({ type }) => type === TYPE.DNSKEY).map(({ rdata }) => rdata);
    const parameters = { owner: apex, type: TYPE.NSEC3PARAM, ttl: TTL, rdata: Buffer.from([1, 0, 0, 0, 0]) };
    return new Map(
      WATCHED_MODES.map((mode) => {
        const all = [...records, ...keyRecords, ...(mode === 'nsec3' ? [parameters] : [])];
        return [mode, new Validator({ apex, records: all, trusted, mode, now: 0 })];
      }),
    );
  }

  async #judgeLane(): Promise<void> {
    while (!this.#isStopped) {
      const { name, type } = this.#pick();
      const answer = await this.#server.ask({ name: nameToWire(name), type }).catch((error: Error) => error);
      if (answer instanceof Error) this.judged.fault(`${nameToText(name)} type ${type}: ${answer.message}`);
      else this.#judge(name, type, answer.octets);
      await sleep(1);
    }
  }

  #judge(name: Name, type: number, octets: Uint8Array): void {
    const told: string[] = [];
    const now = Math.floor(Date.now() / 1_000);
    for (const validators of this.#validators) {
      for (const [mode, validator] of validators) {
        const { verdict, reason, faults, kind } = validator.judge(
          { name, type, dnssecOk: true },
          octets,
          now,
        );
        if (verdict !== 'bogus' && faults.length === 0) {
          this.judged.right++;
          const isDenial = !/data$/.test(kind) || kind.endsWith('nodata');
          if (isDenial) this.judged.denials[mode] = (this.judged.denials[mode] ?? 0) + 1;
          return;
        }
        told.push(`  ${mode}: ${verdict}, ${reason}; ${faults.join('; ')}`);
      }
    }
    this.judged.fault([`${nameToText(name)} type ${type}`, ...told].join('\n'));
  }

  async #resolveLane(asker: Asker, i: number): Promise<void> {
    while (!this.#isStopped) {
      const { name, type, resolved } = this.#pick();
      if (resolved === undefined) continue;
      const answer = await asker.ask({ name: nameToWire(name), type }).catch((error: Error) => error);
      const what = `resolver ${i}: ${nameToText(name)} type ${type}`;
      if (answer instanceof Error) this.resolved.fault(`${what}: ${answer.message}`);
      else {
        const { rcode, authentic, answers } = answer;
        // Compact denial is NOERROR to a resolver that does not make NXDOMAIN of NXNAME (RFC 9824 §5).
        const isRight = rcode === 0 || (rcode === 3 && resolved.isMissing);
        if (isRight && authentic && answers > 0 === resolved.hasAnswer) this.resolved.right++;
        else this.resolved.fault(`${what}: rcode ${rcode}, AD ${authentic}, ${answers} answers`);
      }
      await sleep(2);
    }
  }

  #pick(): Asked {
    const random = this.#random;
    const at = this.#names;
    const host = `h${random.below(HOSTS)}`;
    const kinds: readonly (() => Asked)[] = [
      () => ({ name: at(host), type: TYPE.A, resolved: FOUND }),
      () => ({ name: at(host), type: TYPE.AAAA, resolved: EMPTY }),
      () => ({ name: at(`n${random.below(100_000)}`), type: TYPE.A, resolved: MISSING }),
      () => ({ name: at('x', `n${random.below(300)}`, host), type: TYPE.TXT, resolved: MISSING }),
      () => ({ name: at(`w${random.below(1_000)}`, 'wild'), type: TYPE.A, resolved: FOUND }),
      () => ({ name: at(`w${random.below(1_000)}`, 'wild'), type: TYPE.MX, resolved: EMPTY }),
      () => ({ name: at('ent'), type: TYPE.A, resolved: EMPTY }),
      () => ({ name: at('alias'), type: TYPE.A, resolved: FOUND }),
      () => ({ name: at(`d${random.below(1_000)}`, 'away'), type: TYPE.A, resolved: FOUND }),
      () => ({ name: at(), type: TYPE.SOA, resolved: FOUND }),
      () => ({ name: at(), type: TYPE.TXT, resolved: EMPTY }),
      () => ({ name: at('unsigned'), type: TYPE.DS, resolved: EMPTY }),
      () => ({ name: at('signed'), type: TYPE.DS, resolved: FOUND }),
      () => ({ name: at('x', 'unsigned'), type: TYPE.A }),
      () => ({ name: at('x', 'signed'), type: TYPE.A }),
    ];
    return random.pick(kinds)();
  }
}
