import { expect, it } from 'vitest';
import { TestServer } from '../support/served.ts';

/** An owner that starts at offset 0x4000 or later cannot be pointed to, and may itself end in a pointer. */
it('repeats an owner that lies beyond the reach of pointers, as it was written', () => {
  const texts = Array.from({ length: 100 }, (_, i) => `*.wild TXT "${`${i} `.padEnd(200, 'x')}"`);
  const zone = ['$TTL 60', '@ SOA ns h 1 2 3 4 5', '@ NS ns', 'ns A 192.0.2.1', ...texts];
  const server = new TestServer().add('example.', `${zone.join('\n')}\n`);
  const message = server.ask('a.wild.example.', 'TXT', { dnssecOk: true, transport: 'tcp' });
  expect(message.answer).toHaveLength(101);
  expect(message.authority.map(({ owner }) => owner)).toEqual(['*.wild.example.', '*.wild.example.']);
});
