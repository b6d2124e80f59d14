/** EDNS options (RFC 6891) of a query and of its answer: as octets, and in words. */
import { isIP } from 'node:net';
import { formatIpv4, formatIpv6, putIpv4, putIpv6 } from '../rdata/addresstext.ts';
import { formatName, nameOctets } from '../wire/name.ts';

/** Option codes (IANA "DNS EDNS0 Option Codes") that are read or written here. */
export const OPTION = {
  NSID: 3,
  SUBNET: 8,
  EXPIRE: 9,
  COOKIE: 10,
  KEEPALIVE: 11,
  PADDING: 12,
  CHAIN: 13,
  KEY_TAG: 14,
  EDE: 15,
  REPORT_CHANNEL: 18,
  ZONEVERSION: 19,
} as const;

/** DNSSEC OK and Compact Answers OK (RFC 3225, RFC 9824 §5.1) in the flags of OPT. */
export const EDNS_FLAG = { DO: 0x8000, CO: 0x4000 } as const;

/** Extended DNS Errors (RFC 8914 §5.2, IANA). */
const EDE_TEXTS = [
  'Other Error',
  'Unsupported DNSKEY Algorithm',
  'Unsupported DS Digest Type',
  'Stale Answer',
  'Forged Answer',
  'DNSSEC Indeterminate',
  'DNSSEC Bogus',
  'Signature Expired',
  'Signature Not Yet Valid',
  'DNSKEY Missing',
  'RRSIGs Missing',
  'No Zone Key Bit Set',
  'NSEC Missing',
  'Cached Error',
  'Not Ready',
  'Blocked',
  'Censored',
  'Filtered',
  'Prohibited',
  'Stale NXDOMAIN Answer',
  'Not Authoritative',
  'Not Supported',
  'No Reachable Authority',
  'Network Error',
  'Invalid Data',
  'Signature Expired before Valid',
  'Too Early',
  'Unsupported NSEC3 Iterations Value',
  'Unable to conform to policy',
  'Synthesized',
  'Invalid Query Type',
];

/** Client cookies are eight octets, those of servers follow (RFC 7873 §4). */
export const CLIENT_COOKIE_OCTETS = 8;

export interface EdnsOption {
  readonly code: number;
  readonly data: Uint8Array;
}

/** Options in the RDATA of OPT; what is cut off is left out. */
export function readOptions(rdata: Uint8Array): EdnsOption[] {
  const options: EdnsOption[] = [];
  const octets = Buffer.from(rdata.buffer, rdata.byteOffset, rdata.byteLength);
  for (let at = 0; at + 4 <= octets.length; ) {
    const end = at + 4 + octets.readUInt16BE(at + 2);
    if (end > octets.length) break;
    options.push({ code: octets.readUInt16BE(at), data: octets.subarray(at + 4, end) });
    at = end;
  }
  return options;
}

/** `192.0.2.0/24` as a client subnet (RFC 7871 §6); undefined if it is none. */
export function subnetOption(text: string): EdnsOption | undefined {
  const [address = '', length, ...more] = text.split('/');
  const family = isIP(address);
  const most = family === 4 ? 32 : 128;
  if (family === 0 || more.length > 0 || !/^\d{1,3}$/.test(length ?? '')) return undefined;
  const prefix = Number(length);
  if (prefix > most) return undefined;
  const octets = new Uint8Array(most / 8);
  const ascii = Buffer.from(address, 'latin1');
  if (!(family === 4 ? putIpv4 : putIpv6)(ascii, 0, ascii.length, octets, 0)) return undefined;
  const kept = octets.slice(0, Math.ceil(prefix / 8));
  if (prefix % 8 !== 0) kept[kept.length - 1]! &= 0xff << (8 - (prefix % 8));
  return { code: OPTION.SUBNET, data: Uint8Array.of(0, family === 4 ? 1 : 2, prefix, 0, ...kept) };
}

/** `10:0011` or `65001`: any option; undefined if it is none. */
export function anyOption(text: string): EdnsOption | undefined {
  const [, code, hex = ''] = /^(\d{1,5})(?::((?:[0-9a-f]{2})*))?$/i.exec(text) ?? [];
  if (code === undefined || Number(code) > 65_535) return undefined;
  return { code: Number(code), data: Uint8Array.from(Buffer.from(hex, 'hex')) };
}

// ---- Words ----

/** An option of an answer in words. `clientCookie` is what was sent, to compare. */
export function optionText({ code, data }: EdnsOption, clientCookie?: Uint8Array): string {
  const octets = Buffer.from(data);
  const text = WORDS[code]?.(octets, clientCookie);
  return text ?? `option ${code}: ${octets.toString('hex')}`;
}

type Words = (octets: Buffer, clientCookie: Uint8Array | undefined) => string | undefined;

/** Undefined where the octets are not what the option should hold. */
const WORDS: Readonly<Record<number, Words>> = {
  [OPTION.NSID]: (octets) => `server id: ${printable(octets)}`,
  [OPTION.SUBNET]: subnetText,
  [OPTION.EXPIRE]: (octets) =>
    octets.length === 4 ? `zone expires in ${octets.readUInt32BE(0)} s` : undefined,
  [OPTION.COOKIE]: cookieText,
  [OPTION.KEEPALIVE]: (octets) =>
    octets.length === 2 ? `connection may idle for ${octets.readUInt16BE(0) / 10} s` : undefined,
  [OPTION.PADDING]: (octets) => `padding of ${octets.length} octets`,
  [OPTION.EDE]: edeText,
  [OPTION.REPORT_CHANNEL]: (octets) => {
    const name = nameIn(octets);
    return name === undefined ? undefined : `report errors below ${name}`;
  },
  [OPTION.ZONEVERSION]: (octets) =>
    octets.length === 6 && octets[1] === 0
      ? `zone version: serial ${octets.readUInt32BE(2)} of the zone with ${octets[0]} labels`
      : undefined,
};

function edeText(octets: Buffer): string | undefined {
  if (octets.length < 2) return undefined;
  const code = octets.readUInt16BE(0);
  const meaning = EDE_TEXTS[code];
  const text = printable(octets.subarray(2));
  return `extended error ${code}${meaning === undefined ? '' : ` (${meaning})`}${text === '' ? '' : `: ${text}`}`;
}

function cookieText(octets: Buffer, sent: Uint8Array | undefined): string {
  const client = octets.subarray(0, CLIENT_COOKIE_OCTETS);
  const isOurs = sent !== undefined && client.equals(sent.subarray(0, CLIENT_COOKIE_OCTETS));
  const server = octets.subarray(CLIENT_COOKIE_OCTETS);
  const whose = sent === undefined || isOurs ? '' : ' (the client part is not what was sent)';
  return `cookie: ${client.toString('hex')} ${server.toString('hex') || 'without a server part'}${whose}`;
}

function subnetText(octets: Buffer): string | undefined {
  if (octets.length < 4) return undefined;
  const isFour = octets.readUInt16BE(0) === 1;
  const address = new Uint8Array(isFour ? 4 : 16);
  if (octets.length - 4 > address.length) return undefined;
  address.set(octets.subarray(4));
  const text = isFour ? formatIpv4(address, 0) : formatIpv6(address, 0);
  return `client subnet ${text}/${octets[2]}, of which ${octets[3]} bits matter`;
}

function nameIn(octets: Buffer): string | undefined {
  let at = 0;
  while (at < octets.length && octets[at] !== 0 && octets[at]! <= 63) at += octets[at]! + 1;
  return octets[at] === 0 && nameOctets(octets, 0) === octets.length ? formatName(octets) : undefined;
}

/** Text of others: nothing that a terminal obeys. */
function printable(octets: Buffer): string {
  return octets.toString('utf8').replace(/\p{C}/gu, '?');
}
