/**
 * A fleet of zones in the middle of their life for `fleet.ts`: signed by KSK and ZSK, DS seen, one ZSK rolled already.
 * Lives are lived by the machine, a few dozen of different age; the zones share them, and so the two or three keys that
 * a fixed seed gives. Each zone reads files of its own, with its name and key ids.
 */
import { createHash } from 'node:crypto';
import { type FileStat, type FileStore, FileStoreError } from '../src/base/ports.ts';
import { plus, type UnixSeconds } from '../src/base/time.ts';
import type { Key } from '../src/kasp/key.ts';
import { next } from '../src/kasp/next.ts';
import { observeDs } from '../src/kasp/parent.ts';
import { DEFAULT_POLICY, type Policy } from '../src/kasp/policy.ts';
import { keysFor, startRollover } from '../src/kasp/start.ts';
import { acknowledge } from '../src/kasp/versions.ts';
import type { ZoneState } from '../src/kasp/zonestate.ts';
import { keyFileBase } from '../src/store/keyfile.ts';
import type { ZoneKeys } from '../src/store/keystore.ts';
import { openZoneKeys } from '../src/store/openkeys.ts';
import { formatState, STATE_FILE } from '../src/store/state.ts';
import { nameOf } from '../src/wire/name.ts';
import { seededRandom } from '../test/support/random.ts';
import { SimulatedFiles } from '../test/support/simulated-files.ts';

export const POLICY: Policy = { ...DEFAULT_POLICY, scheme: 'ksk-zsk', bootstrapHold: 0 };
export const FACTS = { maxTtl: 3_600, negativeTtl: 300 };
export const ZONE_TEXT = `$TTL 3600
@ SOA ns hostmaster 1 7200 900 1209600 300
@ NS ns
ns A 192.0.2.1
www A 192.0.2.2
`;
const DAY = 86_400;
const KEYS = '/keys';
const BIRTHPLACE = nameOf('origin.example.');

export function zoneName(i: number): string {
  return `zone${i}.example.`;
}

/** A life: the state at its end, and the files of its keys by name. */
export interface Life {
  readonly zoneState: ZoneState;
  readonly keyFiles: ReadonlyMap<string, Uint8Array>;
}

/** Lives a zone from `bornAt` on up to `until`; `onTurn` is told when something changes by time. */
export async function live(
  bornAt: UnixSeconds,
  until: UnixSeconds,
  onTurn?: (at: UnixSeconds) => Promise<void>,
): Promise<Life> {
  const files = new SimulatedFiles();
  const random = seededRandom('fleet');
  const opening = { files, random, keysDirectory: KEYS, origin: BIRTHPLACE, policy: POLICY };
  const keys = await openZoneKeys({ ...opening, now: bornAt });
  for (let now = bornAt; ; ) {
    const wake = await settle(keys, now);
    if (wake === null || wake > until) break;
    now = wake;
    await onTurn?.(now);
  }
  const names = files.list(keys.path).filter((name) => name.startsWith('K'));
  const keyFiles = new Map(names.map((name) => [name, files.read(`${keys.path}/${name}`, 65_536)]));
  return { zoneState: keys.zoneState, keyFiles };
}

/** Takes all that is due, with a parent that does at once what it is asked for; returns when to come again. */
async function settle(keys: ZoneKeys, now: UnixSeconds): Promise<UnixSeconds | null> {
  const commit = (zoneState: ZoneState) => keys.commit({ zoneState, now });
  for (;;) {
    const step = next(keys.zoneState, FACTS, POLICY, now);
    if (step.isChanged) await commit(step.zoneState);
    if (step.due !== null) {
      const wanted = keysFor(keys.zoneState, step.due, POLICY);
      const made: Key[] = [];
      for (const { roles, algorithm } of wanted) made.push(await keys.createKey(roles, algorithm, now));
      await commit(startRollover(keys.zoneState, step.due, made, { policy: POLICY, now, id: `r-${now}` }));
      continue;
    }
    if (keys.zoneState.pendingSince !== null) {
      await commit(acknowledge(keys.zoneState, FACTS, POLICY, now));
      continue;
    }
    const asking = keys.zoneState.keys.find(
      ({ states, dsObservation }) => states.ds?.state === 'rumoured' && dsObservation.seenAllAt === null,
    );
    if (asking === undefined) return step.nextWake;
    await commit(observeDs(keys.zoneState, { keyId: asking.id, seen: true, ttl: DAY }, POLICY, now));
  }
}

/** Files of zones that are made when they are read; what is written is counted and forgotten. */
export class FleetFiles implements FileStore {
  writes = 0;
  readonly #lives: readonly Life[];
  /** Texts of states without their checksum, cut at names and ids. */
  readonly #templates: readonly (readonly string[])[];
  #last = { i: -1, files: new Map<string, Uint8Array>() };

  constructor(lives: readonly Life[]) {
    this.#lives = lives;
    this.#templates = lives.map(({ zoneState }) => templateOf(zoneState));
  }

  /** All files of a zone, by name. */
  filesOf(i: number): Map<string, Uint8Array> {
    const { zoneState, keyFiles } = this.#lives[i % this.#lives.length]!;
    const origin = nameOf(zoneName(i));
    const files = new Map<string, Uint8Array>();
    for (const { algorithm, tag } of zoneState.keys) {
      for (const suffix of ['.key', '.private']) {
        const octets = keyFiles.get(`${keyFileBase(BIRTHPLACE, algorithm, tag)}${suffix}`)!;
        const text = Buffer.from(octets).toString('latin1').replaceAll('origin.example.', zoneName(i));
        files.set(`${keyFileBase(origin, algorithm, tag)}${suffix}`, Buffer.from(text, 'latin1'));
      }
    }
    files.set(STATE_FILE, stateOf(this.#templates[i % this.#templates.length]!, i));
    return files;
  }

  read(path: string): Uint8Array {
    const found = this.#find(path);
    if (found === undefined) throw new FileStoreError('ENOENT', path, 'no such file');
    return found;
  }

  pieces(path: string): Iterable<Uint8Array> {
    return [this.read(path)];
  }

  list(path: string): string[] {
    return [...this.#zone(path).keys()].sort();
  }

  stat(path: string): FileStat | undefined {
    const isDirectory = path.split('/').length === 3;
    const octets = isDirectory ? 0 : this.#find(path)?.length;
    if (octets === undefined) return undefined;
    const kind = isDirectory ? 'directory' : 'file';
    return { kind, octets, modifiedMs: 0, inode: 1, mode: isDirectory ? 0o700 : 0o600 };
  }

  async createDurable(): Promise<void> {
    this.writes++;
  }

  async replaceDurable(): Promise<void> {
    this.writes++;
  }

  async replace(): Promise<void> {
    this.writes++;
  }

  async appendDurable(): Promise<void> {
    this.writes++;
  }

  async renameDurable(): Promise<void> {
    this.writes++;
  }

  async removeDurable(): Promise<void> {
    this.writes++;
  }

  async makeDirectory(): Promise<void> {
    this.writes++;
  }

  /** The files of the zone that was asked for last are kept: it is opened in one go. */
  #zone(path: string): Map<string, Uint8Array> {
    const i = indexOf(path);
    if (this.#last.i !== i) this.#last = { i, files: this.filesOf(i) };
    return this.#last.files;
  }

  #find(path: string): Uint8Array | undefined {
    return this.#zone(path).get(path.slice(path.lastIndexOf('/') + 1));
  }
}

/** The number of the zone that a path is of: `/keys/zone7.example/…`. */
function indexOf(path: string): number {
  return Number(/\/zone(\d+)\.example/.exec(path)![1]);
}

function templateOf(zoneState: ZoneState): string[] {
  const text = formatState({ generation: 7, zoneState, tombstones: [] }, BIRTHPLACE);
  const { sha256: _, ...document } = JSON.parse(text) as Record<string, unknown>;
  const changing = ['origin.example.', ...zoneState.keys.map(({ id }) => id)];
  return JSON.stringify(document).split(new RegExp(`(${changing.join('|')})`));
}

/** The state file of a zone, with ids of keys that no other zone has. */
function stateOf(template: readonly string[], i: number): Uint8Array {
  const tail = i.toString(16).padStart(12, '0');
  const parts = template.map((part, at) => {
    if (at % 2 === 0) return part;
    return part.endsWith('.') ? zoneName(i) : `${part.slice(0, 24)}${tail}`;
  });
  const document = parts.join('');
  const checksum = createHash('sha256').update(document).digest('hex');
  return Buffer.from(`${document.slice(0, -1)},"sha256":"${checksum}"}\n`);
}

/** Lives that end at `now`, a day apart in age: their next ZSK rollovers fall due over two months. */
export function livesUntil(now: UnixSeconds, count = 60): Promise<Life[]> {
  return Promise.all(Array.from({ length: count }, (_, i) => live(plus(now, -(100 + i) * DAY), now)));
}

/**
 * A life in the middle of a ZSK rollover, the next step of which is due at `at`: the first time the new ZSK may sign.
 */
export async function lifeBefore(at: UnixSeconds): Promise<Life> {
  const born = plus(at, -2 * 365 * DAY);
  let switchedAfter = 0;
  await live(born, plus(born, 120 * DAY), async (turn) => {
    const { zoneState } = await live(born, turn);
    const isNew = zoneState.rollover?.type === 'zsk' && zoneState.rollover.step === 'switch';
    if (isNew && switchedAfter === 0) switchedAfter = turn - born;
  });
  if (switchedAfter === 0) throw new Error('no ZSK was rolled in 120 days');
  return live(plus(at, -switchedAfter), plus(at, -1));
}
