/** `keyturn ds`: DS records in the form that a registrar wants. */
import { type Command, Option } from 'commander';
import type { DsResult } from '../control/shapes.ts';
import { dsForm } from './ds-form.ts';
import type { Runner } from './runner.ts';

const DS_FORMATS = ['ds', 'dnskey', 'cds', 'fields', 'form', 'json'] as const;
export type DsFormat = (typeof DS_FORMATS)[number];

/** Adds `--format`. */
export function addDsFormats(command: Command, runner: Runner): void {
  command
    .addOption(new Option('--format <format>', 'how to write them').choices([...DS_FORMATS]).default('ds'))
    .action(async (zone: string, { format }: { readonly format: DsFormat }) => {
      const result = await runner.call('ds.show', { zone });
      const { output } = runner;
      if (format === 'json') output.print(JSON.stringify(result));
      else runner.show(result, () => output.print(dsLines(result, format).join('\n')));
      if (result.caution !== null) output.note(`caution: ${result.caution}`);
    });
}

/** Lines of `ds` in a format other than JSON. */
export function dsLines(result: DsResult, format: Exclude<DsFormat, 'json'>): string[] {
  if (format === 'form') return dsForm(result);
  const { zone, ds, dnskey } = result;
  const digestLine = (type: string) =>
    ds.map(
      (record) =>
        `${zone} IN ${type} ${record.keyTag} ${record.algorithm} ${record.digestType} ${record.digest}`,
    );
  const keyLine = (type: string) =>
    dnskey.map((key) => `${zone} IN ${type} ${key.flags} ${key.protocol} ${key.algorithm} ${key.publicKey}`);
  if (format === 'ds') return digestLine('DS');
  if (format === 'dnskey') return keyLine('DNSKEY');
  if (format === 'cds') return [...digestLine('CDS'), ...keyLine('CDNSKEY')];
  const digestName = (type: number) => (type === 2 ? 'SHA-256' : type === 4 ? 'SHA-384' : 'unknown');
  return ds.flatMap((record) => {
    const key = dnskey.find(({ keyTag }) => keyTag === record.keyTag);
    return [
      `Key tag:     ${record.keyTag}`,
      `Algorithm:   ${record.algorithm} (${record.algorithmName})`,
      `Digest type: ${record.digestType} (${digestName(record.digestType)})`,
      `Digest:      ${record.digest}`,
      ...(key === undefined ? [] : [`Flags:       ${key.flags}`, `Public key:  ${key.publicKey}`]),
    ];
  });
}
