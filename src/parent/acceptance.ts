/**
 * Whether a parent that has a DS RRset of a child takes another one from it (RFC 7344 §4.1 and §6.1, RFC 8078 §4, RFC
 * 9975): what the child asks for must be the same everywhere, signed by a key that the DS names now, newer than what was
 * taken before, and leave the child with a chain of trust. Pure: `child-gather` asks the servers.
 *
 *     all servers heard ∧ the same ∧ signed under the present DS ∧ CDS and CDNSKEY of the same keys ∧ not older
 *         → nothing asked │ as it is │ delete │ another DS RRset, by which the DNSKEY RRset of every server holds
 */
import type { UnixSeconds } from '../base/time.ts';
import { DIGEST_TYPE, isDeleteRequest } from '../dnssec/ds.ts';
import { readRrsig, sortRdata } from '../dnssec/rrsig.ts';
import { formatName, type Name } from '../wire/name.ts';
import { chainFault, dsOf, isMatching, isSameSet } from './bootstrap.ts';
import type { ReceivedRRset } from './rrset.ts';
import { type NameServer, whereOf } from './servers.ts';
import { faultOf, isDsOf } from './validate.ts';
import { isSpent, newVerifications, SPENT_TEXT, type Verifications } from './verifications.ts';

/** Why a request of a child is not followed. */
export type ChildReason =
  | 'CHILD_NO_SERVER'
  | 'CHILD_SERVER_UNKNOWN'
  | 'CHILD_SERVERS_DIFFER'
  | 'CHILD_REQUEST_BOGUS'
  | 'CHILD_REQUEST_OLD'
  | 'CHILD_REQUEST_MISMATCH'
  | 'CHILD_DIGEST_UNSUITED'
  | 'CHILD_CHAIN_BROKEN'
  | 'CHILD_TOO_COSTLY';

export interface ChildFault {
  readonly kind: 'fault';
  readonly reason: ChildReason;
  /** For people, one clause that names the server. */
  readonly text: string;
}

/** What one address of a name server of the child says; an RRset is undefined if it is not there. */
export interface ChildSight {
  readonly server: NameServer;
  readonly cds: ReceivedRRset | undefined;
  readonly cdnskey: ReceivedRRset | undefined;
  readonly dnskey: ReceivedRRset | undefined;
}

export interface UpdateFacts {
  readonly child: Name;
  /** DS RDATA that the parent has; one at least. */
  readonly ds: readonly Uint8Array[];
  /** Of every address of every name server. */
  readonly sights: readonly (ChildSight | ChildFault)[];
  /** Inception of the newest signature over a request that was followed before; null if none was. */
  readonly takenInception: UnixSeconds | null;
}

/** `same` and `nothing` ask for no change. */
export type UpdateVerdict =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'same' }
  | { readonly kind: 'accepted'; readonly ds: readonly Uint8Array[]; readonly inception: UnixSeconds }
  | { readonly kind: 'refused'; readonly faults: readonly ChildFault[] };

export function childFault(reason: ChildReason, text: string): ChildFault {
  return { kind: 'fault', reason, text };
}

/** Judges what the servers of a child said; `now` is the instant by which signatures are judged. */
export function judgeUpdate(facts: UpdateFacts, now: UnixSeconds): UpdateVerdict {
  const judging = { ...facts, now, verifications: newVerifications() };
  const verdict = judge(judging);
  if (!isSpent(judging.verifications)) return verdict;
  return refused([
    childFault('CHILD_TOO_COSTLY', `of the records of ${formatName(facts.child)}: ${SPENT_TEXT}`),
  ]);
}

interface Judging extends UpdateFacts {
  readonly now: UnixSeconds;
  /** For all servers and steps together. */
  readonly verifications: Verifications;
}

function judge(judging: Judging): UpdateVerdict {
  const { child, ds, sights, takenInception } = judging;
  const heard = sights.filter((sight): sight is ChildSight => !('kind' in sight));
  const [first] = heard;
  if (first === undefined || heard.length < sights.length) return refused(unheardFaults(child, sights));
  const differing = differences(heard, first);
  if (differing.length > 0) return refused(differing);
  const { cds, cdnskey } = first;
  if (cds === undefined && cdnskey === undefined) return { kind: 'nothing' };
  const wanted = wantedDs(child, first);
  if ('kind' in wanted) return refused([wanted]);
  if (isSameSet(wanted.ds, ds)) return { kind: 'same' };
  const bogus = heard.flatMap((sight) => bogusFaults(judging, sight));
  if (bogus.length > 0) return refused(bogus);
  const inception = newestInception(judging, heard);
  if (takenInception !== null && inception < takenInception) {
    const text = `the signatures over the request of ${formatName(child)} are older than those of the one before`;
    return refused([childFault('CHILD_REQUEST_OLD', text)]);
  }
  const broken =
    wanted.ds.length === 0 ? [] : heard.flatMap((sight) => chainFaults(judging, sight, wanted.ds));
  return broken.length > 0 ? refused(broken) : { kind: 'accepted', ds: wanted.ds, inception };
}

function refused(faults: readonly ChildFault[]): UpdateVerdict {
  return { kind: 'refused', faults };
}

// ---- All servers, the same ----

function unheardFaults(child: Name, sights: UpdateFacts['sights']): ChildFault[] {
  const faults = sights.filter((sight): sight is ChildFault => 'kind' in sight);
  if (faults.length > 0) return faults;
  return [childFault('CHILD_NO_SERVER', `no address of a name server of ${formatName(child)} can be found`)];
}

/** Signatures over one RRset that are looked at. */
const MAX_SIGNATURES = 8;
const TYPES = ['cds', 'cdnskey'] as const;
const TYPE_WORDS = { cds: 'CDS', cdnskey: 'CDNSKEY' } as const;

function differences(heard: readonly ChildSight[], first: ChildSight): ChildFault[] {
  return TYPES.flatMap((type) =>
    heard
      .filter((sight) => !isSameSet(sight[type]?.rdatas ?? [], first[type]?.rdatas ?? []))
      .map(({ server }) => {
        const text = `${whereOf(server)} has other ${TYPE_WORDS[type]} records than ${whereOf(first.server)}`;
        return childFault('CHILD_SERVERS_DIFFER', text);
      }),
  );
}

// ---- What is asked for ----

/** The DS RRset that the child asks for; empty if it asks for none. */
function wantedDs(child: Name, sight: ChildSight): { readonly ds: readonly Uint8Array[] } | ChildFault {
  const cds = sight.cds?.rdatas ?? [];
  const cdnskey = sight.cdnskey?.rdatas ?? [];
  const deletes = [
    ...cds.map((rdata) => isDeleteRequest('CDS', rdata)),
    ...cdnskey.map((rdata) => isDeleteRequest('CDNSKEY', rdata)),
  ];
  if (deletes.some(Boolean)) {
    // RFC 8078 §4: the RRset has that one record alone, and so has the other type if it is there.
    const isPlain = deletes.every(Boolean) && cds.length <= 1 && cdnskey.length <= 1;
    if (isPlain) return { ds: [] };
    const text = `${formatName(child)} asks for DS records and for none at once`;
    return childFault('CHILD_REQUEST_MISMATCH', text);
  }
  if (!isMatching(child, cds, cdnskey)) {
    return childFault(
      'CHILD_REQUEST_MISMATCH',
      `CDS and CDNSKEY of ${formatName(child)} do not name the same keys`,
    );
  }
  const suited = cds.filter((rdata) => Object.values<number>(DIGEST_TYPE).includes(rdata[3]!));
  if (cds.length > 0 && suited.length === 0) {
    const text = `the CDS records of ${formatName(child)} have no digest that is still trusted (RFC 8624 §3.3)`;
    return childFault('CHILD_DIGEST_UNSUITED', text);
  }
  return { ds: dsOf(child, { cds: sortRdata(suited), cdnskey }) };
}

// ---- Signatures ----

/** RFC 7344 §4.1: signed by a key that both the DS RRset and the DNSKEY RRset have now. */
function bogusFaults({ child, ds, now, verifications }: Judging, sight: ChildSight): ChildFault[] {
  const where = whereOf(sight.server);
  const fault = (text: string) => [childFault('CHILD_REQUEST_BOGUS', `${where}: ${text}`)];
  if (sight.dnskey === undefined) return fault('it gives no DNSKEY records');
  const chain = chainFault(child, sight.dnskey, ds, { now, verifications });
  if (chain !== undefined) return fault(`under the DS as it is, ${chain}`);
  const signers = { apex: child, keys: entryKeys(child, ds, sight.dnskey), verifications };
  for (const type of TYPES) {
    const rrset = sight[type];
    const bad = rrset === undefined ? undefined : faultOf(rrset, signers, now);
    if (bad !== undefined) return fault(`of the ${TYPE_WORDS[type]} records: ${bad}`);
  }
  return [];
}

/** Of all signatures over the request that count: who replays older ones shows an older instant. */
function newestInception(
  { child, ds, now, verifications }: Judging,
  heard: readonly ChildSight[],
): UnixSeconds {
  const inceptions = heard.flatMap((sight) => {
    const signers = { apex: child, keys: entryKeys(child, ds, sight.dnskey!), verifications };
    return TYPES.flatMap((type) => sight[type] ?? []).flatMap((rrset) =>
      rrset.rrsigs
        .slice(0, MAX_SIGNATURES)
        .filter((rrsig) => faultOf({ ...rrset, rrsigs: [rrsig] }, signers, now) === undefined)
        .map((rrsig) => readRrsig(rrsig)!.inception),
    );
  });
  return Math.max(0, ...inceptions) as UnixSeconds;
}

/** The keys that both the DS RRset and the DNSKEY RRset have. */
function entryKeys(child: Name, ds: readonly Uint8Array[], dnskeys: ReceivedRRset): Uint8Array[] {
  return dnskeys.rdatas.filter((dnskey) => ds.some((rdata) => isDsOf(rdata, child, dnskey)));
}

function chainFaults(
  { child, now, verifications }: Judging,
  { server, dnskey }: ChildSight,
  ds: readonly Uint8Array[],
): ChildFault[] {
  const fault = chainFault(child, dnskey, ds, { now, verifications });
  if (fault === undefined) return [];
  const text = `with the DS that is asked for, what ${whereOf(server)} answers would be bogus: ${fault}`;
  return [childFault('CHILD_CHAIN_BROKEN', text)];
}
