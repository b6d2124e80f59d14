/**
 * Key files of BIND (`K*.key`, `K*.private`, and `K*.state` of its dnssec-policy), ldns and PowerDNS. BIND's states
 * have the names of ours, as both follow the same model; its `…Change` times say since when.
 */
import type { UnixSeconds } from '../base/time.ts';
import { DNSKEY_FLAG, dnskeyRdata, keyTag } from '../dnssec/dnskey.ts';
import { RECORD_STATES, type RecordKind, type RecordState } from '../kasp/key.ts';
import type { Name } from '../wire/name.ts';
import { type ForeignKey, type ForeignRecord, type ForeignTiming, rolesThat } from './import-key.ts';
import {
  type PrivateKeyFile,
  parseCompactInstant,
  parseKeyFileName,
  parsePrivateFile,
  parsePublicFile,
  RECORD_NAMES,
} from './keyfile.ts';
import { KeystoreError } from './keypairs.ts';

/** Reads a file as text; undefined if it is not there. Throws KeystoreError. */
export type ReadText = (path: string) => string | undefined;

/** Reads the key with this base path, `/etc/bind/Kexample.com.+013+55648`. Throws KeystoreError. */
export function readBindKey(base: string, origin: Name, readText: ReadText, now: UnixSeconds): ForeignKey {
  const publicText = mustRead(`${base}.key`, readText);
  const publicFile = parsed(`${base}.key`, parsePublicFile(publicText, origin));
  const privateFile = parsed(`${base}.private`, parsePrivateFile(mustRead(`${base}.private`, readText)));
  const { flags, algorithm, publicKey } = publicFile;
  const named = parseKeyFileName(base.slice(base.lastIndexOf('/') + 1));
  const tag = keyTag(dnskeyRdata(flags, algorithm, publicKey));
  if (privateFile.algorithm !== algorithm || named?.algorithm !== algorithm || named.tag !== tag) {
    throw new KeystoreError(
      'KEY_MISMATCH',
      `${base}: its name, .key (algorithm ${algorithm}, tag ${tag}) and .private are not of one key`,
    );
  }
  const stateText = readText(`${base}.state`);
  const fields = stateText === undefined ? new Map<string, string>() : fieldsOf(stateText);
  const { times } = privateFile;
  return {
    source: `${base}.private`,
    algorithm,
    publicKey,
    privateOctets: privateFile.privateOctets,
    flags: (flags & DNSKEY_FLAG.REVOKE) === 0 ? flags : refuseRevoked(base),
    roles: rolesOf(fields),
    createdAt: instantOf(fields, 'Generated') ?? times.Created ?? null,
    ttl: ttlOf(publicText),
    timing: timingOf(fields, now),
    plan: planOf(fields, times),
  };
}

function refuseRevoked(base: string): never {
  throw new KeystoreError(
    'KEYS_INACTIVE',
    `${base}: it is revoked; leave it with the signer that revoked it`,
  );
}

function mustRead(path: string, readText: ReadText): string {
  const text = readText(path);
  if (text !== undefined) return text;
  throw new KeystoreError('KEY_MISSING', `${path} is missing; bring both files of a key`);
}

function parsed<T extends object>(path: string, result: T | string): T {
  if (typeof result !== 'string') return result;
  throw new KeystoreError('KEY_MALFORMED', `${path}: ${result}`);
}

/** `example.com. 3600 IN DNSKEY …`: the TTL, if the line has one. */
function ttlOf(text: string): number | null {
  const found = /^[^;\s]\S*\s+(?:IN\s+)?(\d{1,10})\s+(?:IN\s+)?DNSKEY\s/im.exec(text);
  return found === null ? null : Number(found[1]);
}

// ---- .state ----

function fieldsOf(text: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const match = /^([A-Za-z]+):\s*(\S+)/.exec(line);
    if (match !== null) fields.set(match[1]!, match[2]!);
  }
  return fields;
}

function rolesOf(fields: ReadonlyMap<string, string>): ForeignKey['roles'] {
  const signsKeys = fields.get('KSK') === 'yes';
  const signsZone = fields.get('ZSK') === 'yes';
  return signsKeys || signsZone ? rolesThat(signsKeys, signsZone) : null;
}

/** Null if the file is not there, or BIND has not begun to keep states (a key that was just made for a policy). */
function timingOf(fields: ReadonlyMap<string, string>, now: UnixSeconds): ForeignTiming | null {
  if (!fields.has('DNSKEYState')) return null;
  const recordOf = (record: RecordKind): ForeignRecord => {
    const state = stateOf(fields.get(`${RECORD_NAMES[record]}State`));
    const since = instantOf(fields, `${RECORD_NAMES[record]}Change`) ?? now;
    const isMoving = state === 'rumoured' || state === 'unretentive';
    // BIND replaces signatures bit by bit: what takes part in that is done when we have signed everything.
    return { state, since: record === 'zrrsig' && isMoving ? now : earlier(since, now) };
  };
  const seen = instantOf(fields, 'DSPublish');
  const gone = instantOf(fields, 'DSRemoved');
  return {
    goal: stateOf(fields.get('GoalState')) === 'omnipresent' ? 'IN' : 'OUT',
    dnskey: recordOf('dnskey'),
    krrsig: recordOf('krrsig'),
    zrrsig: recordOf('zrrsig'),
    ds: recordOf('ds'),
    dsSeenAt: seen !== null && seen <= now ? seen : null,
    dsGoneAt: gone !== null && gone <= now ? gone : null,
  };
}

function stateOf(word: string | undefined): RecordState {
  return RECORD_STATES.find((state) => state === word) ?? 'hidden';
}

function earlier(a: UnixSeconds, b: UnixSeconds): UnixSeconds {
  return a < b ? a : b;
}

/** `20261124194015` in a field. */
function instantOf(fields: ReadonlyMap<string, string>, name: string): UnixSeconds | null {
  return parseCompactInstant(fields.get(name));
}

function planOf(fields: ReadonlyMap<string, string>, times: PrivateKeyFile['times']): ForeignKey['plan'] {
  return {
    publish: times.Publish ?? instantOf(fields, 'Published'),
    activate: times.Activate ?? instantOf(fields, 'Active'),
    retire: times.Inactive ?? instantOf(fields, 'Retired'),
    remove: times.Delete ?? instantOf(fields, 'Removed'),
  };
}
