/** The zones and questions of the benches, as text. The same call makes the same text. */

/** Knuth's multiplicative hash: spreads names all over the zone, in no order. */
function scatter(i: number): string {
  return Math.imul(i, 2_654_435_761 | 0)
    .toString(36)
    .replace('-', 'm');
}

/** A zone of `names` hosts with an address, and for each tenth of them a delegation with glue. */
export function smallZone(names: number): string {
  const rows = ['$TTL 3600', '@ SOA ns hostmaster 1 7200 900 1209600 300', '@ NS ns', 'ns A 192.0.2.1'];
  for (let i = 0; i < names; i++) {
    rows.push(`host${i} A 192.0.2.${i % 250}`);
    if (i % 10 === 0) rows.push(`cut${i} NS ns.cut${i}`, `ns.cut${i} A 192.0.2.9`);
  }
  return `${rows.join('\n')}\n`;
}

/** What is asked of a small zone; each a question per line, as dnsperf reads them. */
export const QUESTIONS = {
  positive: ({ origin, names }: Asked) => lines(names * 4, (i) => `host${spread(i, names)}.${origin} A`),
  nxdomain: ({ origin, from, count }: Asked) => lines(count, (i) => `${scatter(from + i + 1)}.${origin} A`),
  referral: ({ origin, names }: Asked) =>
    lines(names * 4, (i) => `www.cut${spread(i, names / 10) * 10}.${origin} A`),
} as const;

/** A zone of so many names; names that it does not have are the `count` from number `from` on. */
interface Asked {
  readonly origin: string;
  readonly names: number;
  readonly from: number;
  readonly count: number;
}

export type Questions = keyof typeof QUESTIONS;

/** Visits `count` numbers out of order: 7919 is a prime. */
function spread(i: number, count: number): number {
  return (i * 7_919) % count;
}

function lines(count: number, line: (i: number) => string): string {
  return `${Array.from({ length: count }, (_, i) => line(i)).join('\n')}\n`;
}

/**
 * A zone of `names` names with A, AAAA and TXT each (the apex and its name server come on top). In version `serial`
 * the TXT of one name in a hundred, others for each serial, tells of the serial.
 */
export function largeZone(names: number, serial: number): string {
  const rows = [`$TTL 3600\n@ SOA ns hostmaster ${serial} 7200 900 1209600 300\n@ NS ns\nns A 192.0.2.1`];
  for (let i = 0; i < names; i++) {
    const isChanged = serial > 1 && i % 100 === serial % 100;
    rows.push(
      `host${i} A 10.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}\n` +
        `host${i} AAAA 2001:db8::${(i >> 16).toString(16)}:${(i & 0xffff).toString(16)}\n` +
        `host${i} TXT "v=text number ${i}${isChanged ? ` of ${serial}` : ''}"`,
    );
  }
  return `${rows.join('\n')}\n`;
}

/** Each name of a large zone once, in no order. */
export function coldQuestions(origin: string, names: number, count: number): string {
  return lines(count, (i) => `host${spread(i, names)}.${origin} A`);
}

/** All that there is in a small zone: each name with its type, with a type that it lacks, and each referral. */
export function allQuestions(origin: string, names: number): string {
  const hosts = ['A', 'AAAA'].map((type) => lines(names, (i) => `host${i}.${origin} ${type}`));
  const referrals = lines(names / 10, (i) => `www.cut${i * 10}.${origin} A`);
  return [...hosts, referrals, `${origin} SOA\n${origin} DNSKEY\n`].join('');
}
