/** Timelines by hand, as the operation gives them: what the renderers are tried on. */
import type { Timeline, TimelineLane, TimelineSpan } from '../../src/control/timeline-shapes.ts';

const NOW = '2026-12-06T00:00:00Z';

type Kind = TimelineSpan['kind'];

/** `[kind, from, until, because]`. */
function span([kind, from, until, because]: readonly [string, string, string | null, string]): TimelineSpan {
  const [word, ...step] = kind.split(' ');
  return {
    ...{ kind: (step.length > 0 ? 'step' : word) as Kind, label: kind, from, until },
    ...{ planned: from > NOW, because },
  };
}

function lane(
  id: string,
  label: string,
  spans: readonly (readonly [string, string, string | null, string])[],
  waits: readonly (readonly [string, string, string | null, string])[] = [],
): TimelineLane {
  const kind = label === 'rollover' ? 'rollover' : label.includes('DS') ? 'ds' : 'key';
  return {
    ...{ id, kind, label, spans: spans.map(span) },
    waits: waits.map(([records, from, until, because]) => ({
      ...{ records: records.split(' '), from, until, planned: from > NOW, because },
    })),
  };
}

const PUBLISH = 'DNSKEY TTL 1h + propagation 5m + publishSafety 1h';
const DS_TTL = 'DS TTL 1d + parent propagation 1h + retireSafety 1h';
const IN_USE = 'the key shall be in use: it signs the DNSKEY RRset';
const ASKED = 'the key shall be trusted: the parent is asked for its DS';
const REMOVE = 'DNSKEY TTL 1h + propagation 5m';

/** A KSK rollover in its fourth step. */
const KSK: Timeline = {
  zone: 'example.com.',
  policy: 'default',
  now: NOW,
  from: '2026-12-03T22:00:00Z',
  until: '2026-12-07T12:00:00Z',
  parentDelay: 3_600,
  lanes: [
    lane('rollover-1', 'rollover', [
      [
        'ksk publish',
        '2026-12-04T12:00:00Z',
        '2026-12-04T14:05:00Z',
        'new DNSKEY in all caches; start is over',
      ],
      [
        'ksk request',
        '2026-12-04T14:05:00Z',
        '2026-12-04T15:05:00Z',
        'new DS at the parent; publish is over',
      ],
      ['ksk soak', '2026-12-04T15:05:00Z', '2026-12-05T17:05:00Z', 'new DS in all caches; request is over'],
      [
        'ksk withdraw',
        '2026-12-05T17:05:00Z',
        '2026-12-05T18:05:00Z',
        'old DS gone from the parent; soak is over',
      ],
      ['ksk drain', '2026-12-05T18:05:00Z', '2026-12-06T20:05:00Z', 'old DS out of caches; withdraw is over'],
      ['ksk remove', '2026-12-06T20:05:00Z', '2026-12-06T21:10:00Z', 'old key out of caches; drain is over'],
    ]),
    lane(
      'a',
      'KSK 12345',
      [
        ['signing', '2026-11-24T12:00:00Z', '2026-12-06T20:05:00Z', IN_USE],
        [
          'retiring',
          '2026-12-06T20:05:00Z',
          '2026-12-06T21:10:00Z',
          'the key shall go: its DNSKEY is withdrawn',
        ],
      ],
      [['dnskey krrsig', '2026-12-06T20:05:00Z', '2026-12-06T21:10:00Z', REMOVE]],
    ),
    lane(
      'a/ds',
      'DS 12345',
      [
        ['present', '2026-11-26T16:05:00Z', '2026-12-05T17:05:00Z', DS_TTL],
        ['leaving', '2026-12-05T17:05:00Z', '2026-12-06T20:05:00Z', 'the parent is asked to drop its DS'],
      ],
      [['ds', '2026-12-05T18:05:00Z', '2026-12-06T20:05:00Z', DS_TTL]],
    ),
    lane('b', 'ZSK 2371', [['signing', '2026-11-24T12:00:00Z', null, 'the key shall be in use']]),
    lane(
      'c',
      'KSK 54321',
      [['signing', '2026-12-04T12:00:00Z', null, IN_USE]],
      [['dnskey krrsig', '2026-12-04T12:00:00Z', '2026-12-04T14:05:00Z', PUBLISH]],
    ),
    lane(
      'c/ds',
      'DS 54321',
      [
        ['asked', '2026-12-04T14:05:00Z', '2026-12-05T17:05:00Z', ASKED],
        ['present', '2026-12-05T17:05:00Z', null, DS_TTL],
      ],
      [['ds', '2026-12-04T15:05:00Z', '2026-12-05T17:05:00Z', DS_TTL]],
    ),
  ],
};

const day = (months: number, date: string) => `2027-${String(months).padStart(2, '0')}-${date}T00:00:00Z`;

/** A year of ZSKs: spans that are far shorter than a column, keys that are yet to be made. */
const YEAR: Timeline = {
  ...{ zone: 'example.com.', policy: 'fast', now: NOW, from: '2026-11-24T00:00:00Z' },
  ...{ until: '2027-12-06T00:00:00Z', parentDelay: 0 },
  lanes: [
    lane(
      'rollover-1',
      'rollover',
      [2, 5, 8, 11].flatMap((month) => [
        ['zsk publish', day(month, '20'), day(month, '21'), 'new DNSKEY in all caches'] as const,
        [
          'zsk switch',
          day(month, '21'),
          day(month, '22'),
          'signatures of the new key in all caches',
        ] as const,
      ]),
    ),
    ...[2, 5, 8, 11].map((month, index) =>
      lane(
        `zsk-${index}`,
        index === 0 ? 'ZSK 2371' : `new ZSK${index === 1 ? '' : ` ${index}`}`,
        [
          ...(index === 0
            ? []
            : [
                ['published', day(month - 3, '20'), day(month - 3, '21'), 'its DNSKEY is published'] as const,
              ]),
          [
            'signing',
            index === 0 ? '2026-11-24T00:00:00Z' : day(month - 3, '21'),
            day(month, '21'),
            'it signs',
          ],
          ['retiring', day(month, '21'), day(month, '22'), 'it shall no longer sign'],
        ],
        [['zrrsig', day(month, '21'), day(month, '22'), 'zone TTL 1d']],
      ),
    ),
  ],
};

/** Nothing known of what ends, no date far enough away, and a name that is markup. */
const ODD: Timeline = {
  ...{ zone: 'a<b>&"c".example.', policy: '<script>', now: NOW, from: NOW, until: NOW, parentDelay: 90 },
  lanes: [lane('x', 'CSK 1', [['signing', NOW, null, 'x < y & "z"']], [['zrrsig', NOW, null, ']]> \u0001']])],
};

const EMPTY: Timeline = {
  ...{ zone: 'unsigned.example.', policy: 'default', now: NOW, from: '2026-11-29T00:00:00Z' },
  ...{ until: '2027-01-05T00:00:00Z', parentDelay: 3_600, lanes: [] },
};

/** By the names of their golden files. */
export const TIMELINES: Readonly<Record<string, Timeline>> = { ksk: KSK, year: YEAR, odd: ODD, empty: EMPTY };
