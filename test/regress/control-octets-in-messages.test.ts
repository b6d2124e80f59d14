/**
 * The message about a `$GENERATE` template showed the template as it stood: with an octet like 0x9b (CSI) a zone file
 * could give orders to the operator's terminal. Found by test/long/zonefile-fuzz.test.ts.
 */
import { expect, it } from 'vitest';
import { formatDiagnostic } from '../../src/base/diagnostic.ts';
import { nameOf } from '../../src/wire/name.ts';
import { ZoneRecords } from '../../src/zone/records.ts';
import { parseZoneFile } from '../../src/zonefile/parser.ts';

it.each([0x07, 0x1b, 0x7f, 0x9b, 0xad])('prints no octet %i of a template', (octet) => {
  const text = Buffer.from(`$GENERATE 0-3 x\${10,${String.fromCharCode(octet)}3} A 192.0.2.1\n`, 'latin1');
  const found = parseZoneFile(text, { file: 'x.zone', origin: nameOf('example.com.') }, new ZoneRecords());
  expect(found.length).toBeGreaterThan(0);
  for (const diagnostic of found) expect(formatDiagnostic(diagnostic)).not.toMatch(/[^\P{C}\n]/u);
});

it('prints no control character of a file name', () => {
  const place = { severity: 'error', code: 'X', message: 'm', line: 1, column: 1 } as const;
  expect(formatDiagnostic({ ...place, file: 'a\u001b[2Jb' })).toBe('a?[2Jb:1:1: error: m [X]');
});
