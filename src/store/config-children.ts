/** What a policy says about the zones that a zone delegates. */
import { z } from 'zod';
import { nameOf } from '../wire/name.ts';
import { duration } from './config-values.ts';

const MAX_TTL = 0x7fff_ffff;
const MIN_SCAN_S = 60;

/** Where children tell of new CDS records. */
export interface DsyncTarget {
  /** As a name with a dot at its end. */
  readonly host: string;
  readonly port: number;
}

/** Reads `off`, `HOST` or `HOST:PORT`; undefined if it is `off`, a string if it is none of these. */
export function parseDsync(text: string): DsyncTarget | undefined | string {
  if (text === 'off') return undefined;
  const [, host = '', digits = '53'] = /^([^:]+)(?::(\d{1,5}))?$/.exec(text) ?? [];
  const port = Number(digits);
  if (host === '' || port < 1 || port > 65_535) return 'write off, HOST or HOST:PORT';
  const name = host.endsWith('.') ? host : `${host}.`;
  try {
    nameOf(name);
  } catch {
    return `${host} is no domain name`;
  }
  return { host: name, port };
}

/** The keys of a policy that are about children. */
export const childrenKeys = {
  children: z
    .strictObject({
      accept: z
        .enum(['none', 'update', 'bootstrap'])
        .describe(
          'whose CDS records become DS records of this zone: none; update: of children with a DS (RFC 7344); ' +
            'bootstrap: also the first one, if it is signaled (RFC 9615)',
        ),
      scan: duration
        .refine((seconds) => seconds >= MIN_SCAN_S, `children are asked every ${MIN_SCAN_S} s at most`)
        .describe(
          'each child is asked for its CDS once in this time, besides when it tells of them (NOTIFY)',
        ),
      dsTtl: duration
        .refine((seconds) => seconds <= MAX_TTL, `a TTL is at most ${MAX_TTL} seconds`)
        .describe('TTL of DS records that came from children'),
      dsync: z
        .string()
        .refine((text) => typeof parseDsync(text) !== 'string', 'write off, HOST or HOST:PORT')
        .describe(
          'where children tell of new CDS records (RFC 9859): a host and port of this server, as DSYNC record; or off',
        ),
    })
    .partial()
    .optional()
    .describe('what the zone does for the zones that it delegates, as their parent'),
};
