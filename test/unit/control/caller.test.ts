import { describe, expect, it } from 'vitest';
import { asCaller, currentCaller, ownCaller } from '../../../src/control/caller.ts';

describe('who asks', () => {
  it('is whom the client names, for all that follows from the request', async () => {
    const later = async () => {
      await new Promise((resolve) => setImmediate(resolve));
      return currentCaller();
    };
    const both = await Promise.all([asCaller('uid 1 (a)', later), asCaller('uid 2 (b)', later)]);
    expect(both).toEqual(['uid 1 (a)', 'uid 2 (b)']);
    expect(currentCaller()).toBe('someone at the control socket');
  });

  it('is told in printable characters, and not at length', () => {
    expect(asCaller(`a\nb${'x'.repeat(100)}`, currentCaller)).toBe(`a?b${'x'.repeat(61)}`);
    expect(asCaller(undefined, currentCaller)).toBe('someone at the control socket');
    expect(ownCaller()).toMatch(/^uid \d+ \(.+\)$/);
  });
});
