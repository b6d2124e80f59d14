/**
 * What whole-zone verifiers of others say of the NSEC3 chain: the example zones and generated ones, exported as they are
 * served, with and without opt-out.
 */
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { unixSeconds } from '../../src/base/time.ts';
import { exportZone } from '../../src/signer/export.ts';
import { describeWithPeers } from '../support/peers.ts';
import { Workplace } from '../support/processes.ts';
import { imageOf, signedEpoch, type TestMode } from '../support/served.ts';
import { ROOT_FOLDER, readSource } from '../support/sources.ts';
import { wholeZoneFaults } from '../support/whole-zone.ts';
import { generateZone } from '../support/zones.ts';

const NOW = unixSeconds(Date.now() / 1000);
const EXAMPLES = readdirSync(join(ROOT_FOLDER, 'zones')).filter((name) => name.endsWith('.zone'));
/** Chains of one, of a single delegation, and with names that only unsigned delegations make. */
const SMALL = {
  'nothing.example.': '',
  'single.example.': 'a NS ns.example.net.\n',
  'deep.example.':
    'a.b.c NS ns.example.net.\nx.b.c NS ns.example.net.\n*.w TXT "any"\nold DNAME new\nbelow.old A 192.0.2.1\n',
};
const APEX =
  '$TTL 3600\n@ SOA ns.example.net. hostmaster.example.net. 1 7200 900 1209600 300\n@ NS ns.example.net.\n';

describeWithPeers(['ldns-verify-zone', 'dnssec-verify'], 'the NSEC3 chain of whole zones', () => {
  const place = new Workplace();
  afterAll(() => place.remove());

  async function faultsOf(origin: string, text: string, denial: TestMode): Promise<string[]> {
    const epoch = signedEpoch(origin, imageOf(origin, text), { denial, now: NOW });
    const file = place.at(`${origin}${denial}`);
    writeFileSync(file, `${[...exportZone(epoch, { signed: true }, NOW)].join('\n')}\n`);
    return wholeZoneFaults(origin, file);
  }

  describe.each<TestMode>(['nsec3', 'nsec3-opt-out'])('%s', (denial) => {
    it.each(EXAMPLES)('%s', async (file) => {
      const origin = file.replace(/zone$/, '');
      expect(await faultsOf(origin, readSource(`zones/${file}`).text, denial)).toEqual([]);
    });

    it.each(Object.entries(SMALL))('%s', async (origin, records) => {
      expect(await faultsOf(origin, APEX + records, denial)).toEqual([]);
    });

    it.each([1, 2, 3])('a generated zone, seed %d', async (seed) => {
      const { origin, text } = generateZone({ origin: 'example.com.', names: 300, seed });
      expect(await faultsOf(origin, text, denial)).toEqual([]);
    });
  });
});
