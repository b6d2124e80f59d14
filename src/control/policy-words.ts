/** Every value of a policy: how it is written and what its default is; what it means is told by its schema. */
import { formatDuration } from '../base/time.ts';
import { DEFAULT_POLICY, type Policy } from '../kasp/policy.ts';
import { policyMeaning } from '../store/config-schema.ts';
import { algorithmName } from './describe.ts';
import type { PolicyValue } from './policy-shapes.ts';

type Value = PolicyValue['value'];

/** One value: where it is, and its words. */
interface Row {
  /** `lifetime.zsk` */
  readonly key: string;
  readonly of: (policy: Policy) => Value;
  readonly kind: 'duration' | 'word' | 'algorithm' | 'number' | 'list';
  /** Only where this holds does anything follow from it. */
  readonly isUsed?: (policy: Policy) => boolean;
}

const isCsk = ({ scheme }: Policy) => scheme === 'csk';
const acceptsChildren = ({ children }: Policy) => children.accept !== 'none';
const handsOver = ({ handover }: Policy) => handover.length > 0;
const isSplit = ({ scheme }: Policy) => scheme === 'ksk-zsk';

const ROWS: readonly Row[] = [
  { key: 'scheme', of: (policy) => policy.scheme, kind: 'word' },
  { key: 'algorithm', of: (policy) => policy.algorithm, kind: 'algorithm' },
  { key: 'lifetime.csk', of: ({ lifetime }) => lifetime.csk, kind: 'duration', isUsed: isCsk },
  { key: 'lifetime.ksk', of: ({ lifetime }) => lifetime.ksk, kind: 'duration', isUsed: isSplit },
  { key: 'lifetime.zsk', of: ({ lifetime }) => lifetime.zsk, kind: 'duration', isUsed: isSplit },
  { key: 'dnskeyTtl', of: (policy) => policy.dnskeyTtl, kind: 'duration' },
  { key: 'cdsTtl', of: (policy) => policy.cdsTtl, kind: 'duration' },
  { key: 'maxZoneTtl', of: (policy) => policy.maxZoneTtl, kind: 'duration' },
  { key: 'publishSafety', of: (policy) => policy.publishSafety, kind: 'duration' },
  { key: 'retireSafety', of: (policy) => policy.retireSafety, kind: 'duration' },
  { key: 'propagation', of: (policy) => policy.propagation, kind: 'duration' },
  { key: 'parent.propagation', of: ({ parent }) => parent.propagation, kind: 'duration' },
  { key: 'parent.dsTtl', of: ({ parent }) => parent.dsTtl, kind: 'duration' },
  { key: 'cdsHold', of: (policy) => policy.cdsHold, kind: 'duration' },
  { key: 'minInterval', of: (policy) => policy.minInterval, kind: 'duration' },
  { key: 'staleAfter', of: (policy) => policy.staleAfter, kind: 'duration' },
  { key: 'rollover.ksk', of: ({ rollover }) => rollover.ksk, kind: 'word' },
  { key: 'rollover.algorithm', of: ({ rollover }) => rollover.algorithm, kind: 'word' },
  { key: 'autoCancel', of: (policy) => policy.autoCancel, kind: 'duration' },
  { key: 'purgeAfter', of: (policy) => policy.purgeAfter, kind: 'duration' },
  { key: 'bootstrapHold', of: (policy) => policy.bootstrapHold, kind: 'duration' },
  { key: 'monitor.interval', of: ({ monitor }) => monitor.interval, kind: 'duration' },
  { key: 'monitor.rounds', of: ({ monitor }) => monitor.rounds, kind: 'number' },
  { key: 'monitor.roundGap', of: ({ monitor }) => monitor.roundGap, kind: 'duration' },
  { key: 'validity', of: (policy) => policy.validity, kind: 'duration' },
  { key: 'denial', of: (policy) => policy.denial, kind: 'word' },
  { key: 'optOut', of: (policy) => policy.optOut, kind: 'word', isUsed: ({ denial }) => denial === 'nsec3' },
  { key: 'cds', of: (policy) => policy.cds, kind: 'word' },
  { key: 'digests', of: (policy) => [...policy.digests], kind: 'list' },
  { key: 'serial', of: (policy) => policy.serial, kind: 'word' },
  { key: 'zonemd.check', of: ({ zonemd }) => zonemd.check, kind: 'word' },
  { key: 'zonemd.publish', of: ({ zonemd }) => zonemd.publish, kind: 'word' },
  { key: 'children.accept', of: ({ children }) => children.accept, kind: 'word' },
  { key: 'children.scan', of: ({ children }) => children.scan, kind: 'duration', isUsed: acceptsChildren },
  { key: 'children.dsTtl', of: ({ children }) => children.dsTtl, kind: 'duration', isUsed: acceptsChildren },
  { key: 'children.dsync', of: ({ children }) => children.dsync, kind: 'word', isUsed: acceptsChildren },
  { key: 'handover', of: (policy) => [...policy.handover], kind: 'list' },
  { key: 'handoverCheck', of: (policy) => policy.handoverCheck, kind: 'word', isUsed: handsOver },
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
      meaning: policyMeaning(row.key),
      used: row.isUsed?.(policy) ?? true,
    };
  });
}

function wordsOf({ of, kind }: Row, policy: Policy): string {
  const value = of(policy);
  if (kind === 'duration' && typeof value === 'number') return formatDuration(value);
  if (kind === 'algorithm') return algorithmName(Number(value));
  return Array.isArray(value) ? value.join(', ') : String(value);
}
