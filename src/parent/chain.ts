/**
 * Whether the DS records at the parent lead to keys that are served. A DS set of which no member does is an outage: for
 * validators the zone is bogus (RFC 4035 §5.2), on each server of the parent that has it so.
 */
import { isShown, type Key } from '../kasp/key.ts';
import { dnskeyOf } from '../kasp/records.ts';
import { rolloversOf, type ZoneState } from '../kasp/zonestate.ts';
import type { Name } from '../wire/name.ts';
import type { Look } from './look.ts';
import { keysInLook } from './named.ts';
import { isDsOf } from './validate.ts';
import { foreignDs, type Watch } from './watch.ts';

/** How the DS set and the keys fit. */
export interface Chain {
  readonly look: Look;
  /** Some server has DS records of which none fits a key that is served. */
  readonly isBroken: boolean;
  /** Any DNSKEY is served. */
  readonly isSigned: boolean;
  /** DS RDATA that belong to no key that is here, served or not. */
  readonly foreign: readonly Uint8Array[];
  /** Keys that are not served and have a DS. */
  readonly retained: readonly Key[];
  /** Keys that shall go, of no rollover that runs, and have a DS: it came back. */
  readonly returned: readonly Key[];
}

/** Compares the last look with the keys; undefined if it saw nothing. */
export function chainOf(watch: Watch, child: Name, state: ZoneState): Chain | undefined {
  const outcome = watch.last?.outcome;
  if (outcome === undefined || outcome.kind === 'unknown') return undefined;
  const own = state.keys.filter(({ states }) => states.ds !== null);
  const served = state.keys.filter((key) => isShown(key, 'dnskey')).map(dnskeyOf);
  // A server is a way to the zone of its own: each needs a DS that fits.
  const isBroken = outcome.sights.some(
    ({ verdict }) =>
      verdict.kind === 'known' &&
      verdict.ds.length > 0 &&
      !verdict.ds.some((ds) => served.some((dnskey) => isDsOf(ds, child, dnskey))),
  );
  const named = keysInLook(watch, child, own);
  const rolled = rolloversOf(state).flatMap(({ incoming, outgoing }) => [...incoming, ...outgoing]);
  return {
    ...{ look: outcome, isBroken, isSigned: served.length > 0 },
    foreign: foreignDs(watch, child, [...served, ...own.map(dnskeyOf)]),
    retained: named.filter((key) => !isShown(key, 'dnskey')),
    returned: named.filter(({ id, goal }) => goal === 'OUT' && !rolled.includes(id)),
  };
}

/** True if the last look saw every server of the parent. */
export function isWhole({ last }: Watch): boolean {
  const outcome = last?.outcome;
  if (outcome === undefined || outcome.kind === 'unknown') return false;
  return outcome.sights.every(({ verdict }) => verdict.kind === 'known');
}
