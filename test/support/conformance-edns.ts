/** Rows of the conformance sweep about EDNS: versions, flags, options, sizes, where OPT may stand. */
import { nameOf } from '../../src/wire/name.ts';
import {
  ask,
  askEdns,
  below,
  groupOf,
  joined,
  opt,
  option,
  record,
  type SweepCase,
} from './conformance-case.ts';
import { optRecord } from './wiretext.ts';

const DO = 0x8000;
const CO = 0x4000;
const ADDRESS = record(nameOf(below('x')), 1, [192, 0, 2, 9]);
const MID = { name: below('mid'), type: 'TXT' } as const;
const BIG = { name: below('big'), type: 'TXT' } as const;

/** An OPT record whose RDATA is `octets`, whole options or not. */
const brokenOpt = (...octets: readonly number[]): Uint8Array => ask({ rest: opt({ options: octets }) });

const VERSIONS = groupOf('EDNS versions', 'udp', [
  ['no OPT', ask(), 'NOERROR aa data !opt', 'RFC 6891 §7: no OPT in an answer to a query without'],
  ['version 0', askEdns(), 'NOERROR aa data opt', 'RFC 6891 §6.1.1: an answer to OPT has OPT'],
  ['version 1', askEdns({ version: 1 }), 'BADVERS opt !data', 'RFC 6891 §6.1.3: BADVERS, own version 0'],
  ['version 100', askEdns({ version: 100 }), 'BADVERS opt !data', 'RFC 6891 §6.1.3'],
  ['version 255', askEdns({ version: 255 }), 'BADVERS opt !data', 'RFC 6891 §6.1.3'],
  [
    'version 1, option 100',
    askEdns({ version: 1, options: option(100, 1) }),
    'BADVERS opt !data',
    'RFC 6891 §6.1.3',
  ],
  ['version 1, flag 0x0080', askEdns({ version: 1, flags: 0x80 }), 'BADVERS opt !data', 'RFC 6891 §6.1.3'],
  ['version 1, DO', askEdns({ version: 1, flags: DO }), 'BADVERS opt do !data', 'RFC 6891 §6.1.3, 3225 §3'],
  [
    'version 1, RDATA that is no option',
    askEdns({ version: 1, options: [1, 2, 3] }),
    'BADVERS|FORMERR !data',
    'RFC 6891 §6.1.3: only version 0 is known to have options of that form',
  ],
  [
    'version 1, a name that is not here',
    askEdns({ version: 1 }, { name: 'www.elsewhere.example.' }),
    'BADVERS opt',
    'RFC 6891 §6.1.3: before the question counts',
  ],
  [
    'upper bits of the rcode set',
    ask({ rest: Uint8Array.of(0, 0, 41, 4, 208, 255, 0, 0, 0, 0, 0) }),
    'NOERROR aa data opt',
    'RFC 6891 §6.1.3: the rcode is that of answers',
  ],
]);

const FLAGS = groupOf('EDNS flags', 'udp', [
  [
    'DO',
    askEdns({ flags: DO }),
    'NOERROR aa data signed opt do',
    'RFC 3225 §3, 4035 §3.1: signatures, DO copied',
  ],
  ['no DO', askEdns(), 'NOERROR data opt !do !signed', 'RFC 3225 §3: no signatures unasked'],
  [
    'DO, NXDOMAIN',
    askEdns({ flags: DO }, { name: below('nothing') }),
    'NXDOMAIN aa soa denial opt do',
    'RFC 4035 §3.1.3.2',
  ],
  ['flag 0x0080', askEdns({ flags: 0x0080 }), 'NOERROR aa data opt !opt-z', 'RFC 6891 §6.1.4: Z is ignored'],
  ['flag 0x2000, of DELEG', askEdns({ flags: 0x2000 }), 'NOERROR aa data opt !opt-z', 'RFC 6891 §6.1.4'],
  ['CO', askEdns({ flags: CO }), 'NOERROR aa data opt', 'RFC 9824 §5.1: it only changes compact denials'],
  ['DO and CO', askEdns({ flags: DO | CO }), 'NOERROR aa data signed do opt', 'RFC 9824 §5.1'],
  ['all flags', askEdns({ flags: 0xffff }), 'NOERROR aa data signed do opt !opt-z', 'RFC 6891 §6.1.4'],
]);

const OPTIONS = groupOf('EDNS options', 'udp', [
  [
    'option 100',
    askEdns({ options: option(100, 1, 2, 3) }),
    'NOERROR aa data opt',
    'RFC 6891 §6.1.2: ignored',
  ],
  ['option 100, empty', askEdns({ options: option(100) }), 'NOERROR aa data opt', 'RFC 6891 §6.1.2'],
  ['option 0', askEdns({ options: option(0, 1) }), 'NOERROR aa data opt', 'RFC 6891 §6.1.2, §9'],
  ['option 65001', askEdns({ options: option(65_001, 1) }), 'NOERROR aa data opt', 'RFC 6891 §6.1.2'],
  ['option 65535', askEdns({ options: option(65_535, 1) }), 'NOERROR aa data opt', 'RFC 6891 §6.1.2'],
  [
    'one hundred unknown options',
    askEdns({ options: Array.from({ length: 100 }, (_, i) => option(300 + i)).flat() }),
    'NOERROR aa data opt',
    'RFC 6891 §6.1.2',
  ],
  [
    'option 100 and flag 0x0080',
    askEdns({ flags: 0x80, options: option(100) }),
    'NOERROR aa data opt !opt-z',
    'RFC 6891 §6.1.2, §6.1.4',
  ],
  [
    'NSID',
    askEdns({ options: option(3) }),
    'NOERROR aa data opt nsid',
    'RFC 5001 §2.2: the server tells its name',
  ],
  [
    'NSID with octets',
    askEdns({ options: option(3, 1) }),
    'NOERROR aa data opt',
    'RFC 5001 §2.2: what is in it has no meaning',
  ],
  [
    'NSID, a name that is not here',
    askEdns({ options: option(3) }, { name: 'www.elsewhere.example.' }),
    'REFUSED opt nsid +ede-20',
    'RFC 5001 §2.2: whatever the answer is',
  ],
  [
    'client subnet',
    askEdns({ options: option(8, 0, 1, 24, 0, 192, 0, 2) }),
    'NOERROR aa data opt',
    'RFC 7871 §7.2.2: who does not use it need not answer it',
  ],
  [
    'client subnet of a family that is not',
    askEdns({ options: option(8, 0, 9, 24, 0, 1, 2, 3) }),
    'NOERROR|FORMERR|REFUSED opt',
    'RFC 7871 §7.1.1: a fault only for who uses it',
  ],
  [
    'EXPIRE',
    askEdns({ options: option(9) }, { name: below(), type: 'SOA' }),
    'NOERROR aa data opt',
    'RFC 7314 §3',
  ],
  [
    'keepalive',
    askEdns({ options: option(11) }),
    'NOERROR aa data opt !keepalive',
    'RFC 7828 §3.3.1: ignored over UDP',
  ],
  [
    'padding',
    askEdns({ options: option(12, 0, 0, 0, 0) }),
    'NOERROR aa data opt !padding',
    'RFC 7830 §6: never where transport is not encrypted',
  ],
  [
    'chain',
    askEdns({ options: option(13, 0) }),
    'NOERROR aa data opt !chain',
    'RFC 6891 §6.1.2: ignored by who does not have it',
  ],
  [
    'key tag',
    askEdns({ options: option(14, 0x4f, 0x66) }),
    'NOERROR aa data opt !key-tag',
    'RFC 8145 §4: not in answers',
  ],
  [
    'EDE in a query',
    askEdns({ options: option(15, 0, 1) }),
    'NOERROR aa data opt !ede-1',
    'RFC 8914 §2: only in answers',
  ],
  [
    'report channel in a query',
    askEdns({ options: option(18, 0) }),
    'NOERROR aa data opt',
    'RFC 9567: only in answers',
  ],
  [
    'zone version',
    askEdns({ options: option(19) }),
    'NOERROR aa data opt',
    'RFC 6891 §6.1.2: ignored by who does not have it',
  ],
]);

const MISPLACED = groupOf('OPT as it must not be', 'udp', [
  [
    'two OPT',
    ask({ counts: [1, 0, 0, 2], rest: joined(opt(), opt()) }),
    'FORMERR !data',
    'RFC 6891 §6.1.1: FORMERR',
  ],
  [
    'two OPT, versions 0 and 1',
    ask({ counts: [1, 0, 0, 2], rest: joined(opt(), opt({ version: 1 })) }),
    'FORMERR !data',
    'RFC 6891 §6.1.1',
  ],
  [
    'owner is not the root',
    ask({ rest: joined(nameOf('a.'), optRecord().subarray(1)) }),
    'FORMERR !data',
    'RFC 6891 §6.1.2: the name must be the root',
  ],
  [
    'in the answer section',
    ask({ counts: [1, 1, 0, 0], rest: opt() }),
    'FORMERR !data',
    'RFC 6891 §6.1.1: additional only',
  ],
  [
    'in the authority section',
    ask({ counts: [1, 0, 1, 0], rest: opt() }),
    'FORMERR !data',
    'RFC 6891 §6.1.1',
  ],
  [
    'before another record',
    ask({ counts: [1, 0, 0, 2], rest: joined(opt(), ADDRESS) }),
    'NOERROR aa data opt',
    'RFC 6891 §6.1.1: anywhere in the additional section',
  ],
  ['an option without length', brokenOpt(0, 100), 'FORMERR !data', 'RFC 6891 §6.1.2: attribute, value pairs'],
  ['an option longer than RDATA', brokenOpt(0, 100, 0, 9, 1), 'FORMERR !data', 'RFC 6891 §6.1.2'],
  ['an octet behind the options', brokenOpt(0, 100, 0, 0, 7), 'FORMERR !data', 'RFC 6891 §6.1.2'],
  [
    'RDATA behind the end of the message',
    ask({ rest: Uint8Array.of(0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 9) }),
    'FORMERR !data',
    'RFC 1035 §3.2.1',
  ],
  ['cut in its middle', ask({ rest: optRecord().subarray(0, 6) }), 'FORMERR !data', 'RFC 1035 §3.2.1'],
  ['announced, not there', ask({ counts: [1, 0, 0, 1] }), 'FORMERR !data', 'RFC 1035 §4.1.1'],
  [
    'there, not announced',
    joined(ask(), opt()),
    'FORMERR|NOERROR',
    'RFC 1035 §4.1: octets behind the message',
  ],
]);

const size = (octets: number, question: typeof MID | typeof BIG): Uint8Array =>
  askEdns({ size: octets }, question);

const SIZES = groupOf('Sizes', 'udp', [
  [
    '900 octets, no OPT',
    ask(MID),
    'NOERROR aa tc !opt !data',
    'RFC 1035 §4.2.1, 2181 §9: 512 octets, whole RRsets',
  ],
  ['900 octets, size 0', size(0, MID), 'NOERROR aa tc opt', 'RFC 6891 §6.2.3: taken as 512'],
  ['900 octets, size 12', size(12, MID), 'NOERROR aa tc opt', 'RFC 6891 §6.2.3'],
  ['60 octets, size 0', askEdns({ size: 0 }), 'NOERROR aa data opt !tc', 'RFC 6891 §6.2.3'],
  ['900 octets, size 511', size(511, MID), 'NOERROR aa tc opt', 'RFC 6891 §6.2.3'],
  ['900 octets, size 512', size(512, MID), 'NOERROR aa tc opt', 'RFC 6891 §6.2.3'],
  ['900 octets, size 1231', size(1231, MID), 'NOERROR aa data opt !tc', 'RFC 6891 §6.2.3'],
  ['900 octets, size 1232', size(1232, MID), 'NOERROR aa data opt !tc', 'RFC 6891 §6.2.3'],
  [
    '900 octets, size 512, DO',
    askEdns({ size: 512, flags: DO }, MID),
    'NOERROR aa tc opt do',
    'RFC 6891 §6.2.3, 3225 §3: OPT and DO although there is no room for more',
  ],
  ['2,000 octets, size 1232', size(1232, BIG), 'NOERROR aa tc opt', 'RFC 6891 §6.2.3, 2181 §9'],
  [
    '2,000 octets, size 4096',
    size(4096, BIG),
    'NOERROR aa tc opt',
    'RFC 9715 §3.1: at most 1,400 octets over UDP',
  ],
  ['2,000 octets, size 65535', size(65_535, BIG), 'NOERROR aa tc opt', 'RFC 9715 §3.1'],
]);

const STREAM = groupOf('EDNS', 'tcp', [
  ['no OPT', ask(), 'NOERROR aa data !opt', 'RFC 6891 §7, 7766 §5'],
  ['version 0', askEdns(), 'NOERROR aa data opt', 'RFC 6891 §6.1.1'],
  ['version 1', askEdns({ version: 1 }), 'BADVERS opt !data', 'RFC 6891 §6.1.3'],
  ['DO', askEdns({ flags: DO }), 'NOERROR aa data signed do opt', 'RFC 4035 §3.1'],
  [
    '2,000 octets, size 512',
    size(512, BIG),
    'NOERROR aa data opt !tc',
    'RFC 6891 §6.2.3: the size is that of UDP',
  ],
  ['2,000 octets, no OPT', ask(BIG), 'NOERROR aa data !tc !opt', 'RFC 1035 §4.2.2'],
  [
    'keepalive',
    askEdns({ options: option(11) }),
    'NOERROR aa data opt keepalive',
    'RFC 7828 §3.3.2: the server tells how long',
  ],
  [
    'keepalive with a time',
    askEdns({ options: option(11, 0, 50) }),
    'NOERROR|FORMERR',
    'RFC 7828 §3.2.1: clients send none',
  ],
  [
    'padding',
    askEdns({ options: option(12, 0, 0, 0, 0) }),
    'NOERROR aa data opt !padding',
    'RFC 7830 §6: never where transport is not encrypted',
  ],
  [
    'an option of 4,000 octets',
    askEdns({ options: option(100, ...new Array<number>(4_000).fill(7)) }),
    'NOERROR aa data opt',
    'RFC 6891 §6.1.2',
  ],
  ['two OPT', ask({ counts: [1, 0, 0, 2], rest: joined(opt(), opt()) }), 'FORMERR !data', 'RFC 6891 §6.1.1'],
]);

export const EDNS_CASES: readonly SweepCase[] = [
  ...VERSIONS,
  ...FLAGS,
  ...OPTIONS,
  ...MISPLACED,
  ...SIZES,
  ...STREAM,
];
