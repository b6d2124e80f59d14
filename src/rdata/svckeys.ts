/**
 * Keys of SvcParams and their values (RFC 9460 §7, §8; dohpath RFC 9461 §5, ohttp RFC 9540 §4, docpath RFC 9953 §3.1,
 * tls-supported-groups draft-ietf-tls-key-share-prediction, pvd draft-ietf-intarea-proxy-config): one row a key, by its
 * number. A key that has no row is opaque and written `key667`.
 */
import { decodeBase64Into, encodeBase64 } from '../base/encoding.ts';
import { formatIpv4, formatIpv6, putIpv4, putIpv6 } from './addresstext.ts';
import { quoted } from './stringfields.ts';

/** Keys that the rules of a whole record ask for. */
export const SVC_KEY = { MANDATORY: 0, ALPN: 1, NO_DEFAULT_ALPN: 2, IPV6HINT: 6 } as const;

/** 65535 is reserved as "invalid key" (RFC 9460 §14.3.2). */
export const INVALID_KEY = 65_535;

const COMMA = 44;
const BACKSLASH = 92;
const TEXT_OCTETS = 64;

/** How the value of a key is read, checked and written. */
interface SvcKey {
  readonly name: string;
  /** Wire form of a value whose escapes are resolved; undefined if it is wrong. */
  parse(value: Uint8Array): Uint8Array | undefined;
  /** What is wrong with a value in wire form; undefined if nothing is. */
  fault(value: Uint8Array): string | undefined;
  /** Text of a value in wire form, empty if the key stands alone. Of keys after `ipv6hint` the octets are written. */
  format(value: Uint8Array): string;
}

type Value = Omit<SvcKey, 'name'>;

/** Octets that are not looked into. */
const opaque: Value = {
  parse: (value) => value,
  fault: () => undefined,
  format: (value) => (value.length === 0 ? '' : quoted(value, 0, value.length)),
};

// ---- Lists (RFC 9460 App. A.1) ----

/** Items of a comma-separated list, `\,` and `\\` resolved; undefined if one is empty. */
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

function counted(item: Uint8Array): number[] | undefined {
  return item.length > 255 ? undefined : [item.length, ...item];
}

/** Non-empty items behind their lengths, which fill the value. */
function isCountedList(value: Uint8Array): boolean {
  let at = 0;
  while (at < value.length) {
    if (value[at] === 0) return false;
    at += 1 + value[at]!;
  }
  return at === value.length;
}

function countedListText(value: Uint8Array): string {
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

// ---- Numbers, addresses, keys ----

function textOf(octets: Uint8Array): string {
  return String.fromCharCode(...octets.subarray(0, TEXT_OCTETS));
}

function numberOctets(octets: Uint8Array): number[] | undefined {
  const text = textOf(octets);
  const number = /^\d{1,5}$/.test(text) ? Number(text) : 65_536;
  return number <= 65_535 ? [number >> 8, number & 255] : undefined;
}

/** Numbers of two octets each. */
function numbersIn(value: Uint8Array): number[] {
  return Array.from({ length: value.length >> 1 }, (_, i) => (value[2 * i]! << 8) | value[2 * i + 1]!);
}

function isMultiple(value: Uint8Array, octets: number): boolean {
  return value.length > 0 && value.length % octets === 0;
}

function addresses(octets: 4 | 16): Value {
  const put = octets === 4 ? putIpv4 : putIpv6;
  const format = octets === 4 ? formatIpv4 : formatIpv6;
  return {
    parse: (value) =>
      listValue(value, (item) => {
        const out = new Uint8Array(octets);
        return put(item, 0, item.length, out, 0) ? [...out] : undefined;
      }),
    fault: (value) =>
      isMultiple(value, octets) ? undefined : `IPv${octets === 4 ? 4 : 6} addresses are needed`,
    format: (value) =>
      Array.from({ length: value.length / octets }, (_, i) => format(value, i * octets)).join(','),
  };
}

/** Keys that a value of `mandatory` names. */
export function mandatoryKeys(value: Uint8Array): number[] {
  return numbersIn(value);
}

const mandatory: Value = {
  parse(value) {
    const keys = (listItems(value) ?? []).map((item) => parseSvcKey(textOf(item)) ?? INVALID_KEY);
    if (keys.length === 0 || keys.includes(INVALID_KEY)) return undefined;
    return Uint8Array.from(keys.sort((a, b) => a - b).flatMap((key) => [key >> 8, key & 255]));
  },
  fault(value) {
    const keys = numbersIn(value);
    if (!isMultiple(value, 2)) return 'a list of keys is needed';
    if (keys.includes(SVC_KEY.MANDATORY)) return 'it may not name itself';
    return keys.every((key, i) => i === 0 || key > keys[i - 1]!) ? undefined : 'a key is named twice';
  },
  format: (value) => numbersIn(value).map(writtenKey).join(','),
};

const port: Value = {
  parse(value) {
    const octets = numberOctets(value);
    return octets && Uint8Array.from(octets);
  },
  fault: (value) => (value.length === 2 ? undefined : 'a port is needed'),
  format: (value) => String(numbersIn(value)[0]),
};

/** TLS named groups in the order in which the server prefers them. */
const groups: Value = {
  ...opaque,
  parse: (value) => listValue(value, numberOctets),
  fault(value) {
    if (!isMultiple(value, 2)) return 'a list of group numbers is needed';
    return new Set(numbersIn(value)).size === value.length / 2 ? undefined : 'a group is named twice';
  },
};

// ---- Single values ----

/** The key stands alone. */
const flag: Value = {
  parse: (value) => value,
  fault: (value) => (value.length === 0 ? undefined : 'it takes no value'),
  format: () => '',
};

const ech: Value = {
  parse(value) {
    const out = new Uint8Array(value.length);
    const octets = decodeBase64Into(value, 0, value.length, out, 0);
    return octets > 0 ? out.subarray(0, octets) : undefined;
  },
  fault: (value) => (value.length > 0 ? undefined : 'a value is needed'),
  format: (value) => encodeBase64(value),
};

/** RFC 9461 §5: a relative URI template in UTF-8 that has a variable `dns`. */
const dohpath: Value = {
  ...opaque,
  fault(value) {
    const text = new TextDecoder().decode(value);
    if (text.startsWith('/') && !text.includes('\ufffd') && /\{[^}]*\bdns\b[^}]*\}/.test(text))
      return undefined;
    return 'a relative URI template in UTF-8 with the variable dns is needed, such as /dns-query{?dns}';
  },
};

const alpn: Value = {
  parse: (value) => listValue(value, counted),
  fault: (value) => (value.length > 0 && isCountedList(value) ? undefined : 'a list of protocols is needed'),
  format: countedListText,
};

/** Segments of a path; none is the root of the server. */
const docpath: Value = {
  ...opaque,
  parse: (value) => (value.length === 0 ? value : listValue(value, counted)),
  fault: (value) => (isCountedList(value) ? undefined : 'a list of path segments is needed'),
};

/** By number. */
const KEYS: readonly SvcKey[] = [
  { name: 'mandatory', ...mandatory },
  { name: 'alpn', ...alpn },
  { name: 'no-default-alpn', ...flag },
  { name: 'port', ...port },
  { name: 'ipv4hint', ...addresses(4) },
  { name: 'ech', ...ech },
  { name: 'ipv6hint', ...addresses(16) },
  { name: 'dohpath', ...dohpath },
  { name: 'ohttp', ...flag },
  { name: 'tls-supported-groups', ...groups },
  { name: 'docpath', ...docpath },
  { name: 'pvd', ...flag },
];

/** Names of the keys that have one, by number. */
export const SVC_KEY_NAMES: readonly string[] = KEYS.map(({ name }) => name);

/** Key of `alpn` or `key1`; undefined if it is neither (RFC 9460 §2.1: lower case; `key` without leading zeros). */
export function parseSvcKey(text: string): number | undefined {
  const known = SVC_KEY_NAMES.indexOf(text);
  if (known !== -1) return known;
  const digits = /^key(0|[1-9]\d{0,4})$/.exec(text)?.[1];
  return digits !== undefined && Number(digits) < INVALID_KEY ? Number(digits) : undefined;
}

/** The name of a key, or `key667`. */
export function formatSvcKey(key: number): string {
  return SVC_KEY_NAMES[key] ?? `key${key}`;
}

/** Wire form of a value written under the name of its key, escapes resolved; undefined if it is wrong. */
export function parseSvcValue(key: number, value: Uint8Array): Uint8Array | undefined {
  return (KEYS[key] ?? opaque).parse(value);
}

/** What is wrong with a value in wire form; undefined if nothing is. */
export function svcValueFault(key: number, value: Uint8Array): string | undefined {
  return (KEYS[key] ?? opaque).fault(value);
}

/**
 * Keys that came after RFC 9460 are written as `key7`, with their octets: Knot 3.2, NSD 4.6 and others know no name for
 * them, and everyone reads this one.
 */
function writtenKey(key: number): string {
  return key <= SVC_KEY.IPV6HINT ? formatSvcKey(key) : `key${key}`;
}

/** `key=value` in presentation form. */
export function formatSvcParam(key: number, value: Uint8Array): string {
  const row = key <= SVC_KEY.IPV6HINT ? KEYS[key]! : opaque;
  const text = row.format(value);
  return text === '' ? writtenKey(key) : `${writtenKey(key)}=${text}`;
}
