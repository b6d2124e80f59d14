/**
 * What went wrong elsewhere (ROLLOVER section 7), each with the test that would have caught it: keys and
 * signatures. The others are in `pitfalls.test.ts`.
 */
import { describe, expect, it } from 'vitest';
import { plus, unixSeconds } from '../../../src/base/time.ts';
import { signOctets, verifyOctets } from '../../../src/dnssec/algorithm.ts';
import { dnskeyRdata, keyTag } from '../../../src/dnssec/dnskey.ts';
import { generateKey, loadPrivateKey } from '../../../src/dnssec/keypair.ts';
import { isWithinValidity, type RrsigFields, signRRset, verifyRRset } from '../../../src/dnssec/rrsig.ts';
import { formatStates, type Key, type KeyRole } from '../../../src/kasp/key.ts';
import { next } from '../../../src/kasp/next.ts';
import { observeDs } from '../../../src/kasp/parent.ts';
import type { Policy } from '../../../src/kasp/policy.ts';
import { findKey } from '../../../src/kasp/zonestate.ts';
import { openZoneKeys } from '../../../src/store/openkeys.ts';
import { APEX, atRest, POLICY, ROLLS, runToStep, started, YEAR } from '../../support/pitfall-zones.ts';
import { seededRandom } from '../../support/random.ts';
import { RolloverRig } from '../../support/rollover-rig.ts';
import { DAY, FACTS } from '../../support/rollover-world.ts';
import { SimulatedFiles } from '../../support/simulated-files.ts';

// ---- Keys ----

/** All keys have the same tag. */
class OneTagRig extends RolloverRig {
  override makeKey(algorithm: number, roles: readonly KeyRole[]): Key {
    return { ...super.makeKey(algorithm, roles), tag: 4_711 };
  }
}

describe('keys', () => {
  it.each(ROLLS)(
    '8: $request.type $request.method: keys of the same tag are not mixed up',
    ({ policy, request }) => {
      const [plain, equal] = [RolloverRig, OneTagRig].map((Rig) => {
        const rig = started(atRest(policy, Rig), request);
        rig.run();
        expect(rig.findings()).toEqual([]);
        return rig.moments.map(({ at, state }) => `${at} ${state.keys.map(formatStates).join(' ')}`);
      });
      expect(equal).toEqual(plain);
    },
  );

  it('8: a DS that is seen is that of one key, though two algorithms share the tag', () => {
    const rig = started(atRest(POLICY, OneTagRig), { type: 'algorithm', algorithm: 15 });
    runToStep(rig, 'request');
    rig.run(60);
    const before = findKey(rig.state, 'C1')!;
    const later = plus(rig.now, rig.policy.propagation + rig.policy.cdsTtl);
    const after = observeDs(rig.state, { keyId: 'C2', seen: true, ttl: DAY }, rig.policy, later);
    expect(findKey(after, 'C2')!.dsObservation.seenAllAt).toBe(later);
    expect(findKey(after, 'C1')).toEqual(before);
  });

  it('8: a new key never gets a tag that another key has', async () => {
    const files = new SimulatedFiles();
    const keys = await openZoneKeys(storeOf(files, POLICY));
    for (let count = 0; count < 20; count++) {
      const made = await keys.createKey(['zone-signing'], 15, unixSeconds(1));
      expect(keys.zoneState.keys.map(({ tag }) => tag)).not.toContain(made.tag);
      const all = [...keys.zoneState.keys, made];
      await keys.commit({ zoneState: { ...keys.zoneState, keys: all }, now: unixSeconds(1) });
    }
  });

  it('9: a private key that cannot be read makes no other, and removes none, at any step', async () => {
    const rig = atRest(POLICY);
    const files = new SimulatedFiles();
    const store = await openZoneKeys(storeOf(files, POLICY));
    const twin = await store.createKey(['key-signing', 'zone-signing'], 13, rig.now);
    started(rig, { type: 'csk' });
    rig.run();
    const states = new Set(rig.moments.map(({ state }) => state).filter(({ rollover }) => rollover !== null));
    expect(states.size).toBeGreaterThan(5);
    for (const state of states) {
      // The rig's keys have no private halves: those of the store stand in for them.
      const [old, fresh] = state.keys;
      const pairOf = (key: Key, pair: Key) => ({ ...pair, id: key.id, goal: key.goal, states: key.states });
      const pairs = [pairOf(old!, store.zoneState.keys[0]!), pairOf(fresh!, twin)];
      await store.commit({ zoneState: { ...state, keys: pairs }, now: rig.now });
      const privates = files.allFiles().filter((name) => name.endsWith('.private'));
      expect(privates.length).toBe(2);
      for (const name of privates) {
        const whole = files.read(name, 10_000);
        const before = files.allFiles();
        files.put(name, 'unreadable');
        await expect(openZoneKeys(storeOf(files, POLICY))).rejects.toThrow(/private/i);
        expect(files.allFiles()).toEqual(before);
        files.put(name, whole);
        expect((await openZoneKeys(storeOf(files, POLICY))).zoneState).toEqual(store.zoneState);
      }
    }
  });

  it.each(ROLLS)(
    '10: $request.type $request.method: a thousand wake-ups make no key',
    ({ policy, request }) => {
      const lifetime = { csk: YEAR, ksk: YEAR, zsk: YEAR };
      const rig = started(atRest({ ...policy, lifetime }), request);
      const from = rig.moments.length;
      rig.runUntil(({ rollover }) => rollover === null, 'the end');
      const perMoment = Math.ceil(1_000 / (rig.moments.length - from));
      for (const { at, state } of rig.moments.slice(from)) {
        let woken = state;
        for (let count = 0; count < perMoment; count++) {
          const step = next(woken, FACTS, rig.policy, at);
          expect(step.due).toBeNull();
          expect(step.actions.filter(({ kind }) => kind === 'edge')).toEqual([]);
          woken = step.zoneState;
        }
        expect(woken.keys).toEqual(state.keys);
      }
      expect(rig.state.keys.filter(({ goal }) => goal === 'IN').length).toBeLessThanOrEqual(2);
    },
  );
});

function storeOf(files: SimulatedFiles, policy: Policy) {
  const random = seededRandom('pitfalls');
  return { files, random, keysDirectory: '/keys', origin: APEX, policy, now: unixSeconds(1_795_521_600) };
}

// ---- Signatures ----

describe('signatures', () => {
  it('24: r and s with leading zero octets verify', () => {
    const random = seededRandom('leading zeros');
    const pair = generateKey(13, (count) => random.octets(count));
    const key = loadPrivateKey(13, pair.privateOctets, pair.publicKey);
    const found = new Set<number>();
    for (let count = 0; count < 4_000 && found.size < 2; count++) {
      const octets = new TextEncoder().encode(`message ${count}`);
      const signature = signOctets(13, key, octets);
      expect(signature.length).toBe(64);
      for (const half of [0, 32]) {
        if (signature[half] !== 0) continue;
        found.add(half);
        expect(verifyOctets(13, pair.publicKey, octets, signature)).toBe(true);
      }
    }
    expect([...found].sort((a, b) => a - b)).toEqual([0, 32]);
  });

  it('24: signatures hold across 2038 and 2106, and only within their validity', () => {
    const random = seededRandom('dates');
    const pair = generateKey(15, (count) => random.octets(count));
    const key = loadPrivateKey(15, pair.privateOctets, pair.publicKey);
    const dnskey = dnskeyRdata(257, 15, pair.publicKey);
    const rdatas = [Uint8Array.of(192, 0, 2, 1)];
    for (const turn of [2 ** 31, 2 ** 32]) {
      const [inception, expiration] = [unixSeconds(turn - DAY), unixSeconds(turn + DAY)];
      const fields: RrsigFields = {
        ...{ typeCovered: 1, algorithm: 15, labels: 1, originalTtl: 300, signerName: APEX },
        ...{ keyTag: keyTag(dnskey), inception, expiration },
      };
      const rrsig = signRRset(fields, APEX, rdatas, key);
      const signed = { owner: APEX, type: 1, rdatas, rrsig, dnskey, apex: APEX };
      for (const at of [-DAY, -1, 0, 1, DAY])
        expect(verifyRRset(signed, unixSeconds(turn + at))).toBeUndefined();
      for (const at of [-DAY - 1, DAY + 1]) {
        expect(isWithinValidity(fields, unixSeconds(turn + at))).toBe(false);
        expect(verifyRRset(signed, unixSeconds(turn + at))).toBe('outside its validity');
      }
    }
  });
});
