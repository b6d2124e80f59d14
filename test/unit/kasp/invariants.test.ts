import { describe, expect, it } from 'vitest';
import { unixSeconds } from '../../../src/base/time.ts';
import { isAcceptable, type Move, rulesHold } from '../../../src/kasp/invariants.ts';
import { hiddenKey, type Key, type RecordKind, type RecordState, withRecord } from '../../../src/kasp/key.ts';
import { dependencyOf, isSuccessor } from '../../../src/kasp/succession.ts';

const NOW = unixSeconds(1_795_521_600);
const ALGORITHM = 13;
const SECURE = { isDsWaived: false, isGoalInsecure: false };
const LETTERS: Readonly<Record<string, RecordState>> = {
  H: 'hidden',
  R: 'rumoured',
  O: 'omnipresent',
  U: 'unretentive',
};

interface Links {
  readonly after?: string;
  readonly before?: string;
  readonly algorithm?: number;
}

/** A key in states written as ROLLOVER does; it replaces `after` and is replaced by `before`. */
function key(id: string, states: string, links: Links = {}): Key {
  const [dnskey, krrsig, zrrsig, ds] = states
    .split('/')
    .map((letter) =>
      letter === '-' ? null : { state: LETTERS[letter]!, since: NOW, doneAt: NOW, notBefore: null },
    );
  const roles = [krrsig && 'key-signing', zrrsig && 'zone-signing'].filter(Boolean) as Key['roles'];
  const publicKey = new Uint8Array(64).fill(id.charCodeAt(0));
  const made = hiddenKey({ id, algorithm: links.algorithm ?? ALGORITHM, roles, publicKey }, NOW);
  return {
    ...made,
    predecessor: links.after ?? null,
    successor: links.before ?? null,
    states: { dnskey: dnskey!, krrsig: krrsig!, zrrsig: zrrsig!, ds: ds! },
  };
}

/** The rules that are broken: 1, 2, 3. */
function broken(keys: readonly Key[], context = SECURE): number[] {
  const { dsExists, chain, signatures } = rulesHold(keys, ALGORITHM, context);
  return [dsExists, chain, signatures].flatMap((holds, index) => (holds ? [] : [index + 1]));
}

/** Judges `id.record→state` moves that take effect together. */
function accepts(keys: readonly Key[], moves: readonly string[], context = SECURE): boolean {
  let after = keys;
  const moved: Move[] = [];
  for (const text of moves) {
    const [, id, record, letter] = /^(\w+)\.(\w+)→(\w)$/.exec(text)!;
    const to = LETTERS[letter!]!;
    const times = { state: to, since: NOW, doneAt: null, notBefore: null };
    after = after.map((each) => (each.id === id ? withRecord(each, record as RecordKind, times) : each));
    moved.push({ key: keys.find((each) => each.id === id)!, record: record as RecordKind, to });
  }
  return isAcceptable(keys, after, moved, context);
}

describe('the successor relation', () => {
  const x = key('x', 'O/O/O/O', { before: 'z' });
  const z = key('z', 'R/R/H/H', { after: 'x' });

  it('holds between a key and the one that replaces it, in that order only', () => {
    expect(isSuccessor([x, z], x, z)).toBe(true);
    expect(isSuccessor([x, z], z, x)).toBe(false);
    expect(isSuccessor([x, z], x, x)).toBe(false);
  });

  it('needs both ends of the link', () => {
    const stranger = key('z', 'R/R/H/H');
    expect(isSuccessor([x, stranger], x, stranger)).toBe(false);
    const unaware = key('x', 'O/O/O/O');
    expect(isSuccessor([unaware, z], unaware, z)).toBe(false);
  });

  it('ends when the predecessor is entirely hidden', () => {
    const gone = key('x', 'H/H/H/H', { before: 'z' });
    expect(dependencyOf([gone, z], z)).toBeUndefined();
    expect(isSuccessor([gone, z], gone, z)).toBe(false);
  });

  it('reaches over a key in between only if its states are those of the last', () => {
    const first = key('x', 'O/O/O/O', { before: 'y' });
    const last = key('z', 'R/R/H/H', { after: 'y' });
    const alike = key('y', 'R/R/H/H', { after: 'x', before: 'z' });
    const ahead = key('y', 'O/R/H/H', { after: 'x', before: 'z' });
    expect(isSuccessor([first, alike, last], first, last)).toBe(true);
    expect(isSuccessor([first, ahead, last], first, last)).toBe(false);
  });

  it('does not start at a key that itself still replaces another', () => {
    const first = key('x', 'U/U/U/O', { before: 'y' });
    const middle = key('y', 'R/R/R/R', { after: 'x', before: 'z' });
    const last = key('z', 'R/R/R/R', { after: 'y' });
    expect(isSuccessor([first, middle, last], middle, last)).toBe(false);
  });

  it('ends although links form a circle', () => {
    const a = key('a', 'O/O/O/O', { after: 'b', before: 'b' });
    const b = key('b', 'O/O/O/O', { after: 'a', before: 'a' });
    const c = key('c', 'O/O/O/O');
    expect(isSuccessor([a, b, c], c, b)).toBe(false);
  });
});

describe('rule 1: a DS exists', () => {
  it('rumoured or omnipresent, of any algorithm', () => {
    expect(broken([key('x', 'O/O/O/O')])).toEqual([]);
    expect(broken([key('x', 'O/O/O/R')])).toEqual([]);
    expect(broken([key('x', 'O/O/O/U')])).toEqual([1]);
    expect(broken([key('x', 'O/O/O/H')])).toEqual([1]);
    expect(broken([key('x', 'O/O/O/H'), key('y', 'O/O/O/O', { algorithm: 15 })])).toEqual([]);
  });

  it('is waived for a zone that is to be insecure, and all rules where the parent has no DS', () => {
    expect(broken([key('x', 'O/O/O/U')], { ...SECURE, isGoalInsecure: true })).toEqual([]);
    expect(broken([key('x', 'R/R/H/O')], { ...SECURE, isDsWaived: true })).toEqual([]);
  });
});

describe('rule 2: a DNSKEY chain exists', () => {
  it('through one key that is omnipresent throughout (3b)', () => {
    expect(broken([key('x', 'O/O/O/O'), key('y', 'R/R/H/O')])).toEqual([]);
    expect(broken([key('x', 'R/O/O/O')])).toEqual([2]);
    expect(broken([key('x', 'O/R/O/O')])).toEqual([2]);
    expect(broken([key('x', 'R/R/R/R'), key('y', 'O/O/O/O', { algorithm: 15 })])).toEqual([2, 3]);
  });

  it('while one DS is exchanged for another (3c)', () => {
    const old = key('x', 'O/O/O/U', { before: 'z' });
    expect(broken([old, key('z', 'O/O/H/R', { after: 'x' })])).toEqual([]);
    expect(broken([old, key('z', 'R/O/H/R', { after: 'x' })])).toEqual([2]);
    const stray = key('y', 'R/R/H/R');
    expect(broken([old, key('z', 'O/O/H/R', { after: 'x' }), stray])).toEqual([]);
    expect(broken([old, key('z', 'O/O/H/R'), stray])).toEqual([2]);
  });

  it('while one DNSKEY is exchanged for another of which both have DS (3d), and only then', () => {
    const ksk = (old: string, fresh: string) => [
      key('x', old, { before: 'z' }),
      key('z', fresh, { after: 'x' }),
      key('s', 'O/-/O/-'),
    ];
    expect(broken(ksk('U/U/-/O', 'R/R/-/O'))).toEqual([]);
    expect(broken(ksk('O/U/-/O', 'O/R/-/O'))).toEqual([]);
    expect(broken(ksk('U/O/-/O', 'R/O/-/O'))).toEqual([]);
    expect(broken(ksk('U/U/-/R', 'R/R/-/O'))).toEqual([2]);
    expect(broken(ksk('H/U/-/O', 'R/R/-/O'))).toEqual([2]);
    expect(broken([key('x', 'U/U/-/O'), key('z', 'R/R/-/O'), key('s', 'O/-/O/-')])).toEqual([2]);
  });

  it('where every exposed DS has its own chain (3e)', () => {
    expect(broken([key('x', 'O/O/O/R'), key('y', 'O/O/H/R')])).toEqual([]);
    expect(broken([key('x', 'O/O/O/R'), key('y', 'R/O/H/R')])).toEqual([2]);
    expect(broken([key('x', 'O/O/O/R'), key('y', 'R/R/H/H')])).toEqual([]);
  });
});

describe('rule 3: signatures exist', () => {
  const ksk = key('k', 'O/O/-/O');

  it('by one key of which all caches have DNSKEY and signatures (3f)', () => {
    expect(broken([ksk, key('s', 'O/-/O/-')])).toEqual([]);
    expect(broken([ksk, key('s', 'O/-/R/-')])).toEqual([3]);
    expect(broken([ksk])).toEqual([3]);
  });

  it('while the DNSKEY of one replaces the other (3g)', () => {
    const fresh = key('z', 'R/-/O/-', { after: 's' });
    expect(broken([ksk, key('s', 'U/-/O/-', { before: 'z' }), fresh])).toEqual([]);
    expect(broken([ksk, key('s', 'U/-/U/-', { before: 'z' }), fresh])).toEqual([3]);
  });

  it('while the signatures of one replace those of the other (3h)', () => {
    const old = key('s', 'O/-/U/-', { before: 'z' });
    expect(broken([ksk, old, key('z', 'O/-/R/-', { after: 's' })])).toEqual([]);
    expect(broken([ksk, old, key('z', 'O/-/R/-')])).toEqual([3]);
    expect(broken([ksk, old, key('z', 'R/-/R/-', { after: 's' })])).toEqual([3]);
  });

  it('where every state of a DNSKEY has signatures to match (3i)', () => {
    const csk = key('k', 'R/R/O/R');
    expect(rulesHold([csk, key('s', 'R/-/H/-')], ALGORITHM, SECURE).signatures).toBe(true);
    expect(rulesHold([csk, key('s', 'U/-/H/-')], ALGORITHM, SECURE).signatures).toBe(false);
  });

  it('asks for none where the algorithm has no DS', () => {
    const other = key('k', 'O/O/O/O', { algorithm: 15 });
    expect(broken([other, key('x', 'R/R/H/H')])).toEqual([]);
  });
});

describe('acceptance of moves', () => {
  const ksk = key('k', 'O/O/-/O');
  const old = key('s', 'O/-/O/-', { before: 'z' });
  const ready = key('z', 'O/-/H/-', { after: 's' });

  it('takes a switch of ZSKs at once, and not its second half alone', () => {
    expect(accepts([ksk, old, ready], ['z.zrrsig→R', 's.zrrsig→U'])).toBe(true);
    expect(accepts([ksk, old, ready], ['s.zrrsig→U'])).toBe(false);
  });

  it('refuses the switch to a ZSK that not all caches have', () => {
    const early = key('z', 'R/-/H/-', { after: 's' });
    expect(accepts([ksk, old, early], ['z.zrrsig→R', 's.zrrsig→U'])).toBe(false);
  });

  it('refuses to withdraw the only KSK, its signatures or its DS', () => {
    const zone = [ksk, key('s', 'O/-/O/-')];
    for (const record of ['dnskey', 'krrsig', 'ds']) expect(accepts(zone, [`k.${record}→U`])).toBe(false);
  });

  it('lets broken zones be repaired, but withdraws nothing in them', () => {
    const zone = [key('k', 'U/U/-/O'), key('s', 'O/-/O/-'), key('n', 'H/H/-/H')];
    expect(broken(zone)).toEqual([2]);
    expect(accepts(zone, ['k.dnskey→R'])).toBe(true);
    expect(accepts(zone, ['n.dnskey→R'])).toBe(true);
    expect(accepts(zone, ['s.dnskey→U'])).toBe(false);
  });

  it('judges every algorithm that moves, and rule 1 over all', () => {
    const a = key('a', 'O/O/O/O', { before: 'b' });
    const b = key('b', 'O/O/O/O', { after: 'a', algorithm: 15 });
    expect(accepts([a, b], ['a.ds→U'])).toBe(true);
    expect(accepts([a, b], ['a.ds→U', 'b.ds→U'])).toBe(false);
    expect(accepts([a, b], ['b.ds→U', 'a.krrsig→U'])).toBe(false);
    const withdrawn = key('a', 'O/O/O/H', { before: 'b' });
    expect(accepts([withdrawn, b], ['a.krrsig→U'])).toBe(true);
    expect(accepts([withdrawn, b], ['b.ds→U'])).toBe(false);
  });

  it('lets the DS go where the zone is to be insecure', () => {
    const zone = [key('k', 'O/O/O/O')];
    expect(accepts(zone, ['k.ds→U'])).toBe(false);
    expect(accepts(zone, ['k.ds→U'], { ...SECURE, isGoalInsecure: true })).toBe(true);
    expect(accepts(zone, ['k.dnskey→U'], { ...SECURE, isGoalInsecure: true })).toBe(false);
  });
});
