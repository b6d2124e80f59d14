/** How a responder answers, beyond the zones. */
import type { QuickSigner } from '../signer/maker.ts';
import { DEFAULT_CACHE_OCTETS } from '../signer/signaturecache.ts';
import { type OptSettings, SILENT_OPT } from '../wire/edns-record.ts';
import type { Identity } from './identity.ts';
import type { RateLimiter } from './ratelimit.ts';

/** Plain data. */
export interface CookieSettings {
  /** 16 octets each: the first makes cookies, all are taken (wire/cookie). None: cookies are not known. */
  readonly secrets: readonly Uint8Array[];
  /** Over UDP, whoever knows cookies is answered with a valid one only. */
  readonly isRequired: boolean;
}

export interface ResponderOptions {
  /** Null: UDP is answered at any rate. */
  readonly limiter: RateLimiter | null;
  /** Leave out addresses that an answer does not need. */
  readonly isMinimal: boolean;
  /** Of names that exist only because somebody asks. */
  readonly synthesis: {
    /** A bound (signer/budget); 0: none. */
    readonly signaturesPerSecond: number;
    /** Of signatures that are kept (signer/signaturecache). */
    readonly cacheOctets: number;
  };
  readonly cookies: CookieSettings;
  readonly opt: OptSettings;
  readonly identity: Identity;
  /** Children may tell of new CDS records (RFC 9859). */
  readonly takesNotify: boolean;
  /** Left out: `node:crypto` signs. */
  readonly quick?: QuickSigner;
}

export const RESPONDER_DEFAULTS: ResponderOptions = {
  limiter: null,
  isMinimal: false,
  synthesis: { signaturesPerSecond: 0, cacheOctets: DEFAULT_CACHE_OCTETS },
  cookies: { secrets: [], isRequired: false },
  opt: SILENT_OPT,
  identity: { version: null, hostname: null },
  takesNotify: false,
};
