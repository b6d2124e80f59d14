/** Explanations: what is in a zone, and whether it can be served and signed. */
import { EFFECT, type Explanations } from './explanation.ts';

/** The records do not make a good zone. */
export const ZONE_CONTENT_CODES = {
  ZONE_NO_SOA: {
    meaning: 'The zone has no SOA record at its apex.',
    cause: 'A wrong $ORIGIN, or a file whose name is that of another zone.',
    effect: EFFECT.rejected,
    fix: 'Write the SOA of the zone, or give the file the name of its zone.',
    rfc: 'RFC 1035 §5.2',
  },
  ZONE_SOA_BELOW_APEX: {
    meaning: 'A SOA record stands below the apex of the zone.',
    cause: 'Two zones in one file, or a wrong owner.',
    effect: EFFECT.rejected,
    fix: 'Put the other zone into a file of its own.',
    rfc: 'RFC 1035 §5.2',
  },
  ZONE_NO_NS: {
    meaning: 'The zone has no NS record at its apex.',
    cause: 'They were forgotten, or written for another owner.',
    effect: EFFECT.rejected,
    fix: 'Write the NS records of the zone, the same as at the parent.',
    rfc: 'RFC 2181 §6',
  },
  ZONE_MANY_CNAME: {
    meaning: 'A name has more than one CNAME record.',
    cause: 'A record was changed by adding another one.',
    effect: EFFECT.rejected,
    fix: 'Keep one of them.',
    rfc: 'RFC 2181 §10.1',
  },
  ZONE_MANY_DNAME: {
    meaning: 'A name has more than one DNAME record.',
    cause: 'A record was changed by adding another one.',
    effect: EFFECT.rejected,
    fix: 'Keep one of them.',
    rfc: 'RFC 6672 §2.4',
  },
  ZONE_MANY_SOA: {
    meaning: 'A name has more than one SOA record.',
    cause: 'A record was changed by adding another one.',
    effect: EFFECT.rejected,
    fix: 'Keep one of them.',
    rfc: 'RFC 1035 §5.2',
  },
  ZONE_NSEC3_COLLISION: {
    meaning: 'Two names of the zone have the same SHA-1, by which NSEC3 tells names apart.',
    cause: 'Somebody made the names so; by chance it does not happen.',
    effect: EFFECT.rejected,
    fix: 'Remove one of the names, or let the zone deny by nsec.',
    rfc: 'RFC 5155 §7.1',
  },
  ZONE_NSEC3_NAME: {
    meaning: 'The name of the zone has more than 222 octets: there is no room for the hashed names of NSEC3.',
    cause: 'A very long zone name.',
    effect: EFFECT.rejected,
    fix: 'Let the zone deny by nsec.',
    rfc: 'RFC 5155 §3',
  },
  ZONE_RRSET_TOO_LARGE: {
    meaning: 'The records of one name and type do not fit into a DNS message.',
    cause: 'Thousands of addresses or texts at one name.',
    effect: EFFECT.rejected,
    fix: 'Spread them over several names.',
    rfc: 'RFC 1035 §4.2.2',
  },
  ZONE_TTL_DIFFERS: {
    meaning: 'Records of one name and type have different TTLs.',
    cause: 'One of them was written with a TTL of its own.',
    effect: 'A warning: the zone is loaded, and the smallest TTL is served for all of them.',
    fix: 'Give them all the same TTL.',
    rfc: 'RFC 2181 §5.2',
  },
  ZONE_DUPLICATE: {
    meaning: 'A record is written twice.',
    cause: 'A copy, or an included file that has it too.',
    effect: 'A warning: the zone is loaded, and the record is served once.',
    fix: 'Remove one of the two.',
    rfc: 'RFC 2181 §5',
  },
  ZONE_CNAME_AND_OTHER: {
    meaning: 'A name has a CNAME and other records, or two CNAMEs.',
    cause: 'An alias at a name that has data too, often at the apex.',
    effect: EFFECT.rejected,
    fix: 'Keep either the CNAME or the other records. At the apex write addresses instead.',
    rfc: 'RFC 1034 §3.6.2',
  },
  ZONE_DNAME_AND_NS: {
    meaning: 'A name has both a DNAME and the NS records of a zone cut.',
    cause: 'A delegation that is to be redirected as a whole.',
    effect: EFFECT.rejected,
    fix: 'Keep one of the two.',
    rfc: 'RFC 6672 §2.3',
  },
  ZONE_WILDCARD_NS: {
    meaning: 'A wildcard name has NS or DNAME records, which has no defined meaning.',
    cause: 'An attempt to delegate all names below.',
    effect: EFFECT.loaded,
    fix: 'Delegate each name, or serve its data here.',
    rfc: 'RFC 4592 §4',
  },
  ZONE_ALIAS_LOOP: {
    meaning: 'A CNAME, DNAME, SVCB or HTTPS alias leads back to where it came from.',
    cause: 'Its target is its own name, or for a DNAME a name below it.',
    effect: EFFECT.loaded,
    fix: 'Point it to the name that has the data.',
    rfc: 'RFC 1034 §3.6.2',
  },
  ZONE_CSYNC: {
    meaning: 'A CSYNC record says something that no parent will act upon.',
    cause:
      'It is not at the apex, exists twice, has unknown flags, or waits for a serial that is not reached.',
    effect: EFFECT.loaded,
    fix: 'Write one CSYNC at the apex, with flags from 0 to 3 and a serial that the zone has.',
    rfc: 'RFC 7477 §2.1',
  },
  ZONE_DSYNC: {
    meaning: 'A DSYNC record stands or says something that children will not find or use.',
    cause: 'Its name has no label _dsync, or its type is not one that NOTIFY tells of.',
    effect: EFFECT.loaded,
    fix: 'Name it *._dsync or child._dsync, with type CDS or CSYNC and scheme NOTIFY.',
    rfc: 'RFC 9859 §3',
  },
  ZONE_ZONEMD_WRONG: {
    meaning: 'The ZONEMD record of the zone file is not the digest of the zone.',
    cause: 'The file was changed after its digest was made, was cut short, or came damaged.',
    effect:
      'By the policy (zonemd.check): a warning, and the zone is served without it; or the file is not served.',
    fix: 'Bring the file again from where it comes, or make its digest anew. Without digests: remove the record.',
    rfc: 'RFC 8976 §4',
  },
  ZONE_ZONEMD_LEFT_OUT: {
    meaning: 'The ZONEMD record of the zone file is right, and not served, because the zone is signed here.',
    cause: 'A digest covers all signatures; these are made one by one when somebody asks.',
    effect: EFFECT.loaded,
    fix: 'Nothing. A signed copy with its digest is written by: keyturn zone export --signed --zonemd.',
    rfc: 'RFC 8976 §3.3.1',
  },
  ZONE_SERIAL_NOT_INCREASED: {
    meaning: 'The content of the zone has changed, but its serial is not after the one that was served.',
    cause: 'The serial of the SOA was forgotten, or set back.',
    effect: 'A warning: the zone is served, but secondaries keep what they have.',
    fix: 'Increase the serial, or let Keyturn do it with serial: increment in the policy.',
    rfc: 'RFC 1982 §3.2',
  },
  ZONE_ZONEMD_PLACE: {
    meaning: 'A ZONEMD record stands below the apex, where it says nothing of the zone.',
    cause: 'A wrong owner.',
    effect: EFFECT.loaded,
    fix: 'Give it the name of the zone, or remove it.',
    rfc: 'RFC 8976 §2',
  },
  ZONE_SVCB_ALIAS: {
    meaning: 'An SVCB or HTTPS record of priority 0, an alias, stands beside others or has parameters.',
    cause: 'Priority 0 was taken for the highest priority.',
    effect: EFFECT.loaded,
    fix: 'Give services a priority from 1 on, or keep the alias alone and without parameters.',
    rfc: 'RFC 9460 §2.4.2',
  },
  ZONE_OCCLUDED: {
    meaning: 'A record is below a zone cut or a DNAME, and never answered.',
    cause: 'A delegation was added above it.',
    effect: EFFECT.loaded,
    fix: 'Move it into the zone that the name is delegated to, or remove it.',
    rfc: 'RFC 5936 §3.5',
  },
  ZONE_DS_WITHOUT_NS: {
    meaning: 'A DS record is at a name that is not delegated.',
    cause: 'The NS records of the child are missing.',
    effect: EFFECT.loaded,
    fix: 'Write the NS records of the child, or remove the DS.',
    rfc: 'RFC 4035 §2.4',
  },
  ZONE_DS_AT_APEX: {
    meaning: 'A DS record of the zone itself is in its own file and is left out.',
    cause: 'The DS was meant for the parent.',
    effect: EFFECT.loaded,
    fix: 'Remove it here; hand it to the parent: keyturn ds ZONE.',
    rfc: 'RFC 4035 §2.4',
  },
  ZONE_SIGNATURES_IGNORED: {
    meaning: 'Records of another signer (RRSIG, NSEC, NSEC3) are left out.',
    cause: 'The file is of a zone that was signed before.',
    effect: 'A warning: the zone is loaded, and Keyturn makes its own signatures.',
    fix: 'Nothing. To be rid of the warning, write the zone without them.',
    rfc: 'RFC 4035 §2',
  },
  ZONE_MISSING_GLUE: {
    meaning: 'A name server of a delegation is below the delegation and has no address here.',
    cause: 'Glue was forgotten.',
    effect: EFFECT.loaded,
    fix: 'Write its A or AAAA record: without it nobody finds the child zone.',
    rfc: 'RFC 9471 §2.1',
  },
  ZONE_NS_NO_ADDRESS: {
    meaning: 'A name server has a name in this zone that has no address.',
    cause: 'The host was renamed or removed.',
    effect: EFFECT.loaded,
    fix: 'Write its A or AAAA record.',
    rfc: 'RFC 1912 §2.8',
  },
  ZONE_NS_CNAME: {
    meaning: 'A name server has a name that is an alias: a CNAME, or below a DNAME.',
    cause: 'The host was moved, and its old name now points to the new one.',
    effect: 'A warning: the zone is loaded, but resolvers may refuse to ask that server.',
    fix: 'Name the host that has the addresses.',
    rfc: 'RFC 2181 §10.3',
  },
  ZONE_MX_CNAME: {
    meaning: 'A mail server has a name that is an alias: a CNAME, or below a DNAME.',
    cause: 'The host was moved, and its old name now points to the new one.',
    effect: 'A warning: the zone is loaded, but mail may be refused.',
    fix: 'Name the host that has the addresses.',
    rfc: 'RFC 2181 §10.3',
  },
  ZONE_TARGET_CNAME: {
    meaning: 'A record such as SRV names a host by an alias: a CNAME, or a name below a DNAME.',
    cause: 'The host was moved, and its old name now points to the new one.',
    effect: EFFECT.loaded,
    fix: 'Name the host that has the addresses.',
    rfc: 'RFC 2782 §1',
  },
  ZONE_TARGET_NO_ADDRESS: {
    meaning: 'An MX or SRV record names a host of this zone that has no address.',
    cause: 'The host was renamed or removed.',
    effect: EFFECT.loaded,
    fix: 'Write its A or AAAA record, or point to a host that has one.',
    rfc: 'RFC 5321 §5.1',
  },
  ZONE_MX_ADDRESS: {
    meaning: 'An MX record points to an address instead of a name.',
    cause: 'The address of the mail server was written.',
    effect: EFFECT.loaded,
    fix: 'Name a host that has A or AAAA records.',
    rfc: 'RFC 5321 §5.1',
  },
} as const satisfies Explanations;

/** A zone is not served as it should be. */
export const ZONE_SERVICE_CODES = {
  ZONE_FOREIGN_KEYS: {
    meaning: 'The zone file has DNSKEY, CDNSKEY or CDS records of keys that are not here.',
    cause: 'The zone is signed by another server, whose keys the DS at the parent points to.',
    effect: EFFECT.rejected,
    fix: 'Bring the keys along (keyturn key import). If no DS points to them, start with --replace-keys.',
    rfc: 'RFC 6781 §4.3.5',
  },
  SIGNATURE_BAD: {
    meaning: 'A signature that was just made does not verify.',
    cause: 'Broken memory or a broken processor, or a key file that was changed.',
    effect: 'The signature is not served. What was served before stays served.',
    fix: 'Test the memory of the machine. Look into the log for more of these.',
    rfc: 'RFC 4035 §5.3.3',
  },
  ZONE_NOT_SERVED: {
    meaning: 'The zone is known but not served, or not served signed.',
    cause: 'Its file has errors, or its keys cannot be used.',
    effect: EFFECT.nothing,
    fix: 'See why: keyturn zone show ZONE. Then: keyturn zone reload ZONE.',
  },
  ZONE_UNSIGNED: {
    meaning: 'The zone is served unsigned by a server that makes no keys.',
    cause: 'The server runs with --unsigned.',
    effect: EFFECT.nothing,
    fix: 'Start the server without --unsigned.',
  },
  ZONE_FILE_PRESENT: {
    meaning: 'A zone is to be forgotten, but its file is there.',
    cause: 'zone forget is for zones whose files are gone.',
    effect: EFFECT.nothing,
    fix: 'Remove the file first; then the zone goes by itself.',
  },
} as const satisfies Explanations;

/** Findings of health. */
export const HEALTH_CODES = {
  SIGNATURES_EXPIRING: {
    meaning: 'Signatures that are served expire soon, or have expired, and were not renewed.',
    cause: 'The keys cannot be used, the clock was set ahead, or the machine was suspended for long.',
    effect: 'When they have expired, resolvers that validate answer SERVFAIL for the zone.',
    fix: 'See what keeps them: keyturn zone show ZONE. Look at the clock too.',
    rfc: 'RFC 4035 §5.3.1',
  },
  ROLLOVER_STALLED: {
    meaning: 'A rollover has waited for the parent for longer than staleAfter of the policy.',
    cause: 'The registrar was never told of the new DS, or nobody confirmed it.',
    effect: 'The zone is served and signed well; the keys are not replaced.',
    fix: 'See whom it waits for: keyturn rollover status ZONE. Then act, or: keyturn rollover cancel ZONE.',
  },
  DS_OVERDUE: {
    meaning: 'Something at the parent has been waited for over 7 days.',
    cause: 'The registrar was never told, the parent does not scan CDS, or nobody confirmed it.',
    effect: 'The zone is served and signed well; it, or its rollover, goes no further.',
    fix: 'The finding names what to do at the parent, and the command that says that it is done.',
    rfc: 'RFC 7344 §4',
  },
  JOB_STOPPED: {
    meaning: 'A job that rolls keys of many zones stopped by itself: too many of them failed.',
    cause: 'Something that all these zones share, mostly the disk of the keys.',
    effect: 'No other zone of the job is begun; rollovers that run go on.',
    fix: 'See why they failed: keyturn job show ID. Then start a job for the zones that are left.',
  },
  THREAD_DOWN: {
    meaning: 'A thread of the server does not run.',
    cause: 'It died a moment ago; the log says of what.',
    effect: 'Other threads answer meanwhile. Without the stream thread nobody is answered over TCP.',
    fix: 'It is started again by itself. If it dies again and again, report what the log says.',
  },
} as const satisfies Explanations;

/** Alarms: of the server as a whole. */
export const ALARM_CODES = {
  ZONES_DIRECTORY: {
    meaning: 'The zones directory cannot be read.',
    cause: 'A disk that is not mounted, permissions, a path that is misspelt.',
    effect: 'All zones stay served as they are; changes of files are not seen.',
    fix: 'Make the directory readable for the user of the server.',
  },
  ZONES_VANISHED: {
    meaning: 'More than half of the zone files vanished at once, which is taken for an accident.',
    cause: 'A disk that is not mounted, a wrong rm, a deployment that went wrong.',
    effect: 'These zones stay served as they are.',
    fix: 'Put the files back. If the zones shall go: keyturn zone forget.',
  },
  CLOCK_STEPPED: {
    meaning: 'The clock jumped ahead, so nobody knows how long caches have really waited.',
    cause: 'The clock was set, the machine was suspended, or its time server is wrong.',
    effect: 'No rollover goes on by time. Zones are served and signed as they are.',
    fix: 'Set the clock right. If it is right now: keyturn clock confirm.',
    rfc: 'RFC 7583 §3',
  },
} as const satisfies Explanations;
