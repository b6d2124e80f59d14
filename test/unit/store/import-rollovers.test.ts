/**
 * A rollover changes hands at every instant at which something happened: our states are written as BIND keeps them,
 * read back as keys of another signer, and the rollover goes on from there. The judge knows all that was served before
 * and after, and must find nothing.
 */
import { describe, expect, it } from 'vitest';
import { formatDuration } from '../../../src/base/time.ts';
import { isEntirelyHidden } from '../../../src/kasp/key.ts';
import type { Policy } from '../../../src/kasp/policy.ts';
import type { RolloverRequest } from '../../../src/kasp/step.ts';
import type { ZoneState } from '../../../src/kasp/zonestate.ts';
import { formatStateFile } from '../../../src/store/export-keys.ts';
import { readBindKey } from '../../../src/store/import-bind.ts';
import { settleKeys } from '../../../src/store/import-roles.ts';
import { adoptedState } from '../../../src/store/import-state.ts';
import { formatPrivateFile, formatPublicFile, keyFileBase } from '../../../src/store/keyfile.ts';
import { nameOf } from '../../../src/wire/name.ts';
import { formatFindings } from '../../support/rollover-judge.ts';
import { isSecure, RolloverRig } from '../../support/rollover-rig.ts';
import { FACTS, WORLD, POLICY as WORLD_POLICY } from '../../support/rollover-world.ts';

const ORIGIN = nameOf('example.');

/** What is imported is taken for a zone with the largest TTL that its policy has. */
const POLICY: Policy = { ...WORLD_POLICY, maxZoneTtl: FACTS.maxTtl };
const SPLIT: Policy = { ...POLICY, scheme: 'ksk-zsk' };

/** The state as it is after its keys went through BIND's files; ids stay, so that the rig knows them again. */
function throughFiles(state: ZoneState, policy: Policy, now: ZoneState['zoneTtl']['horizon']): ZoneState {
  const texts = new Map<string, string>();
  const ids: string[] = [];
  const bases = state.keys.map((key) => {
    const base = `/keys/${keyFileBase(ORIGIN, key.algorithm, key.tag)}`;
    texts.set(`${base}.key`, formatPublicFile(ORIGIN, key, key.createdAt));
    texts.set(`${base}.private`, formatPrivateFile(key.algorithm, new Uint8Array(32).fill(7), key.createdAt));
    texts.set(`${base}.state`, formatStateFile(key, state, { origin: ORIGIN, now }));
    if (key.goal === 'IN' || !isEntirelyHidden(key)) ids.push(key.id);
    return base;
  });
  const foreign = bases.map((base) => readBindKey(base, ORIGIN, (path) => texts.get(path), now));
  const { keys } = settleKeys(foreign, { served: undefined, words: [], now });
  const newId = () => ids.shift() ?? 'goes on';
  return adoptedState(keys, { policy, now, servedTtl: policy.dnskeyTtl, newId });
}

function rigOf(policy: Policy): RolloverRig {
  const rig = new RolloverRig({ policy, facts: FACTS, world: WORLD });
  rig.run();
  expect(isSecure(rig.state)).toBe(true);
  return rig;
}

interface Scenario {
  readonly policy: Policy;
  readonly request: RolloverRequest;
}

const swapping = (policy: Policy): Policy => ({ ...policy, rollover: { ...policy.rollover, ksk: 'swap' } });
const SCENARIOS: Readonly<Record<string, Scenario>> = {
  'of a ZSK': { policy: SPLIT, request: { type: 'zsk' } },
  'of a KSK': { policy: SPLIT, request: { type: 'ksk' } },
  'of a KSK by swap': { policy: swapping(SPLIT), request: { type: 'ksk' } },
  'of a CSK': { policy: POLICY, request: { type: 'csk' } },
  'of a CSK by swap': { policy: swapping(POLICY), request: { type: 'csk' } },
};

describe.each(Object.entries(SCENARIOS))('a rollover %s', (_, { policy, request }) => {
  const whole = rigOf(policy);
  const startedAt = whole.now;
  expect(whole.start(request)).toBeUndefined();
  whole.run();
  const instants = [...new Set(whole.moments.map(({ at }) => at))].filter((at) => at >= startedAt);

  it('has many instants', () => expect(instants.length).toBeGreaterThan(4));

  it.each(instants.map((at) => [formatDuration(at - startedAt), at] as const))(
    'goes on from +%s',
    (_when, at) => {
      const rig = rigOf(policy);
      rig.start(request);
      rig.run(at - startedAt);
      const before = rig.state;
      rig.state = throughFiles(before, policy, rig.now);
      const states = (state: ZoneState) =>
        state.keys
          .filter((key) => key.goal === 'IN' || !isEntirelyHidden(key))
          .map(({ id, goal, states: own }) => [id, goal, ...Object.values(own).map((one) => one?.state)]);
      expect(states(rig.state)).toEqual(states(before));
      const isRolling = states(before).length > (policy.scheme === 'csk' ? 1 : 2);
      if (isRolling) {
        const links = ({ keys }: ZoneState) => keys.map((key) => [key.id, key.predecessor, key.successor]);
        expect(links(rig.state)).toEqual(links(before));
      }
      expect(rig.state.rollover?.type).toBe(isRolling ? request.type : undefined);
      rig.wake();
      rig.run();
      expect(formatFindings(rig.findings(), (when) => formatDuration(when - startedAt))).toBe('');
      expect(isSecure(rig.state)).toBe(true);
      const staying = rig.state.keys.filter(({ goal }) => goal === 'IN').map(({ id }) => id);
      expect(staying).toEqual(whole.state.keys.filter(({ goal }) => goal === 'IN').map(({ id }) => id));
    },
  );
});

it('takes over a zone that rests, with what it knows of the parent', () => {
  const rig = rigOf(SPLIT);
  const adopted = throughFiles(rig.state, SPLIT, rig.now);
  expect(adopted.delegation).toBe('secure');
  expect(adopted.rollover).toBeNull();
  rig.state = adopted;
  rig.wake();
  rig.run();
  expect(rig.findings()).toEqual([]);
});
