/** When `rollover status --wait` ends. */
import { describe, expect, it } from 'vitest';
import { isReached } from '../../../src/cli/rollover-wait.ts';
import type { RolloverStatus } from '../../../src/control/shapes.ts';

const AT = '2026-11-24T12:00:00Z';
const ACKNOWLEDGEMENT = {
  ...{ tag: 22, record: 'zrrsig', to: 'omnipresent', reason: 'acknowledgement', until: null },
  because: 'not all servers are known to serve it yet',
};
const OF_PARENT = { ...ACKNOWLEDGEMENT, record: 'ds', reason: 'parent_ds', because: 'the parent must act' };

function statusAt(step: string, waiting: RolloverStatus['waiting'] = [OF_PARENT]): RolloverStatus {
  return {
    zone: 'example.com.',
    rollover: {
      ...{ id: 'r', type: 'csk', method: 'additive', emergency: null, step },
      steps: ['publish', 'request', 'soak', 'withdraw'],
      ...{ startedAt: AT, stepSince: AT, cancelledAt: null, stalled: false },
      ...{ incoming: [22], outgoing: [11], waiting },
    },
    ...{ overlapping: null, delegation: 'secure', goal: 'secure', pausedSince: null, keys: [] },
    ...{ waiting, parent: [], needs: [], nextAt: null },
  };
}
const NEED = { zone: 'example.com.', what: 'DS of key 22 to be confirmed', command: 'keyturn x' };

describe('rollover status --wait', () => {
  it('ends at the step, at a later one and when it is over', () => {
    expect(isReached(statusAt('publish'), 'request')).toBe(false);
    expect(isReached(statusAt('request'), 'request')).toBe(true);
    expect(isReached(statusAt('soak'), 'request')).toBe(true);
    expect(isReached({ ...statusAt('publish'), rollover: null }, 'request')).toBe(true);
    expect(isReached(statusAt('withdraw'), 'done')).toBe(false);
  });

  it('goes on while a thread may still serve what was before the step', () => {
    expect(isReached(statusAt('request', [OF_PARENT, ACKNOWLEDGEMENT]), 'request')).toBe(false);
    expect(isReached({ ...statusAt('request', [ACKNOWLEDGEMENT]), needs: [NEED] }, true)).toBe(false);
  });

  it('without a step ends when somebody must act', () => {
    expect(isReached(statusAt('request'), true)).toBe(false);
    expect(isReached({ ...statusAt('request'), needs: [NEED] }, true)).toBe(true);
  });

  it('knows the steps of the rollover', () => {
    expect(() => isReached(statusAt('request'), 'retire')).toThrow('a csk rollover has no step "retire"');
  });
});
