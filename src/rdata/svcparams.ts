/**
 * SvcParams of SVCB and HTTPS (RFC 9460 §2.1, §2.2, App. A): `key=value` in any order as text, ascending keys on the
 * wire. What a value is depends on its key (rdata/svckeys).
 */
import { type Field, readNumber, type WireCursor } from './field.ts';
import { type FieldParser, MAX_RDATA_OCTETS } from './fieldparser.ts';
import { escapeOctets, unescaped } from './nametext.ts';
import {
  formatSvcKey,
  formatSvcParam,
  INVALID_KEY,
  mandatoryKeys,
  parseSvcKey,
  parseSvcValue,
  SVC_KEY,
  SVC_KEY_NAMES,
  svcValueFault,
} from './svckeys.ts';

const BACKSLASH = 92;
const QUOTE = 34;
const EQUALS = 61;
const MAX_KEY_OCTETS = 64;

interface Param {
  readonly key: number;
  readonly value: Uint8Array;
}

// ---- Text ----

/** The octets of a token's value, escapes resolved; undefined if an escape is bad. */
function unescapedValue(text: Uint8Array, start: number, end: number): Uint8Array | undefined {
  const octets = new Uint8Array(end - start);
  let length = 0;
  for (let at = start; at < end; at++) {
    let octet = text[at]!;
    if (octet === BACKSLASH) {
      octet = unescaped(text, at + 1, end);
      if (octet < 0) return undefined;
      at += escapeOctets(text, at + 1);
    }
    octets[length++] = octet;
  }
  return octets.subarray(0, length);
}

/** Consumes `key`, `key=value` or `key="value"`; undefined and a fault if it is wrong. */
function takeParam(parser: FieldParser): Param | undefined {
  const token = parser.take();
  const { octets, starts, ends } = parser.tokens;
  const start = starts[token]!;
  let end = ends[token]!;
  let at = start;
  while (at < end && octets[at] !== EQUALS) at++;
  const name = String.fromCharCode(...octets.subarray(start, Math.min(at, start + MAX_KEY_OCTETS)));
  const key = parseSvcKey(name);
  if (key === undefined) {
    parser.failToken(token, 'a parameter', `known keys: ${SVC_KEY_NAMES.join(', ')}, keyNNNNN`);
    return undefined;
  }
  at = Math.min(at + 1, end);
  if (octets[at] === QUOTE && at < end) {
    at++;
    end--;
  }
  const text = unescapedValue(octets, at, end);
  // RFC 9460 §2.1: under `keyNNNNN` a value is its octets on the wire.
  const isOpaque = name.startsWith('key');
  const value = text === undefined || isOpaque ? text : parseSvcValue(key, text);
  const fault = value === undefined ? 'its value is wrong' : faultOf(key, value);
  if (value !== undefined && fault === undefined) return { key, value };
  parser.fail(`parameter ${formatSvcKey(key)}: ${fault}`, { token });
  return undefined;
}

function faultOf(key: number, value: Uint8Array): string | undefined {
  return value.length > MAX_RDATA_OCTETS ? 'its value is too long' : svcValueFault(key, value);
}

// ---- What both forms must hold ----

/** What is wrong with parameters together, their keys ascending (RFC 9460 §2.4.3, §7.1.1, §8). */
function setFault(params: readonly Param[]): string | undefined {
  const keys = new Set(params.map(({ key }) => key));
  if (keys.size < params.length) return 'a parameter is given twice';
  if (keys.has(SVC_KEY.NO_DEFAULT_ALPN) && !keys.has(SVC_KEY.ALPN)) return 'no-default-alpn needs alpn';
  const mandatory = params[0]?.key === SVC_KEY.MANDATORY ? mandatoryKeys(params[0].value) : [];
  const missing = mandatory.find((key) => !keys.has(key));
  return missing === undefined ? undefined : `${formatSvcKey(missing)} is mandatory, but is not given`;
}

/** Parameters on the wire, in order; undefined if they are malformed. */
function readParams(cursor: WireCursor): Param[] | undefined {
  const params: Param[] = [];
  let lastKey = -1;
  while (cursor.at < cursor.end) {
    if (cursor.at + 4 > cursor.end) return undefined;
    const key = readNumber(cursor, 2);
    const length = readNumber(cursor, 2);
    if (key <= lastKey || key === INVALID_KEY || cursor.at + length > cursor.end) return undefined;
    params.push({ key, value: cursor.octets.subarray(cursor.at, (cursor.at += length)) });
    lastKey = key;
  }
  return params;
}

/** All parameters, up to the end of the RDATA, possibly none. */
export const serviceParams: Field = {
  parse(parser) {
    const first = parser.tokens.next;
    const params: Param[] = [];
    while (parser.hasToken()) {
      const param = takeParam(parser);
      if (param === undefined) return false;
      params.push(param);
    }
    params.sort((a, b) => a.key - b.key);
    const fault = setFault(params);
    if (fault !== undefined) return parser.fail(fault, { token: first });
    for (const { key, value } of params) {
      parser.put16(key);
      parser.put16(value.length);
      for (const octet of value) parser.put8(octet);
    }
    return true;
  },
  check(cursor) {
    const params = readParams(cursor);
    if (params === undefined || setFault(params) !== undefined) return false;
    return params.every(({ key, value }) => svcValueFault(key, value) === undefined);
  },
  format: (cursor) =>
    (readParams(cursor) ?? []).map(({ key, value }) => formatSvcParam(key, value)).join(' '),
};
