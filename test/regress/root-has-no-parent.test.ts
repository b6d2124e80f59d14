/** A server with the root zone that looks at parents looked for that of the root for ever, on the control thread. */
import { expect, it } from 'vitest';
import { unixSeconds } from '../../src/base/time.ts';
import { findNotifyTarget } from '../../src/parent/dsync.ts';
import { ParentFinder } from '../../src/parent/finder.ts';
import { nameOf } from '../../src/wire/name.ts';

it('is said of the root that it has no parent, and nobody is asked', async () => {
  const silent = () => Promise.reject(new Error('nobody is to be asked'));
  const anchor = {
    apex: nameOf('.'),
    ds: [],
    servers: [{ name: nameOf('ns.'), address: '127.0.0.1', port: 53 }],
  };
  const network = { exchange: silent, tell: silent };
  const finder = new ParentFinder({ network, anchors: [anchor], port: 53 });
  const now = unixSeconds(1_795_000_000);
  const expected = { kind: 'unknown', text: 'the root has no parent' };
  expect(await finder.parentOf(nameOf('.'), now)).toMatchObject(expected);
  expect(await finder.serversOf(nameOf('.'), now)).toMatchObject(expected);
  expect(await findNotifyTarget(finder, nameOf('.'), now)).toMatchObject(expected);
});
