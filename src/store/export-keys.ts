/**
 * Keys for other programs, from the keys directory into another one: BIND's files (`.key`, `.private`, and `.state` as
 * its dnssec-policy keeps it) or PEM. Reads what is durable, needs no server, and changes nothing of the zone.
 */
import type { FileStore } from '../base/ports.ts';
import { formatInstant, type UnixSeconds } from '../base/time.ts';
import { findAlgorithm } from '../dnssec/algorithm.ts';
import { formatPem } from '../dnssec/keypair.ts';
import { isShown, type Key, RECORD_KINDS, stateOf } from '../kasp/key.ts';
import { findKey, type ZoneState } from '../kasp/zonestate.ts';
import { formatName, type Name } from '../wire/name.ts';
import {
  compactInstant,
  formatPrivateFile,
  formatPublicFile,
  keyFileBase,
  type PrivateKeyFile,
  type PrivateTime,
  RECORD_NAMES,
} from './keyfile.ts';
import { type KeyDirectory, KeystoreError, loadPair, readPrivate } from './keypairs.ts';
import { zoneKeysPath } from './keystore.ts';
import { loadState } from './state.ts';

export type ExportFormat = 'bind' | 'pem';

export interface ExportOptions {
  readonly files: FileStore;
  readonly keysDirectory: string;
  readonly origin: Name;
  readonly now: UnixSeconds;
  /** The directory to write into; it is made if it is not there. */
  readonly to: string;
  readonly format: ExportFormat;
  /** Undefined: all keys. */
  readonly tag: number | undefined;
  /** Private halves as well. */
  readonly hasPrivate: boolean;
}

export interface ExportedKey {
  readonly key: Key;
  readonly files: readonly string[];
}

/**
 * Writes the keys of a zone, mode 0600; nothing that exists is overwritten. Empty if the zone has no such key. Throws
 * KeystoreError, StateError or FileStoreError.
 */
export async function exportKeys(options: ExportOptions): Promise<ExportedKey[]> {
  const { files, keysDirectory, origin, to, tag } = options;
  const path = zoneKeysPath(keysDirectory, origin);
  const stored = loadState(files, path, origin);
  if (stored === undefined) {
    throw new KeystoreError('KEYS_NOT_FOUND', `${path} holds no keys of ${formatName(origin)}`);
  }
  const keys = stored.zoneState.keys.filter((key) => tag === undefined || key.tag === tag);
  if (keys.length === 0) return [];
  const documents = keys.map((key) => filesOf({ files, path, origin }, key, stored.zoneState, options));
  await files.makeDirectory(to);
  for (const { names } of documents) {
    const taken = [...names.keys()].find((name) => files.stat(`${to}/${name}`) !== undefined);
    if (taken !== undefined)
      throw new KeystoreError('KEYS_PRESENT', `${to}/${taken} exists and is not overwritten`);
  }
  const exported: ExportedKey[] = [];
  for (const { key, names } of documents) {
    const made = [...names].map(([name, text]) => ({ path: `${to}/${name}`, octets: Buffer.from(text) }));
    if (made.length > 0) await files.createDurable(made);
    exported.push({ key, files: made.map((file) => file.path) });
  }
  return exported;
}

/** Names and texts of the files of one key. */
function filesOf(
  directory: KeyDirectory,
  key: Key,
  state: ZoneState,
  { format, hasPrivate, now }: ExportOptions,
): { key: Key; names: Map<string, string> } {
  const { origin } = directory;
  const base = keyFileBase(origin, key.algorithm, key.tag);
  const names = new Map<string, string>();
  if (format === 'bind') names.set(`${base}.key`, formatPublicFile(origin, key, key.createdAt));
  if (!hasPrivate) return { key, names };
  const { privateOctets } = readPrivate(directory, `${base}.private`);
  const { algorithm, publicKey } = key;
  const loaded = loadPair(directory, { base, algorithm, privateOctets, publicKey });
  if (format === 'pem') return { key, names: names.set(`${base}.pem`, formatPem(loaded)) };
  names.set(`${base}.private`, formatPrivateFile(algorithm, privateOctets, key.createdAt, timesOf(key)));
  names.set(`${base}.state`, formatStateFile(key, state, { origin, now }));
  return { key, names };
}

// ---- BIND's times and states ----

/** Instants by which BIND knows what a key does, without and with a policy. */
function timesOf(key: Key): PrivateKeyFile['times'] {
  const { dnskey, krrsig, zrrsig } = key.states;
  const active = key.roles.includes('zone-signing') ? zrrsig : krrsig;
  const times: Partial<Record<PrivateTime, UnixSeconds>> = {};
  if (key.publishedAt !== null) times.Publish = key.publishedAt;
  if (active !== null && active.state !== 'hidden') {
    times.Activate = active.state === 'unretentive' ? (key.publishedAt ?? active.since) : active.since;
  }
  if (key.goal === 'OUT' && active !== null && !isShown(key, active === zrrsig ? 'zrrsig' : 'krrsig')) {
    times.Inactive = active.since;
  }
  if (key.goal === 'OUT' && dnskey !== null && !isShown(key, 'dnskey')) times.Delete = dnskey.since;
  return times;
}

/** The `.state` file of a key, as named writes it; what is not served by all threads yet counts from `now` on. */
export function formatStateFile(
  key: Key,
  state: ZoneState,
  { origin, now }: { readonly origin: Name; readonly now: UnixSeconds },
): string {
  const field = (name: string, value: string) => `${name}: ${value}`;
  const instant = (name: string, at: UnixSeconds | null | undefined) =>
    at == null ? [] : [field(name, `${compactInstant(at)} (${formatInstant(at)})`)];
  const tagOf = (id: string | null) => (id === null ? undefined : findKey(state, id)?.tag);
  const { seenAllAt, goneAllAt } = key.dsObservation;
  const [before, after] = [tagOf(key.predecessor), tagOf(key.successor)];
  const times = timesOf(key);
  const octets = findAlgorithm(key.algorithm)!.privateKeyOctets;
  const kinds = RECORD_KINDS.filter((record) => key.states[record] !== null);
  return [
    `; This is the state of key ${key.tag}, for ${formatName(origin)}`,
    field('Algorithm', String(key.algorithm)),
    field('Length', String(octets * 8)),
    field('Lifetime', '0'),
    ...(before === undefined ? [] : [field('Predecessor', String(before))]),
    ...(after === undefined ? [] : [field('Successor', String(after))]),
    field('KSK', key.roles.includes('key-signing') ? 'yes' : 'no'),
    field('ZSK', key.roles.includes('zone-signing') ? 'yes' : 'no'),
    ...instant('Generated', key.createdAt),
    ...instant('Published', key.publishedAt),
    ...instant('Active', times.Activate),
    ...instant('Retired', times.Inactive),
    ...instant('Removed', times.Delete),
    ...instant('DSPublish', seenAllAt),
    ...instant('DSRemoved', goneAllAt),
    ...kinds.flatMap((record) => instant(`${RECORD_NAMES[record]}Change`, key.states[record]!.doneAt ?? now)),
    ...kinds.map((record) => field(`${RECORD_NAMES[record]}State`, stateOf(key, record))),
    field('GoalState', key.goal === 'IN' ? 'omnipresent' : 'hidden'),
    '',
  ].join('\n');
}
