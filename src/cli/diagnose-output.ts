/** How a diagnosis looks. */
import type { Diagnosis, DiagnosisFinding } from '../control/diagnose-shapes.ts';
import { marked, type Output, table } from './output.ts';

const MARKS = { ok: 'ok', warning: 'warn', critical: 'error' } as const;

/** `diagnose`. */
export function printDiagnosis(output: Output, diagnosis: Diagnosis): void {
  const { zone, level, state, serial, keys, isOutsideSeen, parent, servers, findings } = diagnosis;
  const faults = findings.filter((finding) => finding.level !== 'ok').length;
  const words = level === 'ok' ? 'nothing wrong was found' : `${level}: ${faults} found`;
  output.print(marked(output, MARKS[level], `${zone} ${words}`));
  const tags = keys.filter(({ dnskey }) => dnskey !== 'hidden').map(({ tag }) => tag);
  const serials = serial === null ? '' : `, serial ${serial}`;
  output.print(`  inside          ${state}${serials}${tags.length === 0 ? '' : `, keys ${tags.join(', ')}`}`);
  if (isOutsideSeen) {
    output.print(`  outside         parent ${parent ?? 'not found'}, name servers ${servers.length}`);
  }
  if (servers.length > 0) output.print(serverTable(servers));
  for (const finding of findings) printFinding(output, finding);
}

function serverTable(servers: Diagnosis['servers']): string {
  const rows = servers.map(({ server, address, udp, tcp, serial }) => {
    return [server, address, serial === null ? '-' : `${serial}`, udp, tcp];
  });
  return table(['SERVER', 'ADDRESS', 'SERIAL', 'UDP', 'TCP'], rows);
}

/** One finding, with what to do. */
export function printFinding(output: Output, { level, code, evidence, fix }: DiagnosisFinding): void {
  const text = `${evidence} [${code}]`;
  output.print(level === 'ok' ? `note ${text}` : marked(output, MARKS[level], text));
  output.print(`    fix: ${fix}`);
}
