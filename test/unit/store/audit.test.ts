import { describe, expect, it } from 'vitest';
import { unixSeconds } from '../../../src/base/time.ts';
import { AuditLog, readAudit } from '../../../src/store/audit.ts';
import { SimulatedCrash, SimulatedFiles } from '../../support/simulated-files.ts';

const NOW = unixSeconds(1_795_521_600);
const ZONE = '/keys/example.com';
const PATH = `${ZONE}/audit.log`;

async function filesWithZone(): Promise<SimulatedFiles> {
  const files = new SimulatedFiles();
  await files.makeDirectory(ZONE);
  return files;
}

const told = (n: number) => [{ kind: 'edge', keyId: 'k', n }];
/** The numbers that were told, in the order of the file. */
const numbersIn = (files: SimulatedFiles) => readAudit(files, ZONE).entries.map(({ details }) => details.n);

describe('the audit trail', () => {
  it('gives back what was told, oldest first, over restarts', async () => {
    const files = await filesWithZone();
    expect(readAudit(files, ZONE)).toEqual({ entries: [], torn: 0, brokenAt: null });
    const log = new AuditLog(files, ZONE);
    expect(await log.append([], NOW, 1)).toBeUndefined();
    expect(files.stat(PATH)).toBeUndefined();
    const because = 'a line feed \n within, and "quotes"';
    expect(
      await log.append([...told(1), { kind: 'purge', because } as { kind: string }], NOW, 1),
    ).toBeUndefined();
    expect(await new AuditLog(files, ZONE).append(told(2), unixSeconds(NOW + 1), 2)).toBeUndefined();
    expect(readAudit(files, ZONE)).toEqual({
      entries: [
        { at: NOW, generation: 1, kind: 'edge', details: { keyId: 'k', n: 1 } },
        { at: NOW, generation: 1, kind: 'purge', details: { because } },
        { at: NOW + 1, generation: 2, kind: 'edge', details: { keyId: 'k', n: 2 } },
      ],
      torn: 0,
      brokenAt: null,
    });
    expect(files.stat(PATH)!.mode).toBe(0o600);
  });

  it('tells a failed append and goes on after it', async () => {
    let failures = 0;
    for (let step = 1; ; step++) {
      const files = await filesWithZone();
      const log = new AuditLog(files, ZONE);
      await log.append(told(1), NOW, 1);
      files.failAt(step, 'ENOSPC', 1);
      const failure = await log.append(told(2), NOW, 2);
      files.restart();
      if (failure === undefined) break;
      failures++;
      expect(failure.code).toBe('ENOSPC');
      expect(await log.append(told(3), NOW, 3)).toBeUndefined();
      expect(numbersIn(files).filter((n) => n !== 2)).toEqual([1, 3]);
    }
    expect(failures).toBe(3);
  });

  it('loses at most the line that power was lost in', async () => {
    let crashes = 0;
    for (const aftermath of ['lost', 'kept', 'torn', 'zeroed'] as const) {
      for (let step = 1; step <= 3; step++) {
        const files = await filesWithZone();
        const log = new AuditLog(files, ZONE);
        await log.append(told(1), NOW, 1);
        files.crashAt(step);
        await expect(log.append(told(2), NOW, 2)).rejects.toThrow(SimulatedCrash);
        files.restart(aftermath);
        crashes++;
        expect(numbersIn(files).slice(0, 1)).toEqual([1]);
        await new AuditLog(files, ZONE).append(told(3), NOW, 3);
        expect(numbersIn(files).filter((n) => n !== 2)).toEqual([1, 3]);
      }
    }
    expect(crashes).toBe(12);
  });

  it('counts lines that are not whole', async () => {
    const files = await filesWithZone();
    await new AuditLog(files, ZONE).append(told(1), NOW, 1);
    const whole = Buffer.from(files.read(PATH, 9999)).toString();
    const lines = ['[]', '1', 'null', '{"at":"x","generation":1,"kind":"edge"}', '{"at":"2026', '\0\0'];
    files.put(PATH, `${whole}${lines.join('\n')}`);
    expect(readAudit(files, ZONE)).toMatchObject({ entries: [{ kind: 'edge' }], torn: lines.length });
  });

  it('is a chain: a line that is changed, removed, added or moved shows', async () => {
    const files = await filesWithZone();
    for (let n = 1; n <= 5; n++) {
      const log = new AuditLog(files, ZONE);
      await log.append(told(n), unixSeconds(NOW + n), n);
      await log.append(told(n + 10), unixSeconds(NOW + n), n);
    }
    expect(readAudit(files, ZONE)).toMatchObject({ torn: 0, brokenAt: null });
    const lines = new TextDecoder().decode(files.read(PATH, 100_000)).split('\n').filter(Boolean);
    const brokenAt = async (changed: readonly string[]) => {
      const other = await filesWithZone();
      await other.appendDurable(PATH, Buffer.from(`${changed.join('\n')}\n`));
      return readAudit(other, ZONE).brokenAt;
    };
    expect(await brokenAt(lines)).toBeNull();
    const forged = lines[4]!.replace('"kind":"edge"', '"kind":"purge"');
    expect(await brokenAt(lines.with(4, forged))).toBe(NOW + 3);
    expect(await brokenAt(lines.toSpliced(4, 1))).toBe(NOW + 3);
    expect(await brokenAt(lines.toSpliced(4, 0, lines[2]!))).toBe(NOW + 2);
    expect(await brokenAt(lines.with(4, lines[4]!.replace(/,"hash":"\w+"/, '')))).toBe(NOW + 3);
    expect(await brokenAt(lines.map((line) => line.replace(/,"hash":"\w+"/, '')))).toBeNull();
  });

  it('goes on with the chain after a line that was torn', async () => {
    const files = await filesWithZone();
    await new AuditLog(files, ZONE).append(told(1), NOW, 1);
    await files.appendDurable(PATH, Buffer.from('{"at":"2026-'));
    await new AuditLog(files, ZONE).append(told(2), NOW, 2);
    expect(readAudit(files, ZONE)).toMatchObject({ torn: 1, brokenAt: null });
    expect(numbersIn(files)).toEqual([1, 2]);
  });
});
