/** RRsets of a zone as they are received, signed by its keys. */
import { plus, type UnixSeconds } from '../../src/base/time.ts';
import { dnskeyRdata, keyTag } from '../../src/dnssec/dnskey.ts';
import { openPrivateKey } from '../../src/dnssec/privatekey.ts';
import { rrsigLabels, signRRset } from '../../src/dnssec/rrsig.ts';
import type { ReceivedRRset } from '../../src/parent/rrset.ts';
import type { Name } from '../../src/wire/name.ts';
import { NOW, type testKey } from './served.ts';

type Key = ReturnType<typeof testKey>;

/** From when until when signatures are valid. */
export interface SignatureWindow {
  readonly inception?: UnixSeconds;
  readonly expiration?: UnixSeconds;
}

/** An RRset at the apex of `zone`. */
export function signedRRset(
  zone: Name,
  { type, rdatas }: Pick<ReceivedRRset, 'type' | 'rdatas'>,
  by: readonly Key[],
  { inception = plus(NOW, -3_600), expiration = plus(NOW, 86_400) }: SignatureWindow = {},
): ReceivedRRset {
  const rrsigs = by.map((key) => {
    const fields = {
      typeCovered: type,
      algorithm: key.algorithm,
      labels: rrsigLabels(zone),
      originalTtl: 60,
      expiration,
      inception,
      keyTag: keyTag(dnskeyRdata(key.flags, key.algorithm, key.publicKey)),
      signerName: zone,
    };
    return signRRset(fields, zone, rdatas, openPrivateKey(key));
  });
  return { owner: zone, type, ttl: 60, rdatas, rrsigs };
}
