/**
 * Parents that are broken or lie (ROLLOVER 3.4, 3.5): whatever one of two servers does, the DS of a key neither counts as
 * seen nor as gone, and the look says why in a code of its own.
 */
import { expect, it } from 'vitest';
import { plus } from '../../../src/base/time.ts';
import { dnskeyRdata } from '../../../src/dnssec/dnskey.ts';
import { lookAtDs } from '../../../src/parent/look.ts';
import type { NetworkFault } from '../../../src/parent/network.ts';
import { afterLook, provenOf, sightOf, UNWATCHED } from '../../../src/parent/watch.ts';
import { FLAG, getFlags, HEADER, setFlags, setU16 } from '../../../src/wire/header.ts';
import { RRTYPE } from '../../../src/wire/iana.ts';
import { nameOf } from '../../../src/wire/name.ts';
import {
  type Behaviour,
  dsTextOf,
  PARENT_ADDRESSES,
  ScriptedInternet,
  type ScriptedZone,
} from '../../support/scripted-parent.ts';
import { NOW, queryOctets, TestServer, testKey } from '../../support/served.ts';

const CHILD = 'child.test.';
const RULES = { rounds: 2, roundGap: 300 };
const [HONEST, LIAR] = PARENT_ADDRESSES;
const KEY = testKey();
const DNSKEY = dnskeyRdata(KEY.flags, KEY.algorithm, KEY.publicKey);
const DELEGATED = `${CHILD} NS ns.elsewhere.`;
const WITH_DS: ScriptedZone = { records: [DELEGATED, `${CHILD} DS ${dsTextOf(CHILD)}`] };
const WITHOUT_DS: ScriptedZone = { records: [DELEGATED] };

/** A response changed in place. */
const changed =
  (change: (octets: Uint8Array) => void): Behaviour =>
  (_query, honest) => {
    const octets = honest();
    change(octets);
    return octets;
  };
const withRcode = (rcode: number) => changed((octets) => setFlags(octets, (getFlags(octets) & ~15) | rcode));
const failing =
  (fault: NetworkFault): Behaviour =>
  () =>
    fault;
/** What another server says to the same question. */
const saidBy =
  (server: TestServer, ask = {}): Behaviour =>
  (query) =>
    server.askRaw(query, { transport: 'tcp', ...ask });

function serverOf(origin: string, rows: readonly string[], mode: 'nsec' | 'unsigned' = 'nsec'): TestServer {
  const head = [
    '$TTL 300',
    `${origin} SOA ns.elsewhere. hostmaster.elsewhere. 1 3600 600 86400 60`,
    `${origin} NS ns.elsewhere.`,
  ];
  return new TestServer().add(origin, `${[...head, ...rows].join('\n')}\n`, mode);
}

/** The message without all that follows the question. */
const emptied = (octets: Uint8Array) => {
  const end = HEADER.OCTETS + nameOf(CHILD).length + 4;
  for (const count of [HEADER.ANCOUNT, HEADER.NSCOUNT, HEADER.ARCOUNT]) setU16(octets, count, 0);
  return octets.slice(0, end);
};

/** What a server does, and how the look names it. */
const LIES: readonly [what: string, code: string, Behaviour][] = [
  ['is silent', 'PARENT_SILENT', failing({ code: 'timeout', fault: 'no answer within 5 s' })],
  ['refuses connections', 'PARENT_SILENT', failing({ code: 'refused', fault: 'nobody listens there' })],
  ['closes them', 'PARENT_SILENT', failing({ code: 'closed', fault: 'it closed the connection' })],
  ['says SERVFAIL', 'PARENT_ERROR', withRcode(2)],
  ['says NOTIMP', 'PARENT_ERROR', withRcode(4)],
  ['says REFUSED, as it does not serve the zone', 'PARENT_ERROR', saidBy(serverOf('other.', []))],
  ['says that the name does not exist', 'PARENT_NO_NAME', saidBy(serverOf('test.', []))],
  ['says so in the rcode alone', 'PARENT_NO_NAME', withRcode(3)],
  ['is not authoritative', 'PARENT_NOT_AUTHORITATIVE', changed((o) => setFlags(o, getFlags(o) & ~FLAG.AA))],
  ['refers to others', 'PARENT_NOT_AUTHORITATIVE', saidBy(serverOf('.', ['test. NS ns.elsewhere.']))],
  ['cuts its answer off', 'PARENT_TRUNCATED', changed((o) => setFlags(o, getFlags(o) | FLAG.TC))],
  ['sends half a message', 'PARENT_MALFORMED', (_query, honest) => honest().slice(0, 40)],
  ['adds octets', 'PARENT_MALFORMED', (_query, honest) => Uint8Array.of(...honest(), 0)],
  ['sends the question back', 'PARENT_MALFORMED', (query) => query],
  [
    'answers another question',
    'PARENT_MALFORMED',
    (_query, honest) => {
      honest();
      return new TestServer().askRaw(queryOctets('other.test.', 'DS'));
    },
  ],
  ['sends no record', 'PARENT_NOT_AUTHORITATIVE', (_query, honest) => emptied(honest())],
  ['serves the child alone', 'PARENT_CHILD_SIDE', saidBy(serverOf(CHILD, []))],
  ['serves the child alone, unsigned', 'PARENT_CHILD_SIDE', saidBy(serverOf(CHILD, [], 'unsigned'))],
  ['strips the signatures', 'PARENT_BOGUS', saidBy(serverOf('test.', WITH_DS.records, 'unsigned'))],
  ['strips the proof of absence', 'PARENT_BOGUS', saidBy(serverOf('test.', WITHOUT_DS.records, 'unsigned'))],
  [
    'shows signatures that are over',
    'PARENT_BOGUS',
    (_query, honest) => honest({ now: plus(NOW, -9 * 86_400) }),
  ],
  [
    'shows signatures of tomorrow',
    'PARENT_BOGUS',
    (_query, honest) => honest({ now: plus(NOW, 9 * 86_400) }),
  ],
  ['forges the digest', 'PARENT_BOGUS', changed((o) => flipFirstRdata(o))],
  ['is above the parent', 'PARENT_WRONG_ZONE', saidBy(serverOf('.', [`${CHILD} TXT "no cut here"`]))],
  [
    'answers with an alias',
    'PARENT_ALIAS',
    saidBy(serverOf('test.', [`${CHILD} CNAME www.test.`, 'www.test. A 192.0.2.9'])),
  ],
  ['has no delegation', 'PARENT_NOT_DELEGATED', saidBy(serverOf('test.', [`${CHILD} TXT "here"`]))],
];

/** Changes an octet within the RDATA of the first record, which is a DS at a compressed owner. */
function flipFirstRdata(octets: Uint8Array): void {
  const at = HEADER.OCTETS + nameOf(CHILD).length + 4 + 12 + 10;
  octets[at] = octets[at]! ^ 1;
}

const look = (internet: ScriptedInternet, now = NOW) =>
  lookAtDs(internet.finder, internet, nameOf(CHILD), now);

it.each(LIES)('a server that %s makes the DS unknown: %s', async (_what, code, lie) => {
  for (const zone of [WITH_DS, WITHOUT_DS]) {
    const internet = new ScriptedInternet(zone);
    internet.script(LIAR, (query, honest, transport) => {
      const isDs = query.at(HEADER.OCTETS + nameOf(CHILD).length + 1) === RRTYPE.DS && isAboutChild(query);
      return isDs ? lie(query, honest, transport) : honest();
    });
    let watch = UNWATCHED;
    for (const at of [0, 301, 602, 903]) {
      watch = afterLook(watch, await look(internet, plus(NOW, at)), RULES, plus(NOW, at));
    }
    const outcome = watch.last!.outcome;
    if (outcome.kind === 'unknown') throw new Error(outcome.text);
    const [honest, liar] = [HONEST, LIAR].map(
      (address) => outcome.sights.find(({ server }) => server.address === address)!.verdict,
    );
    expect(honest!.kind).toBe('known');
    expect(provenOf(watch, nameOf(CHILD), DNSKEY, RULES).sight).toBe('UNKNOWN');
    expect(['MIXED', 'UNKNOWN']).toContain(sightOf(outcome.sights, nameOf(CHILD), DNSKEY));
    expect(liar).toMatchObject({ kind: 'unknown', reason: code });
  }
});

function isAboutChild(query: Uint8Array): boolean {
  return (
    Buffer.compare(query.subarray(HEADER.OCTETS, HEADER.OCTETS + nameOf(CHILD).length), nameOf(CHILD)) === 0
  );
}

it('honest servers prove what they have, and only after looks that agree', async () => {
  for (const [zone, sight] of [
    [WITH_DS, 'IN'],
    [WITHOUT_DS, 'OUT'],
  ] as const) {
    const internet = new ScriptedInternet(zone);
    const first = afterLook(UNWATCHED, await look(internet), RULES, NOW);
    expect(provenOf(first, nameOf(CHILD), DNSKEY, RULES).sight).toBe('UNKNOWN');
    const tooSoon = afterLook(first, await look(internet), RULES, plus(NOW, 299));
    expect(provenOf(tooSoon, nameOf(CHILD), DNSKEY, RULES).sight).toBe('UNKNOWN');
    const second = afterLook(tooSoon, await look(internet), RULES, plus(NOW, 300));
    expect(provenOf(second, nameOf(CHILD), DNSKEY, RULES).sight).toBe(sight);
  }
});

it('a server that is behind makes it mixed, and one that flaps never proves anything', async () => {
  const internet = new ScriptedInternet(WITH_DS);
  internet.serve(LIAR, WITHOUT_DS);
  let watch = UNWATCHED;
  for (const at of [0, 301])
    watch = afterLook(watch, await look(internet, plus(NOW, at)), RULES, plus(NOW, at));
  expect(provenOf(watch, nameOf(CHILD), DNSKEY, RULES).sight).toBe('MIXED');
  watch = UNWATCHED;
  for (let round = 0; round < 6; round++) {
    const at = plus(NOW, round * 301);
    internet.serve(LIAR, round % 2 === 0 ? WITH_DS : WITHOUT_DS);
    watch = afterLook(watch, await look(internet, at), RULES, at);
    expect(provenOf(watch, nameOf(CHILD), DNSKEY, RULES).sight).toBe('UNKNOWN');
  }
});

it('the longest TTL of any server counts, also when a parent lowers it with the change', async () => {
  const internet = new ScriptedInternet({ ...WITH_DS, ttl: 60 });
  internet.serve(LIAR, { ...WITH_DS, ttl: 7_200 });
  let watch = UNWATCHED;
  for (const at of [0, 301])
    watch = afterLook(watch, await look(internet, plus(NOW, at)), RULES, plus(NOW, at));
  expect(provenOf(watch, nameOf(CHILD), DNSKEY, RULES)).toEqual({ sight: 'IN', ttl: 7_200 });
});

it('one server that was silent for a day is believed to be lost only if two others speak', async () => {
  const internet = new ScriptedInternet(WITH_DS);
  internet.script(LIAR, failing({ code: 'timeout', fault: 'no answer within 5 s' }));
  let watch = UNWATCHED;
  for (let hour = 0; hour < 72; hour++) {
    const at = plus(NOW, hour * 3_600);
    watch = afterLook(watch, await look(internet), RULES, at);
  }
  expect(provenOf(watch, nameOf(CHILD), DNSKEY, RULES).sight).toBe('UNKNOWN');
});
