/**
 * `children.log` that is written anew: power is lost at every step of every change and of every rewriting, with every fate
 * of what was not synced. What was noted is there at the next start, whatever happened (reliability.md I1, I3).
 */
import { describe, expect, it } from 'vitest';
import { FileStoreError } from '../../../src/base/ports.ts';
import { unixSeconds } from '../../../src/base/time.ts';
import { type ChildDs, ChildrenLog } from '../../../src/store/children.ts';
import { linesOf } from '../../../src/store/lines.ts';
import { formatName, nameOf } from '../../../src/wire/name.ts';
import { NOW } from '../../support/served.ts';
import { AFTERMATHS, SimulatedCrash, SimulatedFiles } from '../../support/simulated-files.ts';

const CHILDREN = ['a.test.', 'b.test.', 'c.test.'].map(nameOf);
const SPARE_LINES = 2;
const PATH = '/keys/zone/children.log';

/** What each child has, by its name: the tag of its DS. */
type Known = Readonly<Record<string, number>>;

/** A change that can be made again and again: a DS, or none any more. */
interface Change {
  readonly child: Uint8Array;
  readonly tag: number | null;
}

/** A fixed course of changes, most of which make those before no longer count. */
const CHANGES: readonly Change[] = Array.from({ length: 14 }, (_, i) => ({
  child: CHILDREN[(i * i) % 3]!,
  tag: i % 5 === 4 ? null : i + 1,
}));

const dsOf = ({ child, tag }: Change): ChildDs => ({
  child,
  ds: [Uint8Array.of(0, tag!, 13, 2, 255)],
  inception: NOW,
  at: NOW,
  by: 'CDS',
});

const open = (files: SimulatedFiles) => new ChildrenLog(files, '/keys/zone', SPARE_LINES);
const knownTo = (log: ChildrenLog): Known =>
  Object.fromEntries(log.all().map(({ child, ds }) => [formatName(child), ds[0]![1]!]));

function after(known: Known, { child, tag }: Change): Known {
  const { [formatName(child)]: _, ...others } = known;
  return tag === null ? others : { ...others, [formatName(child)]: tag };
}

interface Course {
  /** What was noted durably, and what the change under way would make of it. */
  noted: Known;
  underWay: Known;
  compactions: number;
}

/** Makes all changes, and writes the file anew whenever it is long. */
async function run(files: SimulatedFiles, course: Course): Promise<void> {
  const log = open(files);
  for (const change of CHANGES) {
    course.underWay = after(course.noted, change);
    await (change.tag === null ? log.drop(change.child, NOW, 'operator') : log.take(dsOf(change)));
    course.noted = course.underWay;
    if (!log.isLong) continue;
    await log.compact();
    course.compactions++;
  }
}

const begun = (): Course => ({ noted: {}, underWay: {}, compactions: 0 });

describe('a log that is written anew when most of it no longer counts', () => {
  it('has one line a child then, and stays in proportion to its children', async () => {
    const [files, course] = [new SimulatedFiles(), begun()];
    await run(files, course);
    expect(course.compactions).toBeGreaterThan(1);
    expect(knownTo(open(files))).toEqual(course.noted);
    const lines = [...linesOf(files.pieces(PATH), 10_000)];
    expect(lines.length).toBeLessThanOrEqual(SPARE_LINES + 2 * CHILDREN.length + 1);
    expect(files.allFiles()).toEqual([PATH]);
  });

  for (const aftermath of AFTERMATHS) {
    it(`loses nothing when power is lost at any step, unsynced data ${aftermath}`, async () => {
      const whole = new SimulatedFiles();
      await run(whole, begun());
      for (let step = 1; step <= whole.steps; step++) {
        const [files, course] = [new SimulatedFiles(), begun()];
        files.crashAt(step);
        await expect(run(files, course)).rejects.toThrow(SimulatedCrash);
        files.restart(aftermath);
        const again = open(files);
        expect([course.noted, course.underWay], `step ${step}`).toContainEqual(knownTo(again));
        const next = { child: CHILDREN[1]!, tag: 99 };
        const known = knownTo(again);
        await again.take(dsOf(next));
        expect(knownTo(open(files)), `step ${step}`).toEqual(after(known, next));
      }
    });
  }

  it('stays as it was when the disk refuses, and goes on', async () => {
    const files = new SimulatedFiles();
    const log = open(files);
    for (const tag of [1, 2, 3]) await log.take(dsOf({ child: CHILDREN[0]!, tag }));
    for (let step = 1; step <= 5; step++) {
      files.failAt(step, 'ENOSPC', 1);
      await expect(log.compact(), `step ${step}`).rejects.toThrow(FileStoreError);
      files.restart();
      expect(knownTo(open(files)), `step ${step}`).toEqual({ 'a.test.': 3 });
      expect(files.allFiles(), `step ${step}`).toEqual([PATH]);
    }
    await log.compact();
    expect(knownTo(open(files))).toEqual({ 'a.test.': 3 });
  });

  it('takes what is noted meanwhile behind it, in its order', async () => {
    const files = new SimulatedFiles();
    const log = open(files);
    await log.take(dsOf({ child: CHILDREN[0]!, tag: 1 }));
    const late = { ...dsOf({ child: CHILDREN[0]!, tag: 3 }), inception: unixSeconds(NOW - 50) };
    await Promise.all([
      log.compact(),
      log.take(dsOf({ child: CHILDREN[0]!, tag: 2 })),
      log.drop(CHILDREN[0]!, NOW, 'operator'),
      log.take(late),
    ]);
    expect(open(files).all()).toEqual([late]);
  });
});

describe('lines of a file that is read in pieces', () => {
  const read = (text: string, pieceOctets: number, limit = 100) => {
    const octets = Buffer.from(text);
    const count = Math.ceil(octets.length / pieceOctets);
    const pieces = Array.from({ length: count }, (_, i) =>
      octets.subarray(i * pieceOctets, (i + 1) * pieceOctets),
    );
    return [...linesOf(pieces, limit)];
  };

  it('are the same wherever the pieces end', () => {
    for (const size of [1, 2, 3, 5, 7, 100]) {
      expect(read('one\n\ntwo ü\nthree', size)).toEqual(['one', 'two ü', 'three']);
      expect(read('', size)).toEqual([]);
      expect(read('\n\nlast\n', size)).toEqual(['last']);
    }
  });

  it('are left out when they are too long, and only these', () => {
    for (const size of [1, 4, 9, 1_000]) {
      expect(read(`first\n${'x'.repeat(101)}\nlast\n${'y'.repeat(500)}`, size)).toEqual(['first', 'last']);
      expect(read('x'.repeat(100), size)).toHaveLength(1);
    }
  });
});
