/** Where the children of a zone shall tell of new CDS records (RFC 9859 §2). */
import type { Policy } from '../kasp/policy.ts';
import { parseDsync } from '../store/config-children.ts';
import { RRTYPE } from '../wire/iana.ts';
import { concatLabel, lowerName, type Name, nameOf } from '../wire/name.ts';
import type { DerivedRRset } from './derived.ts';

const DSYNC_LABEL = new TextEncoder().encode('_dsync');
const ASTERISK = Uint8Array.of(42);
const SCHEME_NOTIFY = 1;

/** `*._dsync` of the zone, which all children find (RFC 9859 §2.3), if its policy names where they shall tell. */
export function dsyncOf(origin: Name, { accept, dsTtl, dsync }: Policy['children']): DerivedRRset[] {
  const target = parseDsync(dsync);
  const below = concatLabel(DSYNC_LABEL, origin);
  const owner = below && concatLabel(ASTERISK, below);
  if (accept === 'none' || typeof target !== 'object' || owner === undefined) return [];
  const head = [RRTYPE.CDS >> 8, RRTYPE.CDS & 0xff, SCHEME_NOTIFY, target.port >> 8, target.port & 0xff];
  const rdata = Uint8Array.of(...head, ...lowerName(nameOf(target.host)));
  return [{ owner: lowerName(owner), type: RRTYPE.DSYNC, ttl: dsTtl, rdatas: [rdata] }];
}
