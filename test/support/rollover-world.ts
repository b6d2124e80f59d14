/** A world for rollovers in which every wait is another one, so that a wrong one cannot hide. */
import { DEFAULT_POLICY, type Policy } from '../../src/kasp/policy.ts';
import type { Facts } from '../../src/kasp/step.ts';
import type { World } from './rollover-rig.ts';

export const MINUTE = 60;
export const HOUR = 3_600;
export const DAY = 86_400;

export const POLICY: Policy = {
  ...DEFAULT_POLICY,
  dnskeyTtl: HOUR,
  cdsTtl: 5 * MINUTE,
  publishSafety: 10 * MINUTE,
  retireSafety: 20 * MINUTE,
  propagation: 5 * MINUTE,
  parent: { propagation: 30 * MINUTE, dsTtl: DAY },
  lifetime: { csk: 'unlimited', ksk: 'unlimited', zsk: 'unlimited' },
  minInterval: 0,
};
export const SPLIT: Policy = { ...POLICY, scheme: 'ksk-zsk' };
export const FACTS: Facts = { maxTtl: 4 * HOUR, negativeTtl: 15 * MINUTE };
export const WORLD: World = {
  ackDelay: MINUTE,
  parent: {
    isMute: false,
    scanDelay: 3 * HOUR,
    applyDelay: HOUR,
    spread: 10 * MINUTE,
    monitorDelay: 5 * MINUTE,
    rescanInterval: 7 * DAY,
    watchInterval: 30 * MINUTE,
    ttl: DAY,
    negativeTtl: DAY,
  },
};
