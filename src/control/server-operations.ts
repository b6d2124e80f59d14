/** Operations on the server itself. */
import { z } from 'zod';
import { operation } from './operation.ts';
import { status } from './shapes.ts';

export const SERVER_OPERATIONS = {
  status: operation({
    summary: 'show what the server does and what needs you',
    params: z.strictObject({}),
    result: status,
    danger: 'reads',
    cli: 'status',
    http: { method: 'GET', path: '/v1/status' },
  }),
  'clock.confirm': operation({
    summary: 'say that the clock, which was set forward, is right',
    params: z.strictObject({}),
    result: z.object({ confirmed: z.boolean() }),
    danger: 'acts',
    cli: 'clock confirm',
    http: { method: 'POST', path: '/v1/clock/confirm' },
  }),
} as const;
