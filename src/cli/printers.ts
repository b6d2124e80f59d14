/** How the result of each operation looks to a person, and which exit code it means. */
import { type Diagnostic, formatDiagnostic } from '../base/diagnostic.ts';
import { FAILURE } from '../control/operation.ts';
import type { OperationName, Params, Result } from '../control/operations.ts';
import { printChildren } from './children-output.ts';
import { printDiagnosis } from './diagnose-output.ts';
import { countWords, diffExit, printDiff } from './diff-output.ts';
import { dsLines } from './ds.ts';
import { printDeliveries } from './handover-output.ts';
import { printCancelledJob, printJob, printJobs, printStarted } from './job-output.ts';
import { importExit, printImport, printKey, printKeys } from './key-output.ts';
import { type Output, printZone, printZones } from './output.ts';
import { printParent } from './parent-output.ts';
import { printPolicies, printPolicyCheck, printSimulation } from './policy-output.ts';
import { preflightExit, printPreflight } from './preflight-output.ts';
import { printChange, printHistory, printPlan, printRollover, printRollovers } from './rollover-output.ts';
import { printStatus } from './status-output.ts';
import { printTimeline } from './timeline.ts';
import { printHealth, printLogLevel } from './watch-output.ts';

type Printers = {
  readonly [N in OperationName]: (output: Output, result: Result<N>, params: Params<N>) => void;
};

const nothing = () => undefined;

/** Text is printed as it comes, by nobody here. */
export const PRINTERS: Printers = {
  status: printStatus,
  health: printHealth,
  events: nothing,
  'log.level': printLogLevel,
  'clock.confirm': (output) => output.print('rollovers go on by the clock as it is'),
  'zone.list': (output, { zones }) => printZones(output, zones),
  'zone.show': printZone,
  'zone.reload': printReloaded,
  'zone.diff': printDiff,
  'zone.export': nothing,
  'zone.forget': printForgotten,
  'zone.sign': printChange,
  'zone.unsign': printChange,
  'ds.show': (output, result) => output.print(dsLines(result, 'ds').join('\n')),
  'key.list': printKeys,
  'key.show': printKey,
  'key.import': printImport,
  'rollover.start': printChange,
  'rollover.status': printRollover,
  'rollover.confirm-ds': printChange,
  'rollover.cancel': printChange,
  'rollover.pause': printChange,
  'rollover.resume': printChange,
  'rollover.plan': printPlan,
  'rollover.list': printRollovers,
  'rollover.history': printHistory,
  'parent.show': printParent,
  'parent.look': printParent,
  'parent.preflight': printPreflight,
  'children.list': printChildren,
  'children.show': printChildren,
  'children.scan': printChildren,
  'children.forget': printChildren,
  'handover.list': printDeliveries,
  'handover.retry': printDeliveries,
  'handover.drop': printDeliveries,
  diagnose: printDiagnosis,
  'job.start': printStarted,
  'job.list': (output, { jobs }) => printJobs(output, jobs),
  'job.show': printJob,
  'job.cancel': printCancelledJob,
  timeline: printTimeline,
  'policy.show': printPolicies,
  'policy.check': printPolicyCheck,
  'policy.simulate': printSimulation,
};

/** Exit codes of results that are no failures of the operation. */
export const EXITS: { readonly [N in OperationName]?: (result: Result<N>) => number } = {
  health: ({ level }) => (level === 'ok' ? 0 : FAILURE.DATA_WRONG.exit),
  diagnose: ({ level }) => (level === 'ok' ? 0 : FAILURE.DATA_WRONG.exit),
  'parent.preflight': preflightExit,
  'zone.diff': diffExit,
  'zone.reload': ({ zones }) =>
    zones.some(({ outcome }) => outcome === 'failed') ? FAILURE.DATA_WRONG.exit : 0,
  'key.import': importExit,
  'policy.check': ({ ok }) => (ok ? 0 : FAILURE.DATA_WRONG.exit),
};

function printReloaded(output: Output, { zones }: Result<'zone.reload'>): void {
  for (const { zone, outcome, serial, effect, changes, diagnostics } of zones) {
    for (const diagnostic of diagnostics) output.print(formatDiagnostic(diagnostic as Diagnostic));
    const what = changes === null ? '' : `: ${countWords(changes)}`;
    output.print(
      outcome === 'failed' ? `${zone} failed: ${effect}` : `${zone} ${outcome}, serial ${serial}${what}`,
    );
  }
}

function printForgotten(output: Output, { zones, kept }: Result<'zone.forget'>): void {
  if (zones.length + kept.length === 0) output.note('no zone was waiting for that');
  for (const gone of zones) output.print(gone);
  for (const zone of kept)
    output.note(`${zone} stays: its parent has a DS of it (keyturn zone show ${zone})`);
}
