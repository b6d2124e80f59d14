/** Zones for the tests of pitfalls (ROLLOVER section 7): every kind of rollover, from a zone at rest. */
import { assert } from '../../src/base/assert.ts';
import type { UnixSeconds } from '../../src/base/time.ts';
import type { RecordKind } from '../../src/kasp/key.ts';
import type { Policy } from '../../src/kasp/policy.ts';
import type { RolloverRequest } from '../../src/kasp/step.ts';
import { nameOf } from '../../src/wire/name.ts';
import { isSecure, RolloverRig } from './rollover-rig.ts';
import { DAY, FACTS, WORLD, POLICY as WORLD_POLICY } from './rollover-world.ts';

export const YEAR = 365 * DAY;
export const APEX = nameOf('example.');

/** Nothing is forgotten while a test looks. */
export const POLICY: Policy = { ...WORLD_POLICY, purgeAfter: 3650 * DAY };
export const SPLIT: Policy = { ...POLICY, scheme: 'ksk-zsk' };
export const ROLLS: readonly { readonly policy: Policy; readonly request: RolloverRequest }[] = [
  { policy: SPLIT, request: { type: 'zsk' } },
  { policy: SPLIT, request: { type: 'ksk', method: 'additive' } },
  { policy: SPLIT, request: { type: 'ksk', method: 'swap' } },
  { policy: SPLIT, request: { type: 'ksk', method: 'double-ds' } },
  { policy: POLICY, request: { type: 'csk', method: 'additive' } },
  { policy: POLICY, request: { type: 'csk', method: 'swap' } },
  { policy: SPLIT, request: { type: 'algorithm', algorithm: 15, method: 'conservative' } },
  { policy: POLICY, request: { type: 'algorithm', algorithm: 15, method: 'liberal' } },
  { policy: POLICY, request: { type: 'scheme', scheme: 'ksk-zsk' } },
  { policy: SPLIT, request: { type: 'scheme', scheme: 'csk' } },
];

/** A signed zone whose DS every cache has, at rest for a month. */
export function atRest(policy: Policy, Rig = RolloverRig, world = WORLD, facts = FACTS): RolloverRig {
  const rig = new Rig({ policy, facts, world });
  rig.runUntil(isSecure, 'a signed zone with a DS');
  rig.run(30 * DAY);
  return rig;
}

export function started(rig: RolloverRig, request: RolloverRequest): RolloverRig {
  const refusal = rig.start(request);
  assert(refusal === undefined, `${JSON.stringify(request)} starts: ${refusal}`);
  return rig;
}

export function runToStep(rig: RolloverRig, step: string): void {
  rig.runUntil((state) => state.rollover?.step === step && state.pendingSince === null, `step ${step}`);
}

/** When a record of a key took an edge into a state. */
export function edgeAt(rig: RolloverRig, keyId: string, record: RecordKind, to: string): UnixSeconds {
  const found = rig.actions.find(
    (action) =>
      action.kind === 'edge' && action.keyId === keyId && action.record === record && action.to === to,
  );
  assert(found !== undefined, `${record}(${keyId}) becomes ${to}`);
  return found.at;
}
