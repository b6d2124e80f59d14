/** Operations on the keys of a zone. Private halves come in by path and never go out: `key export` needs no server. */
import { z } from 'zod';
import { IMPORT_FORMATS, ROLE_WORDS } from '../store/words.ts';
import { keyImport, keyList, keyShown } from './key-shapes.ts';
import { operation } from './operation.ts';
import { flag, plainText, reason, seconds, tag, zone } from './params.ts';

const MAX_PATHS = 256;
const MAX_PATH_CHARACTERS = 4_096;
const MAX_SERVED = 64;

const ofZone = zone.describe('name of the zone');
const path = plainText(1, MAX_PATH_CHARACTERS);
const RDATA = /^\d{1,5} 3 \d{1,3} [A-Za-z0-9+/ ]{1,4096}={0,2}$/;
const served = z.string().regex(RDATA, 'a DNSKEY record is written 257 3 13 BASE64');
const ROLES_ERROR = `roles are ${ROLE_WORDS.join(', ')}; several are joined by commas`;

export const KEY_OPERATIONS = {
  'key.list': operation({
    summary: 'list the keys of a zone: roles, states, since when and until when',
    params: z.strictObject({ zone: ofZone }),
    result: keyList,
    danger: 'reads',
    cli: 'key list ZONE',
    http: { method: 'GET', path: '/v1/zones/:zone/keys' },
  }),
  'key.show': operation({
    summary: 'show one key: its records, their times and the reasons of these, its DS',
    params: z.strictObject({ zone: ofZone, key: tag.describe('tag of the key') }),
    result: keyShown,
    danger: 'reads',
    cli: 'key show ZONE',
    http: { method: 'GET', path: '/v1/zones/:zone/keys/:key' },
  }),
  'key.import': operation({
    summary: 'take over the keys of another signer, from files that the server can read',
    params: z.strictObject({
      zone: ofZone,
      path: z
        .union([path, z.array(path).min(1).max(MAX_PATHS)])
        .transform((given) => [given].flat())
        .meta({ value: 'PATH' })
        .describe('key files (K*.key, *.pem, JSON of keymgr list -j), or directories with them'),
      format: z.enum(IMPORT_FORMATS).optional().describe('of the files (default: told by their names)'),
      roles: z
        .string()
        .regex(/^(?:csk|ksk|zsk)(?:,(?:csk|ksk|zsk)){0,31}$/, ROLES_ERROR)
        .transform((text) => text.split(',') as (typeof ROLE_WORDS)[number][])
        .optional()
        .meta({ value: 'ROLES' })
        .describe('what PEM keys are for, one word for all or one for each file: csk, ksk, zsk'),
      served: z
        .union([served, z.array(served).max(MAX_SERVED)])
        .transform((given) => [given].flat())
        .optional()
        .meta({ value: 'RDATA' })
        .describe('a DNSKEY record that the other signer serves, as dig +short prints it; may be repeated'),
      servedTtl: seconds.optional().describe('TTL of these records'),
      forceUnsafe: reason
        .optional()
        .describe('import although served keys would go; the reason is kept in the audit trail'),
      dryRun: flag.default(false).describe('say what would be served, and change nothing'),
    }),
    result: keyImport,
    danger: 'acts',
    cli: 'key import ZONE PATH...',
    http: { method: 'POST', path: '/v1/zones/:zone/keys' },
    asks: ({ zone: one, forceUnsafe, dryRun }) =>
      forceUnsafe === undefined || dryRun
        ? null
        : `${one} becomes bogus for validators that have keys or signatures of the old signer in their caches`,
  }),
} as const;
