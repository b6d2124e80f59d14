/**
 * Opening the keys of one zone: `openZoneKeys` loads what is on disk, adopts key files that came without a state, or
 * makes the keys of a new zone. A key that cannot be read is an error and never a reason to make another.
 */
import type { FileStore, Random } from '../base/ports.ts';
import type { UnixSeconds } from '../base/time.ts';
import type { Policy } from '../kasp/policy.ts';
import { newZoneState } from '../kasp/zonestate.ts';
import { formatName, type Name } from '../wire/name.ts';
import { adoptKeys } from './adopt.ts';
import { createKeys, newKeys } from './create.ts';
import { isTemporary } from './files.ts';
import { KEPT_FILE, loadKept } from './keptsignatures.ts';
import { finishStaged, type KeyDirectory, listBases, setAside, stagedFiles } from './keypairs.ts';
import { dropAhead, isAsRead, type KeysAhead, keptAhead } from './keysahead.ts';
import { ZoneKeys, zoneKeysPath } from './keystore.ts';
import { stateDigest } from './packedstate.ts';
import { finishPurges } from './purge.ts';
import { parseState, readStateFile, STATE_FILE, type StoredState } from './state.ts';
import { checkStored, namesIn } from './storedkeys.ts';
import { ZoneDirectory } from './zonedirectory.ts';

export interface KeyStoreOptions {
  readonly files: FileStore;
  readonly random: Random;
  /** Directory of all zones' keys. */
  readonly keysDirectory: string;
  readonly origin: Name;
  /** `formatName` of it, if that is there already: of a hundred thousand zones none keeps another copy. */
  readonly name?: string | undefined;
  /** What keys a new zone gets. */
  readonly policy: Pick<Policy, 'scheme' | 'algorithm'>;
  readonly now: UnixSeconds;
  /** Open also if a private half is missing: the caller asks for `missing`, and decides what may be done without it. */
  readonly mayLack?: boolean;
  /** What was read ahead; it is looked at whether that still holds. */
  readonly ahead?: KeysAhead | undefined;
}

/**
 * Opens the keys of a zone. Throws KeystoreError, StateError or FileStoreError; then the zone has no keys, and none
 * was made in place of those that it should have.
 */
export async function openZoneKeys(options: KeyStoreOptions): Promise<ZoneKeys> {
  const { files, keysDirectory, origin, name = formatName(origin), random, ahead } = options;
  const directory = { files, path: zoneKeysPath(keysDirectory, origin), origin };
  const told = new ZoneDirectory(files, keysDirectory, name);
  if (ahead !== undefined) {
    if (isAsRead(directory, ahead)) return openedAhead(told, random, ahead);
    dropAhead(ahead);
  }
  let names = namesIn(files, directory.path);
  for (const name of names) {
    if (isTemporary(name)) await files.removeDurable(`${directory.path}/${name}`);
  }
  const state = readStateFile(files, directory.path);
  if (state !== undefined) {
    const stored = parseState(state, origin, `${directory.path}/${STATE_FILE}`);
    await setAside(directory, stagedFiles(names));
    const { unnamed, privates } = checkStored(directory, stored, listBases(names), options.mayLack ?? false);
    const kept = names.includes(KEPT_FILE) ? loadKept(files, directory.path) : undefined;
    return new ZoneKeys(told, random, stored, {
      how: 'loaded',
      notes: await finishPurges(directory, stored.tombstones, unnamed),
      read: { kept, privates, stateDigest: stateDigest(origin, state) },
    });
  }
  if (await finishStaged(directory, names)) names = files.list(directory.path);
  else await setAside(directory, stagedFiles(names));
  const bases = listBases(names);
  const adopted = bases.length > 0 ? adoptKeys(directory, options, bases) : undefined;
  const making = { random, now: options.now, keys: [], tombstones: [] };
  const keys = adopted?.keys ?? (await createKeys(directory, newKeys(options.policy), making));
  const fresh: StoredState = { generation: 0, zoneState: newZoneState(keys), tombstones: [] };
  return new ZoneKeys(told, random, fresh, {
    how: adopted === undefined ? 'created' : 'adopted',
    notes: adopted?.notes ?? [],
  });
}

function openedAhead(directory: KeyDirectory, random: Random, ahead: KeysAhead): ZoneKeys {
  const kept = keptAhead(ahead);
  const { state, held } = ahead;
  const { packed } = state ?? kept!.state!;
  const keys = new ZoneKeys(directory, random, packed, {
    how: 'loaded',
    notes: [],
    read: { kept, privates: new Map(), held, areSeen: true, stateDigest: state?.digest },
  });
  keys.wake();
  return keys;
}
