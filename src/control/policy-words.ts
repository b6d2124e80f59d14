/** Every value of a policy: how it is written, what its default is, and what it means to an operator. */
import { formatDuration } from '../base/time.ts';
import { findAlgorithm } from '../dnssec/algorithm.ts';
import { DEFAULT_POLICY, type Policy } from '../kasp/policy.ts';
import type { PolicyValue } from './policy-shapes.ts';

type Value = PolicyValue['value'];

/** One value: where it is, and its words. */
interface Row {
  /** `lifetime.zsk` */
  readonly key: string;
  readonly of: (policy: Policy) => Value;
  readonly kind: 'duration' | 'word' | 'algorithm' | 'number' | 'list';
  readonly meaning: string;
  /** Only where this holds does anything follow from it. */
  readonly isUsed?: (policy: Policy) => boolean;
}

const isCsk = ({ scheme }: Policy) => scheme === 'csk';
const isSplit = ({ scheme }: Policy) => scheme === 'ksk-zsk';

const ROWS: readonly Row[] = [
  {
    ...{ key: 'scheme', of: (policy) => policy.scheme, kind: 'word' },
    meaning: 'csk: one key signs everything; ksk-zsk: one signs the keys, another one the data',
  },
  {
    ...{ key: 'algorithm', of: (policy) => policy.algorithm, kind: 'algorithm' },
    meaning: 'algorithm of new keys; keys that exist keep theirs until an algorithm rollover',
  },
  {
    ...{ key: 'lifetime.csk', of: ({ lifetime }) => lifetime.csk, kind: 'duration', isUsed: isCsk },
    meaning: 'a CSK is replaced by itself when it was in use for so long',
  },
  {
    ...{ key: 'lifetime.ksk', of: ({ lifetime }) => lifetime.ksk, kind: 'duration', isUsed: isSplit },
    meaning: 'a KSK is replaced by itself when it was in use for so long',
  },
  {
    ...{ key: 'lifetime.zsk', of: ({ lifetime }) => lifetime.zsk, kind: 'duration', isUsed: isSplit },
    meaning: 'a ZSK is replaced by itself when it was in use for so long',
  },
  {
    ...{ key: 'dnskeyTtl', of: (policy) => policy.dnskeyTtl, kind: 'duration' },
    meaning: 'TTL of the DNSKEY records; a new key waits that long before it is relied on',
  },
  {
    ...{ key: 'cdsTtl', of: (policy) => policy.cdsTtl, kind: 'duration' },
    meaning: 'TTL of CDS and CDNSKEY; short, so that a cancel is soon seen',
  },
  {
    ...{ key: 'maxZoneTtl', of: (policy) => policy.maxZoneTtl, kind: 'duration' },
    meaning: 'larger TTLs in a zone are warned of; waits use the largest TTL that the zone really has',
  },
  {
    ...{ key: 'publishSafety', of: (policy) => policy.publishSafety, kind: 'duration' },
    meaning: 'added to each wait before something new is relied on',
  },
  {
    ...{ key: 'retireSafety', of: (policy) => policy.retireSafety, kind: 'duration' },
    meaning: 'added to each wait before something old is removed',
  },
  {
    ...{ key: 'propagation', of: (policy) => policy.propagation, kind: 'duration' },
    meaning: 'after a change, all servers of the zone (secondaries too) have it within that time',
  },
  {
    ...{ key: 'parent.propagation', of: ({ parent }) => parent.propagation, kind: 'duration' },
    meaning: 'after a change, all servers of the parent have it within that time',
  },
  {
    ...{ key: 'parent.dsTtl', of: ({ parent }) => parent.dsTtl, kind: 'duration' },
    meaning: 'TTL of the DS at the parent, as long as none was seen',
  },
  {
    ...{ key: 'cdsHold', of: (policy) => policy.cdsHold, kind: 'duration' },
    meaning: 'a parent that has seen a CDS acts upon it within that time; a cancel waits for it',
  },
  {
    ...{ key: 'minInterval', of: (policy) => policy.minInterval, kind: 'duration' },
    meaning: 'least time between the starts of two rollovers of keys with a DS',
  },
  {
    ...{ key: 'staleAfter', of: (policy) => policy.staleAfter, kind: 'duration' },
    meaning: 'a rollover that waits longer for the parent is reported as stalled',
  },
  {
    ...{ key: 'rollover.ksk', of: ({ rollover }) => rollover.ksk, kind: 'word' },
    meaning:
      'how a key with a DS is replaced: additive (both DS for a while), swap (at once), double-ds (DS first)',
  },
  {
    ...{ key: 'rollover.algorithm', of: ({ rollover }) => rollover.algorithm, kind: 'word' },
    meaning: 'conservative: a new algorithm signs before its key is published; liberal: at once',
  },
  {
    ...{ key: 'autoCancel', of: (policy) => policy.autoCancel, kind: 'duration' },
    meaning: 'a rollover whose DS was never seen is cancelled by itself after so long',
  },
  {
    ...{ key: 'purgeAfter', of: (policy) => policy.purgeAfter, kind: 'duration' },
    meaning: 'the private half of a key that is gone from all caches is kept for so long',
  },
  {
    ...{ key: 'bootstrapHold', of: (policy) => policy.bootstrapHold, kind: 'duration' },
    meaning: 'from the first signatures until a DS is asked for; auto: until no cache has unsigned data',
  },
  {
    ...{ key: 'monitor.interval', of: ({ monitor }) => monitor.interval, kind: 'duration' },
    meaning: 'how often the DS at the parent is looked at',
  },
  {
    ...{ key: 'monitor.rounds', of: ({ monitor }) => monitor.rounds, kind: 'number' },
    meaning: 'so many looks one after the other must agree before the DS counts as seen',
  },
  {
    ...{ key: 'monitor.roundGap', of: ({ monitor }) => monitor.roundGap, kind: 'duration' },
    meaning: 'time between those looks',
  },
  {
    ...{ key: 'validity', of: (policy) => policy.validity, kind: 'duration' },
    meaning: 'how long a signature is valid; it is replaced long before',
  },
  {
    ...{ key: 'denial', of: (policy) => policy.denial, kind: 'word' },
    meaning: 'how it is proven that a name or type does not exist',
  },
  {
    ...{ key: 'cds', of: (policy) => policy.cds, kind: 'word' },
    meaning: 'when CDS and CDNSKEY are published: always, only during a rollover, or never',
  },
  {
    ...{ key: 'digests', of: (policy) => [...policy.digests], kind: 'list' },
    meaning: 'digest types of DS and CDS: 2 is SHA-256, 4 is SHA-384',
  },
];

/** The keys of all values, as `--set` takes them. */
export const POLICY_KEYS: readonly string[] = ROWS.map(({ key }) => key);

/** All values of a policy in words. */
export function policyValues(policy: Policy): PolicyValue[] {
  return ROWS.map((row) => {
    const [text, fallback] = [wordsOf(row, policy), wordsOf(row, DEFAULT_POLICY)];
    return {
      key: row.key,
      value: row.of(policy),
      text,
      origin: text === fallback ? 'default' : 'set',
      fallback,
      meaning: row.meaning,
      used: row.isUsed?.(policy) ?? true,
    };
  });
}

function wordsOf({ of, kind }: Row, policy: Policy): string {
  const value = of(policy);
  if (kind === 'duration' && typeof value === 'number') return formatDuration(value);
  if (kind === 'algorithm') return findAlgorithm(Number(value))?.mnemonic ?? String(value);
  return Array.isArray(value) ? value.join(', ') : String(value);
}
