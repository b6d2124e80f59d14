/**
 * Taking over key files that came without a state, from BIND, ldns, PowerDNS or an interrupted first start: one 257
 * alone is a CSK, a 257 with a 256 are KSK and ZSK (DESIGN §8). Keys that are revoked or by their timing metadata out
 * of use are left alone. What remains unclear is refused: a guess could sign with a key that no validator knows.
 */
import type { Random } from '../base/ports.ts';
import type { UnixSeconds } from '../base/time.ts';
import { DNSKEY_FLAG, FLAGS_SEP, FLAGS_ZONE } from '../dnssec/dnskey.ts';
import { CSK_ROLES, hiddenKey, type Key, type KeyRole, KSK_ROLES, ZSK_ROLES } from '../kasp/key.ts';
import { formatName } from '../wire/name.ts';
import { keyId } from './create.ts';
import { type KeyDirectory, type KeyFilePair, KeystoreError, probePair, readPair } from './keypairs.ts';

/** Adopts the key files with these bases, all hidden; `notes` tells which were left alone. Throws KeystoreError. */
export function adoptKeys(
  directory: KeyDirectory,
  { random, now }: { readonly random: Random; readonly now: UnixSeconds },
  bases: readonly string[],
): { keys: Key[]; notes: string[] } {
  const notes: string[] = [];
  const pairs: KeyFilePair[] = [];
  for (const base of bases) {
    const pair = readPair(directory, base);
    const why = outOfUse(pair, now);
    if (why === undefined) pairs.push(pair);
    else notes.push(`${directory.path}/${base} is not adopted: ${why}`);
  }
  const keys = assignRoles(directory, pairs).map(({ pair, roles }) => {
    probePair(directory, pair, random.octets(32));
    const id = keyId(random);
    return hiddenKey({ id, algorithm: pair.algorithm, roles, publicKey: pair.publicKey }, now);
  });
  return { keys, notes };
}

/** Why a key is not in use, or undefined if it is. */
function outOfUse({ flags, times }: KeyFilePair, now: UnixSeconds): string | undefined {
  if ((flags & DNSKEY_FLAG.REVOKE) !== 0) return 'it is revoked';
  if (flags !== FLAGS_SEP && flags !== FLAGS_ZONE) return `its flags are ${flags}`;
  for (const name of ['Revoke', 'Inactive', 'Delete'] as const) {
    if ((times[name] ?? Number.POSITIVE_INFINITY) <= now) return `its ${name} time is over`;
  }
  // A key that was active from its creation is, even if the clock has been set back since.
  const isLater = times.Activate !== undefined && times.Activate !== times.Created && times.Activate > now;
  return isLater ? 'its Activate time is still to come' : undefined;
}

function assignRoles(
  { path, origin }: KeyDirectory,
  pairs: readonly KeyFilePair[],
): { pair: KeyFilePair; roles: readonly KeyRole[] }[] {
  const zone = formatName(origin);
  const signers = pairs.filter(({ flags }) => flags === FLAGS_SEP);
  const zoneKeys = pairs.filter(({ flags }) => flags === FLAGS_ZONE);
  if (pairs.length === 0) {
    throw new KeystoreError(
      'KEYS_INACTIVE',
      `${path}: no key of ${zone} is in use, and none is made beside them`,
    );
  }
  if (signers.length === 0) {
    throw new KeystoreError(
      'KEYS_INCOMPLETE',
      `${path}: ${zone} has zone-signing keys, but none with flags 257`,
    );
  }
  if (signers.length > 1 || zoneKeys.length > 1) {
    throw new KeystoreError(
      'KEYS_AMBIGUOUS',
      `${path}: ${zone} has ${signers.length} keys with flags 257 and ${zoneKeys.length} with 256; ` +
        'leave one 257 and at most one 256, and move the others elsewhere',
    );
  }
  const [signer, zoneKey] = [signers[0]!, zoneKeys[0]];
  if (zoneKey === undefined) return [{ pair: signer, roles: CSK_ROLES }];
  if (zoneKey.algorithm !== signer.algorithm) {
    throw new KeystoreError('KEYS_AMBIGUOUS', `${path}: the keys of ${zone} are of different algorithms`);
  }
  return [
    { pair: signer, roles: KSK_ROLES },
    { pair: zoneKey, roles: ZSK_ROLES },
  ];
}
