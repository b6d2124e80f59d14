import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  eachPublication,
  foldJobs,
  foldPublications,
  foldReplies,
  unfoldJobs,
  unfoldReplies,
} from '../../../src/daemon/columns.ts';
import type { LoadedZone, LoadJob, LoadReply, ToData } from '../../../src/daemon/messages.ts';
import { type Epoch, unsignedEpoch } from '../../../src/signer/epoch.ts';
import { nameOf } from '../../../src/wire/name.ts';

const job = (number: number, more: Partial<LoadJob> = {}): LoadJob => ({
  job: number,
  directory: '/zones',
  file: `/zones/zone${number}.example.zone`,
  origin: nameOf(`zone${number}.example.`),
  limitOctets: 1_000,
  octets: 300 + number,
  expected: `1:${number}`,
  isFresh: number % 2 === 0,
  servedDigest: undefined,
  seed: 7,
  denial: { mode: 'nsec', optOut: false },
  zonemd: { check: 'warn', publish: 'file' },
  serial: { mode: 'file', before: undefined, now: 5 as never },
  derived: [],
  ...more,
});

/** As it arrives on the other side, and what else is equal there: octets, whatever holds them. */
function crossed<T>(message: T): T {
  return structuredClone(message);
}

const plain = (jobs: readonly LoadJob[]) => jobs.map((one) => ({ ...one, origin: [...one.origin] }));

describe('jobs in columns', () => {
  it('are the same jobs on the other side', () => {
    const jobs = [1, 2, 3].map((number) => job(number));
    const folded = foldJobs(jobs);
    expect(folded).toHaveLength(1);
    expect(plain(unfoldJobs(crossed(folded)))).toEqual(plain(jobs));
  });

  it('leaves what differs in more than its file as it is, in its place', () => {
    const jobs = [
      job(1),
      job(2),
      job(3, { servedDigest: 'abc' }),
      job(4, { denial: { mode: 'nsec3', optOut: false } }),
      job(5, { denial: null }),
      job(6, { denial: null }),
      job(7, { derived: [{ owner: nameOf('a.'), type: 59, ttl: 1, rdatas: [] }] }),
      job(8, { serial: { mode: 'file', before: { serial: 1, digest: 'd' }, now: 5 as never } }),
    ];
    const folded = foldJobs(jobs);
    expect(folded.map((item) => ('kind' in item ? item.jobs : item.job))).toEqual([
      [1, 2],
      3,
      4,
      [5, 6],
      7,
      8,
    ]);
    expect(plain(unfoldJobs(crossed(folded)))).toEqual(plain(jobs));
  });
});

const memory = new SharedArrayBuffer(64);
const loaded = (at: number, more: Partial<LoadedZone> = {}): LoadedZone => ({
  kind: 'loaded',
  image: { memory, at },
  denial: { mode: 'nsec', nsec3: null },
  ...{ diagnostics: [], includes: [], foreignKeys: [], foreignCds: [] },
  digest: `digest ${at}`,
  tookMs: at / 10,
  ...more,
});

describe('replies in columns', () => {
  it('are the same replies, and share their memory', () => {
    const keys = { modifiedMs: 5, state: { digest: 'd', packed: 'p' }, kept: undefined, held: [] };
    const replies = [0, 8, 16].map((at): LoadReply => {
      return { job: at, outcome: at === 8 ? loaded(at, { keys }) : loaded(at) };
    });
    const folded = foldReplies(replies);
    expect(folded).toHaveLength(1);
    expect(unfoldReplies(folded)).toEqual(replies);
  });

  it('leaves alone whatever there is something to tell of', () => {
    const warning = { severity: 'warning', code: 'X', message: 'x', file: 'f', line: 1, column: 1 } as const;
    const outcomes: LoadReply['outcome'][] = [
      loaded(0),
      loaded(8, { diagnostics: [warning] }),
      { kind: 'unchanged', includes: [] },
      loaded(16, { foreignKeys: [Uint8Array.of(1)] }),
      loaded(24, { image: new SharedArrayBuffer(8) }),
      loaded(32, { image: { memory: new SharedArrayBuffer(64), at: 0 } }),
      loaded(40, { denial: { mode: 'compact', nsec3: null } }),
      loaded(48),
    ];
    const replies = outcomes.map((outcome, i): LoadReply => ({ job: i, outcome }));
    const folded = foldReplies(replies);
    expect(folded).toEqual(replies);
    expect(unfoldReplies(folded)).toEqual(replies);
  });
});

describe('publications in columns', () => {
  const publish = (id: number, epoch: Epoch): ToData => ({ kind: 'publish', version: id * 10, id, epoch });
  const unsigned = (at: number) => unsignedEpoch({ memory, at });

  it('are the same zones, with the newest version', () => {
    const [folded, ...more] = foldPublications([publish(1, unsigned(0)), publish(2, unsigned(8))]);
    expect(more).toEqual([]);
    if (folded?.kind !== 'publishMany') throw new Error('it is not in columns');
    expect(folded.version).toBe(20);
    const told: unknown[] = [];
    eachPublication(folded, (id, epoch) => told.push([id, epoch]));
    expect(told).toEqual([
      [1, unsigned(0)],
      [2, unsigned(8)],
    ]);
  });

  it('keeps the order of all that is told, and what is signed as it is', () => {
    const messages: ToData[] = [
      publish(1, unsigned(0)),
      { kind: 'remove', version: 20, id: 1 },
      publish(1, unsigned(8)),
      publish(2, { ...unsigned(16), denial: 'nsec' }),
      publish(3, unsignedEpoch(new SharedArrayBuffer(8))),
      publish(4, unsigned(24)),
    ];
    expect(foldPublications(messages)).toEqual(messages);
  });
});

describe('any list in columns', () => {
  /** Runs of alike items beside others, so that runs begin and end everywhere. */
  const choices = fc.array(fc.tuple(fc.constantFrom(0, 0, 0, 0, 1, 1, 2, 3, 4, 5, 6), fc.boolean()), {
    maxLength: 40,
    size: 'max',
  });

  it('of jobs is the same list on the other side', () => {
    const variants: readonly Partial<LoadJob>[] = [
      {},
      { denial: null },
      { servedDigest: 'abc' },
      { seed: 8 },
      { zonemd: { check: 'off' as never, publish: 'file' } },
      { serial: { mode: 'file', before: { serial: 1, digest: 'd' }, now: 5 as never } },
      { derived: [{ owner: nameOf('a.'), type: 59, ttl: 1, rdatas: [] }] },
    ];
    const { octets: _octets, ...unsized } = job(0);
    fc.assert(
      fc.property(choices, (list) => {
        const jobs = list.map(([which, isUnsized], i) => {
          const { octets, ...more } = job(i, variants[which]);
          return isUnsized ? { ...unsized, ...more, expected: undefined } : { octets, ...more };
        }) as LoadJob[];
        const folded = foldJobs(jobs);
        expect(folded.length).toBe(
          runs(list.map(([which]) => (which < 2 || which === 3 || which === 4 ? which : -1))),
        );
        expect(plain(unfoldJobs(crossed(folded)))).toEqual(plain(jobs));
      }),
      { numRuns: 150 },
    );
  });

  it('of replies is the same list', () => {
    const others = [new SharedArrayBuffer(64), new SharedArrayBuffer(64)];
    fc.assert(
      fc.property(choices, (list) => {
        const replies = list.map(([which, isCompact], i): LoadReply => {
          const denial = { mode: isCompact ? ('compact' as const) : ('nsec' as const), nsec3: null };
          const outcomes: readonly LoadReply['outcome'][] = [
            loaded(i * 8),
            loaded(i * 8, { denial }),
            loaded(i * 8, { image: { memory: others[0]!, at: i } }),
            loaded(i * 8, { image: { memory: others[1]!, at: i } }),
            loaded(i * 8, { includes: ['a file'] as never }),
            { kind: 'unchanged', includes: [] },
            loaded(i * 8, { image: others[0]! }),
          ];
          return { job: i, outcome: outcomes[which]! };
        });
        expect(unfoldReplies(foldReplies(replies))).toEqual(replies);
      }),
      { numRuns: 150 },
    );
  });

  it('of publications is the same list, each with a version that is no newer than its message', () => {
    fc.assert(
      fc.property(choices, (list) => {
        const messages = list.map(([which, isOther], i): ToData => {
          const version = i + 1;
          if (which === 5) return { kind: 'remove', version, id: i };
          const image =
            which === 6
              ? new SharedArrayBuffer(8)
              : { memory: isOther && which > 1 ? memory : shared, at: i * 8 };
          const epoch = unsignedEpoch(image);
          return {
            kind: 'publish',
            version,
            id: i,
            epoch: which === 4 ? { ...epoch, denial: 'nsec' } : epoch,
          };
        });
        let version = 0;
        const told = foldPublications(messages).flatMap((message): ToData[] => {
          const before = version;
          if ('version' in message) ({ version } = message);
          expect(version).toBeGreaterThan(before);
          if (message.kind !== 'publishMany') return [message];
          const unfolded: ToData[] = [];
          eachPublication(message, (id, epoch) =>
            unfolded.push({ kind: 'publish', version: before + 1 + unfolded.length, id, epoch }),
          );
          expect(unfolded.at(-1)).toMatchObject({ version });
          return unfolded;
        });
        expect(told).toEqual(messages);
      }),
      { numRuns: 150 },
    );
  });
});

const shared = new SharedArrayBuffer(64);

/** How many items there are when alike neighbours are one; -1 is like nothing. */
function runs(list: readonly number[]): number {
  return list.filter((item, i) => item === -1 || item !== list[i - 1]).length;
}
