/**
 * Timelines of rollovers for the golden files: one line for each instant at which keys, content or the parent changed,
 * in the columns of ROLLOVER section 2, and below it the verdict of the judge.
 */
import { formatDuration, type UnixSeconds } from '../../src/base/time.ts';
import { formatStates } from '../../src/kasp/key.ts';
import { rolloversOf } from '../../src/kasp/zonestate.ts';
import { type Finding, formatFindings, list } from './rollover-judge.ts';
import type { Moment, RolloverRig } from './rollover-rig.ts';

const HEAD = ['when', 'step', 'keys', 'DNSKEY {by}', 'data', 'CDS', 'DS', 'waits for'];

/** The table of all moments since `from`, and what is wrong with them. */
export function timelineOf(rig: RolloverRig, from: UnixSeconds, findings: readonly Finding[]): string {
  const when = (at: number) => formatOffset(at - from);
  const rows: string[][] = [];
  for (const moment of rig.moments.filter(({ at }) => at >= from)) {
    const row = rowOf(moment, when);
    const isSame = rows.at(-1)?.slice(1).join('|') === row.slice(1).join('|');
    if (!isSame) rows.push(row);
  }
  const verdict = findings.length === 0 ? 'judge: no cache ever sees a broken chain' : 'judge:';
  return `${[...alignedRows([HEAD, ...rows]), verdict, formatFindings(findings, when)].join('\n').trimEnd()}\n`;
}

function rowOf({ at, state, step, ...served }: Moment, when: (at: number) => string): string[] {
  const { dnskey, zone, cds, ds } = served;
  const steps = rolloversOf(state).map(
    (rollover) => `${rollover.method} ${rollover.step}${cancelMark(rollover)}`,
  );
  const waits = step.waiting.map(({ keyId, record, to, reason, until }) => {
    const instant = until === null ? '' : ` until ${when(until)}`;
    return `${record}(${keyId}) ${to.slice(0, 1).toUpperCase()}: ${reason}${instant}`;
  });
  return [
    when(at),
    steps.join(' + ') || '-',
    state.keys.map((key) => `${key.id} ${formatStates(key)}`).join('  '),
    `${dnskey.keys.join(',')} ${list(dnskey.signers)}`.trim(),
    zone.signers.join(',') || 'unsigned',
    cds.isDelete ? 'delete' : cds.keys.join(',') || '-',
    ds.keys.join(',') || '-',
    [...new Set(waits)].join('; ') || '-',
  ];
}

function cancelMark(rollover: { readonly cancelledAt: number | null }): string {
  return rollover.cancelledAt === null ? '' : ' (cancelled)';
}

/** `+1d 02:03`, and seconds only where there are some. */
function formatOffset(seconds: number): string {
  if (seconds < 0) return `-${formatDuration(-seconds)}`;
  const days = Math.floor(seconds / 86_400);
  const time = new Date((seconds % 86_400) * 1000).toISOString().slice(11, 19);
  return `+${days}d ${time.endsWith(':00') ? time.slice(0, 5) : time}`;
}

function alignedRows(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  );
}
