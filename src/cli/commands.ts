/** What commands share: how they call operations, and words of the command line that are not texts. */
import { InvalidArgumentError } from 'commander';
import { parseDuration } from '../base/time.ts';
import type { OperationName, ParamsIn, Result } from '../control/operations.ts';

/** Calls an operation and prints its result. */
export type Show = <N extends OperationName>(
  name: N,
  params: ParamsIn<N>,
  print: (result: Result<N>) => void,
) => Promise<unknown>;

export function parseTag(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new InvalidArgumentError('a key tag is a number from 0 to 65535');
}

export function parseSeconds(text: string): number {
  const seconds = parseDuration(text);
  if (seconds !== undefined) return seconds;
  throw new InvalidArgumentError('a duration is written 300, 300s, 5m, 1h or 1d');
}

export function parseCount(text: string): number {
  if (/^[1-9]\d{0,6}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('a number from 1 on');
}
