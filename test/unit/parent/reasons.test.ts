/** Why a zone still waits for its parent: for each state of things at the parent the code and the clause that tell it. */
import { expect, it } from 'vitest';
import { plus } from '../../../src/base/time.ts';
import { dsRdata } from '../../../src/dnssec/ds.ts';
import { DEFAULT_POLICY } from '../../../src/kasp/policy.ts';
import { dnskeyOf } from '../../../src/kasp/records.ts';
import { unknown, type Verdict } from '../../../src/parent/judge.ts';
import { reasonsOf } from '../../../src/parent/reasons.ts';
import { afterLook, UNWATCHED, type Watch } from '../../../src/parent/watch.ts';
import { nameOf } from '../../../src/wire/name.ts';
import { keyIn, leaving, rollingZone, SCENE_TIME } from '../../support/zone-scene.ts';

const CHILD = nameOf('child.test.');
const POLICY = { ...DEFAULT_POLICY, monitor: { interval: 60, rounds: 2, roundGap: 5 } };
const SEEN = { seenAllAt: SCENE_TIME, goneAllAt: null, lastSeenAnywhereAt: SCENE_TIME };
const OLD = leaving('A', 'O/O/-/O', { dsObservation: SEEN });
const NEW = keyIn('B', 'O/O/-/R');
const STATE = rollingZone([OLD, NEW], { step: 'request' });
const FOREIGN = Uint8Array.of(0x12, 0x67, 13, 2, ...new Uint8Array(32));

const dsOf = (key: typeof OLD) => dsRdata(CHILD, dnskeyOf(key), 2);
const has = (...keys: (typeof OLD)[]): Verdict => ({ kind: 'known', ds: keys.map(dsOf), ttl: 60 });
const bogus = unknown('PARENT_BOGUS', 'it has no signature');

/** What was seen in looks of two servers, `gap` seconds apart. */
function watchOf(looks: readonly (readonly [Verdict, Verdict])[], gap = 5): Watch {
  let watch = UNWATCHED;
  for (const [i, verdicts] of looks.entries()) {
    const sights = verdicts.map((verdict, at) => ({
      server: { name: nameOf(`ns${at + 1}.test.`), address: `192.0.2.${at + 1}`, port: 53 },
      verdict,
    }));
    const look = { kind: 'look', parent: nameOf('test.'), isParentSecure: true, sights } as const;
    watch = afterLook(watch, look, POLICY.monitor, plus(SCENE_TIME, i * gap));
  }
  return watch;
}

function codesOf(watch: Watch, { wasTold = false, after = 30, state = STATE } = {}): string[] {
  const scene = { state, policy: POLICY, now: plus(SCENE_TIME, after) };
  return reasonsOf(watch, CHILD, scene, wasTold).map(({ code }) => code);
}

const BOTH = [has(OLD, NEW), has(OLD, NEW)] as const;
const OLD_ONLY = [has(OLD), has(OLD)] as const;
const withForeign = { kind: 'known', ds: [dsOf(OLD), FOREIGN], ttl: 60 } as const;

it.each<[what: string, watch: Watch, codes: readonly string[]]>([
  ['nobody has looked', UNWATCHED, ['PARENT_NOT_SEEN']],
  ['one server lies', watchOf([[has(OLD, NEW), bogus]]), ['PARENT_BOGUS']],
  ['no server has it', watchOf([OLD_ONLY]), ['PARENT_DS_AWAITED']],
  ['one server has it', watchOf([[has(OLD, NEW), has(OLD)]]), ['PARENT_SERVERS_DISAGREE']],
  ['all have it, once', watchOf([BOTH]), ['PARENT_LOOKS_AGREE']],
  ['it took the new one alone', watchOf([[has(NEW), has(NEW)]]), ['PARENT_DS_PARTIAL', 'PARENT_LOOKS_AGREE']],
  ['it removed all', watchOf([[has(), has()]]), ['PARENT_DS_MISSING', 'PARENT_DS_AWAITED']],
  ['it has one of others', watchOf([[withForeign, withForeign]]), ['PARENT_DS_FOREIGN', 'PARENT_DS_AWAITED']],
  [
    'it shows this and that',
    watchOf([BOTH, OLD_ONLY, BOTH, OLD_ONLY, BOTH]),
    ['PARENT_FLAPS', 'PARENT_LOOKS_AGREE'],
  ],
])('%s', (_what, watch, codes) => {
  expect(codesOf(watch)).toEqual(codes);
});

it('says that a parent ignores what it was told, after some intervals of the monitor', () => {
  const watch = watchOf([OLD_ONLY]);
  expect(codesOf(watch, { wasTold: true, after: 100 })).toContain('PARENT_DS_AWAITED');
  expect(codesOf(watch, { wasTold: true, after: 200 })).toContain('PARENT_IGNORES_CDS');
  expect(codesOf(watch, { wasTold: false, after: 200 })).toContain('PARENT_DS_AWAITED');
});

it('says of a DS that shall go that it lingers', () => {
  const keys = [
    leaving('A', 'O/O/-/U', { dsObservation: SEEN }),
    keyIn('B', 'O/O/-/O', { dsObservation: SEEN }),
  ];
  const state = rollingZone(keys, { step: 'withdraw' });
  const [old, fresh] = keys;
  expect(codesOf(watchOf([[has(old!, fresh!), has(old!, fresh!)]]), { state })).toEqual([
    'PARENT_DS_LINGERS',
  ]);
});

it('names servers with since when they say nothing, and nobody when nothing is waited for', () => {
  const watch = watchOf([
    [has(OLD), bogus],
    [has(OLD), unknown('PARENT_SILENT', 'no answer within 5 s')],
  ]);
  const scene = { state: STATE, policy: POLICY, now: plus(SCENE_TIME, 9) };
  expect(reasonsOf(watch, CHILD, scene, false)[0]).toEqual({
    ...{ code: 'PARENT_SILENT', address: '192.0.2.2', since: SCENE_TIME },
    text: 'ns2.test. (192.0.2.2): no answer within 5 s',
  });
  const resting = { ...STATE, rollover: null, keys: [keyIn('B', 'O/O/-/O', { dsObservation: SEEN })] };
  expect(reasonsOf(watch, CHILD, { ...scene, state: resting }, false)).toEqual([]);
});

it('tells a change that comes once from flapping', () => {
  expect(codesOf(watchOf([OLD_ONLY, BOTH, OLD_ONLY]))).not.toContain('PARENT_FLAPS');
  expect(codesOf(watchOf([OLD_ONLY, BOTH, OLD_ONLY, BOTH, BOTH]))).not.toContain('PARENT_FLAPS');
});
