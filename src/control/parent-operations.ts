/** Operations that are about the parent of a zone: what its servers say of the DS, and of the zone below it. */
import { z } from 'zod';
import { diagnosis } from './diagnose-shapes.ts';
import { operation } from './operation.ts';
import { zone } from './params.ts';
import { parentView } from './parent-shapes.ts';
import { preflight } from './preflight-shapes.ts';

export const PARENT_OPERATIONS = {
  'parent.show': operation({
    summary: 'show what the servers of the parent said of the DS, when they were asked last',
    params: z.strictObject({ zone: zone.describe('name of the zone') }),
    result: parentView,
    danger: 'reads',
    cli: 'parent show ZONE',
    http: { method: 'GET', path: '/v1/zones/:zone/parent' },
  }),
  'parent.look': operation({
    summary: 'ask the servers of the parent for the DS now, and show what they say',
    params: z.strictObject({ zone: zone.describe('name of the zone') }),
    result: parentView,
    danger: 'acts',
    cli: 'parent look ZONE',
    http: { method: 'POST', path: '/v1/zones/:zone/parent/look' },
  }),
  'parent.preflight': operation({
    summary: 'check that a zone can go signed and get its first DS, as its parent would (RFC 9615)',
    params: z.strictObject({ zone: zone.describe('name of the zone') }),
    result: preflight,
    danger: 'reads',
    cli: 'parent preflight ZONE',
    http: { method: 'GET', path: '/v1/zones/:zone/parent/preflight' },
  }),
  diagnose: operation({
    summary: 'judge a zone from inside and outside: parent, delegation, every name server',
    params: z.strictObject({ zone: zone.describe('name of the zone') }),
    result: diagnosis,
    danger: 'reads',
    cli: 'diagnose ZONE',
    http: { method: 'GET', path: '/v1/zones/:zone/diagnosis' },
  }),
} as const;
