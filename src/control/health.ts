/** `health`: everything that needs a person, the worst first, each with its code and what to do. */
import { formatDuration, formatInstant, type UnixSeconds } from '../base/time.ts';
import type { BulkRunner } from '../daemon/bulk.ts';
import type { Supervisor } from '../daemon/supervisor.ts';
import type { Zone } from '../daemon/zone.ts';
import type { Zones } from '../daemon/zones.ts';
import type { WaitReason } from '../kasp/step.ts';
import { findKey, rolloversOf } from '../kasp/zonestate.ts';
import { needsOf } from './describe.ts';
import { parentFindings } from './health-parent.ts';
import type { Finding, HealthResult } from './watch-shapes.ts';
import { countZones, stateOfZone } from './zone-state.ts';

const TOLD_FINDINGS = 100;
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
    ...all.flatMap((zone) => [...zoneFindings(zone, now), ...parentFindings(zone, zones.monitor, now)]),
  ].sort((a, b) => rank(a) - rank(b));
  const rollovers = all.flatMap((zone) =>
    zone.signing === undefined ? [] : rolloversOf(zone.signing.zoneState),
  );
  return {
    level: findings[0]?.level ?? 'ok',
    checkedAt: formatInstant(now),
    zones: countZones(all),
    rollovers: { running: rollovers.length, stalled: rollovers.filter(({ isStalled }) => isStalled).length },
    signaturesLeft: signaturesLeft(all, now),
    findings: findings.slice(0, TOLD_FINDINGS),
    more: Math.max(0, findings.length - TOLD_FINDINGS),
  };
}

function rank({ level }: Finding): number {
  return level === 'critical' ? 0 : 1;
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

function misnamedFindings({ misnamed }: Zones): Finding[] {
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

function rolloverFindings({ name, signing }: Zone): Finding[] {
  if (signing === undefined) return [];
  const stalled = rolloversOf(signing.zoneState).filter(({ isStalled }) => isStalled);
  return stalled.map(({ type, step, stepSince }) => ({
    level: 'warning',
    code: 'ROLLOVER_STALLED',
    zone: name,
    message: `the ${type} rollover is at step ${step} since ${formatInstant(stepSince)}`,
    fix: `keyturn rollover status ${name}`,
  }));
}

/** Waits that only a person or the parent ends. */
const ENDED_BY_OTHERS: readonly WaitReason[] = ['parent_ds', 'parent_ds_gone', 'delegation_unconfirmed'];

function overdueFindings(zone: Zone, now: UnixSeconds): Finding[] {
  const { signing, name } = zone;
  if (signing === undefined) return [];
  const since = signing.waiting
    .filter(({ reason }) => ENDED_BY_OTHERS.includes(reason))
    .map(({ keyId }) => findKey(signing.zoneState, keyId)?.states.ds?.since)
    .filter((at) => at !== undefined);
  const first = since.length === 0 ? now : (Math.min(...since) as UnixSeconds);
  if (now - first <= OVERDUE_SECONDS) return [];
  return needsOf(zone).map(({ what, command }) => ({
    level: 'warning',
    code: 'DS_OVERDUE',
    zone: name,
    message: `waits since ${formatInstant(first)}: ${what}`,
    fix: command,
  }));
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
