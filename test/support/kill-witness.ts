/**
 * What is known of one zone over all kills: the newest state file that was read, the answers that were seen, the
 * order that was acknowledged. After a kill the state on disk must be that state or a newer one that bears out all
 * of it; after a restart it must go on from there.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { formatInstant, type UnixSeconds, unixSeconds } from '../../src/base/time.ts';
import { dnskeyRdata, publicKeyHash, readDnskey } from '../../src/dnssec/dnskey.ts';
import { loadPrivateKey } from '../../src/dnssec/keypair.ts';
import { isEntirelyHidden, type Key, RECORD_KINDS } from '../../src/kasp/key.ts';
import { dnskeyOf } from '../../src/kasp/records.ts';
import { findKey, type Rollover, rolloversOf } from '../../src/kasp/zonestate.ts';
import { keyFileBase, parseKeyFileName, parsePrivateFile, parsePublicFile } from '../../src/store/keyfile.ts';
import { parseState, type StoredState } from '../../src/store/state.ts';
import { formatType, RRTYPE } from '../../src/wire/iana.ts';
import { type Name, nameOf } from '../../src/wire/name.ts';
import { hex, loggedSights, type Sight, type SightType, sightText } from './kill-sights.ts';

/** What an order that was acknowledged must have left in the state: `isKept` looks for it. */
export interface Acknowledged {
  readonly order: string;
  readonly isKept: (stored: StoredState) => boolean;
}

/** What a kill left in the folder of a zone. */
export const REMNANTS = [
  'temporary state',
  'staged key files',
  'key files without a state',
  'purge half done',
  'torn audit line',
  'content not acknowledged',
] as const;
export type Remnant = (typeof REMNANTS)[number];

/** Answers older than this may be of versions that are dead by now. */
const FRESH_MS = 500;
/** The end of a line of the audit trail: SHA-256 over the hash before it and the line without its own. */
const HASH_FIELD = /,"hash":"[0-9a-f]{64}"\}$/;

interface Read {
  readonly stored: StoredState;
  readonly text: string;
}

export class ZoneWitness {
  readonly name: string;
  readonly apex: Name;
  readonly folder: string;
  /** Set when an order was acknowledged; looked at after the next kill. */
  acknowledged: Acknowledged | undefined;
  #known: Read | undefined;
  #auditText = '';
  /** DNSKEY RDATA that was ever served, in hex. */
  readonly #published = new Set<string>();
  readonly #seen = new Map<SightType, { readonly sight: Sight; readonly at: number }>();

  constructor(name: string, keysFolder: string) {
    this.name = name;
    this.apex = nameOf(name);
    this.folder = join(keysFolder, name.slice(0, -1));
  }

  /** The newest state that was read. */
  get stored(): StoredState | undefined {
    return this.#known?.stored;
  }

  /** Takes note of an answer. */
  see(type: SightType, sight: Sight): void {
    this.#seen.set(type, { sight, at: Date.now() });
    if (type === RRTYPE.DNSKEY) for (const rdata of sight.rdata) this.#published.add(rdata);
  }

  /** The state file now; undefined if there is none. Throws StateError for one that is not whole. */
  read(): Read | undefined {
    try {
      const octets = readFileSync(join(this.folder, 'state.json'));
      return { stored: parseState(octets, this.apex), text: octets.toString('utf8') };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  // ---- After a kill ----

  /** Looks at the folder of a server that was killed at `killedAt` (ms); returns what is wrong with it. */
  checkKilled(killedAt: number): string[] {
    const read = this.#readOrFault();
    if (typeof read === 'string') return [read];
    if (read === undefined) {
      const wasThere = this.#known !== undefined || this.#published.size > 0;
      return wasThere ? ['its state is gone'] : [];
    }
    const { stored } = read;
    const now = unixSeconds(killedAt / 1000);
    const faults = [
      ...this.#againstKnown(read),
      ...this.#keyFileFaults(stored),
      ...this.#publishedFaults(stored),
      ...this.#seenFaults(stored, killedAt, now),
      ...this.#auditFaults(stored),
    ];
    const { acknowledged } = this;
    if (acknowledged !== undefined && !acknowledged.isKept(stored)) {
      const { keys, dsWords, rollover } = stored.zoneState;
      const seen = keys.map(({ tag, goal, dsObservation }) => ({ tag, goal, dsObservation }));
      const found = JSON.stringify({ rollover, dsWords, seen });
      faults.push(`was acknowledged and is not in the state: ${acknowledged.order}; there is ${found}`);
    }
    this.acknowledged = undefined;
    this.#known = read;
    return faults;
  }

  #readOrFault(): Read | undefined | string {
    try {
      return this.read();
    } catch (error) {
      return `${error}`;
    }
  }

  /** The state on disk is the known one, to the octet, or one that follows it. */
  #againstKnown({ stored, text }: Read): string[] {
    if (this.#known === undefined) return [];
    const { stored: before, text: textBefore } = this.#known;
    if (stored.generation < before.generation) return [`generation ${before.generation} is lost`];
    if (stored.generation === before.generation) {
      return text === textBefore ? [] : [`generation ${stored.generation} has two contents`];
    }
    const began = rolloversOf(stored.zoneState).flatMap(({ incoming, outgoing }) => [
      ...incoming,
      ...outgoing,
    ]);
    const wasSecured = before.zoneState.goal === 'insecure';
    const extra = newKeys(before, stored).filter(
      ({ id, goal }) => goal === 'IN' && !began.includes(id) && !wasSecured,
    );
    return [
      ...lostKeys(before, stored),
      ...extra.map(({ tag }) => `key ${tag} belongs to no rollover`),
      ...rolloverFaults(before, stored),
    ];
  }

  /** Every key of the state has its files, whole and of one pair. */
  #keyFileFaults({ zoneState }: StoredState): string[] {
    return zoneState.keys.flatMap((key) => {
      const base = join(this.folder, keyFileBase(this.apex, key.algorithm, key.tag));
      try {
        const mode = statSync(`${base}.private`).mode & 0o777;
        const secret = parsePrivateFile(readFileSync(`${base}.private`, 'latin1'));
        const open = parsePublicFile(readFileSync(`${base}.key`, 'latin1'), this.apex);
        if (typeof secret === 'string' || typeof open === 'string') return [`${base}: ${secret}, ${open}`];
        loadPrivateKey(key.algorithm, secret.privateOctets, key.publicKey);
        const isSame = hex(dnskeyRdata(open.flags, open.algorithm, open.publicKey)) === hex(dnskeyOf(key));
        return isSame && mode === 0o600 ? [] : [`${base}: another key, or mode ${mode.toString(8)}`];
      } catch (error) {
        return [`key ${key.tag}: ${(error as Error).message}`];
      }
    });
  }

  /** Whoever was seen in a DNSKEY RRset is known as published, or has a tombstone. */
  #publishedFaults({ zoneState, tombstones }: StoredState): string[] {
    const known = new Set(
      zoneState.keys.filter((key) => key.publishedAt !== null).map((key) => hex(dnskeyOf(key))),
    );
    const dead = new Set(tombstones.map((tombstone) => tombstone.publicKeyHash));
    return [...this.#published].flatMap((rdata) => {
      const { algorithm, publicKey } = readDnskey(Buffer.from(rdata, 'hex'))!;
      if (known.has(rdata) || dead.has(publicKeyHash(algorithm, publicKey))) return [];
      return [`was served and is not in the state: DNSKEY ${rdata}`];
    });
  }

  /** What was served last was durable before: the logs on disk have it. */
  #seenFaults({ zoneState }: StoredState, killedAt: number, now: UnixSeconds): string[] {
    return [...this.#seen].flatMap(([type, { sight, at }]) => {
      if (type === RRTYPE.CDS || at < killedAt - FRESH_MS) return [];
      const logged = loggedSights(zoneState, type, now);
      if (logged.includes(sightText(sight))) return [];
      return [`served ${formatType(type)} ${sightText(sight)}, but the state has ${logged.join(' or ')}`];
    });
  }

  /** The trail is what it was and more, a whole chain, and one turn ahead of the state at most (decision 0006). */
  #auditFaults({ generation }: StoredState): string[] {
    const text = this.#readAudit();
    const before = this.#auditText;
    this.#auditText = text;
    if (!text.startsWith(before)) return ['the audit log was rewritten'];
    let last = 0;
    let head = '';
    return text.split('\n').flatMap((line) => {
      const entry = parsedLine(line);
      if (entry === undefined) return [];
      const linked = createHash('sha256')
        .update(`${head}\n${line.replace(HASH_FIELD, '}')}`)
        .digest('hex');
      if (entry.hash !== linked) return [`audit log: does not follow from the line before: ${line}`];
      head = linked;
      const isGood = entry.generation >= last && entry.generation <= generation + 1;
      last = entry.generation;
      return isGood ? [] : [`audit log: out of order, generation ${generation}: ${line}`];
    });
  }

  #readAudit(): string {
    try {
      return readFileSync(join(this.folder, 'audit.log'), 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
      throw error;
    }
  }

  /** What the kill interrupted, by what it left. */
  remnants(): Remnant[] {
    const names = readdirSync(this.folder);
    const bases = new Set(names.flatMap((name) => parseKeyFileName(name)?.base ?? []));
    const stored = this.stored;
    const baseOf = ({ algorithm, tag }: { readonly algorithm: number; readonly tag: number }) =>
      keyFileBase(this.apex, algorithm, tag);
    const named = new Set(stored?.zoneState.keys.map(baseOf));
    const dead = new Set(stored?.tombstones.map(baseOf));
    const found: Record<Remnant, boolean> = {
      'temporary state': names.some((name) => name.endsWith('.tmp')),
      'staged key files': names.some((name) => name.endsWith('.new')),
      'key files without a state': [...bases].some((base) => !named.has(base) && !dead.has(base)),
      'purge half done': [...bases].some((base) => !named.has(base) && dead.has(base)),
      'torn audit line': !/^$|\n$/.test(this.#auditText),
      'content not acknowledged': stored !== undefined && stored.zoneState.pendingSince !== null,
    };
    return REMNANTS.filter((remnant) => found[remnant]);
  }

  // ---- After a restart ----

  /** Compares the state of a server that was started again with what the kill left. */
  checkRestarted(killedAt: number): string[] {
    const before = this.#known?.stored;
    const read = this.#readOrFault();
    if (typeof read === 'string') return [read];
    if (read === undefined) return ['it has no state'];
    this.#known = read;
    if (before === undefined) return [];
    return [
      ...lostKeys(before, read.stored),
      ...newKeys(before, read.stored).map(({ tag }) => `key ${tag} was made by a restart`),
      ...rolloverFaults(before, read.stored),
      ...timerFaults(before, read.stored, killedAt),
    ];
  }

  /** Reads the state of a server that runs. */
  refresh(): StoredState {
    this.#known = this.read()!;
    return this.#known.stored;
  }

  /** At rest: the keys that a scheme has, all seen everywhere, and nothing else but tombstones. */
  checkAtRest(keyCount: number): string[] {
    const zoneState = this.read()?.stored.zoneState;
    const staying = zoneState?.keys.filter(({ goal }) => goal === 'IN').length;
    const leaving = zoneState?.keys.filter((key) => key.goal === 'OUT' && !isEntirelyHidden(key)).length;
    return staying === keyCount && leaving === 0 ? [] : [`${staying} keys stay, ${leaving} are leaving`];
  }
}

function newKeys(before: StoredState, after: StoredState): Key[] {
  return after.zoneState.keys.filter(({ id }) => findKey(before.zoneState, id) === undefined);
}

/** Keys and tombstones that are no more, and keys that came back. */
function lostKeys(before: StoredState, after: StoredState): string[] {
  const dead = new Set(after.tombstones.map(({ id }) => id));
  const living = new Set(after.zoneState.keys.map(({ id }) => id));
  const lost = before.zoneState.keys.filter(({ id }) => !living.has(id) && !dead.has(id));
  const raised = before.tombstones.filter(({ id }) => !dead.has(id) || living.has(id));
  return [
    ...lost.map(({ tag }) => `key ${tag} is lost`),
    ...raised.map(({ tag }) => `key ${tag} has no tombstone any more`),
  ];
}

/** A rollover keeps its id, its start and its keys; only a new one that was ordered is another. */
function rolloverFaults(before: StoredState, after: StoredState): string[] {
  const known = new Map(rolloversOf(before.zoneState).map((rollover) => [rollover.id, rollover]));
  const keysOf = ({ incoming, outgoing }: Rollover) => [...incoming, ...outgoing].sort().join(' ');
  return rolloversOf(after.zoneState).flatMap((rollover) => {
    const old = known.get(rollover.id);
    const isSame =
      old === undefined || (old.startedAt === rollover.startedAt && keysOf(old) === keysOf(rollover));
    return isSame ? [] : [`rollover ${rollover.id} was begun again`];
  });
}

/** No deadline is written twice: where a record is in the same state, its times are the same. */
function timerFaults(before: StoredState, after: StoredState, killedAt: number): string[] {
  const begun = new Set(rolloversOf(before.zoneState).map(({ id }) => id));
  const strange = rolloversOf(after.zoneState).filter(({ id }) => !begun.has(id));
  const faults = strange.map(({ type }) => `a ${type} rollover that nobody ordered`);
  for (const key of after.zoneState.keys) {
    const old = findKey(before.zoneState, key.id);
    for (const record of old === undefined ? [] : RECORD_KINDS) {
      const [was, is] = [old!.states[record], key.states[record]];
      if (was === null || is === null) continue;
      const what = `key ${key.tag} ${record} ${is.state}`;
      if (was.state !== is.state) {
        if (is.since < Math.floor(killedAt / 1000)) faults.push(`${what}: since ${formatInstant(is.since)}`);
        continue;
      }
      const isKept = (['since', 'doneAt', 'notBefore'] as const).every(
        (time) => was[time] === null || was[time] === is[time],
      );
      if (!isKept) faults.push(`${what}: ${JSON.stringify(was)} became ${JSON.stringify(is)}`);
    }
  }
  return faults;
}

function parsedLine(line: string): { readonly generation: number; readonly hash: string } | undefined {
  try {
    return JSON.parse(line) as { generation: number; hash: string };
  } catch {
    return undefined; // a line that a kill has torn, or an empty one
  }
}
