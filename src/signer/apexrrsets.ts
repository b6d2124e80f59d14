/** The rrsets of an apex image with their signatures: what key states say is served, and the apex's way to deny. */
import type { UnixSeconds } from '../base/time.ts';
import { RRTYPE } from '../wire/iana.ts';
import type { ZoneImage } from '../zone/image.ts';
import { type ApexRRset, isKept, signApexRRset } from './apex.ts';
import { apexDenial } from './apexdenial.ts';
import type { SignatureBook } from './book.ts';
import type { EpochContent } from './epoch.ts';
import { windowLength } from './validity.ts';

/** When signatures are made, and when they begin: those over what comes of keys at `fresh`, unless they were kept. */
export interface ApexTimes {
  readonly fresh: UnixSeconds;
  readonly nsecInception: UnixSeconds;
  readonly now: UnixSeconds;
}

/**
 * All rrsets of the apex image, and the inception of those that come of keys. Of these, all signatures that were kept
 * are taken or none: who sees a CDS rrset tells by its inception which is the newer one (RFC 7344 §6.2).
 */
export function apexRRsets(
  zone: ZoneImage,
  content: EpochContent,
  { fresh, nsecInception, now }: ApexTimes,
  book: SignatureBook,
): { readonly apexInception: UnixSeconds; readonly rrsets: ApexRRset[] } {
  const { origin } = zone;
  const { validity, dnskeySigners, cdsSigners, dnskeyTtl, cdsTtl } = content;
  const ofKeys = [
    { type: RRTYPE.DNSKEY, ttl: dnskeyTtl, rdatas: content.dnskey, keys: dnskeySigners },
    { type: RRTYPE.CDS, ttl: cdsTtl, rdatas: content.cds, keys: cdsSigners },
    { type: RRTYPE.CDNSKEY, ttl: cdsTtl, rdatas: content.cdnskey, keys: cdsSigners },
  ]
    .filter(({ rdatas }) => rdatas.length > 0)
    .map(({ keys, ...rrset }) => ({ keys, rrset: { ...rrset, owner: origin } }));
  const kept = usableInception(book.keptInception, validity, now);
  const isAllKept =
    kept !== undefined &&
    ofKeys.every(({ rrset, keys }) => isKept(origin, rrset, keys, { inception: kept, validity, now }, book));
  const apexInception = isAllKept ? kept : fresh;
  const signed = ofKeys.map(({ rrset, keys }) =>
    signApexRRset(origin, rrset, keys, { inception: apexInception, validity, now }, book),
  );
  const denial = apexDenial(
    zone,
    content,
    ofKeys.map(({ rrset }) => rrset.type),
  );
  const window = { inception: nsecInception, validity, now };
  const denying = denial.map((rrset) => signApexRRset(origin, rrset, content.zoneSigners, window, book));
  return { apexInception, rrsets: [...signed, ...denying] };
}

/** The inception of signatures that were kept, if those would not be made anew at `now`. */
function usableInception(
  kept: UnixSeconds | undefined,
  validity: number,
  now: UnixSeconds,
): UnixSeconds | undefined {
  return kept !== undefined && kept <= now && now < kept + windowLength(validity) ? kept : undefined;
}
