/** Explanations: what `keyturn diagnose` finds wrong with a zone as the world sees it. */
import type { Explanations } from './explanation.ts';

const BOGUS = 'Validating resolvers that ask this server find the zone bogus: it fails for their users.';
const SLOWER = 'Resolvers that try it wait, and go to another server: answers are late now and then.';
const FEWER =
  'Nothing breaks now. One server fewer shares the load, and one fewer is there when others fail.';
const OLD = 'Who asks this server gets another state of the zone than others get.';
const TELL_OPERATOR = 'Tell whoever runs the server; the evidence names its address.';
const TELL_PARENT = 'Tell whoever runs the parent zone, or the registrar.';

const DS_CODES = {
  DIAGNOSE_DS_UNSIGNED: {
    meaning: 'The parent has DS records of a zone that is served without signatures.',
    cause: 'Signing was switched off, or the zone moved here from another signer, and the DS was left.',
    effect: 'Validating resolvers find the zone bogus now: for their users it is gone.',
    fix: 'Have the DS removed, or import its keys and sign the zone.',
    rfc: 'RFC 4035 §5.2',
  },
  DIAGNOSE_DS_MISSING: {
    meaning: 'No server of the parent has the DS of a key that waits for it, or whose DS was there before.',
    cause: 'It was not handed in, the parent takes no CDS, it is late, or somebody removed it.',
    effect: 'Without any DS the zone counts as unsigned. A rollover that waits for it goes no further.',
    fix: 'Hand it to the parent: keyturn ds ZONE prints it.',
    rfc: 'RFC 7344 §4',
  },
  DIAGNOSE_DS_MIXED: {
    meaning: 'Some servers of the parent have the DS of a key, others do not.',
    cause: 'The parent is just publishing it, or one of its servers is behind.',
    effect: 'What waits for the DS goes on waiting.',
    fix: `Wait an hour and ask again. ${TELL_PARENT}`,
  },
  DIAGNOSE_DS_LEFT: {
    meaning: 'The parent still has the DS of a key that shall leave the zone.',
    cause: 'The parent has not acted on the new CDS yet, or must be told by hand.',
    effect: 'The key stays until the DS is gone: the rollover waits, nothing breaks.',
    fix: 'Have it removed at the parent, as keyturn rollover status ZONE says.',
  },
  DIAGNOSE_DS_TTL: {
    meaning: 'The parent gives the DS a longer TTL than the policy of the zone reckons with.',
    cause: 'parent.dsTtl of the policy was not set to what this parent uses.',
    effect: 'Rollovers wait for the TTL that is seen, so they are safe; plans and dates are too early.',
    fix: 'Set parent.dsTtl in the policy to the TTL that was seen.',
  },
  DIAGNOSE_PARENT_INSECURE: {
    meaning: 'The zone is signed, and its parent is not, or no chain of trust leads to the parent.',
    cause: 'The parent, or a zone above it, has no DS.',
    effect: 'Nobody can validate the zone, with a DS or without.',
    fix: 'Have the parent signed, or live with it.',
    rfc: 'RFC 4035 §4.3',
  },
  DIAGNOSE_DSYNC_MISSING: {
    meaning: 'The parent publishes no DSYNC record for the zone.',
    cause: 'It takes no NOTIFY for CDS, as most parents do not yet.',
    effect: 'New CDS records are found when the parent looks for them, or never if it does not look.',
    fix: 'Nothing, unless the parent does not look for CDS: then hand the DS over by hand.',
    rfc: 'RFC 9859 §4.1',
  },
  DIAGNOSE_DSYNC_SEVERAL: {
    meaning: 'The parent publishes several DSYNC records for CDS with the scheme NOTIFY.',
    cause: 'An error of the parent: for one type and scheme there is one.',
    effect: 'It is not told of new CDS records; it finds them when it looks for them.',
    fix: TELL_PARENT,
    rfc: 'RFC 9859 §4.1',
  },
} satisfies Explanations;

const DELEGATION_CODES = {
  DIAGNOSE_NS_MISSING: {
    meaning: 'A name server that the zone names in its NS records is missing in the delegation.',
    cause: 'It was added to the zone and not at the parent.',
    effect: FEWER,
    fix: 'Have it added at the parent, or take its NS record out of the zone.',
    rfc: 'RFC 1034 §4.2.2',
  },
  DIAGNOSE_NS_EXTRA: {
    meaning: 'The parent delegates to a name server that the zone does not name in its NS records.',
    cause: 'It was taken out of the zone and not out of the delegation, or the other way round.',
    effect: 'It is asked all the same. If it does not serve the zone any longer, questions are lost.',
    fix: 'Have it taken out at the parent, or add its NS record to the zone.',
    rfc: 'RFC 1034 §4.2.2',
  },
  DIAGNOSE_DELEGATION_MIXED: {
    meaning: 'Servers of the parent delegate the zone to different name servers.',
    cause: 'The delegation was just changed, or a server of the parent is behind.',
    effect: 'Which name servers are asked depends on which server of the parent was.',
    fix: `Wait an hour and ask again. ${TELL_PARENT}`,
  },
  DIAGNOSE_HOST_NO_ADDRESS: {
    meaning: 'A name server of the zone has no address.',
    cause: 'Its A and AAAA records are missing, or the zone that holds them cannot be reached.',
    effect: FEWER,
    fix: 'Add its address records, or take it out of the name servers.',
    rfc: 'RFC 1035 §3.3.11',
  },
  DIAGNOSE_GLUE_MISSING: {
    meaning: 'A name server inside the zone has no glue at the parent.',
    cause: 'The delegation was made without the addresses of its hosts.',
    effect: 'Nobody can find that server: its address could only be had from the zone itself.',
    fix: 'Have its addresses added to the delegation (host objects, at most registrars).',
    rfc: 'RFC 9471 §3',
  },
  DIAGNOSE_GLUE_OTHER: {
    meaning: 'The glue of a name server is not what the zone says of its addresses.',
    cause: 'The server moved and only one side was told.',
    effect: 'Resolvers ask at an address where nobody answers, or another server does.',
    fix: 'Have the glue corrected at the parent, or the address records in the zone.',
    rfc: 'RFC 1034 §4.2.2',
  },
  DIAGNOSE_ONE_SERVER: {
    meaning: 'The zone is delegated to one name server.',
    cause: 'No second one was set up.',
    effect: 'When that server or its network fails, the zone is gone.',
    fix: 'Add another name server, in another network.',
    rfc: 'RFC 2182 §5',
  },
  DIAGNOSE_SAME_ADDRESS: {
    meaning: 'Several name servers of the zone have the same address.',
    cause: 'A second name was given to the one server, perhaps because two are required.',
    effect: 'It counts as one server: when it fails, all of these names fail.',
    fix: 'Give each name server a machine of its own.',
    rfc: 'RFC 2182 §3.1',
  },
  DIAGNOSE_MANY_SERVERS: {
    meaning: 'The zone has more addresses of name servers than are asked in one diagnosis.',
    cause: 'It is delegated to very many servers.',
    effect: 'The others were not looked at.',
    fix: 'Delegate to fewer servers.',
  },
} satisfies Explanations;

const SERVER_CODES = {
  DIAGNOSE_NO_SERVER: {
    meaning: 'Not one of the name servers that the parent delegates to answers for the zone.',
    cause: 'All are down or serve it no longer, the delegation is wrong, or no port 53 leads out of here.',
    effect: 'The zone is gone for all who do not have it in a cache.',
    fix: 'See to the servers that the other findings name; check that UDP and TCP to port 53 leave this host.',
  },
  DIAGNOSE_SERVER_SILENT: {
    meaning: 'A name server of the zone answers neither over UDP nor over TCP.',
    cause: 'It is down, moved, or a firewall is before it.',
    effect: SLOWER,
    fix: 'Start it, open port 53, or have it taken out of the delegation.',
  },
  DIAGNOSE_UDP_SILENT: {
    meaning: 'A name server of the zone answers over TCP, and not over UDP.',
    cause: 'It does not listen there, or a firewall is before it.',
    effect: SLOWER,
    fix: 'Let it listen on UDP, and open port 53 for UDP.',
    rfc: 'RFC 1035 §4.2.1',
  },
  DIAGNOSE_TCP_SILENT: {
    meaning: 'A name server of the zone answers over UDP, and not over TCP.',
    cause: 'It does not listen there, or a firewall lets UDP through alone.',
    effect: 'Answers that do not fit into a datagram, as those with keys, are lost; parents cannot read CDS.',
    fix: 'Let it listen on TCP, and open port 53 for TCP.',
    rfc: 'RFC 7766 §5',
  },
  DIAGNOSE_NO_ROUTE: {
    meaning: 'This host has no way to an address of a name server.',
    cause: 'Mostly an IPv6 address, and a host without IPv6.',
    effect: 'That address was not looked at.',
    fix: 'Nothing; or give this host IPv6.',
  },
  DIAGNOSE_SERVER_MALFORMED: {
    meaning: 'What a name server of the zone answers is no well-formed answer to the question.',
    cause: 'The server is broken, or something on the way changes its answers.',
    effect: SLOWER,
    fix: TELL_OPERATOR,
  },
  DIAGNOSE_SERVER_REFUSED: {
    meaning: 'A name server of the zone refuses to answer for it.',
    cause: 'It does not serve the zone (any longer), or answers some addresses only.',
    effect: SLOWER,
    fix: 'Let it serve the zone to everybody, or have it taken out of the delegation.',
  },
  DIAGNOSE_SERVER_ERROR: {
    meaning: 'A name server of the zone answers with an error, like SERVFAIL or NXDOMAIN.',
    cause: 'It has lost the zone: it could not load it, or its copy has expired.',
    effect: SLOWER,
    fix: 'Let it take the zone anew, or have it taken out of the delegation.',
  },
  DIAGNOSE_SERVER_LAME: {
    meaning: 'A name server answers without authority for the zone: the delegation to it is lame.',
    cause: 'It is a resolver, or serves a zone above this one only.',
    effect: SLOWER,
    fix: 'Let it serve the zone, or have it taken out of the delegation.',
    rfc: 'RFC 1912 §2.8',
  },
  DIAGNOSE_SERVER_SERIAL: {
    meaning: 'A name server of the zone has another serial than is served here.',
    cause: 'It was just changed, or does not take the zone from here any longer.',
    effect: OLD,
    fix: 'Ask again in some minutes; then see why it does not transfer the zone.',
    rfc: 'RFC 1034 §4.3.5',
  },
  DIAGNOSE_SERVER_DNSKEY: {
    meaning: 'A name server of the zone has other DNSKEY records than are served here.',
    cause: 'It is behind, or signs by itself.',
    effect: 'Who has the keys of one in a cache may find the answers of the other bogus.',
    fix: 'Let it take the zone from here as it is; no server may sign it a second time.',
    rfc: 'RFC 8901 §3',
  },
  DIAGNOSE_SERVER_CDS: {
    meaning: 'A name server of the zone has other CDS or CDNSKEY records than are served here.',
    cause: 'It is behind, or drops records that it does not know.',
    effect: 'A careful parent takes none of them: rollovers wait.',
    fix: 'Let it take the zone from here as it is.',
    rfc: 'RFC 7344 §6.2',
  },
  DIAGNOSE_SERVER_NS: {
    meaning: 'A name server of the zone has other NS records at the apex than are served here.',
    cause: 'It is behind, or serves a copy that is edited elsewhere.',
    effect: OLD,
    fix: 'Let it take the zone from here as it is.',
  },
  DIAGNOSE_NO_EDNS: {
    meaning: 'A name server of the zone answers without EDNS.',
    cause: 'Old software, or a firewall that takes EDNS out.',
    effect: 'It can give no signatures: validating resolvers cannot use it.',
    fix: 'Replace the server, or what is before it.',
    rfc: 'RFC 6891 §7',
  },
  DIAGNOSE_UNSIGNED_ANSWER: {
    meaning: 'A name server of the zone gives no signatures, though they were asked for.',
    cause: 'It serves the zone unsigned, from another source, or has DNSSEC switched off.',
    effect: BOGUS,
    fix: 'Let it serve the zone signed, as it is here.',
    rfc: 'RFC 4035 §3.1',
  },
  DIAGNOSE_UDP_LARGE: {
    meaning: 'A name server of the zone sends datagrams larger than it was asked for.',
    cause: 'It takes no heed of the payload size that the client names in EDNS.',
    effect: 'Large datagrams are cut into fragments, which are lost on many ways.',
    fix: 'Limit its answers over UDP to 1232 octets.',
    rfc: 'RFC 9715 §3',
  },
  DIAGNOSE_SIGNATURE_EXPIRED: {
    meaning: 'A name server of the zone gives signatures that have expired.',
    cause: 'It has not taken the zone for long, or its clock or ours is wrong.',
    effect: BOGUS,
    fix: 'Let it take the zone anew; check both clocks.',
    rfc: 'RFC 4035 §5.3.1',
  },
  DIAGNOSE_SIGNATURE_EXPIRING: {
    meaning: 'A name server of the zone gives signatures of whose life less than a quarter is left.',
    cause: 'It has not taken the zone for days.',
    effect: 'Nothing yet. When they expire, its answers are bogus.',
    fix: 'Let it take the zone anew.',
    rfc: 'RFC 4035 §5.3.1',
  },
  DIAGNOSE_SIGNATURE_BOGUS: {
    meaning: 'The keys that the zone publishes here have not made the signatures that a server gives.',
    cause: 'It signs by itself, changed a record, or has a state of the zone with other keys.',
    effect: BOGUS,
    fix: 'Let it take the zone from here as it is.',
    rfc: 'RFC 4035 §5.3.3',
  },
  DIAGNOSE_RECURSION: {
    meaning: 'A name server of the zone offers recursion to everybody.',
    cause: 'It is a resolver too, and open.',
    effect: 'Others use it for attacks; what is in its cache may be served in place of the zone.',
    fix: 'Switch recursion off there, or allow it to its own clients only.',
    rfc: 'RFC 5358 §4',
  },
} satisfies Explanations;

export const DIAGNOSE_CODES: Explanations = {
  ...DS_CODES,
  ...DELEGATION_CODES,
  ...SERVER_CODES,
  DIAGNOSE_OUTSIDE_UNSEEN: {
    meaning: 'Only the inside of the zone was judged.',
    cause: 'The configuration has no parents, or nothing of the zone is served.',
    effect: 'Parent and name servers were not asked.',
    fix: 'Add to the configuration: parents: { anchors: iana }.',
  },
  DIAGNOSE_NEEDS_PERSON: {
    meaning: 'Something of the zone waits for a person.',
    cause: 'The parent must be told, or what it has must be said.',
    effect: 'What waits goes on waiting. Nothing breaks.',
    fix: 'Do what the evidence says, then run the command.',
  },
};
