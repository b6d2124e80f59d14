/** What is wrong with the signatures that a name server gives, judged by the keys that the zone publishes here. Pure. */
import { formatDuration, formatInstant, type UnixSeconds } from '../base/time.ts';
import { readRrsig } from '../dnssec/rrsig.ts';
import type { Interview } from '../parent/interview.ts';
import type { ReceivedRRset } from '../parent/rrset.ts';
import { faultOf, type Signers } from '../parent/validate.ts';
import { newVerifications } from '../parent/verifications.ts';
import { formatType, RRTYPE } from '../wire/iana.ts';
import type { OwnZone } from './diagnose-facts.ts';
import type { DiagnosisFinding } from './diagnose-shapes.ts';

/** Signatures with less than this part of their life left should have been made anew. */
const EXPIRING_PARTS = 4;

/** How the signatures of one RRset are; `at` is when the last of them expires, or expired. */
type State =
  | { readonly kind: 'good' }
  | { readonly kind: 'none' }
  | { readonly kind: 'expiring' | 'expired'; readonly at: UnixSeconds }
  | { readonly kind: 'bogus'; readonly fault: string };

/** Judges all RRsets that a server gave; one finding for each kind of fault. */
export function signatureFindings(
  rrsets: Interview['rrsets'],
  where: string,
  own: OwnZone,
  now: UnixSeconds,
): DiagnosisFinding[] {
  const keys = own.apex.get(RRTYPE.DNSKEY) ?? [];
  const zone = { apex: own.origin, keys, verifications: newVerifications() };
  const states = [...rrsets.values()]
    .filter((rrset) => rrset !== undefined)
    .map((rrset) => ({ type: formatType(rrset.type), state: stateOf(rrset, zone, now) }));
  return (['none', 'expired', 'expiring', 'bogus'] as const).flatMap((kind) => {
    const found = states.filter(({ state }) => state.kind === kind);
    if (found.length === 0) return [];
    return [{ ...WORDS[kind], evidence: `${where}: ${found.map((one) => textOf(one, now)).join('; ')}` }];
  });
}

function stateOf(rrset: ReceivedRRset, zone: Signers, now: UnixSeconds): State {
  if (rrset.rrsigs.length === 0) return { kind: 'none' };
  const fault = faultOf(rrset, zone, now);
  const rrsigs = rrset.rrsigs.map(readRrsig).filter((rrsig) => rrsig !== undefined);
  const last = rrsigs.toSorted((a, b) => b.expiration - a.expiration)[0];
  if (last !== undefined && fault !== undefined && last.expiration < now) {
    return { kind: 'expired', at: last.expiration };
  }
  if (fault !== undefined || last === undefined) return { kind: 'bogus', fault: fault ?? 'it is malformed' };
  const isLate = (last.expiration - now) * EXPIRING_PARTS < last.expiration - last.inception;
  return isLate ? { kind: 'expiring', at: last.expiration } : { kind: 'good' };
}

function textOf({ type, state }: { readonly type: string; readonly state: State }, now: UnixSeconds): string {
  if (state.kind === 'none') return `${type} comes without a signature`;
  if (state.kind === 'expired') return `the signature of ${type} expired at ${formatInstant(state.at)}`;
  if (state.kind === 'expiring')
    return `the signature of ${type} expires in ${formatDuration(state.at - now)}`;
  return state.kind === 'bogus' ? `${type}: ${state.fault}` : type;
}

const RENEW =
  'let the server take the zone anew, as it is here: its signatures are renewed here by themselves';

const WORDS = {
  none: {
    level: 'critical',
    code: 'DIAGNOSE_UNSIGNED_ANSWER',
    fix: 'let the server serve the zone signed as it is here: transfer it whole, switch DNSSEC on there',
  },
  expired: { level: 'critical', code: 'DIAGNOSE_SIGNATURE_EXPIRED', fix: `${RENEW}; check its clock too` },
  expiring: { level: 'warning', code: 'DIAGNOSE_SIGNATURE_EXPIRING', fix: RENEW },
  bogus: {
    level: 'critical',
    code: 'DIAGNOSE_SIGNATURE_BOGUS',
    fix: 'let the server take the zone as it is here, and sign nothing itself; compare clocks',
  },
} as const;
