/**
 * A child told of new CDS records while a look at it was under way, which had read the old ones: the NOTIFY was taken for
 * answered by that look, and the next one was that of the child's turn.
 */
import { afterEach, expect, it } from 'vitest';
import { unixSeconds } from '../../src/base/time.ts';
import { DEFAULT_POLICY } from '../../src/kasp/policy.ts';
import { nameOf } from '../../src/wire/name.ts';
import { ScriptedInternet } from '../support/scripted-parent.ts';
import { ZonesBench, zoneText } from '../support/zones-bench.ts';

const PARENT = 'parent.test.';
const CHILD = nameOf('child.parent.test.');
const DELEGATION = [
  'child 300 IN NS ns.child',
  'ns.child 300 IN A 192.0.2.9',
  `child 300 IN DS 4711 13 2 ${'ab'.repeat(32)}`,
  '',
].join('\n');
/** After a NOTIFY, another one within this time waits for its end. */
const QUIET_S = 6;

let bench: ZonesBench | undefined;
afterEach(() => bench?.close());

it('is looked at again when the look that had begun before has ended', async () => {
  const begun = unixSeconds(Date.now() / 1_000);
  const internet = new ScriptedInternet({ records: [] }, () => bench?.clock.now() ?? begun);
  const held: (() => void)[] = [];
  let asked = 0;
  const network = {
    ...internet.context.network,
    close: () => undefined,
    tell: () => Promise.resolve({ code: 'timeout' as const, fault: 'it does not answer' }),
    exchange: () => {
      asked++;
      return new Promise<{ code: 'timeout'; fault: string }>((resolve) => {
        held.push(() => resolve({ code: 'timeout', fault: 'it does not answer' }));
      });
    },
  };
  const children = { ...DEFAULT_POLICY.children, accept: 'update' as const };
  bench = new ZonesBench({
    policies: { [PARENT]: { ...DEFAULT_POLICY, children } },
    parents: { ...internet.context, network },
  });
  bench.write(`${PARENT}zone`, zoneText(1, DELEGATION));
  await bench.settle();

  bench.zones.children.notified(CHILD);
  await bench.rest();
  const inOneLook = asked;
  expect(inOneLook).toBeGreaterThan(0);
  bench.clock.advance(QUIET_S);
  bench.zones.children.notified(CHILD);
  await bench.rest();
  expect(asked).toBe(inOneLook);
  for (const release of held.splice(0)) release();
  await bench.rest();
  // Where the servers are is known from the first look.
  expect(asked).toBeGreaterThan(inOneLook);
  for (const release of held) release();
});
