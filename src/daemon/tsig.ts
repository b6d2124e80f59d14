/**
 * TSIG (RFC 8945) of messages that we send: signs a request, and proves the response to it. Algorithms as §6 wants them:
 * HMAC-SHA-1 and all of SHA-2, of which SHA-256 is recommended; MD5 must not be used. MACs are never truncated, and one
 * that is proves nothing.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { UnixSeconds } from '../base/time.ts';
import {
  getCount,
  getFlags,
  getU16,
  HEADER,
  rcodeOf,
  setCount,
  setId,
  setU16,
  setU32,
} from '../wire/header.ts';
import { CLASS, RRTYPE } from '../wire/iana.ts';
import { formatName, lowerName, type Name, nameOf, parseName } from '../wire/name.ts';

const HASHES = {
  'hmac-sha1': 'sha1',
  'hmac-sha224': 'sha224',
  'hmac-sha256': 'sha256',
  'hmac-sha384': 'sha384',
  'hmac-sha512': 'sha512',
} as const;
type Algorithm = keyof typeof HASHES;

/** Clocks may differ by so many seconds (RFC 8945 §10). */
const FUDGE_S = 300;
const TIME_OCTETS = 6;

/** A key that both sides have. */
export interface TsigKey {
  readonly name: Name;
  readonly algorithm: Algorithm;
  readonly secret: Uint8Array;
}

/**
 * Reads a key file as `tsig-keygen` writes it: `key "name" { algorithm hmac-sha256; secret "…"; };`. A string says what is
 * wrong with it.
 */
export function parseTsigKey(text: string): TsigKey | string {
  const bare = text.replace(/\/\*[\s\S]*?\*\/|(?:#|\/\/).*$/gm, ' ');
  const [, written, body = ''] = /^\s*key\s+"?([^\s"{]+)"?\s*\{([^}]*)\}\s*;?\s*$/.exec(bare) ?? [];
  if (written === undefined) return 'it is not of the form: key "name" { algorithm …; secret "…"; };';
  const name = parseName(written.endsWith('.') ? written : `${written}.`);
  if (typeof name === 'string') return `${written} is no domain name`;
  const algorithm = /\balgorithm\s+"?([\w.-]+)"?\s*;/.exec(body)?.[1]?.toLowerCase() ?? 'none';
  if (/^hmac-md5/.test(algorithm))
    return 'its algorithm is hmac-md5, which must not be used (RFC 8945 §6): make a new key';
  if (!(algorithm in HASHES))
    return `its algorithm is ${algorithm}, and not one of ${Object.keys(HASHES).join(', ')}`;
  const secret = /\bsecret\s+"?([A-Za-z0-9+/]+={0,2})"?\s*;/.exec(body)?.[1];
  if (secret === undefined) return 'it has no secret in Base64';
  return { name: lowerName(name), algorithm: algorithm as Algorithm, secret: Buffer.from(secret, 'base64') };
}

/** A message with its TSIG record, and what proves the response. */
export interface Signed {
  readonly message: Uint8Array;
  readonly mac: Uint8Array;
}

/** Signs a message that has its id (§5.1). */
export function signMessage(message: Uint8Array, key: TsigKey, now: UnixSeconds): Signed {
  const times = timesOf(now);
  const mac = macOf(key, [message, variablesOf(key, times, 0, EMPTY)]);
  const algorithm = nameOf(`${key.algorithm}.`);
  const rdata = Buffer.concat([
    algorithm,
    times,
    u16(mac.length),
    mac,
    message.subarray(HEADER.ID, HEADER.ID + 2),
    u16(0),
    u16(0),
  ]);
  const tail = new Uint8Array(10);
  setU16(tail, 0, RRTYPE.TSIG);
  setU16(tail, 2, CLASS.ANY);
  setU16(tail, 8, rdata.length);
  const signed = Buffer.concat([message, key.name, tail, rdata]);
  setCount(signed, HEADER.ARCOUNT, getCount(signed, HEADER.ARCOUNT) + 1);
  return { message: signed, mac };
}

/** What the TSIG of a response proves. */
export type Proof =
  | { readonly kind: 'proven' }
  /** The server cannot, or does not, believe our signature (§5.2); `isLasting`: trying again will not help. */
  | { readonly kind: 'rejected'; readonly text: string; readonly isLasting: boolean }
  /** Whoever answers has not shown that it has the key. */
  | { readonly kind: 'unproven'; readonly text: string };

/** Proves the response to a request that `signMessage` signed (§5.3). */
export function proveResponse(
  response: Uint8Array,
  key: TsigKey,
  requestMac: Uint8Array,
  now: UnixSeconds,
): Proof {
  const tsig = readTsig(response);
  if (tsig === undefined) return { kind: 'unproven', text: 'the answer is not signed' };
  const { name, algorithm, times, mac, error, other } = tsig;
  if (error === BADKEY || error === BADSIG) return rejectionOf(error, 0);
  const isOurs = formatName(name) === formatName(key.name) && formatName(algorithm) === `${key.algorithm}.`;
  if (!isOurs) return { kind: 'unproven', text: 'the answer is signed with another key' };
  const bare = Uint8Array.from(response.subarray(0, tsig.at));
  setCount(bare, HEADER.ARCOUNT, getCount(bare, HEADER.ARCOUNT) - 1);
  setId(bare, tsig.originalId);
  const request = [u16(requestMac.length), requestMac];
  const wanted = macOf(key, [...request, bare, variablesOf(key, times, error, other)]);
  if (mac.length < wanted.length) {
    const text = `the signature of the answer is cut short, to ${mac.length} of ${wanted.length} octets`;
    return { kind: 'unproven', text };
  }
  if (mac.length !== wanted.length || !timingSafeEqual(mac, wanted)) {
    return { kind: 'unproven', text: 'the signature of the answer is wrong' };
  }
  // §5.2.3: with BADTIME, what is called other data is the time of the server.
  if (error !== 0) return rejectionOf(error, other.length === TIME_OCTETS ? secondsIn(other) - now : 0);
  const at = secondsIn(times);
  if (Math.abs(at - now) > FUDGE_S)
    return { kind: 'unproven', text: 'the answer was signed at another time' };
  return { kind: 'proven' };
}

const BADSIG = 16;
const BADKEY = 17;
const BADTIME = 18;
const BADTRUNC = 22;
const EMPTY = new Uint8Array(0);

/** `ahead`: by how many seconds the clock of the server is ahead of ours; 0 if it does not tell. */
function rejectionOf(error: number, ahead: number): Proof {
  switch (error) {
    case BADKEY:
      return { kind: 'rejected', text: 'it does not know our key (BADKEY)', isLasting: true };
    case BADSIG:
      return { kind: 'rejected', text: 'its secret of the key is another one (BADSIG)', isLasting: true };
    case BADTIME:
      return { kind: 'rejected', text: `its clock ${clockWords(ahead)} (BADTIME)`, isLasting: false };
    case BADTRUNC:
      return { kind: 'rejected', text: 'it finds our signature too short (BADTRUNC)', isLasting: true };
    default:
      return { kind: 'rejected', text: `TSIG error ${error}`, isLasting: true };
  }
}

function clockWords(ahead: number): string {
  if (ahead === 0) return 'and ours differ too much';
  return `is ${Math.abs(ahead)} s ${ahead > 0 ? 'ahead of' : 'behind'} ours`;
}

/** The 48 bits of a time. */
function secondsIn(octets: Uint8Array): number {
  return Buffer.from(octets).readUIntBE(0, TIME_OCTETS);
}

function macOf({ algorithm, secret }: TsigKey, parts: readonly Uint8Array[]): Uint8Array {
  const hmac = createHmac(HASHES[algorithm], secret);
  for (const part of parts) hmac.update(part);
  return hmac.digest();
}

/** The TSIG variables (§4.3.3). */
function variablesOf(key: TsigKey, times: Uint8Array, error: number, other: Uint8Array): Uint8Array {
  const head = new Uint8Array(6);
  setU16(head, 0, CLASS.ANY);
  const algorithm = nameOf(`${key.algorithm}.`);
  return Buffer.concat([key.name, head, algorithm, times, u16(error), u16(other.length), other]);
}

/** Time signed, 48 bits, and fudge. */
function timesOf(now: UnixSeconds): Uint8Array {
  const octets = new Uint8Array(TIME_OCTETS + 2);
  setU16(octets, 0, Math.floor(now / 2 ** 32));
  setU32(octets, 2, now % 2 ** 32);
  setU16(octets, TIME_OCTETS, FUDGE_S);
  return octets;
}

function u16(value: number): Uint8Array {
  return Uint8Array.of(value >>> 8, value & 0xff);
}

// ---- Reading ----

interface Tsig {
  /** Where the record begins. */
  readonly at: number;
  readonly name: Name;
  readonly algorithm: Name;
  readonly times: Uint8Array;
  readonly mac: Uint8Array;
  readonly originalId: number;
  readonly error: number;
  readonly other: Uint8Array;
}

/** The TSIG record, which is the last of a message; undefined if there is none that can be read. */
function readTsig(message: Uint8Array): Tsig | undefined {
  if (message.length < HEADER.OCTETS || getCount(message, HEADER.ARCOUNT) === 0) return undefined;
  const at = lastRecordAt(message);
  if (at === undefined) return undefined;
  const nameEnd = plainNameEnd(message, at);
  if (nameEnd === undefined || nameEnd + 10 > message.length) return undefined;
  const rdataAt = nameEnd + 10;
  const isTsig = getU16(message, nameEnd) === RRTYPE.TSIG && getU16(message, nameEnd + 2) === CLASS.ANY;
  if (!isTsig || rdataAt + getU16(message, nameEnd + 8) !== message.length) return undefined;
  const timesAt = plainNameEnd(message, rdataAt);
  if (timesAt === undefined || timesAt + 16 > message.length) return undefined;
  const macAt = timesAt + TIME_OCTETS + 4;
  const macEnd = macAt + getU16(message, macAt - 2);
  if (macEnd + 6 > message.length || macEnd + 6 + getU16(message, macEnd + 4) !== message.length)
    return undefined;
  return {
    at,
    name: lowerName(message.subarray(at, nameEnd)),
    algorithm: lowerName(message.subarray(rdataAt, timesAt)),
    times: message.subarray(timesAt, timesAt + TIME_OCTETS + 2),
    mac: message.subarray(macAt, macEnd),
    originalId: getU16(message, macEnd),
    error: getU16(message, macEnd + 2),
    other: message.subarray(macEnd + 6),
  };
}

/** Where the last record of a message begins; undefined if the message is malformed. */
function lastRecordAt(message: Uint8Array): number | undefined {
  let at: number | undefined = HEADER.OCTETS;
  for (let left = getCount(message, HEADER.QDCOUNT); left > 0 && at !== undefined; left--) {
    const end: number | undefined = nameEndIn(message, at);
    at = end === undefined ? undefined : end + 4;
  }
  const counts = [HEADER.ANCOUNT, HEADER.NSCOUNT, HEADER.ARCOUNT].map((field) => getCount(message, field));
  for (let left = counts.reduce((sum, count) => sum + count); left > 1 && at !== undefined; left--) {
    const end: number | undefined = nameEndIn(message, at);
    at = end === undefined || end + 10 > message.length ? undefined : end + 10 + getU16(message, end + 8);
  }
  return at;
}

/** Offset behind a name that may be compressed. */
function nameEndIn(message: Uint8Array, start: number): number | undefined {
  for (let at = start; at < message.length; at += message[at]! + 1) {
    if (message[at] === 0) return at + 1;
    if (message[at]! >= 0xc0) return at + 2;
    if (message[at]! > 63) return undefined;
  }
  return undefined;
}

/** Offset behind a name that is not compressed, as names of TSIG are. */
function plainNameEnd(message: Uint8Array, start: number): number | undefined {
  const end = nameEndIn(message, start);
  return end !== undefined && message[end - 1] === 0 && end - start <= 255 ? end : undefined;
}

/** RCODE of a message: its lower four bits, as responses to updates have no OPT. */
export function rcodeOfResponse(message: Uint8Array): number {
  return rcodeOf(getFlags(message));
}
