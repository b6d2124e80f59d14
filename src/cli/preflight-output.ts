/** How a preflight looks. */
import { FAILURE } from '../control/operation.ts';
import type { Preflight } from '../control/preflight-shapes.ts';
import { printFinding } from './diagnose-output.ts';
import { marked, type Output, table } from './output.ts';

type Bootstrap = Preflight['bootstrap'];

const WORDS: Readonly<Record<Bootstrap['state'], string>> = {
  secure: 'the parent has a DS of this zone',
  ready: 'a parent that works by RFC 9615 takes it now',
  early: 'nothing speaks against it; the zone does not ask for it yet',
  refused: 'a parent that works by RFC 9615 would not take it',
  unsupported: 'not by RFC 9615 with these name servers',
};

/** `parent preflight`. */
export function printPreflight(output: Output, result: Preflight): void {
  const { zone, parent, isSigned, isAsking, signing, bootstrap } = result;
  const state = isSigned ? (isAsking ? 'signed, asks for its first DS' : 'signed') : 'unsigned';
  output.print(zone);
  output.print(`  now             ${state}; parent ${parent ?? 'not found'}`);
  const words = signing.length === 0 ? 'nothing speaks against it' : `${signing.length} speak against it`;
  output.print(`  going signed    ${marked(output, signing.length === 0 ? 'ok' : 'warn', words)}`);
  for (const finding of signing) printFinding(output, finding);
  output.print(
    `  first DS        ${marked(output, isWell(bootstrap) ? 'ok' : 'warn', WORDS[bootstrap.state])}`,
  );
  for (const finding of bootstrap.findings) printFinding(output, finding);
  if (bootstrap.signals.length === 0) return;
  const rows = bootstrap.signals.map(({ host, name, zone: holder, because }) => {
    return [host, holder ?? `not here: ${because}`, name ?? '-'];
  });
  output.print(table(['NAME SERVER', 'SIGNALED IN', 'AT'], rows));
}

/** 1 if something speaks against the zone. */
export function preflightExit({ signing, bootstrap }: Preflight): number {
  return signing.length === 0 && isWell(bootstrap) ? 0 : FAILURE.DATA_WRONG.exit;
}

function isWell({ state }: Bootstrap): boolean {
  return state !== 'refused' && state !== 'unsupported';
}
