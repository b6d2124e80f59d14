/** What the configuration says about EDNS options and about what the server tells of itself. */
import path from 'node:path';
import { z } from 'zod';
import { formatName, type Name, parseName } from '../wire/name.ts';
import { path as pathOf } from './config-values.ts';

const MAX_NSID_OCTETS = 128;
const MAX_TEXT_OCTETS = 255;
const HEX = /^0x(?:[0-9a-f]{2})+$/i;

const octetsOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Text, or octets in hexadecimal behind 0x. */
const nsid = z
  .string()
  .refine((text) => text.length > 0, 'an identifier is not empty')
  .transform((text) => (HEX.test(text) ? new Uint8Array(Buffer.from(text.slice(2), 'hex')) : octetsOf(text)))
  .refine(
    (octets) => octets.length <= MAX_NSID_OCTETS,
    `an identifier has at most ${MAX_NSID_OCTETS} octets`,
  );

const text = z
  .string()
  .refine((value) => octetsOf(value).length <= MAX_TEXT_OCTETS, `at most ${MAX_TEXT_OCTETS} octets`);

const domainName = z.string().transform((value, context) => {
  const name: Name | string = parseName(value.endsWith('.') ? value : `${value}.`);
  if (typeof name !== 'string' && name.length > 1) return name;
  const why = typeof name === 'string' ? name : 'the root is not meant';
  context.addIssue({ code: 'custom', message: `"${value}" is no domain name: ${why}` });
  return z.NEVER;
});

const cookies = z.strictObject({
  mode: z
    .enum(['answer', 'require', 'off'])
    .default('answer')
    .describe(
      'answer: who sends a cookie is given one; require: over UDP only a valid one is answered; off: they are ignored',
    ),
  secretFile: pathOf
    .optional()
    .describe(
      'file of one to four secrets of 32 hexadecimal digits, one a line, that all servers of a name share; ' +
        'the first makes cookies, all are accepted; without this a random secret is made at each start',
    ),
});

const identity = z
  .strictObject({
    nsid: nsid.describe('name server identifier (RFC 5001) for those who ask: text, or octets like 0x6e7331'),
    version: text.describe('answer to version.bind and version.server in class CH'),
    hostname: text.describe('answer to hostname.bind and id.server in class CH'),
  })
  .partial();

/** The keys of the configuration file that are about EDNS. */
export const ednsKeys = {
  cookies: cookies
    .optional()
    .describe('cookies (RFC 7873, 9018), by which a client that comes back proves its address'),
  identity: identity.optional().describe('what the server tells of itself; what is not here is not told'),
  reportAgent: domainName
    .optional()
    .describe(
      'domain name of the agent that resolvers report failures to (RFC 9567); if a zone here holds it, zone show lists them',
    ),
};

const ednsSchema = z.strictObject(ednsKeys);

/** As the configuration has it. */
export interface EdnsConfig {
  readonly cookies: {
    readonly mode: z.infer<typeof cookies>['mode'];
    /** An absolute path. */
    readonly secretFile: string | undefined;
  };
  readonly nsid: Uint8Array | null;
  readonly reportAgent: Name | null;
  /** What is told in class CH; null: nothing. */
  readonly identity: { readonly version: string | null; readonly hostname: string | null };
}

/** What a document says; paths in it are relative to `base`. */
export function ednsOf(document: z.infer<typeof ednsSchema>, base: string): EdnsConfig {
  const { mode, secretFile } = document.cookies ?? cookies.parse({});
  const told = document.identity ?? {};
  return {
    cookies: {
      mode,
      secretFile: secretFile === undefined ? undefined : path.resolve(base, secretFile),
    },
    nsid: told.nsid ?? null,
    reportAgent: document.reportAgent ?? null,
    identity: { version: told.version ?? null, hostname: told.hostname ?? null },
  };
}

/** As a file would write it: paths in the document and values. */
export function writtenEdns({ cookies: said, nsid: id, reportAgent, identity: told }: EdnsConfig) {
  const values: [path: readonly string[], value: string | null | undefined][] = [
    [['cookies', 'mode'], said.mode],
    [['cookies', 'secretFile'], said.secretFile],
    [['identity', 'nsid'], id === null ? null : `0x${Buffer.from(id).toString('hex')}`],
    [['identity', 'version'], told.version],
    [['identity', 'hostname'], told.hostname],
    [['reportAgent'], reportAgent === null ? null : formatName(reportAgent)],
  ];
  return values.flatMap(([at, value]) => (typeof value === 'string' ? [{ path: at, value }] : []));
}
