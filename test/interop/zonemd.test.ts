/**
 * Digests of whole zones as others make and check them (RFC 8976): ldns-signzone and ldns-verify-zone, and a knotd that
 * loads no zone whose digest is wrong.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, expect, it } from 'vitest';
import { unixSeconds } from '../../src/base/time.ts';
import { loadZone } from '../../src/daemon/loadzone.ts';
import { unsignedEpoch } from '../../src/signer/epoch.ts';
import { exportZone } from '../../src/signer/export.ts';
import { addZonemd } from '../../src/signer/export-zonemd.ts';
import { nameOf } from '../../src/wire/name.ts';
import { PeerServer } from '../support/differential-peers.ts';
import { describeWithPeers, getPeer } from '../support/peers.ts';
import { run, runOk, Workplace } from '../support/processes.ts';
import { imageOf, signedEpoch, type TestMode } from '../support/served.ts';
import { generateZone } from '../support/zones.ts';

const ORIGIN = 'digest.example.';
const NOW = unixSeconds(Date.now() / 1_000);
const place = new Workplace();
afterAll(() => place.remove());

const { text: TEXT } = generateZone({ origin: ORIGIN, names: 60, seed: 8976 });
let files = 0;

function written(lines: Iterable<string>): string {
  const file = place.at(`${files++}.zone`);
  writeFileSync(file, `${[...lines].join('\n')}\n`);
  return file;
}

/** What ldns says of a file with a digest; empty if all is well. `-ZZ` wants the zone to be signed, too. */
async function faults(file: string, option: '-Z' | '-ZZ' = '-ZZ'): Promise<string> {
  const { code, stdout, stderr } = await run(getPeer('ldns-verify-zone'), [option, file]);
  return code === 0 ? '' : `${stdout}${stderr}`;
}

function load(file: string, publish: 'file' | 'sha384' | 'sha512') {
  const [directory, seed] = [place.path, 1];
  return loadZone({
    ...{ directory, file, origin: nameOf(ORIGIN), limitOctets: 1e7, expected: undefined, isFresh: false },
    ...{ servedDigest: undefined, seed, denial: null, zonemd: { check: 'refuse', publish } },
  });
}

function exported(outcome: ReturnType<typeof load>): string[] {
  if (outcome.kind !== 'loaded') throw new Error(JSON.stringify(outcome));
  return [...exportZone(unsignedEpoch(outcome.image), { signed: false }, NOW)];
}

describeWithPeers(['ldns-verify-zone', 'ldns-signzone', 'knotd'], 'digests of whole zones', () => {
  it.each(['nsec', 'nsec3'] satisfies TestMode[])(
    'of a zone signed with %s are right to ldns',
    async (mode) => {
      const epoch = signedEpoch(ORIGIN, imageOf(ORIGIN, TEXT), { now: NOW, denial: mode });
      const lines = exportZone(epoch, { signed: true }, NOW);
      const file = written(addZonemd(lines, nameOf(ORIGIN), 'sha384', epoch.signers));
      expect(readFileSync(file, 'utf8')).toContain('\tZONEMD\t');
      expect(await faults(file)).toBe('');
      // The digest is over all of it: a record that nobody signs is missed.
      const changed = written([`x.unsigned-cut.${ORIGIN} 60 IN A 192.0.2.1`, readFileSync(file, 'utf8')]);
      expect(await faults(changed)).toMatch(/ZONEMD/i);
    },
  );

  it.each(['sha384', 'sha512'] as const)('of an unsigned zone are served, by %s', async (publish) => {
    const file = written(exported(load(written([TEXT]), publish)));
    expect(await faults(file, '-Z')).toBe('');
    // What is loaded again is right, and is served as it is.
    expect(exported(load(file, 'file'))).toEqual(readFileSync(file, 'utf8').trimEnd().split('\n'));
  });

  it('made by ldns are right to us, and not after a change', async () => {
    const signed = place.at('ldns.zone');
    await runOk(getPeer('ldns-signzone'), [
      '-Z',
      '-z',
      'simple:sha512',
      '-f',
      signed,
      '-o',
      ORIGIN,
      written([TEXT]),
    ]);
    expect(load(signed, 'file').kind).toBe('loaded');
    const changed = written([readFileSync(signed, 'utf8'), `new.${ORIGIN} 60 IN TXT "x"`]);
    const refused = load(changed, 'file');
    const errors =
      refused.kind === 'broken' ? refused.diagnostics.filter(({ severity }) => severity === 'error') : [];
    expect(errors.map(({ code }) => code)).toEqual(['ZONE_ZONEMD_WRONG']);
  });

  it('are right to a knotd that insists on them', async () => {
    const epoch = signedEpoch(ORIGIN, imageOf(ORIGIN, TEXT), { now: NOW });
    const lines = [...exportZone(epoch, { signed: true }, NOW)];
    const good = [...addZonemd(lines, nameOf(ORIGIN), 'sha384', epoch.signers)].join('\n');
    const bad = `${good}\nbad.${ORIGIN} 60 IN A 192.0.2.1`;
    const other = 'last.example.';
    const zones = [
      { origin: ORIGIN, text: `${good}\n` },
      { origin: other, text: imageText(other) },
    ];
    const template = ['zonemd-verify: on'];
    for (const [text, refused] of [
      [good, []],
      [bad, [0]],
    ] as const) {
      const served = [{ origin: ORIGIN, text: `${text}\n` }, zones[1]!];
      const knotd = await PeerServer.start('knotd', served, place, { template });
      expect([...(await knotd.refusedZones(served))]).toEqual(refused);
      await knotd.stop();
    }
  });
});

/** A zone with a digest that knotd can wait for. */
function imageText(origin: string): string {
  const image = imageOf(origin, `@ 60 SOA ns host 1 2 3 4 5\n@ 60 NS ns\nns 60 A 127.0.0.1\n`, {
    nsec: false,
  });
  const lines = exportZone(unsignedEpoch(image), { signed: false }, NOW);
  return `${[...addZonemd(lines, nameOf(origin), 'sha384', [])].join('\n')}\n`;
}
