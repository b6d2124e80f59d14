/** How what is handed over to parents and people looks. */
import type { ChannelOutcomeView, DeliveriesView, DeliveryView } from '../control/handover-shapes.ts';
import { marked, type Output, table } from './output.ts';

const STATE_WORDS = { waiting: 'waits', handed: 'done', dead: 'dead letter', dropped: 'dropped' } as const;
const OUTCOME_WORDS = {
  done: 'taken',
  retry: 'not yet taken',
  failed: 'refused',
  held: 'held back',
} as const;

/** All operations of hand-over. */
export function printDeliveries(output: Output, { deliveries }: DeliveriesView): void {
  if (deliveries.length === 0) {
    output.note('nothing is handed over');
    return;
  }
  const rows = deliveries.map((one) => [
    one.zone ?? 'the server',
    one.topic === 'ds-wanted' ? 'DS' : `reminder ${one.code ?? ''}`.trimEnd(),
    STATE_WORDS[one.state],
    [one.channel, ...one.left].join(', then '),
    `${one.tries}`,
    lastOf(one),
    one.nextAt ?? '-',
  ]);
  output.print(table(['ZONE', 'WHAT', 'STATE', 'CHANNEL', 'TRIES', 'LAST', 'NEXT'], rows));
  const dead = new Set(deliveries.flatMap(({ state, zone }) => (state === 'dead' ? [zone ?? '.'] : [])));
  for (const zone of dead) {
    const words = `${zone} has dead letters: mend the channel, then: keyturn handover retry ${zone}`;
    output.print(`  ${marked(output, 'warn', words)}`);
  }
}

function lastOf({ outcomes }: DeliveryView): string {
  const last = outcomes.at(-1);
  return last === undefined ? 'not tried yet' : `${last.channel}: ${last.because}`;
}

/** What became of the DS by channel, in `parent show`. */
export function printOutcomes(output: Output, outcomes: readonly ChannelOutcomeView[]): void {
  for (const { channel, outcome, at, because } of outcomes) {
    const words = `${channel}: ${OUTCOME_WORDS[outcome]} at ${at}, ${because}`;
    output.print(`  handed over     ${outcome === 'failed' ? marked(output, 'warn', words) : words}`);
  }
}
