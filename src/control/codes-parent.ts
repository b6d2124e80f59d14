/** Explanations: why a look at the parent of a zone says nothing about its DS (parent/judge). */
import type { PushReason } from '../daemon/push.ts';
import type { UnknownReason } from '../parent/judge.ts';
import type { ParentState } from '../parent/reasons.ts';
import type { Explanations } from './explanation.ts';

const EFFECT =
  'It counts as unknown, never as "no DS": what waits for the parent goes on waiting. Nothing breaks.';
const ASK_PARENT = 'Tell whoever runs the parent zone; keyturn parent show ZONE names the server.';
const LOOK_AGAIN = 'Nothing at first: it is looked at again by itself. Look now: keyturn parent look ZONE.';

/** What looks show that a person must see to. */
export const PARENT_FINDING_CODES: Explanations = {
  PARENT_DS_ORPHAN: {
    meaning: 'The parent has DS records, and none of them on some server belongs to a key of the zone.',
    cause: 'The zone came from another signer without its keys, or the wrong DS was handed in.',
    effect: 'Validating resolvers find the zone bogus now: for their users it is gone.',
    fix: 'Have the DS replaced by those of keyturn ds ZONE; or import the keys that they belong to.',
    rfc: 'RFC 4035 §5.2',
  },
  PARENT_DS_FOREIGN: {
    meaning: 'Beside a DS that fits, the parent has one that belongs to no key of the zone.',
    cause: 'It was left by a former signer, or another signer of the zone uses it.',
    effect: 'Nothing breaks as long as a DS that fits is there.',
    fix: 'Have it removed, unless another signer of the zone needs it.',
  },
};

export const PARENT_CODES: Explanations<UnknownReason> = {
  PARENT_SILENT: {
    meaning: 'A server of the parent zone gave no answer, over TCP.',
    cause: 'It is down, TCP port 53 is blocked on the way, or no address of it can be found.',
    effect: EFFECT,
    fix: `${LOOK_AGAIN} If it stays so, see whether TCP to port 53 leaves this host.`,
    rfc: 'RFC 7766 §5',
  },
  PARENT_MALFORMED: {
    meaning: 'What a server of the parent zone answered is no well-formed answer to the question.',
    cause: 'The server, or something on the way to it, is broken.',
    effect: EFFECT,
    fix: ASK_PARENT,
  },
  PARENT_TRUNCATED: {
    meaning: 'A server of the parent zone cut its answer off, though it was asked over TCP.',
    cause: 'The server is broken.',
    effect: EFFECT,
    fix: ASK_PARENT,
    rfc: 'RFC 7766 §5',
  },
  PARENT_ERROR: {
    meaning: 'A server of the parent zone answered with an error, like SERVFAIL or REFUSED.',
    cause: 'It does not serve the parent zone, has lost it, or limits how often it is asked.',
    effect: EFFECT,
    fix: LOOK_AGAIN,
  },
  PARENT_NO_NAME: {
    meaning: 'A server of the parent zone says that the name of the zone does not exist.',
    cause: 'The zone is not delegated (yet), or was taken out of the parent.',
    effect: EFFECT,
    fix: 'Delegate the zone, or stop serving it.',
  },
  PARENT_NOT_AUTHORITATIVE: {
    meaning: 'A server that shall serve the parent zone refers to others, or answers from a cache.',
    cause: 'A lame delegation, or a resolver in the place of a name server.',
    effect: EFFECT,
    fix: ASK_PARENT,
  },
  PARENT_CHILD_SIDE: {
    meaning: 'The server answered from the child zone: it serves that, and not its parent.',
    cause:
      "DS records are the parent's; a server of the child alone says that there are none (RFC 4035 §3.1.4.1).",
    effect: EFFECT,
    fix: 'Have the name servers of the parent zone corrected: one of them does not serve it.',
    rfc: 'RFC 4035 §3.1.4.1',
  },
  PARENT_WRONG_ZONE: {
    meaning: 'The answer comes from another zone than the parent, or no trust anchor leads to the parent.',
    cause:
      'A zone cut was moved, a server is lame, or the anchors in the configuration are below the wrong name.',
    effect: EFFECT,
    fix: `${LOOK_AGAIN} If it stays so, check parents.anchors in the configuration.`,
  },
  PARENT_ALIAS: {
    meaning: 'The parent answers the question for a DS with an alias.',
    cause: 'The name of the zone is below a DNAME, or is a CNAME at the parent.',
    effect: EFFECT,
    fix: 'A zone cannot be delegated there: correct the parent zone.',
  },
  PARENT_BOGUS: {
    meaning: 'What the parent says is not signed as it must be, or its own keys cannot be validated.',
    cause:
      'The parent, or a zone above it, is broken; its keys changed a moment ago; or somebody forges answers.',
    effect: EFFECT,
    fix: `${LOOK_AGAIN} If it stays so: check the clock and parents.anchors, then tell the parent.`,
    rfc: 'RFC 4035 §5',
  },
  PARENT_NOT_DELEGATED: {
    meaning: 'The parent proves that there is no delegation at the name of the zone.',
    cause: 'The name exists there, but has no NS records.',
    effect: EFFECT,
    fix: 'Have the zone delegated.',
  },
};
