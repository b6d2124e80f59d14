/** Explanations: why a parent would not take the first DS of a zone by its signals (parent/bootstrap). */
import type { BootstrapReason } from '../parent/bootstrap.ts';
import type { Explanations } from './explanation.ts';

const EFFECT =
  'A parent that works by RFC 9615 takes no DS from the signals. Nothing breaks: the zone stays as unsigned as before.';
const BY_HAND = 'Or hand the DS in at the registrar: keyturn ds ZONE prints it.';
const AGAIN = 'Then look again: keyturn parent preflight ZONE.';

export const BOOTSTRAP_CODES: Explanations<BootstrapReason> = {
  BOOTSTRAP_DS_PRESENT: {
    meaning: 'The parent has a DS of the zone already.',
    cause: 'It was put in before, by hand or by another signer.',
    effect: 'Signals count only for the first DS; later ones follow the CDS records of the zone itself.',
    fix: 'Nothing if the DS is ours. If it is not, import the keys that it belongs to, or have it replaced.',
    rfc: 'RFC 9615 §4.2',
  },
  BOOTSTRAP_PARENT_UNKNOWN: {
    meaning: 'Whether the parent has a DS, or to whom it delegates the zone, cannot be said.',
    cause: 'A server of the parent is silent, or what it says cannot be validated.',
    effect: EFFECT,
    fix: `See keyturn parent show ZONE. ${AGAIN}`,
    rfc: 'RFC 9615 §4.2',
  },
  BOOTSTRAP_IN_DOMAIN_ONLY: {
    meaning: 'All name servers of the zone have names inside the zone.',
    cause: 'Signals are validated by way of names outside; inside there is no chain of trust yet.',
    effect: EFFECT,
    fix: `Add a name server whose name is in a zone that is signed, at least until the DS is there. ${BY_HAND}`,
    rfc: 'RFC 9615 §4.4',
  },
  BOOTSTRAP_NAME_TOO_LONG: {
    meaning: 'The name at which the zone would be signaled has more than 255 octets.',
    cause: 'The names of the zone and of its name server are too long together.',
    effect: EFFECT,
    fix: `Give that name server a shorter name. ${BY_HAND}`,
    rfc: 'RFC 9615 §4.4',
  },
  BOOTSTRAP_APEX_UNKNOWN: {
    meaning: 'An address of a name server of the zone does not say what CDS and CDNSKEY it has.',
    cause:
      'The server is down, TCP port 53 is blocked on the way, it does not serve the zone, or it has no address.',
    effect: EFFECT,
    fix: `See to the server that is named: keyturn diagnose ZONE says more. ${AGAIN}`,
    rfc: 'RFC 9615 §4.2',
  },
  BOOTSTRAP_APEX_DIFFERS: {
    meaning: 'Name servers of the zone have different CDS or CDNSKEY records.',
    cause: 'One of them is behind, or the zone is served from two places.',
    effect: EFFECT,
    fix: `Let all of them take the zone from here. ${AGAIN}`,
    rfc: 'RFC 9615 §4.2',
  },
  BOOTSTRAP_NO_CDS: {
    meaning: 'The zone has neither CDS nor CDNSKEY records.',
    cause: 'Its signatures are not in all caches yet, its policy says cds: never, or it is not signed.',
    effect: EFFECT,
    fix: `Wait until the zone asks for its DS: keyturn zone show ZONE says when. ${AGAIN}`,
    rfc: 'RFC 7344 §4',
  },
  BOOTSTRAP_DELETE: {
    meaning: 'CDS or CDNSKEY of the zone ask for the removal of its DS.',
    cause: 'The zone is going unsigned.',
    effect: EFFECT,
    fix: 'Nothing, unless the zone shall be signed: keyturn zone sign ZONE.',
    rfc: 'RFC 8078 §4',
  },
  BOOTSTRAP_CDS_MISMATCH: {
    meaning: 'CDS and CDNSKEY of the zone do not name the same keys.',
    cause: 'One of the two record sets was made by hand or by another signer.',
    effect: EFFECT,
    fix: `Let the name servers serve both as Keyturn makes them. ${AGAIN}`,
    rfc: 'RFC 7344 §4',
  },
  BOOTSTRAP_CHAIN_BROKEN: {
    meaning: 'With the DS that the zone asks for, answers of one of its name servers would be bogus.',
    cause: 'That server has other keys, signatures that do not fit or have expired, or none.',
    effect: `${EFFECT} With the DS it would break.`,
    fix: `Let all name servers take the zone from here. ${AGAIN}`,
    rfc: 'RFC 8078 §5',
  },
  BOOTSTRAP_TOO_COSTLY: {
    meaning: 'To judge the zone more records or signatures would have to be tried than one look may cost.',
    cause: 'A name server has crowds of keys, digests or signatures.',
    effect: EFFECT,
    fix: `Leave in the zone only the keys that are in use. ${AGAIN}`,
    rfc: 'RFC 4035 §5.3.1',
  },
  BOOTSTRAP_SIGNAL_MISSING: {
    meaning: 'Below the name of a name server nothing is signaled for the zone.',
    cause:
      'The zone that holds that name is not served here, or not signed; its operator does not signal; or the name server ' +
      'is missing in the NS records of the zone.',
    effect: EFFECT,
    fix: `Serve the zone of that name here, signed, or have its operator signal. ${BY_HAND}`,
    rfc: 'RFC 9615 §4.1',
  },
  BOOTSTRAP_SIGNAL_UNKNOWN: {
    meaning: 'What is signaled below the name of a name server cannot be found out.',
    cause: 'The name servers of the zone that holds that name are silent, or answer with errors.',
    effect: EFFECT,
    fix: `See to the servers that are named. ${AGAIN}`,
    rfc: 'RFC 9615 §4.2',
  },
  BOOTSTRAP_SIGNAL_INSECURE: {
    meaning: 'The zone that holds the signals has no chain of trust.',
    cause: 'It is not signed, or it, or a zone above it, has no DS.',
    effect: EFFECT,
    fix: `Bring the DS of that zone to its parent first. ${AGAIN}`,
    rfc: 'RFC 9615 §3.1',
  },
  BOOTSTRAP_SIGNAL_BOGUS: {
    meaning: 'What is signaled below the name of a name server is not signed as it must be.',
    cause: 'The zone that holds it is broken or was made by a wildcard, or somebody forges answers.',
    effect: EFFECT,
    fix: `Look at that zone: keyturn diagnose says what is wrong if it is served here. ${AGAIN}`,
    rfc: 'RFC 9615 §4.2',
  },
  BOOTSTRAP_SIGNAL_CUT: {
    meaning: 'The name at which the zone is signaled is a zone of its own.',
    cause: 'Somebody delegated it; the CDS there ask for a DS of that zone.',
    effect: EFFECT,
    fix: 'Remove the delegation; delegate _signal.NAMESERVER in its place.',
    rfc: 'RFC 9615 §4.1',
  },
  BOOTSTRAP_SIGNAL_DIFFERS: {
    meaning: 'What is signaled below the name of a name server is not what the zone has.',
    cause: 'The keys of the zone changed and the signal was made by hand, or its zone is behind.',
    effect: EFFECT,
    fix: `Let both come from Keyturn, or correct the signal. ${AGAIN}`,
    rfc: 'RFC 9615 §4.2',
  },
};
