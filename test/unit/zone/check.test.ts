/** What is found wrong or doubtful in a zone as a whole, one short zone a case. */
import { describe, expect, it } from 'vitest';
import { ZONE_CONTENT_CODES } from '../../../src/control/codes-zone.ts';
import { checkZone } from '../../../src/zone/check.ts';
import { LEGAL_ZONES, readZoneTree, WRONG_ZONES } from '../../support/zone-findings.ts';

function findingsOf(lines: string): string[] {
  return checkZone(readZoneTree(lines)).map(({ severity, code, line }) => `${severity} ${code} ${line}`);
}

describe('checkZone', () => {
  it.each(WRONG_ZONES)('$lines', ({ lines, found }) => {
    expect(findingsOf(lines)).toEqual(found);
    for (const finding of found) expect(Object.keys(ZONE_CONTENT_CODES)).toContain(finding.split(' ')[1]);
  });
  it.each(LEGAL_ZONES)('finds nothing in %s', (lines) => {
    expect(findingsOf(lines)).toEqual([]);
  });
});
