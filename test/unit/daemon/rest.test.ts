/**
 * Keys that rest between turns: what is served and decided is the same as of keys that never do, and who looks at all zones
 * is told the same.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { glanceAt } from '../../../src/daemon/glance.ts';
import { type Order, obey, orderRefusal } from '../../../src/daemon/orders.ts';
import type { ZoneSigning } from '../../../src/daemon/signing.ts';
import type { Zone } from '../../../src/daemon/zone.ts';
import { formatStates, type Key } from '../../../src/kasp/key.ts';
import type { Policy } from '../../../src/kasp/policy.ts';
import { nameOf } from '../../../src/wire/name.ts';
import { QUICK_POLICY, ZonesBench, zoneText } from '../../support/zones-bench.ts';

const ZONE = 'a.example.';
const POLICY: Policy = { ...QUICK_POLICY, scheme: 'ksk-zsk', purgeAfter: 100 };

const opened: ZonesBench[] = [];
afterEach(async () => {
  for (const bench of opened.splice(0)) await bench.close();
});

async function signed(): Promise<{
  readonly bench: ZonesBench;
  readonly zone: Zone;
  readonly signing: ZoneSigning;
}> {
  const bench = new ZonesBench({ policies: { [ZONE]: POLICY } });
  opened.push(bench);
  bench.write(`${ZONE}zone`, zoneText(1));
  await bench.settle();
  const zone = bench.zones.find(nameOf(ZONE))!;
  return { bench, zone, signing: zone.signing! };
}

/** A zone that lives as long as some rollovers, a cancel and an unsigning; `between` turns something is done to its keys. */
async function lived(
  between: (signing: ZoneSigning) => void,
): Promise<{ states: string[]; events: string[] }> {
  const { bench, zone, signing } = await signed();
  const { clock, scheduler, events } = bench;
  const begun = clock.now();
  const [tags, states]: [Map<number, string>, string[]] = [new Map(), []];
  const named = (tag: number) => tags.get(tag) ?? tags.set(tag, `key ${tags.size + 1}`).get(tag)!;
  /** Without what is another one in each life. */
  const plain = (text: string) =>
    text
      .replace(/\d{4}-\d\d-\d\dT[\d:]+Z/g, (instant) => `+${Date.parse(instant) / 1_000 - begun} s`)
      .replace(/(keys?:? | and )(\d+)/g, (_text, words, tag) => words + named(Number(tag)));
  const pass = async (seconds: number) => {
    for (const until = clock.now() + seconds; clock.now() < until; ) {
      const due = Math.min(until, Math.max(scheduler.due(1)[0]?.at ?? until, clock.now() + 1));
      clock.advance(due - clock.now());
      scheduler.runDue();
      await bench.rest();
      between(signing);
      const { keys, rollover, logs } = signing.zoneState;
      const keyed = keys.map((key) => `${named(key.tag)} ${key.goal} ${formatStates(key)}`).join(', ');
      const versions = Object.values(logs).map((log) => log.length);
      const waits = signing.waiting.map(({ tag, record, reason, because }) => {
        return [named(tag), record, reason, plain(because)];
      });
      states.push(`${clock.now() - begun} ${rollover?.step} ${keyed} [${versions}] ${waits.join('; ')}`);
    }
  };
  const order = async (one: Order) => {
    for (let i = 0; i < 100 && orderRefusal(signing, one, clock.now()) !== undefined; i++) await pass(10);
    await (await zone.keeper.change((at) => obey(signing, one, at))).published;
    between(signing);
  };
  const tell = (goal: Key['goal']) => {
    const { id } = signing.zoneState.keys.find((key) => key.goal === goal && key.states.ds !== null)!;
    return order({ kind: 'ds', keyId: id, seen: goal === 'IN', ttl: 30 });
  };
  between(signing);
  await pass(60);
  await tell('IN');
  await order({ kind: 'start', request: { type: 'zsk' } });
  await order({ kind: 'start', request: { type: 'ksk' } });
  await pass(60);
  await tell('IN');
  await tell('OUT');
  await order({ kind: 'start', request: { type: 'ksk' } });
  await pass(10);
  await order({ kind: 'cancel' });
  await order({ kind: 'insecure' });
  await pass(100);
  await order({ kind: 'no-ds' });
  await pass(400);
  const told = events.after(0, 10_000).events.map(({ message }) => plain(message));
  return { states, events: told };
}

describe('keys that rest', () => {
  it('take the way that keys take which never do, through rollovers, a cancel and an unsigning', async () => {
    const awake = await lived((signing) => signing.wake());
    const resting = await lived((signing) => signing.keys.rest());
    const usual = await lived(() => undefined);
    expect(resting).toEqual(awake);
    expect(usual).toEqual(awake);
    const done = awake.events.flatMap((message) => /^(\w+) rollover is done/.exec(message)?.[1] ?? []);
    expect(done, 'it went all the way').toEqual(['zsk', 'ksk', 'ksk', 'insecure']);
  });

  it('are one object while a turn lasts, and another for each who asks in between', async () => {
    const { zone, signing } = await signed();
    const asked = signing.zoneState;
    let begun: unknown;
    await zone.keeper.change((at) => {
      expect(signing.zoneState).toBe(signing.zoneState);
      begun = signing.zoneState;
      return obey(signing, { kind: 'pause' }, at);
    });
    expect(begun).toEqual(asked);
    expect(signing.zoneState.pausedSince).not.toBeNull();
  });

  it('tell at a glance what they would tell awake', async () => {
    const { bench, zone, signing } = await signed();
    const told = () => {
      const { isPending, isForOthers, waitingSince, rollovers } = signing;
      return { isPending, isForOthers, waitingSince, isRolling: rollovers.length > 0 };
    };
    const orders: (readonly [Order, number])[] = [
      [{ kind: 'pause' }, 5],
      [{ kind: 'resume' }, 60],
      [{ kind: 'start', request: { type: 'zsk' } }, 5],
      [{ kind: 'cancel' }, 100],
    ];
    for (const [order, seconds] of orders) {
      await (await zone.keeper.change((at) => obey(signing, order, at))).published;
      await bench.lapse(seconds);
      expect(told(), order.kind).toEqual(glanceAt(signing));
    }
    expect(told().isForOthers, 'its first DS').toBe(true);
  });
});
