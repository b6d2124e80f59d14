/**
 * A version of the DS was dead and dropped in the turn that waited for its TTL: the wait was over by what was left, the turn
 * had gone by what was there before, and nothing would have woken the zone. Found by `property/rollover` (3,000 runs).
 */
import { expect, it } from 'vitest';
import { formatStates } from '../../src/kasp/key.ts';
import { DEFAULT_POLICY } from '../../src/kasp/policy.ts';
import { RolloverRig } from '../support/rollover-rig.ts';

const DAY = 86_400;

it('ends an unsigning whose last wait shrinks with the log that it comes from', () => {
  const policy = {
    ...DEFAULT_POLICY,
    ...{ dnskeyTtl: 1, cdsTtl: 60, publishSafety: 0, retireSafety: DAY, propagation: 0 },
    // The DS that is served has a TTL of two seconds.
    parent: { propagation: 0, dsTtl: 1 },
  };
  const delays = { scanDelay: 0, applyDelay: 0, spread: 0, monitorDelay: 0 };
  const parent = {
    ...delays,
    rescanInterval: DAY + 2,
    watchInterval: 60,
    ttl: 2,
    negativeTtl: 1,
    isMute: false,
  };
  const rig = new RolloverRig({
    policy,
    facts: { maxTtl: 60, negativeTtl: 60 },
    world: { ackDelay: 1, parent },
  });
  rig.run();
  expect(rig.state.keys.map(formatStates)).toEqual(['O/O/O/O']);
  rig.unsign();
  rig.run();
  expect(rig.findings({ isEverSecure: false })).toEqual([]);
  expect(rig.state.keys.map(formatStates)).toEqual(['H/H/H/H']);
});
