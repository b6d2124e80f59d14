/** What-if values for a policy: `lifetime.zsk=30d`, checked as the configuration file is. */
import type { Policy } from '../kasp/policy.ts';
import { completePolicy, type PolicyDocument, policySchema } from '../store/config-schema.ts';
import { nearest } from '../store/config-words.ts';
import { impossibilities } from '../store/policy-check.ts';
import { OperationError } from './operation.ts';
import { POLICY_KEYS } from './policy-words.ts';

/** The policy with some values changed. Throws OperationError if one is none, or all of them together cannot be. */
export function withValues(policy: Policy, assignments: readonly string[]): Policy {
  let changed = policy;
  for (const assignment of assignments) changed = withValue(changed, assignment);
  if (assignments.length === 0) return policy;
  const [fault] = impossibilities(changed);
  if (fault === undefined) return changed;
  throw new OperationError(
    'REFUSED',
    'CONFIG_IMPOSSIBLE',
    `no policy can be like that: ${fault.key.join('.')}: ${fault.why}`,
    'change that value too, with another --set',
  );
}

function withValue(policy: Policy, assignment: string): Policy {
  const at = assignment.indexOf('=');
  const key = assignment.slice(0, at).trim();
  if (at < 1) throw wrong(`"${assignment}" is not like lifetime.zsk=30d`, 'write --set key=value');
  if (!POLICY_KEYS.includes(key)) {
    const near = nearest(key, POLICY_KEYS);
    throw wrong(
      `"${key}" is no value of a policy${near === undefined ? '' : `, did you mean "${near}"?`}`,
      'keyturn policy show lists them',
    );
  }
  const parsed = policySchema.safeParse(documentWith(policy, key.split('.'), assignment.slice(at + 1)));
  if (parsed.success) return completePolicy(parsed.data);
  const { message } = parsed.error.issues[0]!;
  throw wrong(`${key}: ${message}`, 'keyturn policy show says what it means');
}

/** A policy is a document that says everything. */
function documentWith(policy: Policy, [name, inner]: readonly string[], text: string): unknown {
  const document: Record<string, unknown> = { ...policy };
  const value = yamlValue(text.trim());
  if (inner === undefined) document[name!] = name === 'digests' || name === 'handover' ? listOf(text) : value;
  else document[name!] = { ...(document[name!] as PolicyDocument), [inner]: value };
  return document;
}

/** As YAML would have it. */
function yamlValue(text: string): string | number | boolean {
  if (text === 'true' || text === 'false') return text === 'true';
  return /^\d{1,10}$/.test(text) ? Number(text) : text;
}

function listOf(text: string): (string | number | boolean)[] {
  return text
    .replace(/[[\]]/g, '')
    .split(',')
    .map((part) => yamlValue(part.trim()))
    .filter((part) => part !== '');
}

function wrong(message: string, fix: string): OperationError {
  return new OperationError('USAGE_WRONG', 'SET_WRONG', message, fix);
}
