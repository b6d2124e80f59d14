/**
 * A name with a CNAME was said to have no NSEC in zones that have none anywhere: the denial showed the CNAME, which made
 * it bogus. Found by the independent validator.
 */
import { expect, it } from 'vitest';
import { TestServer } from '../support/served.ts';

const ZONE = `$TTL 300
@ SOA ns hostmaster 1 7200 900 1209600 300
@ NS ns
ns A 192.0.2.1
alias CNAME ns
`;

it.each([
  ['nsec', 'NSEC', 'NSEC'],
  ['nsec3', 'NSEC', 'CNAME'],
  ['unsigned', 'NSEC', 'CNAME'],
  ['unsigned', 'RRSIG', 'CNAME'],
] as const)('in a zone with %s, %s at an alias is answered by %s', (mode, type, found) => {
  const server = new TestServer().add('example.', ZONE, mode);
  const { answer } = server.ask('alias.example.', type);
  const types = { NSEC: 47, CNAME: 5 };
  expect(answer.map((record) => record.type)).toEqual([types[found]]);
});
