/**
 * The private halves that a zone has in memory. Most have one, and of a hundred thousand zones each would have a list or a
 * map for it; which is whose, their public halves tell.
 */
import { belongsTo, type LentKey, wipePrivateKey } from '../dnssec/privatekey.ts';
import type { Key } from '../kasp/key.ts';

export type LentKeys = LentKey | readonly LentKey[];

export const NO_LENT_KEYS: LentKeys = [];

export function lentList(lent: LentKeys): readonly LentKey[] {
  return 'memory' in lent ? [lent] : lent;
}

/** The private half of a key; undefined if it is not in memory. */
export function lentOf(lent: LentKeys, { publicKey }: Key): LentKey | undefined {
  return lentList(lent).find((one) => belongsTo(one, publicKey));
}

export function withLent(lent: LentKeys, more: LentKey): LentKeys {
  const all = [...lentList(lent), more];
  return all.length === 1 ? more : all;
}

/** Wipes out the private halves of these keys; what is left. */
export function wipeLent(lent: LentKeys, keys: readonly Key[]): LentKeys {
  const isOfThem = (one: LentKey) => keys.some(({ publicKey }) => belongsTo(one, publicKey));
  for (const one of lentList(lent)) if (isOfThem(one)) wipePrivateKey(one);
  return lentList(lent).filter((one) => !isOfThem(one));
}
