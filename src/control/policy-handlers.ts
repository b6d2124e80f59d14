/** The operations on policies at work: over the zones of the daemon, or over a configuration file without any. */
import { plus, type UnixSeconds } from '../base/time.ts';
import type { Zone } from '../daemon/zone.ts';
import type { Zones } from '../daemon/zones.ts';
import type { Policy } from '../kasp/policy.ts';
import { nearest } from '../store/config-words.ts';
import { parseName } from '../wire/name.ts';
import type { RolloverContext } from './carry-out.ts';
import { findSigned, type SignedZone } from './find.ts';
import { OperationError } from './operation.ts';
import type { Params, Result } from './operations.ts';
import { checkPolicy, type Follower, isFine } from './policy-check.ts';
import { withValues } from './policy-set.ts';
import { simulate } from './policy-simulation.ts';
import { rolloversUnder } from './policy-waits.ts';
import { policyValues } from './policy-words.ts';
import type { Handlers } from './server.ts';

const DAY = 86_400;

/** What is known of policies and of the zones that follow them. */
export interface Policies {
  readonly all: ReadonlyMap<string, Policy>;
  followersOf(policy: string): readonly Follower[];
  /** The zone that a word means; undefined if it cannot mean one. Throws OperationError if there is no such zone. */
  zone(word: string): SignedZone | undefined;
}

type PolicyHandlers = Pick<Handlers, Extract<keyof Handlers, `policy.${string}`>>;

/** The handlers of all operations on policies. */
export function createPolicyHandlers(
  context: Pick<RolloverContext, 'clock' | 'zones'> & {
    readonly config: { readonly policies: ReadonlyMap<string, Policy> };
  },
): PolicyHandlers {
  const { clock, zones } = context;
  const policies: Policies = {
    get all() {
      return context.config.policies;
    },
    followersOf: (name) =>
      zones
        .all()
        .filter(({ policyName }) => policyName === name)
        .map(followerOf),
    zone: (word) => (isZone(zones, word) ? findSigned(zones, word) : undefined),
  };
  return {
    'policy.show': (params) => showPolicies(policies, params),
    'policy.check': (params) => checkPolicies(policies, params),
    'policy.simulate': (params) => simulatePolicy(policies, params, clock.now()),
  };
}

function followerOf({ name, keeper, signing }: Zone): Follower {
  return { name, facts: keeper.facts, state: signing?.zoneState };
}

/** Whether a word that is no policy means a zone: it is one, or has a dot as only a name of one has. */
function isZone(zones: Zones, word: string): boolean {
  const name = parseName(word.endsWith('.') ? word : `${word}.`);
  return typeof name !== 'string' && (zones.find(name) !== undefined || word.includes('.'));
}

// ---- The operations ----

/** `policy show`. */
export function showPolicies(policies: Policies, { policy }: Params<'policy.show'>): Result<'policy.show'> {
  return {
    policies: chosen(policies, policy).map(([name, one]) => ({
      policy: name,
      zones: policies.followersOf(name).length,
      values: policyValues(one),
      rollovers: rolloversUnder(one),
    })),
  };
}

/** `policy check`. */
export function checkPolicies(
  policies: Policies,
  { policy }: Params<'policy.check'>,
): Result<'policy.check'> {
  const checked = chosen(policies, policy).map(([name, one]) =>
    checkPolicy(name, one, policies.followersOf(name)),
  );
  return { ok: isFine(checked), policies: checked };
}

/** `policy simulate`. */
export function simulatePolicy(
  policies: Policies,
  params: Params<'policy.simulate'>,
  now: UnixSeconds,
): Result<'policy.simulate'> {
  const { subject, set = [], days, parentDelay } = params;
  const options = { now, until: plus(now, days * DAY), parentDelay };
  const found = policies.all.has(subject) ? undefined : policies.zone(subject);
  if (found === undefined) {
    if (params.policy !== undefined) throw twoPolicies(params.policy);
    const policy = withValues(getPolicy(policies, subject), set);
    return simulate({ policyName: subject, policy, set }, options);
  }
  const { zone, signing } = found;
  const base = params.policy === undefined ? signing.policy : getPolicy(policies, params.policy);
  const policyName = params.policy ?? zone.policyName;
  const ofZone = { name: zone.name, state: signing.zoneState, facts: zone.keeper.facts! };
  return simulate({ policyName, policy: withValues(base, set), set, zone: ofZone }, options);
}

function chosen(policies: Policies, name: string | undefined): (readonly [string, Policy])[] {
  return name === undefined ? [...policies.all] : [[name, getPolicy(policies, name)]];
}

/** Throws OperationError if there is no such policy. */
function getPolicy({ all }: Policies, name: string): Policy {
  const policy = all.get(name);
  if (policy !== undefined) return policy;
  const near = nearest(name, [...all.keys()]);
  const hint = near === undefined ? '' : `, did you mean "${near}"?`;
  const fix = `there are: ${[...all.keys()].join(', ')}`;
  throw new OperationError('NO_SUCH_OBJECT', 'NO_SUCH_POLICY', `there is no policy ${name}${hint}`, fix);
}

function twoPolicies(policy: string): OperationError {
  const message = `--policy ${policy} goes with a zone, not with another policy`;
  return new OperationError('USAGE_WRONG', 'TWO_POLICIES', message, `keyturn policy simulate ${policy}`);
}
