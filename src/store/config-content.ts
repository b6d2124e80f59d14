/** What a policy says about the content of a zone. */
import { z } from 'zod';

/** The keys of a policy that change what is served of a zone file. */
export const contentKeys = {
  serial: z
    .enum(['file', 'increment', 'unixtime', 'dateserial'])
    .optional()
    .describe(
      'serial of changed content: that of the file, or at least one more than before, as a number, the time or the date',
    ),
  zonemd: z
    .strictObject({
      check: z
        .enum(['off', 'warn', 'refuse'])
        .describe('what happens to a zone file whose ZONEMD is not the digest of the zone'),
      publish: z
        .enum(['off', 'file', 'sha384', 'sha512'])
        .describe(
          'ZONEMD of a zone that is served unsigned: as the file has it, none, or one that is made of it',
        ),
    })
    .partial()
    .optional()
    .describe('the digest of the whole zone (RFC 8976)'),
};
