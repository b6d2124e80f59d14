/** What the configuration says about ways to hand things over: DS records to parents, reminders to people. */
import path from 'node:path';
import { z } from 'zod';
import { lowerName, type Name, parseName } from '../wire/name.ts';
import { duration, path as filePath, listenAddress } from './config-values.ts';
import type { Listen } from './listen.ts';

const DEFAULT_TTL_S = 3_600;
const MAX_TTL_S = 0x7fff_ffff;
const MAX_TIMEOUT_S = 600;

const zoneName = z.string().transform((text, context): Name => {
  const name = parseName(text.endsWith('.') ? text : `${text}.`);
  if (typeof name !== 'string') return lowerName(name);
  context.addIssue({ code: 'custom', message: `"${text}" is no domain name: ${name}` });
  return z.NEVER;
});

const timeout = duration
  .refine((seconds) => seconds >= 1 && seconds <= MAX_TIMEOUT_S, `write 1s to ${MAX_TIMEOUT_S}s`)
  .prefault('30s');

const update = z
  .strictObject({
    server: listenAddress.describe('address and port of the primary server of the parent'),
    zone: zoneName.describe('name of the parent zone'),
    key: filePath.describe('file with the TSIG key, as tsig-keygen writes it'),
    ttl: z.int().min(0).max(MAX_TTL_S).default(DEFAULT_TTL_S).describe('TTL of the DS records, in seconds'),
  })
  .describe('a dynamic update of the DS at the parent, signed with TSIG (RFC 2136, RFC 8945)');

const hook = z
  .strictObject({
    command: z
      .array(z.string().min(1))
      .min(1)
      .describe('program, an absolute path, and its arguments; no shell reads them'),
    timeout: timeout.describe('a program that runs longer is ended and tried again'),
  })
  .describe('a program that reads what is handed over as JSON from standard input');

const webhook = z
  .strictObject({
    url: z
      .url({ protocol: /^https?$/ })
      .describe('where to POST it, https; http only for receivers in the own network'),
    secret: filePath.describe('file with the secret of the signature (HMAC-SHA256)'),
    timeout: timeout.describe('a receiver that takes longer is tried again'),
  })
  .describe('a signed POST of what is handed over, as JSON');

const channel = z
  .strictObject({ update: update.optional(), hook: hook.optional(), webhook: webhook.optional() })
  .refine((value) => Object.values(value).filter(Boolean).length === 1, 'write one of update, hook, webhook')
  .refine(
    ({ hook: run }) => run === undefined || path.isAbsolute(run.command[0]!),
    'the program is an absolute path',
  );

/** Keys of the whole server. */
export const handoverKeys = {
  channels: z
    .record(z.string().regex(/^[a-z0-9-]{1,63}$/, 'names of channels are a-z, 0-9 and -'), channel)
    .optional()
    .describe('ways to hand over DS records and reminders, by name'),
  reminders: z
    .array(z.string())
    .optional()
    .describe('channels, hooks or webhooks, that get what status warns of, each of them'),
};

/** Keys of a policy. */
export const handoverPolicyKeys = {
  handover: z
    .array(z.string())
    .optional()
    .describe(
      'channels by which the parent gets the DS, besides CDS and NOTIFY: the first one, ' +
        'and the next when it fails or the parent shows nothing within cdsHold',
    ),
  handoverCheck: z
    .enum(['servers', 'off'])
    .optional()
    .describe(
      'servers: channels get a DS only when all name servers of the zone have the DNSKEY records of this one, ' +
        'which is looked at if parents are; off: at once',
    ),
};

export interface UpdateChannel {
  readonly server: Listen;
  readonly zone: Name;
  readonly key: string;
  readonly ttl: number;
}

export interface HookChannel {
  readonly command: readonly string[];
  /** In seconds. */
  readonly timeout: number;
}

export interface WebhookChannel {
  readonly url: string;
  readonly secret: string;
  /** In seconds. */
  readonly timeout: number;
}

/** One of the three. */
export interface Channel {
  readonly update?: UpdateChannel | undefined;
  readonly hook?: HookChannel | undefined;
  readonly webhook?: WebhookChannel | undefined;
}

/** What the server runs with. */
export interface HandoverConfig {
  readonly channels: ReadonlyMap<string, Channel>;
  readonly reminders: readonly string[];
}

interface HandoverDocument {
  readonly channels?: Readonly<Record<string, Channel>> | undefined;
  readonly reminders?: readonly string[] | undefined;
}

/** Paths in a file are relative to it. */
export function handoverOf(
  { channels = {}, reminders = [] }: HandoverDocument,
  base: string,
): HandoverConfig {
  const at = (file: string) => path.resolve(base, file);
  const resolved = Object.entries(channels).map(
    ([name, { update: up, hook: run, webhook: post }]): [string, Channel] => {
      if (up !== undefined) return [name, { update: { ...up, key: at(up.key) } }];
      if (post !== undefined) return [name, { webhook: { ...post, secret: at(post.secret) } }];
      return [name, { hook: run }];
    },
  );
  return { channels: new Map(resolved), reminders };
}

/** A channel that is named and is not there, or cannot do what it is named for; undefined if all is well. */
export function channelFault(
  { channels = {} }: HandoverDocument,
  name: string,
  topic: 'handover' | 'reminders',
): string | undefined {
  const found = channels[name];
  const known = Object.keys(channels).join(', ') || 'none';
  if (found === undefined) return `there is no channel "${name}" in channels (there: ${known})`;
  return topic === 'reminders' && found.update !== undefined
    ? `"${name}" is an update, and no way to remind`
    : undefined;
}
