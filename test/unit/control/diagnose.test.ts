/** `diagnose` against planted faults: a real zone and its keys, an Internet in memory, one thing wrong at a time. */
import { afterEach, describe, expect, it } from 'vitest';
import { plus, type UnixSeconds, unixSeconds } from '../../../src/base/time.ts';
import { printDiagnosis } from '../../../src/cli/diagnose-output.ts';
import { EXITS } from '../../../src/cli/printers.ts';
import { explain } from '../../../src/control/codes.ts';
import { MAX_SERVERS } from '../../../src/control/diagnose-gather.ts';
import { type Diagnosis, diagnosis } from '../../../src/control/diagnose-shapes.ts';
import { createParentHandlers } from '../../../src/control/parent-handlers.ts';
import { createRolloverHandlers } from '../../../src/control/rollovers.ts';
import { dnskeyRdata } from '../../../src/dnssec/dnskey.ts';
import { dsRdata } from '../../../src/dnssec/ds.ts';
import type { Policy } from '../../../src/kasp/policy.ts';
import type { EpochKey } from '../../../src/signer/epoch.ts';
import { getFlags, HEADER, setCount, setFlags, setU16 } from '../../../src/wire/header.ts';
import { nameOf } from '../../../src/wire/name.ts';
import { callsOf } from '../../support/calls.ts';
import { capturedRunner } from '../../support/captured.ts';
import {
  type Behaviour,
  PARENT_ADDRESSES,
  ScriptedInternet,
  type ScriptedZone,
} from '../../support/scripted-parent.ts';
import { imageOf, signedEpoch, TestServer, testKey } from '../../support/served.ts';
import { type BenchOptions, QUICK_POLICY, ZonesBench } from '../../support/zones-bench.ts';

const ZONE = 'child.test.';
const DAY = 86_400;
const POLICY: Policy = { ...QUICK_POLICY, monitor: { interval: 60, rounds: 2, roundGap: 5 } };
const FOREIGN = `${ZONE} DS 4711 13 2 ${'AB'.repeat(32)}`;
const [ONE, OTHER] = ['192.0.2.21', '192.0.2.22'] as const;
const [, OTHER_PARENT] = PARENT_ADDRESSES;
const DSYNC = '*._dsync.test. DSYNC CDS NOTIFY 5300 ns1.test.';

const DELEGATION = [
  `${ZONE} NS ns1.${ZONE}`,
  `${ZONE} NS ns2.${ZONE}`,
  `ns1.${ZONE} A ${ONE}`,
  `ns2.${ZONE} A ${OTHER}`,
] as const;
const CHILD = [
  `@ 300 SOA ns1.${ZONE} admin.${ZONE} 7 7200 900 1209600 300`,
  `@ 300 NS ns1.${ZONE}`,
  `@ 300 NS ns2.${ZONE}`,
  `ns1 300 A ${ONE}`,
  `ns2 300 A ${OTHER}`,
].join('\n');

let bench: ZonesBench;
let internet: ScriptedInternet;
afterEach(() => bench.close());

/** A zone that nothing is wrong with: delegated to two servers, its DS seen at the parent. */
async function start(
  options: BenchOptions & { readonly isIsland?: boolean; readonly isUnwatched?: boolean } = {},
): Promise<void> {
  const begun = unixSeconds(Date.now() / 1_000);
  let isBegun = false;
  const clock = () => (isBegun ? bench.clock.now() : begun);
  const { isIsland = false, isUnwatched = false, ...rest } = options;
  internet = new ScriptedInternet({ records: [...DELEGATION], isIsland }, clock);
  const parents = isUnwatched ? {} : { parents: internet.context };
  bench = new ZonesBench({ policies: { [ZONE]: POLICY }, ...parents, ...rest });
  isBegun = true;
  bench.write('child.test.zone', `${CHILD}\n`);
  await bench.settle();
  parentHas([...DELEGATION, DSYNC, ...ownDs()]);
  await bench.lapse(200);
  for (const address of [ONE, OTHER]) internet.host(address, honestServer());
}

const zone = () => bench.zones.find(nameOf(ZONE))!;
const keys = () => zone().signing?.zoneState.keys ?? [];

/** DS records of the zone's keys, as lines. */
function ownDs(): string[] {
  return keys().map(({ flags, algorithm, publicKey }) => {
    const ds = dsRdata(nameOf(ZONE), dnskeyRdata(flags, algorithm, publicKey), 2);
    const digest = Buffer.from(ds.subarray(4)).toString('hex');
    return `${ZONE} DS ${(ds[0]! << 8) | ds[1]!} ${ds[2]} ${ds[3]} ${digest}`;
  });
}

function parentHas(
  records: readonly string[],
  addresses: readonly string[] = PARENT_ADDRESSES,
  more: Omit<ScriptedZone, 'records'> = {},
): void {
  for (const address of addresses) internet.serve(address, { records, ...more });
}

/** All that the parent has of a zone that is well; `left out` names what is missing. */
const usual = (leftOut: readonly string[] = []) =>
  [...DELEGATION, DSYNC, ...ownDs()].filter((line) => !leftOut.includes(line));

/** A server with the zone exactly as it is served. */
function honestServer(): TestServer {
  const { image, epoch } = zone().served!;
  const server = new TestServer(image.seed);
  server.table.publish(1, epoch);
  return server;
}

/** A server with another state of the zone, signed at an instant by the zone's own key or another one. */
function otherServer(options: { text?: string; key?: EpochKey; at?: UnixSeconds } = {}): TestServer {
  const server = new TestServer();
  const { text = CHILD, key = ownKey(), at: now = bench.clock.now() } = options;
  server.table.publish(1, signedEpoch(ZONE, imageOf(ZONE, `${text}\n`), { key, now }));
  return server;
}

function ownKey(): EpochKey {
  const [signer] = zone().served!.epoch.signers;
  return { ...signer!, flags: 257 };
}

async function look(): Promise<Diagnosis> {
  const { call } = callsOf(() => createParentHandlers(bench));
  return diagnosis.parse(await call('diagnose', { zone: ZONE }));
}

// ---- Ways to be wrong ----

const withFlags =
  (change: (flags: number) => number): Behaviour =>
  (_query, honest) => {
    const octets = honest();
    setFlags(octets, change(getFlags(octets)));
    return octets;
  };

/** An answer without records, with an rcode. */
const refusing =
  (rcode: number): Behaviour =>
  (query) => {
    const octets = Uint8Array.from(query);
    setFlags(octets, 0x8000 | rcode);
    return octets;
  };

const OPT_OCTETS = 11;

/** As if the query had no OPT record. */
const withoutEdns: Behaviour = (query, honest) => {
  const plain = query.slice(0, query.length - OPT_OCTETS);
  setCount(plain, HEADER.ARCOUNT, 0);
  return honest({ query: plain });
};

/** As if the query had no DO bit. */
const withoutDo: Behaviour = (query, honest) => {
  const plain = Uint8Array.from(query);
  plain[plain.length - 4] = 0;
  return honest({ query: plain });
};

/** Padding (RFC 7830) far beyond what was asked for; the OPT record stands last. */
const tooLarge: Behaviour = (_query, honest, transport) => {
  const octets = honest();
  if (transport === 'tcp') return octets;
  const padding = new Uint8Array(1_304);
  setU16(padding, 0, 12);
  setU16(padding, 2, padding.length - 4);
  const large = Uint8Array.from(Buffer.concat([octets, padding]));
  setU16(large, octets.length - 2, padding.length);
  return large;
};

const silentOver =
  (silent: 'udp' | 'tcp'): Behaviour =>
  (_query, honest, transport) =>
    transport === silent ? { code: 'timeout', fault: 'no answer within 5 s' } : honest();

const past = (server: () => TestServer, seconds: number): void => {
  internet.host(OTHER, server());
  internet.script(OTHER, (_query, honest) => honest({ now: plus(bench.clock.now(), -seconds) }));
};

interface Fault {
  readonly what: string;
  readonly code: string;
  readonly level: 'warning' | 'critical';
  /** What the evidence and the fix must say. */
  readonly evidence: RegExp;
  readonly fix: RegExp;
  readonly plant: () => void | Promise<void>;
}

const FAULTS: readonly Fault[] = [
  {
    ...{ what: 'a DS of no key', code: 'PARENT_DS_ORPHAN', level: 'critical' },
    ...{ evidence: /test\. has DS records \(4711\)/, fix: /keyturn ds child\.test\./ },
    plant: () => parentHas([...DELEGATION, DSYNC, FOREIGN]),
  },
  {
    ...{ what: 'a foreign DS beside ours', code: 'PARENT_DS_FOREIGN', level: 'warning' },
    ...{ evidence: /a DS \(4711\) of no key/, fix: /have it removed/ },
    plant: () => parentHas([...usual(), FOREIGN]),
  },
  {
    ...{ what: 'a DS that vanished', code: 'DIAGNOSE_DS_MISSING', level: 'critical' },
    ...{ evidence: /no server of test\. has the DS of key \d+: it was there before/, fix: /keyturn ds/ },
    plant: () => parentHas(usual(ownDs())),
  },
  {
    ...{ what: 'a DS on one server of two', code: 'DIAGNOSE_DS_MIXED', level: 'warning' },
    ...{ evidence: /on 1 of 2 servers of test\., not on 192\.0\.2\.12/, fix: /wait until/ },
    plant: () => parentHas(usual(ownDs()), [OTHER_PARENT]),
  },
  {
    ...{ what: 'a long TTL of the DS', code: 'DIAGNOSE_DS_TTL', level: 'warning' },
    ...{ evidence: /a TTL of 2h at test\., the policy reckons with 30s/, fix: /dsTtl: 2h/ },
    plant: () => parentHas(usual(), PARENT_ADDRESSES, { ttl: 7_200 }),
  },
  {
    ...{ what: 'a silent server of the parent', code: 'PARENT_SILENT', level: 'warning' },
    ...{ evidence: /192\.0\.2\.12, a server of the parent: no answer/, fix: /parent zone/ },
    plant: () => internet.script(OTHER_PARENT, silentOver('tcp')),
  },
  {
    ...{ what: 'a parent that delegates nothing', code: 'PARENT_NO_NAME', level: 'critical' },
    ...{ evidence: /no such name/, fix: /have child\.test\. delegated/ },
    plant: () => parentHas([DSYNC]),
  },
  {
    ...{ what: 'several DSYNC records', code: 'DIAGNOSE_DSYNC_SEVERAL', level: 'warning' },
    ...{ evidence: /several DSYNC records/, fix: /must have one/ },
    plant: () => parentHas([...usual(), '*._dsync.test. DSYNC CDS NOTIFY 5301 ns2.test.']),
  },
  {
    ...{ what: 'a name server that the delegation lacks', code: 'DIAGNOSE_NS_MISSING', level: 'warning' },
    ...{ evidence: /^ns2\.child\.test\. is a name server .* by its own NS/, fix: /added to the delegation/ },
    plant: () => parentHas(usual([DELEGATION[1], DELEGATION[3]])),
  },
  {
    ...{ what: 'a delegation to one server', code: 'DIAGNOSE_ONE_SERVER', level: 'warning' },
    ...{ evidence: /names one server: ns1\.child\.test\.$/, fix: /add another name server/ },
    plant: () => parentHas(usual([DELEGATION[1], DELEGATION[3]])),
  },
  {
    ...{ what: 'a name server that the zone does not name', code: 'DIAGNOSE_NS_EXTRA', level: 'warning' },
    ...{ evidence: /delegates child\.test\. to ns2\.test\./, fix: /taken out of the delegation/ },
    plant: () => parentHas([...usual(), `${ZONE} NS ns2.test.`]),
  },
  {
    ...{
      what: 'servers of the parent that refer to others',
      code: 'DIAGNOSE_DELEGATION_MIXED',
      level: 'warning',
    },
    ...{
      evidence: /192\.0\.2\.12 delegates to ns1\.child\.test\., 192\.0\.2\.11 to ns1/,
      fix: /parent zone/,
    },
    plant: () => parentHas(usual([DELEGATION[1], DELEGATION[3]]), [OTHER_PARENT]),
  },
  {
    ...{ what: 'glue that is missing', code: 'DIAGNOSE_GLUE_MISSING', level: 'warning' },
    ...{
      evidence: /no glue for it; here it is at 192\.0\.2\.22/,
      fix: /addresses of ns2\.child\.test\. added/,
    },
    plant: () => parentHas(usual([DELEGATION[3]])),
  },
  {
    ...{ what: 'glue of another address', code: 'DIAGNOSE_GLUE_OTHER', level: 'warning' },
    ...{ evidence: /at 192\.0\.2\.99 by the glue of the parent, at 192\.0\.2\.22/, fix: /glue corrected/ },
    plant: () => parentHas([...usual([DELEGATION[3]]), `ns2.${ZONE} A 192.0.2.99`]),
  },
  {
    ...{ what: 'a host outside without an address', code: 'DIAGNOSE_HOST_NO_ADDRESS', level: 'warning' },
    ...{ evidence: /no address of ns\.gone\.test\./, fix: /address records/ },
    plant: () => parentHas([...usual(), `${ZONE} NS ns.gone.test.`]),
  },
  {
    ...{ what: 'two names of one address', code: 'DIAGNOSE_SAME_ADDRESS', level: 'warning' },
    ...{
      evidence: /ns1\.child\.test\., ns2\.child\.test\. are all at 192\.0\.2\.21/,
      fix: /address of its own/,
    },
    plant: () => parentHas([...usual([DELEGATION[3]]), `ns2.${ZONE} A ${ONE}`]),
  },
  {
    ...{ what: 'a server that is down', code: 'DIAGNOSE_SERVER_SILENT', level: 'warning' },
    ...{ evidence: /^ns2\.child\.test\. 192\.0\.2\.22 is silent/, fix: /open port 53/ },
    plant: () => internet.host(OTHER, undefined),
  },
  {
    ...{ what: 'all servers down', code: 'DIAGNOSE_NO_SERVER', level: 'critical' },
    ...{ evidence: /none of the 2 addresses/, fix: /delegation corrected/ },
    plant: () => {
      internet.host(ONE, undefined);
      internet.script(OTHER, refusing(5));
    },
  },
  {
    ...{ what: 'UDP that is closed', code: 'DIAGNOSE_UDP_SILENT', level: 'warning' },
    ...{ evidence: /192\.0\.2\.22 over UDP: no answer/, fix: /listen on UDP/ },
    plant: () => internet.script(OTHER, silentOver('udp')),
  },
  {
    ...{ what: 'TCP that is closed', code: 'DIAGNOSE_TCP_SILENT', level: 'warning' },
    ...{ evidence: /192\.0\.2\.22 over TCP: no answer/, fix: /listen on TCP/ },
    plant: () => internet.script(OTHER, silentOver('tcp')),
  },
  {
    ...{ what: 'a server that refuses', code: 'DIAGNOSE_SERVER_REFUSED', level: 'warning' },
    ...{ evidence: /192\.0\.2\.22 refuses/, fix: /let the server serve child\.test\./ },
    plant: () => internet.script(OTHER, refusing(5)),
  },
  {
    ...{ what: 'a server that has lost the zone', code: 'DIAGNOSE_SERVER_ERROR', level: 'warning' },
    ...{ evidence: /192\.0\.2\.22 .* with SERVFAIL/, fix: /let the server serve child\.test\./ },
    plant: () => internet.script(OTHER, refusing(2)),
  },
  {
    ...{ what: 'a lame server', code: 'DIAGNOSE_SERVER_LAME', level: 'warning' },
    ...{ evidence: /192\.0\.2\.22 answers without authority/, fix: /let the server serve child\.test\./ },
    plant: () =>
      internet.script(
        OTHER,
        withFlags((flags) => flags & ~0x0400),
      ),
  },
  {
    ...{ what: 'an open resolver', code: 'DIAGNOSE_RECURSION', level: 'warning' },
    ...{ evidence: /192\.0\.2\.22 offers recursion/, fix: /switch recursion off/ },
    plant: () =>
      internet.script(
        OTHER,
        withFlags((flags) => flags | 0x0080),
      ),
  },
  {
    ...{ what: 'answers to other questions', code: 'DIAGNOSE_SERVER_MALFORMED', level: 'warning' },
    ...{ evidence: /192\.0\.2\.22 over TCP: it answers another question/, fix: /broken/ },
    plant: () =>
      internet.script(
        OTHER,
        withFlags((flags) => flags & ~0x8000),
      ),
  },
  {
    ...{ what: 'no EDNS', code: 'DIAGNOSE_NO_EDNS', level: 'critical' },
    ...{ evidence: /192\.0\.2\.22 answers without EDNS/, fix: /replace the server/ },
    plant: () => internet.script(OTHER, withoutEdns),
  },
  {
    ...{ what: 'no signatures', code: 'DIAGNOSE_UNSIGNED_ANSWER', level: 'critical' },
    ...{ evidence: /192\.0\.2\.22: SOA comes without a signature; NS comes/, fix: /signed as it is here/ },
    plant: () => internet.script(OTHER, withoutDo),
  },
  {
    ...{ what: 'datagrams that are too large', code: 'DIAGNOSE_UDP_LARGE', level: 'warning' },
    ...{ evidence: /192\.0\.2\.22 sent \d+ octets in a datagram/, fix: /1232 octets/ },
    plant: () => internet.script(OTHER, tooLarge),
  },
  {
    ...{ what: 'an old serial', code: 'DIAGNOSE_SERVER_SERIAL', level: 'warning' },
    ...{ evidence: /192\.0\.2\.22 has serial 6, here it is 7/, fix: /transferred/ },
    plant: () => internet.host(OTHER, otherServer({ text: CHILD.replace(' 7 7200', ' 6 7200') })),
  },
  {
    ...{ what: 'other NS records', code: 'DIAGNOSE_SERVER_NS', level: 'warning' },
    ...{ evidence: /192\.0\.2\.22 has other NS records: only here: ns2\.child\.test\.$/, fix: /transferred/ },
    plant: () => internet.host(OTHER, otherServer({ text: CHILD.replace(/@ 300 NS ns2.*\n/, '') })),
  },
  {
    ...{ what: 'other keys', code: 'DIAGNOSE_SERVER_DNSKEY', level: 'warning' },
    ...{
      evidence: /192\.0\.2\.22 has other DNSKEY records: only there: \d+; only here: \d+$/,
      fix: /transferred/,
    },
    plant: () => internet.host(OTHER, otherServer({ key: testKey(9) })),
  },
  {
    ...{ what: 'other CDS records', code: 'DIAGNOSE_SERVER_CDS', level: 'warning' },
    ...{
      evidence: /192\.0\.2\.22 has other CDS records: only there: \d+; only here: \d+$/,
      fix: /transferred/,
    },
    plant: () => internet.host(OTHER, otherServer({ key: testKey(9) })),
  },
  {
    ...{ what: 'signatures by other keys', code: 'DIAGNOSE_SIGNATURE_BOGUS', level: 'critical' },
    ...{
      evidence: /192\.0\.2\.22: SOA: no key \d+ of algorithm 13 is published/,
      fix: /sign nothing itself/,
    },
    plant: () => internet.host(OTHER, otherServer({ key: testKey(9) })),
  },
  {
    ...{ what: 'signatures that expired', code: 'DIAGNOSE_SIGNATURE_EXPIRED', level: 'critical' },
    ...{ evidence: /192\.0\.2\.22: the signature of SOA expired at \d{4}-/, fix: /take the zone anew/ },
    plant: () => past(() => otherServer({ at: plus(bench.clock.now(), -30 * DAY) }), 30 * DAY),
  },
  {
    ...{ what: 'signatures about to expire', code: 'DIAGNOSE_SIGNATURE_EXPIRING', level: 'warning' },
    ...{ evidence: /192\.0\.2\.22: .*the signature of DNSKEY expires in /, fix: /take the zone anew/ },
    plant: () => past(() => otherServer({ at: plus(bench.clock.now(), -6 * DAY) }), 6 * DAY),
  },
  {
    ...{ what: 'a zone file with an error', code: 'ZONE_BAD_RDATA', level: 'warning' },
    ...{ evidence: /still serving serial 7/, fix: /keyturn zone reload child\.test\./ },
    plant: async () => {
      bench.write('child.test.zone', `${CHILD}\nwww IN A x\n`);
      await bench.settle();
    },
  },
];

describe('diagnose', () => {
  it('finds nothing wrong with a zone that is well', async () => {
    await start();
    const result = await look();
    expect(result.findings).toEqual([]);
    expect(result).toMatchObject({
      level: 'ok',
      state: 'served',
      serial: 7,
      isOutsideSeen: true,
      parent: 'test.',
    });
    expect(result.servers).toEqual([
      { server: `ns1.${ZONE}`, address: ONE, udp: 'answers', tcp: 'answers', serial: 7 },
      { server: `ns2.${ZONE}`, address: OTHER, udp: 'answers', tcp: 'answers', serial: 7 },
    ]);
    expect(EXITS.diagnose!(result)).toBe(0);
  });

  it.each(FAULTS)('finds $what', async ({ code, level, evidence, fix, plant }) => {
    await start();
    await plant();
    const result = await look();
    const found = result.findings.filter((finding) => finding.code === code);
    expect(
      found.map((finding) => finding.level),
      JSON.stringify(result.findings, null, 1),
    ).toContain(level);
    expect(found.map((finding) => finding.evidence).join('\n')).toMatch(new RegExp(evidence, 'm'));
    expect(found.map((finding) => finding.fix).join('\n')).toMatch(fix);
    for (const finding of result.findings) expect(explain(finding.code), finding.code).toBeDefined();
    // The server beside it is not blamed.
    const blamed = result.findings.filter((one) => one.evidence.startsWith(`ns1.${ZONE} ${ONE}`));
    expect(blamed).toHaveLength(code === 'DIAGNOSE_NO_SERVER' ? 1 : 0);
    expect(EXITS.diagnose!(result)).toBe(1);
  });

  it('calls an unsigned zone with a DS an outage', async () => {
    await start({ isUnsigned: true });
    parentHas([...DELEGATION, FOREIGN]);
    const { level, findings } = await look();
    expect(level).toBe('critical');
    expect(findings.map(({ code }) => code)).toEqual(['DIAGNOSE_DS_UNSIGNED']);
    expect(findings[0]!.fix).toContain('have the DS removed');
  });

  it('tells that no chain of trust leads to the parent', async () => {
    await start({ isIsland: true });
    const found = (await look()).findings.filter(({ code }) => code === 'DIAGNOSE_PARENT_INSECURE');
    expect(found).toMatchObject([{ level: 'warning', fix: /have test. signed/ }]);
  });

  it('tells of a DS that shall go in a rollover, and of the new one that is awaited', async () => {
    await start();
    const { call } = callsOf(() => createRolloverHandlers(bench));
    const [old] = keys().map(({ tag }) => tag);
    await call('rollover.start', { zone: ZONE, type: 'csk' });
    await bench.lapse(120);
    const awaited = (await look()).findings.filter(({ code }) => code === 'DIAGNOSE_DS_MISSING');
    expect(awaited).toMatchObject([
      { level: 'warning', evidence: expect.stringContaining('the key waits for it') },
    ]);
    parentHas(usual());
    await bench.lapse(300);
    const left = (await look()).findings.filter(({ code }) => code === 'DIAGNOSE_DS_LEFT');
    expect(left).toMatchObject([{ level: 'warning', evidence: expect.stringContaining(`key ${old},`) }]);
  });

  it('misses the delegation in a parent that has other things at the name', async () => {
    await start({ isIsland: true });
    parentHas([DSYNC, `${ZONE} TXT x`]);
    const found = (await look()).findings.filter(({ code }) => code === 'PARENT_NOT_DELEGATED');
    expect(found).toMatchObject([
      { level: 'critical', fix: 'have child.test. delegated to its name servers' },
    ]);
  });

  it('calls a delegation without any address an outage', async () => {
    await start();
    parentHas(usual([DELEGATION[2], DELEGATION[3]]));
    const codes = (await look()).findings.map(({ level, code }) => `${level} ${code}`);
    expect(codes).toEqual([
      'critical DIAGNOSE_NO_SERVER',
      'warning DIAGNOSE_GLUE_MISSING',
      'warning DIAGNOSE_GLUE_MISSING',
    ]);
  });

  it('asks a crowd of servers in part, and says so', async () => {
    await start();
    const crowd = Array.from({ length: 40 }, (_, i) => `ns2.${ZONE} A 198.51.100.${i + 1}`);
    parentHas([...usual(), ...crowd]);
    const { servers, findings } = await look();
    expect(servers).toHaveLength(MAX_SERVERS);
    expect(findings.find(({ code }) => code === 'DIAGNOSE_MANY_SERVERS')).toMatchObject({
      level: 'ok',
      evidence: '32 addresses of name servers were asked, 10 more were not',
    });
    const asked = Math.max(
      ...[...internet.asked].filter(([at]) => at.startsWith('198')).map(([, count]) => count),
    );
    expect(asked).toBeLessThanOrEqual(10);
  });

  it('takes an address without a way to it for no fault', async () => {
    await start();
    internet.script(OTHER, () => ({ code: 'no route', fault: 'no way leads there from this host' }));
    const { level, findings } = await look();
    expect(level).toBe('ok');
    expect(findings).toMatchObject([{ level: 'ok', code: 'DIAGNOSE_NO_ROUTE' }]);
  });

  it('forgives a lost datagram', async () => {
    await start();
    let lost = 0;
    internet.script(OTHER, (_query, honest, transport) =>
      transport === 'udp' && lost++ === 0 ? { code: 'timeout', fault: 'no answer within 5 s' } : honest(),
    );
    expect((await look()).findings).toEqual([]);
    expect(lost).toBe(3);
  });

  it('remarks that the parent has no DSYNC, which is no fault', async () => {
    await start();
    parentHas(usual([DSYNC]));
    expect(await look()).toMatchObject({ level: 'ok', findings: [{ code: 'DIAGNOSE_DSYNC_MISSING' }] });
  });

  it('judges the inside alone where nobody knows the way out', async () => {
    await start({ isUnwatched: true });
    const result = await look();
    expect(result).toMatchObject({ isOutsideSeen: false, parent: null, servers: [] });
    expect(result.findings.map(({ level, code }) => `${level} ${code}`)).toContain(
      'ok DIAGNOSE_OUTSIDE_UNSEEN',
    );
    expect(EXITS.diagnose!(result)).toBe(0);
  });

  it('judges a zone that is not served', async () => {
    await start();
    bench.write('lost.test.zone', '@ 300 IN A 192.0.2.1\n');
    await bench.settle();
    const { call } = callsOf(() => createParentHandlers(bench));
    const result = await call('diagnose', { zone: 'lost.test.' });
    expect(result.findings.map(({ level, code }) => `${level} ${code}`)).toEqual([
      'critical ZONE_NO_SOA',
      'ok DIAGNOSE_OUTSIDE_UNSEEN',
    ]);
  });

  it('looks to a person like this', async () => {
    await start();
    internet.script(OTHER, refusing(5));
    parentHas(usual([DSYNC]));
    const { runner, out } = capturedRunner();
    printDiagnosis(runner.output, await look());
    expect(`${out.join('\n').replace(/keys \d+/, 'keys TAG')}\n`).toBe(`warn child.test. warning: 1 found
  inside          served, serial 7, keys TAG
  outside         parent test., name servers 2
SERVER           ADDRESS     SERIAL  UDP      TCP
ns1.child.test.  192.0.2.21  7       answers  answers
ns2.child.test.  192.0.2.22  -       answers  answers
warn ns2.child.test. 192.0.2.22 refuses to answer for child.test. (REFUSED) [DIAGNOSE_SERVER_REFUSED]
    fix: let the server serve child.test., or have it taken out of the delegation
note the parent has no DSYNC record: it cannot be told of new CDS records [DIAGNOSE_DSYNC_MISSING]
    fix: nothing need be done; if the parent does not look for CDS by itself, hand the DS over by hand
`);
  });
});
