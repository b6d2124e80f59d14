/** The dated future of a zone (kasp/plan) in the shape and the words of operations. */
import { formatDuration, formatInstant, type UnixSeconds } from '../base/time.ts';
import type { ZoneSigning } from '../daemon/signing.ts';
import type { Zone } from '../daemon/zone.ts';
import type { Key } from '../kasp/key.ts';
import { PROPERTIES, type Violation } from '../kasp/oracle.ts';
import { isImagined, type PlanRow, plan } from '../kasp/plan.ts';
import type { RolloverRequest, Waiting } from '../kasp/step.ts';
import { iso } from './describe.ts';
import type { RolloverPlan } from './shapes.ts';
import { keyWord } from './words.ts';

/** Plans what a zone does from `now` on; `request` is a rollover that is not refused. */
export function planOf(
  { zone, signing }: { readonly zone: Zone; readonly signing: ZoneSigning },
  options: {
    readonly until: UnixSeconds;
    readonly request?: RolloverRequest;
    readonly parentDelay?: number | undefined;
  },
  now: UnixSeconds,
): RolloverPlan {
  const { request, until } = options;
  const parentDelay = options.parentDelay ?? signing.policy.parent.propagation;
  const planned = plan(signing.zoneState, zone.keeper.facts!, signing.policy, {
    ...{ now, until, parentDelay },
    ...(request === undefined ? {} : { request }),
  });
  const names = labelsOf(planned.keys);
  return {
    zone: zone.name,
    parentDelay,
    rows: planned.rows.map((row) => rowOf(row, names)),
    doneAt: iso(planned.doneAt),
    forecast: planned.forecast.map(forecastOf),
  };
}

/** `CSK 1234` for keys that exist, `new CSK` for those that are yet to be made. */
export function labelsOf(keys: readonly Key[]): (id: string) => string {
  const labels = new Map<string, string>();
  const counts = new Map<string, number>();
  for (const key of keys) {
    const word = keyWord(key);
    if (!isImagined(key.id)) {
      labels.set(key.id, `${word} ${key.tag}`);
      continue;
    }
    const count = (counts.get(word) ?? 0) + 1;
    counts.set(word, count);
    labels.set(key.id, count === 1 ? `new ${word}` : `new ${word} ${count}`);
  }
  return (id) => labels.get(id) ?? id;
}

function rowOf(row: PlanRow, nameOf: (id: string) => string): RolloverPlan['rows'][number] {
  return {
    at: formatInstant(row.at),
    ...plannedOf(row, nameOf),
    waitingFor: [...new Set(row.waitingFor.map((wait) => waitWords(wait, nameOf)))],
  };
}

/** What is served at the time of a row, and what the parent has, by the names of keys. */
export function plannedOf(
  row: PlanRow,
  nameOf: (id: string) => string,
): Omit<RolloverPlan['rows'][number], 'at' | 'waitingFor'> {
  const names = (ids: readonly string[]) => ids.map(nameOf);
  return {
    step: row.step,
    dnskey: names(row.dnskey),
    signers: names(row.signers),
    zoneSigners: names(row.zoneSigners),
    cds: row.cds === 'delete' ? ['delete'] : names(row.cds),
    ds: names(row.ds),
  };
}

function waitWords({ keyId, record, to, until, because }: Waiting, nameOf: (id: string) => string): string {
  const when = until === null ? '' : ` at ${formatInstant(until)}`;
  return `${nameOf(keyId)} ${record} ${to}${when}: ${because}`;
}

function forecastOf({ property, from, until }: Violation): RolloverPlan['forecast'][number] {
  const how = until === null ? 'from then on' : `for ${formatDuration(Math.max(0, until - from))}`;
  const message = `may be bogus ${how}: not so is then "${PROPERTIES[property]}" (${property})`;
  return { property, from: formatInstant(from), until: iso(until), message };
}
