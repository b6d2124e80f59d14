/** How the children of a zone look. */
import type { ChildrenView } from '../control/children-shapes.ts';
import { marked, type Output, table } from './output.ts';

const OUTCOME_WORDS = {
  nothing: 'asks for nothing',
  same: 'has what it asks for',
  accepted: 'was followed',
  refused: 'not followed',
} as const;

/** All operations of children. */
export function printChildren(output: Output, { zone, accept, delegations, children }: ChildrenView): void {
  const rules = accept === 'none' ? 'nothing is taken from children' : `children: ${accept}`;
  output.print(`${zone}  ${delegations} delegations, ${rules}`);
  if (children.length === 0) return;
  const rows = children.map(({ child, ds, from, takenAt, takenBy, lookedAt, outcome }) => [
    child,
    ds.length === 0 ? 'none' : ds.join(', '),
    from === 'file' ? 'the zone file' : `the child by ${takenBy}, ${takenAt}`,
    outcome === null ? 'not looked at yet' : OUTCOME_WORDS[outcome],
    lookedAt ?? '-',
  ]);
  output.print(table(['CHILD', 'DS', 'FROM', 'REQUEST', 'LOOKED'], rows));
  for (const { child, faults } of children) {
    for (const { code, because } of faults) {
      output.print(`  ${marked(output, 'warn', `${child} ${because} [${code}]`)}`);
    }
  }
}
