/** Explanations: why a look at the parent of a zone says nothing about its DS (parent/judge). */
import type { PushReason } from '../daemon/push.ts';
import type { ChainCode } from '../parent/concerns.ts';
import type { UnknownReason } from '../parent/judge.ts';
import type { ParentState } from '../parent/reasons.ts';
import type { Explanations } from './explanation.ts';

const EFFECT =
  'It counts as unknown, never as "no DS": what waits for the parent goes on waiting. Nothing breaks.';
const ASK_PARENT = 'Tell whoever runs the parent zone; keyturn parent show ZONE names the server.';
const LOOK_AGAIN = 'Nothing at first: it is looked at again by itself. Look now: keyturn parent look ZONE.';

/** What looks show that a person must see to. */
export const PARENT_FINDING_CODES: Explanations<ChainCode> = {
  PARENT_DS_ORPHAN: {
    meaning: 'The parent has DS records, and none of them on some server belongs to a key of the zone.',
    cause: 'The zone came from another signer without its keys, or the wrong DS was handed in.',
    effect: 'Validating resolvers find the zone bogus now: for their users it is gone.',
    fix: 'Have the DS replaced by those of keyturn ds ZONE; or import the keys that they belong to.',
    rfc: 'RFC 4035 §5.2',
  },
  PARENT_DS_UNSIGNED: {
    meaning: 'The parent has DS records of the zone, and the zone is served unsigned.',
    cause: 'The DS was put in, or came back, after the zone went unsigned.',
    effect: 'Validating resolvers find the zone bogus now: for their users it is gone.',
    fix: 'Have the DS removed. If their keys are here, the zone is signed again by itself, or by keyturn zone sign ZONE.',
    rfc: 'RFC 4035 §5.2',
  },
  PARENT_DS_RETURNED: {
    meaning: 'The parent has the DS of a key again that was rolled out.',
    cause: 'A scanner acted upon old CDS records, or somebody put an old DS in by hand.',
    effect: 'Nothing breaks: the DNSKEY is served again for as long, and its removal is asked for by CDS.',
    fix: 'Have that DS removed; those that shall stay are printed by keyturn ds ZONE.',
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

const WAITS = 'What waits for the parent goes on waiting. Nothing breaks.';
const BY_ITSELF = 'Nothing: the parent is looked at again, and the rollover goes on by itself.';

/** Why a zone that waits for its parent still waits, beside what single servers say. */
export const PARENT_WAIT_CODES: Explanations<Exclude<ParentState, 'PARENT_DS_FOREIGN'>> = {
  PARENT_NOT_SEEN: {
    meaning: 'Nobody has looked at the parent of the zone since the server started.',
    cause: 'Many zones are looked at after a start, and parents.rate bounds how fast.',
    effect: WAITS,
    fix: 'Nothing; or look now: keyturn parent look ZONE.',
  },
  PARENT_SERVERS_DISAGREE: {
    meaning: 'Some servers of the parent have the DS of a key, others do not, or cannot be seen.',
    cause: 'The parent is about to publish a change; or one of its servers is behind.',
    effect: 'The key counts as there as long as one server has it, and as known only when all have it.',
    fix: 'Nothing for some hours; then tell whoever runs the parent zone: keyturn parent show ZONE names the server.',
  },
  PARENT_FLAPS: {
    meaning: 'The parent shows one DS RRset, then another, and the first again.',
    cause:
      'Servers of one address differ (anycast), or two programs of the parent undo the work of each other.',
    effect: `${WAITS} Only looks that agree count, and none do.`,
    fix: 'Tell whoever runs the parent zone.',
  },
  PARENT_DS_MISSING: {
    meaning: 'The parent had a DS of the zone and has none any more.',
    cause: 'It removes the old DS first and adds the new one later, or somebody removed it by hand.',
    effect: 'Validators take the zone for unsigned until a DS is there again: not broken, but not protected.',
    fix: 'If it stays so, hand over what keyturn ds ZONE prints.',
  },
  PARENT_DS_PARTIAL: {
    meaning: 'Of the DS records that the zone asks for the parent has some, and others not.',
    cause: 'It takes one DS only, or has not done all that it was asked for yet.',
    effect: 'The rollover follows what the parent has, step by step. Nothing breaks.',
    fix: BY_ITSELF,
    rfc: 'RFC 7344 §6',
  },
  PARENT_DS_AWAITED: {
    meaning: 'The parent was asked for the DS of a key, and no server has it yet.',
    cause: 'Parents look for CDS once a day or so; some do not, and want it by hand.',
    effect: WAITS,
    fix: 'If the parent does not look for CDS, hand over what keyturn ds ZONE prints.',
    rfc: 'RFC 7344 §6.1',
  },
  PARENT_DS_LINGERS: {
    meaning: 'The parent was asked to remove the DS of a key, and all servers still have it.',
    cause: 'Parents look for CDS once a day or so; some do not, and want to be told by hand.',
    effect: WAITS,
    fix: 'If the parent does not look for CDS, have the DS removed there.',
    rfc: 'RFC 7344 §6.1',
  },
  PARENT_IGNORES_CDS: {
    meaning: 'The parent answered that it was told of new CDS records, and did nothing for long.',
    cause: 'It holds them against rules of its own: a registry lock, a hold time, servers that differ.',
    effect: WAITS,
    fix: 'See what keyturn diagnose ZONE finds; ask whoever runs the parent, or hand over the DS by hand.',
    rfc: 'RFC 9859 §4.2',
  },
  PARENT_LOOKS_AGREE: {
    meaning: 'The parent has done what it was asked for; looks have not yet proved that it stays so.',
    cause:
      'One look may have met one of many servers behind an address, and older CDS may still be acted upon.',
    effect: 'The rollover goes on as soon as enough looks agree.',
    fix: BY_ITSELF,
  },
};

/** Why a parent was not told of new CDS records (RFC 9859). */
export const PUSH_CODES: Explanations<PushReason['code']> = {
  DSYNC_NONE: {
    meaning: 'The parent does not say where it wants to be told of new CDS records.',
    cause: 'It has no DSYNC record for CDS: most parents have none yet.',
    effect: 'It finds new CDS records when it looks for them, if it does.',
    fix: 'Nothing; or hand over what keyturn ds ZONE prints.',
    rfc: 'RFC 9859 §4.1',
  },
  DSYNC_SEVERAL: {
    meaning: 'The parent has several DSYNC records for CDS, which is an error of the parent.',
    cause: 'One was left over when another was put in.',
    effect: 'None of them is told: nobody can say which is right. The parent may look for CDS by itself.',
    fix: 'Tell whoever runs the parent zone.',
    rfc: 'RFC 9859 §2.2',
  },
  DSYNC_UNKNOWN: {
    meaning: 'Where the parent wants to be told of new CDS records cannot be found out.',
    cause: 'Its servers give no answer that can be believed.',
    effect: 'It is tried again. The parent may look for CDS by itself.',
    fix: 'See what keyturn parent show ZONE says of its servers.',
    rfc: 'RFC 9859 §4.1',
  },
  NOTIFY_SILENT: {
    meaning: 'The parent was told of new CDS records, six times at most, and did not answer.',
    cause:
      'Nobody listens at the target of its DSYNC record, or the target has no address that can be found.',
    effect: 'It finds new CDS records when it looks for them, if it does.',
    fix: 'Nothing; or tell whoever runs the parent zone.',
    rfc: 'RFC 9859 §4.2',
  },
  NOTIFY_HELD_BACK: {
    meaning: 'The parent is not told of new CDS records yet: not all name servers of the zone have them.',
    cause: 'A secondary is behind or cannot be reached, or the delegation names a server that is not ours.',
    effect: 'A parent that looked now would find servers that differ, and refuse. It is told when all agree.',
    fix: 'See which server differs: keyturn diagnose ZONE.',
    rfc: 'RFC 9859 §4.2',
  },
};
