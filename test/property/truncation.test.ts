/** Answers over UDP against the whole answer over TCP: what is left out, where it is cut, and when TC says so. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ALGORITHM, RRTYPE } from '../../src/wire/iana.ts';
import { readMessage } from '../support/message.ts';
import { imageOf, queryOctets, signedEpoch, TestServer, testKey } from '../support/served.ts';
import { nameToText } from '../support/validator-name.ts';
import { MODES } from '../support/validator-rig.ts';
import {
  buildZone,
  namesOfZone,
  questionOf,
  questionRecipe,
  zoneRecipe,
} from '../support/validator-zones.ts';

const HEADER_OCTETS = 12;
const OPT_OCTETS = 11;
const LEAST = 512;
const MOST = 1_232;

/** An rrset of a message with its signatures, and where it ends. */
interface Unit {
  readonly section: number;
  readonly key: string;
  readonly end: number;
}

/** Offset behind the name at `at`; pointers are not followed. */
function behindName(octets: Uint8Array, at: number): number {
  const length = octets[at]!;
  if (length >= 0xc0) return at + 2;
  return length === 0 ? at + 1 : behindName(octets, at + 1 + length);
}

function unitsOf(octets: Uint8Array): Unit[] {
  const view = Buffer.from(octets);
  const { answer, authority, additional } = readMessage(octets);
  const units: Unit[] = [];
  let at = behindName(octets, HEADER_OCTETS) + 4;
  for (const [section, records] of [answer, authority, additional].entries()) {
    for (const { owner, type, rdata } of records) {
      const fields = behindName(octets, at);
      at = fields + 10 + view.readUInt16BE(fields + 8);
      if (type === RRTYPE.OPT) continue;
      const covered = type === RRTYPE.RRSIG ? Buffer.from(rdata).readUInt16BE(0) : type;
      const key = `${owner.toLowerCase()} ${covered}`;
      const last = units.at(-1);
      if (last !== undefined && last.section === section && last.key === key) units.pop();
      units.push({ section, key, end: at });
    }
  }
  return units;
}

const isTruncated = (octets: Uint8Array) => (octets[2]! & 2) !== 0;

it.each([...MODES, 'unsigned'] as const)('with %s: whole rrsets from the front, as many as fit', (mode) => {
  const counts = { whole: 0, cut: 0, lighter: 0 };
  const asked = fc.tuple(questionRecipe, fc.nat(30), fc.constantFrom(-1, 0, 0, 1));
  fc.assert(
    fc.property(zoneRecipe, fc.array(asked, { minLength: 10, maxLength: 10 }), (recipe, list) => {
      const zone = buildZone(recipe);
      const names = namesOfZone(zone);
      const origin = nameToText(zone.apex);
      const server = new TestServer();
      if (mode === 'unsigned') server.add(origin, zone.text, mode);
      else {
        // The same signature each time it is made.
        const options = { key: testKey(7, ALGORITHM.ED25519), denial: mode };
        server.table.publish(1, signedEpoch(origin, imageOf(origin, zone.text), options));
      }
      for (const [question, which, by] of list) {
        const { name, type } = questionOf(zone, names, question);
        const options = { dnssecOk: question.dnssecOk, compactOk: question.compactOk };
        const ask = (payload: number, transport: 'udp' | 'tcp') =>
          server.askRaw(queryOctets(nameToText(name), `TYPE${type}`, { ...options, payload }), { transport });
        const all = ask(MOST, 'tcp');
        const units = unitsOf(all);
        expect(isTruncated(all)).toBe(false);
        // So large that a unit just fits, or just does not.
        const border = (units[which % Math.max(1, units.length)]?.end ?? 0) + OPT_OCTETS + by;
        const limit = Math.min(MOST, Math.max(LEAST, border));
        const octets = ask(limit, 'udp');
        expect(octets.length).toBeLessThanOrEqual(limit);
        if (all.length <= limit) {
          counts.whole++;
          expect(Buffer.compare(octets, all)).toBe(0);
          continue;
        }
        const needed = units.filter(({ section }) => section < 2);
        const left = unitsOf(octets);
        const kept = left.filter(({ section }) => section < 2).length;
        const end = kept === 0 ? behindName(all, HEADER_OCTETS) + 4 : needed[kept - 1]!.end;
        const begins = [octets, all].map((one) =>
          Buffer.from(one.subarray(HEADER_OCTETS, end)).toString('hex'),
        );
        expect(begins[0]).toBe(begins[1]);
        if (kept < needed.length) {
          counts.cut++;
          expect(isTruncated(octets)).toBe(true);
          expect(left.length).toBe(kept);
          expect(needed[kept]!.end + OPT_OCTETS).toBeGreaterThan(limit);
          continue;
        }
        counts.lighter++;
        // What is beside the answer may be left out, each rrset as a whole; of a referral its glue is needed.
        const beside = units.slice(kept).map(({ key }) => key);
        const there = left.slice(kept).map(({ key }) => key);
        expect(beside).toEqual(expect.arrayContaining(there));
        expect(there.length).toBeLessThan(beside.length);
        const isReferral =
          !needed.some(({ section }) => section === 0) && /^\S+ 2$/.test(needed[0]?.key ?? '');
        if (isTruncated(octets)) expect(isReferral).toBe(true);
      }
    }),
    { numRuns: 20, seed: 20_261_128 },
  );
  expect(counts.whole).toBeGreaterThan(20);
  if (mode !== 'unsigned') expect(counts.cut).toBeGreaterThan(5);
});
