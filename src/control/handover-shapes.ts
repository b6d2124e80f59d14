/** What operations give that are about what is handed over to parents and people. */
import { z } from 'zod';
import { DELIVERY_STATES, OUTCOME_KINDS, TOPICS } from '../store/deliveries.ts';
import { instant } from './shapes.ts';

/** The last try over one channel. */
export const channelOutcome = z.object({
  channel: z.string(),
  outcome: z.enum(OUTCOME_KINDS),
  at: instant,
  because: z.string(),
});

export const deliveryView = z.object({
  id: z.string(),
  /** Null if it is about the server. */
  zone: z.string().nullable(),
  topic: z.enum(TOPICS),
  /** What a reminder is about, explained by `keyturn explain`; null for a DS RRset. */
  code: z.string().nullable(),
  state: z.enum(DELIVERY_STATES),
  /** The one in use, and those that have their turn after it. */
  channel: z.string(),
  left: z.array(z.string()),
  /** Over this channel. */
  tries: z.number(),
  createdAt: instant,
  /** Of the next try, or of the next channel's turn; null if none is to come. */
  nextAt: instant.nullable(),
  outcomes: z.array(channelOutcome),
});

export const deliveriesView = z.object({ deliveries: z.array(deliveryView) });

export type ChannelOutcomeView = z.infer<typeof channelOutcome>;
export type DeliveryView = z.infer<typeof deliveryView>;
export type DeliveriesView = z.infer<typeof deliveriesView>;
