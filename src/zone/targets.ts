/** Where RDATA names a host whose addresses belong into the Additional section (RFC 1035 §3.3, 2782, 9460 §4.2). */
import { RRTYPE } from '../wire/iana.ts';

/** Offset of the target name in RDATA of `type`, or -1 for types without one. */
export function targetOffset(type: number): number {
  switch (type) {
    case RRTYPE.NS:
    case RRTYPE.MB:
      return 0;
    case RRTYPE.MX:
    case RRTYPE.KX:
    case RRTYPE.AFSDB:
    case RRTYPE.RT:
    case RRTYPE.SVCB:
    case RRTYPE.HTTPS:
      return 2;
    case RRTYPE.SRV:
      return 6;
    default:
      return -1;
  }
}
