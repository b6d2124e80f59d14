/** Keys of another signer in a zone file: served without them, and signed by us, the zone could break (DESIGN §8). */
import { dnskeyRdata, keyTag, readDnskey } from '../dnssec/dnskey.ts';
import { DIGEST_TYPE, type DigestType, dsRdata, isDeleteRequest, tagOfDs } from '../dnssec/ds.ts';
import { compareRdata } from '../dnssec/rrsig.ts';
import type { Key } from '../kasp/key.ts';
import { formatName, type Name } from '../wire/name.ts';

/** Keys of others in a zone file, as RDATA. */
export interface ForeignRecords {
  /** DNSKEY and CDNSKEY. */
  readonly foreignKeys: readonly Uint8Array[];
  readonly foreignCds: readonly Uint8Array[];
}

/** Nearly all zone files have none. */
const NOBODY: ForeignRecords = { foreignKeys: [], foreignCds: [] };

/** Those alone, of something larger. */
export function foreignOf({ foreignKeys, foreignCds }: ForeignRecords): ForeignRecords {
  return foreignKeys.length + foreignCds.length === 0 ? NOBODY : { foreignKeys, foreignCds };
}

/** A zone that is signed by somebody else would break if we signed it with other keys (DESIGN §8). */
export class ForeignKeysError extends Error {
  override readonly name = 'ForeignKeysError';
  readonly code = 'ZONE_FOREIGN_KEYS';
  readonly fix: string;
  constructor(message: string, zone: string) {
    super(message);
    this.fix = `bring them along: keyturn key import ${zone} PATH; if no DS points to them, start with --replace-keys`;
  }
}

/** Throws ForeignKeysError if a zone without keys of ours comes with any: also unsigned it would break. */
export function refuseForeign(
  ports: { readonly replaceKeys: boolean },
  origin: Name,
  foreign: ForeignRecords,
): void {
  checkForeign(ports, origin, [], foreign);
}

/** Throws ForeignKeysError if a zone file has keys that are none of `keys`. */
export function checkForeign(
  ports: { readonly replaceKeys: boolean },
  origin: Name,
  keys: readonly Key[],
  { foreignKeys, foreignCds }: ForeignRecords,
): void {
  if (ports.replaceKeys || foreignKeys.length + foreignCds.length === 0) return;
  const unknown = [
    ...foreignKeys.filter((rdata) => !isOurKey(keys, rdata)).map((rdata) => `key ${keyTag(rdata)}`),
    ...foreignCds.filter((rdata) => !isOurCds(keys, origin, rdata)).map((rdata) => `CDS ${tagOfDs(rdata)}`),
  ];
  if (unknown.length === 0) return;
  const which = [...new Set(unknown)].slice(0, 4).join(', ');
  throw new ForeignKeysError(
    `${formatName(origin)} comes with keys of another signer (${which}); serving it without them could break it`,
    formatName(origin),
  );
}

function isOurKey(keys: readonly Key[], rdata: Uint8Array): boolean {
  if (isDeleteRequest('CDNSKEY', rdata)) return true;
  const found = readDnskey(rdata);
  return keys.some(
    (key) => key.algorithm === found?.algorithm && compareRdata(key.publicKey, found.publicKey) === 0,
  );
}

function isOurCds(keys: readonly Key[], origin: Name, rdata: Uint8Array): boolean {
  if (isDeleteRequest('CDS', rdata)) return true;
  const digestType = rdata[3]! as DigestType;
  const isComparable = digestType === DIGEST_TYPE.SHA256 || digestType === DIGEST_TYPE.SHA384;
  return keys.some((key) => {
    if (key.tag !== tagOfDs(rdata) || key.algorithm !== rdata[2]) return false;
    const dnskey = dnskeyRdata(key.flags, key.algorithm, key.publicKey);
    return !isComparable || compareRdata(dsRdata(origin, dnskey, digestType), rdata) === 0;
  });
}
