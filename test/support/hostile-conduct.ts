/** Thirty-five ways for a parent to be hostile, or broken, to one child: what it does, and what must come of it. */
import { plus, unixSeconds } from '../../src/base/time.ts';
import type { NetworkFault } from '../../src/parent/network.ts';
import { FLAG, getFlags, HEADER, setCount, setFlags } from '../../src/wire/header.ts';
import { nameOf } from '../../src/wire/name.ts';
import { answerOf, type DsSet, seconds, zoneServer } from './hostile-parent.ts';
import type { Behaviour } from './scripted-parent.ts';
import { queryOctets, TestServer } from './served.ts';

/**
 * What the parent makes of the DS that a child asks for: the DS of both servers, or undefined to leave them. `ever` has the
 * tags of all that it ever had.
 */
export type Conduct = (
  asked: DsSet,
  has: readonly [DsSet, DsSet],
  ever: ReadonlyMap<string, number>,
) => readonly [DsSet, DsSet] | undefined;

export interface Hostility {
  /** Label of the child. */
  readonly name: string;
  readonly what: string;
  /** What one server says, or both, instead of what they have. */
  readonly lie?: (child: string, old: DsSet) => Behaviour;
  readonly liars?: 'second' | 'both';
  readonly conduct: Conduct;
  /** Records of the parent zone. */
  readonly records?: (child: string, port: number) => readonly string[];
  /** TTL of the first DS. */
  readonly ttl?: number;
  /** What `rollover status` must name: codes, or reasons of waits. */
  readonly codes: readonly string[];
  /** The step at which the rollover must stay meanwhile; null: the truth allows it to go on. */
  readonly step: 'request' | 'withdraw' | null;
}

// ---- What the parent does ----

export const HONEST: Conduct = (asked) => [asked, asked];
/** The second server keeps what it had: the truth that a liar hides. */
const FIRST_ONLY: Conduct = (asked, [, second]) => [asked, second];
const NEVER: Conduct = () => undefined;
const isShrinking = (asked: DsSet, has: readonly [DsSet, DsSet]) =>
  has.some((ds) => asked.length < ds.length);

// ---- What a server says ----

const changed =
  (change: (octets: Uint8Array) => void): Behaviour =>
  (_query, honest) => {
    const octets = honest();
    change(octets);
    return octets;
  };
const withRcode = (rcode: number) => changed((octets) => setFlags(octets, (getFlags(octets) & ~15) | rcode));
const failing =
  (code: NetworkFault['code']): Behaviour =>
  () => ({ code, fault: 'scripted' });
const saidBy =
  (server: TestServer): Behaviour =>
  (query, _honest, transport) =>
    answerOf(server, query, { transport });
const delegated = (child: string, ds: DsSet = []) => [
  `${child} NS ns.${child}`,
  ...ds.map((text) => `${child} DS ${text}`),
];
const DAY = 86_400;

const lies: readonly [
  name: string,
  what: string,
  code: string,
  lie: (child: string, old: DsSet) => Behaviour,
][] = [
  ['silent', 'one server is silent', 'PARENT_SILENT', () => failing('timeout')],
  ['closes', 'one server closes connections', 'PARENT_SILENT', () => failing('closed')],
  ['servfail', 'one server says SERVFAIL', 'PARENT_ERROR', () => withRcode(2)],
  ['refused', 'one server says REFUSED, with the records', 'PARENT_ERROR', () => withRcode(5)],
  ['nxdomain', 'one server says that the name does not exist', 'PARENT_NO_NAME', () => withRcode(3)],
  [
    'lame',
    'one server is not authoritative',
    'PARENT_NOT_AUTHORITATIVE',
    () => changed((octets) => setFlags(octets, getFlags(octets) & ~FLAG.AA)),
  ],
  [
    'referral',
    'one server refers to others',
    'PARENT_NOT_AUTHORITATIVE',
    () => saidBy(zoneServer('.', ['test. NS ns.elsewhere.'])),
  ],
  [
    'truncated',
    'one server cuts off',
    'PARENT_TRUNCATED',
    () => changed((o) => setFlags(o, getFlags(o) | FLAG.TC)),
  ],
  [
    'half',
    'one server sends half a message',
    'PARENT_MALFORMED',
    () => (_query, honest) => honest().slice(0, 40),
  ],
  [
    'longer',
    'one server adds octets',
    'PARENT_MALFORMED',
    () => (_query, honest) => Uint8Array.of(...honest(), 0),
  ],
  ['mirror', 'one server sends the question back', 'PARENT_MALFORMED', () => (query) => query],
  [
    'other',
    'one server answers another question',
    'PARENT_MALFORMED',
    () => (query) => {
      const octets = answerOf(new TestServer(), queryOctets('elsewhere.test.', 'DS'));
      octets.set(query.subarray(0, 2));
      return octets;
    },
  ],
  [
    'empty',
    'one server sends no record',
    'PARENT_NOT_AUTHORITATIVE',
    (child) => (_query, honest) => {
      const octets = honest();
      for (const count of [HEADER.ANCOUNT, HEADER.NSCOUNT, HEADER.ARCOUNT]) setCount(octets, count, 0);
      return octets.slice(0, HEADER.OCTETS + nameOf(child).length + 4);
    },
  ],
  [
    'childside',
    'one server has the child alone',
    'PARENT_CHILD_SIDE',
    (child) => saidBy(zoneServer(child, [])),
  ],
  [
    'unsigned',
    'one server strips signatures',
    'PARENT_BOGUS',
    (child, old) => saidBy(zoneServer('test.', delegated(child, old), false)),
  ],
  [
    'stripped',
    'one server hides the DS, without proof',
    'PARENT_BOGUS',
    (child) => saidBy(zoneServer('test.', delegated(child), false)),
  ],
  [
    'forged',
    'one server forges the digest',
    'PARENT_BOGUS',
    (child) =>
      changed((octets) => {
        const at = HEADER.OCTETS + nameOf(child).length + 4 + 12 + 10;
        octets[at] = octets[at]! ^ 1;
      }),
  ],
  [
    'expired',
    'signatures of one server are over',
    'PARENT_BOGUS',
    () => (_query, honest) => honest({ now: plus(unixSeconds(seconds()), -9 * DAY) }),
  ],
  [
    'alias',
    'one server answers with an alias',
    'PARENT_ALIAS',
    (child) => saidBy(zoneServer('test.', [`${child} CNAME www.test.`, 'www.test. A 192.0.2.9'])),
  ],
  [
    'above',
    'one server has the zone above',
    'PARENT_WRONG_ZONE',
    (child) => saidBy(zoneServer('.', [`${child} TXT "no cut"`])),
  ],
  [
    'undelegated',
    'one server has no delegation',
    'PARENT_NOT_DELEGATED',
    (child) => saidBy(zoneServer('test.', [`${child} TXT "here"`])),
  ],
];

/** Answers in turn from the old zone and from the new one, on both servers alike. */
function flapping(child: string, old: DsSet): Behaviour {
  const server = zoneServer('test.', delegated(child, old));
  let asked = 0;
  // Both servers count together: two questions make a look.
  return (query, honest, transport) => (asked++ % 4 < 2 ? honest() : answerOf(server, query, { transport }));
}

const dsync = (child: string, port: number, target: string) =>
  `${child.replace('.test.', '._dsync.test.')} DSYNC CDS NOTIFY ${port} ${target}`;

const conducts: readonly Hostility[] = [
  {
    ...{ name: 'behind', what: 'one server is behind', conduct: FIRST_ONLY },
    ...{ codes: ['PARENT_SERVERS_DISAGREE'], step: 'request' },
  },
  {
    ...{ name: 'flaps', what: 'shows the new DS set and the old in turn', conduct: HONEST, lie: flapping },
    ...{ liars: 'both', codes: ['PARENT_FLAPS'], step: 'request' },
  },
  {
    ...{ name: 'ignores', what: 'accepts NOTIFY and never publishes', conduct: NEVER },
    records: (child, port) => [dsync(child, port, 'ns1.test.')],
    ...{ codes: ['PARENT_IGNORES_CDS'], step: 'request' },
  },
  {
    ...{ name: 'blind', what: 'never looks at CDS, has no DSYNC', conduct: NEVER },
    ...{ codes: ['PARENT_DS_AWAITED', 'DSYNC_NONE'], step: 'request' },
  },
  {
    ...{ name: 'twodsync', what: 'has two DSYNC records', conduct: NEVER },
    records: (child, port) => [dsync(child, port, 'ns1.test.'), dsync(child, port, 'ns2.test.')],
    ...{ codes: ['DSYNC_SEVERAL'], step: 'request' },
  },
  {
    ...{ name: 'loop', what: 'has a DSYNC target whose zones refer to each other', conduct: NEVER },
    records: (child, port) => [
      dsync(child, port, 'host.one.test.'),
      ...['one.test. NS ns.two.test.', 'two.test. NS ns.one.test.'],
    ],
    ...{ codes: ['NOTIFY_SILENT'], step: 'request' },
  },
  {
    ...{ name: 'cnameloop', what: 'has aliases in a circle for DSYNC', conduct: NEVER },
    records: () => [
      'cnameloop._dsync.test. CNAME around._dsync.test.',
      'around._dsync.test. CNAME cnameloop._dsync.test.',
    ],
    ...{ codes: ['DSYNC_NONE'], step: 'request' },
  },
  {
    ...{ name: 'deaf', what: 'has a DSYNC target that does not answer', conduct: NEVER },
    records: (child, port) => [dsync(child, port, 'deaf.test.'), 'deaf.test. A 127.0.12.99'],
    ...{ codes: ['NOTIFY_SILENT'], step: 'request' },
  },
  {
    ...{ name: 'foreign', what: 'adds a DS of somebody else instead of the new one' },
    conduct: (_asked, [first]) => {
      const ds = first.filter((text) => !text.startsWith('4711 ')).concat(`4711 13 2 ${'ab'.repeat(32)}`);
      return [ds, ds];
    },
    ...{ codes: ['PARENT_DS_FOREIGN', 'PARENT_DS_AWAITED'], step: 'request' },
  },
  {
    ...{ name: 'removesfirst', what: 'removes the old DS first, and adds the new ones later' },
    conduct: () => [[], []],
    ...{ codes: ['PARENT_DS_MISSING'], step: 'request' },
  },
  {
    ...{ name: 'keepsold', what: 'adds the new DS and never removes the old one' },
    conduct: (asked, has) => (isShrinking(asked, has) ? undefined : [asked, asked]),
    ...{ codes: ['PARENT_DS_LINGERS'], step: 'withdraw' },
  },
  {
    ...{ name: 'halfremoved', what: 'removes the old DS from one server only' },
    conduct: (asked, has) => (isShrinking(asked, has) ? [asked, has[1]] : [asked, asked]),
    ...{ codes: ['PARENT_SERVERS_DISAGREE'], step: 'withdraw' },
  },
  {
    ...{ name: 'oneds', what: 'has room for one DS: takes the new one alone' },
    conduct: (asked, _has, ever) => {
      const fresh = asked.filter((text) => !ever.has(text.split(' ')[0]!));
      return fresh.length === 0 ? undefined : [fresh, fresh];
    },
    ...{ codes: ['PARENT_DS_PARTIAL'], step: null },
  },
  {
    ...{ name: 'lowerttl', what: 'lowers the TTL with the new DS set', conduct: HONEST, ttl: 5 },
    ...{ codes: ['ds_ttl'], step: null },
  },
];

/** All of them, in the order in which a person reads. */
export const HOSTILITIES: readonly Hostility[] = [
  ...lies.map(
    ([name, what, code, lie]): Hostility => ({
      ...{ name, what, lie, liars: 'second', conduct: FIRST_ONLY, codes: [code], step: 'request' },
    }),
  ),
  ...conducts,
];
