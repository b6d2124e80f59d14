/** Keys of other signers for tests of the import, as its readers give them, and what their import is told. */
import { generateKey } from '../../src/dnssec/keypair.ts';
import { DEFAULT_POLICY } from '../../src/kasp/policy.ts';
import { type ForeignKey, NO_PLAN } from '../../src/store/import-key.ts';
import type { Settling } from '../../src/store/import-roles.ts';
import type { Adopting } from '../../src/store/import-state.ts';
import { KeystoreError } from '../../src/store/keypairs.ts';
import { NOON } from './kasp-states.ts';
import { strongRandom } from './random.ts';

let count = 0;

/** A new key with flags 257, of which nothing else is known. */
export function foreignKey(changes: Partial<ForeignKey> = {}): ForeignKey {
  return {
    ...{ source: `key ${++count}`, algorithm: 13, flags: 257, roles: null },
    ...{ createdAt: null, ttl: null, timing: null, plan: NO_PLAN },
    ...generateKey(13, (octets) => strongRandom.octets(octets)),
    ...changes,
  };
}

/** At noon, nobody looked at what is served, and nobody said what keys are for. */
export const BARE: Settling = { served: undefined, words: [], now: NOON };

/** At noon; ids are `id-1`, `id-2` and so on. */
export function adopting(): Adopting {
  let n = 0;
  return { policy: DEFAULT_POLICY, now: NOON, servedTtl: null, newId: () => `id-${++n}` };
}

/** The code of the KeystoreError that is thrown; `none` if nothing is. */
export function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof KeystoreError) return error.code;
    throw error;
  }
  return 'none';
}
