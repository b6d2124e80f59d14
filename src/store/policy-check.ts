/**
 * What a policy cannot be, and what it should not be, before anything follows it. A lifetime must leave room for its
 * rollover: twice the sum of the waits that have a bound (ROLLOVER 1.6); waiting for the parent has none and comes on
 * top, which is why it is twice.
 */
import { formatDuration } from '../base/time.ts';
import type { Policy } from '../kasp/policy.ts';
import { ALGORITHM } from '../wire/iana.ts';

/** The key of the policy that is meant, and the reason. */
export interface PolicyFinding {
  readonly key: readonly string[];
  readonly why: string;
}

/** A wait of a rollover: the name of its step, and the numbers that it is the sum of. */
interface BoundedWait {
  readonly step: string;
  readonly parts: readonly (readonly [name: string, seconds: number])[];
}

const HOUR = 3_600;
const DAY = 86_400;

/** What cannot work in a policy. */
export function impossibilities(policy: Policy): PolicyFinding[] {
  return [...signatureFaults(policy), ...lifetimeFaults(policy)];
}

/** What works, at a cost that should be known. */
export function reservations({ algorithm, autoCancel, cdsHold, denial, optOut }: Policy): PolicyFinding[] {
  const found: PolicyFinding[] = [];
  if (algorithm === ALGORITHM.ECDSAP384SHA384) {
    const why =
      'ECDSAP384SHA384 takes 15 to 30 times as long as ECDSAP256SHA256 for each signature, and its signatures ' +
      'have 96 octets instead of 64; no validator needs it';
    found.push({ key: ['algorithm'], why });
  }
  if (autoCancel !== 'never' && autoCancel < cdsHold) {
    const why =
      `${formatDuration(autoCancel)} is under cdsHold, ${formatDuration(cdsHold)}, within which a parent acts upon ` +
      'CDS: rollovers would be cancelled that only had to wait';
    found.push({ key: ['autoCancel'], why });
  }
  if (optOut) {
    // RFC 9276 §3.1: not recommended for small zones.
    const why =
      denial === 'nsec3'
        ? 'who forges answers can then invent unsigned delegations; it is for very large zones of delegations only'
        : 'only NSEC3 has it; it does nothing without denial: nsec3';
    found.push({ key: ['optOut'], why });
  }
  return found;
}

function signatureFaults({ validity, dnskeyTtl }: Policy): PolicyFinding[] {
  const found: PolicyFinding[] = [];
  // A signature is served for four sevenths of its validity and begins an hour early (signer/validity).
  const leastLeft = validity - Math.floor((validity * 4) / 7) - HOUR;
  if (leastLeft < 60) {
    const why = `${formatDuration(validity)} is too short: signatures would be served expired`;
    found.push({ key: ['validity'], why });
  } else if (dnskeyTtl > validity) {
    const why = `${formatDuration(dnskeyTtl)} is longer than signatures are valid`;
    found.push({ key: ['dnskeyTtl'], why });
  }
  if (validity > 180 * DAY) {
    found.push({ key: ['validity'], why: 'signatures valid for over 180d could be replayed for that long' });
  }
  return found;
}

// ---- Lifetimes ----

function lifetimeFaults(policy: Policy): PolicyFinding[] {
  const roles = policy.scheme === 'csk' ? (['csk'] as const) : (['ksk', 'zsk'] as const);
  return roles.flatMap((role) => {
    const lifetime = policy.lifetime[role];
    const waits = waitsOf(policy, role);
    const sum = waits.reduce((total, wait) => total + secondsOf(wait), 0);
    if (lifetime === 'unlimited' || lifetime >= 2 * sum) return [];
    const why =
      `${formatDuration(lifetime)} is under ${formatDuration(2 * sum)}, twice the waits of one rollover: ` +
      `${waits.map(formatWait).join(' + ')} = ${formatDuration(sum)}`;
    return [{ key: ['lifetime', role], why }];
  });
}

/** The waits of a rollover one after the other, all that has a bound. */
function waitsOf(policy: Policy, role: 'csk' | 'ksk' | 'zsk'): BoundedWait[] {
  const { dnskeyTtl, maxZoneTtl, publishSafety, retireSafety, propagation, parent } = policy;
  const wait = (step: string, ...parts: BoundedWait['parts']): BoundedWait => ({ step, parts });
  const server = ['propagation', propagation] as const;
  const keys = ['dnskeyTtl', dnskeyTtl] as const;
  const retire = ['retireSafety', retireSafety] as const;
  const publish = wait('publish', server, keys, ['publishSafety', publishSafety]);
  const switching = wait('switch', server, ['maxZoneTtl', maxZoneTtl], retire);
  const remove = wait('remove', server, keys);
  if (role === 'zsk') return [publish, switching, remove];
  const parentParts = [
    ['parent.propagation', parent.propagation],
    ['parent.dsTtl', parent.dsTtl],
    retire,
  ] as const;
  const soak = wait('soak', ...parentParts);
  const drain = wait('drain', ...parentParts);
  // The CSK that goes hands over the zone while its DS drains: the longer of both counts.
  const last = role === 'csk' && secondsOf(switching) > secondsOf(drain) ? switching : drain;
  switch (policy.rollover.ksk) {
    case 'additive':
      return [publish, soak, last, remove];
    case 'swap':
      return [publish, last, remove];
    case 'double-ds':
      return [soak, publish, last];
  }
}

function secondsOf({ parts }: BoundedWait): number {
  return parts.reduce((sum, [, seconds]) => sum + seconds, 0);
}

function formatWait({ step, parts }: BoundedWait): string {
  return `${step} (${parts.map(([name, seconds]) => `${name} ${formatDuration(seconds)}`).join(', ')})`;
}
