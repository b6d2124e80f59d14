/** Where we can vouch for a zone (RFC 9615 §4.1), and where not. */
import { expect, it } from 'vitest';
import { type HoldingZone, type Signal, signalsOf } from '../../../src/daemon/signaling.ts';
import { formatType } from '../../../src/wire/iana.ts';
import { equalNames, formatName, isAtOrBelow, nameOf } from '../../../src/wire/name.ts';

const CDS = { cds: [Uint8Array.of(1, 2, 3)], cdnskey: [Uint8Array.of(4, 5, 6)] };

function holding(name: string, { isSigned = true, cuts = [] as readonly string[] } = {}): HoldingZone {
  const origin = nameOf(name);
  const holds = (owner: Uint8Array) =>
    isAtOrBelow(owner, origin) && !cuts.some((cut) => isAtOrBelow(owner, nameOf(cut)));
  return { name, origin, isSigned, holds };
}

function signals(zone: string, hosts: readonly string[], ours: readonly HoldingZone[], cds = CDS): string[] {
  const asking = { origin: nameOf(zone), hosts: hosts.map(nameOf), cds, ttl: 300 };
  return signalsOf(asking, (apex) => ours.find(({ origin }) => equalNames(origin, 0, apex, 0))).flatMap(
    wordsOf,
  );
}

function wordsOf(signal: Signal): string[] {
  const host = formatName(signal.host);
  if (signal.holder === null) return [`${host} ${signal.because}`];
  const { name } = signal.holder;
  return signal.rrsets.map(
    ({ owner, type, ttl }) => `${name} has ${formatName(owner)} ${ttl} ${formatType(type)}`,
  );
}

it('signals below each name server outside, in the zone of ours that is nearest', () => {
  // The example of RFC 9615 §4.1.1.
  const hosts = ['ns1.example.net.', 'ns2.example.org.', 'ns3.example.co.uk.'];
  const ours = ['.', 'net.', 'example.net.', 'example.org.', '_signal.ns2.example.org.'].map((name) =>
    holding(name),
  );
  expect(signals('example.co.uk.', hosts, ours)).toEqual([
    'example.net. has _dsboot.example.co.uk._signal.ns1.example.net. 300 CDS',
    'example.net. has _dsboot.example.co.uk._signal.ns1.example.net. 300 CDNSKEY',
    '_signal.ns2.example.org. has _dsboot.example.co.uk._signal.ns2.example.org. 300 CDS',
    '_signal.ns2.example.org. has _dsboot.example.co.uk._signal.ns2.example.org. 300 CDNSKEY',
  ]);
});

it('writes names in lower case, and only types that there are', () => {
  expect(
    signals('Child.Test.', ['NS.Hoster.Test.'], [holding('hoster.test.')], { cds: CDS.cds, cdnskey: [] }),
  ).toEqual(['hoster.test. has _dsboot.child.test._signal.ns.hoster.test. 300 CDS']);
});

it('says why it cannot', () => {
  const long = `${'a'.repeat(63)}.`.repeat(3);
  const hosts = ['ns.hoster.test.'];
  expect(signals('child.test.', ['ns.child.test.'], [holding('child.test.')])).toEqual([]);
  expect(signals('child.test.', hosts, [])).toEqual(['ns.hoster.test. not ours']);
  expect(signals('child.test.', hosts, [holding('hoster.test.', { isSigned: false })])).toEqual([
    'ns.hoster.test. not signed',
  ]);
  expect(
    signals('child.test.', hosts, [holding('hoster.test.', { cuts: ['_signal.ns.hoster.test.'] })]),
  ).toEqual(['ns.hoster.test. not ours']);
  expect(
    signals('child.test.', hosts, [
      holding('hoster.test.'),
      holding('_dsboot.child.test._signal.ns.hoster.test.'),
    ]),
  ).toEqual(['ns.hoster.test. zone cut']);
  expect(signals(`${long}test.`, [`${'b'.repeat(40)}.hoster.test.`], [holding('hoster.test.')])).toEqual([
    `${'b'.repeat(40)}.hoster.test. too long`,
  ]);
});

it('takes names of exactly 255 octets', () => {
  const hoster = [holding('hoster.test.')];
  // `_dsboot` 8, labels of 64 octets thrice, `test` 5, `_signal` 8, host 29 + 12, root 1.
  const zone = `${`${'a'.repeat(63)}.`.repeat(3)}test.`;
  const hostOf = (octets: number) => `${'h'.repeat(octets - 1)}.hoster.test.`;
  expect(signals(zone, [hostOf(29)], hoster)[0]).toContain('hoster.test. has _dsboot.');
  expect(signals(zone, [hostOf(30)], hoster)).toEqual([`${hostOf(30)} too long`]);
});
