/** Every key of the configuration file: what it means, what may stand there, what it is without a file. */
import path from 'node:path';
import { defaultConfig } from '../store/config.ts';
import { configJsonSchema, shownConfig } from '../store/config-show.ts';

/** One key. */
export interface ConfigKey {
  /** `policies.NAME.lifetime.zsk`. */
  readonly path: string;
  readonly meaning: string;
  /** What may stand there, in words. */
  readonly type: string;
  /** As a file would write it: without a file, or without it in a group that is written; undefined if there is none. */
  readonly fallback: string | undefined;
}

/** As much of JSON Schema as the configuration has. */
interface Schema {
  readonly description?: string;
  readonly type?: string | readonly string[];
  readonly unit?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
}

/** What stands for the names that a file chooses. */
const NAMED: Readonly<Record<string, string>> = { policies: 'NAME', zones: 'ZONE' };

/** All keys, in the order of the schema; groups come before what is in them. */
export function configKeys(): ConfigKey[] {
  const defaults = new Map(
    shownConfig(defaultConfig(), '').map(({ path: at, value }) => {
      return [at.join('.').replace(/^policies\.default\./, 'policies.NAME.'), writtenDefault(at, value)];
    }),
  );
  const keys: ConfigKey[] = [];
  const walk = (schema: Schema, before: string) => {
    for (const [key, field] of Object.entries(schema.properties ?? {})) {
      const at = `${before}${key}`;
      const { description = '' } = field;
      const fallback = defaults.get(at) ?? (field.default === undefined ? undefined : asText(field.default));
      keys.push({ path: at, meaning: description, type: typeOf(field), fallback });
      walk(field, `${at}.`);
      const { additionalProperties: named } = field;
      if (typeof named === 'object') walk(named, `${at}.${NAMED[key] ?? 'NAME'}.`);
    }
  };
  walk(configJsonSchema() as Schema, '');
  return keys;
}

/** Paths are told relative to the working directory. */
function writtenDefault(at: readonly string[], value: unknown): string {
  const isPath = ['zonesDirectory', 'keysDirectory', 'control'].includes(at.join('.'));
  return isPath ? path.relative(process.cwd(), String(value)) : asText(value);
}

function asText(value: unknown): string {
  return JSON.stringify(value).replace(/^"|"$/g, '');
}

function typeOf(schema: Schema): string {
  const { unit, anyOf, items, minimum, maximum, type, properties, additionalProperties } = schema;
  if (unit !== undefined) return unit;
  if (anyOf !== undefined) return anyOf.map(typeOf).join(' or ');
  if (schema.const !== undefined) return String(schema.const);
  if (schema.enum !== undefined) return schema.enum.map(String).join(' or ');
  if (items !== undefined) return `list of ${typeOf(items)}`;
  if (properties !== undefined || typeof additionalProperties === 'object') return 'mapping';
  if (type === 'integer') return `whole number from ${minimum} to ${maximum}`;
  if (Array.isArray(type)) return type.join(' or ');
  return type === 'boolean' ? 'true or false' : 'text';
}
