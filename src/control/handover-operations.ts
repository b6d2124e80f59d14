/** Operations that are about what is handed over: DS records to parents, reminders to people. */
import { z } from 'zod';
import { deliveriesView } from './handover-shapes.ts';
import { operation } from './operation.ts';
import { optionalZone, zone } from './params.ts';

const ofZone = zone.describe('name of the zone, or "." for what is about the server');

export const HANDOVER_OPERATIONS = {
  'handover.list': operation({
    summary: 'list DS records and reminders that are handed over by channels, and what became of them',
    params: z.strictObject({ zone: optionalZone.describe('only of this zone, or "." for the server') }),
    result: deliveriesView,
    danger: 'reads',
    cli: 'handover list [ZONE]',
    http: { method: 'GET', path: '/v1/handover' },
  }),
  'handover.retry': operation({
    summary: 'try now what of a zone waits to be handed over, or could not be',
    params: z.strictObject({ zone: ofZone }),
    result: deliveriesView,
    danger: 'acts',
    cli: 'handover retry ZONE',
    http: { method: 'POST', path: '/v1/zones/:zone/handover/retry' },
  }),
  'handover.drop': operation({
    summary: 'give up what of a zone could not be handed over',
    params: z.strictObject({ zone: ofZone }),
    result: deliveriesView,
    danger: 'removes',
    cli: 'handover drop ZONE',
    http: { method: 'POST', path: '/v1/zones/:zone/handover/drop' },
    asks: ({ zone: name }) => `no channel tries again what of ${name} could not be handed over`,
  }),
} as const;
