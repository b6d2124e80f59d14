/**
 * Assertions for programmer errors. They never guard input: hostile queries get an rcode, an operator's text gets
 * a Diagnostic. A failed assertion in `respond()` becomes SERVFAIL and a counter, elsewhere it stops the process.
 */

/** Thrown by `assert` and `unreachable`; never caught below the shell but by `respond()`. */
export class AssertionError extends Error {
  override readonly name = 'AssertionError';
}

/** Throws AssertionError unless `condition` holds; `rule` says what must hold. */
export function assert(condition: boolean, rule: string): asserts condition {
  if (!condition) throw new AssertionError(rule);
}

/** Marks a branch that the types prove impossible. */
export function unreachable(value: never): never {
  throw new AssertionError(`unreachable value ${String(value)}`);
}
