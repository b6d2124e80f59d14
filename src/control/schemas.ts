/** The table of operations as one document of JSON Schema (2020-12): parameters and results, for other programs. */
import { z } from 'zod';
import { SCHEMA_VERSION } from './operation.ts';
import { OPERATION_NAMES, OPERATIONS, type OperationName } from './operations.ts';

type Json = Readonly<Record<string, unknown>>;

/** All operations; `$defs` has their schemas as `zone.show.params`, `zone.show.result`, `events.line`. */
export function operationSchemas(): Json {
  const operations = OPERATION_NAMES.map((name) => [name, rowOf(name)] as const);
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Operations of Keyturn',
    description: 'Parameters and results of what the control socket and the command line can do.',
    schema_version: SCHEMA_VERSION,
    operations: Object.fromEntries(operations),
    $defs: Object.fromEntries([...OPERATION_NAMES.flatMap(definitionsOf), ['error', ERROR]]),
  };
}

function rowOf(name: OperationName): Json {
  const { summary, danger, cli, http, result, line } = OPERATIONS[name];
  return {
    summary,
    danger,
    cli: `keyturn ${cli}`,
    http: `${http.method} ${http.path}`,
    params: { $ref: `#/$defs/${name}.params` },
    result: result === null ? null : { $ref: `#/$defs/${name}.result` },
    ...(line !== undefined && { line: { $ref: `#/$defs/${name}.line` } }),
  };
}

function definitionsOf(name: OperationName): [string, Json][] {
  const { params, result, line } = OPERATIONS[name];
  const found: [string, Json][] = [[`${name}.params`, schemaOf(params, 'input')]];
  if (result !== null) found.push([`${name}.result`, versioned(schemaOf(result, 'output'))]);
  if (line !== undefined) found.push([`${name}.line`, schemaOf(line, 'output')]);
  return found;
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return rest;
}

const VERSION = { schema_version: { const: SCHEMA_VERSION } };

/** With the version that every reply has. */
function versioned(schema: Json): Json {
  const { properties, required } = schema as { properties?: Json; required?: readonly string[] };
  return {
    ...schema,
    properties: { ...VERSION, ...properties },
    required: ['schema_version', ...(required ?? [])],
  };
}

/** What every operation answers with that fails. */
const ERROR: Json = {
  type: 'object',
  properties: {
    ...VERSION,
    error: {
      type: 'object',
      properties: {
        kind: { type: 'string' },
        code: { type: 'string' },
        message: { type: 'string' },
        fix: { type: ['string', 'null'] },
      },
      required: ['kind', 'code', 'message', 'fix'],
    },
  },
  required: ['schema_version', 'error'],
};
