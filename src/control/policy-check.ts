/** Policies against what rollovers need: the rules of the configuration, and the zones that follow a policy. */
import { formatDuration } from '../base/time.ts';
import type { Key } from '../kasp/key.ts';
import type { Policy } from '../kasp/policy.ts';
import { schemeOf } from '../kasp/request.ts';
import type { Facts } from '../kasp/step.ts';
import type { ZoneState } from '../kasp/zonestate.ts';
import { impossibilities, type PolicyFinding, reservations } from '../store/policy-check.ts';
import { algorithmName } from './describe.ts';
import type { PolicyCheck, PolicyFindingSummary } from './policy-shapes.ts';
import { rolloversUnder } from './policy-waits.ts';

/** A zone that follows a policy, as far as it is known. */
export interface Follower {
  readonly name: string;
  /** Undefined if nothing is served of it. */
  readonly facts: Facts | undefined;
  readonly state: Pick<ZoneState, 'keys' | 'goal'> | undefined;
}

/** Findings about zones that are told, a policy. */
const TOLD_ZONES = 100;

/** The verdict on one policy. */
export function checkPolicy(
  name: string,
  policy: Policy,
  followers: readonly Follower[],
): PolicyCheck['policies'][number] {
  const own = [
    ...impossibilities(policy).map((found) => ofPolicy(found, 'error')),
    ...reservations(policy).map((found) => ofPolicy(found, 'warning')),
  ];
  const ofZones = followers.flatMap((follower) => findingsOn(follower, policy));
  return {
    policy: name,
    zones: followers.length,
    rollovers: rolloversUnder(policy),
    findings: [...own, ...ofZones.slice(0, TOLD_ZONES)],
  };
}

/** True if no policy has an error. */
export function isFine(policies: PolicyCheck['policies']): boolean {
  return policies.every(({ findings }) => findings.every(({ severity }) => severity !== 'error'));
}

function ofPolicy(
  { key, why }: PolicyFinding,
  severity: PolicyFindingSummary['severity'],
): PolicyFindingSummary {
  const code = severity === 'error' ? 'CONFIG_IMPOSSIBLE' : 'CONFIG_COSTLY';
  return { severity, code, key: key.join('.'), zone: null, message: why };
}

/** What a policy says of a zone that the zone is not, or makes longer than the policy allows for. */
function findingsOn({ name, facts, state }: Follower, policy: Policy): PolicyFindingSummary[] {
  const found: PolicyFindingSummary[] = [];
  const warn = (code: string, key: string, message: string) =>
    void found.push({ severity: 'warning', code, key, zone: name, message });
  if (facts !== undefined && facts.maxTtl > policy.maxZoneTtl) {
    const [real, allowed] = [facts.maxTtl, policy.maxZoneTtl].map(formatDuration);
    warn(
      'POLICY_ZONE_TTL',
      'maxZoneTtl',
      `it has a TTL of ${real}, over ${allowed}: its rollovers take longer`,
    );
    for (const { key, why } of impossibilities({ ...policy, maxZoneTtl: facts.maxTtl })) {
      if (key[0] === 'lifetime') warn('POLICY_ZONE_LIFETIME', key.join('.'), why);
    }
  }
  if (state?.goal !== 'secure') return found;
  for (const { key, is, command } of deviations(name, state.keys, policy)) {
    const until = `until somebody types: ${command}`;
    if (key === 'algorithm') warn('POLICY_ZONE_ALGORITHM', key, `its keys are ${is} ${until}`);
    else warn('POLICY_ZONE_SCHEME', key, `it has ${is} ${until}`);
  }
  return found;
}

/** What keys are and a policy does not want. */
interface Deviation {
  readonly key: 'algorithm' | 'scheme';
  readonly is: string;
  /** What makes them so, for they do not change by themselves. */
  readonly command: string;
}

/** In what the keys of a zone that stay are not as a policy says. */
export function deviations(name: string, keys: readonly Key[], policy: Policy): Deviation[] {
  const staying = keys.filter(({ goal }) => goal === 'IN');
  const found: Deviation[] = [];
  const deviate = (key: Deviation['key'], is: string, wanted: string) =>
    void found.push({ key, is, command: `keyturn rollover start ${name} --type ${key} --to ${wanted}` });
  const other = staying.find(({ algorithm }) => algorithm !== policy.algorithm);
  if (other !== undefined) {
    deviate('algorithm', algorithmName(other.algorithm), algorithmName(policy.algorithm));
  }
  if (staying.length > 0 && schemeOf(staying) !== policy.scheme) {
    deviate('scheme', schemeOf(staying), policy.scheme);
  }
  return found;
}
