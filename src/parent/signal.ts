/**
 * Names of bootstrapping signals (RFC 9615 §3.2, §4.1): below each name server's name that is not inside the child, the
 * operator says again what CDS and CDNSKEY of the child say.
 *
 *     _dsboot.child.example._signal.ns1.provider.test.
 *     └ type ┘└─ child ───┘└ fixed ┘└─ name server ───┘
 */
import { concatLabel, isAtOrBelow, lowerName, MAX_NAME_OCTETS, type Name } from '../wire/name.ts';

const TYPE_LABEL = Buffer.from('_dsboot');
const SIGNAL_LABEL = Buffer.from('_signal');

/** The name below which a name server's operator signals; undefined if that is too long for a name. */
export function signalingDomain(host: Name): Name | undefined {
  return concatLabel(SIGNAL_LABEL, lowerName(host));
}

/** Where the operator of a name server signals for a child, in lower case; undefined if that is too long for a name. */
export function signalingName(child: Name, host: Name): Name | undefined {
  const domain = signalingDomain(host);
  const labels = child.subarray(0, child.length - 1);
  if (domain === undefined || labels.length + domain.length > MAX_NAME_OCTETS) return undefined;
  return concatLabel(TYPE_LABEL, lowerName(Uint8Array.from(Buffer.concat([labels, domain]))));
}

/** The name servers that can signal: who is inside the child cannot vouch for it. */
export function signalingHosts(child: Name, hosts: readonly Name[]): Name[] {
  return hosts.filter((host) => !isAtOrBelow(host, child));
}
