import { describe, expect, it } from 'vitest';
import { unixSeconds } from '../../../src/base/time.ts';
import { sha256 } from '../../../src/dnssec/algorithm.ts';
import { hiddenKey, type Key, type RecordTimes, withRecord } from '../../../src/kasp/key.ts';
import { newZoneState, type Rollover, type ZoneState } from '../../../src/kasp/zonestate.ts';
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

function rumoured(since = NOW): RecordTimes {
  return { state: 'rumoured', since, doneAt: null, notBefore: unixSeconds(since + 600) };
}

function keysOf(): Key[] {
  const publicKey = (octet: number) => new Uint8Array(64).fill(octet);
  const ksk = hiddenKey({ id: 'ksk', algorithm: 13, roles: ['key-signing'], publicKey: publicKey(1) }, NOW);
  const zsk = hiddenKey({ id: 'zsk', algorithm: 13, roles: ['zone-signing'], publicKey: publicKey(2) }, NOW);
  const dsObservation = { seenAllAt: NOW, goneAllAt: null, lastSeenAnywhereAt: unixSeconds(NOW + 1) };
  return [
    withRecord(withRecord({ ...ksk, predecessor: 'gone', dsObservation }, 'dnskey', rumoured()), 'ds', {
      ...rumoured(),
      doneAt: NOW,
    }),
    withRecord({ ...zsk, successor: 'ksk', goal: 'OUT' }, 'dnskey', rumoured()),
  ];
}

const ROLLOVER: Rollover = {
  id: 'r',
  type: 'csk',
  method: 'double-ds',
  emergency: 'containment',
  startedAt: NOW,
  incoming: ['ksk'],
  outgoing: ['gone', 'zsk'],
  cancelledAt: NOW,
  step: 'soak',
  stepSince: NOW,
  isStalled: true,
  followedBy: 'scheme',
};

/** A state in which no field is what it is in a new one. */
function fullState(): ZoneState {
  const span = { first: NOW, last: unixSeconds(NOW + 5), ttl: 3600 };
  const open = { ...span, last: null };
  return {
    keys: keysOf(),
    delegation: 'secure',
    goal: 'insecure',
    rollover: ROLLOVER,
    overlapping: { ...ROLLOVER, type: 'zsk', method: 'pre-publication', emergency: null, followedBy: null },
    owed: 'scheme',
    dsWords: [{ keyId: 'a', seen: true }],
    pausedSince: unixSeconds(NOW - 2),
    remindedUntil: unixSeconds(NOW - 3),
    concerns: [{ code: 'PARENT_DS_ORPHAN', since: NOW, toldAt: unixSeconds(NOW + 1) }],
    pendingSince: NOW,
    zoneTtl: { current: 86_400, horizon: unixSeconds(NOW + 99) },
    lastStarted: { 'key-signing': NOW, 'zone-signing': unixSeconds(NOW - 1) },
    logs: {
      dnskey: [
        { ...span, keys: [], signers: [] },
        { ...open, keys: ['ksk', 'zsk'], signers: ['ksk'] },
      ],
      zone: [{ ...open, signers: ['zsk'] }],
      cds: [
        { ...open, keys: ['ksk'], isDelete: false, signers: ['ksk'], digests: [2, 4] },
        { ...open, keys: [], isDelete: true, signers: ['ksk'] },
      ],
      ds: [
        { ...open, keys: ['ksk'], isConfirmed: true },
        { ...open, keys: ['ksk'], isConfirmed: false },
      ],
    },
  };
}

function storedState(): StoredState {
  return {
    generation: 7,
    zoneState: fullState(),
    tombstones: [
      { id: 'old', tag: 1, revokedTag: 129, algorithm: 13, publicKeyHash: 'ab', removedAt: unixSeconds(1) },
    ],
  };
}

/** A file as it is, but for some fields, with a good checksum. */
function resealed(stored: StoredState, change: (document: Record<string, unknown>) => void): string {
  const { sha256: _, ...document } = JSON.parse(formatState(stored, ORIGIN));
  change(document);
  const digest = Buffer.from(sha256(Buffer.from(JSON.stringify(document)))).toString('hex');
  return JSON.stringify({ ...document, sha256: digest });
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
  it('gives back what was written: keys, rollovers, logs, deadlines and tombstones', () => {
    const stored = storedState();
    expect(parseState(Buffer.from(formatState(stored, ORIGIN)), ORIGIN)).toEqual(stored);
    const fresh = { ...stored, zoneState: newZoneState(keysOf()) };
    expect(parseState(Buffer.from(formatState(fresh, ORIGIN)), ORIGIN)).toEqual(fresh);
  });

  it('has all fields of a state', () => {
    // A field that is added to the type and forgotten in the file would be lost by a restart.
    const stored = storedState();
    const names = (value: object) => Object.keys(value).sort();
    const read = parseState(Buffer.from(formatState(stored, ORIGIN)), ORIGIN).zoneState;
    expect(names(read)).toEqual(names(newZoneState([])));
    expect(names(read.keys[0]!)).toEqual(names(keysOf()[0]!));
    expect(parseState(Buffer.from(formatState(stored, ORIGIN)), ORIGIN)).toEqual(stored);
  });

  it('keeps instants beyond 2106', () => {
    const stored = storedState();
    const late = rumoured(unixSeconds(2 ** 32 + 9));
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
    expect(codeOf(text.replace('"format": 2', '"format": 3'))).toBe('STATE_NEWER');
    expect(codeOf(text.replace('"format": 2', '"format": 0'))).toBe('STATE_CORRUPT');
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
      { states: { ...key!.states, ds: { ...rumoured(), state: 'lost' } } },
    ];
    for (const change of broken) {
      const keys = [{ ...key!, ...change } as Key];
      expect(codeOf(formatState({ ...stored, zoneState: { ...stored.zoneState, keys } }, ORIGIN))).toBe(
        'STATE_CORRUPT',
      );
    }
    expect(codeOf(formatState({ ...stored, generation: 0 }, ORIGIN))).toBe('STATE_CORRUPT');
    const { logs } = stored.zoneState;
    const states: Partial<Record<keyof ZoneState, unknown>>[] = [
      { goal: 'maybe' },
      { rollover: { ...ROLLOVER, method: 'hope' } },
      { rollover: { ...ROLLOVER, incoming: [7] } },
      { rollover: { ...ROLLOVER, isStalled: 'no' } },
      { zoneTtl: { current: -1, horizon: NOW } },
      { keys: [key, key] },
      { logs: { ...logs, zone: [] } },
      { logs: { ...logs, ds: [{ ...logs.ds[0]!, ttl: 1.5 }] } },
      { logs: { ...logs, cds: [{ ...logs.cds[0]!, isDelete: 1 }] } },
      { logs: { ...logs, cds: [{ ...logs.cds[0]!, digests: [1] }] } },
    ];
    for (const change of states) {
      const zoneState = { ...stored.zoneState, ...change } as ZoneState;
      expect(codeOf(formatState({ ...stored, zoneState }, ORIGIN)), JSON.stringify(change)).toBe(
        'STATE_CORRUPT',
      );
    }
    for (const name of Object.keys(JSON.parse(formatState(stored, ORIGIN)))) {
      if (name === 'sha256' || ['pausedSince', 'remindedUntil', 'dsWords', 'concerns'].includes(name))
        continue;
      const text = resealed(stored, (document) => delete document[name]);
      expect(codeOf(text), name).toBe(name === 'zone' ? 'STATE_FOREIGN' : 'STATE_CORRUPT');
    }
  });

  it('is missing, unreadable, or there', async () => {
    const files = new SimulatedFiles();
    await files.makeDirectory('/keys/a');
    expect(loadState(files, '/keys/a', ORIGIN)).toBeUndefined();
    expect(loadState(files, '/keys/nowhere', ORIGIN)).toBeUndefined();
    await saveState({ files, path: '/keys/a', origin: ORIGIN }, storedState());
    expect(loadState(files, '/keys/a', ORIGIN)).toEqual(storedState());
    await files.removeDurable('/keys/a/state.json');
    files.putLink('/keys/a/state.json');
    expect(() => loadState(files, '/keys/a', ORIGIN)).toThrow('cannot be read');
  });
});

describe('state.json of format 1', () => {
  /** As the version before wrote it: without what format 2 adds. */
  const format1 = (keys: readonly Key[]) =>
    resealed({ generation: 3, zoneState: newZoneState(keys), tombstones: [] }, (document) => {
      const { zone, generation, delegation, keys: written, tombstones } = document;
      for (const name of Object.keys(document)) delete document[name];
      const old = (written as Record<string, unknown>[]).map((key) => {
        const { predecessor: _, successor: __, dsObservation: ___, states, ...rest } = key;
        const times = Object.entries(states as Record<string, Record<string, unknown> | null>);
        const older = times.map(([record, value]) => {
          if (value === null) return [record, null];
          const { doneAt: ____, ...without } = value;
          return [record, without];
        });
        return { ...rest, states: Object.fromEntries(older) };
      });
      Object.assign(document, { format: 1, zone, generation, delegation, keys: old, tombstones });
    });
  const read = (keys: readonly Key[]) => parseState(Buffer.from(format1(keys)), ORIGIN);

  it('of keys that nobody has seen is a new state', () => {
    const publicKey = new Uint8Array(64).fill(3);
    const key = hiddenKey(
      { id: 'csk', algorithm: 13, roles: ['key-signing', 'zone-signing'], publicKey },
      NOW,
    );
    expect(read([key])).toEqual({ generation: 3, zoneState: newZoneState([key]), tombstones: [] });
  });

  it('of published keys has them in open versions, after what caches still hold unsigned', () => {
    const publicKey = new Uint8Array(64).fill(3);
    const hidden = hiddenKey(
      { id: 'csk', algorithm: 13, roles: ['key-signing', 'zone-signing'], publicKey },
      NOW,
    );
    let key = withRecord(hidden, 'dnskey', { ...rumoured(), doneAt: NOW });
    key = withRecord(key, 'krrsig', { ...rumoured(), doneAt: NOW });
    key = withRecord(key, 'zrrsig', { state: 'omnipresent', since: NOW, doneAt: NOW, notBefore: null });
    const { logs, keys } = read([key]).zoneState;
    expect(keys).toEqual([key]);
    const open = { first: NOW, last: null, ttl: 86_400 };
    const none = newZoneState([]).logs;
    expect(logs).toEqual({
      dnskey: [
        { ...none.dnskey[0]!, last: NOW, ttl: 600 },
        { ...open, keys: ['csk'], signers: ['csk'] },
      ],
      zone: [{ ...open, signers: ['csk'] }],
      cds: none.cds,
      ds: none.ds,
    });
    const asked = withRecord(key, 'ds', { ...rumoured(), doneAt: NOW, notBefore: null });
    const later = read([asked]).zoneState.logs;
    expect(later.cds).toEqual([{ ...open, keys: ['csk'], isDelete: false, signers: ['csk'] }]);
    expect(later.ds).toEqual([...none.ds, { ...open, keys: ['csk'], isConfirmed: false }]);
  });

  it('is written as format 2 by the next save', () => {
    const stored = read(keysOf());
    expect(parseState(Buffer.from(formatState(stored, ORIGIN)), ORIGIN)).toEqual(stored);
  });
});
