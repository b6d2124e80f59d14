/** How rollovers look: steps, what each waits for and until when, who must act, and what to type. */

import type {
  HistoryResult,
  RolloverChange,
  RolloverList,
  RolloverPlan,
  RolloverStatus,
  RolloverSummary,
  WaitingSummary,
} from '../control/shapes.ts';
import { stepWords } from '../control/words.ts';
import { arrow, isGone, marked, type Output, printNeeds, table } from './output.ts';
import { printReasons } from './parent-output.ts';

const NAME_COLUMNS = 10;

/** `rollover status`. */
export function printRollover(output: Output, status: RolloverStatus): void {
  const { zone, rollover, overlapping, delegation, goal, keys } = status;
  if (rollover === null) output.print(`${zone}  no rollover; ${delegationWords(status)}`);
  else printSteps(output, zone, rollover);
  if (overlapping !== null) printSteps(output, zone, overlapping);
  if (rollover !== null && delegation !== 'secure') {
    const without = delegation === 'none' ? ': the rollover asks it for nothing' : '';
    output.print(`  ${delegationWords(status)}${without}`);
  }
  if (goal === 'insecure' && rollover === null) output.print('  the zone is served unsigned');
  for (const key of keys) output.print(`  ${keyLine(key)}`);
  printWaits(output, rollover === null ? status.waiting : otherWaits(status));
  printReasons(output, status.parent);
  printNeeds(output, status.needs);
  if (status.nextAt !== null) output.print(`  next check at ${status.nextAt}`);
  if (rollover !== null && rollover.cancelledAt === null) {
    output.print(`  to stop: keyturn rollover cancel ${zone}`);
  }
  if (overlapping !== null && overlapping.cancelledAt === null) {
    output.print(
      `  to stop only the ${overlapping.type} rollover: keyturn rollover cancel ${zone} --id ${overlapping.id}`,
    );
  }
}

function keyLine(key: RolloverStatus['keys'][number]): string {
  const { tag, roles, goal, dnskey, krrsig, zrrsig, ds } = key;
  const told = Object.entries({ dnskey, krrsig, zrrsig, ds }).filter(([, state]) => state !== null);
  if (isGone(key)) {
    return `key ${tag} (${roles.join(', ')}) is gone from all caches; its files are kept for a while`;
  }
  const words = told.map(([record, state]) => `${record} ${state}`);
  return `key ${tag} (${roles.join(', ')}, ${goal === 'IN' ? 'stays' : 'goes'}): ${words.join(', ')}`;
}

function delegationWords({ delegation }: RolloverStatus): string {
  if (delegation === 'secure') return 'the parent has a DS of the zone';
  if (delegation === 'none') return 'the parent has no DS of the zone';
  return 'whether the parent has a DS of the zone was never confirmed';
}

function printSteps(output: Output, zone: string, rollover: RolloverSummary): void {
  const { type, method, emergency, step, steps, startedAt, stepSince, incoming, outgoing } = rollover;
  const keys =
    incoming.length === 0
      ? outgoing.join(', ')
      : `${outgoing.join(', ')} ${arrow(output)} ${incoming.join(', ')}`;
  const how = emergency === null ? method : `${method}, emergency: ${emergency}`;
  const at = Math.max(0, steps.indexOf(step));
  output.print(
    `${zone}  ${type} rollover ${keys} (${how}), started ${startedAt}, step ${at + 1} of ${steps.length}`,
  );
  if (rollover.cancelledAt !== null) {
    output.print(`  ${marked(output, 'warn', `cancelled ${rollover.cancelledAt}; it is being undone`)}`);
  }
  if (rollover.stalled) {
    output.print(`  ${marked(output, 'warn', 'stalled: the parent has not acted for long')}`);
  }
  steps.forEach((name, i) => {
    const mark = i < at ? (output.isTerminal ? '✓' : 'ok') : i > at ? '' : output.isTerminal ? '▶' : '>';
    const line = `  ${mark.padEnd(2)} ${i + 1} ${name.padEnd(NAME_COLUMNS)} ${stepWords(name)}`;
    output.print(i === at ? `${line}, waiting since ${stepSince}` : line);
    if (i === at) printWaits(output, rollover.waiting);
  });
}

/** Waits that belong to no rollover. */
function otherWaits({ waiting, rollover, overlapping }: RolloverStatus): WaitingSummary[] {
  const told = [rollover, overlapping].flatMap((one) => one?.waiting ?? []);
  return waiting.filter(
    (wait) =>
      !told.some(({ tag, record, to }) => tag === wait.tag && record === wait.record && to === wait.to),
  );
}

function printWaits(output: Output, waits: readonly WaitingSummary[]): void {
  for (const { tag, record, to, until, because } of waits) {
    const when = until === null ? '' : ` at ${until}`;
    output.print(`        key ${tag} ${record} ${arrow(output)} ${to}${when}: ${because}`);
  }
}

/** What became of an order. */
export function printChange(output: Output, change: RolloverChange): void {
  for (const words of change.changed) output.print(marked(output, 'ok', words));
  if (change.plan !== null) printPlan(output, change.plan);
  for (const words of change.next) output.print(`  then: ${words}`);
  const [need] = change.needs;
  if (need !== undefined && change.plan === null)
    output.print(`  ${marked(output, 'warn', `needs you: ${need.what}`)}`);
  if (change.command !== null) output.print(`  next: ${change.command}`);
}

/** Columns of a plan beside its dates. */
export const PLAN_HEAD = ['STEP', 'DNSKEY', 'SIGNED BY', 'ZONE SIGNED BY', 'CDS', 'DS'];

type PlanRow = Pick<
  RolloverPlan['rows'][number],
  'step' | 'dnskey' | 'signers' | 'zoneSigners' | 'cds' | 'ds'
>;

/** One row of them. */
export function planCells({ step, dnskey, signers, zoneSigners, cds, ds }: PlanRow): string[] {
  const lists = [dnskey, signers, zoneSigners, cds, ds];
  return [step ?? '-', ...lists.map((names) => (names.length === 0 ? '-' : names.join(', ')))];
}

/** `rollover plan` and dry runs. */
export function printPlan(output: Output, plan: RolloverPlan): void {
  const rows = plan.rows.map((row) => [row.at, ...planCells(row)]);
  output.print(table(['AT', ...PLAN_HEAD], rows));
  const told = new Set<string>();
  for (const { at, waitingFor } of plan.rows) {
    const fresh = waitingFor.filter((wait) => !told.has(wait));
    for (const wait of fresh) {
      told.add(wait);
      output.print(`  from ${at}: ${wait}`);
    }
  }
  output.print(`  assumed: the parent acts ${plan.parentDelay} s after it is asked`);
  if (plan.doneAt !== null) output.print(`  done at ${plan.doneAt}`);
  for (const { message, from } of plan.forecast)
    output.print(marked(output, 'error', `from ${from}: ${message}`));
}

/** `rollover list`. */
export function printRollovers(output: Output, { rollovers }: RolloverList): void {
  if (rollovers.length === 0) {
    output.note('no rollover is running');
    return;
  }
  const rows = rollovers.map(({ zone, type, step, startedAt, stalled, cancelled, nextAt, needs }) => [
    zone,
    type,
    step,
    stalled ? 'stalled' : cancelled ? 'cancelled' : 'running',
    startedAt,
    nextAt ?? '-',
    needs[0]?.command ?? '-',
  ]);
  output.print(table(['ZONE', 'TYPE', 'STEP', 'STATE', 'STARTED', 'NEXT', 'NEEDS YOU'], rows));
}

/** `rollover history`. */
export function printHistory(output: Output, { zone, entries, trail }: HistoryResult): void {
  if (trail.brokenAt !== null) {
    const what = `the audit trail of ${zone} was changed by hand: what is told of ${trail.brokenAt} and after`;
    output.note(`${marked(output, 'error', `${what} does not follow from what was told before`)}`);
  }
  if (trail.torn > 0)
    output.note(`${trail.torn} lines of the trail are not whole: power was lost, or a disk failed`);
  if (entries.length === 0) output.note(`nothing is written down of the keys of ${zone}`);
  for (const { at, kind, generation: _, ...details } of entries) {
    output.print(`${at} ${entryWords(kind, details, arrow(output))}`);
  }
}

function entryWords(kind: string, details: Readonly<Record<string, unknown>>, to: string): string {
  const text = (name: string) => String(details[name] ?? '?');
  if (kind === 'edge') {
    return `key ${text('tag')} ${text('record')} ${text('from')} ${to} ${text('to')}: ${text('because')}`;
  }
  if (kind === 'rollover')
    return `${text('type')} rollover ${text('event')}, step ${text('step')}: ${text('because')}`;
  if (kind === 'purge') return `key ${text('tag')}: its private half was destroyed`;
  const { order, keyId: _, ...rest } = details;
  const given = Object.entries(rest).filter(([, value]) => value !== null && value !== undefined);
  const more = given.map(([name, value]) => `${name === 'tag' ? 'key' : name} ${String(value)}`);
  return [kind, String(order ?? ''), ...more].filter((word) => word !== '').join(' ');
}
