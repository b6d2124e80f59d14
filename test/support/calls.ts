/** Operations called without a server in between: parameters and results have the shapes of the table. */
import { expect } from 'vitest';
import { OperationError } from '../../src/control/operation.ts';
import { OPERATIONS, type OperationName, type ParamsIn, type Result } from '../../src/control/operations.ts';
import type { Handlers } from '../../src/control/server.ts';

/** Parameters that the operation has; their values may be wrong. */
type Said<O extends OperationName> = { readonly [P in keyof ParamsIn<O>]?: unknown };

export interface Calls<N extends OperationName> {
  call<O extends N>(name: O, params: Said<O>): Promise<Result<O>>;
  /** The error of an operation that must fail. */
  failureOf<O extends N>(name: O, params: Said<O>): Promise<OperationError>;
}

/** Calls of handlers, which a test may replace; `meanwhile` does what goes on while one works. */
export function callsOf<N extends OperationName>(
  handlersNow: () => Pick<Handlers, N>,
  meanwhile: (pending: Promise<unknown>) => Promise<void> = async () => undefined,
): Calls<N> {
  const call = async <O extends N>(name: O, params: Said<O>): Promise<Result<O>> => {
    const parsed: unknown = OPERATIONS[name].params.parse(params);
    const act = async () => (handlersNow()[name] as (given: unknown) => unknown)(parsed);
    const pending = act();
    await meanwhile(pending);
    const result = await pending;
    expect(OPERATIONS[name].result!.parse(result), 'fields that the table does not know').toEqual(result);
    return result as Result<O>;
  };
  return { call, failureOf: (name, params) => failed(call(name, params)) };
}

/** The error of something that must fail. */
export async function failed(attempt: Promise<unknown>): Promise<OperationError> {
  try {
    await attempt;
  } catch (error) {
    if (error instanceof OperationError) return error;
    throw error;
  }
  throw new Error('it did not fail');
}
