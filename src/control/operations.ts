/**
 * Every operation of the control plane, in one table: control socket, command line, completion, man pages and the
 * reference follow from it. To add one: a row in the table of its noun, a handler beside it, a printer in `cli/`.
 */
import type { Readable } from 'node:stream';
import type { z } from 'zod';
import { CHILDREN_OPERATIONS } from './children-operations.ts';
import { HANDOVER_OPERATIONS } from './handover-operations.ts';
import { JOB_OPERATIONS } from './job-operations.ts';
import { KEY_OPERATIONS } from './key-operations.ts';
import { PARENT_OPERATIONS } from './parent-operations.ts';
import { POLICY_OPERATIONS } from './policy-operations.ts';
import { ROLLOVER_OPERATIONS } from './rollover-operations.ts';
import { SERVER_OPERATIONS } from './server-operations.ts';
import { TIMELINE_OPERATIONS } from './timeline-operations.ts';
import { WATCH_OPERATIONS } from './watch-operations.ts';
import { ZONE_OPERATIONS } from './zone-operations.ts';

export const OPERATIONS = {
  ...SERVER_OPERATIONS,
  ...ZONE_OPERATIONS,
  ...KEY_OPERATIONS,
  ...ROLLOVER_OPERATIONS,
  ...PARENT_OPERATIONS,
  ...CHILDREN_OPERATIONS,
  ...HANDOVER_OPERATIONS,
  ...JOB_OPERATIONS,
  ...WATCH_OPERATIONS,
  ...POLICY_OPERATIONS,
  ...TIMELINE_OPERATIONS,
} as const;

export type OperationName = keyof typeof OPERATIONS;
export const OPERATION_NAMES = Object.keys(OPERATIONS) as readonly OperationName[];
/** Parameters as a handler gets them: checked, defaults filled in. */
export type Params<N extends OperationName> = z.infer<(typeof OPERATIONS)[N]['params']>;
/** What callers hand in: defaults may be left out. */
export type ParamsIn<N extends OperationName> = z.input<(typeof OPERATIONS)[N]['params']>;
export type Result<N extends OperationName> = (typeof OPERATIONS)[N]['result'] extends z.ZodType
  ? z.infer<(typeof OPERATIONS)[N]['result']>
  : Iterable<string> | Readable;
