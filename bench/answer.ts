/**
 * `npm run bench:answer`: nanoseconds and octets allocated for one `respond()`, warm, over a zone of 10,000 names:
 * positive, NXDOMAIN and referral, with DO and without, NSEC, NSEC3 and compact denial. The other cost of a
 * query is the kernel's.
 */
import { Peer } from '../src/wire/peer.ts';
import { NOW, queryOctets, TestServer } from '../test/support/served.ts';
import { measure, print } from './measure.ts';

const NAMES = 10_000;
/** A prime stride visits the names out of order. */
const STRIDE = 7919;

const lines = ['$TTL 3600', '@ SOA ns hostmaster 1 7200 900 1209600 300', '@ NS ns', 'ns A 192.0.2.1'];
for (let i = 0; i < NAMES; i++) {
  lines.push(`host${i} A 192.0.2.${i % 250}`);
  if (i % 10 === 0) lines.push(`cut${i} NS ns.cut${i}`, `ns.cut${i} A 192.0.2.9`);
}
const zone = `${lines.join('\n')}\n`;
const signed = new TestServer().add('example.com.', zone);
const unsigned = new TestServer().add('example.com.', zone, 'unsigned');
const hashed = new TestServer().add('example.com.', zone, 'nsec3');
const optOut = new TestServer().add('example.com.', zone, 'nsec3-opt-out');
/** Each with a cache of its own. */
const [compact, compactKnown, compactWildcard] = Array.from({ length: 3 }, () =>
  new TestServer().add('example.com.', `${zone}*.wild A 192.0.2.1\n`, 'compact'),
) as [TestServer, TestServer, TestServer];
const peer = new Peer();
peer.setText('udp', 4, '127.0.0.1', 40_000);
const out = new Uint8Array(1232);

/** Asks a server for a type, A unless told otherwise, at ever other names. */
function contender(
  name: string,
  server: TestServer,
  { dnssecOk, type = 'A' }: { readonly dnssecOk: boolean; readonly type?: string },
  qname: (i: number) => string,
) {
  const queries = Array.from({ length: NAMES }, (_, i) => queryOctets(qname(i), type, { dnssecOk }));
  let next = 0;
  return {
    name,
    count: 20_000,
    run: (count: number) => {
      for (let i = 0; i < count; i++) {
        next = (next + STRIDE) % NAMES;
        const query = queries[next]!;
        server.responder.respond(query, query.length, peer, NOW, out);
      }
    },
  };
}

/** A name that was never asked for: it needs a signature (W3). */
function newNames(): ReturnType<typeof contender> {
  const query = queryOctets('new000000000.example.com.', 'A', { dnssecOk: true });
  const digitsAt = 12 + 1 + 'new'.length;
  let asked = 0;
  return {
    name: 'compact, NXDOMAIN, DO, new names',
    count: 1_000,
    run: (count: number) => {
      for (let i = 0; i < count; i++) {
        const digits = String(asked++).padStart(9, '0');
        for (let k = 0; k < 9; k++) query[digitsAt + k] = digits.charCodeAt(k);
        compact.responder.respond(query, query.length, peer, NOW, out);
      }
    },
  };
}

const positive = (i: number) => `host${i}.example.com.`;
const missing = (i: number) => `no${i}.example.com.`;
const referral = (i: number) => `www.cut${i - (i % 10)}.example.com.`;
print(
  'respond() over 10,000 names, warm',
  measure([
    contender('unsigned zone, positive', unsigned, { dnssecOk: false }, positive),
    contender('signed zone, positive', signed, { dnssecOk: false }, positive),
    contender('signed zone, positive, DO', signed, { dnssecOk: true }, positive),
    contender('signed zone, NXDOMAIN', signed, { dnssecOk: false }, missing),
    contender('signed zone, NXDOMAIN, DO', signed, { dnssecOk: true }, missing),
    contender('signed zone, referral', signed, { dnssecOk: false }, referral),
    contender('signed zone, referral, DO', signed, { dnssecOk: true }, referral),
    contender('NSEC3 zone, NXDOMAIN, DO', hashed, { dnssecOk: true }, missing),
    contender('NSEC3 zone, referral, DO', hashed, { dnssecOk: true }, referral),
    contender('NSEC3 opt-out, referral, DO', optOut, { dnssecOk: true }, referral),
    newNames(),
    contender('compact, NXDOMAIN, DO, known names', compactKnown, { dnssecOk: true }, missing),
    contender('compact, no data, DO', compact, { dnssecOk: true, type: 'AAAA' }, positive),
    contender(
      'compact, wildcard, DO',
      compactWildcard,
      { dnssecOk: true },
      (i) => `name${i}.wild.example.com.`,
    ),
  ]),
);
