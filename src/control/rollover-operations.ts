/** Operations on the keys of one zone: rollovers, and what is known of the DS at the parent. */
import { z } from 'zod';
import { operation } from './operation.ts';
import { flag, optionalZone, reason, seconds, tag, whole, word, zone } from './params.ts';
import { history, rolloverChange, rolloverList, rolloverPlan, rolloverStatus } from './shapes.ts';

/** Types of `rollover start`; going insecure is `zone unsign`. */
export const STARTED_TYPES = ['zsk', 'ksk', 'csk', 'algorithm', 'scheme'] as const;
export type StartedType = (typeof STARTED_TYPES)[number];
/** Methods that an operator may choose (ROLLOVER 2.2, 2.3, 2.5). */
export const METHODS = ['additive', 'swap', 'double-ds', 'conservative', 'liberal'] as const;
const EMERGENCIES = ['continuity', 'containment'] as const;
const MAX_DAYS = 3_650;
const MAX_ENTRIES = 1_000_000;

const ofZone = zone.describe('name of the zone');
/** About a key: it alone, or its tag. */
const observation = z.union([z.boolean(), tag]).meta({ value: '[TAG]' }).optional();

export const ROLLOVER_OPERATIONS = {
  'rollover.start': operation({
    summary: 'replace keys of a zone, or say with --dry-run what that would do',
    params: z.strictObject({
      zone: ofZone,
      type: z.enum(STARTED_TYPES).optional().describe('which keys to replace'),
      to: word.optional().describe('the new algorithm, or csk or ksk-zsk'),
      method: z.enum(METHODS).optional().describe('instead of the one of the policy'),
      emergency: z
        .enum(EMERGENCIES)
        .optional()
        .describe('the key is lost or known to others: without margins, or at once'),
      forceUnsafe: reason
        .optional()
        .describe('with --emergency containment: why that is done, for the audit trail'),
      dryRun: flag
        .default(false)
        .describe('say whether it is refused and what it would do, and change nothing'),
    }),
    result: rolloverChange,
    danger: 'acts',
    cli: 'rollover start ZONE',
    http: { method: 'POST', path: '/v1/zones/:zone/rollover' },
    asks: ({ zone: one, emergency, dryRun }) => {
      if (emergency === undefined || dryRun) return null;
      return emergency === 'containment'
        ? `${one} will fail to validate until caches have dropped the old key (see --dry-run)`
        : `the keys of ${one} will be replaced without safety margins`;
    },
  }),
  'rollover.status': operation({
    summary: 'show the rollover of a zone: what is waited for, until when, and who must act',
    params: z.strictObject({ zone: ofZone }),
    result: rolloverStatus,
    danger: 'reads',
    cli: 'rollover status ZONE',
    http: { method: 'GET', path: '/v1/zones/:zone/rollover' },
  }),
  'rollover.confirm-ds': operation({
    summary: 'say that every server of the parent has the DS of a key, or that none has it',
    params: z.strictObject({
      zone: ofZone,
      key: tag.optional().describe('tag of the key that --seen or --gone is about'),
      seen: observation.describe('every server of the parent has the DS of the key'),
      gone: observation.describe('no server of the parent has the DS of the key'),
      none: flag.default(false).describe('no server of the parent has any DS of the zone'),
      ttl: seconds.optional().describe('TTL of the DS (default: parent.dsTtl of the policy)'),
    }),
    result: rolloverChange,
    danger: 'acts',
    cli: 'rollover confirm-ds ZONE',
    http: { method: 'POST', path: '/v1/zones/:zone/rollover/confirm-ds' },
    asks: ({ zone: one }) => `if that is not true of every server of the parent, ${one} may fail to validate`,
  }),
  'rollover.cancel': operation({
    summary: 'undo the rollover of a zone, as safely as it went',
    params: z.strictObject({
      zone: ofZone,
      id: word.optional().describe('which one, if two overlap (rollover status --json has the id)'),
    }),
    result: rolloverChange,
    danger: 'removes',
    cli: 'rollover cancel ZONE',
    http: { method: 'POST', path: '/v1/zones/:zone/rollover/cancel' },
  }),
  'rollover.pause': operation({
    summary: 'let nothing of the keys of a zone be changed; what time and the parent do is still followed',
    params: z.strictObject({ zone: ofZone }),
    result: rolloverChange,
    danger: 'acts',
    cli: 'rollover pause ZONE',
    http: { method: 'POST', path: '/v1/zones/:zone/rollover/pause' },
  }),
  'rollover.resume': operation({
    summary: 'let the keys of a zone be changed again',
    params: z.strictObject({ zone: ofZone }),
    result: rolloverChange,
    danger: 'acts',
    cli: 'rollover resume ZONE',
    http: { method: 'POST', path: '/v1/zones/:zone/rollover/resume' },
  }),
  'rollover.plan': operation({
    summary: 'show the dated future of a zone, and change nothing',
    params: z.strictObject({
      zone: ofZone,
      parentDelay: seconds.optional().describe('assume that the parent takes so long'),
      days: whole(1, MAX_DAYS).default(400).describe('how far to look'),
    }),
    result: rolloverPlan,
    danger: 'reads',
    cli: 'rollover plan ZONE',
    http: { method: 'GET', path: '/v1/zones/:zone/rollover/plan' },
  }),
  'rollover.list': operation({
    summary: 'list the rollovers that run',
    params: z.strictObject({ zone: optionalZone.describe('only of this zone') }),
    result: rolloverList,
    danger: 'reads',
    cli: 'rollover list [ZONE]',
    http: { method: 'GET', path: '/v1/rollovers' },
  }),
  'rollover.history': operation({
    summary: 'show what happened to the keys of a zone, and why',
    params: z.strictObject({
      zone: ofZone,
      limit: whole(1, MAX_ENTRIES).default(1_000).describe('how many of the newest'),
    }),
    result: history,
    danger: 'reads',
    cli: 'rollover history ZONE',
    http: { method: 'GET', path: '/v1/zones/:zone/history' },
  }),
} as const;
