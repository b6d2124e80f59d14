/** What the configuration says against abuse: the rate of answers over UDP, and how much an answer holds. */
import { z } from 'zod';
import { formatDuration } from '../base/time.ts';
import { formatAddress } from '../wire/peer.ts';
import type { Prefix } from '../wire/prefix.ts';
import { addressPrefix, duration } from './config-values.ts';

const MAX_RATE = 100_000;
const MAX_WINDOW = 3_600;
const MAX_ALLOWED = 256;
/** 16 MiB of accounts. */
const MAX_ACCOUNTS = 524_288;

const rate = z.int().min(0).max(MAX_RATE);

/** What a file leaves out is as here (decision 0008). */
const rateLimit = z.strictObject({
  mode: z
    .enum(['enforce', 'log', 'off'])
    .default('enforce')
    .describe('enforce: what is over the limit is not answered; log: it is only counted and reported'),
  answers: rate
    .default(200)
    .describe('answers with records a second to a source, for each zone; 0: no limit'),
  nodata: rate.default(200).describe('answers without records and referrals, likewise'),
  nxdomain: rate.default(200).describe('answers that a name does not exist, likewise'),
  errors: rate.default(200).describe('errors a second to a source, of all zones together'),
  nxdomainPerZone: rate
    .default(0)
    .describe(
      'answers a second that names of one zone do not exist, to all sources together; above it clients are sent to TCP',
    ),
  window: duration
    .refine((seconds) => seconds >= 1 && seconds <= MAX_WINDOW, 'a window is of 1 second to 1 hour')
    .prefault('15s')
    .describe('a source is free again that long after its flood has ended'),
  slip: z
    .int()
    .min(0)
    .max(10)
    .default(2)
    .describe('of so many answers over the limit one is sent empty, which leads to TCP; 0: none, 1: all'),
  ipv4Prefix: z.int().min(1).max(32).default(24).describe('bits of an IPv4 address that make a source'),
  ipv6Prefix: z.int().min(1).max(64).default(56).describe('bits of an IPv6 address that make a source'),
  amplification: z
    .int()
    .min(1)
    .max(100)
    .default(10)
    .describe('as long as a source is over a limit, no answer to it is more times as large as its query'),
  accounts: z
    .int()
    .min(64)
    .max(MAX_ACCOUNTS)
    .default(262_144)
    .describe('sources that are counted at a time, by zone and kind of answer; 32 octets each'),
  allow: z
    .array(addressPrefix)
    .max(MAX_ALLOWED)
    .default([])
    .describe('sources without a limit, like 192.0.2.0/24'),
});

/** The keys of the configuration file that are about abuse. */
export const abuseKeys = {
  rateLimit: rateLimit
    .optional()
    .describe('limits answers over UDP, so that nobody is flooded by them; without this there is no limit'),
  minimalResponses: z
    .boolean()
    .optional()
    .describe('leave out addresses of hosts that an answer names; referrals keep theirs'),
};

const abuseSchema = z.strictObject(abuseKeys);
type AbuseDocument = z.infer<typeof abuseSchema>;

/** A rate limit, as answer/ratelimit has it. Plain data. */
export interface RateLimitConfig {
  readonly isLogOnly: boolean;
  readonly rates: readonly [positive: number, nodata: number, nxdomain: number, error: number];
  readonly zoneNxdomainRate: number;
  readonly windowS: number;
  readonly slip: number;
  readonly ipv4Bits: number;
  readonly ipv6Bits: number;
  readonly amplification: number;
  readonly allow: readonly Prefix[];
  /** Accounts that its memory is made for. */
  readonly accounts: number;
}

/** The rate limit that a document makes; null: none. */
export function rateLimitOf({ rateLimit: limit }: AbuseDocument): RateLimitConfig | null {
  if (limit === undefined || limit.mode === 'off') return null;
  return {
    isLogOnly: limit.mode === 'log',
    rates: [limit.answers, limit.nodata, limit.nxdomain, limit.errors],
    zoneNxdomainRate: limit.nxdomainPerZone,
    windowS: limit.window,
    slip: limit.slip,
    ipv4Bits: limit.ipv4Prefix,
    ipv6Bits: limit.ipv6Prefix,
    amplification: limit.amplification,
    allow: limit.allow,
    accounts: limit.accounts,
  };
}

/** A rate limit as a file would write it; the other way round of `rateLimitOf`. */
export function writtenRateLimit(
  limit: RateLimitConfig,
): Readonly<Record<string, string | number | readonly string[]>> {
  const [answers, nodata, nxdomain, errors] = limit.rates;
  return {
    mode: limit.isLogOnly ? 'log' : 'enforce',
    ...{ answers, nodata, nxdomain, errors },
    nxdomainPerZone: limit.zoneNxdomainRate,
    window: formatDuration(limit.windowS),
    slip: limit.slip,
    ipv4Prefix: limit.ipv4Bits,
    ipv6Prefix: limit.ipv6Bits,
    amplification: limit.amplification,
    accounts: limit.accounts,
    allow: limit.allow.map(({ family, octets, bits }) => `${formatAddress(family, octets)}/${bits}`),
  };
}
