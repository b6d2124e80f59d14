/** What the configuration says about the parents of zones: where the way to them begins. */
import { z } from 'zod';
import { decodeBase16 } from '../base/encoding.ts';
import { lowerName, parseName } from '../wire/name.ts';
import { duration, listenAddress } from './config-values.ts';

/** `20326 8 2 E06D…`: RDATA of a DS record. */
const dsText = z.string().transform((text, context) => {
  const [tag, algorithm, type, ...digest] = text.trim().split(/\s+/);
  const octets = decodeBase16(digest.join(''));
  const numbers = [tag, algorithm, type].map(Number);
  const isWhole = numbers.every(
    (number, i) => Number.isInteger(number) && number >= 0 && number <= [65_535, 255, 255][i]!,
  );
  if (isWhole && octets !== undefined && octets.length > 0) {
    return Uint8Array.of(numbers[0]! >> 8, numbers[0]! & 255, numbers[1]!, numbers[2]!, ...octets);
  }
  context.addIssue({
    code: 'custom',
    message: `"${text}" is no DS record, write: tag algorithm digest-type digest`,
  });
  return z.NEVER;
});

const zoneText = z.string().transform((text, context) => {
  const name = parseName(text.endsWith('.') ? text : `${text}.`);
  if (typeof name !== 'string') return lowerName(name);
  context.addIssue({ code: 'custom', message: `"${text}" is no domain name: ${name}` });
  return z.NEVER;
});

const anchor = z.strictObject({
  zone: zoneText.describe('name of the zone, like "."'),
  ds: z.array(dsText).describe('DS records of its keys; none: what it says is believed without signatures'),
  servers: z.array(listenAddress).min(1).describe('addresses and ports of its name servers'),
});

/** Who waits longer keeps others waiting. */
const MAX_TIMEOUT_S = 60;

/** The key `parents`. */
export const parents = z
  .strictObject({
    anchors: z
      .union([z.literal('iana'), z.array(anchor).min(1)])
      .describe('where the way to a parent begins: iana is the root of the Internet'),
    port: z.int().min(1).max(65_535).default(53).describe('port of name servers that are found by name'),
    rate: z
      .int()
      .min(1)
      .max(100_000)
      .default(100)
      .describe('messages to servers of parents, all together: in no second are there more'),
    timeout: duration
      .refine((seconds) => seconds >= 1 && seconds <= MAX_TIMEOUT_S, `write 1s to ${MAX_TIMEOUT_S}s`)
      .prefault('5s')
      .describe('how long a server may take to answer'),
    notify: z
      .boolean()
      .default(true)
      .describe('tell parents that have DSYNC records of new CDS records (RFC 9859)'),
  })
  .describe(
    'look at the DS at the parent of each zone, so that nobody has to confirm it; without this, nobody looks',
  );
