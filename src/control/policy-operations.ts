/** Operations on policies: what they say, whether they can be followed, and what comes of them. They change nothing. */
import { z } from 'zod';
import { operation } from './operation.ts';
import { MAX_NAME_CHARACTERS, plainText, seconds, whole } from './params.ts';
import { policyCheck, policyList, policySimulation } from './policy-shapes.ts';

const MAX_DAYS = 3_650;
const MAX_SETS = 64;

const policy = plainText(1, MAX_NAME_CHARACTERS).meta({ value: 'POLICY' });
const assignment = plainText(1, 1_024);
/** `a=1,b=2`, or many of these: a query joins them with commas, which a value may have too. */
const assignments = z
  .union([assignment, z.array(assignment).max(MAX_SETS)])
  .transform((given) => [given].flat().flatMap((text) => text.split(/,(?=[A-Za-z.]+=)/)))
  .meta({ value: 'KEY=VALUE' });

export const POLICY_OPERATIONS = {
  'policy.show': operation({
    summary: 'show policies: every value, its default, what it means, and how long rollovers take',
    params: z.strictObject({ policy: policy.optional().describe('only this policy') }),
    result: policyList,
    danger: 'reads',
    cli: 'policy show [POLICY]',
    http: { method: 'GET', path: '/v1/policies' },
  }),
  'policy.check': operation({
    summary: 'check policies, and the zones that follow them, against the waits that rollovers need',
    params: z.strictObject({ policy: policy.optional().describe('only this policy') }),
    result: policyCheck,
    danger: 'reads',
    cli: 'policy check [POLICY]',
    http: { method: 'GET', path: '/v1/policies/check' },
  }),
  'policy.simulate': operation({
    summary: 'show the rollovers of a year under a policy, and change nothing',
    params: z.strictObject({
      subject: policy.describe('a policy, for a new zone; or a zone, from its keys as they are'),
      policy: policy.optional().describe('the zone follows this policy instead of its own'),
      days: whole(1, MAX_DAYS).default(400).describe('how far to look'),
      set: assignments.optional().describe('what if: lifetime.zsk=30d; may be repeated'),
      parentDelay: seconds.optional().describe('assume that the parent takes so long'),
    }),
    result: policySimulation,
    danger: 'reads',
    cli: 'policy simulate SUBJECT',
    http: { method: 'GET', path: '/v1/policies/:subject/simulation' },
  }),
} as const;
