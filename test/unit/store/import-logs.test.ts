/** What the states of another signer imply of what was served before, version by version. */
import { describe, expect, it } from 'vitest';
import { unixSeconds } from '../../../src/base/time.ts';
import type { DsObservation, Key, RecordKind } from '../../../src/kasp/key.ts';
import { DEFAULT_POLICY } from '../../../src/kasp/policy.ts';
import { type ForeignTtls, foreignLogs, foreignTtls } from '../../../src/store/import-logs.ts';
import { keyIn, NOON } from '../../support/kasp-states.ts';

const TTLS: ForeignTtls = { dnskey: 3_600, zone: 7_200, ds: 86_400 };
const ago = (seconds: number) => unixSeconds(NOON - seconds);
const HOUR = 3_600;

/** A key whose records changed when it says; the others long ago. */
function changed(
  id: string,
  states: string,
  since: Partial<Record<RecordKind, number>>,
  seen: Partial<DsObservation> = {},
): Key {
  const key = keyIn(id, states);
  const records = Object.entries(key.states).map(([record, times]) => {
    const seconds = since[record as RecordKind];
    return [record, times !== null && seconds !== undefined ? { ...times, since: ago(seconds) } : times];
  });
  const dsObservation = { ...key.dsObservation, ...seen };
  return { ...key, dsObservation, states: Object.fromEntries(records) as Key['states'] };
}

const logs = (...keys: Key[]) => foreignLogs(keys, TTLS, NOON);
/** `keys by signers, from-to ttl`, times in hours before noon. */
const told = ({
  keys,
  signers,
  first,
  last,
  ttl,
}: {
  keys?: readonly string[];
  signers?: readonly string[];
  first: number;
  last: number | null;
  ttl: number;
}) => {
  const hour = (at: number) => (at === 0 ? 'ever' : `-${(NOON - at) / HOUR}h`);
  const who = [
    keys?.join('+') || undefined,
    signers === undefined ? undefined : `by ${signers.join('+') || 'none'}`,
  ];
  return `${who.filter(Boolean).join(' ') || 'none'}, ${hour(first)} to ${last === null ? 'now' : hour(last)}, ${ttl}`;
};

describe('logs', () => {
  it('of a zone that rests have one version each', () => {
    const { dnskey, zone, cds, ds } = logs(keyIn('K', 'O/O/-/O'), keyIn('Z', 'O/-/O/-'));
    expect(dnskey.map(told)).toEqual(['K+Z by K, ever to now, 3600']);
    expect(zone.map(told)).toEqual(['by Z, ever to now, 0']);
    expect(cds.map(told)).toEqual(['K by K, ever to now, 3600']);
    expect(ds.map(told)).toEqual(['K, ever to now, 86400']);
    expect(ds[0]!.isConfirmed).toBe(true);
  });

  it('have a version without a key until it was published, and with one until it was withdrawn', () => {
    const { dnskey } = logs(
      changed('old', 'U/U/-/H', { dnskey: HOUR, krrsig: HOUR }),
      changed('new', 'R/R/-/O', { dnskey: 3 * HOUR, krrsig: 3 * HOUR }),
      keyIn('Z', 'O/-/O/-'),
    );
    expect(dnskey.map(told)).toEqual([
      'old+Z by old, ever to -3h, 3600',
      'old+new+Z by old+new, -3h to -1h, 3600',
      'new+Z by new, -1h to now, 3600',
    ]);
  });

  it('leave what changes now to the first content of ours', () => {
    const { zone } = logs(
      keyIn('K', 'O/O/-/O'),
      changed('old', 'O/-/U/-', { zrrsig: 0 }),
      changed('new', 'O/-/R/-', { zrrsig: 0 }),
    );
    expect(zone.map(told)).toEqual(['by old, ever to now, 0']);
  });

  it('reckon with the largest TTL of data whose signatures were replaced', () => {
    const { zone } = logs(
      changed('old', 'O/-/U/-', { zrrsig: HOUR }),
      changed('new', 'O/-/R/-', { zrrsig: HOUR }),
    );
    expect(zone.map(told)).toEqual(['by old, ever to -1h, 7200', 'by new, -1h to now, 0']);
  });

  it('have no CDS before the first DS was asked for', () => {
    const { cds } = logs(changed('C', 'O/O/O/R', { ds: HOUR }));
    expect(cds.map(told)).toEqual(['by none, ever to -1h, 0', 'C by C, -1h to now, 3600']);
  });

  it.each([
    ['nothing is known', [keyIn('C', 'O/O/O/H')], ['none, ever to now, 0 no']],
    [
      'asked for',
      [changed('C', 'O/O/O/R', { ds: HOUR })],
      ['none, ever to now, 0 no', 'C, -1h to now, 86400 no'],
    ],
    [
      'asked for and seen',
      [changed('C', 'O/O/O/R', { ds: 2 * HOUR }, { seenAllAt: ago(HOUR) })],
      ['none, ever to -1h, 86400 no', 'C, -1h to now, 86400 yes'],
    ],
    [
      'one for the other, not seen',
      [changed('A', 'O/O/-/U', { ds: HOUR }), changed('B', 'O/O/-/R', { ds: HOUR })],
      ['A, ever to now, 86400 yes', 'B, -1h to now, 86400 no'],
    ],
    [
      'one for the other, the new one seen',
      [
        changed('A', 'O/O/-/U', { ds: 2 * HOUR }),
        changed('B', 'O/O/-/R', { ds: 2 * HOUR }, { seenAllAt: ago(HOUR) }),
      ],
      ['A, ever to -1h, 86400 yes', 'B+A, -1h to now, 86400 yes'],
    ],
    [
      'one for the other, both done',
      [
        changed('A', 'O/O/-/U', { ds: 2 * HOUR }, { goneAllAt: ago(HOUR) }),
        changed('B', 'O/O/-/R', { ds: 2 * HOUR }, { seenAllAt: ago(HOUR) }),
      ],
      ['A, ever to -1h, 86400 yes', 'B, -1h to now, 86400 yes'],
    ],
    [
      'an old one that shall go',
      [changed('A', 'O/O/-/U', { ds: HOUR }), keyIn('B', 'O/O/-/O')],
      ['B+A, ever to now, 86400 yes', 'B, -1h to now, 86400 no'],
    ],
  ])('of the DS at the parent: %s', (_, keys, versions) => {
    expect(
      logs(...keys).ds.map((version) => `${told(version)} ${version.isConfirmed ? 'yes' : 'no'}`),
    ).toEqual(versions);
  });
});

it('TTLs that nobody knows are as long as any', () => {
  expect(foreignTtls(DEFAULT_POLICY, [null, null])).toEqual({ dnskey: 86_400, zone: 86_400, ds: 86_400 });
  expect(foreignTtls(DEFAULT_POLICY, [null, 7_200]).dnskey).toBe(7_200);
  expect(foreignTtls(DEFAULT_POLICY, [60]).dnskey).toBe(DEFAULT_POLICY.dnskeyTtl);
});
