/**
 * A zone that went from its NSEC chain to compact denial went at once: the NSECs of names that are asked for in vain were
 * signed ahead only where a signer was new, so that the switch met a wave of queries with none of them.
 */
import { afterEach, expect, it } from 'vitest';
import { Responder } from '../../src/answer/respond.ts';
import { ZoneTable } from '../../src/answer/zonetable.ts';
import { Counters } from '../../src/base/counters.ts';
import { DEFAULT_POLICY, type Policy } from '../../src/kasp/policy.ts';
import { compactSigners } from '../../src/signer/signer.ts';
import { nameOf } from '../../src/wire/name.ts';
import { hashName } from '../../src/wire/namehash.ts';
import { Peer } from '../../src/wire/peer.ts';
import { ZoneImage } from '../../src/zone/image.ts';
import { queryOctets } from '../support/served.ts';
import { ZonesBench, zoneText } from '../support/zones-bench.ts';

const ZONE = 'a.example.';
const DENIED = `ns.${ZONE}`;
const BENCH_SEED = 1;

let bench: ZonesBench | undefined;
afterEach(() => bench?.close());

it('signs ahead what was denied when a zone leaves its NSEC chain for compact denial', async () => {
  const policy: Policy = { ...DEFAULT_POLICY, denial: 'nsec' };
  const opened = new ZonesBench({ policies: { [ZONE]: policy } });
  bench = opened;
  opened.write(`${ZONE}zone`, zoneText(1, 'ns 60 A 192.0.2.1\n'));
  await opened.settle();
  const zone = opened.zones.find(nameOf(ZONE))!;
  const table = new ZoneTable();
  table.publish(zone.id, zone.served!.epoch);
  const query = queryOctets(DENIED, 'TXT', { dnssecOk: true });
  const peer = new Peer();
  peer.setText('udp', 4, '127.0.0.1', 40_000);
  const responder = new Responder(table, new Counters(), BENCH_SEED);
  expect(
    responder.respond(query, query.length, peer, opened.clock.now(), new Uint8Array(4096)),
  ).toBeGreaterThan(0);
  zone.follow({ name: 'compact', policy: { ...policy, denial: 'compact' } });
  await opened.settle();
  const { epoch } = zone.served!;
  expect(epoch.denial).toBe('compact');
  const image = ZoneImage.open(epoch.image);
  const node = image.find(nameOf(DENIED), 0, hashName(nameOf(DENIED), 0, image.seed));
  expect(compactSigners(epoch).map(({ slots }) => slots.inception(node) > 0)).toEqual([true]);
});
