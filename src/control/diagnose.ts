/**
 * `diagnose`: one zone judged from inside, as health does, and from outside, as its parent and its resolvers see it. What
 * is gathered changes nothing here; what follows from it is found by functions of the facts alone.
 */
import { formatInstant, type UnixSeconds } from '../base/time.ts';
import type { ParentsContext } from '../daemon/parents.ts';
import type { Zone } from '../daemon/zone.ts';
import { chainOf } from '../parent/chain.ts';
import { type Concern, chainConcerns } from '../parent/concerns.ts';
import { type Interview, type Reply, serialOf } from '../parent/interview.ts';
import { UNWATCHED } from '../parent/watch.ts';
import { RRTYPE } from '../wire/iana.ts';
import { formatName } from '../wire/name.ts';
import { keySummary, needsOf } from './describe.ts';
import { delegationFindings } from './diagnose-delegation.ts';
import { type Outside, type OwnZone, ownZoneOf } from './diagnose-facts.ts';
import { gatherOutside } from './diagnose-gather.ts';
import { dsFindings, dsyncFindings, unseenFinding } from './diagnose-parent.ts';
import { outageFindings, serverFindings } from './diagnose-servers.ts';
import type { Diagnosis, DiagnosisFinding } from './diagnose-shapes.ts';
import { zoneFindings } from './health.ts';
import { stateOfZone } from './zone-state.ts';

/** Diagnoses a zone; `parents` is undefined if the configuration does not say how they are found. Never rejects. */
export async function diagnose(
  zone: Zone,
  parents: ParentsContext | undefined,
  now: UnixSeconds,
): Promise<Diagnosis> {
  const isServed = zone.served !== undefined;
  const outside =
    parents === undefined || !isServed ? undefined : await gatherOutside(parents, zone.origin, now);
  // What is served may have changed while others were asked.
  const own = ownZoneOf(zone);
  const seen = outside === undefined || own === undefined ? undefined : { outside, own };
  const outer = seen === undefined ? unseenFindings(zone.name, isServed) : outsideFindings(zone, seen, now);
  const findings = [...insideFindings(zone, now), ...outer].toSorted((a, b) => RANK[a.level] - RANK[b.level]);
  return {
    zone: zone.name,
    checkedAt: formatInstant(now),
    level: findings[0]?.level ?? 'ok',
    state: stateOfZone(zone),
    serial: zone.served?.image.serial ?? null,
    keys: (zone.signing?.zoneState.keys ?? []).map(keySummary),
    isOutsideSeen: seen !== undefined,
    parent: outside === undefined ? null : parentOf(outside),
    servers: (outside?.interviews ?? []).map(serverRow),
    findings,
  };
}

const RANK = { critical: 0, warning: 1, ok: 2 } as const;

// ---- Inside ----

function insideFindings(zone: Zone, now: UnixSeconds): DiagnosisFinding[] {
  const needs = needsOf(zone).map(
    ({ what, command }): DiagnosisFinding => ({
      level: 'ok',
      code: 'DIAGNOSE_NEEDS_PERSON',
      evidence: what,
      fix: command,
    }),
  );
  return [...zoneFindings(zone, now).map(asFinding), ...needs];
}

function asFinding({ level, code, message, fix }: Concern): DiagnosisFinding {
  return { level, code, evidence: message, fix };
}

// ---- Outside ----

function unseenFindings(name: string, isServed: boolean): DiagnosisFinding[] {
  const evidence = isServed
    ? 'the outside was not looked at: the configuration does not say how parents are found'
    : `the outside was not looked at: nothing of ${name} is served that it could be held against`;
  const fix = isServed ? 'add to the configuration: parents: { anchors: iana }' : `keyturn zone show ${name}`;
  return [{ level: 'ok', code: 'DIAGNOSE_OUTSIDE_UNSEEN', evidence, fix }];
}

/** What is wrong with a zone as others see it. */
export function outsideFindings(
  zone: Zone,
  { outside, own }: { readonly outside: Outside; readonly own: OwnZone },
  now: UnixSeconds,
): DiagnosisFinding[] {
  const { look, interviews, left, dsync } = outside;
  const { signing } = zone;
  const watch = { ...UNWATCHED, last: { at: now, outcome: look } };
  const state = signing?.zoneState;
  const chain = state && chainOf(watch, own.origin, state);
  // Of a DS that came back the chain tells.
  const keys = state?.keys.filter((key) => chain?.returned.includes(key) !== true);
  return [
    ...(own.isSigned && chain !== undefined ? chainConcerns(own.name, chain).map(asFinding) : []),
    ...dsFindings(look, own, signing && { keys: keys ?? [], policy: signing.policy }),
    ...(own.isSigned ? dsyncFindings(dsync) : []),
    ...delegatedFindings(outside, own),
    ...interviews.flatMap((one) => serverFindings(one, own, now)),
    ...leftFindings(interviews.length, left),
  ];
}

function delegatedFindings({ look, delegation, interviews }: Outside, own: OwnZone): DiagnosisFinding[] {
  if (delegation.kind === 'delegation') {
    return [...delegationFindings(delegation, own), ...outageFindings(interviews, own)];
  }
  // Servers that know nothing of the zone have been told of already.
  const isTold = look.kind === 'unknown' || look.sights.some(({ verdict }) => verdict.kind === 'unknown');
  return isTold ? [] : [unseenFinding(delegation, own)];
}

function leftFindings(asked: number, left: number): DiagnosisFinding[] {
  if (left === 0) return [];
  const evidence = `${asked} addresses of name servers were asked, ${left} more were not`;
  const fix = 'delegate to fewer servers: resolvers try a few of them only';
  return [{ level: 'ok', code: 'DIAGNOSE_MANY_SERVERS', evidence, fix }];
}

/** The parent zone, if it was found. */
export function parentOf({ look, delegation }: Outside): string | null {
  if (look.kind === 'look') return formatName(look.parent);
  return delegation.kind === 'delegation' ? formatName(delegation.parent) : null;
}

function serverRow({ server, udp, tcp, rrsets }: Interview): Diagnosis['servers'][number] {
  const soa = rrsets.get(RRTYPE.SOA);
  const told = (reply: Reply) => (reply.kind === 'said' ? 'answers' : reply.text);
  return {
    server: formatName(server.name),
    address: server.address,
    udp: told(udp),
    tcp: told(tcp),
    serial: soa === undefined ? null : serialOf(soa),
  };
}
