/**
 * The shape of the configuration file (DESIGN §8): every key is optional, every unknown key is an error. Durations are
 * written `0s`, `5m`, `1h`, `7d`, `1y`, or as a number of seconds; sizes as a number of octets.
 */
import { z } from 'zod';
import { ALGORITHMS, parseAlgorithm } from '../dnssec/algorithm.ts';
import { DEFAULT_POLICY, type Policy } from '../kasp/policy.ts';
import { abuseKeys } from './config-abuse.ts';
import { childrenKeys } from './config-children.ts';
import { contentKeys } from './config-content.ts';
import { ednsKeys } from './config-edns.ts';
import { handoverKeys, handoverPolicyKeys } from './config-handover.ts';
import { parents } from './config-parents.ts';
import { synthesisKeys } from './config-synthesis.ts';
import { transportKeys } from './config-transport.ts';
import { duration, listenAddress, path } from './config-values.ts';
import { DENIAL_MODES, LOG_LEVELS, UDP_MODES } from './words.ts';

const MAX_TTL = 0x7fff_ffff;

const ttl = duration.refine((seconds) => seconds <= MAX_TTL, `a TTL is at most ${MAX_TTL} seconds`);
const lifetime = z.union([z.literal('unlimited'), duration]);

const algorithm = z
  .union([z.string(), z.number()])
  .meta({ unit: 'algorithm' })
  .transform((value, context) => {
    const found = parseAlgorithm(String(value));
    if (found !== undefined) return found.number;
    const known = ALGORITHMS.map(({ mnemonic }) => mnemonic).join(', ');
    context.addIssue({
      code: 'custom',
      message: `"${value}" is no algorithm that Keyturn signs with: ${known}`,
    });
    return z.NEVER;
  });

export const policySchema = z.strictObject({
  scheme: z
    .enum(['csk', 'ksk-zsk'])
    .optional()
    .describe('csk: one key signs everything; ksk-zsk: one signs the keys, another one the data'),
  algorithm: algorithm
    .optional()
    .describe(
      'algorithm of new keys: ECDSAP256SHA256, ECDSAP384SHA384 or ED25519; other keys stay until an algorithm rollover',
    ),
  lifetime: z
    .strictObject({
      csk: lifetime.describe('a CSK is replaced by itself when it was in use for so long'),
      ksk: lifetime.describe('a KSK is replaced by itself when it was in use for so long'),
      zsk: lifetime.describe('a ZSK is replaced by itself when it was in use for so long'),
    })
    .partial()
    .optional()
    .describe('when keys are replaced without being asked for'),
  dnskeyTtl: ttl
    .optional()
    .describe('TTL of the DNSKEY records; a new key waits that long before it is relied on'),
  cdsTtl: ttl.optional().describe('TTL of CDS and CDNSKEY; short, so that a cancel is soon seen'),
  maxZoneTtl: ttl
    .optional()
    .describe('larger TTLs in a zone are warned of; waits use the largest TTL that the zone really has'),
  publishSafety: duration.optional().describe('added to each wait before something new is relied on'),
  retireSafety: duration.optional().describe('added to each wait before something old is removed'),
  propagation: duration
    .optional()
    .describe('after a change, all servers of the zone (secondaries too) have it within that time'),
  parent: z
    .strictObject({
      propagation: duration.describe('after a change, all servers of the parent have it within that time'),
      dsTtl: ttl.describe('TTL of the DS at the parent, as long as none was seen'),
    })
    .partial()
    .optional()
    .describe('the zone above'),
  cdsHold: duration
    .optional()
    .describe('a parent that has seen a CDS acts upon it within that time; a cancel waits for it'),
  minInterval: duration
    .optional()
    .describe('least time between the starts of two rollovers of keys with a DS'),
  staleAfter: duration
    .optional()
    .describe('a rollover that waits longer for the parent is reported as stalled'),
  rollover: z
    .strictObject({
      ksk: z
        .enum(['additive', 'swap', 'double-ds'])
        .describe(
          'how a key with a DS is replaced: additive (both DS for a while), swap (at once), double-ds (DS first)',
        ),
      algorithm: z
        .enum(['conservative', 'liberal'])
        .describe('conservative: a new algorithm signs before its key is published; liberal: at once'),
    })
    .partial()
    .optional()
    .describe('methods of rollovers'),
  autoCancel: z
    .union([z.literal('never'), duration])
    .optional()
    .describe('a rollover whose DS was never seen is cancelled by itself after so long'),
  purgeAfter: duration
    .optional()
    .describe('the private half of a key that is gone from all caches is kept for so long'),
  bootstrapHold: z
    .union([z.literal('auto'), duration])
    .optional()
    .describe('from the first signatures until a DS is asked for; auto: until no cache has unsigned data'),
  monitor: z
    .strictObject({
      interval: duration.describe('how often the DS at the parent is looked at'),
      rounds: z
        .int()
        .min(1)
        .max(100)
        .describe('so many looks one after the other must agree before the DS counts as seen'),
      roundGap: duration.describe('time between those looks'),
    })
    .partial()
    .optional()
    .describe('how the DS at the parent is watched'),
  validity: duration.optional().describe('how long a signature is valid; it is replaced long before'),
  denial: z
    .enum(DENIAL_MODES)
    .optional()
    .describe(
      'how it is proven that a name or type does not exist: nsec, nsec3, or compact (RFC 9824), ' +
        'which nobody can list the zone by and which signs each such answer',
    ),
  optOut: z
    .boolean()
    .optional()
    .describe(
      'nsec3 without records for unsigned delegations; only for very large zones of delegations (RFC 9276)',
    ),
  cds: z
    .enum(['always', 'rollover', 'never'])
    .optional()
    .describe('when CDS and CDNSKEY are published: always, only during a rollover, or never'),
  digests: z
    .array(z.union([z.literal(2), z.literal(4)], 'digest types are 2 (SHA-256) and 4 (SHA-384)'))
    .min(1)
    .refine((types) => new Set(types).size === types.length, 'a digest type is named twice')
    .optional()
    .describe('digest types of DS and CDS: 2 is SHA-256, 4 is SHA-384'),
  ...contentKeys,
  ...childrenKeys,
  ...handoverPolicyKeys,
});

export const configSchema = z.strictObject({
  listen: z
    .array(listenAddress)
    .min(1, 'name at least one address')
    .optional()
    .describe('addresses and ports for UDP and TCP, like 192.0.2.1:53 or [2001:db8::1]:53'),
  zonesDirectory: path.optional().describe('directory of zone files'),
  keysDirectory: path.optional().describe('directory of keys and their states'),
  control: path.optional().describe('control socket; without it control.sock in the keys directory'),
  workers: z
    .int()
    .min(1)
    .max(256)
    .optional()
    .describe('UDP threads, of which as many get queries as the load needs; more than one needs batched UDP'),
  udp: z
    .enum(UDP_MODES)
    .optional()
    .describe('how UDP is received: batched takes many datagrams in a system call, dgram is node:dgram'),
  unsigned: z.boolean().optional().describe('serve without signatures and make no keys'),
  logLevel: z.enum(LOG_LEVELS).optional().describe('how much is logged'),
  ...transportKeys,
  ...abuseKeys,
  ...synthesisKeys,
  ...ednsKeys,
  maxZoneFileOctets: z.int().min(1).max(0xffff_ffff).optional().describe('a longer zone file is not loaded'),
  parents: parents.optional(),
  ...handoverKeys,
  policies: z
    .record(z.string(), policySchema)
    .optional()
    .describe(
      'how keys are made and replaced, by the name of the policy; "default" is that of all other zones',
    ),
  zones: z
    .record(
      z.string(),
      z.strictObject({ policy: z.string().optional().describe('name of the policy of the zone') }),
    )
    .optional()
    .describe('what is special about zones, by name'),
});

const POLICY_JSON: unknown = z.toJSONSchema(policySchema, { io: 'input', unrepresentable: 'any' });

interface Described {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Described>>;
}

/** What a value of a policy means to an operator: `lifetime.zsk`. */
export function policyMeaning(key: string): string {
  let found: Described | undefined = POLICY_JSON as Described;
  for (const part of key.split('.')) found = found?.properties?.[part];
  return found?.description ?? '';
}

export type ConfigDocument = z.infer<typeof configSchema>;
export type PolicyDocument = z.infer<typeof policySchema>;

/** The whole policy: what the document leaves out is as in DEFAULT_POLICY. */
export function completePolicy(document: PolicyDocument): Policy {
  const { lifetime: lifetimes, parent, rollover, monitor, zonemd, children, ...rest } = document;
  return {
    ...DEFAULT_POLICY,
    ...withoutUndefined(rest),
    lifetime: { ...DEFAULT_POLICY.lifetime, ...withoutUndefined(lifetimes ?? {}) },
    parent: { ...DEFAULT_POLICY.parent, ...withoutUndefined(parent ?? {}) },
    rollover: { ...DEFAULT_POLICY.rollover, ...withoutUndefined(rollover ?? {}) },
    monitor: { ...DEFAULT_POLICY.monitor, ...withoutUndefined(monitor ?? {}) },
    zonemd: { ...DEFAULT_POLICY.zonemd, ...withoutUndefined(zonemd ?? {}) },
    children: { ...DEFAULT_POLICY.children, ...withoutUndefined(children ?? {}) },
  };
}

type Present<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function withoutUndefined<T extends object>(value: T): Present<T> {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as Present<T>;
}
