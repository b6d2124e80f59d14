/**
 * Key files as BIND has them: `K<zone>+<algorithm>+<tag>.key` holds the DNSKEY record, `.private` the private key
 * (format v1.3). Files of BIND, ldns and PowerDNS are read, and every DNSSEC tool reads ours.
 */
import { formatInstant, type UnixSeconds, unixSeconds } from '../base/time.ts';
import { findAlgorithm } from '../dnssec/algorithm.ts';
import { DNSKEY_FLAG, dnskeyRdata, keyTag } from '../dnssec/dnskey.ts';
import type { RecordKind } from '../kasp/key.ts';
import { equalNames, formatName, type Name, parseName } from '../wire/name.ts';
import { zoneStem } from './stem.ts';

/** A key file may not be longer. */
export const MAX_KEY_FILE_OCTETS = 16_384;

/** Base of the two file names of a key: `Kexample.com.+013+55648`. */
export function keyFileBase(origin: Name, algorithm: number, tag: number): string {
  const zone = origin[0] === 0 ? '' : zoneStem(origin);
  return `K${zone}.+${String(algorithm).padStart(3, '0')}+${String(tag).padStart(5, '0')}`;
}

/** Algorithm and tag of a name of a key file (with or without its ending), or undefined if it is none. */
export function parseKeyFileName(name: string): { base: string; algorithm: number; tag: number } | undefined {
  const match = /^(K.*\+(\d{3})\+(\d{5}))(?:\.(?:key|private))?$/.exec(name);
  if (match === null) return undefined;
  return { base: match[1]!, algorithm: Number(match[2]), tag: Number(match[3]) };
}

// ---- Public half ----

/** The DNSKEY record of a `.key` file. */
export interface PublicKeyFile {
  readonly flags: number;
  readonly algorithm: number;
  readonly publicKey: Uint8Array;
}

/** Text of a `.key` file. */
export function formatPublicFile(origin: Name, key: PublicKeyFile, createdAt: UnixSeconds): string {
  const zone = formatName(origin);
  const tag = keyTag(dnskeyRdata(key.flags, key.algorithm, key.publicKey));
  const role = (key.flags & DNSKEY_FLAG.SEP) !== 0 ? 'key' : 'zone';
  return [
    `; This is a ${role}-signing key, keyid ${tag}, for ${zone}`,
    `; Created: ${compactInstant(createdAt)} (${formatInstant(createdAt)})`,
    `${zone} IN DNSKEY ${key.flags} 3 ${key.algorithm} ${base64(key.publicKey)}`,
    '',
  ].join('\n');
}

/** Parses a `.key` file of the zone; a string says what is wrong with it. */
export function parsePublicFile(text: string, origin: Name): PublicKeyFile | string {
  const fields = text
    .replace(/;[^\n]*/g, '')
    .replace(/[()]/g, ' ')
    .split(/\s+/)
    .filter((field) => field !== '');
  const typeAt = fields.findIndex((field, i) => i > 0 && i <= 3 && field.toUpperCase() === 'DNSKEY');
  if (typeAt < 0) return 'it holds no DNSKEY record';
  const owner = parseName(fields[0]!);
  if (typeof owner === 'string') return `its owner is no domain name (${owner})`;
  if (!equalNames(owner, 0, origin, 0)) return `it is a key of ${formatName(owner)}`;
  const [flags, protocol, algorithmText, ...keyText] = fields.slice(typeAt + 1);
  if (protocol !== '3' || !/^\d{1,5}$/.test(flags!)) return 'its DNSKEY record is malformed';
  const algorithm = Number(algorithmText);
  const known = findAlgorithm(algorithm);
  if (known === undefined) return `Keyturn does not sign with algorithm ${algorithm || '(none)'}`;
  const publicKey = fromBase64(keyText.join(''));
  if (publicKey?.length !== known.publicKeyOctets) return 'its public key is malformed or cut off';
  return { flags: Number(flags), algorithm, publicKey };
}

// ---- Private half ----

/** What a `.private` file says. */
export interface PrivateKeyFile {
  readonly algorithm: number;
  /** Secret. */
  readonly privateOctets: Uint8Array;
  /** BIND's timing metadata that says when a key is no longer (or not yet) in use. */
  readonly times: Readonly<Partial<Record<PrivateTime, UnixSeconds>>>;
}

const PRIVATE_TIMES = ['Created', 'Publish', 'Activate', 'Revoke', 'Inactive', 'Delete'] as const;
export type PrivateTime = (typeof PRIVATE_TIMES)[number];

/** Text of a `.private` file, format v1.3; without `times`, of a key that is in use from the first. */
export function formatPrivateFile(
  algorithm: number,
  privateOctets: Uint8Array,
  createdAt: UnixSeconds,
  times: PrivateKeyFile['times'] = { Publish: createdAt, Activate: createdAt },
): string {
  const all = { Created: createdAt, ...times };
  return [
    'Private-key-format: v1.3',
    `Algorithm: ${algorithm} (${findAlgorithm(algorithm)?.mnemonic})`,
    `PrivateKey: ${base64(privateOctets)}`,
    ...Object.entries(all).map(([name, at]) => `${name}: ${compactInstant(at)}`),
    '',
  ].join('\n');
}

/** Parses a `.private` file (formats v1.2 and v1.3); a string says what is wrong, never with key octets in it. */
export function parsePrivateFile(text: string): PrivateKeyFile | string {
  const fields = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const match = /^([A-Za-z0-9-]+):\s*(.*?)\s*$/.exec(line);
    if (match !== null) fields.set(match[1]!.toLowerCase(), match[2]!);
  }
  if (!/^v1\.\d+$/.test(fields.get('private-key-format') ?? ''))
    return 'it is no private key file (format v1)';
  const algorithm = Number(/^\d+/.exec(fields.get('algorithm') ?? '')?.[0]);
  const known = findAlgorithm(algorithm);
  if (known === undefined) return `Keyturn does not sign with algorithm ${algorithm || '(none)'}`;
  const keyText = fields.get('privatekey');
  if (keyText === undefined) return 'it holds no PrivateKey (a key in a hardware module?)';
  const octets = fromBase64(keyText);
  const hasRoom = octets !== undefined && octets.length > 0 && octets.length <= known.privateKeyOctets;
  if (!hasRoom || (known.hash === null && octets.length !== known.privateKeyOctets)) {
    return 'its private key is malformed or cut off';
  }
  // ldns writes scalars without their leading zeros.
  const privateOctets = new Uint8Array(known.privateKeyOctets);
  privateOctets.set(octets, known.privateKeyOctets - octets.length);
  return { algorithm, privateOctets, times: readTimes(fields) };
}

function readTimes(fields: ReadonlyMap<string, string>): PrivateKeyFile['times'] {
  const times: Partial<Record<PrivateTime, UnixSeconds>> = {};
  for (const name of PRIVATE_TIMES) {
    const at = parseCompactInstant(fields.get(name.toLowerCase()));
    if (at !== null) times[name] = at;
  }
  return times;
}

// ---- Words of BIND ----

/** BIND's names of our records in `.state` files. */
export const RECORD_NAMES: Readonly<Record<RecordKind, string>> = {
  dnskey: 'DNSKEY',
  krrsig: 'KRRSIG',
  zrrsig: 'ZRRSIG',
  ds: 'DS',
};

/** The instant that `20261124125946` is; null for anything else. */
export function parseCompactInstant(text: string | undefined): UnixSeconds | null {
  const match = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(text ?? '');
  if (match === null) return null;
  const [year, month, day, hour, minute, second] = match.slice(1).map(Number);
  return unixSeconds(Date.UTC(year!, month! - 1, day, hour, minute, second) / 1000);
}

/** `20261124125946`, as BIND writes instants. */
export function compactInstant(at: UnixSeconds): string {
  return formatInstant(at).replace(/[^0-9]/g, '');
}

function base64(octets: Uint8Array): string {
  return Buffer.from(octets).toString('base64');
}

function fromBase64(text: string): Uint8Array | undefined {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text) || text.length % 4 !== 0) return undefined;
  return Uint8Array.from(Buffer.from(text, 'base64'));
}
