/** Name servers that answer anything: an interview ends, and what is made of it are findings that can be explained. */
import { expect, it } from 'vitest';
import { CODES } from '../../src/control/codes.ts';
import type { OwnZone } from '../../src/control/diagnose-facts.ts';
import { serverFindings } from '../../src/control/diagnose-servers.ts';
import { dnskeyRdata } from '../../src/dnssec/dnskey.ts';
import { dsRdata } from '../../src/dnssec/ds.ts';
import { type Interview, interview } from '../../src/parent/interview.ts';
import type { Network } from '../../src/parent/network.ts';
import { RRTYPE } from '../../src/wire/iana.ts';
import { nameOf } from '../../src/wire/name.ts';
import { seededRandom } from '../support/random.ts';
import { NOW, TestServer, testKey } from '../support/served.ts';

const ORIGIN = nameOf('child.test.');
const ZONE = ['@ 300 SOA ns1 admin 7 7200 900 1209600 300', '@ 300 NS ns1', 'ns1 300 A 192.0.2.21', ''].join(
  '\n',
);
const SERVER = { name: nameOf('ns1.child.test.'), address: '192.0.2.21', port: 53 };
const ROUNDS = 400;

const OWN: OwnZone = (() => {
  const { flags, algorithm, publicKey } = testKey();
  const dnskey = dnskeyRdata(flags, algorithm, publicKey);
  const apex = new Map([
    [RRTYPE.NS, [nameOf('ns1.child.test.')]],
    [RRTYPE.DNSKEY, [dnskey]],
    [RRTYPE.CDS, [dsRdata(ORIGIN, dnskey, 2)]],
    [RRTYPE.CDNSKEY, [dnskey]],
  ]);
  return { name: 'child.test.', origin: ORIGIN, serial: 7, isSigned: true, apex, addressesOf: () => [] };
})();

/** Asks a server whose answers somebody changes on their way. */
function ask(change: (octets: Uint8Array) => Uint8Array): Promise<Interview> {
  const server = new TestServer().add('child.test.', ZONE);
  const over = (transport: 'udp' | 'tcp') => async (_to: unknown, query: Uint8Array) =>
    change(server.askRaw(query, { transport, now: NOW }));
  const network: Network = { tell: over('udp'), exchange: over('tcp') };
  return interview(network, SERVER, ORIGIN);
}

it('finds nothing where nothing was changed', async () => {
  expect(serverFindings(await ask((octets) => octets), OWN, NOW)).toEqual([]);
});

it('says something of whatever was changed in an answer over both ways', async () => {
  const random = seededRandom('diagnose');
  const codes = new Set<string>();
  for (let round = 0; round < ROUNDS; round++) {
    const [high, low, bits, cut] = random.octets(4);
    const change = (octets: Uint8Array) => {
      const changed = Uint8Array.from(octets);
      // The id is the network's business.
      const at = 2 + (((high! << 8) | low!) % (changed.length - 2));
      changed[at] = changed[at]! ^ (bits! | 1);
      return cut! < 32 ? changed.subarray(0, at) : changed;
    };
    const findings = serverFindings(await ask(change), OWN, NOW);
    for (const { code } of findings) codes.add(code);
    for (const { evidence } of findings) expect(evidence).toContain('192.0.2.21');
  }
  for (const code of codes) expect(CODES.has(code), code).toBe(true);
  expect([...codes]).toEqual(
    expect.arrayContaining([
      'DIAGNOSE_SERVER_MALFORMED',
      'DIAGNOSE_SIGNATURE_BOGUS',
      'DIAGNOSE_SERVER_SERIAL',
    ]),
  );
});
