/** The rrsets of an apex image with their signatures: what key states say is served, and the apex's way to deny. */
import type { UnixSeconds } from '../base/time.ts';
import { RRTYPE } from '../wire/iana.ts';
import type { ZoneImage } from '../zone/image.ts';
import { type ApexRRset, keptApexRRset, signApexRRset } from './apex.ts';
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
  const inception = usableInception(book.keptInception, validity, now);
  const kept =
    inception === undefined
      ? undefined
      : allOf(ofKeys, ({ rrset, keys }) =>
          keptApexRRset(origin, rrset, keys, { inception, validity, now }, book),
        );
  if (kept === undefined) book.giveBack();
  const apexInception = kept === undefined ? fresh : inception!;
  const signed =
    kept ??
    ofKeys.map(({ rrset, keys }) =>
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

/** What becomes of all items; undefined if nothing becomes of one. */
function allOf<T, R>(items: readonly T[], become: (item: T) => R | undefined): R[] | undefined {
  const all: R[] = [];
  for (const item of items) {
    const one = become(item);
    if (one === undefined) return undefined;
    all.push(one);
  }
  return all;
}

/** The inception of signatures that were kept, if those would not be made anew at `now`. */
function usableInception(
  kept: UnixSeconds | undefined,
  validity: number,
  now: UnixSeconds,
): UnixSeconds | undefined {
  return kept !== undefined && kept <= now && now < kept + windowLength(validity) ? kept : undefined;
}
