/** `keyturn explain`: what a code means, what leads to it, what it does, and what to do. Needs no server. */
import { CODE_GROUPS, explain, nearestCode } from '../control/codes.ts';
import type { Explanation } from '../control/explanation.ts';
import { OperationError, SCHEMA_VERSION } from '../control/operation.ts';
import { type Output, table } from './output.ts';

/** Explains a code, or lists all. Throws OperationError if there is no such code. */
export function explainCommand(code: string | undefined, isJson: boolean, output: Output): void {
  if (code === undefined) {
    listCodes(isJson, output);
    return;
  }
  const found = explain(code);
  if (found === undefined) {
    const near = nearestCode(code);
    const hint = near === undefined ? '' : `, did you mean ${near}?`;
    const fix = near === undefined ? '"keyturn explain" lists all codes' : `keyturn explain ${near}`;
    throw new OperationError('NO_SUCH_OBJECT', 'NO_SUCH_CODE', `no code is named "${code}"${hint}`, fix);
  }
  const { explanation } = found;
  if (isJson)
    output.print(JSON.stringify({ schema_version: SCHEMA_VERSION, ...jsonOf(found.code, explanation) }));
  else printExplanation(found.code, explanation, output);
}

function jsonOf(code: string, { rfc, ...explanation }: Explanation) {
  return { code, ...explanation, rfc: rfc ?? null };
}

function printExplanation(code: string, explanation: Explanation, output: Output): void {
  const { meaning, cause, effect, fix, rfc } = explanation;
  output.print(`${code}: ${meaning}`);
  output.print(`  cause:  ${cause}`);
  output.print(`  effect: ${effect}`);
  output.print(`  fix:    ${fix}`);
  if (rfc !== undefined) output.print(`  more:   ${rfc}`);
}

function listCodes(isJson: boolean, output: Output): void {
  if (isJson) {
    const codes = CODE_GROUPS.flatMap((group) =>
      Object.entries(group.codes).map(([code, explanation]) => ({
        group: group.title,
        ...jsonOf(code, explanation),
      })),
    );
    output.print(JSON.stringify({ schema_version: SCHEMA_VERSION, codes }));
    return;
  }
  for (const { title, codes } of CODE_GROUPS) {
    const rows = Object.entries(codes).map(([code, { meaning }]) => [`  ${code}`, meaning]);
    output.print(table([title.toUpperCase(), ''], rows));
    output.print('');
  }
  output.note('keyturn explain CODE says what leads to one, what it does, and what to do');
}
