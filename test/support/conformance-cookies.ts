/** Rows of the conformance sweep about cookies (RFC 7873, 9018): all servers have the same secret. */
import { askEdns, below, groupOf, option, SECRET, type SweepCase } from './conformance-case.ts';
import { wholeCookie } from './siphash.ts';

export const CLIENT_COOKIE: Uint8Array = Uint8Array.of(0x24, 0x64, 0xc4, 0xab, 0xcf, 0x10, 0xc9, 0x57);
const LOOPBACK = Uint8Array.of(127, 0, 0, 1);
const ELSEWHERE = Uint8Array.of(192, 0, 2, 1);
const COOKIE = 10;
const HOUR = 3_600;

const bytes = (count: number): number[] => Array.from({ length: count }, (_, index) => 0xa0 + index);
const withCookie = (...octets: readonly number[]): Uint8Array =>
  askEdns({ options: option(COOKIE, ...octets) });

interface Made {
  /** Seconds before now, at which the cookie was made. */
  readonly age?: number;
  readonly secret?: Uint8Array;
  readonly address?: Uint8Array;
  readonly client?: Uint8Array;
  readonly reserved?: number;
}

/** A query with a cookie that a server with the secret could have made, unless `made` says otherwise. */
function known(made: Made = {}, change: (cookie: Uint8Array) => void = () => undefined) {
  return (now: number): Uint8Array => {
    const { age = 60, secret = SECRET, address = LOOPBACK, client = CLIENT_COOKIE, reserved } = made;
    const cookie = wholeCookie(secret, client, address, now - age, reserved);
    change(cookie);
    return withCookie(...cookie);
  };
}

const EITHER = 'NOERROR|BADCOOKIE opt cookie';

const LENGTHS = groupOf('Cookie lengths', 'udp', [
  ...[0, 1, 7, 9, 15, 41, 200].map(
    (count) =>
      [
        `${count} octets`,
        withCookie(...bytes(count)),
        'FORMERR !data +opt',
        'RFC 7873 §5.2.2: 8 and 16 to 40 octets are valid',
      ] as const,
  ),
  ['8 octets', withCookie(...CLIENT_COOKIE), EITHER, 'RFC 7873 §5.2.3: a server cookie is told'],
  ['16 octets', withCookie(...bytes(16)), EITHER, 'RFC 7873 §5.2.4: as if there were no server cookie'],
  ['40 octets', withCookie(...bytes(40)), EITHER, 'RFC 7873 §5.2.4'],
]);

const VALUES = groupOf('Cookie values', 'udp', [
  ['good', known(), `NOERROR aa data opt cookie`, 'RFC 7873 §5.2.5, 9018 §4'],
  [
    'good, 29 minutes old',
    known({ age: 1_740 }),
    'NOERROR aa data opt cookie',
    'RFC 9018 §4.3: accepted for an hour',
  ],
  ['good, 59 minutes old', known({ age: 3_540 }), 'NOERROR aa data opt cookie', 'RFC 9018 §4.3'],
  [
    'good, 4 minutes ahead',
    known({ age: -240 }),
    'NOERROR aa data opt cookie',
    'RFC 9018 §4.3: up to 5 minutes ahead',
  ],
  ['61 minutes old', known({ age: HOUR + 60 }), EITHER, 'RFC 9018 §4.3, 7873 §5.2.4: replaced'],
  ['6 minutes ahead', known({ age: -360 }), EITHER, 'RFC 9018 §4.3'],
  ['a year old', known({ age: 365 * 24 * HOUR }), EITHER, 'RFC 9018 §4.3'],
  ['of another secret', known({ secret: new Uint8Array(16) }), EITHER, 'RFC 7873 §5.2.4'],
  ['of another address', known({ address: ELSEWHERE }), EITHER, 'RFC 7873 §4.2, §5.2.4'],
  ['last octet changed', known({}, (cookie) => (cookie[23]! ^= 1)), EITHER, 'RFC 7873 §5.2.4'],
  ['client half changed', known({}, (cookie) => (cookie[0]! ^= 1)), EITHER, 'RFC 7873 §5.2.4'],
  ['version 2', known({}, (cookie) => (cookie[8] = 2)), EITHER, 'RFC 9018 §4.1: only version 1 is known'],
  [
    'good, with reserved octets',
    known({ reserved: 0xab }),
    'NOERROR aa data opt cookie',
    'RFC 9018 §4.2, appendix A.3: they may be set',
  ],
  [
    'reserved octets changed',
    known({}, (cookie) => (cookie[9] = 1)),
    EITHER,
    'RFC 9018 §4.2: the hash covers them',
  ],
]);

const AROUND = groupOf('Cookies elsewhere', 'udp', [
  [
    'two cookies, the second is short',
    askEdns({ options: [...option(COOKIE, ...CLIENT_COOKIE), ...option(COOKIE, 1)] }),
    EITHER,
    'RFC 7873 §5.2: only the first counts',
  ],
  [
    'two cookies, the first is short',
    askEdns({ options: [...option(COOKIE, 1), ...option(COOKIE, ...CLIENT_COOKIE)] }),
    'FORMERR !data',
    'RFC 7873 §5.2, §5.2.2',
  ],
  [
    'beside option 100',
    askEdns({ options: [...option(100, 1), ...option(COOKIE, ...CLIENT_COOKIE)] }),
    EITHER,
    'RFC 6891 §6.1.2',
  ],
  [
    'among NSID, client subnet and EXPIRE',
    askEdns({
      options: [
        ...option(3),
        ...option(8, 0, 1, 24, 0, 192, 0, 2),
        ...option(9),
        ...option(COOKIE, ...CLIENT_COOKIE),
      ],
    }),
    'NOERROR|BADCOOKIE opt nsid cookie',
    'RFC 5001 §2.2, 7873 §5.2.3',
  ],
  [
    'a name that is not here',
    askEdns({ options: option(COOKIE, ...CLIENT_COOKIE) }, { name: 'www.elsewhere.example.' }),
    'REFUSED|BADCOOKIE opt cookie',
    'RFC 7873 §5.2.3: whatever the answer is',
  ],
  [
    'EDNS version 1',
    askEdns({ version: 1, options: option(COOKIE, ...CLIENT_COOKIE) }),
    'BADVERS opt !data',
    'RFC 6891 §6.1.3',
  ],
  [
    'no question',
    askEdns({ options: option(COOKIE, ...CLIENT_COOKIE) }, { bare: true }),
    'NOERROR opt cookie !data',
    'RFC 7873 §5.4: a query for a cookie alone',
  ],
  [
    'no question, a bad cookie',
    askEdns({ options: option(COOKIE, ...CLIENT_COOKIE, ...bytes(16)) }, { bare: true }),
    'BADCOOKIE opt cookie !data',
    'RFC 7873 §5.4: BADCOOKIE, with the good one',
  ],
  [
    'TC answer',
    askEdns({ size: 512, options: option(COOKIE, ...CLIENT_COOKIE) }, { name: below('mid'), type: 'TXT' }),
    'NOERROR|BADCOOKIE opt cookie',
    'RFC 7873 §5.2.3, 6891 §7',
  ],
]);

const STREAM = groupOf('Cookies', 'tcp', [
  [
    '8 octets',
    withCookie(...CLIENT_COOKIE),
    'NOERROR aa data opt cookie',
    'RFC 7873 §5.2.3: over TCP, an answer',
  ],
  [
    'bad',
    withCookie(...CLIENT_COOKIE, ...bytes(16)),
    'NOERROR aa data opt cookie',
    'RFC 7873 §5.2.3, §5.2.4',
  ],
  ['7 octets', withCookie(...bytes(7)), 'FORMERR !data', 'RFC 7873 §5.2.2'],
]);

export const COOKIE_CASES: readonly SweepCase[] = [...LENGTHS, ...VALUES, ...AROUND, ...STREAM];
