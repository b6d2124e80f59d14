/** Operations on zones: their files, and what is served of them. */
import { z } from 'zod';
import { zoneDiff } from './diff-shapes.ts';
import { operation } from './operation.ts';
import { flag, optionalZone, reason, whole, zone } from './params.ts';
import { dsResult, reloaded, rolloverChange, zoneDetail, zoneSummary } from './shapes.ts';

const MAX_CHANGES = 100_000;
const ofZone = zone.describe('name of the zone');

export const ZONE_OPERATIONS = {
  'zone.list': operation({
    summary: 'list all zones',
    params: z.strictObject({ memory: flag.default(false).describe('also tell how much memory each takes') }),
    result: z.object({ zones: z.array(zoneSummary) }),
    danger: 'reads',
    cli: 'zone list',
    http: { method: 'GET', path: '/v1/zones' },
  }),
  'zone.show': operation({
    summary: 'show one zone: file, keys, what is waited for',
    params: z.strictObject({ zone: ofZone }),
    result: zoneDetail,
    danger: 'reads',
    cli: 'zone show ZONE',
    http: { method: 'GET', path: '/v1/zones/:zone' },
  }),
  'zone.reload': operation({
    summary: 'load one zone (or all) from its file now, and wait for the outcome',
    params: z.strictObject({ zone: optionalZone.describe('only this zone') }),
    result: z.object({ zones: z.array(reloaded) }),
    danger: 'acts',
    cli: 'zone reload [ZONE]',
    http: { method: 'POST', path: '/v1/reload' },
  }),
  'zone.diff': operation({
    summary: 'show what the file of a zone would change, and change nothing',
    params: z.strictObject({
      zone: ofZone,
      limit: whole(0, MAX_CHANGES).default(1_000).describe('how many changes to list'),
    }),
    result: zoneDiff,
    danger: 'reads',
    cli: 'zone diff ZONE',
    http: { method: 'GET', path: '/v1/zones/:zone/diff' },
  }),
  'zone.export': operation({
    summary: 'print a zone as it is served',
    params: z.strictObject({
      zone: ofZone,
      signed: flag
        .default(false)
        .describe(
          'with keys, signatures and the denial chain; with compact denial the NSEC chain, which is not served',
        ),
      zonemd: flag.default(false).describe('with the digest of the whole (RFC 8976, SHA-384)'),
    }),
    result: null,
    danger: 'reads',
    cli: 'zone export ZONE',
    http: { method: 'GET', path: '/v1/zones/:zone/export' },
  }),
  'zone.forget': operation({
    summary: 'confirm that zones whose files are gone shall no longer be served',
    params: z.strictObject({
      zone: optionalZone.describe('only this zone'),
      forceOrphan: reason
        .optional()
        .describe('although its parent has a DS of it, which breaks it; why, for the audit trail'),
    }),
    result: z.object({
      /** Those that are not served any more. */
      zones: z.array(z.string()),
      /** Those that stay, as their parents have a DS of them. */
      kept: z.array(z.string()),
    }),
    danger: 'removes',
    cli: 'zone forget [ZONE]',
    http: { method: 'POST', path: '/v1/forget' },
    asks: ({ zone: one, forceOrphan }) => {
      const broken = forceOrphan === undefined ? '' : '; what its parent has a DS of is broken by that';
      return `${one ?? 'every zone whose file is gone'} will no longer be served${broken}`;
    },
  }),
  'ds.show': operation({
    summary: 'show the DS records that the parent zone shall have',
    params: z.strictObject({ zone: ofZone }),
    result: dsResult,
    danger: 'reads',
    cli: 'ds ZONE',
    http: { method: 'GET', path: '/v1/zones/:zone/ds' },
  }),
  'zone.sign': operation({
    summary: 'sign a zone that is served unsigned, and ask its parent for a DS',
    params: z.strictObject({
      zone: ofZone,
      newKeys: flag.default(false).describe('not with the keys that it had before it was unsigned'),
    }),
    result: rolloverChange,
    danger: 'acts',
    cli: 'zone sign ZONE',
    http: { method: 'POST', path: '/v1/zones/:zone/sign' },
  }),
  'zone.unsign': operation({
    summary: 'have the DS removed at the parent, then serve the zone without signatures',
    params: z.strictObject({
      zone: ofZone,
      forceUnsafe: reason
        .optional()
        .describe('at once, although that breaks the zone while a DS is known; why, for the audit trail'),
      dryRun: flag
        .default(false)
        .describe('say whether it is refused and what it would do, and change nothing'),
    }),
    result: rolloverChange,
    danger: 'removes',
    cli: 'zone unsign ZONE',
    http: { method: 'POST', path: '/v1/zones/:zone/unsign' },
    asks: ({ zone: one, forceUnsafe, dryRun }) => {
      if (dryRun) return null;
      return forceUnsafe === undefined
        ? `${one} will lose its signatures as soon as its parent has no DS of it`
        : `${one} will be bogus until its DS is gone from the parent and from caches (see --dry-run)`;
    },
  }),
} as const;
