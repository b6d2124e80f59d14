/**
 * The key and signing policy of a zone, as plain data: every wait of ROLLOVER has one number here and none is
 * hard-coded elsewhere. All durations are seconds. The shell reads policies from the configuration file and checks
 * them; the machine takes them as an argument.
 */
import type { DigestType } from '../dnssec/ds.ts';
import { ALGORITHM } from '../wire/iana.ts';
import type { SerialMode } from '../zone/serial.ts';

/** One key for everything, or a key-signing and a zone-signing key. */
export type KeyScheme = 'csk' | 'ksk-zsk';
/** Seconds after which a key shall be replaced, or never by itself. */
export type Lifetime = number | 'unlimited';
/** How names and types that do not exist are denied (DESIGN §3). */
export type DenialMode = 'nsec' | 'nsec3' | 'compact';
/** When CDS and CDNSKEY are published: all the time, only while the parent shall change something, or never. */
export type CdsMode = 'always' | 'rollover' | 'never';

/** How a key with a DS is replaced: both DS for a while, one for the other at once, or the DS first (ROLLOVER 2.2, 2.3). */
export type KskMethod = 'additive' | 'swap' | 'double-ds';
/** Whether the new algorithm signs before it is published, or at once with that (ROLLOVER 2.5). */
export type AlgorithmMethod = 'conservative' | 'liberal';

/** What is done about the digest of the whole zone (RFC 8976). */
export interface ZonemdPolicy {
  /** Whether a digest in the zone file that is wrong is told, or keeps the file from being served. */
  readonly check: 'off' | 'warn' | 'refuse';
  /** The digest of a zone that is served unsigned. */
  readonly publish: 'off' | 'file' | 'sha384' | 'sha512';
}

/** What a zone does for the zones that it delegates. */
export interface ChildrenPolicy {
  /** Whose wish for other DS records is followed: nobody's, a child's with a DS, also one's without (RFC 9615). */
  readonly accept: 'none' | 'update' | 'bootstrap';
  /** Each child is asked once in this time, besides when it tells of new CDS records. */
  readonly scan: number;
  /** TTL of DS records that came from children. */
  readonly dsTtl: number;
  /** `off`, or where children shall tell (RFC 9859): `ns1.example.org`, with a port `ns1.example.org:5300`. */
  readonly dsync: string;
}

export interface Policy {
  readonly scheme: KeyScheme;
  /** DNSSEC algorithm number of new keys. */
  readonly algorithm: number;
  readonly lifetime: { readonly csk: Lifetime; readonly ksk: Lifetime; readonly zsk: Lifetime };
  /** TTL of the DNSKEY RRset. */
  readonly dnskeyTtl: number;
  /** TTL of the CDS and CDNSKEY RRsets; short, so that a cancel is soon seen. */
  readonly cdsTtl: number;
  /** Zone data with a longer TTL is warned of; waits use the real TTL. */
  readonly maxZoneTtl: number;
  /** Spub: added to each wait before something published is relied upon. */
  readonly publishSafety: number;
  /** Sret: added to each wait before something no longer used is removed. */
  readonly retireSafety: number;
  /** Dprp: bound on the time until every server of the zone serves a change. */
  readonly propagation: number;
  readonly parent: {
    /** DprpP: the same bound for the servers of the parent. */
    readonly propagation: number;
    /** TTLds as long as no DS of the zone has been seen. */
    readonly dsTtl: number;
  };
  /** How long a parent that got a CDS may take to act on it: after a cancel, only what it shows then counts. */
  readonly cdsHold: number;
  /** Least time between the starts of two rollovers of keys with a DS. */
  readonly minInterval: number;
  /** A rollover that waits longer than this for the parent is reported as stale. */
  readonly staleAfter: number;
  readonly rollover: { readonly ksk: KskMethod; readonly algorithm: AlgorithmMethod };
  /** A rollover whose parent has done nothing for so long is cancelled, where ROLLOVER 2.9 allows it (2.10). */
  readonly autoCancel: 'never' | number;
  /** How long the private half of a key is kept after its last record is hidden. */
  readonly purgeAfter: number;
  /** Wait between the first signatures and CDS: `auto` is that of ROLLOVER 2.7 S1, 0 asks for a DS at once. */
  readonly bootstrapHold: 'auto' | number;
  /** How the DS RRset at the parent is watched. */
  readonly monitor: { readonly interval: number; readonly rounds: number; readonly roundGap: number };
  /** Expiration of a signature minus the start of its window. */
  readonly validity: number;
  readonly denial: DenialMode;
  /** With `nsec3`: unsigned delegations have no NSEC3 of their own (RFC 5155 §6). */
  readonly optOut: boolean;
  readonly cds: CdsMode;
  /** Digest types of DS and CDS. */
  readonly digests: readonly DigestType[];
  /** Where the serial of changed content comes from. */
  readonly serial: SerialMode;
  readonly zonemd: ZonemdPolicy;
  readonly children: ChildrenPolicy;
  /** Names of channels by which the parent gets the DS, besides CDS and NOTIFY, in their order. */
  readonly handover: readonly string[];
  /** servers: a DS is handed over by them only when all servers of the zone have the DNSKEY RRset that is served here. */
  readonly handoverCheck: 'servers' | 'off';
}

const MINUTE = 60;
const HOUR = 3_600;
const DAY = 86_400;

/** The policy of a zone for which nothing is configured (DESIGN §8). */
export const DEFAULT_POLICY: Policy = {
  scheme: 'csk',
  algorithm: ALGORITHM.ECDSAP256SHA256,
  lifetime: { csk: 'unlimited', ksk: 365 * DAY, zsk: 90 * DAY },
  dnskeyTtl: HOUR,
  cdsTtl: 5 * MINUTE,
  maxZoneTtl: DAY,
  publishSafety: HOUR,
  retireSafety: HOUR,
  propagation: 5 * MINUTE,
  parent: { propagation: HOUR, dsTtl: DAY },
  cdsHold: 72 * HOUR,
  minInterval: DAY,
  staleAfter: 14 * DAY,
  rollover: { ksk: 'additive', algorithm: 'conservative' },
  autoCancel: 'never',
  purgeAfter: 90 * DAY,
  bootstrapHold: 'auto',
  monitor: { interval: HOUR, rounds: 2, roundGap: 5 * MINUTE },
  validity: 7 * DAY,
  denial: 'nsec',
  optOut: false,
  cds: 'always',
  digests: [2],
  serial: 'file',
  zonemd: { check: 'warn', publish: 'file' },
  children: { accept: 'none', scan: DAY, dsTtl: HOUR, dsync: 'off' },
  handover: [],
  handoverCheck: 'servers',
};
