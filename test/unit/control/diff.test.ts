import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { diffExit, printDiff } from '../../../src/cli/diff-output.ts';
import { diffOf } from '../../../src/control/diff.ts';
import { type ZoneDiff, zoneDiff } from '../../../src/control/diff-shapes.ts';
import type { Policy } from '../../../src/kasp/policy.ts';
import { nameOf } from '../../../src/wire/name.ts';
import { capturedRunner } from '../../support/captured.ts';
import { QUICK_POLICY, ZonesBench, zoneText } from '../../support/zones-bench.ts';

const FILE = 'a.example.zone';

let bench: ZonesBench;
beforeEach(async () => {
  bench = new ZonesBench();
  bench.write(FILE, zoneText(1, 'www 60 IN A 192.0.2.1\n'));
  await bench.settle();
});
afterEach(() => bench.close());

async function diff(limit = 100): Promise<ZoneDiff> {
  const zone = bench.zones.find(nameOf('a.example.'))!;
  return zoneDiff.parse(await diffOf({ config: bench.config, loads: bench.queue }, zone, limit));
}

function printed(result: ZoneDiff): string[] {
  const { runner, out } = capturedRunner();
  printDiff(runner.output, result);
  return out;
}

describe('zone diff', () => {
  it('finds the file as it is served', async () => {
    const result = await diff();
    expect(result).toMatchObject({
      outcome: 'same',
      added: 0,
      removed: 0,
      retimed: 0,
      changes: [],
      notes: [],
    });
    expect(result.served).toEqual(result.file);
    expect(diffExit(result)).toBe(0);
    expect(printed(result)).toEqual(['a.example. the file is what is served, serial 1']);
  });

  it('shows what a new file would change, and changes nothing', async () => {
    bench.write(FILE, zoneText(2, 'www 90 IN A 192.0.2.1\nmail 60 IN A 192.0.2.2\n'));
    const result = await diff();
    expect(diffExit(result)).toBe(7);
    expect(result).toMatchObject({
      outcome: 'different',
      added: 2,
      removed: 1,
      retimed: 1,
      more: 0,
      notes: [],
    });
    expect(result.changes).toContainEqual({
      ...{ change: 'added', name: 'mail.a.example.', type: 'A', ttl: 60, ttlBefore: null, data: '192.0.2.2' },
    });
    const lines = printed(result);
    expect(lines).toContain('+ mail.a.example. 60 IN A 192.0.2.2');
    expect(lines).toContain('~ www.a.example. A: TTL 60 -> 90');
    expect(lines.at(-1)).toBe('a.example. 2 added, 1 removed, 1 with another TTL, serial 1 -> 2');
    expect(bench.serial('a.example.')).toBe(1);
  });

  it('warns of a serial that secondaries will not notice', async () => {
    bench.write(FILE, zoneText(1, 'www 60 IN A 192.0.2.7\n'));
    expect((await diff()).notes).toEqual([
      expect.stringMatching(/serial is 1 in both: secondaries will not notice/),
    ]);
    bench.write(FILE, zoneText(0, 'www 60 IN A 192.0.2.7\n'));
    expect((await diff()).notes).toEqual([expect.stringMatching(/goes back from 1 to 0/)]);
    bench.write(FILE, zoneText(2, 'www 60 IN A 192.0.2.7\n'));
    expect((await diff()).notes).toEqual([]);
  });

  it('tells of a file that would not be loaded', async () => {
    bench.write(FILE, zoneText(2, 'www IN A x\n'));
    const result = await diff();
    expect(diffExit(result)).toBe(1);
    expect(result).toMatchObject({ outcome: 'rejected', file: null, changes: [], served: { serial: 1 } });
    expect(result.diagnostics).toMatchObject([{ code: 'ZONE_BAD_RDATA' }]);
    expect(printed(result).join('\n')).toMatch(/\[ZONE_BAD_RDATA\][\s\S]*serial 1 would stay served$/);
    bench.remove(FILE);
    expect((await diff()).diagnostics).toMatchObject([{ code: 'ZONE_FILE_GONE' }]);
  });

  it('shows all of a zone of which nothing is served, with its warnings', async () => {
    bench.write('b.example.zone', '@ 300 IN A 192.0.2.1\n');
    await bench.settle();
    bench.write(
      'b.example.zone',
      zoneText(1, 'x 60 IN DS 1 13 2 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n'),
    );
    const zone = bench.zones.find(nameOf('b.example.'))!;
    const result = await diffOf({ config: bench.config, loads: bench.queue }, zone, 100);
    expect(result).toMatchObject({ outcome: 'different', served: null, removed: 0 });
    expect(result.added).toBe(result.file!.records);
    expect(result.diagnostics).toContainEqual(expect.objectContaining({ code: 'ZONE_DS_WITHOUT_NS' }));
    expect(printed(result).at(-1)).toMatch(/, new, serial 1$/);
  });

  it('lists so many changes and counts the others', async () => {
    const many = Array.from({ length: 50 }, (_, i) => `h${i} 60 IN A 192.0.2.1\n`).join('');
    bench.write(FILE, zoneText(1, `www 60 IN A 192.0.2.1\n${many}`));
    const result = await diff(10);
    expect([result.changes.length, result.added, result.more]).toEqual([10, 50, 40]);
    expect(printed(result)).toContain('  and 40 more changes');
  });

  it('compares with what the policy would make of the file', async () => {
    bench.close();
    // The serial is on the disk before it is served: a real disk, whose time the clock of the test does not know.
    const serves = async (serial: number) => {
      const served = () => bench.zones.find(nameOf('a.example.'))?.served?.image.serial;
      for (let looks = 0; looks < 200 && served() !== serial; looks++) {
        await bench.settle();
        await setTimeout(10);
      }
      expect(served()).toBe(serial);
    };
    const policy: Policy = {
      ...QUICK_POLICY,
      serial: 'increment',
      zonemd: { check: 'off', publish: 'sha384' },
    };
    bench = new ZonesBench({ policies: { 'a.example.': policy } });
    const text = zoneText(5, `@ 300 IN ZONEMD 5 1 1 ${'00'.repeat(48)}\n`);
    bench.write(FILE, text);
    await serves(5);
    expect(await diff()).toMatchObject({
      outcome: 'same',
      served: { serial: 5 },
      file: { serial: 5 },
      notes: [],
    });
    bench.write(FILE, `${text}new 60 IN A 192.0.2.2\n`);
    expect(await diff()).toMatchObject({ added: 2, removed: 1, file: { serial: 6 }, notes: [] });
    await serves(6);
    expect(await diff()).toMatchObject({ outcome: 'same', served: { serial: 6 } });
  });
});
