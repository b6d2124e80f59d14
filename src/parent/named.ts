/**
 * Which keys the parent names, by what the state tells and by the last look. One server is enough: what it has is in
 * caches, whether or not looks have proven anything yet.
 */
import type { UnixSeconds } from '../base/time.ts';
import type { Key } from '../kasp/key.ts';
import { namedKeys } from '../kasp/named.ts';
import type { Policy } from '../kasp/policy.ts';
import { dnskeyOf } from '../kasp/records.ts';
import type { ZoneState } from '../kasp/zonestate.ts';
import type { Name } from '../wire/name.ts';
import { isDsOf } from './validate.ts';
import type { Watch } from './watch.ts';

/** Keys whose DS some server of the parent had at the last look. */
export function keysInLook({ last }: Watch, child: Name, keys: readonly Key[]): Key[] {
  if (last === null || last.outcome.kind === 'unknown') return [];
  const seen = last.outcome.sights.flatMap(({ verdict }) => (verdict.kind === 'known' ? verdict.ds : []));
  if (seen.length === 0) return [];
  return keys.filter((key) => key.states.ds !== null && hasDs(seen, child, dnskeyOf(key)));
}

function hasDs(seen: readonly Uint8Array[], child: Name, dnskey: Uint8Array): boolean {
  return seen.some((ds) => isDsOf(ds, child, dnskey));
}

/** What is known of a zone, at an instant. */
export interface NamedScene {
  readonly origin: Name;
  readonly state: ZoneState;
  readonly policy: Policy;
  readonly watch: Watch;
  readonly now: UnixSeconds;
}

/** Keys for which the zone must stay: the parent, or a cache, may have a DS of them. */
export function keysNamed({ origin, state, policy, watch, now }: NamedScene): Key[] {
  const byState = namedKeys(state, policy, now);
  const byLook = keysInLook(watch, origin, state.keys);
  return state.keys.filter((key) => byState.includes(key) || byLook.includes(key));
}
