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
const duration = z
  .union([z.string(), z.number()])
  .transform((value, context) => {
    const seconds = parseDuration(String(value));
    if (seconds !== undefined && seconds <= CENTURY) return seconds;
    context.addIssue({ code: 'custom', message: `"${value}" is no duration, write 90s, 5m, 1h, 7d or 1y` });
    return z.NEVER;
  })
  .meta({ unit: 'duration' });

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
  scheme: z
    .enum(['csk', 'ksk-zsk'])
    .optional()
    .describe('one key for everything, or a key-signing and a zone-signing key'),
  algorithm: algorithm
    .optional()
    .describe('algorithm of new keys: ECDSAP256SHA256, ECDSAP384SHA384 or ED25519'),
  lifetime: z
    .strictObject({
      csk: lifetime.describe('age at which a CSK is replaced, or unlimited'),
      ksk: lifetime.describe('age at which a KSK is replaced, or unlimited'),
      zsk: lifetime.describe('age at which a ZSK is replaced, or unlimited'),
    })
    .partial()
    .optional()
    .describe('when keys are replaced without being asked for'),
  dnskeyTtl: ttl.optional().describe('TTL of the DNSKEY RRset'),
  cdsTtl: ttl.optional().describe('TTL of CDS and CDNSKEY; short, so that a cancel is soon seen'),
  maxZoneTtl: ttl
    .optional()
    .describe('TTL that zone data should not exceed; longer ones are warned of, and waited for'),
  publishSafety: duration
    .optional()
    .describe('margin before something published is relied upon (Spub of RFC 7583)'),
  retireSafety: duration
    .optional()
    .describe('margin before something no longer used is removed (Sret of RFC 7583)'),
  propagation: duration
    .optional()
    .describe('time until every server of the zone serves a change (Dprp of RFC 7583)'),
  parent: z
    .strictObject({
      propagation: duration.describe('time until every server of the parent serves a change of the DS'),
      dsTtl: ttl.describe('TTL of the DS, as long as none has been seen'),
    })
    .partial()
    .optional()
    .describe('the zone above'),
  cdsHold: duration
    .optional()
    .describe('how long CDS wait for a parent that does not act before an operator is told'),
  minInterval: duration.optional().describe('least time between the starts of two rollovers of a zone'),
  staleAfter: duration
    .optional()
    .describe('a rollover that waits longer than this for the parent is told as stale'),
  rollover: z
    .strictObject({
      ksk: z
        .enum(['additive', 'swap', 'double-ds'])
        .describe('how a key with a DS is replaced: both DS for a while, one for the other, or the DS first'),
      algorithm: z
        .enum(['conservative', 'liberal'])
        .describe('the new algorithm signs before it is published, or at once with that'),
    })
    .partial()
    .optional()
    .describe('methods of rollovers'),
  autoCancel: z
    .union([z.literal('never'), duration])
    .optional()
    .describe('a rollover for which the parent has done nothing for so long is cancelled, or never'),
  purgeAfter: duration.optional().describe('how long a private key is kept after its last record is gone'),
  bootstrapHold: z
    .union([z.literal('auto'), duration])
    .optional()
    .describe('wait between the first signatures and the first CDS; auto: until caches know the signed zone'),
  monitor: z
    .strictObject({
      interval: duration.describe('time between two looks at the DS of the parent'),
      rounds: z.int().min(1).max(100).describe('how many looks in a row must agree'),
      roundGap: duration.describe('time between such looks'),
    })
    .partial()
    .optional()
    .describe('how the DS at the parent is watched'),
  validity: duration.optional().describe('how long a signature is valid'),
  denial: denial.optional().describe('how names and types that do not exist are denied'),
  cds: z
    .enum(['always', 'rollover', 'never'])
    .optional()
    .describe('when CDS and CDNSKEY are published: all the time, while the parent shall act, or never'),
  digests: z
    .array(z.union([z.literal(2), z.literal(4)], 'digest types are 2 (SHA-256) and 4 (SHA-384)'))
    .min(1)
    .refine((types) => new Set(types).size === types.length, 'a digest type is named twice')
    .optional()
    .describe('digest types of DS and CDS: 2 (SHA-256), 4 (SHA-384)'),
});

const path = z.string().min(1, 'a path is not empty');

/** How UDP is received; `auto` takes batches of system calls where they can be had. */
export const UDP_MODES = ['auto', 'batched', 'dgram'] as const;

export const LOG_LEVELS = ['error', 'warn', 'info', 'debug', 'trace'] as const;

export const configSchema = z.strictObject({
  listen: z
    .array(listenAddress)
    .min(1, 'name at least one address')
    .optional()
    .describe('addresses and ports, for UDP and TCP'),
  zonesDirectory: path.optional().describe('directory of the zone files'),
  keysDirectory: path.optional().describe('directory of the keys and their states'),
  control: path.optional().describe('the control socket'),
  workers: z.int().min(1).max(256).optional().describe('number of UDP threads'),
  udp: z
    .enum(UDP_MODES)
    .optional()
    .describe('how UDP is received: in batches of system calls, by node:dgram, or what can be had'),
  unsigned: z.boolean().optional().describe('serve without signatures and make no keys'),
  logLevel: z.enum(LOG_LEVELS).optional().describe('how much is logged'),
  maxZoneFileOctets: z.int().min(1).max(0xffff_ffff).optional().describe('longer zone files are refused'),
  policies: z
    .record(z.string(), policySchema)
    .optional()
    .describe('policies by name; the one named default is for all zones that name no other'),
  zones: z
    .record(
      z.string(),
      z.strictObject({ policy: z.string().optional().describe('name of the policy of the zone') }),
    )
    .optional()
    .describe('settings by zone'),
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
