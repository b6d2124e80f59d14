/** Findings about a zone: errors and warnings with the file and line of the record, and how records are named. */
import type { Diagnostic } from '../base/diagnostic.ts';
import { formatType } from '../wire/iana.ts';
import { formatName } from '../wire/name.ts';
import type { ZoneTree } from './tree.ts';

const MAX_WARNINGS = 100;

/** Collects findings; a record's place comes from the tree. */
export class Findings {
  readonly tree: ZoneTree;
  readonly #errors: Diagnostic[] = [];
  readonly #warnings: Diagnostic[] = [];
  #warningsLeftOut = 0;

  constructor(tree: ZoneTree) {
    this.tree = tree;
  }

  error(record: number, code: string, message: string, fix?: string): void {
    if (this.#errors.length < MAX_WARNINGS) this.#errors.push(this.#at(record, 'error', code, message, fix));
  }

  warn(record: number, code: string, message: string, fix?: string): void {
    if (this.#warnings.length < MAX_WARNINGS) {
      this.#warnings.push(this.#at(record, 'warning', code, message, fix));
    } else this.#warningsLeftOut++;
  }

  all(): Diagnostic[] {
    const found = [...this.#errors, ...this.#warnings];
    if (this.#warningsLeftOut > 0) {
      const message = `${this.#warningsLeftOut} more warnings are not shown`;
      found.push(this.#at(-1, 'warning', 'ZONE_MORE_WARNINGS', message, undefined));
    }
    return found;
  }

  #at(
    record: number,
    severity: Diagnostic['severity'],
    code: string,
    message: string,
    fix?: string,
  ): Diagnostic {
    const { records } = this.tree;
    const file = records.files[record < 0 ? 0 : records.fileNumbers[record]!] ?? '';
    const line = record < 0 ? 0 : records.lines[record]!;
    const finding = { severity, code, message, file, line, column: line > 0 ? 1 : 0 };
    return fix === undefined ? finding : { ...finding, fix };
  }
}

/** The owner of a record. */
export function owner(tree: ZoneTree, record: number): string {
  return formatName(tree.records.heap, tree.records.ownerAt[record]!);
}

/** Owner and type of a record. */
export function describe(tree: ZoneTree, record: number): string {
  return `${owner(tree, record)} ${formatType(tree.records.types[record]!)}`;
}
