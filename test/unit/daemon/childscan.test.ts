/** What a look of a parent at a child may cost, whatever name servers the child has. The Internet is in memory. */
import { expect, it } from 'vitest';
import { delegatedIn, scanChild } from '../../../src/daemon/childscan.ts';
import { nameOf } from '../../../src/wire/name.ts';
import { ZoneImage } from '../../../src/zone/image.ts';
import { dsTextOf, PARENT_ADDRESSES, ScriptedInternet } from '../../support/scripted-parent.ts';
import { imageOf, NOW } from '../../support/served.ts';

const CHILD = 'child.tld.';

it('a child that names many name servers, each far away, costs a bounded number of questions', async () => {
  const labels = (i: number) => Array.from({ length: 20 }, (_, at) => `l${i}-${at}`).join('.');
  const hosts = Array.from({ length: 30 }, (_, i) => `ns.${labels(i)}.test.`);
  const internet = new ScriptedInternet({ records: hosts.map((host) => `${host} A 192.0.2.21`) });
  const rows = [
    '$TTL 60',
    'tld. SOA ns.tld. h.tld. 1 3600 600 86400 60',
    ...['tld. NS ns.tld.', 'ns.tld. A 192.0.2.30'],
    ...hosts.map((host) => `${CHILD} NS ${host}`),
    `${CHILD} DS ${dsTextOf(CHILD)}`,
  ];
  const image = ZoneImage.open(imageOf('tld.', `${rows.join('\n')}\n`));
  const delegated = delegatedIn(image, nameOf(CHILD))!;
  const rules = { accept: 'update', takenInception: null } as const;
  const outcome = await scanChild(internet.context, delegated, rules, NOW);
  expect(outcome).toMatchObject({ kind: 'refused' });
  // 30 names of 20 labels would be over 600 questions.
  const asked = PARENT_ADDRESSES.reduce((sum, address) => sum + (internet.asked.get(address) ?? 0), 0);
  expect(asked).toBeLessThanOrEqual(200);
});
