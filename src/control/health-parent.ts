/** What looks at the parent show that a person must see to: a chain that is broken, DS of others, a silent parent. */
import { formatInstant, type UnixSeconds } from '../base/time.ts';
import { concernsOf } from '../daemon/concerns.ts';
import type { ParentMonitor } from '../daemon/monitor.ts';
import type { Zone } from '../daemon/zone.ts';
import type { Unknown } from '../parent/judge.ts';
import type { Watch } from '../parent/watch.ts';
import type { Finding } from './watch-shapes.ts';

/** A parent that cannot be seen for so long holds up what waits for it. */
const UNSEEN_SECONDS = 86_400;
/** Reasons why a zone still waits that do not go away by themselves. */
const STUCK_CODES: readonly string[] = ['PARENT_FLAPS', 'PARENT_IGNORES_CDS', 'DSYNC_SEVERAL'];

/** What health says of the parent of a zone. */
export function parentFindings(zone: Zone, monitor: ParentMonitor | undefined, now: UnixSeconds): Finding[] {
  const { signing, name } = zone;
  const found = concernsOf(zone, monitor, now).map((concern) => ({ ...concern, zone: name }));
  if (monitor === undefined || signing === undefined) return found;
  const { watch } = monitor.knownOf(zone);
  return [...found, ...unseenFindings(name, watch, signing.waitingSince, now), ...stuckFindings(zone)];
}

function stuckFindings({ name, parentReasons }: Zone): Finding[] {
  const stuck = parentReasons.filter(({ code }) => STUCK_CODES.includes(code));
  return stuck.map(({ code, text }) => ({
    ...{ level: 'warning', code, zone: name, message: `what waits for the parent may wait long: ${text}` },
    fix: `keyturn parent show ${name}; keyturn explain ${code}`,
  }));
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
