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
  output.print(
    `  inside          ${state}${serial === null ? '' : `, serial ${serial}`}, ${keys.length} keys`,
  );
  if (isOutsideSeen) {
    output.print(
      `  outside         parent ${parent ?? 'not found'}, ${servers.length} addresses of name servers`,
    );
  }
  for (const finding of findings) printFinding(output, finding);
  if (servers.length === 0) return;
  const rows = servers.map(({ server, address, udp, tcp, serial: has }) => [
    server,
    address,
    has === null ? '-' : `${has}`,
    udp,
    tcp,
  ]);
  output.print(table(['SERVER', 'ADDRESS', 'SERIAL', 'UDP', 'TCP'], rows));
}

function printFinding(output: Output, { level, code, evidence, fix }: DiagnosisFinding): void {
  output.print(marked(output, MARKS[level], `${evidence} [${code}]`));
  output.print(`    fix: ${fix}`);
}
