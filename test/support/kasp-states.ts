/** Zones for tests of the machine's parts: keys in states that are written as ROLLOVER does. */
import { type UnixSeconds, unixSeconds } from '../../src/base/time.ts';
import {
  type Delegation,
  hiddenKey,
  type Key,
  type KeyRole,
  RECORD_KINDS,
  type RecordState,
  withRecord,
} from '../../src/kasp/key.ts';
import { newZoneState, type ZoneState } from '../../src/kasp/zonestate.ts';

/** 2026-11-24T12:00:00Z. */
export const NOON: UnixSeconds = unixSeconds(1_795_521_600);

const LETTERS: Readonly<Record<string, RecordState>> = {
  H: 'hidden',
  R: 'rumoured',
  O: 'omnipresent',
  U: 'unretentive',
};

/** A key in states `dnskey/krrsig/zrrsig/ds`, as `O/O/-/R`; published a day before noon unless it never was. */
export function keyIn(id: string, states: string, changes: Partial<Key> = {}): Key {
  const letters = states.split('/');
  const roles: KeyRole[] = [];
  if (letters[1] !== '-') roles.push('key-signing');
  if (letters[2] !== '-') roles.push('zone-signing');
  const publicKey = new Uint8Array(64).fill([...id].reduce((sum, letter) => sum + letter.charCodeAt(0), 0));
  const since = unixSeconds(NOON - 86_400);
  let key = hiddenKey({ id, algorithm: 13, roles, publicKey }, since);
  RECORD_KINDS.forEach((kind, at) => {
    const state = LETTERS[letters[at]!];
    if (state !== undefined) key = withRecord(key, kind, { state, since, doneAt: since, notBefore: null });
  });
  const publishedAt = letters[0] === 'H' ? null : since;
  return { ...key, publishedAt, ...changes };
}

/** A zone with these keys, whose DS is at the parent unless said otherwise. */
export function zoneOf(keys: readonly Key[], changes: Partial<ZoneState> = {}): ZoneState {
  const delegation: Delegation = 'secure';
  return { ...newZoneState(keys), delegation, ...changes };
}
