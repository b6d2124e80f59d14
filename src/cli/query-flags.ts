/** The options of `keyturn query` as they are written, and what they ask for. */
import { readFileSync } from 'node:fs';
import { OperationError } from '../control/operation.ts';
import { seconds, whole } from '../control/params.ts';
import { FLAG } from '../wire/header.ts';
import { CLASS, OPCODE, parseClass } from '../wire/iana.ts';
import type { QueryOptions, TlsWish } from './query-client.ts';
import {
  anyOption,
  CLIENT_COOKIE_OCTETS,
  EDNS_FLAG,
  type EdnsOption,
  OPTION,
  subnetOption,
} from './query-edns.ts';
import { PADDING_BLOCK_OCTETS, type QueryEdns, UDP_PAYLOAD_OCTETS } from './query-message.ts';

const EMPTY = new Uint8Array(0);

/** Options as commander gives them. */
export interface QueryFlags {
  readonly port?: string;
  readonly dnssec?: boolean;
  readonly compact?: boolean;
  readonly tcp?: boolean;
  readonly tls?: boolean;
  readonly tlsHost?: string;
  readonly tlsCa?: string;
  readonly recurse?: boolean;
  readonly cd?: boolean;
  readonly ad?: boolean;
  readonly class?: string;
  readonly opcode?: string;
  /** False with `--no-edns`. */
  readonly edns: boolean;
  readonly ednsVersion?: string;
  readonly payload?: string;
  readonly cookie?: boolean;
  readonly withCookie?: string;
  readonly nsid?: boolean;
  readonly keepalive?: boolean;
  readonly padding?: boolean;
  readonly subnet?: string;
  readonly option?: readonly string[];
  readonly short?: boolean;
  readonly timeout: string;
  readonly tries: string;
}

/** What the options ask for. Throws OperationError. */
export function optionsOf(flags: QueryFlags): QueryOptions {
  const isTls = flags.tls === true || flags.tlsHost !== undefined || flags.tlsCa !== undefined;
  const bits: readonly [boolean | undefined, number][] = [
    [flags.recurse, FLAG.RD],
    [flags.ad, FLAG.AD],
    [flags.cd, FLAG.CD],
  ];
  return {
    opcode: opcodeOf(flags.opcode),
    flags: bits.reduce((all, [isSet, bit]) => (isSet ? all | bit : all), 0),
    edns: flags.edns ? ednsOf(flags, isTls) : undefined,
    transport: isTls ? 'tls' : flags.tcp ? 'tcp' : 'udp',
    tls: tlsOf(flags),
    timeoutMs: numberOf(seconds, '--timeout', flags.timeout) * 1_000,
    tries: numberOf(whole(1, 10), '--tries', flags.tries),
  };
}

function ednsOf(flags: QueryFlags, isTls: boolean): QueryEdns {
  const { ednsVersion = '0', payload = String(UDP_PAYLOAD_OCTETS) } = flags;
  return {
    version: numberOf(whole(0, 255), '--edns-version', ednsVersion),
    payload: numberOf(whole(0, 65_535), '--payload', payload),
    flags: (flags.dnssec ? EDNS_FLAG.DO : 0) | (flags.compact ? EDNS_FLAG.CO : 0),
    options: ednsOptionsOf(flags),
    paddingBlock: flags.padding || isTls ? PADDING_BLOCK_OCTETS : 0,
  };
}

function ednsOptionsOf(flags: QueryFlags): EdnsOption[] {
  const options: EdnsOption[] = [];
  if (flags.nsid) options.push({ code: OPTION.NSID, data: EMPTY });
  if (flags.keepalive) options.push({ code: OPTION.KEEPALIVE, data: EMPTY });
  if (flags.cookie || flags.withCookie !== undefined) {
    options.push({ code: OPTION.COOKIE, data: cookieOf(flags.withCookie) });
  }
  if (flags.subnet !== undefined) {
    const option = subnetOption(flags.subnet);
    if (option === undefined) throw usage('BAD_PARAMETERS', `--subnet ${flags.subnet}: write 192.0.2.0/24`);
    options.push(option);
  }
  for (const text of flags.option ?? []) {
    const option = anyOption(text);
    if (option === undefined) throw usage('BAD_PARAMETERS', `--option ${text}: write CODE or CODE:HEX`);
    options.push(option);
  }
  return options;
}

/** A cookie of one's own, or a client cookie that was not used before (RFC 7873 §5.1). */
function cookieOf(wish: string | undefined): Uint8Array {
  if (wish === undefined) return crypto.getRandomValues(new Uint8Array(CLIENT_COOKIE_OCTETS));
  if (/^(?:[0-9a-f]{2})+$/i.test(wish)) return Uint8Array.from(Buffer.from(wish, 'hex'));
  throw usage('BAD_PARAMETERS', `--with-cookie ${wish}: write hexadecimal digits, 16 for a client cookie`);
}

/** Reads the certificates that are trusted. */
function tlsOf({ tlsHost, tlsCa }: QueryFlags): TlsWish {
  if (tlsCa === undefined) return { host: tlsHost, ca: undefined };
  if (tlsHost === undefined) throw usage('BAD_PARAMETERS', '--tls-ca needs --tls-host: who shall it be?');
  try {
    return { host: tlsHost, ca: readFileSync(tlsCa, 'utf8') };
  } catch (error) {
    throw usage('BAD_PARAMETERS', `--tls-ca ${tlsCa}: ${(error as Error).message}`);
  }
}

function opcodeOf(text = 'QUERY'): number {
  const named = Object.entries(OPCODE).find(([name]) => name === text.toUpperCase());
  return named?.[1] ?? numberOf(whole(0, 15), '--opcode', text);
}

/** The class of the question. Throws OperationError. */
export function classOf(text: string | undefined): number {
  if (text === undefined) return CLASS.IN;
  const number = parseClass(text);
  if (number !== undefined) return number;
  throw usage('BAD_PARAMETERS', `--class ${text}: write IN, CH, HS, ANY or CLASS123`);
}

/** The port that was named. Throws OperationError. */
export function portOf({ port }: QueryFlags): number | undefined {
  return port === undefined ? undefined : numberOf(whole(1, 65_535), '--port', port);
}

/** The command line is not like a query. */
export function usage(code: string, message: string): OperationError {
  return new OperationError('USAGE_WRONG', code, message, 'keyturn query example.com SOA @127.0.0.1 -p 5300');
}

interface Schema {
  safeParse(
    value: unknown,
  ): { success: true; data: number } | { success: false; error: { issues: { message: string }[] } };
}

function numberOf(schema: Schema, option: string, text: string): number {
  const parsed = schema.safeParse(text);
  if (parsed.success) return parsed.data;
  throw usage('BAD_PARAMETERS', `${option} ${text}: ${parsed.error.issues[0]?.message ?? 'wrong'}`);
}
