/**
 * Keys of Knot DNS: a directory of PEM files named by key id, and what `keymgr ZONE list -j` prints of them. Knot
 * keeps instants, not states; each state is what the instants that have come imply:
 *
 *     publish → DNSKEY    ready → signs keys, DS asked for    active → DS there, or signs zone data
 *     retire-active → DS replaced    retire → signs no zone data    remove → gone
 *
 * Pre-active and post-active belong to rollovers of the algorithm, revoke to RFC 5011: keys in these are refused.
 */
import { type UnixSeconds, unixSeconds } from '../base/time.ts';
import { FLAGS_SEP, FLAGS_ZONE } from '../dnssec/dnskey.ts';
import type { KeyRole } from '../kasp/key.ts';
import { formatName, type Name } from '../wire/name.ts';
import { type ForeignKey, type ForeignKeys, type ForeignRecord, NO_PLAN, rolesThat } from './import-key.ts';
import { asObject, type JsonObject, must, readList, ShapeError } from './json-shape.ts';
import { KeystoreError } from './keypairs.ts';
import type { PemKey } from './pem.ts';

/** The keys that a list names, with their private halves from `pemOf`. Throws KeystoreError. */
export function readKnotKeys(
  list: { readonly path: string; readonly text: string },
  origin: Name,
  pemOf: (id: string) => PemKey,
  now: UnixSeconds,
): ForeignKeys {
  const notes: string[] = [];
  const keys: ForeignKey[] = [];
  for (const entry of entriesOf(list, origin)) {
    const why = outOfUse(entry, now);
    if (why !== undefined) {
      notes.push(`${list.path}: key ${entry.tag} is not taken over: ${why}`);
      continue;
    }
    const pem = pemOf(entry.id);
    if (pem.algorithm !== entry.algorithm) {
      throw new KeystoreError(
        'KEY_MISMATCH',
        `${pem.source} is of algorithm ${pem.algorithm}, key ${entry.tag} of ${entry.algorithm}`,
      );
    }
    keys.push(foreignKey(entry, pem, now));
  }
  return { keys, notes };
}

const INSTANTS = [
  'pre-active',
  'publish',
  'ready',
  'active',
  'retire-active',
  'retire',
  'post-active',
  'revoke',
  'remove',
] as const;
type Instant = (typeof INSTANTS)[number];

interface Entry {
  readonly id: string;
  readonly tag: number;
  readonly algorithm: number;
  readonly roles: readonly KeyRole[];
  readonly isPublicOnly: boolean;
  readonly at: Readonly<Record<Instant, UnixSeconds | null>>;
}

function entriesOf({ path, text }: { readonly path: string; readonly text: string }, origin: Name): Entry[] {
  const zone = formatName(origin);
  try {
    const entries = readList(JSON.parse(text), 'keys', asObject);
    const others = entries.filter((entry) => String(entry.zone).toLowerCase() !== zone);
    if (others.length > 0) {
      throw new KeystoreError(
        'KEY_MISMATCH',
        `${path} lists keys of ${String(others[0]!.zone)}, not of ${zone}`,
      );
    }
    return entries.map(entryOf);
  } catch (error) {
    if (!(error instanceof ShapeError) && !(error instanceof SyntaxError)) throw error;
    throw new KeystoreError('KEY_MALFORMED', `${path} is not what keymgr ${zone} list -j prints`);
  }
}

function entryOf(entry: JsonObject): Entry {
  const { id, tag, algorithm, ksk, zsk } = entry;
  must(typeof id === 'string' && /^[0-9a-f]{1,64}$/.test(id), 'an id is hexadecimal');
  must(typeof tag === 'number' && typeof algorithm === 'number', 'a key has tag and algorithm');
  must(ksk === true || zsk === true, 'a key signs something');
  const instant = (name: Instant) => {
    const value = entry[name] ?? 0;
    must(typeof value === 'number' && value >= 0, 'an instant is a number');
    return value === 0 ? null : unixSeconds(value);
  };
  return {
    id,
    tag,
    algorithm,
    roles: rolesThat(ksk === true, zsk === true),
    isPublicOnly: entry['public-only'] === true,
    at: Object.fromEntries(INSTANTS.map((name) => [name, instant(name)])) as Entry['at'],
  };
}

function outOfUse({ at, isPublicOnly }: Entry, now: UnixSeconds): string | undefined {
  const hasCome = (name: Instant) => at[name] !== null && at[name] <= now;
  if (isPublicOnly) return 'its private half is elsewhere';
  if (hasCome('remove')) return 'it was removed';
  if (hasCome('revoke')) return 'it is revoked';
  if (hasCome('post-active') || (hasCome('pre-active') && !hasCome('publish'))) {
    return 'it takes part in a rollover of the algorithm';
  }
  return undefined;
}

function foreignKey(entry: Entry, pem: PemKey, now: UnixSeconds): ForeignKey {
  const { at, roles, algorithm } = entry;
  const signsKeys = roles.includes('key-signing');
  const come = (...names: Instant[]) => {
    const past = names.map((name) => at[name]).filter((instant) => instant !== null && instant <= now);
    return past.length === 0 ? null : (Math.min(...(past as UnixSeconds[])) as UnixSeconds);
  };
  const [published, signing, leaving] = [
    come('publish', 'ready', 'active'),
    come('ready', 'active'),
    come('retire-active', 'retire'),
  ];
  const active = come('active');
  const retired = come('retire');
  const shown = (since: UnixSeconds | null): ForeignRecord => {
    return since === null ? { state: 'hidden', since: now } : { state: 'rumoured', since };
  };
  const left = (since: UnixSeconds): ForeignRecord => ({ state: 'unretentive', since });
  const zoneSigned = roles.includes('zone-signing') ? active : null;
  return {
    source: pem.source,
    algorithm,
    publicKey: pem.publicKey,
    privateOctets: pem.privateOctets,
    flags: signsKeys ? FLAGS_SEP : FLAGS_ZONE,
    roles,
    createdAt: published,
    ttl: null,
    timing: {
      goal: leaving === null ? 'IN' : 'OUT',
      dnskey: shown(published),
      krrsig: shown(signsKeys ? signing : null),
      zrrsig: zoneSigned !== null && retired !== null ? left(retired) : shown(zoneSigned),
      ds: signsKeys && leaving !== null ? left(leaving) : shown(signsKeys ? signing : null),
      dsSeenAt: signsKeys && leaving === null ? active : null,
      dsGoneAt: null,
    },
    plan: NO_PLAN,
  };
}
