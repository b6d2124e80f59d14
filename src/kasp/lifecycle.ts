/**
 * When keys are replaced by themselves (ROLLOVER 1.6, successor lead; 2.10): so early that the new key takes over when
 * the old one has been in use for its lifetime.
 */
import { plus, type UnixSeconds, unixSeconds } from '../base/time.ts';
import type { Key } from './key.ts';
import type { Lifetime, Policy } from './policy.ts';
import { refusalOf } from './start.ts';
import type { RolloverRequest } from './step.ts';
import type { RolloverType, ZoneState } from './zonestate.ts';

/** A rollover that starts by itself. */
export interface PlannedRollover {
  readonly request: RolloverRequest;
  readonly at: UnixSeconds;
}

type LivingType = Extract<RolloverType, 'zsk' | 'ksk' | 'csk'>;

/**
 * The rollover to start next because a lifetime is over: one that is due and may start, else the next one to come,
 * else one that is due and must wait. Null if no key that is published has a lifetime, or the zone goes unsigned.
 */
export function dueByLifetime(state: ZoneState, policy: Policy, now: UnixSeconds): PlannedRollover | null {
  if (state.goal === 'insecure') return null;
  const planned = state.keys
    .flatMap((key) => plannedFor(key, state, policy) ?? [])
    .sort((one, other) => one.at - other.at);
  const due = planned.filter(({ at }) => at <= now);
  const mayStart = due.find(({ request }) => refusalOf(state, request, policy, now) === undefined);
  return mayStart ?? planned.find(({ at }) => at > now) ?? due[0] ?? null;
}

function plannedFor(key: Key, state: ZoneState, policy: Policy): PlannedRollover | null {
  const type = livingType(key);
  const lifetime: Lifetime = policy.lifetime[type];
  if (key.goal === 'OUT' || key.publishedAt === null || lifetime === 'unlimited') return null;
  // A DS that may or may not exist is no ground to ask for another one without being told to (ROLLOVER 2.10).
  if (type !== 'zsk' && state.delegation === 'unconfirmed') return null;
  const lead = successorLead(type, policy);
  const at = plus(takenOverAt(key, key.publishedAt, state, lead), lifetime - lead);
  const last = type === 'zsk' ? null : state.lastStarted['key-signing'];
  const paced = last === null ? at : plus(last, policy.minInterval);
  return { request: { type }, at: unixSeconds(Math.max(at, paced)) };
}

function livingType({ roles }: Key): LivingType {
  if (!roles.includes('key-signing')) return 'zsk';
  return roles.includes('zone-signing') ? 'csk' : 'ksk';
}

/**
 * Seconds from the start of a rollover until the new key takes over. ZSK: Ipub = Dprp + TTLkey + Spub. A key with a
 * DS: IpubC + Dreg, of which only the parent's propagation is known beforehand.
 */
export function successorLead(type: LivingType, policy: Policy): number {
  const Ipub = policy.propagation + policy.dnskeyTtl + policy.publishSafety;
  return type === 'zsk' ? Ipub : Ipub + policy.parent.propagation;
}

/** Tact. The zone's first key is in use once it is published; one that came by a rollover has waited for its lead. */
function takenOverAt(key: Key, publishedAt: UnixSeconds, state: ZoneState, lead: number): UnixSeconds {
  const cameByRollover = key.roles.some((role) => {
    const started = state.lastStarted[role];
    return started !== null && publishedAt >= started;
  });
  return cameByRollover ? plus(publishedAt, lead) : publishedAt;
}
