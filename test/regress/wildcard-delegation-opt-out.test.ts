/**
 * With opt-out a wildcard that holds NS records had no NSEC3, as delegations have none, but answers were made from it: the
 * proof that it has nothing of a type took an NSEC3 of the chain at random in its place.
 */
import { expect, it } from 'vitest';
import { TestServer } from '../support/served.ts';

const NSEC3 = 50;
const hosts = Array.from({ length: 20 }, (_, i) => `h${i} 60 A 192.0.2.${i}\n`).join('');
const ZONE = `@ 60 SOA ns.example.net. hostmaster 1 7200 900 1209600 300
@ 60 NS ns.example.net.
* 60 NS ns.example.net.
${hosts}`;

it('proves with opt-out by the NSEC3 of the wildcard, as without', () => {
  const [plain, optOut] = (['nsec3', 'nsec3-opt-out'] as const).map((mode) =>
    new TestServer()
      .add('example.com.', ZONE, mode)
      .ask('foo.example.com.', 'A', { dnssecOk: true, transport: 'tcp' })
      .authority.filter(({ type }) => type === NSEC3)
      .map(({ owner }) => owner),
  );
  expect(optOut).toHaveLength(3);
  expect(optOut).toEqual(plain);
});
