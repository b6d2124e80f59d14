import { describe, expect, it } from 'vitest';
import { plus, unixSeconds } from '../../../src/base/time.ts';
import { hiddenKey, type Key, type RecordKind, type RecordState, withRecord } from '../../../src/kasp/key.ts';
import { DEFAULT_POLICY, type Policy } from '../../../src/kasp/policy.ts';
import type { Facts } from '../../../src/kasp/step.ts';
import {
  acknowledge,
  endOf,
  hasLiveDs,
  isAliveAt,
  isDsWaived,
  noteZoneTtl,
  prune,
  recordContent,
  requestDs,
} from '../../../src/kasp/versions.ts';
import { type DsVersion, newZoneState, withKeys, type ZoneState } from '../../../src/kasp/zonestate.ts';

const NOW = unixSeconds(1_795_521_600);
const HOUR = 3_600;
const FACTS: Facts = { maxTtl: 7_200, negativeTtl: 300 };
const POLICY: Policy = { ...DEFAULT_POLICY, dnskeyTtl: 1_000, cdsTtl: 60, propagation: 10 };

function csk(id: string): Key {
  const publicKey = new Uint8Array(64).fill(id.charCodeAt(0));
  return hiddenKey({ id, algorithm: 13, roles: ['key-signing', 'zone-signing'], publicKey }, NOW);
}

/** The key with some records in another state, not yet acknowledged. */
function put(key: Key, state: RecordState, ...records: RecordKind[]): Key {
  const times = { state, since: NOW, doneAt: null, notBefore: null };
  return records.reduce((changed, record) => withRecord(changed, record, times), key);
}

/** A zone that has just begun to sign, recorded and not acknowledged. */
function signing(): ZoneState {
  const state = newZoneState([put(csk('a'), 'rumoured', 'dnskey', 'krrsig', 'zrrsig')]);
  return recordContent(state, POLICY, FACTS, NOW);
}

function ds(keys: string[], last: number | null, isConfirmed = true): DsVersion {
  return { first: NOW, last: last === null ? null : unixSeconds(last), ttl: 100, keys, isConfirmed };
}

describe('spans', () => {
  it('a version is alive from its first instant until propagation and TTL are over', () => {
    const span = { first: NOW, last: plus(NOW, 50), ttl: 100 };
    expect(endOf(span, 7)).toBe(NOW + 157);
    const alive = [-1, 0, 156, 157].map((offset) => isAliveAt(span, 7, plus(NOW, offset)));
    expect(alive).toEqual([false, true, true, false]);
    expect(isAliveAt({ ...span, last: null }, 7, plus(NOW, 1e9))).toBe(true);
    expect(endOf({ ...span, last: null }, 7)).toBeNull();
  });
});

describe('content is recorded before it is served', () => {
  it('appends open versions of what differs, and waits for acknowledgement', () => {
    const { logs, pendingSince } = signing();
    expect(pendingSince).toBe(NOW);
    expect(logs.dnskey.at(-1)).toEqual({ first: NOW, last: null, ttl: 1_000, keys: ['a'], signers: ['a'] });
    expect(logs.zone.at(-1)).toEqual({ first: NOW, last: null, ttl: 0, signers: ['a'] });
    expect([logs.dnskey, logs.zone, logs.cds].map((log) => log.length)).toEqual([2, 2, 1]);
    expect(logs.dnskey[0]!.last).toBeNull();
  });

  it('the same content is recorded once', () => {
    const state = signing();
    expect(recordContent(state, POLICY, FACTS, plus(NOW, 5))).toBe(state);
    const done = acknowledge(state, FACTS, POLICY, plus(NOW, 5));
    expect(recordContent(done, POLICY, FACTS, plus(NOW, 9))).toBe(done);
  });

  it('another DNSKEY TTL is another version', () => {
    const state = acknowledge(signing(), FACTS, POLICY, NOW);
    const lowered = recordContent(state, { ...POLICY, dnskeyTtl: 60 }, FACTS, plus(NOW, 9));
    const acknowledged = acknowledge(lowered, FACTS, POLICY, plus(NOW, 10));
    expect(acknowledged.logs.dnskey.slice(1).map(({ last, ttl }) => [last, ttl])).toEqual([
      [NOW + 10, 1_000],
      [null, 60],
    ]);
  });

  it('CDS are a version with keys, a removal, and none', () => {
    let state = acknowledge(signing(), FACTS, POLICY, NOW);
    const asking = [put(state.keys[0]!, 'rumoured', 'ds')];
    state = recordContent({ ...state, keys: asking }, POLICY, FACTS, NOW);
    const leaving = [put(state.keys[0]!, 'unretentive', 'ds')];
    state = recordContent({ ...state, goal: 'insecure', keys: leaving }, POLICY, FACTS, NOW);
    const gone = [put(state.keys[0]!, 'hidden', 'ds')];
    state = recordContent({ ...state, keys: gone }, POLICY, FACTS, NOW);
    expect(state.logs.cds.map(({ keys, isDelete, signers, ttl }) => [keys, isDelete, signers, ttl])).toEqual([
      [[], false, [], 0],
      [['a'], false, ['a'], 60],
      [[], true, ['a'], 60],
      [[], false, [], 0],
    ]);
  });

  it('other digests alone are another version of CDS; not known ones are as they are', () => {
    const asking = withKeys(signing(), [put(signing().keys[0]!, 'rumoured', 'ds')]);
    const state = acknowledge(recordContent(asking, POLICY, FACTS, NOW), FACTS, POLICY, NOW);
    expect(recordContent(state, { ...POLICY, digests: [2] }, FACTS, plus(NOW, 9))).toBe(state);
    const both = recordContent(state, { ...POLICY, digests: [2, 4] }, FACTS, plus(NOW, 9));
    expect(both.pendingSince).toBe(NOW + 9);
    expect(both.logs.cds.map(({ keys, digests }) => [keys, digests])).toEqual([
      [[], undefined],
      [['a'], [2]],
      [['a'], [2, 4]],
    ]);
    const { digests: _, ...old } = state.logs.cds.at(-1)!;
    const unknown = { ...state, logs: { ...state.logs, cds: [old] } };
    expect(recordContent(unknown, { ...POLICY, digests: [4] }, FACTS, plus(NOW, 9))).toBe(unknown);
  });

  it('an edge that changes nothing served is done at once', () => {
    const state = acknowledge(signing(), FACTS, POLICY, NOW);
    const asking = withKeys(state, [put(state.keys[0]!, 'rumoured', 'ds')]);
    const recorded = recordContent(asking, { ...POLICY, cds: 'never' }, FACTS, plus(NOW, 9));
    expect(recorded.pendingSince).toBeNull();
    expect(recorded.keys[0]!.states.ds!.doneAt).toBe(NOW + 9);
  });
});

describe('acknowledgement', () => {
  it('closes all but the newest and dates what was not done', () => {
    const at = plus(NOW, 30);
    const state = acknowledge(signing(), FACTS, POLICY, at);
    expect(state.pendingSince).toBeNull();
    expect(state.logs.dnskey.map(({ last }) => last)).toEqual([at, null]);
    expect(state.logs.zone.map(({ last }) => last)).toEqual([at, null]);
    const { dnskey, zrrsig, ds: untouched } = state.keys[0]!.states;
    expect([dnskey!.doneAt, zrrsig!.doneAt, untouched!.doneAt]).toEqual([at, at, NOW]);
    expect(acknowledge(state, FACTS, POLICY, plus(at, 5))).toBe(state);
  });

  it('an unsigned zone stays in caches for negative TTL and zone TTL', () => {
    const unsigned = (facts: Facts, policy: Policy = POLICY) => {
      const { logs } = acknowledge(signing(), facts, policy, NOW);
      return [logs.dnskey[0]!.ttl, logs.zone[0]!.ttl];
    };
    expect(unsigned(FACTS)).toEqual([300, 7_200]);
    expect(unsigned({ ...FACTS, negativeTtl: 9_000 })).toEqual([9_000, 9_000]);
    expect(unsigned({ ...FACTS, hadUnsignedBefore: false })).toEqual([0, 0]);
    expect(unsigned(FACTS, { ...POLICY, bootstrapHold: 42 })).toEqual([42, 42]);
  });

  it('a negative TTL that was lowered before is remembered where it was the largest TTL of the zone', () => {
    const before: ZoneState = { ...newZoneState([]), zoneTtl: { current: 9_000, horizon: unixSeconds(0) } };
    const lowered = acknowledge(
      recordContent(before, POLICY, { maxTtl: 100, negativeTtl: 100 }, NOW),
      { maxTtl: 100, negativeTtl: 100 },
      POLICY,
      NOW,
    );
    const keys = [put(csk('a'), 'rumoured', 'dnskey', 'krrsig', 'zrrsig')];
    const facts = { maxTtl: 100, negativeTtl: 100 };
    const signed = recordContent({ ...lowered, keys }, POLICY, facts, plus(NOW, 1_000));
    const { logs } = acknowledge(signed, facts, POLICY, plus(NOW, 1_000));
    expect([logs.dnskey[0]!.ttl, logs.zone[0]!.ttl]).toEqual([8_000, 8_000]);
  });

  it('a zone that went insecure was seen unsigned, whatever it was at first', () => {
    const facts = { ...FACTS, hadUnsignedBefore: false };
    let state = acknowledge(signing(), facts, POLICY, NOW);
    const hidden = put(state.keys[0]!, 'hidden', 'dnskey', 'krrsig', 'zrrsig');
    state = recordContent(withKeys(state, [hidden]), POLICY, facts, plus(NOW, 100));
    state = acknowledge(state, facts, POLICY, plus(NOW, 100));
    const again = put(hidden, 'rumoured', 'dnskey', 'krrsig', 'zrrsig');
    state = recordContent(withKeys(state, [again]), POLICY, facts, plus(NOW, 200));
    state = acknowledge(state, facts, POLICY, plus(NOW, 200));
    expect(state.logs.zone.map(({ ttl }) => ttl)).toEqual([0, 7_200, 7_200, 0]);
    expect(state.logs.dnskey.map(({ ttl }) => ttl)).toEqual([0, 1_000, 300, 1_000]);
  });

  it('a lowered zone TTL shortens nothing that was cached before', () => {
    let state = acknowledge(signing(), FACTS, POLICY, NOW);
    const low = { ...FACTS, maxTtl: 60 };
    state = noteZoneTtl(state, low, plus(NOW, 10));
    expect([state.pendingSince, state.zoneTtl.current]).toEqual([NOW + 10, 7_200]);
    state = acknowledge(state, low, POLICY, plus(NOW, 20));
    expect(state.zoneTtl).toEqual({ current: 60, horizon: NOW + 20 + 7_200 });
    const other = put(csk('b'), 'rumoured', 'dnskey', 'zrrsig');
    const switched = { ...state, keys: [put(state.keys[0]!, 'unretentive', 'zrrsig'), other] };
    const soon = acknowledge(
      recordContent(switched, POLICY, low, plus(NOW, 120)),
      low,
      POLICY,
      plus(NOW, 120),
    );
    expect(soon.logs.zone.at(-2)!.ttl).toBe(7_200 - 100);
    const late = recordContent(switched, POLICY, low, plus(NOW, 9_000));
    expect(acknowledge(late, low, POLICY, plus(NOW, 9_000)).logs.zone.at(-2)!.ttl).toBe(60);
  });

  it('a raised zone TTL counts at once', () => {
    const state = acknowledge(signing(), FACTS, POLICY, NOW);
    const raised = noteZoneTtl(state, { ...FACTS, maxTtl: 86_400 }, plus(NOW, 10));
    expect([raised.pendingSince, raised.zoneTtl.current]).toEqual([null, 86_400]);
    expect(noteZoneTtl(state, FACTS, plus(NOW, 10))).toBe(state);
  });
});

describe('DS at the parent', () => {
  const asking = newZoneState([put(csk('a'), 'omnipresent', 'dnskey', 'krrsig', 'zrrsig')]);
  const withDs = withKeys(asking, [put(asking.keys[0]!, 'rumoured', 'ds')]);

  it('what is asked for may be there from then on', () => {
    expect(requestDs(asking, POLICY, NOW)).toBe(asking);
    const state = requestDs(withDs, POLICY, NOW);
    const asked = { first: NOW, last: null, ttl: 86_400, keys: ['a'], isConfirmed: false };
    expect(state.logs.ds.at(-1)).toEqual(asked);
    expect(requestDs(state, POLICY, plus(NOW, 5))).toBe(state);
    expect(requestDs({ ...withDs, delegation: 'none' }, POLICY, NOW).logs.ds).toHaveLength(1);
  });

  it('the TTL of a DS that was seen replaces that of the policy', () => {
    const logs = { ...withDs.logs, ds: [ds(['z'], null)] };
    expect(requestDs({ ...withDs, logs }, POLICY, NOW).logs.ds.at(-1)!.ttl).toBe(100);
  });

  it('a DS is live while the parent or a cache may have it', () => {
    const rp = POLICY.parent.propagation;
    const gone: ZoneState = { ...asking, delegation: 'none', logs: { ...asking.logs, ds: [ds(['a'], NOW)] } };
    expect(hasLiveDs(gone, POLICY, plus(NOW, 100 + rp - 1))).toBe(true);
    expect(isDsWaived(gone, POLICY, plus(NOW, 100 + rp - 1))).toBe(false);
    expect(isDsWaived(gone, POLICY, plus(NOW, 100 + rp))).toBe(true);
    expect(isDsWaived({ ...gone, delegation: 'unconfirmed' }, POLICY, plus(NOW, 1e9))).toBe(false);
    expect(hasLiveDs({ ...asking, delegation: 'secure' }, POLICY, NOW)).toBe(true);
    expect(hasLiveDs(requestDs(withDs, POLICY, NOW), POLICY, NOW)).toBe(false);
  });
});

describe('pruning', () => {
  it('drops what is dead, margin and all, and keeps the newest', () => {
    const state = acknowledge(signing(), FACTS, POLICY, NOW);
    const dead = plus(NOW, 300 + POLICY.propagation + HOUR);
    expect(prune(state, POLICY, plus(dead, -1))).toBe(state);
    const { logs } = prune(state, POLICY, dead);
    expect([logs.dnskey.length, logs.zone.length, logs.ds.length]).toEqual([1, 2, 1]);
    expect(logs.dnskey[0]!.keys).toEqual(['a']);
    const later = prune(state, POLICY, plus(NOW, 1e8));
    expect([later.logs.dnskey.length, later.logs.zone.length, later.logs.cds.length]).toEqual([1, 1, 1]);
  });

  it('open DS versions stay, and one that nobody confirmed is kept for the TTL that it may have had', () => {
    const base = newZoneState([csk('a')]);
    const log = [ds(['a'], NOW, false), ds(['b'], null), ds(['c'], NOW)];
    const state = { ...base, logs: { ...base.logs, ds: [...log, { ...ds(['d'], NOW), ttl: 5_000 }] } };
    const dead = plus(NOW, 100 + POLICY.parent.propagation + HOUR);
    expect(prune(state, POLICY, dead).logs.ds.map(({ keys }) => keys[0])).toEqual(['a', 'b', 'd']);
    expect(prune(state, POLICY, plus(dead, 4_900)).logs.ds.map(({ keys }) => keys[0])).toEqual(['b', 'd']);
  });
});
