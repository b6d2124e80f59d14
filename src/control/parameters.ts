/** Parameters of operations as a command line needs them: what stands where, what may be left out, what it means. */
import { z } from 'zod';
import { OperationError } from './operation.ts';
import { OPERATIONS, type OperationName, type Params } from './operations.ts';

/** One parameter. */
export interface Parameter {
  /** As in JSON: `maxParallel`. */
  readonly name: string;
  /** On the command line: `--max-parallel`, or `ZONE` for one that stands alone. */
  readonly word: string;
  readonly help: string;
  /** What follows an option: `DURATION`, `[TAG]` if it may be left out; null for a flag. */
  readonly value: string | null;
  readonly choices: readonly string[] | null;
  readonly isRequired: boolean;
  /** Stands alone, after the words of the command. */
  readonly isPositional: boolean;
  /** The last of those, which takes all that follow. */
  readonly isVariadic: boolean;
  /** Undefined if there is no default. */
  readonly fallback: unknown;
}

/** What the schema of a field says beside what it takes. */
interface FieldWords {
  readonly description?: string | undefined;
  readonly value?: string;
  readonly choices?: readonly string[];
}

/** Words of a command: `zone show` of `zone show ZONE`. */
export function commandWords(name: OperationName): string[] {
  return OPERATIONS[name].cli.split(' ').filter((part) => part === part.toLowerCase());
}

const known = new Map<OperationName, readonly Parameter[]>();

/** The parameters of an operation, those that stand alone first. */
export function parametersOf(name: OperationName): readonly Parameter[] {
  const parameters = known.get(name) ?? readParameters(name);
  known.set(name, parameters);
  return parameters;
}

function readParameters(name: OperationName): Parameter[] {
  const shape: Readonly<Record<string, z.ZodType>> = OPERATIONS[name].params.shape;
  const positions = OPERATIONS[name].cli.split(' ').filter((part) => part !== part.toLowerCase());
  const placeOf = (field: string) =>
    positions.findIndex((part) => part.replace(/[[\].]/g, '').toLowerCase() === field.toLowerCase());
  const parameters = Object.entries(shape).map(([field, schema]) => {
    const { description = '', value, choices = null } = wordsOf(schema);
    const absent = schema.safeParse(undefined);
    const place = placeOf(field);
    return {
      name: field,
      word: place === -1 ? optionWord(field) : positions[place]!.replace(/[[\].]/g, ''),
      help: description,
      value: value === 'FLAG' ? null : (value ?? field.toUpperCase()),
      choices,
      isRequired: !absent.success,
      isPositional: place !== -1,
      isVariadic: place !== -1 && positions[place]!.includes('...'),
      fallback: absent.data,
      place,
    };
  });
  const rank = ({ place }: { readonly place: number }) => (place === -1 ? positions.length : place);
  return parameters.toSorted((a, b) => rank(a) - rank(b)).map(({ place: _, ...parameter }) => parameter);
}

/** The words of a schema, and those of the one that it makes optional. */
function wordsOf(schema: z.ZodType): FieldWords {
  const isWrapped = schema instanceof z.ZodOptional || schema instanceof z.ZodDefault;
  const inner = isWrapped ? wordsOf(schema.unwrap() as z.ZodType) : {};
  const choices = schema instanceof z.ZodEnum ? { choices: schema.options as string[] } : {};
  return { ...inner, ...choices, ...(schema.meta() as FieldWords | undefined) };
}

/** `--max-parallel` for `maxParallel`. */
export function optionWord(field: string): string {
  return `--${field.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** How a command line writes the parameters of an operation: `--days`, `ZONE`. */
export function commandLineWord(name: OperationName): (field: string) => string {
  return (field) =>
    parametersOf(name).find((parameter) => parameter.name === field)?.word ?? optionWord(field);
}

/** What would be right, for parameters whose schemas do not say it themselves. */
function whatFits(
  name: OperationName,
  { code, path = [], values }: { code: string; path?: PropertyKey[] | undefined; values?: unknown },
): string | undefined {
  if (code === 'invalid_value' && Array.isArray(values)) return `one of ${values.join(', ')}`;
  if (code !== 'invalid_union') return undefined;
  const value = parametersOf(name).find((parameter) => parameter.name === path[0])?.value ?? null;
  return value === null ? 'yes or no' : `this is no ${value.replace(/[[\]]/g, '')}`;
}

/** Checks parameters by the table. Throws OperationError that names the parameter as `wordOf` writes it. */
export function checkParams<N extends OperationName>(
  name: N,
  given: unknown,
  wordOf: (field: string) => string = (field) => field,
): Params<N> {
  const parsed = OPERATIONS[name].params.safeParse(given, { error: (issue) => whatFits(name, issue) });
  if (parsed.success) return parsed.data as Params<N>;
  const issues = parsed.error.issues.map(({ path, message }) => {
    const field = path.length === 0 ? '' : `${wordOf(String(path[0]))}: `;
    return `${field}${message}`;
  });
  throw new OperationError('USAGE_WRONG', 'BAD_PARAMETERS', [...new Set(issues)].join('; '));
}
