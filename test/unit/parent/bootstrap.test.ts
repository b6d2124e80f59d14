/**
 * The first DS of a child (RFC 9615 §4.2): a parent takes it only if nothing speaks against it, and what does is named. The
 * Internet is in memory; signatures, denials and the way down from the root are real.
 */
import { beforeEach, describe, expect, it } from 'vitest';
import { plus } from '../../../src/base/time.ts';
import { dnskeyRdata } from '../../../src/dnssec/dnskey.ts';
import { CDNSKEY_DELETE, CDS_DELETE, dsRdata } from '../../../src/dnssec/ds.ts';
import { type BootstrapFacts, dsOf, judgeBootstrap } from '../../../src/parent/bootstrap.ts';
import { dsIn, gatherBootstrap } from '../../../src/parent/bootstrap-gather.ts';
import { delegationOf } from '../../../src/parent/delegation.ts';
import { lookAtDs } from '../../../src/parent/look.ts';
import { nameOf } from '../../../src/wire/name.ts';
import type { Behaviour } from '../../support/scripted-parent.ts';
import { dsTextOf, PARENT_ADDRESSES, ScriptedInternet } from '../../support/scripted-parent.ts';
import { imageOf, NOW, signedEpoch, TestServer, testKey } from '../../support/served.ts';
import { cdnskeyText, cdsText } from '../../support/signals.ts';

const CHILD = 'child.test.';
const [ONE, OTHER] = ['192.0.2.21', '192.0.2.22'] as const;
const HOSTS = ['ns1.hoster.test.', 'ns2.hoster.test.'] as const;
const KEY = testKey(9);
const DNSKEY = dnskeyRdata(KEY.flags, KEY.algorithm, KEY.publicKey);
const CDS = dsRdata(nameOf(CHILD), DNSKEY, 2);

/** The signal for the child below a name server, as lines. */
function signalOf(host: string, { cds = CDS, dnskey = DNSKEY } = {}): string[] {
  const name = `_dsboot.${CHILD}_signal.${host}`;
  return [`${name} CDS ${cdsText(cds)}`, `${name} CDNSKEY ${cdnskeyText(dnskey)}`];
}

const DELEGATION = [
  ...HOSTS.map((host) => `${CHILD} NS ${host}`),
  `${HOSTS[0]} A ${ONE}`,
  `${HOSTS[1]} A ${OTHER}`,
];
const APEX = [
  '$TTL 30',
  'test. SOA ns1.test. h.test. 1 3600 600 86400 60',
  ...PARENT_ADDRESSES.flatMap((address, i) => [`test. NS ns${i + 1}.test.`, `ns${i + 1}.test. A ${address}`]),
];
const SIGNALS = HOSTS.flatMap((host) => signalOf(host));

function childServer({ key = KEY, hosts = HOSTS as readonly string[] } = {}): TestServer {
  const rows = [`@ 300 SOA ns1 admin 7 7200 900 1209600 300`, ...hosts.map((host) => `@ 300 NS ${host}`)];
  const server = new TestServer();
  server.table.publish(1, signedEpoch(CHILD, imageOf(CHILD, `${rows.join('\n')}\n`), { key }));
  return server;
}

let internet: ScriptedInternet;

function parentHas(records: readonly string[], isIsland = false): void {
  internet = new ScriptedInternet({ records, isIsland });
  for (const address of [ONE, OTHER]) internet.host(address, childServer());
}

async function gather(): Promise<BootstrapFacts> {
  const child = nameOf(CHILD);
  const { finder } = internet;
  const look = await lookAtDs(finder, internet, child, NOW);
  const delegation = await delegationOf(finder, internet, child, NOW);
  if (delegation.kind === 'unknown') throw new Error(delegation.text);
  const gathered = await gatherBootstrap({ finder, network: internet }, child, delegation.hosts, NOW);
  return { child, ds: dsIn(look), ...gathered };
}

async function verdict(): Promise<string[] | string> {
  const judged = judgeBootstrap(await gather(), NOW);
  if (judged.kind === 'accepted') return 'accepted';
  return [judged.kind, ...new Set(judged.faults.map(({ reason }) => reason))];
}

/** What a server says to questions of one type is said by another one. */
const saidBy =
  (server: TestServer, type: number): Behaviour =>
  (query, honest) =>
    typeIn(query) === type ? server.askRaw(query, { transport: 'tcp' }) : honest();

/** The query without its DO bit, which stands in the last OPT record. */
function withoutDo(query: Uint8Array): Uint8Array {
  const plain = Uint8Array.from(query);
  plain[plain.length - 4] = 0;
  return plain;
}

/** The question's type: what stands before the OPT record and the class. */
const typeIn = (query: Uint8Array) => (query[query.length - 15]! << 8) | query[query.length - 14]!;
const [CDS_TYPE, CDNSKEY_TYPE] = [59, 60];

beforeEach(() => parentHas([...DELEGATION, ...SIGNALS]));

describe('a first DS', () => {
  it('is taken when apex and signals are the same everywhere', async () => {
    const judged = judgeBootstrap(await gather(), NOW);
    expect(judged).toEqual({ kind: 'accepted', cds: [CDS], cdnskey: [DNSKEY] });
  });

  it.each(['nsec', 'nsec3', 'compact'] as const)(
    'is not taken without a signal, denied by %s',
    async (denial) => {
      const text = [...APEX, ...DELEGATION, ...signalOf(HOSTS[0])].join('\n');
      for (const address of PARENT_ADDRESSES)
        internet.host(address, new TestServer().add('test.', `${text}\n`, denial));
      expect(await verdict()).toEqual(['refused', 'BOOTSTRAP_SIGNAL_MISSING']);
    },
  );

  it.each(['nsec', 'nsec3', 'compact'] as const)(
    'is not taken with half a signal, denied by %s',
    async (denial) => {
      const text = [...APEX, ...DELEGATION, ...signalOf(HOSTS[0]), signalOf(HOSTS[1])[0]].join('\n');
      for (const address of PARENT_ADDRESSES)
        internet.host(address, new TestServer().add('test.', `${text}\n`, denial));
      expect(await verdict()).toEqual(['refused', 'BOOTSTRAP_SIGNAL_DIFFERS']);
    },
  );

  it('is not taken if a type that is hidden on the way is not denied', async () => {
    const empty: Behaviour = (query, honest) => {
      if (typeIn(query) !== CDNSKEY_TYPE) return honest();
      const octets = honest();
      octets.set([0, 0, 0, 0, 0, 0], 6);
      return octets.subarray(0, query.length - 11);
    };
    for (const address of [...PARENT_ADDRESSES, ONE, OTHER]) internet.script(address, empty);
    expect(await verdict()).toEqual(['refused', 'BOOTSTRAP_SIGNAL_BOGUS']);
  });

  it.each([
    [
      'a DS',
      [...DELEGATION, ...SIGNALS, `${CHILD} DS ${dsTextOf(CHILD)}`],
      ['refused', 'BOOTSTRAP_DS_PRESENT'],
    ],
    [
      'other keys in a signal',
      [
        ...DELEGATION,
        ...signalOf(HOSTS[0]),
        ...signalOf(HOSTS[1], { cds: dsRdata(nameOf(CHILD), DNSKEY, 4) }),
      ],
      ['refused', 'BOOTSTRAP_SIGNAL_DIFFERS'],
    ],
    [
      'name servers inside the child only',
      [`${CHILD} NS ns.${CHILD}`, `ns.${CHILD} A ${ONE}`],
      ['unsupported', 'BOOTSTRAP_IN_DOMAIN_ONLY'],
    ],
    [
      'a host without address',
      [...DELEGATION.filter((row) => !row.endsWith(OTHER)), ...SIGNALS],
      ['refused', 'BOOTSTRAP_APEX_UNKNOWN'],
    ],
  ] as const)('is not taken with %s', async (_what, records, expected) => {
    parentHas(records);
    expect(await verdict()).toEqual(expected);
  });

  it('is not taken from a zone of its own at the signaling name', async () => {
    const cut = `_dsboot.${CHILD}_signal.${HOSTS[1]}`;
    const delegated = [`${cut} NS ns1.test.`, `${cut} DS ${dsTextOf(cut)}`];
    const text = [...APEX, ...DELEGATION, ...signalOf(HOSTS[0]), ...delegated].join('\n');
    const server = new TestServer().add('test.', `${text}\n`);
    server.add(cut, '@ 300 SOA ns1.test. h.test. 1 3600 600 86400 60\n@ 300 NS ns1.test.\n');
    for (const address of PARENT_ADDRESSES) internet.host(address, server);
    expect(await verdict()).toEqual(['refused', 'BOOTSTRAP_SIGNAL_CUT']);
  });

  it('is not taken if the signals cannot be validated', async () => {
    parentHas([...DELEGATION, ...SIGNALS], true);
    expect(await verdict()).toEqual(['refused', 'BOOTSTRAP_SIGNAL_INSECURE']);
  });

  /** Questions for signals are treated so, others as ever. */
  const signalsAre =
    (treated: Behaviour): Behaviour =>
    (query, honest, transport) =>
      Buffer.from(query).includes('_dsboot') && typeIn(query) === CDS_TYPE
        ? treated(query, honest, transport)
        : honest();
  const servfail: Behaviour = (query) => {
    const octets = Uint8Array.from(query);
    octets.set([0x80, 0x02], 2);
    return octets;
  };
  /** What somebody else would sign, with keys of his own. */
  const forged = new TestServer();
  forged.table.publish(
    1,
    signedEpoch('test.', imageOf('test.', `${[...APEX, ...DELEGATION, ...SIGNALS].join('\n')}\n`), {
      key: testKey(21),
    }),
  );

  it.each([
    ['forged', saidBy(forged, CDS_TYPE), 'BOOTSTRAP_SIGNAL_BOGUS'],
    ['expired', (_query, honest) => honest({ now: plus(NOW, -30 * 86_400) }), 'BOOTSTRAP_SIGNAL_BOGUS'],
    [
      'stripped of their signatures',
      (query, honest) => honest({ query: withoutDo(query) }),
      'BOOTSTRAP_SIGNAL_BOGUS',
    ],
    ['not told', servfail, 'BOOTSTRAP_SIGNAL_UNKNOWN'],
    ['lost', () => ({ code: 'timeout', fault: 'no answer within 5 s' }), 'BOOTSTRAP_SIGNAL_UNKNOWN'],
  ] as [string, Behaviour, string][])('is not taken if signals are %s', async (_what, behaviour, code) => {
    for (const address of PARENT_ADDRESSES) internet.script(address, signalsAre(behaviour));
    expect(await verdict()).toEqual(['refused', code]);
  });

  it('is taken though one server of the signaling zone has lost it', async () => {
    internet.script(PARENT_ADDRESSES[0], signalsAre(servfail));
    expect(await verdict()).toBe('accepted');
  });

  it('is not taken if one server of the child is silent', async () => {
    internet.host(OTHER, undefined);
    expect(await verdict()).toEqual(['refused', 'BOOTSTRAP_APEX_UNKNOWN']);
  });

  it('is not taken if servers of the child differ', async () => {
    internet.host(OTHER, childServer({ key: testKey(11) }));
    expect(await verdict()).toEqual(['refused', 'BOOTSTRAP_APEX_DIFFERS', 'BOOTSTRAP_CHAIN_BROKEN']);
  });

  it('is not taken if a server has keys that its own CDS do not name', async () => {
    const other = childServer({ key: testKey(11) });
    for (const address of [ONE, OTHER]) internet.script(address, saidBy(other, 48));
    expect(await verdict()).toEqual(['refused', 'BOOTSTRAP_CHAIN_BROKEN']);
  });

  it('is not taken if CDS and CDNSKEY name other keys', async () => {
    const other = childServer({ key: testKey(11) });
    for (const address of [ONE, OTHER]) internet.script(address, saidBy(other, CDS_TYPE));
    expect(await verdict()).toEqual(['refused', 'BOOTSTRAP_CDS_MISMATCH', 'BOOTSTRAP_SIGNAL_DIFFERS']);
  });

  it('leaves an address out to which no way leads, if the server has another one', async () => {
    parentHas([...DELEGATION, `${HOSTS[0]} AAAA 2001:db8::1`, ...SIGNALS]);
    internet.script('2001:db8::1', () => ({ code: 'no route', fault: 'no route' }));
    internet.host('2001:db8::1', childServer());
    expect(await verdict()).toBe('accepted');
  });
});

it('a child that names many name servers, each far away, costs a bounded number of questions', async () => {
  const farAway = (i: number) => Array.from({ length: 20 }, (_, at) => `l${i}-${at}`).join('.');
  const hosts = Array.from({ length: 30 }, (_, i) => `ns.${farAway(i)}.test.`);
  parentHas([...hosts.map((host) => `${CHILD} NS ${host}`), ...hosts.map((host) => `${host} A ${ONE}`)]);
  const { signals } = await gather();
  const asked = [...internet.asked.values()].reduce((sum, one) => sum + one, 0);
  expect(signals).toHaveLength(30);
  // 30 names of 20 labels would be 600 questions for addresses, and for the signals those that were not asked then.
  expect(asked).toBeLessThan(720);
  // Who asks for one of them has questions of his own.
  const found = await internet.finder.zoneOf(nameOf(hosts.at(-1)!), NOW);
  expect(found).toMatchObject({ apex: nameOf('test.') });
});

describe('facts that are not whole', () => {
  it('are never enough', async () => {
    const facts = await gather();
    const reasons = (changed: Partial<BootstrapFacts>) => {
      const judged = judgeBootstrap({ ...facts, ...changed }, NOW);
      return judged.kind === 'accepted' ? [] : judged.faults.map(({ reason }) => reason);
    };
    expect(reasons({ apexes: [], signals: [] })).toContain('BOOTSTRAP_APEX_UNKNOWN');
    expect(reasons({ apexes: facts.apexes.slice(1) })).toEqual(['BOOTSTRAP_APEX_UNKNOWN']);
    expect(reasons({ signals: facts.signals.slice(1) })).toEqual(['BOOTSTRAP_SIGNAL_UNKNOWN']);
    expect(reasons({ ds: { kind: 'unknown', reason: 'PARENT_SILENT', text: 'no answer' } })).toEqual([
      'BOOTSTRAP_PARENT_UNKNOWN',
    ]);
    expect(reasons({ hosts: [], apexes: [], signals: [] })).toEqual(['BOOTSTRAP_PARENT_UNKNOWN']);
  });

  it('with a request for removal, or none, give no DS', async () => {
    const facts = await gather();
    const asking = (cds: readonly Uint8Array[], cdnskey: readonly Uint8Array[]) => {
      const said = {
        cds: { kind: 'heard', rdatas: cds },
        cdnskey: { kind: 'heard', rdatas: cdnskey },
      } as const;
      const apexes = facts.apexes.map((apex) => ({ ...apex, ...said }));
      const judged = judgeBootstrap(
        { ...facts, apexes, signals: facts.signals.map((one) => ({ ...one, ...said })) },
        NOW,
      );
      return judged.kind === 'accepted' ? judged : judged.faults.map(({ reason }) => reason);
    };
    expect(asking([CDS_DELETE], [CDNSKEY_DELETE])).toEqual(['BOOTSTRAP_DELETE']);
    expect(asking([], [])).toEqual([
      'BOOTSTRAP_NO_CDS',
      'BOOTSTRAP_SIGNAL_MISSING',
      'BOOTSTRAP_SIGNAL_MISSING',
    ]);
    // One type alone is enough (RFC 7344 §5), as long as it is the same everywhere.
    expect(asking([], [DNSKEY])).toEqual({ kind: 'accepted', cds: [], cdnskey: [DNSKEY] });
    expect(asking([CDS], [])).toEqual({ kind: 'accepted', cds: [CDS], cdnskey: [] });
  });
});

it('a DS RRset is the CDS, or follows from the CDNSKEY', () => {
  expect(dsOf(nameOf(CHILD), { cds: [CDS], cdnskey: [] })).toEqual([CDS]);
  expect(dsOf(nameOf(CHILD), { cds: [], cdnskey: [DNSKEY] })).toEqual([CDS]);
});
