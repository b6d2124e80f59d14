/**
 * A wildcard CNAME whose target it matches itself led to the same record up to 17 times in one answer: the check for
 * loops looked only at records under their own owner. Found by test/interop/differential.test.ts.
 */
import { expect, it } from 'vitest';
import { TestServer } from '../support/served.ts';

const ZONE = `@ 60 SOA ns.example.net. hostmaster 1 7200 900 1209600 300
@ 60 NS ns.example.net.
*.loop 60 CNAME q.loop
*.ping 60 CNAME a.pong
*.pong 60 CNAME a.ping
`;

it.each([false, true])('tells each alias of a loop through wildcards once, signed: %s', (signed) => {
  const server = new TestServer().add('example.com.', ZONE, signed ? 'nsec' : 'unsigned');
  const ask = (name: string) =>
    server
      .ask(name, 'A', { dnssecOk: signed, payload: 4096, transport: 'tcp' })
      .answer.filter(({ type }) => type === 5);
  expect(ask('q.loop.example.com.').map(({ owner }) => owner)).toEqual(['q.loop.example.com.']);
  expect(ask('x.loop.example.com.').map(({ owner }) => owner)).toEqual([
    'x.loop.example.com.',
    'q.loop.example.com.',
  ]);
  expect(ask('a.ping.example.com.').map(({ owner }) => owner)).toEqual([
    'a.ping.example.com.',
    'a.pong.example.com.',
  ]);
});
