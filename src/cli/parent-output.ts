/** How the parent of a zone looks. */
import type { ParentView } from '../control/parent-shapes.ts';
import type { ParentReasonView, StatusResult } from '../control/shapes.ts';
import { printOutcomes } from './handover-output.ts';
import { marked, type Output, table } from './output.ts';

const SIGHT_WORDS = {
  IN: 'on all servers',
  OUT: 'on none',
  MIXED: 'on some',
  UNKNOWN: 'unknown',
} as const;

/** `parent show` and `parent look`. */
export function printParent(output: Output, view: ParentView): void {
  const { zone, isWatched, lookedAt, nextLookAt, parent, isSecure, code, because } = view;
  output.print(zone);
  printOutcomes(output, view.handover);
  if (!isWatched) {
    output.print('  nobody looks at the parent: say "parents: { anchors: iana }" in the configuration');
    return;
  }
  const next = nextLookAt === null ? '' : `, next at ${nextLookAt}`;
  output.print(`  looked          ${lookedAt === null ? 'not yet' : `at ${lookedAt}`}${next}`);
  if (because !== null) output.print(`  ${marked(output, 'warn', `${because} [${code}]`)}`);
  if (parent === null) return;
  output.print(
    `  parent          ${parent}${isSecure === false ? ', not signed: nothing it says can be validated' : ''}`,
  );
  output.print(`  looks           ${view.agreeing} that agree, ${view.wanted} wanted`);
  for (const { tag, ds } of view.keys)
    output.print(`  DS of key ${String(tag).padEnd(5)} ${SIGHT_WORDS[ds]}`);
  if (view.push !== null) output.print(`  NOTIFY          ${view.push}`);
  if (view.foreign.length > 0) {
    const words = `DS of no key that is here: ${view.foreign.join(', ')}`;
    output.print(`  ${marked(output, 'warn', words)}`);
  }
  printReasons(output, view.reasons);
  const rows = view.servers.map(({ server, address, ds, ttl, code: why, because: text, silentSince }) => [
    server,
    address,
    ds === null
      ? `unknown${silentSince === null ? '' : ` since ${silentSince}`}: ${text} [${why}]`
      : ds.length === 0
        ? 'none'
        : ds.join(', '),
    ttl === null ? '-' : `${ttl}`,
  ]);
  output.print(table(['SERVER', 'ADDRESS', 'DS', 'TTL'], rows));
}

/** Why what waits for the parent still waits. */
export function printReasons(output: Output, reasons: readonly ParentReasonView[]): void {
  for (const { code, since, because } of reasons) {
    const from = since === null ? '' : `, since ${since}`;
    output.print(`  at the parent   ${because} [${code}]${from}`);
  }
}

/** How looks at the parents of all zones do, in `status`. */
export function printParents(output: Output, parents: NonNullable<StatusResult['parents']>): void {
  const { zones, unseen, looks, questions, answers, timeouts, faults, queued, lateSeconds } = parents;
  const { rate, perSecond, mostPerSecond, awaiting, more } = parents;
  const fresh = unseen === 0 ? '' : `, ${unseen} not seen yet`;
  output.print(`  parents         of ${zones} zones${fresh}; ${looks} looks`);
  output.print(
    `  asked           ${questions} messages, ${answers} answered, ${timeouts} not in time, ${faults} failed`,
  );
  const late = queued === 0 ? '' : `; ${queued} looks wait, the first for ${lateSeconds} s`;
  output.print(`  a second        ${perSecond} now, ${mostPerSecond} at most, limit ${rate}${late}`);
  for (const { zone, code, because } of awaiting) output.print(`  ${zone} waits: ${because} [${code}]`);
  if (more > 0) output.print(`  … and ${more} more zones that wait for their parents`);
}
