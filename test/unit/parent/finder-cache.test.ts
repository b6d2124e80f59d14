/** What is found of a parent zone is found once for all its children, and anew when its TTL is over. */
import { expect, it } from 'vitest';
import { plus } from '../../../src/base/time.ts';
import { lookAtDs } from '../../../src/parent/look.ts';
import { HEADER } from '../../../src/wire/header.ts';
import { RRTYPE } from '../../../src/wire/iana.ts';
import { nameOctets, nameOf } from '../../../src/wire/name.ts';
import { PARENT_ADDRESSES, ROOT_ADDRESS, ScriptedInternet } from '../../support/scripted-parent.ts';
import { NOW } from '../../support/served.ts';

const CHILDREN = Array.from({ length: 200 }, (_, i) => `child${i}.test.`);
const RECORDS = CHILDREN.map((child) => `${child} NS ns.elsewhere.`);
const [ONE, OTHER] = PARENT_ADDRESSES;

/** An Internet that counts questions of `test.` itself, for its keys and servers. */
function counted(ttl: number) {
  let now = NOW;
  const internet = new ScriptedInternet({ records: RECORDS, ttl }, () => now);
  const counts = { own: 0 };
  const typeOf = (query: Uint8Array) => query[HEADER.OCTETS + nameOctets(query, HEADER.OCTETS) + 1];
  for (const address of PARENT_ADDRESSES) {
    internet.script(address, (query, honest) => {
      if (typeOf(query) !== RRTYPE.DS) counts.own++;
      return honest();
    });
  }
  const look = (child: string, at = NOW) => {
    now = at;
    return lookAtDs(internet.finder, internet, nameOf(child), at);
  };
  const asked = () => ({ root: internet.asked.get(ROOT_ADDRESS)!, own: counts.own });
  return { internet, look, asked };
}

it('asks for the keys and servers of a parent once for two hundred children', async () => {
  const { look, asked, internet } = counted(300);
  const looks = await Promise.all(CHILDREN.map((child) => look(child)));
  expect(looks.every(({ kind }) => kind === 'look')).toBe(true);
  expect(asked().own).toBeLessThanOrEqual(2);
  expect(asked().root).toBeLessThanOrEqual(4);
  // One question to each server for each child, and what finding the parent takes.
  const [one, other] = PARENT_ADDRESSES.map((address) => internet.asked.get(address)!);
  expect(one! + other!).toBe(2 * CHILDREN.length + asked().own);
});

it('asks again when the TTL of what it found is over, and not before', async () => {
  // The root gives the delegation of `test.` with a TTL of 600 s.
  const { look, asked } = counted(60);
  await look(CHILDREN[0]!);
  const first = asked().own;
  await look(CHILDREN[1]!, plus(NOW, 599));
  expect(asked().own).toBe(first);
  await look(CHILDREN[2]!, plus(NOW, 601));
  expect(asked().own).toBe(2 * first);
});

it('is not driven to ask for the parent again and again by one server that is silent', async () => {
  const { look, asked, internet } = counted(300);
  internet.script(OTHER, () => ({ code: 'timeout', fault: 'no answer within 5 s' }));
  for (const child of CHILDREN) await look(child);
  expect(internet.asked.get(ROOT_ADDRESS)).toBeLessThanOrEqual(4);
  const before = asked().own;
  // Later it is found anew: the server may have been taken out of service.
  await look(CHILDREN[0]!, plus(NOW, 10));
  await look(CHILDREN[1]!, plus(NOW, 11));
  expect(asked().own).toBeGreaterThan(before);
  expect(internet.asked.get(ONE)).toBeLessThan(2 * CHILDREN.length);
});
