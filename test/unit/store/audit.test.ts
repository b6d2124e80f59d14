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
    expect(readAudit(files, ZONE)).toEqual({ entries: [], torn: 0 });
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
});
