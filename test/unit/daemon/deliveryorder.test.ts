/** What becomes of deliveries when channels of the configuration are others: pure functions, one table. */
import { describe, expect, it } from 'vitest';
import { unixSeconds } from '../../../src/base/time.ts';
import { withChannels, withOrder } from '../../../src/daemon/deliveryorder.ts';
import type { Delivery } from '../../../src/store/deliveries.ts';

const NOW = unixSeconds(1_795_867_200);
const LATER = unixSeconds(NOW + 500);

/** On its way over `a`, then `b`, tried three times. */
function delivery(state: Delivery['state'], more: Partial<Delivery> = {}): Delivery {
  return {
    ...{ id: 'id', topic: 'ds-wanted', zone: 'child.test.', about: '00', payload: '{}', patience: 60 },
    ...{ channels: ['a', 'b'], order: ['a', 'b'], state, tries: 3, createdAt: unixSeconds(NOW - 100) },
    ...{ nextAt: state === 'waiting' ? LATER : null, last: 'no', outcomes: [] },
    ...more,
  };
}

const shown = ({ state, channels, tries, nextAt, order }: Delivery) => ({
  state,
  channels,
  tries,
  nextAt,
  order,
});

describe('another order', () => {
  it.each([
    [
      'keeps the channel in use and its tries',
      delivery('waiting'),
      ['c', 'a', 'd'],
      'waiting',
      ['a', 'd'],
      3,
      LATER,
    ],
    [
      'begins anew without the channel in use',
      delivery('waiting'),
      ['c', 'd'],
      'waiting',
      ['c', 'd'],
      0,
      NOW,
    ],
    [
      'tries anew what was dead',
      delivery('dead', { channels: ['b'] }),
      ['b', 'c'],
      'waiting',
      ['b', 'c'],
      0,
      NOW,
    ],
    ['leaves what was dropped', delivery('dropped'), ['c'], 'dropped', ['a', 'b'], 3, null],
    ['without any channel is the end', delivery('waiting'), [], 'dead', ['a'], 3, null],
    ['gives what was taken a next channel', handedBy('b'), ['b', 'c'], 'handed', ['b', 'c'], 3, NOW + 60],
    [
      'waits as long as before for a next channel',
      handedBy('a', LATER),
      ['a', 'c'],
      'handed',
      ['a', 'c'],
      3,
      LATER,
    ],
    ['leaves what was taken by the last one', handedBy('a', LATER), ['b', 'a'], 'handed', ['a'], 3, null],
    ['without any channel takes nothing back', handedBy('a', LATER), [], 'handed', ['a'], 3, null],
    [
      'goes to all of them after one that is gone',
      handedBy('a', LATER),
      ['c', 'd'],
      'handed',
      ['a', 'c', 'd'],
      3,
      LATER,
    ],
  ] as const)('%s', (_, one, order, state, channels, tries, nextAt) => {
    expect(shown(withOrder(one, order, NOW))).toEqual({ state, channels, tries, nextAt, order });
  });

  it('has no next channel where the policy is not patient', () => {
    expect(withOrder(handedBy('a', null, 0), ['a', 'c'], NOW).nextAt).toBeNull();
  });
});

function handedBy(channel: string, nextAt: Delivery['nextAt'] = null, patience = 60): Delivery {
  return delivery('handed', { channels: [channel], nextAt, patience });
}

describe('other channels', () => {
  const followed = (one: Delivery, known: string[], changed: string[]) =>
    withChannels(one, { known: new Set(known), changed: new Set(changed) }, NOW);

  it('make nothing of what is not about them', () => {
    for (const state of ['waiting', 'handed', 'dead', 'dropped'] as const) {
      const one = delivery(state);
      expect(followed(one, ['a', 'b', 'c'], ['c'])).toBe(one);
    }
    for (const state of ['handed', 'dropped'] as const) {
      const one = delivery(state);
      expect(followed(one, ['b'], ['a', 'b']), 'what was taken or dropped stays so').toBe(one);
    }
  });

  it('are tried at once if they are those in use', () => {
    expect(shown(followed(delivery('waiting'), ['a', 'b'], ['a']))).toMatchObject({
      ...{ state: 'waiting', channels: ['a', 'b'], tries: 0, nextAt: NOW },
    });
  });

  it('take over from one that is gone; without any it is a dead letter', () => {
    expect(shown(followed(delivery('waiting'), ['b'], ['a']))).toMatchObject({
      channels: ['b'],
      tries: 0,
      nextAt: NOW,
    });
    expect(shown(followed(delivery('waiting'), [], ['a', 'b']))).toMatchObject({
      state: 'dead',
      nextAt: null,
    });
  });

  it('give what is dead a new chance', () => {
    const dead = delivery('dead', { channels: ['b'] });
    expect(shown(followed(dead, ['a', 'b'], ['a']))).toMatchObject({
      state: 'waiting',
      channels: ['a', 'b'],
      tries: 0,
    });
    expect(followed(dead, [], ['a', 'b']), 'but not if they are gone').toBe(dead);
  });
});
