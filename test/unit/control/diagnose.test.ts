/** `diagnose` against planted faults: a real zone and its keys, an Internet in memory, one thing wrong at a time. */
import { afterEach, describe, expect, it } from 'vitest';
import { EXITS } from '../../../src/cli/printers.ts';
import { explain } from '../../../src/control/codes.ts';
import {
  CHILD,
  DAY,
  DELEGATION,
  DiagnoseScene,
  DSYNC,
  FOREIGN,
  ONE,
  OTHER,
  OTHER_PARENT,
  refusing,
  silentOver,
  tooLarge,
  withFlags,
  withoutDo,
  withoutEdns,
  ZONE,
} from '../../support/diagnose-scene.ts';
import { PARENT_ADDRESSES } from '../../support/scripted-parent.ts';
import { testKey } from '../../support/served.ts';

let scene: DiagnoseScene;
afterEach(() => scene.close());

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
    plant: () => scene.parentHas([...DELEGATION, DSYNC, FOREIGN]),
  },
  {
    ...{ what: 'a foreign DS beside ours', code: 'PARENT_DS_FOREIGN', level: 'warning' },
    ...{ evidence: /a DS \(4711\) of no key/, fix: /have it removed/ },
    plant: () => scene.parentHas([...scene.usual(), FOREIGN]),
  },
  {
    ...{ what: 'a DS that vanished', code: 'DIAGNOSE_DS_MISSING', level: 'critical' },
    ...{ evidence: /no server of test\. has the DS of key \d+: it was there before/, fix: /keyturn ds/ },
    plant: () => scene.parentHas(scene.usual(scene.ownDs())),
  },
  {
    ...{ what: 'a DS on one server of two', code: 'DIAGNOSE_DS_MIXED', level: 'warning' },
    ...{ evidence: /on 1 of 2 servers of test\., not on 192\.0\.2\.12/, fix: /wait until/ },
    plant: () => scene.parentHas(scene.usual(scene.ownDs()), [OTHER_PARENT]),
  },
  {
    ...{ what: 'a long TTL of the DS', code: 'DIAGNOSE_DS_TTL', level: 'warning' },
    ...{ evidence: /a TTL of 2h at test\., the policy reckons with 30s/, fix: /dsTtl: 2h/ },
    plant: () => scene.parentHas(scene.usual(), PARENT_ADDRESSES, { ttl: 7_200 }),
  },
  {
    ...{ what: 'a silent server of the parent', code: 'PARENT_SILENT', level: 'warning' },
    ...{ evidence: /192\.0\.2\.12, a server of the parent: no answer/, fix: /parent zone/ },
    plant: () => scene.internet.script(OTHER_PARENT, silentOver('tcp')),
  },
  {
    ...{ what: 'a parent that delegates nothing', code: 'PARENT_NO_NAME', level: 'critical' },
    ...{ evidence: /no such name/, fix: /have child\.test\. delegated/ },
    plant: () => scene.parentHas([DSYNC]),
  },
  {
    ...{ what: 'several DSYNC records', code: 'DIAGNOSE_DSYNC_SEVERAL', level: 'warning' },
    ...{ evidence: /several DSYNC records/, fix: /must have one/ },
    plant: () => scene.parentHas([...scene.usual(), '*._dsync.test. DSYNC CDS NOTIFY 5301 ns2.test.']),
  },
  {
    ...{ what: 'a name server that the delegation lacks', code: 'DIAGNOSE_NS_MISSING', level: 'warning' },
    ...{ evidence: /^ns2\.child\.test\. is a name server .* by its own NS/, fix: /added to the delegation/ },
    plant: () => scene.parentHas(scene.usual([DELEGATION[1], DELEGATION[3]])),
  },
  {
    ...{ what: 'a delegation to one server', code: 'DIAGNOSE_ONE_SERVER', level: 'warning' },
    ...{ evidence: /names one server: ns1\.child\.test\.$/, fix: /add another name server/ },
    plant: () => scene.parentHas(scene.usual([DELEGATION[1], DELEGATION[3]])),
  },
  {
    ...{ what: 'a name server that the zone does not name', code: 'DIAGNOSE_NS_EXTRA', level: 'warning' },
    ...{ evidence: /delegates child\.test\. to ns2\.test\./, fix: /taken out of the delegation/ },
    plant: () => scene.parentHas([...scene.usual(), `${ZONE} NS ns2.test.`]),
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
    plant: () => scene.parentHas(scene.usual([DELEGATION[1], DELEGATION[3]]), [OTHER_PARENT]),
  },
  {
    ...{ what: 'glue that is missing', code: 'DIAGNOSE_GLUE_MISSING', level: 'warning' },
    ...{
      evidence: /no glue for it; here it is at 192\.0\.2\.22/,
      fix: /addresses of ns2\.child\.test\. added/,
    },
    plant: () => scene.parentHas(scene.usual([DELEGATION[3]])),
  },
  {
    ...{ what: 'glue of another address', code: 'DIAGNOSE_GLUE_OTHER', level: 'warning' },
    ...{ evidence: /at 192\.0\.2\.99 by the glue of the parent, at 192\.0\.2\.22/, fix: /glue corrected/ },
    plant: () => scene.parentHas([...scene.usual([DELEGATION[3]]), `ns2.${ZONE} A 192.0.2.99`]),
  },
  {
    ...{ what: 'a host outside without an address', code: 'DIAGNOSE_HOST_NO_ADDRESS', level: 'warning' },
    ...{ evidence: /no address of ns\.gone\.test\./, fix: /address records/ },
    plant: () => scene.parentHas([...scene.usual(), `${ZONE} NS ns.gone.test.`]),
  },
  {
    ...{ what: 'two names of one address', code: 'DIAGNOSE_SAME_ADDRESS', level: 'warning' },
    ...{
      evidence: /ns1\.child\.test\., ns2\.child\.test\. are all at 192\.0\.2\.21/,
      fix: /address of its own/,
    },
    plant: () => scene.parentHas([...scene.usual([DELEGATION[3]]), `ns2.${ZONE} A ${ONE}`]),
  },
  {
    ...{ what: 'a server that is down', code: 'DIAGNOSE_SERVER_SILENT', level: 'warning' },
    ...{ evidence: /^ns2\.child\.test\. 192\.0\.2\.22 is silent/, fix: /open port 53/ },
    plant: () => scene.internet.host(OTHER, undefined),
  },
  {
    ...{ what: 'all servers down', code: 'DIAGNOSE_NO_SERVER', level: 'critical' },
    ...{ evidence: /none of the 2 addresses/, fix: /delegation corrected/ },
    plant: () => {
      scene.internet.host(ONE, undefined);
      scene.internet.script(OTHER, refusing(5));
    },
  },
  {
    ...{ what: 'UDP that is closed', code: 'DIAGNOSE_UDP_SILENT', level: 'warning' },
    ...{ evidence: /192\.0\.2\.22 over UDP: no answer/, fix: /listen on UDP/ },
    plant: () => scene.internet.script(OTHER, silentOver('udp')),
  },
  {
    ...{ what: 'TCP that is closed', code: 'DIAGNOSE_TCP_SILENT', level: 'warning' },
    ...{ evidence: /192\.0\.2\.22 over TCP: no answer/, fix: /listen on TCP/ },
    plant: () => scene.internet.script(OTHER, silentOver('tcp')),
  },
  {
    ...{ what: 'a server that refuses', code: 'DIAGNOSE_SERVER_REFUSED', level: 'warning' },
    ...{ evidence: /192\.0\.2\.22 refuses/, fix: /let the server serve child\.test\./ },
    plant: () => scene.internet.script(OTHER, refusing(5)),
  },
  {
    ...{ what: 'a server that has lost the zone', code: 'DIAGNOSE_SERVER_ERROR', level: 'warning' },
    ...{ evidence: /192\.0\.2\.22 .* with SERVFAIL/, fix: /let the server serve child\.test\./ },
    plant: () => scene.internet.script(OTHER, refusing(2)),
  },
  {
    ...{ what: 'a lame server', code: 'DIAGNOSE_SERVER_LAME', level: 'warning' },
    ...{ evidence: /192\.0\.2\.22 answers without authority/, fix: /let the server serve child\.test\./ },
    plant: () =>
      scene.internet.script(
        OTHER,
        withFlags((flags) => flags & ~0x0400),
      ),
  },
  {
    ...{ what: 'an open resolver', code: 'DIAGNOSE_RECURSION', level: 'warning' },
    ...{ evidence: /192\.0\.2\.22 offers recursion/, fix: /switch recursion off/ },
    plant: () =>
      scene.internet.script(
        OTHER,
        withFlags((flags) => flags | 0x0080),
      ),
  },
  {
    ...{ what: 'answers to other questions', code: 'DIAGNOSE_SERVER_MALFORMED', level: 'warning' },
    ...{ evidence: /192\.0\.2\.22 over TCP: it answers another question/, fix: /broken/ },
    plant: () =>
      scene.internet.script(
        OTHER,
        withFlags((flags) => flags & ~0x8000),
      ),
  },
  {
    ...{ what: 'no EDNS', code: 'DIAGNOSE_NO_EDNS', level: 'critical' },
    ...{ evidence: /192\.0\.2\.22 answers without EDNS/, fix: /replace the server/ },
    plant: () => scene.internet.script(OTHER, withoutEdns),
  },
  {
    ...{ what: 'no signatures', code: 'DIAGNOSE_UNSIGNED_ANSWER', level: 'critical' },
    ...{ evidence: /192\.0\.2\.22: SOA comes without a signature; NS comes/, fix: /signed as it is here/ },
    plant: () => scene.internet.script(OTHER, withoutDo),
  },
  {
    ...{ what: 'datagrams that are too large', code: 'DIAGNOSE_UDP_LARGE', level: 'warning' },
    ...{ evidence: /192\.0\.2\.22 sent \d+ octets in a datagram/, fix: /1232 octets/ },
    plant: () => scene.internet.script(OTHER, tooLarge),
  },
  {
    ...{ what: 'an old serial', code: 'DIAGNOSE_SERVER_SERIAL', level: 'warning' },
    ...{ evidence: /192\.0\.2\.22 has serial 6, here it is 7/, fix: /transferred/ },
    plant: () => scene.internet.host(OTHER, scene.otherServer({ text: CHILD.replace(' 7 7200', ' 6 7200') })),
  },
  {
    ...{ what: 'other NS records', code: 'DIAGNOSE_SERVER_NS', level: 'warning' },
    ...{ evidence: /192\.0\.2\.22 has other NS records: only here: ns2\.child\.test\.$/, fix: /transferred/ },
    plant: () =>
      scene.internet.host(OTHER, scene.otherServer({ text: CHILD.replace(/@ 300 NS ns2.*\n/, '') })),
  },
  {
    ...{ what: 'other keys', code: 'DIAGNOSE_SERVER_DNSKEY', level: 'warning' },
    ...{
      evidence: /192\.0\.2\.22 has other DNSKEY records: only there: \d+; only here: \d+$/,
      fix: /transferred/,
    },
    plant: () => scene.internet.host(OTHER, scene.otherServer({ key: testKey(9) })),
  },
  {
    ...{ what: 'other CDS records', code: 'DIAGNOSE_SERVER_CDS', level: 'warning' },
    ...{
      evidence: /192\.0\.2\.22 has other CDS records: only there: \d+; only here: \d+$/,
      fix: /transferred/,
    },
    plant: () => scene.internet.host(OTHER, scene.otherServer({ key: testKey(9) })),
  },
  {
    ...{ what: 'signatures by other keys', code: 'DIAGNOSE_SIGNATURE_BOGUS', level: 'critical' },
    ...{
      evidence: /192\.0\.2\.22: SOA: no key \d+ of algorithm 13 is published/,
      fix: /sign nothing itself/,
    },
    plant: () => scene.internet.host(OTHER, scene.otherServer({ key: testKey(9) })),
  },
  {
    ...{ what: 'signatures that expired', code: 'DIAGNOSE_SIGNATURE_EXPIRED', level: 'critical' },
    ...{ evidence: /192\.0\.2\.22: the signature of SOA expired at \d{4}-/, fix: /take the zone anew/ },
    plant: () => scene.stopServer(OTHER, 30 * DAY),
  },
  {
    ...{ what: 'signatures about to expire', code: 'DIAGNOSE_SIGNATURE_EXPIRING', level: 'warning' },
    ...{ evidence: /192\.0\.2\.22: .*the signature of DNSKEY expires in /, fix: /take the zone anew/ },
    plant: () => scene.stopServer(OTHER, 6 * DAY),
  },
  {
    ...{ what: 'a zone file with an error', code: 'ZONE_BAD_RDATA', level: 'warning' },
    ...{ evidence: /still serving serial 7/, fix: /keyturn zone reload child\.test\./ },
    plant: async () => {
      scene.bench.write('child.test.zone', `${CHILD}\nwww IN A x\n`);
      await scene.bench.settle();
    },
  },
];

describe('diagnose', () => {
  it('finds nothing wrong with a zone that is well', async () => {
    scene = await DiagnoseScene.start();
    const result = await scene.look();
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
    scene = await DiagnoseScene.start();
    await plant();
    const result = await scene.look();
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
});
