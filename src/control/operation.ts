/** What an operation of the control plane is, and how one fails. */
import type { z } from 'zod';

/** Version of all results; grows when a field changes its meaning or goes. */
export const SCHEMA_VERSION = 1;

/** reads: changes nothing. acts: changes what is served or stored, can be done again. removes: takes something away. */
export type Danger = 'reads' | 'acts' | 'removes';

/** One row of the table. */
export interface Operation<P extends z.ZodType = z.ZodType, R extends z.ZodType | null = z.ZodType | null> {
  readonly summary: string;
  /** An object; every field has a description, which is its help text. */
  readonly params: P;
  /** Null for an operation whose result is text. */
  readonly result: R;
  /** Of a result that is text: what each of its lines is, if it is JSON. */
  readonly line?: z.ZodType;
  readonly danger: Danger;
  /** Words of the command line and parameters that follow them: `zone show ZONE`. The others are options. */
  readonly cli: string;
  readonly http: { readonly method: 'GET' | 'POST'; readonly path: string };
  /** The effect, if a person at a terminal shall be asked before. */
  readonly asks?: (params: z.output<P>) => string | null;
}

/** Checks the type of a row, and keeps it. */
export function operation<P extends z.ZodType, R extends z.ZodType | null>(
  row: Operation<P, R>,
): Operation<P, R> {
  return row;
}

// ---- Errors ----

/** Kinds of failure, with HTTP status and exit code (DESIGN §8). */
export const FAILURE = {
  DATA_WRONG: { http: 422, exit: 1 },
  USAGE_WRONG: { http: 400, exit: 2 },
  UNREACHABLE: { http: 503, exit: 3 },
  NO_SUCH_OBJECT: { http: 404, exit: 4 },
  REFUSED: { http: 409, exit: 5 },
  NOT_YET: { http: 425, exit: 6 },
  MISMATCH: { http: 412, exit: 7 },
} as const;
export type FailureKind = keyof typeof FAILURE;

/** An operation failed: what, with which effect, and what to do. */
export class OperationError extends Error {
  override readonly name = 'OperationError';
  readonly kind: FailureKind;
  /** Stable, for tools: `NO_SUCH_ZONE`. */
  readonly code: string;
  readonly fix: string | undefined;
  constructor(kind: FailureKind, code: string, message: string, fix?: string) {
    super(message);
    this.kind = kind;
    this.code = code;
    this.fix = fix;
  }
}
