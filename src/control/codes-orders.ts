/** Explanations: orders about keys and rollovers that are refused, or do not fit the zone. */
import type { RefusalCode } from '../kasp/refusal.ts';
import { EFFECT, type Explanations } from './explanation.ts';

export const REFUSAL_CODES: Explanations<RefusalCode> = {
  PAUSED: {
    meaning: 'The keys of the zone are paused, and a rollover shall start.',
    cause: 'Somebody ran keyturn rollover pause ZONE.',
    effect: EFFECT.nothing,
    fix: 'Let them go on: keyturn rollover resume ZONE.',
  },
  KEY_LOST: {
    meaning:
      'The private half of the key is gone, so that the old chain of trust cannot be kept while it is replaced.',
    cause: 'Its file was removed, and the server does not have it in memory.',
    effect: EFFECT.nothing,
    fix: 'Restore the file from a backup. If there is none: --emergency containment, with --dry-run to see what breaks.',
    rfc: 'RFC 6781 §4.2',
  },
  ALREADY_PAUSED: {
    meaning: 'The keys of the zone shall be paused, and are.',
    cause: 'The order was given twice.',
    effect: EFFECT.nothing,
    fix: 'Nothing is to be done; keyturn rollover resume ZONE ends it.',
  },
  NOT_PAUSED: {
    meaning: 'The keys of the zone shall go on, and were not paused.',
    cause: 'The order was given twice.',
    effect: EFFECT.nothing,
    fix: 'Nothing is to be done.',
  },
  NOT_SIGNED: {
    meaning: 'Keys of a zone shall be replaced that is not signed.',
    cause: 'The zone is insecure on purpose.',
    effect: EFFECT.nothing,
    fix: 'Sign it first: keyturn zone sign ZONE.',
  },
  ALREADY_SIGNED: {
    meaning: 'The zone shall be signed, and is.',
    cause: 'The order was given twice, or zones are signed by default.',
    effect: EFFECT.nothing,
    fix: 'Nothing is to be done.',
  },
  ALREADY_INSECURE: {
    meaning: 'The zone shall lose its signatures, and has none or is about to.',
    cause: 'The order was given twice.',
    effect: EFFECT.nothing,
    fix: 'Nothing is to be done; keyturn rollover status ZONE shows how far it is.',
  },
  WRONG_SCHEME: {
    meaning: 'The zone has no key of the kind that shall be replaced.',
    cause: 'A KSK or ZSK rollover of a zone with one CSK, or the other way round.',
    effect: EFFECT.nothing,
    fix: 'Say --type csk, or zsk or ksk: keyturn zone show ZONE tells which keys there are.',
    rfc: 'RFC 6781 §3.1',
  },
  NO_CHANGE: {
    meaning: 'The algorithm or scheme that is asked for is the one that the zone has.',
    cause: '--to names what is there, or is missing and the policy has not changed.',
    effect: EFFECT.nothing,
    fix: 'Name another one with --to.',
  },
  ALGORITHM_UNKNOWN: {
    meaning: 'Keyturn does not sign with that algorithm.',
    cause: 'A name misspelt, or an algorithm that is not recommended any more.',
    effect: EFFECT.nothing,
    fix: 'The message names those that it signs with.',
    rfc: 'RFC 8624 §3.1',
  },
  METHOD_UNSUITABLE: {
    meaning: 'That kind of rollover cannot use that method.',
    cause: '--method names one of another kind.',
    effect: EFFECT.nothing,
    fix: 'Use one that the message names, or leave --method out.',
    rfc: 'RFC 6781 §4.1',
  },
  EMERGENCY_UNSUITABLE: {
    meaning: '--emergency does not go with that kind of rollover.',
    cause: 'An algorithm or a scheme shall be changed, which replaces no bad key in a hurry.',
    effect: EFFECT.nothing,
    fix: 'Say which key is lost or known to others: --type zsk, ksk or csk.',
    rfc: 'RFC 6781 §4.2',
  },
  ROLLOVER_RUNNING: {
    meaning: 'A rollover of these keys is running, and there is one at a time.',
    cause: 'It was started by the lifetime of the key, by a job, or by somebody else.',
    effect: EFFECT.nothing,
    fix: 'See it: keyturn rollover status ZONE. Wait until it is done, or cancel it.',
  },
  PREVIOUS_KEY_LEAVING: {
    meaning: 'A key that was replaced before is still in caches.',
    cause: 'The last rollover is hardly over.',
    effect: EFFECT.nothing,
    fix: 'Wait until keyturn rollover status ZONE shows it as gone.',
    rfc: 'RFC 7583 §3.2',
  },
  TOO_SOON: {
    meaning: 'The last rollover of a key with a DS began less than minInterval of the policy ago.',
    cause: 'A script that runs too often, or two people.',
    effect: EFFECT.nothing,
    fix: 'Wait until the instant in the message. A bad key may be replaced at once: --emergency.',
  },
  DELEGATION_UNCONFIRMED: {
    meaning: 'Nobody knows whether the parent has a DS, and the order depends on that.',
    cause: 'The keys were taken over, or were lost and made anew.',
    effect: EFFECT.nothing,
    fix: 'Look at the parent, then say: keyturn rollover confirm-ds ZONE --none, or --seen TAG.',
  },
  NO_ROLLOVER: {
    meaning: 'No rollover of the zone is running.',
    cause: 'It is done, or was never started.',
    effect: EFFECT.nothing,
    fix: 'keyturn rollover history ZONE shows what happened.',
  },
  ALREADY_CANCELLED: {
    meaning: 'The rollover is being undone already.',
    cause: 'The order was given twice.',
    effect: EFFECT.nothing,
    fix: 'Wait until it is undone: keyturn rollover status ZONE.',
  },
  POINT_OF_NO_RETURN: {
    meaning: 'The old key is leaving the caches, so the rollover cannot be undone any more.',
    cause: 'It is nearly done.',
    effect: EFFECT.nothing,
    fix: 'Let it end, then start a new one. Nothing forces a cancel now: neither --yes nor a reason is heard.',
    rfc: 'RFC 7583 §3',
  },
};

/** An order does not fit the zone, or is not complete. */
export const ORDER_CODES = {
  KEYS_FROZEN: {
    meaning: 'The keys of the zone cannot be read or written, so none is changed.',
    cause: 'A problem of the key files or of the disk; keyturn zone show ZONE names it.',
    effect: EFFECT.nothing,
    fix: 'See to that first; it is tried again every minute.',
  },
  PARENT_CONTRADICTS: {
    meaning: 'The parent was looked at, and shows something else than was said.',
    cause: 'The change has not reached all servers of the parent yet, or another zone or key was meant.',
    effect: 'Nothing was changed: a rollover would build on what is not so.',
    fix: 'Nothing, as a rule: what the parent shows is taken in by itself. See keyturn parent show ZONE.',
  },
  CHILD_NOT_TAKEN: {
    meaning: 'The DS of the child is as the zone file has it: the child never changed it.',
    cause: 'It was forgotten before, or its requests were not followed.',
    effect: 'Nothing was done.',
    fix: 'Nothing: change the DS in the zone file.',
  },
  PARENT_NOT_WATCHED: {
    meaning: 'Nobody looks at the parents of zones: the configuration does not say how they are found.',
    cause: 'It has no key "parents", and looks at the Internet only if it is told to.',
    effect: 'Nothing was changed. The DS at the parent is confirmed by the operator.',
    fix: 'Add to the configuration: parents: { anchors: iana }. Or confirm: keyturn rollover confirm-ds.',
  },
  NOTHING_TO_FORCE: {
    meaning: '--force-unsafe was given to what breaks nothing, or to what nothing can force.',
    cause: 'The option goes with --emergency containment, and with zone unsign of a zone that may have a DS.',
    effect: EFFECT.nothing,
    fix: 'Leave it out. What a safety rule forbids is refused with --yes and with a reason alike.',
  },
  TYPE_MISSING: {
    meaning: 'It was not said which keys to replace.',
    cause: 'rollover start without --type.',
    effect: EFFECT.nothing,
    fix: 'Say --type; the message names the types that fit the zone.',
  },
  TO_UNSUITABLE: {
    meaning: '--to does not fit --type.',
    cause: '--to goes with --type algorithm and --type scheme.',
    effect: EFFECT.nothing,
    fix: 'Say --type algorithm --to ECDSAP256SHA256, or --type scheme --to csk or ksk-zsk.',
  },
  KEY_OR_NONE: {
    meaning: 'It is not clear what was seen at the parent.',
    cause: 'confirm-ds needs a key that is seen or gone, or --none.',
    effect: EFFECT.nothing,
    fix: 'Say --seen TAG, --gone TAG, both, or --none.',
  },
  KEY_WITHOUT_DS: {
    meaning: 'That key is a ZSK; no DS points to it.',
    cause: 'A key tag that was mistaken for another one.',
    effect: EFFECT.nothing,
    fix: 'The message names the keys that have a DS.',
    rfc: 'RFC 6781 §3.1',
  },
  NO_SUCH_KEY: {
    meaning: 'The zone has no key with that tag.',
    cause: 'A typing mistake, or a key that is gone.',
    effect: EFFECT.nothing,
    fix: 'keyturn zone show ZONE lists the keys.',
  },
  NO_SUCH_STEP: {
    meaning: 'A step shall be waited for that the rollover does not have.',
    cause: 'Steps differ between the types of rollover, or the name is misspelt.',
    effect: EFFECT.nothing,
    fix: 'keyturn rollover status ZONE lists the steps; "done" waits for the end.',
  },
  ONE_CHOICE: {
    meaning: 'It is not clear whether one zone or many are meant.',
    cause: 'A zone together with --all, --policy or --match, or none of them.',
    effect: EFFECT.nothing,
    fix: 'Name one zone, or say one of --all, --policy, --match.',
  },
  JOB_RUNNING: {
    meaning: 'A job that rolls keys of many zones is running, and there is one at a time.',
    cause: 'It was started before, perhaps before the server was started anew.',
    effect: EFFECT.nothing,
    fix: 'See it: keyturn job show ID. Wait until it is done, or: keyturn job cancel ID.',
  },
  JOB_NOT_RUNNING: {
    meaning: 'A job shall be cancelled that has ended.',
    cause: 'It is done, or was cancelled or stopped before.',
    effect: EFFECT.nothing,
    fix: 'Nothing is to be done; keyturn job show ID tells how it ended.',
  },
  CANCELLED: {
    meaning: 'A rollover that belonged to a job was cancelled by an order about its zone.',
    cause: 'Somebody ran keyturn rollover cancel ZONE.',
    effect: 'The job counts the zone as failed, and goes on with the others.',
    fix: 'Nothing, or start the rollover again: keyturn rollover start ZONE.',
  },
  NO_SUCH_JOB: {
    meaning: 'There is no job with that id.',
    cause: 'A typing mistake, or a job of long ago.',
    effect: EFFECT.nothing,
    fix: 'keyturn job list shows the jobs.',
  },
} as const satisfies Explanations;
