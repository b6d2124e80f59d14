/** NSECs of compact denial: whatever the name is, they are true, deny one name and stay inside of the zone. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { putBehindTree, putSuccessor } from '../../src/dnssec/successor.ts';
import { RRTYPE } from '../../src/wire/iana.ts';
import { compareCanonical, formatName, isAtOrBelow, type Name, nameOf } from '../../src/wire/name.ts';
import { TestServer } from '../support/served.ts';

/** Octets at the borders: first, around the capitals, last. */
const octet = fc.constantFrom(0, 1, 0x2a, 0x40, 0x5b, 0x61, 0x62, 0xfe, 0xff);
const label = fc.oneof(
  fc.array(octet, { minLength: 1, maxLength: 63, size: 'max' }),
  fc.integer({ min: 60, max: 63 }).map((octets) => new Array<number>(octets).fill(0xff)),
);
const APEX = nameOf('ab.example.');

/** A name at or below the apex, often as long as a name can be. */
const name: fc.Arbitrary<Name> = fc
  .tuple(fc.array(label, { maxLength: 8, size: 'max' }), fc.integer({ min: 0, max: 3 }))
  .map(([labels, spare]) => {
    let octets: number[] = [...APEX];
    for (const part of labels) {
      const room = 255 - spare - octets.length - 1;
      if (room < 1) break;
      const fitting = part.slice(0, room);
      octets = [fitting.length, ...fitting, ...octets];
    }
    return Uint8Array.from(octets);
  });

function nextOf(put: typeof putSuccessor, of: Name): Name {
  const out = new Uint8Array(255);
  return out.slice(0, put(out, 0, of, 0, of.length, APEX.length));
}

/** True if an NSEC from `owner` to `next` denies `other` (RFC 4034 §4.1.1: the last one leads back to the apex). */
function denies(owner: Name, next: Name, other: Name): boolean {
  if (compareCanonical(other, 0, owner, 0) <= 0) return false;
  return compareCanonical(next, 0, APEX, 0) === 0 || compareCanonical(other, 0, next, 0) < 0;
}

/** A name near to another one: an octet at its front is another, a label is added, or the first one grows. */
const pair = name.chain((first) => {
  const below = fc.array(octet, { minLength: 1, maxLength: 3 }).map((part) => {
    const longer = [part.length, ...part, ...first];
    return longer.length <= 255 ? Uint8Array.from(longer) : first;
  });
  const changed = fc.tuple(fc.nat({ max: 62 }), octet).map(([at, value]) => {
    const near = first.slice();
    if (first.length > APEX.length) near[1 + (at % first[0]!)] = value;
    return near;
  });
  const grown = fc.array(octet, { minLength: 1, maxLength: 2 }).map((more) => {
    const label = first[0]!;
    const longer = [
      label + more.length,
      ...first.subarray(1, label + 1),
      ...more,
      ...first.subarray(label + 1),
    ];
    const isOne = first.length > APEX.length && longer[0]! <= 63 && longer.length <= 255;
    return isOne ? Uint8Array.from(longer) : first;
  });
  return fc.tuple(fc.constant(first), fc.oneof(name, below, changed, grown));
});

const RUNS = 4_000;

describe('the name behind another one', () => {
  it('is in the zone, comes later, and leaves nothing out', () => {
    fc.assert(
      fc.property(pair, ([owner, other]) => {
        const next = nextOf(putSuccessor, owner);
        expect(isAtOrBelow(next, APEX)).toBe(true);
        const isLast = compareCanonical(next, 0, APEX, 0) === 0;
        if (!isLast) expect(compareCanonical(owner, 0, next, 0)).toBeLessThan(0);
        expect(denies(owner, next, other)).toBe(false);
      }),
      { numRuns: RUNS },
    );
  });

  it('or behind its whole tree, leaves out just that', () => {
    fc.assert(
      fc.property(pair, ([owner, other]) => {
        const next = nextOf(putBehindTree, owner);
        expect(isAtOrBelow(next, APEX)).toBe(true);
        const isBelow = isAtOrBelow(other, owner) && compareCanonical(other, 0, owner, 0) !== 0;
        expect(denies(owner, next, other)).toBe(isBelow);
      }),
      { numRuns: RUNS },
    );
  });
});

describe('an answer with compact denial', () => {
  const server = new TestServer().add(
    'ab.example.',
    '$TTL 60\n@ SOA ns h 1 2 3 4 5\n@ NS ns\nns A 192.0.2.1\n*.w TXT "x"\n',
    'compact',
  );

  it('denies the name that was asked for, and no other', () => {
    fc.assert(
      fc.property(name, (qname) => {
        const { authority, rcode } = server.ask(formatName(qname), 'AAAA', {
          dnssecOk: true,
          transport: 'tcp',
        });
        const nsec = authority.filter(({ type }) => type === RRTYPE.NSEC);
        expect(rcode).toBe(0);
        expect(nsec.map(({ owner }) => owner)).toEqual([formatName(qname)]);
        expect(authority.filter(({ type }) => type === RRTYPE.RRSIG)).toHaveLength(2);
      }),
      { numRuns: 300 },
    );
  });
});
