/** `health`: everything that needs a person, the worst first, each with its code and what to do. */
import { formatDuration, formatInstant, type UnixSeconds } from '../base/time.ts';
import type { BulkRunner } from '../daemon/bulk.ts';
import type { Supervisor } from '../daemon/supervisor.ts';
import type { Zone } from '../daemon/zone.ts';
import type { Zones } from '../daemon/zones.ts';
import type { WaitReason } from '../kasp/step.ts';
import { findKey, type ZoneState } from '../kasp/zonestate.ts';
import { needsOf } from './describe.ts';
import { parentFindings } from './health-parent.ts';
import type { Finding, HealthResult } from './watch-shapes.ts';
import { countZones, stateOfZone } from './zone-state.ts';

const TOLD_FINDINGS = 100;
const TOLD_NEEDS = 100;
/** A person who was asked has forgotten it after so long. */
const OVERDUE_SECONDS = 7 * 86_400;
/** Signatures are renewed long before. */
const EXPIRING_PARTS = 4;

/** What health is judged by. */
export interface HealthContext {
  readonly zones: Zones;
  readonly supervisor: Pick<Supervisor, 'threads'>;
  readonly bulk: Pick<BulkRunner, 'jobs'>;
  /** Alarms of the zones and of the server. */
  readonly alarms: () => readonly ServerAlarm[];
}

/** What an operator must see to, of no zone alone. */
export interface ServerAlarm {
  readonly code: string;
  readonly message: string;
  readonly fix: string;
}

/** Judges the server and all zones. */
export function healthOf({ zones, supervisor, bulk, alarms }: HealthContext, now: UnixSeconds): HealthResult {
  const all = zones.all();
  const findings = [
    ...alarmFindings(alarms()),
    ...threadFindings(supervisor),
    ...misnamedFindings(zones),
    ...jobFindings(bulk),
    ...allZoneFindings(zones, now),
  ].sort(worstFirst);
  const rollovers = all.flatMap(({ signing }) => signing?.rollovers ?? []);
  return {
    level: findings[0]?.level ?? 'ok',
    checkedAt: formatInstant(now),
    zones: countZones(all),
    rollovers: { running: rollovers.length, stalled: rollovers.filter(({ isStalled }) => isStalled).length },
    signaturesLeft: signaturesLeft(all, now),
    needs: all.flatMap(needsOf).slice(0, TOLD_NEEDS),
    findings: findings.slice(0, TOLD_FINDINGS),
    more: Math.max(0, findings.length - TOLD_FINDINGS),
  };
}

/** What is wrong with zones, as they are seen from inside and as their parents show it; `status` tells the same. */
export function allZoneFindings(zones: Zones, now: UnixSeconds): Finding[] {
  return zones
    .all()
    .flatMap((zone) => [...zoneFindings(zone, now), ...parentFindings(zone, zones.monitor, now)])
    .sort(worstFirst);
}

function worstFirst(a: Finding, b: Finding): number {
  const rank = ({ level }: Finding) => (level === 'critical' ? 0 : 1);
  return rank(a) - rank(b);
}

function alarmFindings(alarms: readonly ServerAlarm[]): Finding[] {
  return alarms.map(({ code, message, fix }) => ({ level: 'critical', code, zone: null, message, fix }));
}

function threadFindings(supervisor: HealthContext['supervisor']): Finding[] {
  const down = supervisor.threads().filter(({ running }) => !running);
  return down.map(({ name }) => ({
    level: 'critical',
    code: 'THREAD_DOWN',
    zone: null,
    message: `the thread ${name} does not run`,
    fix: 'it is started again by itself; if that does not help, look into the log',
  }));
}

/** Files that name no zone. */
export function misnamedFindings({ misnamed }: Zones): Finding[] {
  return misnamed.map(({ path, why }) => ({
    level: 'warning',
    code: 'ZONE_FILE_NAME',
    zone: null,
    message: `${path} is not loaded: ${why}`,
    fix: 'name the file after its zone, like example.com.zone',
  }));
}

/** A job that stopped by itself is told of until another one is started. */
function jobFindings({ jobs }: HealthContext['bulk']): Finding[] {
  const last = jobs.at(-1);
  if (last?.state !== 'stopped') return [];
  return [
    {
      level: 'warning',
      code: 'JOB_STOPPED',
      zone: null,
      message: `the ${last.request.type} rollover of ${last.chosen} stopped after ${last.failed.length} failures`,
      fix: `keyturn job show ${last.id}`,
    },
  ];
}

// ---- Zones ----

/** What is wrong with one zone, as it is seen from inside. */
export function zoneFindings(zone: Zone, now: UnixSeconds): Finding[] {
  return [
    ...fileFindings(zone),
    ...keyFindings(zone),
    ...signatureFindings(zone, now),
    ...rolloverFindings(zone),
    ...overdueFindings(zone, now),
  ];
}

function fileFindings(zone: Zone): Finding[] {
  const { name, problem } = zone;
  if (problem === undefined) return [];
  const level = stateOfZone(zone) === 'failed' ? 'critical' : 'warning';
  const message = `${problem.message}; ${zone.effect}`;
  const fix = problem.diagnostics.find((diagnostic) => diagnostic.fix !== undefined)?.fix;
  const reload = `keyturn zone reload ${name}`;
  return [
    {
      level,
      code: problem.code,
      zone: name,
      message,
      fix: fix === undefined ? reload : `${fix}; then: ${reload}`,
    },
  ];
}

function keyFindings({ name, signingProblem }: Zone): Finding[] {
  if (signingProblem === undefined) return [];
  const { code, message } = signingProblem;
  const fix = 'see to that; it is tried again every minute';
  return [{ level: 'critical', code, zone: name, message: `keys stay as they are: ${message}`, fix }];
}

function signatureFindings({ name, served }: Zone, now: UnixSeconds): Finding[] {
  if (served === undefined || served.epoch.apex === null) return [];
  const { apexExpiresAt, validity } = served.epoch;
  const left = apexExpiresAt - now;
  if (left * EXPIRING_PARTS > validity) return [];
  const words = left > 0 ? `expire in ${formatDuration(left)}` : `expired at ${formatInstant(apexExpiresAt)}`;
  return [
    {
      level: 'critical',
      code: 'SIGNATURES_EXPIRING',
      zone: name,
      message: `signatures at the apex ${words} and were not renewed`,
      fix: `keyturn zone show ${name} says what keeps them from it`,
    },
  ];
}

function rolloverFindings(zone: Zone): Finding[] {
  const { name, signing } = zone;
  if (signing === undefined) return [];
  const stalled = signing.rollovers.filter(({ isStalled }) => isStalled);
  if (stalled.length === 0) return [];
  const fix = needsOf(zone)[0]?.command ?? `keyturn rollover status ${name}`;
  return stalled.map(({ type, step, stepSince }) => {
    const since = `the ${type} rollover is at step ${step} since ${formatInstant(stepSince)}`;
    return { level: 'warning', code: 'ROLLOVER_STALLED', zone: name, message: `${since}${whyOf(zone)}`, fix };
  });
}

/** Why what waits for the parent still waits, as looks show it. */
function whyOf({ parentReasons: [first] }: Zone): string {
  return first === undefined ? '' : `; ${first.text} [${first.code}]`;
}

/** Waits that only a person or the parent ends. */
const ENDED_BY_OTHERS: readonly WaitReason[] = ['parent_ds', 'parent_ds_gone', 'delegation_unconfirmed'];

function overdueFindings(zone: Zone, now: UnixSeconds): Finding[] {
  const { signing, name } = zone;
  if (signing?.isForOthers !== true) return [];
  const since = signing.waiting
    .filter(({ reason }) => ENDED_BY_OTHERS.includes(reason))
    .map(({ keyId }) => findKey(signing.zoneState, keyId)?.states.ds?.since)
    .filter((at) => at !== undefined);
  const first = since.length === 0 ? now : (Math.min(...since) as UnixSeconds);
  // Of a rollover that is stalled it is told already.
  const isTold = signing.rollovers.some(({ isStalled }) => isStalled);
  if (now - first <= OVERDUE_SECONDS || isTold) return [];
  const code = isNeverSecured(signing.zoneState) ? 'ZONE_NEVER_SECURED' : 'DS_OVERDUE';
  return needsOf(zone).map(({ what, command }) => ({
    ...{ level: 'warning', code, zone: name, fix: command },
    message: `waits since ${formatInstant(first)}: ${what}${whyOf(zone)}`,
  }));
}

/** A zone that shall be signed, asks for its first DS, and of which nobody ever saw one. */
function isNeverSecured({ keys, goal, delegation, rollover }: ZoneState): boolean {
  const wasSeen = keys.some(({ dsObservation }) => dsObservation.lastSeenAnywhereAt !== null);
  return goal === 'secure' && delegation !== 'secure' && rollover === null && !wasSeen;
}

function signaturesLeft(all: readonly Zone[], now: UnixSeconds): number | null {
  let least: number | null = null;
  for (const { served } of all) {
    if (served === undefined || served.epoch.apex === null) continue;
    const left = served.epoch.apexExpiresAt - now;
    if (least === null || left < least) least = left;
  }
  return least;
}
