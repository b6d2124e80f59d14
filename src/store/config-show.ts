/**
 * The configuration as it is in force: every value, and where it is from. As YAML it is a configuration file again,
 * which says the same with nothing left to defaults.
 */
import { Document, isAlias, isMap, isNode, isScalar, LineCounter, type Node, parseDocument } from 'yaml';
import { z } from 'zod';
import { formatDuration } from '../base/time.ts';
import { findAlgorithm } from '../dnssec/algorithm.ts';
import type { Policy } from '../kasp/policy.ts';
import { nameOf } from '../wire/name.ts';
import { type Config, policyOf } from './config.ts';
import { writtenRateLimit } from './config-abuse.ts';
import { writtenEdns } from './config-edns.ts';
import { configSchema, policySchema } from './config-schema.ts';
import { writtenSynthesis } from './config-synthesis.ts';

/** A value as a file would write it. */
type Written = string | number | boolean | readonly (string | number)[];

/** One value, and where it is from. */
export interface ShownValue {
  /** `policies.default.lifetime.zsk`, in parts. */
  readonly path: readonly string[];
  readonly value: Written;
  /** Line in the file; null for a default. */
  readonly line: number | null;
}

/** Numbers that are no durations. */
const PLAIN_NUMBERS = ['rounds'];

/** Every value of a configuration; `text` is the file that it was read from, empty if there was none. */
export function shownConfig(config: Config, text: string): ShownValue[] {
  const lines = new LineCounter();
  const tree = parseDocument(text, { lineCounter: lines });
  const lineOf = (path: readonly string[]) => {
    const offset = nodeAt(tree, path)?.range?.[0];
    return offset === undefined ? null : lines.linePos(offset).line;
  };
  return valuesOf(config, namesAt(tree, 'zones')).map(({ path, value }) => ({
    path,
    value,
    line: lineOf(path),
  }));
}

/** The node of a value; what an alias stands for is written where its anchor is. */
function nodeAt(tree: Document, path: readonly string[]): Node | undefined {
  let node: unknown = tree.contents;
  for (const key of path) {
    if (isAlias(node)) node = node.resolve(tree);
    if (!isMap(node)) return undefined;
    node = node.items.find((item) => isScalar(item.key) && String(item.key.value) === key)?.value;
  }
  return isNode(node) ? node : undefined;
}

type Unplaced = Pick<ShownValue, 'path' | 'value'>;

function valuesOf(config: Config, zoneNames: readonly string[]): Unplaced[] {
  const listen = config.listen.map(({ address, port }) =>
    address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`,
  );
  const top: Readonly<Record<string, Written>> = {
    listen,
    zonesDirectory: config.zonesDirectory,
    keysDirectory: config.keysDirectory,
    control: config.controlPath,
    workers: config.workers,
    udp: config.udp,
    unsigned: config.isUnsigned,
    logLevel: config.logLevel,
    maxZoneFileOctets: config.maxZoneFileOctets,
    minimalResponses: config.isMinimal,
  };
  const values: Unplaced[] = Object.entries(top).map(([key, value]) => ({ path: [key], value }));
  const limits = config.rateLimit === null ? {} : writtenRateLimit(config.rateLimit);
  values.push(...Object.entries(limits).map(([key, value]) => ({ path: ['rateLimit', key], value })));
  const synthesis = writtenSynthesis(config.synthesis);
  values.push(...Object.entries(synthesis).map(([key, value]) => ({ path: ['synthesis', key], value })));
  values.push(...writtenEdns(config.edns));
  for (const [name, policy] of config.policies) values.push(...policyValues(['policies', name], policy));
  // Zones are told under the names that the file gives them.
  for (const zone of zoneNames) {
    const origin = nameOf(zone.endsWith('.') ? zone : `${zone}.`);
    values.push({ path: ['zones', zone, 'policy'], value: policyOf(config, origin).name });
  }
  return values;
}

function policyValues(at: readonly string[], policy: Policy): Unplaced[] {
  return Object.keys(policySchema.shape).flatMap((key) => {
    const value = policy[key as keyof Policy];
    if (typeof value !== 'object' || Array.isArray(value))
      return [{ path: [...at, key], value: written(key, value) }];
    return Object.entries(value).map(([inner, part]) => ({
      path: [...at, key, inner],
      value: written(inner, part as Written),
    }));
  });
}

function written(key: string, value: unknown): Written {
  if (typeof value !== 'number' || PLAIN_NUMBERS.includes(key)) return value as Written;
  if (key === 'algorithm') return findAlgorithm(value)?.mnemonic ?? value;
  return formatDuration(value);
}

function namesAt(tree: Document, key: string): string[] {
  const map = tree.get(key);
  return isMap(map) ? map.items.map((item) => String(isScalar(item.key) ? item.key.value : item.key)) : [];
}

/** The values as YAML, each with where it is from. */
export function yamlOf(values: readonly ShownValue[]): string {
  const document = new Document({});
  for (const { path, value, line } of values) {
    const node = document.createNode(value, { flow: true });
    node.comment = line === null ? ' default' : ` line ${line}`;
    document.setIn(path, node);
  }
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}

/** JSON Schema (2020-12) of configuration files, for editors. */
export function configJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' }) as Record<string, unknown>;
}
