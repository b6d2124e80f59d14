/** Explanations: why a key waits, in the words of `rollover status` and `waiting[].reason`. */
import type { WaitReason } from '../kasp/step.ts';
import type { Explanations } from './explanation.ts';

const BY_TIME = 'The rollover goes on by itself at the instant that stands beside it.';
const BY_PERSON = 'The rollover goes no further until somebody has acted. Nothing breaks meanwhile.';
const NONE = 'Nothing: it ends by itself.';

export const WAIT_CODES: Explanations<WaitReason> = {
  acknowledgement: {
    meaning: 'Not all threads of the server serve the newest keys yet.',
    cause: 'They were told a moment ago.',
    effect: 'The next step counts its waits from the instant at which the last thread serves them.',
    fix: 'Nothing, if it is over within seconds; else look at the threads in keyturn status.',
    rfc: 'RFC 7583 §3.1',
  },
  paused: {
    meaning: 'An operator paused the keys of the zone.',
    cause: 'Somebody ran keyturn rollover pause ZONE.',
    effect: 'What is served of keys stays as it is. What caches and the parent do is still followed.',
    fix: 'Let them go on: keyturn rollover resume ZONE.',
  },
  clock_step: {
    meaning: 'The clock was stepped, so time alone proves nothing about caches.',
    cause: 'The clock was set, the machine was suspended, or its time server is wrong.',
    effect: BY_PERSON,
    fix: 'Set the clock right, then: keyturn clock confirm.',
  },
  negative_caches: {
    meaning: 'Caches may still remember that there was no such record.',
    cause: 'A record is new; resolvers keep "no such type" for the negative TTL of the SOA.',
    effect: BY_TIME,
    fix: NONE,
    rfc: 'RFC 9077 §3',
  },
  unsigned_caches: {
    meaning: 'Caches may still hold the zone as it was before it was signed.',
    cause: 'The zone was served unsigned until lately.',
    effect: BY_TIME,
    fix: NONE,
    rfc: 'RFC 7583 §3.1',
  },
  bootstrap_hold: {
    meaning: 'The first DS of a zone is not asked for before all caches know the signed zone.',
    cause: 'The zone was signed a short while ago.',
    effect: `${BY_TIME} A DS that is put in too early makes the zone fail for those with old copies.`,
    fix: 'Nothing. A zone that nobody used before may have bootstrapHold: 0s in its policy.',
    rfc: 'RFC 7583 §3.1',
  },
  dnskey_ttl: {
    meaning: 'Caches may still hold the DNSKEY RRset as it was before.',
    cause: 'A key was added to it or removed from it less than its TTL ago.',
    effect: BY_TIME,
    fix: 'Nothing. A shorter dnskeyTtl makes later rollovers shorter, not this one.',
    rfc: 'RFC 7583 §3.2',
  },
  zone_ttl: {
    meaning: 'Caches may still hold records and signatures that need the old key.',
    cause: 'Signatures changed less than the largest TTL of the zone ago.',
    effect: BY_TIME,
    fix: 'Nothing. Lower TTLs in the zone make later rollovers shorter, not this one.',
    rfc: 'RFC 7583 §3.2.1',
  },
  ds_ttl: {
    meaning: 'Caches may still hold the DS RRset as it was before.',
    cause: 'The parent changed it less than its TTL ago.',
    effect: BY_TIME,
    fix: 'Nothing. The TTL of a DS is chosen by the parent.',
    rfc: 'RFC 7583 §3.3',
  },
  parent_ds: {
    meaning: 'A DS is not known to be at all servers of the parent yet.',
    cause: 'The registrar was not told, the parent does not scan CDS, or nobody confirmed it.',
    effect: BY_PERSON,
    fix: 'Hand over what keyturn ds ZONE prints; when it is in: keyturn rollover confirm-ds ZONE --seen TAG.',
    rfc: 'RFC 7344 §4',
  },
  parent_ds_gone: {
    meaning: 'A DS is not known to be gone from all servers of the parent yet.',
    cause: 'The registrar was not told to remove it, or nobody confirmed it.',
    effect: BY_PERSON,
    fix: 'Have it removed at the registrar; then: keyturn rollover confirm-ds ZONE --gone TAG.',
    rfc: 'RFC 7344 §4',
  },
  cds_hold: {
    meaning: 'CDS and CDNSKEY stay as they are for a while, so that parents that scan seldom see them.',
    cause: 'They were changed less than cdsHold of the policy ago.',
    effect: BY_TIME,
    fix: NONE,
    rfc: 'RFC 8078 §3',
  },
  delegation_unconfirmed: {
    meaning: 'Nobody knows whether the parent has a DS of the zone.',
    cause: 'The keys were taken over, or were lost and made anew.',
    effect: BY_PERSON,
    fix: 'Look at the parent, then say: keyturn rollover confirm-ds ZONE --none, or --seen TAG.',
  },
  gate: {
    meaning: 'Another record of the same key must be in all caches, or out of them, first.',
    cause: 'A key takes its steps in a fixed order; this one is not its turn.',
    effect: 'It goes on when the wait of the other record is over.',
    fix: NONE,
    rfc: 'RFC 7583 §3',
  },
  plan: {
    meaning: 'The method of the rollover does this step later.',
    cause: 'Another key must be further along: the reason says which, and by which rule.',
    effect: 'It goes on when the step before it is over.',
    fix: NONE,
    rfc: 'RFC 6781 §4.1',
  },
  invariant: {
    meaning: 'The step would break the chain of trust as the states of the keys are.',
    cause: 'Another key has not come far enough to take over.',
    effect: 'The step is not taken until it is safe.',
    fix: 'Look at the other waits of the zone: they are what this one waits for.',
    rfc: 'RFC 4035 §5',
  },
  oracle: {
    meaning: 'Some combination of copies in caches would fail to validate if the step were taken now.',
    cause: 'Copies of what was served before may live until the instant that stands beside it.',
    effect: BY_TIME,
    fix: NONE,
    rfc: 'RFC 4035 §5',
  },
};
