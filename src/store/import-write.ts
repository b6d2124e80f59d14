/**
 * Takes keys of another signer into the keys directory, all or nothing: pairs, state and the line of the audit trail
 * are written into a directory of their own, read back and probed, and that directory then gets its name by one
 * rename. A crash before it leaves what nobody reads, and the next import clears it away.
 */
import type { FileStore, Random } from '../base/ports.ts';
import type { UnixSeconds } from '../base/time.ts';
import { loadPrivateKey, probeKey } from '../dnssec/keypair.ts';
import type { Policy } from '../kasp/policy.ts';
import type { ZoneState } from '../kasp/zonestate.ts';
import { formatName, type Name } from '../wire/name.ts';
import { type AuditEvent, AuditLog } from './audit.ts';
import type { SettledKey } from './import-roles.ts';
import { KeystoreError, writePairs } from './keypairs.ts';
import { zoneKeysPath } from './keystore.ts';
import { openZoneKeys } from './openkeys.ts';
import { saveState } from './state.ts';

/** No zone has a directory of this name: `+` is written %2B in those. */
const STAGING = '+import';
/** Directories in which an import is being staged. */
const underway = new Set<string>();

export interface ImportTarget {
  readonly files: FileStore;
  readonly random: Random;
  readonly keysDirectory: string;
  readonly origin: Name;
  readonly policy: Policy;
  readonly now: UnixSeconds;
}

/** Throws KeystoreError if the zone has keys, or anything else where they would be. */
export function refusePresent({ files, keysDirectory, origin }: ImportTarget): void {
  const path = zoneKeysPath(keysDirectory, origin);
  if (files.stat(path) === undefined || files.list(path).length === 0) return;
  throw new KeystoreError('KEYS_PRESENT', `${formatName(origin)} has keys already, in ${path}`);
}

/** Proves that every key can sign what its public half verifies. Throws KeystoreError. */
export function probeKeys(keys: readonly SettledKey[], random: Random): void {
  for (const { source, algorithm, publicKey, privateOctets } of keys) {
    let fault: string | undefined;
    try {
      const key = loadPrivateKey(algorithm, privateOctets, publicKey);
      fault = probeKey(algorithm, key, publicKey, random.octets(32));
    } catch (error) {
      throw new KeystoreError('KEY_MISMATCH', `${source}: ${(error as Error).message}`, { cause: error });
    }
    if (fault !== undefined) throw new KeystoreError('KEY_PROBE', `${source}: ${fault}`);
  }
}

/** Makes keys and state those of the zone, durably. Throws KeystoreError, StateError or FileStoreError. */
export async function writeImport(
  target: ImportTarget,
  settled: readonly SettledKey[],
  zoneState: ZoneState,
  event: AuditEvent,
): Promise<void> {
  refusePresent(target);
  const path = zoneKeysPath(`${target.keysDirectory}/${STAGING}`, target.origin);
  if (underway.has(path)) {
    throw new KeystoreError('KEYS_PRESENT', `keys of ${formatName(target.origin)} are being imported`);
  }
  underway.add(path);
  try {
    await stage(target, settled, { zoneState, event, path });
    const final = zoneKeysPath(target.keysDirectory, target.origin);
    await target.files.renameDurable([{ from: path, to: final }]);
  } finally {
    underway.delete(path);
  }
}

/** Writes everything into the directory `path`, and proves that it can be used. */
async function stage(
  { files, random, keysDirectory, origin, policy, now }: ImportTarget,
  settled: readonly SettledKey[],
  {
    zoneState,
    event,
    path,
  }: { readonly zoneState: ZoneState; readonly event: AuditEvent; readonly path: string },
): Promise<void> {
  await clear(files, path);
  for (const key of settled) {
    await writePairs({ files, path, origin }, [key], key.createdAt ?? now, (count) => random.octets(count));
  }
  await saveState({ files, path, origin }, { generation: 1, zoneState, tombstones: [] });
  const error = await new AuditLog(files, path).append([event], now, 1);
  if (error !== undefined) throw error;
  const opened = await openZoneKeys({
    ...{ files, random, origin, policy, now },
    keysDirectory: `${keysDirectory}/${STAGING}`,
  });
  for (const { id } of zoneState.keys) opened.privateKey(id);
}

/** Removes what an interrupted import left. */
async function clear(files: FileStore, path: string): Promise<void> {
  if (files.stat(path) === undefined) return;
  for (const name of files.list(path)) await files.removeDurable(`${path}/${name}`);
}
