/**
 * SvcParams of SVCB and HTTPS (RFC 9460 §2.1, §7, App. A; `dohpath` RFC 9461 §5): `key=value` in any order as text,
 * ascending keys on the wire. Values are checked for every known key; others are opaque.
 */
import { decodeBase64Into, encodeBase64 } from '../base/encoding.ts';
import { formatIpv4, formatIpv6, putIpv4, putIpv6 } from './addresstext.ts';
import { type Field, readNumber, type WireCursor } from './field.ts';
import { type FieldParser, MAX_RDATA_OCTETS } from './fieldparser.ts';
import { escapeOctets, unescaped } from './nametext.ts';
import { quoted } from './stringfields.ts';

const KEY = {
  MANDATORY: 0,
  ALPN: 1,
  NO_DEFAULT_ALPN: 2,
  PORT: 3,
  IPV4HINT: 4,
  ECH: 5,
  IPV6HINT: 6,
  DOHPATH: 7,
} as const;

const KEY_NAMES = [
  'mandatory',
  'alpn',
  'no-default-alpn',
  'port',
  'ipv4hint',
  'ech',
  'ipv6hint',
  'dohpath',
] as const;

const INVALID_KEY = 65_535;
const COMMA = 44;
const BACKSLASH = 92;
const QUOTE = 34;
const EQUALS = 61;

interface Param {
  readonly key: number;
  readonly value: Uint8Array;
}

/** Key of `alpn` or `key1`; undefined if it is neither (RFC 9460 §2.1: lower case; `key` without leading zeros). */
function keyOf(text: string): number | undefined {
  const known = (KEY_NAMES as readonly string[]).indexOf(text);
  if (known !== -1) return known;
  const digits = /^key(0|[1-9]\d{0,4})$/.exec(text)?.[1];
  return digits !== undefined && Number(digits) < INVALID_KEY ? Number(digits) : undefined;
}

function keyText(key: number): string {
  return KEY_NAMES[key] ?? `key${key}`;
}

// ---- Text ----

function textOf(octets: Uint8Array): string {
  return String.fromCharCode(...octets.subarray(0, 64));
}

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

/** Items of a comma-separated list, `\,` and `\\` resolved (RFC 9460 App. A.1); undefined if one is empty. */
function listItems(value: Uint8Array): Uint8Array[] | undefined {
  const items: Uint8Array[] = [];
  let item: number[] = [];
  for (let at = 0; at <= value.length; at++) {
    if (at === value.length || value[at] === COMMA) {
      if (item.length === 0) return undefined;
      items.push(Uint8Array.from(item));
      item = [];
      continue;
    }
    const isEscape = value[at] === BACKSLASH;
    if (isEscape && value[at + 1] !== COMMA && value[at + 1] !== BACKSLASH) return undefined;
    if (isEscape) at++;
    item.push(value[at]!);
  }
  return items;
}

/** Wire form of a list of items, each turned by `convert`; undefined if one cannot be. */
function listValue(
  value: Uint8Array,
  convert: (item: Uint8Array) => readonly number[] | undefined,
): Uint8Array | undefined {
  const octets: number[] = [];
  for (const item of listItems(value) ?? [new Uint8Array(0)]) {
    const converted = item.length === 0 ? undefined : convert(item);
    if (converted === undefined) return undefined;
    octets.push(...converted);
  }
  return Uint8Array.from(octets);
}

function address(item: Uint8Array, octets: 4 | 16): number[] | undefined {
  const out = new Uint8Array(octets);
  const put = octets === 4 ? putIpv4 : putIpv6;
  return put(item, 0, item.length, out, 0) ? [...out] : undefined;
}

function mandatoryValue(value: Uint8Array): Uint8Array | undefined {
  const keys: number[] = [];
  for (const item of listItems(value) ?? []) keys.push(keyOf(textOf(item)) ?? INVALID_KEY);
  if (keys.length === 0 || keys.includes(INVALID_KEY)) return undefined;
  return Uint8Array.from(keys.sort((a, b) => a - b).flatMap((key) => [key >> 8, key & 255]));
}

function portValue(value: Uint8Array): Uint8Array | undefined {
  const text = textOf(value);
  const port = /^\d{1,5}$/.test(text) ? Number(text) : INVALID_KEY + 1;
  return port <= 65_535 ? Uint8Array.of(port >> 8, port) : undefined;
}

function echValue(value: Uint8Array): Uint8Array | undefined {
  const out = new Uint8Array(value.length);
  const octets = decodeBase64Into(value, 0, value.length, out, 0);
  return octets > 0 ? out.subarray(0, octets) : undefined;
}

/** Wire form of a value written under the name of its key; undefined if it is wrong. */
function namedValue(key: number, value: Uint8Array): Uint8Array | undefined {
  switch (key) {
    case KEY.MANDATORY:
      return mandatoryValue(value);
    case KEY.ALPN:
      return listValue(value, (item) => (item.length > 255 ? undefined : [item.length, ...item]));
    case KEY.PORT:
      return portValue(value);
    case KEY.IPV4HINT:
      return listValue(value, (item) => address(item, 4));
    case KEY.IPV6HINT:
      return listValue(value, (item) => address(item, 16));
    case KEY.ECH:
      return echValue(value);
    default:
      return value;
  }
}

/** Consumes `key`, `key=value` or `key="value"`; undefined and a fault if it is wrong. */
function takeParam(parser: FieldParser): Param | undefined {
  const token = parser.take();
  const { octets, starts, ends } = parser.tokens;
  const start = starts[token]!;
  let end = ends[token]!;
  let at = start;
  while (at < end && octets[at] !== EQUALS) at++;
  const name = String.fromCharCode(...octets.subarray(start, Math.min(at, start + 64)));
  const key = keyOf(name);
  if (key === undefined) {
    parser.failToken(token, 'a parameter', `known keys: ${KEY_NAMES.join(', ')}, keyNNNNN`);
    return undefined;
  }
  at = Math.min(at + 1, end);
  if (octets[at] === QUOTE && at < end) {
    at++;
    end--;
  }
  const text = unescapedValue(octets, at, end);
  const value = text === undefined || !name.startsWith('key') ? text && namedValue(key, text) : text;
  if (value === undefined || valueFault(key, value) !== undefined || value.length > MAX_RDATA_OCTETS) {
    const why =
      value === undefined ? 'its value is wrong' : (valueFault(key, value) ?? 'its value is too long');
    parser.fail(`parameter ${keyText(key)}: ${why}`, { token });
    return undefined;
  }
  return { key, value };
}

// ---- What both forms must hold ----

/** Octets of alpn: non-empty items behind their lengths. */
function isAlpn(value: Uint8Array): boolean {
  let at = 0;
  while (at < value.length) {
    if (value[at] === 0) return false;
    at += 1 + value[at]!;
  }
  return value.length > 0 && at === value.length;
}

function keysIn(mandatory: Uint8Array): number[] {
  return Array.from(
    { length: mandatory.length >> 1 },
    (_, i) => (mandatory[2 * i]! << 8) | mandatory[2 * i + 1]!,
  );
}

function mandatoryFault(value: Uint8Array): string | undefined {
  const keys = keysIn(value);
  if (value.length === 0 || value.length % 2 !== 0) return 'a list of keys is needed';
  if (keys.includes(KEY.MANDATORY)) return 'it may not name itself';
  return keys.every((key, i) => i === 0 || key > keys[i - 1]!) ? undefined : 'a key is named twice';
}

function isMultiple(value: Uint8Array, octets: number): boolean {
  return value.length > 0 && value.length % octets === 0;
}

/** What is wrong with the wire form of a value. */
function valueFault(key: number, value: Uint8Array): string | undefined {
  switch (key) {
    case KEY.MANDATORY:
      return mandatoryFault(value);
    case KEY.ALPN:
      return isAlpn(value) ? undefined : 'a list of protocols is needed';
    case KEY.NO_DEFAULT_ALPN:
      return value.length === 0 ? undefined : 'it takes no value';
    case KEY.PORT:
      return value.length === 2 ? undefined : 'a port is needed';
    case KEY.IPV4HINT:
      return isMultiple(value, 4) ? undefined : 'IPv4 addresses are needed';
    case KEY.IPV6HINT:
      return isMultiple(value, 16) ? undefined : 'IPv6 addresses are needed';
    case KEY.ECH:
    case KEY.DOHPATH:
      return value.length > 0 ? undefined : 'a value is needed';
    default:
      return undefined;
  }
}

/** What is wrong with parameters together, their keys ascending (RFC 9460 §7.1.1, §8). */
function setFault(params: readonly Param[]): string | undefined {
  const keys = new Set(params.map(({ key }) => key));
  if (keys.size < params.length) return 'a parameter is given twice';
  if (keys.has(KEY.NO_DEFAULT_ALPN) && !keys.has(KEY.ALPN)) return 'no-default-alpn needs alpn';
  const mandatory = params[0]?.key === KEY.MANDATORY ? keysIn(params[0].value) : [];
  const missing = mandatory.find((key) => !keys.has(key));
  return missing === undefined ? undefined : `${keyText(missing)} is mandatory, but is not given`;
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

// ---- Writing text ----

function alpnText(value: Uint8Array): string {
  const list: number[] = [];
  for (let at = 0; at < value.length; at += 1 + value[at]!) {
    if (at > 0) list.push(COMMA);
    for (const octet of value.subarray(at + 1, at + 1 + value[at]!)) {
      if (octet === COMMA || octet === BACKSLASH) list.push(BACKSLASH);
      list.push(octet);
    }
  }
  return quoted(Uint8Array.from(list), 0, list.length);
}

function addressesText(value: Uint8Array, octets: 4 | 16): string {
  const format = octets === 4 ? formatIpv4 : formatIpv6;
  return Array.from({ length: value.length / octets }, (_, i) => format(value, i * octets)).join(',');
}

/** Keys that came after RFC 9460 are written as `key7`: Knot 3.2 and others know no name for them. */
function writtenKey(key: number): string {
  return key <= KEY.IPV6HINT ? keyText(key) : `key${key}`;
}

function valueText(key: number, value: Uint8Array): string {
  switch (key) {
    case KEY.MANDATORY:
      return keysIn(value).map(keyText).join(',');
    case KEY.ALPN:
      return alpnText(value);
    case KEY.PORT:
      return String((value[0]! << 8) | value[1]!);
    case KEY.IPV4HINT:
      return addressesText(value, 4);
    case KEY.IPV6HINT:
      return addressesText(value, 16);
    case KEY.ECH:
      return encodeBase64(value);
    default:
      return value.length === 0 ? '' : quoted(value, 0, value.length);
  }
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
    return params.every(({ key, value }) => valueFault(key, value) === undefined);
  },
  format(cursor) {
    const texts = (readParams(cursor) ?? []).map(({ key, value }) => {
      const text = valueText(key, value);
      return text === '' ? writtenKey(key) : `${writtenKey(key)}=${text}`;
    });
    return texts.join(' ');
  },
};
