/** The message that tells a parent of new CDS records, with and without an agent for reports (RFC 9859 §4.3). */
import { expect, it } from 'vitest';
import { notifyFor } from '../../../src/parent/notify.ts';
import { opcodeOf } from '../../../src/wire/header.ts';
import { RRTYPE } from '../../../src/wire/iana.ts';
import { readMessage } from '../../../src/wire/message.ts';
import { nameOf } from '../../../src/wire/name.ts';

const CHILD = nameOf('child.test.');
const AGENT = nameOf('agent.ns1.child.test.');

it('has the question alone', () => {
  const message = readMessage(notifyFor(CHILD));
  if (typeof message === 'string') throw new Error(message);
  expect(opcodeOf(message.flags)).toBe(4);
  expect(message.questions).toEqual([{ name: CHILD, type: RRTYPE.CDS, class: 1 }]);
  expect(message.additional).toEqual([]);
});

it('names the agent in option 18 of EDNS', () => {
  const message = readMessage(notifyFor(CHILD, AGENT));
  if (typeof message === 'string') throw new Error(message);
  const [opt, ...more] = message.additional;
  expect(more).toEqual([]);
  expect(opt).toMatchObject({ owner: Uint8Array.of(0), type: RRTYPE.OPT, class: 1232, ttl: 0 });
  expect([...opt!.rdata]).toEqual([0, 18, 0, AGENT.length, ...AGENT]);
});
