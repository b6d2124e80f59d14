/** Explanations: why what a child asks of its parent, a zone of ours, is not followed (parent/acceptance). */
import type { ChildReason } from '../parent/acceptance.ts';
import type { Explanations } from './explanation.ts';

const EFFECT = 'The DS of the child stays as it is. Nothing breaks; the child goes on waiting.';
const AGAIN = 'Nothing at first: the child is asked again. Ask now: keyturn children scan ZONE CHILD.';
const TELL_CHILD = 'Tell whoever runs the child zone; keyturn children show ZONE CHILD names the server.';

export const CHILD_CODES: Explanations<ChildReason> = {
  CHILD_NO_SERVER: {
    meaning: 'No address of any name server of the child can be found.',
    cause: 'The delegation has no glue where it needs some, or names hosts that do not exist.',
    effect: EFFECT,
    fix: 'Mend the NS and address records of the delegation in the zone file.',
  },
  CHILD_SERVER_UNKNOWN: {
    meaning: 'A name server of the child gave no answer that counts, over TCP.',
    cause: 'It is down, lame, or unreachable; or its address cannot be found.',
    effect: EFFECT,
    fix: AGAIN,
    rfc: 'RFC 9975 §3.1',
  },
  CHILD_SERVERS_DIFFER: {
    meaning: 'Name servers of the child have other CDS or CDNSKEY records than others.',
    cause: 'One of them is behind, or the child has several signers that do not agree.',
    effect: EFFECT,
    fix: AGAIN,
    rfc: 'RFC 9975 §3.1',
  },
  CHILD_REQUEST_BOGUS: {
    meaning: 'The CDS or CDNSKEY records are not signed by a key that the DS names now.',
    cause: 'The child was signed anew with other keys, its signatures are expired, or somebody forges them.',
    effect: EFFECT,
    fix: 'If the child lost its keys, put its new DS into the zone file, after: keyturn children forget ZONE CHILD.',
    rfc: 'RFC 7344 §4.1',
  },
  CHILD_REQUEST_OLD: {
    meaning: 'The signatures over the request are older than those of the one that was followed before.',
    cause: 'A server of the child is behind, or somebody replays an old request.',
    effect: EFFECT,
    fix: AGAIN,
    rfc: 'RFC 7344 §6.2',
  },
  CHILD_REQUEST_MISMATCH: {
    meaning: 'CDS and CDNSKEY records of the child do not ask for the same.',
    cause: 'They are made by different tools, or by hand.',
    effect: EFFECT,
    fix: TELL_CHILD,
    rfc: 'RFC 7344 §4',
  },
  CHILD_DIGEST_UNSUITED: {
    meaning: 'The CDS records of the child have only digests that must not be used any more, like SHA-1.',
    cause: 'Its signer is old.',
    effect: EFFECT,
    fix: TELL_CHILD,
    rfc: 'RFC 8624 §3.3',
  },
  CHILD_CHAIN_BROKEN: {
    meaning: 'With the DS that the child asks for, its answers would be bogus.',
    cause: 'None of the keys that it names signs its DNSKEY records on every server.',
    effect: EFFECT,
    fix: TELL_CHILD,
    rfc: 'RFC 7344 §4.1',
  },
  CHILD_TOO_COSTLY: {
    meaning: 'To judge the request more records or signatures would have to be tried than one look may cost.',
    cause:
      'A server of the child has crowds of keys, digests or signatures, perhaps to keep its parent busy.',
    effect: EFFECT,
    fix: TELL_CHILD,
    rfc: 'RFC 4035 §5.3.1',
  },
};
