/** Zones in the middle of a rollover, written down as ROLLOVER's tables do. */
import { unixSeconds } from '../../src/base/time.ts';
import { hiddenKey, type Key, type RecordState } from '../../src/kasp/key.ts';
import { newZoneState, type Rollover, type ZoneState } from '../../src/kasp/zonestate.ts';

export const SCENE_TIME = unixSeconds(1_795_521_600);

const LETTERS: Readonly<Record<string, RecordState>> = {
  H: 'hidden',
  R: 'rumoured',
  O: 'omnipresent',
  U: 'unretentive',
};

/** A key in states like `O/O/-/R` (dnskey, krrsig, zrrsig, ds; `-` for no such record). */
export function keyIn(id: string, states: string, changes: Partial<Key> = {}): Key {
  const letters = states.split('/');
  const [dnskey, krrsig, zrrsig, ds] = letters.map((letter) =>
    letter === '-'
      ? null
      : { state: LETTERS[letter]!, since: SCENE_TIME, doneAt: SCENE_TIME, notBefore: null },
  );
  const roles: Key['roles'] = [
    ...(krrsig === null ? [] : (['key-signing'] as const)),
    ...(zrrsig === null ? [] : (['zone-signing'] as const)),
  ];
  const publicKey = new Uint8Array(64).fill(id.charCodeAt(0));
  const key = hiddenKey({ id, algorithm: changes.algorithm ?? 13, roles, publicKey }, SCENE_TIME);
  return { ...key, states: { dnskey: dnskey!, krrsig: krrsig!, zrrsig: zrrsig!, ds: ds! }, ...changes };
}

/** A key that goes. */
export function leaving(id: string, states: string, changes: Partial<Key> = {}): Key {
  return keyIn(id, states, { goal: 'OUT', ...changes });
}

/** A rollover of the keys by their goals, unless `changes` names them. */
export function rolloverOf(keys: readonly Key[], changes: Partial<Rollover>): Rollover {
  const withGoal = (goal: Key['goal']) => keys.filter((key) => key.goal === goal).map(({ id }) => id);
  return {
    id: 'rollover',
    type: 'ksk',
    method: 'additive',
    emergency: null,
    startedAt: SCENE_TIME,
    incoming: withGoal('IN'),
    outgoing: withGoal('OUT'),
    cancelledAt: null,
    step: 'publish',
    stepSince: SCENE_TIME,
    isStalled: false,
    followedBy: null,
    ...changes,
  };
}

/** A zone with a DS at the parent in which a rollover runs. */
export function rollingZone(
  keys: readonly Key[],
  rollover: Partial<Rollover>,
  changes: Partial<ZoneState> = {},
): ZoneState {
  return {
    ...newZoneState(keys),
    delegation: 'secure',
    rollover: rolloverOf(keys, rollover),
    ...changes,
  };
}
