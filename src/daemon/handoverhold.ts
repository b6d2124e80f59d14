/**
 * When a DS may be handed over. Who gets it by a channel does not ask the servers of the zone, as a parent does that scans
 * CDS (RFC 9975), so that it is done here: a secondary that is behind would have no key for the new DS (ROLLOVER 2.2, 3.2).
 * What is compared is the DNSKEY RRset. That no DS shall be there any more may be handed over at any time: without a DS
 * nothing can be bogus.
 */
import { plus, type UnixSeconds } from '../base/time.ts';
import { cdsRequest } from '../kasp/records.ts';
import { compareDnskeys, dnskeyText } from './evencds.ts';
import type { ParentsContext } from './parents.ts';
import type { Zone } from './zone.ts';

/** So long a server that says nothing is waited for: it may be gone for good, and others answer (ROLLOVER 3.4.5). */
const SILENCE_S = 86_400;
/** Servers that are named in a reason. */
const MAX_NAMED = 3;

/** Why the DS of a zone must not be handed over yet, for people; undefined if nothing speaks against it. */
export async function holdOf(
  zone: Zone,
  parents: ParentsContext,
  { now, createdAt }: { readonly now: UnixSeconds; readonly createdAt: UnixSeconds },
): Promise<string | undefined> {
  const { signing, policy } = zone;
  if (signing === undefined || policy.handoverCheck === 'off') return undefined;
  if (cdsRequest(signing.zoneState, { cds: 'always' }).isDelete) return undefined;
  const found = await compareDnskeys(parents, zone, dnskeyText(signing.zoneState.keys), now);
  if (found === undefined) return 'the name servers of the zone cannot be found';
  const { differing, silent, alike } = found;
  if (differing.length > 0) return `${named(differing)}: not the DNSKEY RRset that is served here`;
  const isOver = now >= plus(createdAt, SILENCE_S) && alike > 0;
  return silent.length > 0 && !isOver ? `${named(silent)}: no answer to a query for DNSKEY` : undefined;
}

function named(servers: readonly string[]): string {
  const more = servers.length - MAX_NAMED;
  return servers.slice(0, MAX_NAMED).join(', ') + (more > 0 ? ` and ${more} more` : '');
}
