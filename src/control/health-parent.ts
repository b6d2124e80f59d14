/** What looks at the parent show that a person must see to: a chain that is broken, DS of others, a silent parent. */
import { formatInstant, type UnixSeconds } from '../base/time.ts';
import type { ParentMonitor } from '../daemon/monitor.ts';
import type { Zone } from '../daemon/zone.ts';
import { tagOfDs } from '../dnssec/ds.ts';
import { isShown } from '../kasp/key.ts';
import { dnskeyOf } from '../kasp/records.ts';
import type { Unknown } from '../parent/judge.ts';
import { waitingSince } from '../parent/news.ts';
import { foreignDs, type Watch } from '../parent/watch.ts';
import { formatName } from '../wire/name.ts';
import type { Finding } from './watch-shapes.ts';

/** A parent that cannot be seen for so long holds up what waits for it. */
const UNSEEN_SECONDS = 86_400;

/** What health says of the parent of a zone. */
export function parentFindings(zone: Zone, monitor: ParentMonitor | undefined, now: UnixSeconds): Finding[] {
  const { signing, name } = zone;
  if (monitor === undefined || signing === undefined) return [];
  const { watch } = monitor.knownOf(zone);
  return [
    ...chainFindings(zone, watch),
    ...unseenFindings(name, watch, waitingSince(signing.zoneState), now),
  ];
}

/** DS records at the parent that fit no key that is served, as the last look saw them. */
export function chainFindings({ name, origin, signing }: Zone, watch: Watch): Finding[] {
  const outcome = watch.last?.outcome;
  if (outcome === undefined || outcome.kind === 'unknown') return [];
  const served = signing!.zoneState.keys.filter((key) => isShown(key, 'dnskey')).map(dnskeyOf);
  const foreign = foreignDs(watch, origin, served);
  if (foreign.length === 0) return [];
  const tags = foreign.map(tagOfDs).join(', ');
  const where = formatName(outcome.parent);
  // A server is a way to the zone of its own: each needs a DS that fits.
  const isBroken = outcome.sights.some(({ verdict }) => {
    if (verdict.kind === 'unknown' || verdict.ds.length === 0) return false;
    return verdict.ds.every((ds) => foreign.some((one) => Buffer.compare(one, ds) === 0));
  });
  if (!isBroken) {
    const message = `${where} has a DS (${tags}) of no key that is served, beside one that fits`;
    const fix = 'have it removed, unless another signer of the zone needs it';
    return [{ level: 'warning', code: 'PARENT_DS_FOREIGN', zone: name, message, fix }];
  }
  const message = `${where} has DS records (${tags}) that fit no key: validators find the zone bogus`;
  const fix = `have them replaced at once by those of: keyturn ds ${name}`;
  return [{ level: 'critical', code: 'PARENT_DS_ORPHAN', zone: name, message, fix }];
}

function unseenFindings(
  name: string,
  { last, rounds }: Watch,
  since: UnixSeconds | null,
  now: UnixSeconds,
): Finding[] {
  if (last === null || since === null || last.at === rounds.at(-1)?.at) return [];
  const from = Math.max(since, rounds.at(-1)?.at ?? 0) as UnixSeconds;
  const unknown = reasonOf(last.outcome);
  if (unknown === undefined || now - from < UNSEEN_SECONDS) return [];
  const unseen = `not all of the parent was seen since ${formatInstant(from)}`;
  const message = `what waits for the parent goes no further, ${unseen}: ${unknown.text}`;
  return [
    { level: 'warning', code: unknown.reason, zone: name, message, fix: `keyturn parent show ${name}` },
  ];
}

function reasonOf(outcome: NonNullable<Watch['last']>['outcome']): Unknown | undefined {
  if (outcome.kind === 'unknown') return outcome;
  return outcome.sights.flatMap(({ verdict }) => (verdict.kind === 'unknown' ? [verdict] : []))[0];
}
