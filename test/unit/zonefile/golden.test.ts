/** Golden files: every record type as it is printed and as it is on the wire, and every error as it is told. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { formatDiagnostic } from '../../../src/base/diagnostic.ts';
import { describedTypes } from '../../../src/rdata/descriptor.ts';
import { formatType } from '../../../src/wire/iana.ts';
import { opaqueText, readMasterFile, wireLines } from '../../support/masterfile.ts';

const FOLDER = new URL('../../golden/zonefile/', import.meta.url);

function golden(name: string): string {
  return fileURLToPath(new URL(name, FOLDER));
}

const ALL_TYPES = readMasterFile(readFileSync(golden('all-types.zone')), 'types.example.');

describe('the golden zone of all types', () => {
  it('is read without a complaint, and as it was reviewed', async () => {
    expect(ALL_TYPES.diagnostics).toEqual([]);
    const lines = ALL_TYPES.records.flatMap((record) => [record.text, `    ${opaqueText(record)}`]);
    await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot(golden('all-types.expected'));
  });

  it('has every type that has a text form', () => {
    const seen = new Set(ALL_TYPES.records.map(({ type }) => type));
    const unseen = describedTypes().filter((type) => !seen.has(type));
    expect(unseen.map(formatType)).toEqual(['CLA', 'IPN']);
  });

  it('comes back from its text and from the form of RFC 3597', () => {
    const asText = readMasterFile(ALL_TYPES.records.map(({ text }) => text).join('\n'), 'types.example.');
    const asOpaque = readMasterFile(ALL_TYPES.records.map(opaqueText).join('\n'), 'types.example.');
    expect(asText.diagnostics).toEqual([]);
    expect(asOpaque.diagnostics).toEqual([]);
    expect(wireLines(asText.records)).toEqual(wireLines(ALL_TYPES.records));
    expect(wireLines(asOpaque.records)).toEqual(wireLines(ALL_TYPES.records));
    expect(asText.records.map(({ text }) => text)).toEqual(ALL_TYPES.records.map(({ text }) => text));
  });

  it('has the types that named 9.18 does not know', () => {
    const { records, diagnostics } = readMasterFile(
      ['cla CLA TCP-v4-v6 "LTP"', 'ipn IPN 0', 'ipn IPN 18446744073709551615']
        .map((line) => line.replace(' ', ' 60 '))
        .join('\n'),
    );
    expect(diagnostics).toEqual([]);
    expect(records.map(({ text }) => text.split('\t').slice(3).join(' '))).toEqual([
      'CLA "TCP-v4-v6" "LTP"',
      'IPN 0',
      'IPN 18446744073709551615',
    ]);
  });
});

describe('the golden file of errors', () => {
  it('has each error told once, with place, caret and what to do', async () => {
    const { diagnostics, records } = readMasterFile(readFileSync(golden('errors.zone')), 'example.com.', {
      file: 'errors.zone',
      include: () => 'no such file',
    });
    const report = diagnostics.map(formatDiagnostic).join('\n');
    await expect(`${report}\n`).toMatchFileSnapshot(golden('errors.expected'));
    expect(records.map(({ text }) => text.split('\t')[0])).toContain('last.example.com.');
  });
});
