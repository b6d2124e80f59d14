/**
 * The rows of `bench:peers`: what is asked, of whom, and the most that our CPU a query may be as a multiple of theirs
 * (DESIGN §9). The first server of a row is ours.
 */
import type { ServerName } from './setups.ts';
import type { Questions } from './zonetext.ts';

export interface Rival {
  readonly name: ServerName;
  /** Our CPU a query divided by theirs; none where the design sets none. */
  readonly most?: number;
}

export interface Work {
  /** As the command line says it; `W2` stands for all that begin so. */
  readonly row: string;
  readonly what: string;
  readonly questions: Questions;
  readonly dnssecOk: boolean;
  /** Sockets that dnsperf asks from, or its connections. */
  readonly clients: number;
  readonly transport: 'udp' | 'tcp';
  readonly ours: ServerName;
  readonly rivals: readonly Rival[];
}

const UDP = { dnssecOk: true, clients: 1, transport: 'udp', ours: 'keyturn' } as const;
const MANY = 100;

export const WORKS: readonly Work[] = [
  {
    ...UDP,
    row: 'W1',
    what: 'positive, DO',
    questions: 'positive',
    rivals: [
      { name: 'knot', most: 1.0 },
      { name: 'pdns', most: 0.6 },
      { name: 'knot onlinesign', most: 0.1 },
      { name: 'named' },
    ],
  },
  {
    ...UDP,
    row: 'W1-clients',
    what: `positive, DO, ${MANY} clients`,
    questions: 'positive',
    clients: MANY,
    rivals: [{ name: 'knot', most: 1.0 }],
  },
  {
    ...UDP,
    row: 'W2',
    what: 'random NXDOMAIN, DO',
    questions: 'nxdomain',
    rivals: [
      { name: 'knot', most: 1.1 },
      { name: 'pdns', most: 0.1 },
      { name: 'knot onlinesign', most: 0.1 },
      { name: 'named' },
    ],
  },
  {
    ...UDP,
    row: 'W2-clients',
    what: `random NXDOMAIN, DO, ${MANY} clients`,
    questions: 'nxdomain',
    clients: MANY,
    rivals: [{ name: 'knot', most: 1.1 }],
  },
  {
    ...UDP,
    row: 'W2-nsec3',
    what: 'random NXDOMAIN, DO, NSEC3',
    questions: 'nxdomain',
    ours: 'keyturn nsec3',
    rivals: [{ name: 'knot nsec3', most: 1.1 }, { name: 'pdns nsec3', most: 0.1 }, { name: 'named nsec3' }],
  },
  {
    ...UDP,
    row: 'W3',
    what: 'random NXDOMAIN, DO, compact',
    questions: 'nxdomain',
    ours: 'keyturn compact',
    rivals: [{ name: 'knot onlinesign', most: 0.4 }],
  },
  {
    ...UDP,
    row: 'W5-positive',
    what: 'positive, unsigned',
    questions: 'positive',
    dnssecOk: false,
    ours: 'keyturn unsigned',
    rivals: [{ name: 'nsd unsigned', most: 0.8 }, { name: 'knot unsigned' }],
  },
  {
    ...UDP,
    row: 'W5-clients',
    what: `positive, unsigned, ${MANY} clients`,
    questions: 'positive',
    dnssecOk: false,
    clients: MANY,
    ours: 'keyturn unsigned',
    rivals: [{ name: 'nsd unsigned', most: 0.8 }, { name: 'knot unsigned' }],
  },
  {
    ...UDP,
    row: 'W5-referral',
    what: 'referral, unsigned',
    questions: 'referral',
    dnssecOk: false,
    ours: 'keyturn unsigned',
    rivals: [{ name: 'nsd unsigned', most: 0.8 }, { name: 'knot unsigned' }],
  },
  {
    ...UDP,
    row: 'W6',
    what: `positive, DO, TCP, ${MANY} connections`,
    questions: 'positive',
    clients: MANY,
    transport: 'tcp',
    rivals: [{ name: 'knot', most: 1.5 }],
  },
  {
    ...UDP,
    row: 'more-plain',
    what: 'positive without DO, signed zone',
    questions: 'positive',
    dnssecOk: false,
    rivals: [{ name: 'knot' }],
  },
  {
    ...UDP,
    row: 'more-referral',
    what: 'referral, DO',
    questions: 'referral',
    rivals: [{ name: 'knot' }],
  },
  {
    ...UDP,
    row: 'more-referral-nsec3',
    what: 'referral, DO, NSEC3',
    questions: 'referral',
    ours: 'keyturn nsec3',
    rivals: [{ name: 'knot nsec3' }],
  },
];

/** The row of names that are asked for the first time (bench/cold). */
export const COLD_ROW = 'W4';

/** Rows that have sections of their own in bench/results.md, made by other benches. */
export const ELSEWHERE: readonly (readonly [row: string, what: string, bench: string])[] = [
  ['W7', 'load a zone of 990,000 records', 'bench:load'],
  ['W8', '100,000 small zones', 'bench:manyzones'],
  ['W9', 'reload at half load', 'bench:load'],
];

/** All rows in the order in which the table shows them. */
export const ROWS: readonly string[] = [
  ...WORKS.map(({ row }) => row),
  COLD_ROW,
  ...ELSEWHERE.map(([row]) => row),
].toSorted((a, b) => orderOf(a) - orderOf(b));

/** Rows that are meant by words of the command line, or all that this bench can measure; throws for a word without one. */
export function chosenRows(words: readonly string[]): string[] {
  const measurable = ROWS.filter((row) => !ELSEWHERE.some(([other]) => other === row));
  const isMeant = (word: string, row: string): boolean => row === word || row.startsWith(`${word}-`);
  for (const word of words) {
    if (!measurable.some((row) => isMeant(word, row)))
      throw new Error(`no row ${word}: there are ${measurable.join(', ')}`);
  }
  return words.length === 0
    ? measurable
    : measurable.filter((row) => words.some((word) => isMeant(word, row)));
}

/** W1 to W9, then the rest; sorting keeps the order of equals. */
function orderOf(row: string): number {
  return row.startsWith('W') ? Number(row[1]) : 10;
}
