/** Which DS at the parent is the DS of a key (ROLLOVER 3.4.3): by any digest that can be computed, SHA-1 among them. */
import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { dnskeyRdata } from '../../../src/dnssec/dnskey.ts';
import { lookAtDs } from '../../../src/parent/look.ts';
import { isDsOf } from '../../../src/parent/validate.ts';
import { afterLook, foreignDs, sightOf, UNWATCHED } from '../../../src/parent/watch.ts';
import { nameOf } from '../../../src/wire/name.ts';
import { ScriptedInternet } from '../../support/scripted-parent.ts';
import { NOW, testKey } from '../../support/served.ts';

const CHILD = 'child.test.';
const { flags, algorithm, publicKey, tag } = testKey();
const DNSKEY = dnskeyRdata(flags, algorithm, publicKey);
const HASHES = { 1: 'sha1', 2: 'sha256', 4: 'sha384' } as const;

/** Digest over canonical owner ‖ DNSKEY RDATA (RFC 4034 §5.1.4), by node's own hashes. */
function dsText(type: keyof typeof HASHES, owner = CHILD): string {
  const digest = createHash(HASHES[type]).update(nameOf(owner)).update(DNSKEY).digest('hex');
  return `${tag} ${algorithm} ${type} ${digest}`;
}

const octetsOf = (text: string) => {
  const [, , type, digest] = text.split(' ');
  return Uint8Array.of(tag >> 8, tag & 255, algorithm, Number(type), ...Buffer.from(digest!, 'hex'));
};

it.each([1, 2, 4] as const)('a DS of digest type %i is one of the key', async (type) => {
  expect(isDsOf(octetsOf(dsText(type)), nameOf('CHILD.test.'), DNSKEY)).toBe(true);
  expect(isDsOf(octetsOf(dsText(type, 'other.test.')), nameOf(CHILD), DNSKEY)).toBe(false);
  const records = [`${CHILD} NS ns.elsewhere.`, `${CHILD} DS ${dsText(type)}`];
  const internet = new ScriptedInternet({ records });
  const look = await lookAtDs(internet.finder, internet, nameOf(CHILD), NOW);
  if (look.kind === 'unknown') throw new Error(look.text);
  expect(sightOf(look.sights, nameOf(CHILD), DNSKEY)).toBe('IN');
  const watch = afterLook(UNWATCHED, look, { rounds: 2, roundGap: 1 }, NOW);
  expect(foreignDs(watch, nameOf(CHILD), [DNSKEY])).toEqual([]);
});

it('a DS of a digest that nobody knows is no DS of the key', () => {
  const ds = octetsOf(dsText(2));
  ds[3] = 3;
  expect(isDsOf(ds, nameOf(CHILD), DNSKEY)).toBe(false);
});

it('no chain of trust goes over SHA-1: a parent with such a DS alone counts as insecure', async () => {
  const sha1 = createHash('sha1').update(nameOf('.')).update(DNSKEY).digest('hex');
  const internet = new ScriptedInternet({ records: [`${CHILD} NS ns.elsewhere.`] });
  const anchor = octetsOf(`${tag} ${algorithm} 1 ${sha1}`);
  const finder = internet.finderWith([anchor]);
  const look = await lookAtDs(finder, internet, nameOf(CHILD), NOW);
  expect(look).toMatchObject({ kind: 'look', isParentSecure: false });
});
