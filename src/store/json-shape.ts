/**
 * Values of a JSON document of ours, each read with a check of its shape: what does not have it throws ShapeError.
 * Nothing is repaired and nothing has a default: a state that is not whole is damaged.
 */
import { type UnixSeconds, unixSeconds } from '../base/time.ts';

export class ShapeError extends Error {
  override readonly name = 'ShapeError';
}

export type JsonObject = Readonly<Record<string, unknown>>;

/** Throws ShapeError unless `condition` holds. */
export function must(condition: boolean, rule: string): asserts condition {
  if (!condition) throw new ShapeError(rule);
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function asObject(value: unknown): JsonObject {
  must(isObject(value), 'what should be an object is none');
  return value;
}

export function readList<T>(value: unknown, name: string, read: (member: unknown) => T): T[] {
  must(Array.isArray(value), `${name}: not a list`);
  return value.map(read);
}

export function readInstant(value: unknown): UnixSeconds {
  const milliseconds = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  must(Number.isFinite(milliseconds), 'an instant is written as ISO 8601');
  return unixSeconds(milliseconds / 1000);
}

export function readInstantOrNull(value: unknown): UnixSeconds | null {
  return value === null ? null : readInstant(value);
}

export function readText(value: unknown): string {
  must(typeof value === 'string' && value !== '', 'an id or a step is a text');
  return value;
}

export function readSeconds(value: unknown): number {
  must(
    typeof value === 'number' && Number.isSafeInteger(value) && value >= 0,
    'a TTL is a number of seconds',
  );
  return value;
}

export function readBoolean(value: unknown): boolean {
  must(typeof value === 'boolean', 'yes or no is written as true or false');
  return value;
}

export function oneOf<T extends string>(value: unknown, values: readonly T[], name: string): T {
  const found = values.find((candidate) => candidate === value);
  must(found !== undefined, `${name} is one of ${values.join(', ')}`);
  return found;
}
