/**
 * `parent preflight`: whether a zone can go signed and get its first DS, looked at as its parent would (RFC 9615 §4.2,
 * ROLLOVER 2.7 step S0, 3.3). What speaks against the signed zone is found as a diagnosis finds it; whether the signals
 * are enough is judged by what a parent judges by.
 */
import { formatInstant, type UnixSeconds } from '../base/time.ts';
import type { ParentsContext } from '../daemon/parents.ts';
import type { Hindrance, Signal } from '../daemon/signaling.ts';
import type { Zone } from '../daemon/zone.ts';
import { asksForFirstDs } from '../kasp/bootstrap.ts';
import { dnskeyOf } from '../kasp/records.ts';
import { type BootstrapFault, type BootstrapVerdict, judgeBootstrap } from '../parent/bootstrap.ts';
import { dsIn, gatherBootstrap } from '../parent/bootstrap-gather.ts';
import type { Verdict } from '../parent/judge.ts';
import { signalingName } from '../parent/signal.ts';
import { isDsOf } from '../parent/validate.ts';
import { formatName } from '../wire/name.ts';
import { BOOTSTRAP_CODES } from './codes-bootstrap.ts';
import { outsideFindings, parentOf } from './diagnose.ts';
import { ownZoneOf } from './diagnose-facts.ts';
import { gatherOutside } from './diagnose-gather.ts';
import type { DiagnosisFinding } from './diagnose-shapes.ts';
import { notServed } from './find.ts';
import type { Preflight } from './preflight-shapes.ts';

/** Looks and judges; `signals` are where we would vouch for the zone. Throws if nothing of the zone is served. */
export async function preflightOf(
  zone: Zone,
  { parents, signals }: { readonly parents: ParentsContext; readonly signals: readonly Signal[] },
  now: UnixSeconds,
): Promise<Preflight> {
  const outside = await gatherOutside(parents, zone.origin, now);
  const { look, delegation } = outside;
  const hosts = delegation.kind === 'delegation' ? delegation.hosts : [];
  const gathered = await gatherBootstrap(parents, zone.origin, hosts, now);
  // What is served may have changed while others were asked.
  const own = ownZoneOf(zone);
  if (own === undefined) throw notServed(zone.name);
  const ds = dsIn(look);
  const verdict = judgeBootstrap({ child: zone.origin, ds, ...gathered }, now);
  const found = outsideFindings(zone, { outside, own }, now);
  return {
    zone: zone.name,
    checkedAt: formatInstant(now),
    parent: parentOf(outside),
    isSigned: own.isSigned,
    isAsking: isAsking(zone),
    signing: found.filter(({ code }) => isAgainstSigning(code)),
    bootstrap: {
      ...bootstrapOf(zone, verdict, ds),
      signals: signals.map((signal) => signalView(zone, signal)),
    },
  };
}

function isAsking({ signing }: Zone): boolean {
  return signing !== undefined && asksForFirstDs(signing.zoneState);
}

// ---- Going signed (step S0) ----

/** Codes of a diagnosis that matter to a zone that shall get a DS: what resolvers need to see, and see the same. */
const AGAINST_SIGNING: readonly string[] = [
  ...['DIAGNOSE_DS_UNSIGNED', 'PARENT_DS_ORPHAN', 'DIAGNOSE_PARENT_INSECURE'],
  ...['DIAGNOSE_NO_SERVER', 'DIAGNOSE_HOST_NO_ADDRESS', 'DIAGNOSE_DELEGATION_MIXED'],
  ...['DIAGNOSE_SERVER_SILENT', 'DIAGNOSE_UDP_SILENT', 'DIAGNOSE_TCP_SILENT', 'DIAGNOSE_SERVER_MALFORMED'],
  ...['DIAGNOSE_SERVER_REFUSED', 'DIAGNOSE_SERVER_ERROR', 'DIAGNOSE_SERVER_LAME', 'DIAGNOSE_NO_EDNS'],
  ...['DIAGNOSE_SERVER_SERIAL', 'DIAGNOSE_SERVER_DNSKEY', 'DIAGNOSE_SERVER_CDS', 'DIAGNOSE_UNSIGNED_ANSWER'],
  ...['DIAGNOSE_SIGNATURE_EXPIRED', 'DIAGNOSE_SIGNATURE_EXPIRING', 'DIAGNOSE_SIGNATURE_BOGUS'],
];

/** Also whatever keeps the parent from being seen. */
function isAgainstSigning(code: string): boolean {
  return AGAINST_SIGNING.includes(code) || (code.startsWith('PARENT_') && code !== 'PARENT_DS_FOREIGN');
}

// ---- The first DS ----

/** What is not there yet as long as the zone does not ask. */
const LATER: readonly BootstrapFault['reason'][] = ['BOOTSTRAP_NO_CDS', 'BOOTSTRAP_SIGNAL_MISSING'];

function bootstrapOf(
  zone: Zone,
  verdict: BootstrapVerdict,
  ds: Verdict,
): Pick<Preflight['bootstrap'], 'state' | 'findings'> {
  if (hasOwnDs(zone, ds)) return { state: 'secure', findings: [] };
  if (verdict.kind === 'accepted') return { state: 'ready', findings: [] };
  const isEarly = !isAsking(zone);
  const faults = verdict.faults.filter(({ reason }) => !isEarly || !LATER.includes(reason));
  if (faults.length === 0) return { state: 'early', findings: [] };
  return { state: verdict.kind, findings: faults.map((fault) => findingOf(zone, fault)) };
}

function hasOwnDs({ signing, origin }: Zone, ds: Verdict): boolean {
  const keys = (signing?.zoneState.keys ?? []).map(dnskeyOf);
  return ds.kind === 'known' && ds.ds.some((rdata) => keys.some((key) => isDsOf(rdata, origin, key)));
}

/** A fault in the shape of a finding. */
export function findingOf({ name }: Pick<Zone, 'name'>, { reason, text }: BootstrapFault): DiagnosisFinding {
  const fix = BOOTSTRAP_CODES[reason].fix.replaceAll('ZONE', name);
  return { level: 'warning', code: reason, evidence: text, fix };
}

function signalView({ origin }: Zone, signal: Signal): Preflight['bootstrap']['signals'][number] {
  const name = signalingName(origin, signal.host);
  return {
    host: formatName(signal.host),
    name: name === undefined ? null : formatName(name),
    zone: signal.holder?.name ?? null,
    because: signal.holder === null ? HINDRANCES[signal.because] : null,
  };
}

const HINDRANCES: Readonly<Record<Hindrance, string>> = {
  'too long': 'the name would have over 255 octets',
  'not ours': 'the zone that holds it is not served here',
  'not signed': 'the zone that holds it is served here without signatures',
  'zone cut': 'there is a zone of that name',
};
