/**
 * Breadth-first search through every order of events (ROLLOVER 6.3) with the properties of 6.2 in each world: what
 * caches may hold together validates (P1 to P3, P5), the zone keeps a DS (P4), what is served is signed with all its
 * algorithms (P6), whatever CDS the parent takes next leads on (P7), the machine claims nothing of caches that is not
 * so (P10), and from every world on, if from now on all do what is due, the zone comes to rest (P8, P9).
 */
import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { assert } from '../../src/base/assert.ts';
import { formatStates, isEntirelyHidden, type Key } from '../../src/kasp/key.ts';
import { rolloversOf, type ZoneState } from '../../src/kasp/zonestate.ts';
import { formatState, parseState } from '../../src/store/state.ts';
import { textOf } from './model-hash.ts';
import {
  fairSuccessor,
  MODEL_APEX,
  type Served,
  successors,
  type World,
  type WorldRules,
} from './model-world.ts';
import { type Histories, judge, judgeClaims, list } from './rollover-judge.ts';

export interface SearchOptions {
  readonly root: World;
  readonly rules: WorldRules;
  readonly isKeyStrict: boolean;
  readonly isEverSecure: boolean;
  /** The search fails if there are more worlds; it must never pass because it was cut. */
  readonly mostWorlds: number;
  /** Every n-th world is also asked whether it comes to rest, and stored and loaded. */
  readonly sample: number;
}

export interface SearchResult {
  readonly worlds: number;
  /** Worlds at rest, from which nothing is followed. */
  readonly rests: number;
  /** The first violation with the events that lead to it; null: there is none. */
  readonly finding: string | null;
}

/** Fair steps to rest; each wait of a rollover takes a few. */
const MOST_FAIR_STEPS = 600;

interface Found {
  readonly before: string | null;
  readonly event: string;
}

export function search(options: SearchOptions): SearchResult {
  return new Search(options).run();
}

class Search {
  readonly #options: SearchOptions;
  readonly #found = new Map<string, Found>();
  /** Worlds from which fair steps lead to rest. */
  readonly #good = new Set<string>();
  #rests = 0;

  constructor(options: SearchOptions) {
    this.#options = options;
  }

  run(): SearchResult {
    const { root, mostWorlds } = this.#options;
    const rootHash = this.#hash(root);
    this.#found.set(rootHash, { before: null, event: 'start' });
    let frontier: [string, World][] = [[rootHash, root]];
    while (frontier.length > 0) {
      const following: [string, World][] = [];
      for (const [hash, world] of frontier) {
        const wrong = this.#examine(world, hash);
        if (wrong !== null) return this.#result(`${wrong}\n${this.#timeline(hash)}`);
        if (isAtRest(world)) {
          this.#rests++;
          continue;
        }
        this.#follow(hash, world, following);
      }
      assert(this.#found.size <= mostWorlds, `at most ${mostWorlds} worlds`);
      frontier = following;
    }
    return this.#result(null);
  }

  #follow(hash: string, world: World, following: [string, World][]): void {
    for (const { event, world: after } of successors(world, this.#options.rules, this.#isSame)) {
      const afterHash = this.#hash(after);
      if (this.#found.has(afterHash)) continue;
      this.#found.set(afterHash, { before: hash, event });
      following.push([afterHash, after]);
    }
  }

  #result(finding: string | null): SearchResult {
    return { worlds: this.#found.size, rests: this.#rests, finding };
  }

  // ---- Properties ----

  #examine(world: World, hash: string): string | null {
    const wrong = this.#unsafe(world);
    if (wrong !== null || this.#found.size % this.#options.sample !== 0) return wrong;
    return this.#unstored(world) ?? this.#restless(world, hash);
  }

  #unsafe(world: World): string | null {
    const { rules, isKeyStrict, isEverSecure } = this.#options;
    const { algorithms } = rules;
    const { served, now, state, parent } = world;
    const histories = served as unknown as Histories;
    const [finding] = judge(histories, { algorithms, isKeyStrict, isEverSecure });
    if (finding !== undefined) return `${finding.property} ${finding.versions}`;
    const epoch = epochOf(served, algorithms);
    if (epoch !== null) return epoch;
    const future = { ...histories, ds: served.cds.filter(({ keys }) => keys.length > 0), cds: [] };
    const [later] = judge(future as unknown as Histories, {
      algorithms,
      isKeyStrict: false,
      isEverSecure: false,
    }).filter(({ property }) => property === 'P1');
    if (later !== undefined) return `P7 CDS as ${later.versions}`;
    const claims = new Map(state.keys.map((key) => [key.id, formatStates(key)]));
    const claim = judgeClaims(claims, histories, now).find(
      ({ versions }) => !parent.isUnfaithful || !versions.startsWith('ds('),
    );
    return claim === undefined ? null : `P10 ${claim.versions}`;
  }

  /** A crash loses nothing: what was stored is what is loaded. */
  #unstored(world: World): string | null {
    const stored = { generation: 1, zoneState: world.state, tombstones: [] };
    const { zoneState } = parseState(Buffer.from(formatState(stored, MODEL_APEX)), MODEL_APEX);
    return isDeepStrictEqual(plain(zoneState), plain(world.state)) ? null : 'a restart changes the state';
  }

  /** P8, P9: with all who do what is due, this world comes to rest. */
  #restless(world: World, hash: string): string | null {
    const { rules } = this.#options;
    const passed: string[] = [];
    let at = world;
    let atHash = hash;
    const events: string[] = [];
    while (!isAtRest(at) && !this.#good.has(atHash)) {
      passed.push(atHash);
      const { event, world: after } = fairSuccessor(at, rules, this.#isSame);
      const afterHash = this.#hash(after);
      if (event !== 'tick')
        events.push(`${String(after.now - this.#options.root.now).padStart(3)} ${event} ${describe(after)}`);
      if (afterHash === atHash || passed.length > MOST_FAIR_STEPS) {
        return `P8 never rests: ${describe(at)}, by these events after those below\n${events.join('\n')}\n`;
      }
      const wrong = this.#unsafe(after);
      if (wrong !== null) return `${wrong}, by these events after those below\n${events.join('\n')}\n`;
      [at, atHash] = [after, afterHash];
    }
    for (const one of [...passed, atHash]) this.#good.add(one);
    return null;
  }

  // ---- Worlds ----

  readonly #isSame = (a: World, b: World) =>
    textOf(a, this.#options.rules) === textOf(b, this.#options.rules);

  #hash(world: World): string {
    return createHash('md5').update(textOf(world, this.#options.rules)).digest('base64');
  }

  /** The events from the root to a world, replayed so that each shows what it led to. */
  #timeline(hash: string): string {
    const events: string[] = [];
    for (let at: string | null = hash; at !== null; ) {
      const found: Found = this.#found.get(at)!;
      events.unshift(found.event);
      at = found.before;
    }
    let world = this.#options.root;
    const start = world.now;
    const lines = [`  0 start ${describe(world)}`];
    for (const event of events.slice(1)) {
      const next = successors(world, this.#options.rules, this.#isSame).find((one) => one.event === event);
      assert(next !== undefined, `${event} is possible`);
      world = next.world;
      if (event !== 'tick')
        lines.push(`${String(world.now - start).padStart(3)} ${event} ${describe(world)}`);
    }
    return lines.join('\n');
  }
}

/** P6: the newest DNSKEY RRset and data, which are served together (RFC 4035 §2.2). */
function epochOf(served: Served, algorithms: ReadonlyMap<string, number>): string | null {
  const dnskey = served.dnskey.at(-1)!;
  const zone = served.zone.at(-1)!;
  const algorithmsOf = (ids: readonly string[]) => ids.map((id) => algorithms.get(id));
  for (const signers of [dnskey.signers, zone.signers]) {
    const able = algorithmsOf(signers.filter((id) => dnskey.keys.includes(id)));
    if (algorithmsOf(dnskey.keys).some((algorithm) => !able.includes(algorithm))) {
      return `P6 DNSKEY ${list(dnskey.keys)} by ${list(dnskey.signers)}, data by ${list(zone.signers)}`;
    }
  }
  return null;
}

/** Without the difference between octets of a file and others. */
function plain(state: ZoneState): unknown {
  return { ...state, keys: state.keys.map((key) => ({ ...key, publicKey: key.publicKey.join() })) };
}

function describe({ state, served, parent }: World): string {
  const keys = state.keys.map((key) => `${key.id} ${key.goal} ${formatStates(key)}`);
  const newest = [
    `DNSKEY ${list(served.dnskey.at(-1)!.keys)} by ${list(served.dnskey.at(-1)!.signers)}`,
    `data by ${list(served.zone.at(-1)!.signers)}`,
    `CDS ${list(served.cds.at(-1)!.keys)}`,
    `DS ${parent.servers.map(list).join(' ')}`,
  ];
  return `[${keys.join('; ')}] ${newest.join(', ')}`;
}

/** Nothing rolls, nothing is pending, and who is to stay is trusted. */
export function isAtRest({ state, parent }: World): boolean {
  if (rolloversOf(state).length > 0 || state.pendingSince !== null || parent.behindSince !== null)
    return false;
  const isSettled = ({ goal, states }: Key) =>
    goal === 'OUT' || states.ds === null || states.ds.state === 'omnipresent';
  return state.goal === 'insecure' ? state.keys.every(isEntirelyHidden) : state.keys.every(isSettled);
}
