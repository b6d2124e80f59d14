/** The operations at work: from parameters that were checked to results, over the zones of the daemon. */
import { COUNTER } from '../base/counters.ts';
import type { Clock } from '../base/ports.ts';
import { formatInstant, type UnixSeconds } from '../base/time.ts';
import type { BulkRunner } from '../daemon/bulk.ts';
import { type ErrorReports, typeWords } from '../daemon/errorreports.ts';
import type { Scheduler } from '../daemon/scheduler.ts';
import type { Supervisor } from '../daemon/supervisor.ts';
import type { Zone } from '../daemon/zone.ts';
import type { Zones } from '../daemon/zones.ts';
import { isShown } from '../kasp/key.ts';
import { exportZone } from '../signer/export.ts';
import { addZonemd } from '../signer/export-zonemd.ts';
import type { Config } from '../store/config.ts';
import { formatListen } from '../transport/listen.ts';
import { formatName } from '../wire/name.ts';
import type { ZoneImage } from '../zone/image.ts';
import { createChildrenHandlers } from './children-handlers.ts';
import { iso, keySummary, needsOf, parentReasonsOf, rolloverStatusOf } from './describe.ts';
import { countChanges, diffOf } from './diff.ts';
import { dsFrom, dsOf } from './ds.ts';
import { getZone, noSuchZone, notServed, originOf } from './find.ts';
import { forgetZones } from './forget.ts';
import { createHandoverHandlers } from './handover-handlers.ts';
import { allZoneFindings, misnamedFindings } from './health.ts';
import { createJobHandlers } from './jobs.ts';
import { createKeyHandlers } from './key-handlers.ts';
import type { KeyContext } from './key-import.ts';
import { memoryOfServer, memoryOfZone } from './memory.ts';
import { createParentHandlers } from './parent-handlers.ts';
import { createPolicyHandlers } from './policy-handlers.ts';
import { createRolloverHandlers } from './rollovers.ts';
import type { Handlers } from './server.ts';
import type { ReloadedZone, StatusResult, ZoneDetail, ZoneSummary } from './shapes.ts';
import { createTimelineHandlers } from './timeline-handlers.ts';
import { createWatchHandlers, type WatchContext } from './watch-handlers.ts';
import { countZones, stateOfZone } from './zone-state.ts';

/** What handlers work on. */
export interface HandlerContext extends WatchContext, KeyContext {
  readonly config: Config;
  readonly clock: Clock;
  readonly zones: Zones;
  readonly supervisor: Supervisor;
  readonly scheduler: Scheduler;
  readonly bulk: BulkRunner;
  readonly version: string;
  readonly startedAt: UnixSeconds;
}

const TOLD_DUE = 20;
const TOLD_PROBLEMS = 100;
const TOLD_NEEDS = 100;
const TOLD_AWAITING = 100;

/** The handlers of all operations. */
export function createHandlers(context: HandlerContext): Handlers {
  const { zones, clock } = context;
  return {
    status: () => statusOf(context),
    'zone.list': ({ memory }) => ({
      zones: zones.all().map((zone) => ({ ...summaryOf(zone), ...(memory && memoryOf(context, zone)) })),
    }),
    'zone.show': ({ zone: name }) => {
      const zone = getZone(zones, name);
      return { ...detailOf(zone, context.supervisor.reports), ...memoryOf(context, zone) };
    },
    'zone.reload': async ({ zone }) => {
      const before = zone === undefined ? undefined : getServed(zones, zone);
      const reloaded = await zones.reload(zone === undefined ? undefined : originOf(zone));
      if (reloaded === undefined) throw noSuchZone(zone ?? '');
      const told = reloaded.map(({ zone: one, isChanged }) => reloadedOf(one, isChanged));
      return {
        zones: before === undefined ? told : [await withChanges(told[0]!, reloaded[0]!.zone, before)],
      };
    },
    'zone.diff': ({ zone, limit }) =>
      diffOf({ config: context.config, loads: context.supervisor.loads }, getZone(zones, zone), limit),
    'zone.export': ({ zone, signed, zonemd }) => {
      const { served, name, origin } = getZone(zones, zone);
      if (served === undefined) throw notServed(name);
      const lines = exportZone(served.epoch, { signed }, clock.now());
      return zonemd ? addZonemd(lines, origin, 'sha384', signed ? served.epoch.signers : []) : lines;
    },
    'zone.forget': (params) => forgetZones(context, params),
    'ds.show': ({ zone }) => dsOf(getZone(zones, zone), zones.monitor),
    ...createKeyHandlers(context),
    ...createRolloverHandlers(context),
    ...createParentHandlers(context),
    ...createChildrenHandlers(context),
    ...createHandoverHandlers(context),
    ...createJobHandlers(context),
    ...createWatchHandlers(context),
    ...createPolicyHandlers(context),
    ...createTimelineHandlers(context),
  };
}

// ---- Zones ----

function memoryOf({ supervisor }: HandlerContext, zone: Zone): Pick<ZoneSummary, 'memory'> {
  return { memory: memoryOfZone(zone, supervisor.answering) };
}

function summaryOf(zone: Zone): ZoneSummary {
  const { served, signing } = zone;
  const problem = zone.problem ?? zone.signingProblem;
  const keys = signing?.keys.zoneState.keys ?? [];
  return {
    zone: zone.name,
    state: stateOfZone(zone),
    serial: served?.image.serial ?? null,
    records: served?.image.recordCount ?? null,
    signed: (served?.epoch.signers.length ?? 0) > 0,
    policy: zone.policyName,
    keys: keys.map(keySummary),
    cds: { published: keys.some((key) => isShown(key, 'ds')), from: iso(dsFrom(zone)) },
    problem:
      problem === undefined ? null : { code: problem.code, message: problem.message, effect: zone.effect },
  };
}

function detailOf(zone: Zone, reports: ErrorReports): ZoneDetail {
  const { served, signing } = zone;
  const status = signing === undefined ? undefined : rolloverStatusOf(zone, signing);
  return {
    ...summaryOf(zone),
    file: zone.path,
    includes: zone.includes.map(({ path }) => path),
    servedSince: iso(served?.since ?? null),
    signaturesRenewedAt: served === undefined || signing === undefined ? null : iso(served.epoch.refreshAt),
    delegation: status?.delegation ?? null,
    goal: status?.goal ?? null,
    rollover: status?.rollover ?? null,
    overlapping: status?.overlapping ?? null,
    waiting: status?.waiting ?? [],
    needs: status?.needs ?? [],
    errorReports: reports.below(zone.origin).map(({ name, types, infoCode, count, firstAt, lastAt }) => ({
      ...{ name: formatName(name), types: typeWords(types), infoCode, count },
      ...{ firstAt: iso(firstAt)!, lastAt: iso(lastAt)! },
    })),
    diagnostics: [...(zone.problem?.diagnostics ?? served?.warnings ?? [])],
  };
}

function reloadedOf(zone: Zone, isChanged: boolean): ReloadedZone {
  const isGone = zone.missingSinceMs !== undefined;
  const isFailed = zone.problem !== undefined || isGone;
  return {
    zone: zone.name,
    outcome: isFailed ? ('failed' as const) : isChanged ? ('loaded' as const) : ('unchanged' as const),
    serial: zone.served?.image.serial ?? null,
    effect: isFailed ? zone.effect : '',
    changes: null,
    diagnostics: [...(zone.problem?.diagnostics ?? zone.served?.warnings ?? [])],
  };
}

/** What is served of a zone now, if it is there. */
function getServed(zones: Zones, zone: string): ZoneImage | undefined {
  return zones.find(originOf(zone))?.served?.image;
}

/** A reload with what it changed. */
async function withChanges(told: ReloadedZone, zone: Zone, before: ZoneImage): Promise<ReloadedZone> {
  const after = zone.served?.image;
  if (told.outcome !== 'loaded' || after === undefined) return told;
  const { added, removed, retimed } = await countChanges(before, after, 0);
  return { ...told, changes: { added, removed, retimed } };
}

// ---- Status ----

function statusOf(context: HandlerContext): StatusResult {
  const { config, zones, supervisor, scheduler, version, startedAt } = context;
  const all = zones.all();
  const troubled = allZoneFindings(zones, context.clock.now()).map(({ zone, ...rest }) => ({
    zone: zone ?? '',
    ...rest,
  }));
  const misnamed = misnamedFindings(zones).map((finding, i) => {
    const { path, why } = zones.misnamed[i]!;
    return { ...finding, zone: path, message: why };
  });
  return {
    version,
    pid: process.pid,
    startedAt: formatInstant(startedAt),
    listen: config.listen.map(formatListen),
    zonesDirectory: config.zonesDirectory,
    keysDirectory: config.keysDirectory,
    zones: countZones(all),
    alarms: [...context.alarms()],
    problems: [...troubled, ...misnamed].slice(0, TOLD_PROBLEMS),
    needs: all.flatMap(needsOf).slice(0, TOLD_NEEDS),
    threads: supervisor.threads(),
    counters: countersOf(supervisor),
    memory: memoryOfServer(all, supervisor.answering),
    due: scheduler.due(TOLD_DUE).map(({ key, at }) => ({ what: key, at: formatInstant(at) })),
    parents: parentsOf(zones, all),
  };
}

/** How looks at parents do; null if nobody looks. */
function parentsOf({ monitor }: Zones, all: readonly Zone[]): StatusResult['parents'] {
  if (monitor === undefined) return null;
  const awaiting = all.filter(({ signing }) => signing !== undefined && signing.waitingSince !== null);
  // Reasons cost digests; nobody reads ten thousand of them.
  const told = awaiting.slice(0, TOLD_AWAITING).flatMap((zone) => {
    return parentReasonsOf(zone)
      .slice(0, 1)
      .map((first) => ({ zone: zone.name, ...first }));
  });
  return { ...monitor.counters, awaiting: told, more: awaiting.length - told.length };
}

/** Counters of all threads, `SIGNATURES_MADE` as `signaturesMade`. */
function countersOf(supervisor: Supervisor): Record<string, number> {
  const { COUNT: _, ...counters } = COUNTER;
  return Object.fromEntries(
    Object.entries(counters).map(([name, counter]) => [
      name.toLowerCase().replace(/_(\w)/g, (_match, letter: string) => letter.toUpperCase()),
      supervisor.count(counter),
    ]),
  );
}
