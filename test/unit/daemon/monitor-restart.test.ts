/**
 * What looks at the parent proved is in the key states, and durable: after a restart no wait begins anew, even if the
 * parent cannot be seen any more. Looks themselves begin anew (decision on looks that are not kept).
 */
import { expect, it } from 'vitest';
import { unixSeconds } from '../../../src/base/time.ts';
import { createRolloverHandlers } from '../../../src/control/rollovers.ts';
import { dnskeyRdata } from '../../../src/dnssec/dnskey.ts';
import { dsRdata, tagOfDs } from '../../../src/dnssec/ds.ts';
import type { Policy } from '../../../src/kasp/policy.ts';
import { nameOf } from '../../../src/wire/name.ts';
import { callsOf } from '../../support/calls.ts';
import { PARENT_ADDRESSES, ScriptedInternet } from '../../support/scripted-parent.ts';
import { QUICK_POLICY, ZonesBench, zoneText } from '../../support/zones-bench.ts';

const ZONE = 'child.test.';
const POLICY: Policy = { ...QUICK_POLICY, monitor: { interval: 60, rounds: 2, roundGap: 5 } };
/** Of the DS: longer than a restart takes. */
const TTL = 3_600;
const DELEGATED = `${ZONE} NS ns.elsewhere.`;

it('no wait begins anew after a restart, and a rollover goes as far as what was seen allows', async () => {
  const begun = unixSeconds(Date.now() / 1_000);
  let bench: ZonesBench | undefined;
  const parent = new ScriptedInternet({ records: [DELEGATED] }, () => bench?.clock.now() ?? begun);
  const started = new ZonesBench({ policies: { [ZONE]: POLICY }, parents: parent.context });
  bench = started;
  const stateOf = () => bench!.zones.find(nameOf(ZONE))!.signing!.zoneState;
  const publish = () => {
    const records = stateOf().keys.map(({ flags, algorithm, publicKey }) => {
      const ds = dsRdata(nameOf(ZONE), dnskeyRdata(flags, algorithm, publicKey), 2);
      return `${ZONE} DS ${tagOfDs(ds)} ${ds[2]} ${ds[3]} ${Buffer.from(ds.subarray(4)).toString('hex')}`;
    });
    for (const address of PARENT_ADDRESSES)
      parent.serve(address, { records: [DELEGATED, ...records], ttl: TTL });
  };
  try {
    bench.write(`${ZONE}zone`, zoneText(1));
    await bench.settle();
    publish();
    await bench.lapse(200);
    await callsOf(() => createRolloverHandlers(bench!)).call('rollover.start', { zone: ZONE, type: 'csk' });
    await bench.lapse(60);
    publish();
    for (let i = 0; i < 100 && stateOf().rollover?.step !== 'soak'; i++) await bench.lapse(5);
    expect(stateOf().rollover?.step).toBe('soak');
    const before = stateOf();

    for (const address of PARENT_ADDRESSES) {
      parent.script(address, () => ({ code: 'timeout', fault: 'no answer within 5 s' }));
    }
    bench = await bench.restarted();
    await bench.settle(1);
    const seenOf = ({ keys }: typeof before) => keys.map(({ dsObservation }) => dsObservation);
    expect(seenOf(stateOf())).toEqual(seenOf(before));
    expect(stateOf().logs.ds).toEqual(before.logs.ds);
    // The soak ends when it would have ended: the TTL of the DS after it was seen.
    const [seenAt] = before.keys
      .map(({ dsObservation }) => dsObservation.seenAllAt!)
      .toSorted((a, b) => b - a);
    await bench.lapse(seenAt! + TTL - bench.zones.keyTime - 10);
    expect(stateOf().rollover?.step).toBe('soak');
    await bench.lapse(10 + POLICY.publishSafety + POLICY.retireSafety);
    expect(stateOf().rollover?.step).toBe('withdraw');
    expect(bench.zones.monitor!.reasonsFor(bench.zones.find(nameOf(ZONE))!)[0]!.code).toBe('PARENT_SILENT');
  } finally {
    await bench.close();
  }
});
