/** Rows of the conformance sweep about messages as such: opcodes, counts, flags, classes, types, names, streams. */
import { nameOf } from '../../src/wire/name.ts';
import {
  ask,
  askEdns,
  below,
  groupOf,
  joined,
  ORIGIN,
  opt,
  record,
  type SweepCase,
} from './conformance-case.ts';

const ADDRESS = record(nameOf(below('x')), 1, [192, 0, 2, 9]);
const SOA = record(nameOf(ORIGIN), 6, [0, 0, ...new Array<number>(20).fill(1)]);
const ELSEWHERE = 'www.elsewhere.example.';

const opcodeFlags = (opcode: number): number => opcode << 11;
const REFUSALS: Readonly<Record<number, string>> = {
  1: 'RFC 3425 §3: inverse queries are NOTIMP',
  2: 'RFC 1035 §4.1.1: not implemented',
  6: 'RFC 8490 §5.1.1: DSO needs a stream, and a server that has it',
};

const OPCODES = groupOf('Opcodes', 'udp', [
  ...[1, 2, 3, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15].map(
    (opcode) =>
      [
        `opcode ${opcode}`,
        ask({ flags: opcodeFlags(opcode) }),
        'NOTIMP !data !aa',
        REFUSALS[opcode] ?? 'RFC 1035 §4.1.1: NOTIMP, the opcode copied',
      ] as const,
  ),
  [
    'opcode 3, with OPT',
    askEdns({}, { flags: opcodeFlags(3) }),
    'NOTIMP opt !data',
    'RFC 6891 §7: OPT in every answer',
  ],
  [
    'opcode 3, header alone',
    ask({ flags: opcodeFlags(3), bare: true }),
    'NOTIMP !data',
    'RFC 1035 §4.1.1: what its sections mean is unknown',
  ],
  [
    'opcode 2, EDNS 1',
    askEdns({ version: 1 }, { flags: opcodeFlags(2) }),
    'BADVERS|NOTIMP opt',
    'RFC 6891 §6.1.3',
  ],
  [
    'NOTIFY of a zone that is a primary here',
    ask({ name: ORIGIN, type: 'SOA', flags: opcodeFlags(4) | 0x400 }),
    'NOTIMP|REFUSED|NOTAUTH|FORMERR|NOERROR !data',
    'RFC 1996 §3.10: says only what a secondary does',
  ],
  [
    'NOTIFY of a zone that is not here',
    ask({ name: 'elsewhere.example.', type: 'SOA', flags: opcodeFlags(4) | 0x400 }),
    'NOTIMP|REFUSED|NOTAUTH|FORMERR !aa !data',
    'RFC 1996 §3.10, 1034 §4.3.2: not authoritative',
  ],
  [
    'UPDATE',
    ask({ name: ORIGIN, type: 'SOA', flags: opcodeFlags(5), counts: [1, 0, 1, 0], rest: ADDRESS }),
    'NOTIMP|REFUSED|NOTAUTH !data',
    'RFC 2136 §3.3, §3.7: NOTIMP or REFUSED',
  ],
  [
    'UPDATE of a zone that is not here',
    ask({
      name: 'elsewhere.example.',
      type: 'SOA',
      flags: opcodeFlags(5),
      counts: [1, 0, 1, 0],
      rest: ADDRESS,
    }),
    'NOTIMP|REFUSED|NOTAUTH !data',
    'RFC 2136 §3.1',
  ],
  [
    'UPDATE without a zone',
    ask({ flags: opcodeFlags(5), bare: true }),
    'NOTIMP|FORMERR|REFUSED !data',
    'RFC 2136 §3.1.1',
  ],
]);

const QUESTION = ask().subarray(12);

const COUNTS = groupOf('Counts and lengths', 'udp', [
  ['header alone', ask({ bare: true }), 'FORMERR !data', 'RFC 9619 §4: a query has one question'],
  [
    'no question, OPT',
    askEdns({}, { bare: true }),
    'FORMERR opt !data',
    'RFC 9619 §4; 6891 §6.1.1: OPT in every answer to OPT',
  ],
  ['two questions', ask({ counts: [2, 0, 0, 0], rest: QUESTION }), 'FORMERR !data', 'RFC 9619 §4: FORMERR'],
  [
    'two questions, with OPT',
    ask({ counts: [2, 0, 0, 1], rest: joined(QUESTION, opt()) }),
    'FORMERR !data',
    'RFC 9619 §4',
  ],
  ['QDCOUNT 2, one question', ask({ counts: [2, 0, 0, 0] }), 'FORMERR !data', 'RFC 9619 §4'],
  ['QDCOUNT 65535', ask({ counts: [65_535, 0, 0, 0] }), 'FORMERR !data', 'RFC 9619 §4'],
  ['QDCOUNT 0, one question', ask({ counts: [0, 0, 0, 0] }), 'FORMERR !data', 'RFC 9619 §4'],
  [
    'ANCOUNT 1, with a record',
    ask({ counts: [1, 1, 0, 0], rest: ADDRESS }),
    'FORMERR|NOERROR',
    'RFC 1035 §4.1.1: a query has none',
  ],
  ['ANCOUNT 1, without', ask({ counts: [1, 1, 0, 0] }), 'FORMERR !data', 'RFC 1035 §4.1.1'],
  [
    'NSCOUNT 1, with a record',
    ask({ counts: [1, 0, 1, 0], rest: SOA }),
    'FORMERR|NOERROR',
    'RFC 1035 §4.1.1, 1995 §3',
  ],
  ['NSCOUNT 1, without', ask({ counts: [1, 0, 1, 0] }), 'FORMERR !data', 'RFC 1035 §4.1.1'],
  [
    'ARCOUNT 1, with a record',
    ask({ counts: [1, 0, 0, 1], rest: ADDRESS }),
    'NOERROR aa data',
    'RFC 6891 §6.1.1: others may be there',
  ],
  ['ARCOUNT 65535', ask({ counts: [1, 0, 0, 65_535] }), 'FORMERR !data', 'RFC 1035 §4.1.1'],
  ['an octet behind the message', joined(ask(), Uint8Array.of(0)), 'FORMERR|NOERROR', 'RFC 1035 §4.1'],
  ['no octet', new Uint8Array(0), 'silence', 'RFC 1035 §4.1.1: no ID, no answer'],
  ['one octet', ask().subarray(0, 1), 'silence', 'RFC 1035 §4.1.1'],
  ['11 octets', ask().subarray(0, 11), 'silence', 'RFC 1035 §4.1.1: not a header'],
  ['cut within the name', ask().subarray(0, 20), 'FORMERR !data', 'RFC 1035 §4.1.2'],
  ['cut behind the name', ask().subarray(0, ask().length - 4), 'FORMERR !data', 'RFC 1035 §4.1.2'],
  ['cut within the class', ask().subarray(0, ask().length - 1), 'FORMERR !data', 'RFC 1035 §4.1.2'],
]);

const HEADER = groupOf('Header flags', 'udp', [
  ['QR', ask({ flags: 0x8000 }), 'silence', 'RFC 1035 §4.1.1: an answer is not answered'],
  ['QR, opcode 3', ask({ flags: 0x8000 | opcodeFlags(3) }), 'silence', 'RFC 1035 §4.1.1'],
  ['AA', ask({ flags: 0x0400 }), 'NOERROR aa data', 'RFC 1035 §4.1.1: means nothing in queries'],
  ['TC', ask({ flags: 0x0200 }), 'NOERROR|FORMERR !tc', 'RFC 1035 §4.1.1'],
  ['RD', ask({ flags: 0x0100 }), 'NOERROR aa rd data !ra', 'RFC 1035 §4.1.1: RD copied, no recursion here'],
  ['no RD', ask(), 'NOERROR aa data !rd !ra', 'RFC 1035 §4.1.1'],
  ['RA', ask({ flags: 0x0080 }), 'NOERROR aa data !ra', 'RFC 1035 §4.1.1'],
  ['Z', ask({ flags: 0x0040 }), 'NOERROR aa data !z', 'RFC 1035 §4.1.1: zero in all answers'],
  ['AD', ask({ flags: 0x0020 }), 'NOERROR aa data !ad', 'RFC 4035 §3.1.6: AD only for what was validated'],
  [
    'AD and DO',
    askEdns({ flags: 0x8000 }, { flags: 0x0020 }),
    'NOERROR aa data signed do !ad',
    'RFC 4035 §3.1.6',
  ],
  [
    'CD',
    ask({ flags: 0x0010 }),
    'NOERROR aa data !cd',
    'RFC 4035 §3.1.6: CD is cleared by who is authoritative',
  ],
  ['all flags', ask({ flags: 0x07f0 }), 'NOERROR|FORMERR !z !ra !ad !cd', 'RFC 1035 §4.1.1, 4035 §3.1.6'],
  ['rcode 15', ask({ flags: 0x000f }), 'NOERROR aa data', 'RFC 1035 §4.1.1: the rcode is that of answers'],
]);

const NO_CLASS = 'REFUSED|NOTIMP|FORMERR|NOTAUTH !data !aa';
const CHAOS = 3;

const CLASSES = groupOf('Classes', 'udp', [
  ['CH', ask({ class: CHAOS }), NO_CLASS, 'RFC 1034 §4.3.2: no zone of that class'],
  ['HS', ask({ class: 4 }), NO_CLASS, 'RFC 1034 §4.3.2'],
  ['NONE', ask({ class: 254 }), NO_CLASS, 'RFC 2136 §2.4: only in updates'],
  ['ANY', ask({ class: 255 }), 'NOERROR|REFUSED|NOTIMP|FORMERR !aa', 'RFC 1035 §6.2: never authoritative'],
  ['class 0', ask({ class: 0 }), NO_CLASS, 'RFC 6895 §3.2: reserved'],
  ['class 2', ask({ class: 2 }), NO_CLASS, 'RFC 6895 §3.2: unassigned'],
  ['class 65535', ask({ class: 65_535 }), NO_CLASS, 'RFC 6895 §3.2: reserved'],
  [
    'version.bind CH TXT',
    ask({ name: 'version.bind.', type: 'TXT', class: CHAOS }),
    'NOERROR data',
    'RFC 4892 §3',
  ],
  [
    'id.server CH TXT',
    ask({ name: 'id.server.', type: 'TXT', class: CHAOS }),
    'NOERROR data',
    'RFC 4892 §3.1',
  ],
  [
    'id.server CH A',
    ask({ name: 'id.server.', type: 'A', class: CHAOS }),
    'REFUSED|NOERROR !data',
    'RFC 4892 §3.1',
  ],
]);

const META = 'FORMERR|REFUSED|NOTIMP|NOERROR !data';

const TYPES = groupOf('Types', 'udp', [
  [
    'AXFR',
    ask({ name: ORIGIN, type: 'AXFR' }),
    'REFUSED|NOTIMP|FORMERR !data',
    'RFC 5936 §4.2: not over UDP',
  ],
  [
    'IXFR',
    ask({ name: ORIGIN, type: 'IXFR', counts: [1, 0, 1, 0], rest: SOA }),
    'REFUSED|NOTAUTH|NOTIMP|FORMERR|NOERROR',
    'RFC 1995 §2',
  ],
  ['ANY', ask({ name: below('www'), type: 'ANY' }), 'NOERROR +data', 'RFC 8482 §4: few records, or TC'],
  ['RRSIG', askEdns({}, { type: 'RRSIG' }), 'NOERROR aa', 'RFC 4035 §3.1'],
  ['TYPE0', ask({ type: 'TYPE0' }), META, 'RFC 6895 §3.1: no data type'],
  ['OPT', ask({ type: 'OPT' }), META, 'RFC 6891 §6.1.1: not a type to ask for'],
  ['NXNAME', askEdns({}, { type: 'TYPE128' }), 'FORMERR opt !data +ede-30', 'RFC 9824 §3.5: FORMERR'],
  ['TYPE200', ask({ type: 'TYPE200' }), META, 'RFC 6895 §3.1: no data type'],
  ['TKEY', ask({ type: 'TYPE249' }), META, 'RFC 2930 §3'],
  ['TSIG', ask({ type: 'TYPE250' }), META, 'RFC 8945 §4.2'],
  ['MAILB', ask({ type: 'TYPE253' }), META, 'RFC 6895 §3.1'],
  ['MAILA', ask({ type: 'TYPE254' }), META, 'RFC 6895 §3.1'],
  ['TYPE1000', ask({ type: 'TYPE1000' }), 'NOERROR aa soa !data', 'RFC 3597 §3: a type like any other'],
  ['TYPE65535', ask({ type: 'TYPE65535' }), 'NOERROR aa soa !data', 'RFC 3597 §3'],
  ['DS at the cut', ask({ name: below('sub'), type: 'DS' }), 'NOERROR aa soa !data', 'RFC 4035 §3.1.4.1'],
  ['A below the cut', ask({ name: below('a.sub') }), 'NOERROR referral !aa !data', 'RFC 1034 §4.3.2'],
]);

/** A name of exactly `octets` octets on the wire that ends in the zone. */
function longName(octets: number): Uint8Array {
  const apex = nameOf(ORIGIN);
  const labels: number[] = [];
  for (let left = octets - apex.length; left > 0; ) {
    const length = Math.min(63, left === 65 ? 62 : left - 1);
    labels.push(length, ...new Array<number>(length).fill(0x61));
    left -= length + 1;
  }
  return Uint8Array.from([...labels, ...apex]);
}

const label = (length: number, octet = 0x61): number[] => [length, ...new Array<number>(length).fill(octet)];
const inZone = (...octets: readonly number[]): Uint8Array => Uint8Array.from([...octets, ...nameOf(ORIGIN)]);

const NAMES = groupOf('Names', 'udp', [
  [
    'mixed case',
    ask({ name: 'wWw.SwEeP.eXaMpLe.' }),
    'NOERROR aa data',
    'RFC 4343 §4.1: the question comes back as sent',
  ],
  ['mixed case, NXDOMAIN', ask({ name: 'NoThInG.SwEeP.example.' }), 'NXDOMAIN aa soa', 'RFC 4343 §4.1'],
  ['the root', ask({ name: '.', type: 'NS' }), 'REFUSED !aa', 'RFC 1034 §4.3.2: no zone, no answer'],
  ['not here', ask({ name: ELSEWHERE }), 'REFUSED !aa !data', 'RFC 1034 §4.3.2'],
  [
    'not here, OPT',
    askEdns({}, { name: ELSEWHERE }),
    'REFUSED opt !aa +ede-20',
    'RFC 1034 §4.3.2, 8914 §4.21: not authoritative',
  ],
  ['above the zone', ask({ name: 'example.', type: 'NS' }), 'REFUSED !aa !data', 'RFC 1034 §4.3.2'],
  ['255 octets', ask({ qname: longName(255) }), 'NXDOMAIN aa soa', 'RFC 1035 §2.3.4'],
  ['256 octets', ask({ qname: longName(256) }), 'FORMERR !data', 'RFC 1035 §2.3.4: 255 octets or less'],
  ['a label of 63 octets', ask({ qname: inZone(...label(63)) }), 'NXDOMAIN aa soa', 'RFC 1035 §2.3.4'],
  [
    'label type 0x40',
    ask({ qname: inZone(0x40, ...new Array<number>(64).fill(0x61)) }),
    'FORMERR !data',
    'RFC 6891 §5: obsolete',
  ],
  ['label type 0x41', ask({ qname: inZone(0x41, 8, 0xff) }), 'FORMERR !data', 'RFC 6891 §5'],
  [
    'label type 0x80',
    ask({ qname: inZone(0x80, ...new Array<number>(8).fill(0x61)) }),
    'FORMERR !data',
    'RFC 1035 §4.1.4: reserved',
  ],
  ['pointer to itself', ask({ qname: Uint8Array.of(0xc0, 12) }), 'FORMERR !data', 'RFC 1035 §4.1.4'],
  [
    'pointer to the header',
    ask({ qname: Uint8Array.of(1, 0x61, 0xc0, 2) }),
    'FORMERR !data',
    'RFC 1035 §4.1.4',
  ],
  ['pointer ahead', ask({ qname: Uint8Array.of(0xc0, 14, 0) }), 'FORMERR !data', 'RFC 1035 §4.1.4'],
  ['octets 0 and 255', ask({ qname: inZone(2, 0, 255) }), 'NXDOMAIN aa soa', 'RFC 2181 §11: any octet'],
  [
    'wildcard asked for as such',
    ask({ name: below('*.wild'), type: 'TXT' }),
    'NOERROR aa data',
    'RFC 4592 §2.3',
  ],
  ['wildcard', ask({ name: below('a.b.wild'), type: 'TXT' }), 'NOERROR aa data', 'RFC 4592 §3.3.1'],
]);

/** TSIG of a key that nobody has: algorithm, time, fudge, MAC of `mac` octets, original ID, no error, no other data. */
function tsig(mac: number): Uint8Array {
  const algorithm = nameOf('hmac-sha256.');
  const fixed = [0, 0, 0x6a, 0, 0, 0, 1, 44, 0, mac, ...new Array<number>(mac).fill(1)];
  const rdata = [...algorithm, ...fixed, 0x4b, 0x54, 0, 0, 0, 0];
  const octets = record(nameOf('nobody.'), 250, rdata);
  octets[nameOf('nobody.').length + 3] = 255; // class ANY
  return octets;
}

const SIGNED = groupOf('TSIG', 'udp', [
  [
    'unknown key',
    ask({ rest: tsig(32) }),
    'NOTAUTH tsig !data',
    'RFC 8945 §5.2.1, §5.3.2: NOTAUTH, and TSIG says BADKEY',
  ],
  [
    'before OPT',
    ask({ counts: [1, 0, 0, 2], rest: joined(tsig(32), opt()) }),
    'FORMERR !data',
    'RFC 8945 §5.1: it is the last record',
  ],
  [
    'in the answer section',
    ask({ counts: [1, 1, 0, 0], rest: tsig(32) }),
    'FORMERR !data',
    'RFC 8945 §5.1: additional only',
  ],
]);

const framed = (octets: Uint8Array, length = octets.length): Uint8Array =>
  joined(Uint8Array.of(length >> 8, length & 255), octets);

const STREAMS = [
  ...groupOf('Messages', 'tcp', [
    ['opcode 3', ask({ flags: opcodeFlags(3) }), 'NOTIMP !data', 'RFC 1035 §4.1.1'],
    ['DSO', ask({ flags: opcodeFlags(6), bare: true }), 'NOTIMP|FORMERR !data', 'RFC 8490 §5.1.1'],
    ['two questions', ask({ counts: [2, 0, 0, 0], rest: QUESTION }), 'FORMERR !data', 'RFC 9619 §4'],
    [
      'AXFR',
      ask({ name: ORIGIN, type: 'AXFR' }),
      'REFUSED|NOTAUTH !data',
      'RFC 5936 §2.2.1: not to everybody',
    ],
    [
      'IXFR',
      ask({ name: ORIGIN, type: 'IXFR', counts: [1, 0, 1, 0], rest: SOA }),
      'REFUSED|NOTAUTH|FORMERR !data',
      'RFC 1995 §2',
    ],
    ['mixed case', ask({ name: 'wWw.SwEeP.eXaMpLe.' }), 'NOERROR aa data', 'RFC 4343 §4.1'],
    ['not here', ask({ name: ELSEWHERE }), 'REFUSED !aa !data', 'RFC 1034 §4.3.2'],
  ]),
  ...groupOf('Streams', 'stream', [
    ['length 0, then a query', joined(Uint8Array.of(0, 0), framed(ask())), 'closed|NOERROR', 'RFC 7766 §8'],
    ['length 11', framed(ask().subarray(0, 11)), 'closed|silence', 'RFC 7766 §8, 1035 §4.1.1'],
    [
      'two queries in one segment',
      joined(framed(ask()), framed(ask())),
      'NOERROR aa data',
      'RFC 7766 §6.2.1.1',
    ],
    [
      'a query, octet behind octet of another',
      joined(framed(ask()), Uint8Array.of(0)),
      'NOERROR aa data',
      'RFC 7766 §8',
    ],
    ['QR', framed(ask({ flags: 0x8000 })), 'closed|silence', 'RFC 1035 §4.1.1'],
  ]),
];

export const MESSAGE_CASES: readonly SweepCase[] = [
  ...OPCODES,
  ...COUNTS,
  ...HEADER,
  ...CLASSES,
  ...TYPES,
  ...NAMES,
  ...SIGNED,
  ...STREAMS,
];
