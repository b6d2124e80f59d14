/**
 * The configuration: a YAML file, overridden by the command line, on top of defaults (DESIGN §8). A file is taken as a
 * whole or not at all; what is wrong in it is told as diagnostics, all at once, each with its place.
 *
 * Paths in the file are relative to the file, those of the command line and the defaults to the working directory.
 */
import path from 'node:path';
import { type Document, isMap, isPair, isScalar, LineCounter, parseDocument } from 'yaml';
import type { core } from 'zod';
import type { Diagnostic } from '../base/diagnostic.ts';
import { hasErrors } from '../base/diagnostic.ts';
import { DEFAULT_POLICY, type DenialMode, type Policy } from '../kasp/policy.ts';
import { formatName, lowerName, type Name, parseName } from '../wire/name.ts';
import { type RateLimitConfig, rateLimitOf } from './config-abuse.ts';
import { type EdnsConfig, ednsOf } from './config-edns.ts';
import { channelFault, type HandoverConfig, handoverOf } from './config-handover.ts';
import { type ConfigDocument, completePolicy, configSchema } from './config-schema.ts';
import { type SynthesisSettings, synthesisOf } from './config-synthesis.ts';
import { type TlsFiles, type TransportSettings, transportOf } from './config-transport.ts';
import { nearest } from './config-words.ts';
import type { Listen } from './listen.ts';
import { impossibilities, reservations } from './policy-check.ts';

export const DEFAULT_LISTEN: Listen = { address: '127.0.0.1', port: 5300 };
const DEFAULT_MAX_ZONE_FILE_OCTETS = 2 ** 31;
const DEFAULT_POLICY_NAME = 'default';
/** A longer file is no configuration. */
const MAX_CONFIG_OCTETS = 1 << 20;

/** What the daemon runs with. */
export interface Config {
  readonly listen: readonly Listen[];
  readonly zonesDirectory: string;
  readonly keysDirectory: string;
  readonly controlPath: string;
  /** UDP threads. */
  readonly workers: number;
  readonly udp: NonNullable<ConfigDocument['udp']>;
  readonly isUnsigned: boolean;
  readonly logLevel: NonNullable<ConfigDocument['logLevel']>;
  readonly maxZoneFileOctets: number;
  readonly transport: TransportSettings;
  /** Null: answers over UDP have no limit. */
  readonly rateLimit: RateLimitConfig | null;
  /** Addresses that an answer does not need are left out. */
  readonly isMinimal: boolean;
  /** What is signed for names that exist only because somebody asks. */
  readonly synthesis: SynthesisSettings;
  /** Cookies, and what the server tells of itself. */
  readonly edns: EdnsConfig;
  /** Whom to become when the sockets are bound. */
  readonly identity: { readonly user: string; readonly group: string | undefined } | undefined;
  /** Files of the certificate, if TLS is spoken. */
  readonly tls: TlsFiles | undefined;
  /** Where the way to the parents of zones begins; undefined if nobody looks at them. */
  readonly parents: ConfigDocument['parents'];
  /** Channels for DS records and reminders. */
  readonly handover: HandoverConfig;
  readonly policies: ReadonlyMap<string, Policy>;
  /** Name of the policy of a zone, by `formatName` of its origin in lower case. */
  readonly zonePolicies: ReadonlyMap<string, string>;
}

/** What the command line may say; each wins over the file. Paths are relative to the working directory. */
export type ConfigOverrides = Partial<
  Pick<
    Config,
    | 'listen'
    | 'zonesDirectory'
    | 'keysDirectory'
    | 'controlPath'
    | 'workers'
    | 'udp'
    | 'isUnsigned'
    | 'logLevel'
  >
> & {
  /** In all policies. */
  readonly denial?: DenialMode;
};

/** The policy of a zone and its name. */
export function policyOf(config: Config, origin: Name): { readonly name: string; readonly policy: Policy } {
  return policyOfZone(config, formatName(lowerName(origin)));
}

/** The same by the name of a zone in lower case, as `formatName` has it. */
export function policyOfZone(
  config: Config,
  zone: string,
): { readonly name: string; readonly policy: Policy } {
  const name = config.zonePolicies.get(zone) ?? DEFAULT_POLICY_NAME;
  return { name, policy: config.policies.get(name) ?? DEFAULT_POLICY };
}

/** The configuration without a file. */
export function defaultConfig(overrides: ConfigOverrides = {}): Config {
  return assemble({}, '.', overrides);
}

/** What came of a configuration file. */
export interface ParsedConfig {
  /** Absent if `diagnostics` has an error. */
  readonly config: Config | undefined;
  readonly diagnostics: readonly Diagnostic[];
  /** Also those that cannot be followed; none of a file that has another shape. */
  readonly policies: ReadonlyMap<string, Policy>;
}

/** Reads the text of a configuration file. Warnings leave it in force. */
export function parseConfig(text: string, file: string, overrides: ConfigOverrides = {}): ParsedConfig {
  const source = new ConfigSource(text, file);
  const document = source.read();
  if (document === undefined) {
    return { config: undefined, diagnostics: source.diagnostics, policies: new Map() };
  }
  const policies = policiesIn(document);
  checkNames(document, source);
  checkChannels(document, source);
  if ((document.listenTls ?? []).length > 0 && document.tls === undefined) {
    source.report(
      ['listenTls'],
      'CONFIG_NO_CERTIFICATE',
      'listenTls needs a certificate: tls: { certificate, key }',
    );
  }
  for (const name of Object.keys(document.policies ?? {})) {
    const policy = policies.get(name)!;
    for (const { key, why } of impossibilities(policy)) {
      source.report(['policies', name, ...key], 'CONFIG_IMPOSSIBLE', `${key.join('.')}: ${why}`);
    }
    if (policy.children.accept !== 'none' && document.parents === undefined) {
      const why = 'how to reach the servers of children is not said, add parents: { anchors: iana }';
      source.report(['policies', name, 'children', 'accept'], 'CONFIG_IMPOSSIBLE', `children.accept: ${why}`);
    }
    for (const { key, why } of reservations(policy)) {
      source.warn(['policies', name, ...key], 'CONFIG_COSTLY', `${key.join('.')}: ${why}`);
    }
  }
  const { diagnostics } = source;
  if (hasErrors(diagnostics)) return { config: undefined, diagnostics, policies };
  return { config: assemble(document, path.dirname(file), overrides), diagnostics, policies };
}

function policiesIn(document: ConfigDocument): Map<string, Policy> {
  const written = Object.entries(document.policies ?? {});
  return new Map([
    [DEFAULT_POLICY_NAME, DEFAULT_POLICY],
    ...written.map(([name, policy]): [string, Policy] => [name, completePolicy(policy)]),
  ]);
}

function withDenial(policies: ReadonlyMap<string, Policy>, denial: DenialMode | undefined) {
  if (denial === undefined) return policies;
  return new Map([...policies].map(([name, policy]) => [name, { ...policy, denial }]));
}

function assemble(document: ConfigDocument, base: string, overrides: ConfigOverrides): Config {
  const below = (name: string | undefined) => (name === undefined ? undefined : path.resolve(base, name));
  const here = (name: string | undefined) => (name === undefined ? undefined : path.resolve(name));
  const keysDirectory =
    here(overrides.keysDirectory) ?? below(document.keysDirectory) ?? path.resolve('keys');
  const zonePolicies = new Map<string, string>();
  for (const [zone, { policy = DEFAULT_POLICY_NAME }] of Object.entries(document.zones ?? {})) {
    zonePolicies.set(formatName(lowerName(zoneName(zone) as Name)), policy);
  }
  return {
    listen: overrides.listen ?? document.listen ?? [DEFAULT_LISTEN],
    zonesDirectory: here(overrides.zonesDirectory) ?? below(document.zonesDirectory) ?? path.resolve('zones'),
    keysDirectory,
    controlPath:
      here(overrides.controlPath) ?? below(document.control) ?? path.join(keysDirectory, 'control.sock'),
    workers: overrides.workers ?? document.workers ?? 1,
    udp: overrides.udp ?? document.udp ?? 'auto',
    isUnsigned: overrides.isUnsigned ?? document.unsigned ?? false,
    logLevel: overrides.logLevel ?? document.logLevel ?? 'info',
    transport: transportOf(document),
    rateLimit: rateLimitOf(document),
    isMinimal: document.minimalResponses ?? false,
    synthesis: synthesisOf(document),
    edns: ednsOf(document, base),
    tls: tlsFilesOf(document, base),
    identity: document.user === undefined ? undefined : { user: document.user, group: document.group },
    maxZoneFileOctets: document.maxZoneFileOctets ?? DEFAULT_MAX_ZONE_FILE_OCTETS,
    parents: document.parents,
    handover: handoverOf(document, base),
    policies: withDenial(policiesIn(document), overrides.denial),
    zonePolicies,
  };
}

/** Paths in a file are relative to it. */
function tlsFilesOf({ tls }: ConfigDocument, base: string): TlsFiles | undefined {
  if (tls === undefined) return undefined;
  return { certificate: path.resolve(base, tls.certificate), key: path.resolve(base, tls.key) };
}

function zoneName(text: string): Name | string {
  return parseName(text.endsWith('.') ? text : `${text}.`);
}

/** Channels that are named are there. */
function checkChannels(document: ConfigDocument, source: ConfigSource): void {
  const check = (at: readonly string[], names: readonly string[], topic: 'handover' | 'reminders') => {
    for (const name of names) {
      const fault = channelFault(document, name, topic);
      if (fault !== undefined) source.report(at, 'CONFIG_NO_CHANNEL', fault);
    }
  };
  check(['reminders'], document.reminders ?? [], 'reminders');
  for (const [name, { handover = [] }] of Object.entries(document.policies ?? {})) {
    check(['policies', name, 'handover'], handover, 'handover');
  }
}

/** Zones are domain names, each once, and their policies exist. */
function checkNames(document: ConfigDocument, source: ConfigSource): void {
  const policies = [DEFAULT_POLICY_NAME, ...Object.keys(document.policies ?? {})];
  const seen = new Set<string>();
  for (const [zone, { policy }] of Object.entries(document.zones ?? {})) {
    const name = zoneName(zone);
    if (typeof name === 'string') {
      source.report(['zones', zone], 'CONFIG_ZONE_NAME', `"${zone}" is no domain name: ${name}`);
      continue;
    }
    const canonical = formatName(lowerName(name));
    if (seen.has(canonical)) source.report(['zones', zone], 'CONFIG_ZONE_TWICE', `"${zone}" is named twice`);
    seen.add(canonical);
    if (policy === undefined || policies.includes(policy)) continue;
    const near = nearest(policy, policies);
    const hint = near === undefined ? '' : `, did you mean "${near}"?`;
    source.report(['zones', zone, 'policy'], 'CONFIG_NO_POLICY', `no policy is named "${policy}"${hint}`);
  }
}

type Path = readonly PropertyKey[];

/** One configuration file: text, tree, and what is wrong with it. */
class ConfigSource {
  readonly #found: Diagnostic[] = [];
  readonly #text: string;
  readonly #file: string;
  readonly #lines = new LineCounter();
  #tree: Document | undefined;

  constructor(text: string, file: string) {
    this.#text = text;
    this.#file = file;
  }

  /** In the order of the text. */
  get diagnostics(): readonly Diagnostic[] {
    return this.#found.toSorted((a, b) => a.line - b.line || a.column - b.column);
  }

  /** The document if it has the right shape. */
  read(): ConfigDocument | undefined {
    if (this.#text.length > MAX_CONFIG_OCTETS) {
      this.#add(-1, 'CONFIG_TOO_LARGE', 'a configuration file is at most 1 MiB long');
      return undefined;
    }
    const tree = parseDocument(this.#text, { lineCounter: this.#lines, prettyErrors: false });
    this.#tree = tree;
    for (const error of tree.errors) this.#add(error.pos[0], 'CONFIG_SYNTAX', sentence(error.message));
    if (tree.errors.length > 0) return undefined;
    let value: unknown;
    try {
      value = tree.toJS({ maxAliasCount: 100 }) ?? {};
    } catch (error) {
      this.#add(-1, 'CONFIG_SYNTAX', sentence((error as Error).message));
      return undefined;
    }
    const parsed = configSchema.safeParse(value);
    if (parsed.success) return parsed.data;
    for (const issue of parsed.error.issues) this.#reportIssue(issue);
    return undefined;
  }

  /** Adds an error at the value of `at`, or at the nearest thing around it that is written down. */
  report(at: Path, code: string, message: string): void {
    this.#add(this.#offsetOf(at), code, message);
  }

  /** Adds a warning, likewise. */
  warn(at: Path, code: string, message: string): void {
    this.#add(this.#offsetOf(at), code, message, 'warning');
  }

  #reportIssue(issue: core.$ZodIssue): void {
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) {
        const near = nearest(key, keysAt(issue.path));
        const hint = near === undefined ? '' : `, did you mean "${near}"?`;
        this.#add(this.#offsetOfKey(issue.path, key), 'CONFIG_UNKNOWN_KEY', `unknown key "${key}"${hint}`);
      }
      return;
    }
    const inner = issue.code === 'invalid_union' ? mostTelling(issue) : issue;
    const where = [...issue.path, ...(inner === issue ? [] : inner.path)].join('.');
    const message = sentence(inner.message);
    this.report(issue.path, 'CONFIG_VALUE', where === '' ? message : `${where}: ${message}`);
  }

  #offsetOf(at: Path): number {
    for (let depth = at.length; depth > 0; depth--) {
      const node = this.#tree?.getIn(at.slice(0, depth), true) as { range?: readonly number[] } | undefined;
      if (node?.range !== undefined) return node.range[0]!;
    }
    return -1;
  }

  #offsetOfKey(at: Path, key: string): number {
    const map = at.length === 0 ? this.#tree?.contents : this.#tree?.getIn(at, true);
    if (!isMap(map)) return this.#offsetOf(at);
    const pair = map.items.find(
      (item) => isPair(item) && isScalar(item.key) && String(item.key.value) === key,
    );
    return isScalar(pair?.key) ? (pair.key.range?.[0] ?? -1) : -1;
  }

  #add(offset: number, code: string, message: string, severity: Diagnostic['severity'] = 'error'): void {
    const file = this.#file;
    if (offset < 0) {
      this.#found.push({ severity, code, message, file, line: 0, column: 0 });
      return;
    }
    const { line, col } = this.#lines.linePos(offset);
    const sourceLine = this.#text.split(/\r?\n/)[line - 1] ?? '';
    this.#found.push({ severity, code, message, file, line, column: col, sourceLine });
  }
}

/** The first complaint of our own in the branches of a union, else the union itself. */
function mostTelling(issue: core.$ZodIssueInvalidUnion): core.$ZodIssue {
  const all = issue.errors.flat();
  return (
    all.find(({ code }) => code === 'custom') ??
    (issue.message === 'Invalid input' ? all[0] : undefined) ??
    issue
  );
}

/** Keys that may stand where `at` leads. */
function keysAt(at: Path): string[] {
  let schema: unknown = configSchema;
  for (const step of at) {
    const { shape, valueType } = unwrapped(schema);
    schema = shape?.[String(step)] ?? valueType;
  }
  return Object.keys(unwrapped(schema).shape ?? {});
}

interface SchemaView {
  readonly shape?: Record<string, unknown>;
  readonly valueType?: unknown;
}

/** An object or record schema without the `optional` around it. */
function unwrapped(schema: unknown): SchemaView {
  let inner = schema as { unwrap?: () => unknown };
  while (typeof inner?.unwrap === 'function') inner = inner.unwrap() as typeof inner;
  return (inner ?? {}) as SchemaView;
}

/** The first line of a message of others, as a sentence of ours: no capital, no full stop. */
function sentence(message: string): string {
  const first = message.split('\n')[0]!.replace(/\.$/, '');
  return /^[A-Z][a-z]/.test(first) ? first[0]!.toLowerCase() + first.slice(1) : first;
}
