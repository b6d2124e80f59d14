import { describe, expect, it } from 'vitest';
import { unixSeconds } from '../../../src/base/time.ts';
import { next } from '../../../src/kasp/bootstrap.ts';
import { hiddenKey, type Key, withRecord } from '../../../src/kasp/key.ts';
import { DEFAULT_POLICY } from '../../../src/kasp/policy.ts';
import {
  formatState,
  loadState,
  parseState,
  type StateError,
  type StoredState,
  saveState,
} from '../../../src/store/state.ts';
import { nameOf } from '../../../src/wire/name.ts';
import { SimulatedFiles } from '../../support/simulated-files.ts';

const ORIGIN = nameOf('example.com.');
const NOW = unixSeconds(1_795_521_600);

function keysOf(): readonly Key[] {
  const publicKey = (octet: number) => new Uint8Array(64).fill(octet);
  const keys = [
    hiddenKey({ id: 'ksk', algorithm: 13, roles: ['key-signing'], publicKey: publicKey(1) }, NOW),
    hiddenKey({ id: 'zsk', algorithm: 13, roles: ['zone-signing'], publicKey: publicKey(2) }, NOW),
  ];
  const facts = { unsignedHorizonSeconds: 60, negativeTtlSeconds: 60 };
  return next({ keys, delegation: 'none' }, facts, DEFAULT_POLICY, NOW).zoneState.keys;
}

function storedState(): StoredState {
  return {
    generation: 7,
    zoneState: { keys: keysOf(), delegation: 'none' },
    tombstones: [
      { id: 'old', tag: 1, revokedTag: 129, algorithm: 13, publicKeyHash: 'ab', removedAt: unixSeconds(1) },
    ],
  };
}

function codeOf(text: string, origin = ORIGIN): string {
  try {
    parseState(Buffer.from(text), origin);
    return 'fine';
  } catch (error) {
    return (error as StateError).code;
  }
}

describe('state.json', () => {
  it('gives back what was written, deadlines and tombstones included', () => {
    const stored = storedState();
    expect(stored.zoneState.keys[0]!.states.dnskey!.notBefore).not.toBeNull();
    expect(parseState(Buffer.from(formatState(stored, ORIGIN)), ORIGIN)).toEqual(stored);
  });

  it('keeps instants beyond 2106', () => {
    const stored = storedState();
    const late = { state: 'rumoured', since: unixSeconds(2 ** 32 + 9), notBefore: null } as const;
    const keys = [withRecord(stored.zoneState.keys[0]!, 'dnskey', late)];
    const changed = { ...stored, zoneState: { ...stored.zoneState, keys } };
    expect(parseState(Buffer.from(formatState(changed, ORIGIN)), ORIGIN)).toEqual(changed);
  });

  it('shows any change of any character, cut or added octet', () => {
    const text = formatState(storedState(), ORIGIN);
    let fine = 0;
    for (let i = 0; i < text.length - 1; i++) {
      const octet = text.charCodeAt(i);
      const changed = text.slice(0, i) + String.fromCharCode(octet ^ 1) + text.slice(i + 1);
      if (codeOf(changed) === 'fine') {
        // Only white space between values may change without a trace: it says nothing.
        expect(text[i]).toMatch(/\s/);
        fine++;
      }
      if (i % 7 === 0) expect(codeOf(text.slice(0, i))).toBe('STATE_CORRUPT');
    }
    expect(fine).toBeLessThan(text.length / 2);
    expect(codeOf(`${text}x`)).toBe('STATE_CORRUPT');
    expect(codeOf('')).toBe('STATE_CORRUPT');
    expect(codeOf('[]')).toBe('STATE_CORRUPT');
    expect(codeOf('\0'.repeat(200))).toBe('STATE_CORRUPT');
  });

  it('of a later format or another zone is told apart from damage', () => {
    const text = formatState(storedState(), ORIGIN);
    expect(codeOf(text.replace('"format": 1', '"format": 2'))).toBe('STATE_NEWER');
    expect(codeOf(text.replace('"format": 1', '"format": 0'))).toBe('STATE_CORRUPT');
    expect(codeOf(text, nameOf('example.org.'))).toBe('STATE_FOREIGN');
  });

  it('with a good checksum over senseless content is damage', () => {
    const stored = storedState();
    const [key] = stored.zoneState.keys;
    const broken: Partial<Record<keyof Key, unknown>>[] = [
      { tag: 1 },
      { publicKeyHash: 'ab' },
      { publicKey: new Uint8Array(63) },
      { goal: 'AWAY' },
      { roles: ['boss'] },
      { id: '' },
      { states: { ...key!.states, ds: { state: 'lost', since: NOW, notBefore: null } } },
    ];
    for (const change of broken) {
      const keys = [{ ...key!, ...change } as Key];
      expect(codeOf(formatState({ ...stored, zoneState: { ...stored.zoneState, keys } }, ORIGIN))).toBe(
        'STATE_CORRUPT',
      );
    }
    expect(codeOf(formatState({ ...stored, generation: 0 }, ORIGIN))).toBe('STATE_CORRUPT');
  });

  it('is missing, unreadable, or there', () => {
    const files = new SimulatedFiles();
    files.makeDirectory('/keys/a');
    expect(loadState(files, '/keys/a', ORIGIN)).toBeUndefined();
    expect(loadState(files, '/keys/nowhere', ORIGIN)).toBeUndefined();
    saveState(files, '/keys/a', ORIGIN, storedState());
    expect(loadState(files, '/keys/a', ORIGIN)).toEqual(storedState());
    files.removeDurable('/keys/a/state.json');
    files.putLink('/keys/a/state.json');
    expect(() => loadState(files, '/keys/a', ORIGIN)).toThrow('cannot be read');
  });
});
