/**
 * The shape of the configuration file (DESIGN §8): every key is optional, every unknown key is an error. Durations are
 * written `0s`, `5m`, `1h`, `7d`, `1y`, or as a number of seconds; sizes as a number of octets.
 */
import { z } from 'zod';
import { parseDuration } from '../base/time.ts';
import { ALGORITHMS, parseAlgorithm } from '../dnssec/algorithm.ts';
import { DEFAULT_POLICY, type Policy } from '../kasp/policy.ts';
import { parseListen } from './listen.ts';

const MAX_TTL = 0x7fff_ffff;
const CENTURY = 100 * 365 * 86_400;

/** A duration, in seconds. */
const duration = z.union([z.string(), z.number()]).transform((value, context) => {
  const seconds = parseDuration(String(value));
  if (seconds !== undefined && seconds <= CENTURY) return seconds;
  context.addIssue({ code: 'custom', message: `"${value}" is no duration, write 90s, 5m, 1h, 7d or 1y` });
  return z.NEVER;
});

const ttl = duration.refine((seconds) => seconds <= MAX_TTL, `a TTL is at most ${MAX_TTL} seconds`);
const lifetime = z.union([z.literal('unlimited'), duration]);

const algorithm = z.union([z.string(), z.number()]).transform((value, context) => {
  const found = parseAlgorithm(String(value));
  if (found !== undefined) return found.number;
  const known = ALGORITHMS.map(({ mnemonic }) => mnemonic).join(', ');
  context.addIssue({
    code: 'custom',
    message: `"${value}" is no algorithm that Keyturn signs with: ${known}`,
  });
  return z.NEVER;
});

/** The denial modes of this version; DESIGN §3 has two more. */
const denial = z.literal('nsec', 'only "nsec" is built in this version');

const listenAddress = z.string().transform((text, context) => {
  const listen = parseListen(text);
  if (typeof listen !== 'string') return listen;
  context.addIssue({ code: 'custom', message: `"${text}" ${listen}` });
  return z.NEVER;
});

export const policySchema = z.strictObject({
  scheme: z.enum(['csk', 'ksk-zsk']).optional(),
  algorithm: algorithm.optional(),
  lifetime: z.strictObject({ csk: lifetime, ksk: lifetime, zsk: lifetime }).partial().optional(),
  dnskeyTtl: ttl.optional(),
  cdsTtl: ttl.optional(),
  maxZoneTtl: ttl.optional(),
  publishSafety: duration.optional(),
  retireSafety: duration.optional(),
  propagation: duration.optional(),
  parent: z.strictObject({ propagation: duration, dsTtl: ttl }).partial().optional(),
  cdsHold: duration.optional(),
  minInterval: duration.optional(),
  staleAfter: duration.optional(),
  rollover: z
    .strictObject({
      ksk: z.enum(['additive', 'swap', 'double-ds']),
      algorithm: z.enum(['conservative', 'liberal']),
    })
    .partial()
    .optional(),
  autoCancel: z.boolean().optional(),
  purgeAfter: duration.optional(),
  bootstrapHold: z.union([z.literal('auto'), duration]).optional(),
  monitor: z
    .strictObject({ interval: duration, rounds: z.int().min(1).max(100), roundGap: duration })
    .partial()
    .optional(),
  validity: duration.optional(),
  denial: denial.optional(),
  cds: z.enum(['always', 'rollover', 'never']).optional(),
  digests: z
    .array(z.union([z.literal(2), z.literal(4)], 'digest types are 2 (SHA-256) and 4 (SHA-384)'))
    .min(1)
    .refine((types) => new Set(types).size === types.length, 'a digest type is named twice')
    .optional(),
});

const path = z.string().min(1, 'a path is not empty');

/** How UDP is received; `auto` takes batches of system calls where they can be had. */
export const UDP_MODES = ['auto', 'batched', 'dgram'] as const;

export const LOG_LEVELS = ['error', 'warn', 'info', 'debug', 'trace'] as const;

export const configSchema = z.strictObject({
  listen: z.array(listenAddress).min(1, 'name at least one address').optional(),
  zonesDirectory: path.optional(),
  keysDirectory: path.optional(),
  control: path.optional(),
  workers: z.int().min(1).max(256).optional(),
  udp: z.enum(UDP_MODES).optional(),
  unsigned: z.boolean().optional(),
  logLevel: z.enum(LOG_LEVELS).optional(),
  maxZoneFileOctets: z.int().min(1).max(0xffff_ffff).optional(),
  policies: z.record(z.string(), policySchema).optional(),
  zones: z.record(z.string(), z.strictObject({ policy: z.string().optional() })).optional(),
});

export type ConfigDocument = z.infer<typeof configSchema>;
export type PolicyDocument = z.infer<typeof policySchema>;

/** The whole policy: what the document leaves out is as in DEFAULT_POLICY. */
export function completePolicy(document: PolicyDocument): Policy {
  const { lifetime: lifetimes, parent, rollover, monitor, ...rest } = document;
  return {
    ...DEFAULT_POLICY,
    ...withoutUndefined(rest),
    lifetime: { ...DEFAULT_POLICY.lifetime, ...withoutUndefined(lifetimes ?? {}) },
    parent: { ...DEFAULT_POLICY.parent, ...withoutUndefined(parent ?? {}) },
    rollover: { ...DEFAULT_POLICY.rollover, ...withoutUndefined(rollover ?? {}) },
    monitor: { ...DEFAULT_POLICY.monitor, ...withoutUndefined(monitor ?? {}) },
  };
}

type Present<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function withoutUndefined<T extends object>(value: T): Present<T> {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as Present<T>;
}
