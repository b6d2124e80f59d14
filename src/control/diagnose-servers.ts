/** What is wrong with the name servers of a zone, each address for itself, as an interview showed it. Pure. */
import type { UnixSeconds } from '../base/time.ts';
import { keyTag } from '../dnssec/dnskey.ts';
import { type Interview, type Reply, type Said, serialOf } from '../parent/interview.ts';
import { UDP_PAYLOAD_OCTETS } from '../wire/edns.ts';
import { FLAG, getU16, rcodeOf } from '../wire/header.ts';
import { formatType, RCODE, RRTYPE } from '../wire/iana.ts';
import { formatName } from '../wire/name.ts';
import type { OwnZone } from './diagnose-facts.ts';
import type { DiagnosisFinding } from './diagnose-shapes.ts';
import { signatureFindings } from './diagnose-signatures.ts';

/** Judges one server by itself and against the zone as it is served here. */
export function serverFindings(seen: Interview, own: OwnZone, now: UnixSeconds): DiagnosisFinding[] {
  const at = whereOf(seen);
  const said = saidIn(seen);
  const ways = wayFindings(seen, at);
  if (said === undefined) return ways;
  const findings = [...ways, ...flagFindings(said, at)];
  const refusal = refusalOf(said, at, own);
  if (refusal !== undefined) return [...findings, refusal];
  return [
    ...findings,
    ...ednsFindings(said, at, own),
    ...sizeFindings(seen, at),
    ...contentFindings(seen, at, own),
    ...(own.isSigned && said.hasEdns ? signatureFindings(seen.rrsets, at, own, now) : []),
  ];
}

/** None of the servers answers for the zone: it cannot be reached. */
export function outageFindings(interviews: readonly Interview[], own: OwnZone): DiagnosisFinding[] {
  const works = (seen: Interview) => {
    const said = saidIn(seen);
    return said !== undefined && refusalOf(said, whereOf(seen), own) === undefined;
  };
  // Of what this host has no way to, nothing is known.
  const reached = interviews.filter((seen) => !isOutOfReach(seen));
  if ((reached.length === 0 && interviews.length > 0) || reached.some(works)) return [];
  return [
    {
      level: 'critical',
      code: 'DIAGNOSE_NO_SERVER',
      evidence:
        reached.length === 0
          ? `no address of a name server that ${own.name} is delegated to can be found`
          : `none of the ${reached.length} addresses that ${own.name} is delegated to answers for it`,
      fix: 'see to the servers that the other findings name, or have the delegation corrected',
    },
  ];
}

function whereOf({ server }: Interview): string {
  return `${formatName(server.name)} ${server.address}`;
}

/** What it says of the SOA, over TCP if it can. */
export function saidIn({ udp, tcp }: Interview): Said | undefined {
  if (tcp.kind === 'said') return tcp;
  return udp.kind === 'said' ? udp : undefined;
}

function isOutOfReach({ udp, tcp }: Interview): boolean {
  return [udp, tcp].every((reply) => reply.kind === 'silent' && reply.code === 'no route');
}

// ---- Ways to it ----

function wayFindings(seen: Interview, at: string): DiagnosisFinding[] {
  const { udp, tcp } = seen;
  if (isOutOfReach(seen)) {
    const fix = 'nothing need be done; to have it looked at, ask from a host that has a way there';
    return [
      { level: 'ok', code: 'DIAGNOSE_NO_ROUTE', evidence: `${at}: no way leads there from this host`, fix },
    ];
  }
  if (udp.kind === 'silent' && tcp.kind === 'silent') {
    const evidence = `${at} is silent: UDP: ${udp.text}; TCP: ${tcp.text}`;
    const fix = 'start the server, open port 53 for UDP and TCP, or have it taken out of the delegation';
    return [{ level: 'warning', code: 'DIAGNOSE_SERVER_SILENT', evidence, fix }];
  }
  return [...wayFinding(udp, 'UDP', at), ...wayFinding(tcp, 'TCP', at)];
}

function wayFinding(reply: Reply, way: 'UDP' | 'TCP', at: string): DiagnosisFinding[] {
  if (reply.kind === 'said') return [];
  const evidence = `${at} over ${way}: ${reply.text}`;
  if (reply.kind === 'malformed') {
    const fix = 'see what answers there: the server, or something on the way to it, is broken';
    return [{ level: 'warning', code: 'DIAGNOSE_SERVER_MALFORMED', evidence, fix }];
  }
  const code = way === 'UDP' ? 'DIAGNOSE_UDP_SILENT' : 'DIAGNOSE_TCP_SILENT';
  return [
    { level: 'warning', code, evidence, fix: `let the server listen on ${way} and open port 53 for ${way}` },
  ];
}

// ---- The header ----

function flagFindings({ flags }: Said, at: string): DiagnosisFinding[] {
  if ((flags & FLAG.RA) === 0) return [];
  const evidence = `${at} offers recursion (RA is set)`;
  const fix = 'switch recursion off there, or allow it to its own clients only';
  return [{ level: 'warning', code: 'DIAGNOSE_RECURSION', evidence, fix }];
}

/** Why what it says is no answer for the zone. */
function refusalOf({ flags, rrset }: Said, at: string, { name }: OwnZone): DiagnosisFinding | undefined {
  const rcode = rcodeOf(flags);
  const fix = `let the server serve ${name}, or have it taken out of the delegation`;
  if (rcode === RCODE.REFUSED) {
    const evidence = `${at} refuses to answer for ${name} (REFUSED)`;
    return { level: 'warning', code: 'DIAGNOSE_SERVER_REFUSED', evidence, fix };
  }
  if (rcode !== RCODE.NOERROR) {
    const evidence = `${at} answers the question for the SOA of ${name} with ${rcodeWord(rcode)}`;
    return { level: 'warning', code: 'DIAGNOSE_SERVER_ERROR', evidence, fix };
  }
  // An answer that is cut off has no records to be judged by.
  const isThere = rrset !== undefined || (flags & FLAG.TC) !== 0;
  if ((flags & FLAG.AA) !== 0 && isThere) return undefined;
  const what = !isThere ? 'answers without an SOA' : 'answers without authority (AA is not set)';
  return { level: 'warning', code: 'DIAGNOSE_SERVER_LAME', evidence: `${at} ${what}`, fix };
}

function rcodeWord(rcode: number): string {
  return Object.entries(RCODE).find(([, number]) => number === rcode)?.[0] ?? `rcode ${rcode}`;
}

// ---- What can be sent ----

function ednsFindings({ hasEdns }: Said, at: string, { isSigned }: OwnZone): DiagnosisFinding[] {
  if (hasEdns) return [];
  const harm = isSigned ? ', so it gives no signatures' : '';
  const evidence = `${at} answers without EDNS${harm}`;
  const fix = 'replace the server, or what filters EDNS on the way to it';
  return [{ level: isSigned ? 'critical' : 'warning', code: 'DIAGNOSE_NO_EDNS', evidence, fix }];
}

function sizeFindings({ largestDatagram }: Interview, at: string): DiagnosisFinding[] {
  if (largestDatagram <= UDP_PAYLOAD_OCTETS) return [];
  const evidence = `${at} sent ${largestDatagram} octets in a datagram, asked for ${UDP_PAYLOAD_OCTETS} at most`;
  const fix = `limit its answers over UDP to ${UDP_PAYLOAD_OCTETS} octets`;
  return [{ level: 'warning', code: 'DIAGNOSE_UDP_LARGE', evidence, fix }];
}

// ---- The zone that it has ----

const SYNC = 'see why it does not take the zone from here: how it is transferred, and when it was last';

function contentFindings({ rrsets }: Interview, at: string, own: OwnZone): DiagnosisFinding[] {
  const soa = rrsets.get(RRTYPE.SOA);
  const serial = soa === undefined ? own.serial : serialOf(soa);
  const old: DiagnosisFinding[] =
    serial === own.serial
      ? []
      : [
          {
            level: 'warning',
            code: 'DIAGNOSE_SERVER_SERIAL',
            evidence: `${at} has serial ${serial}, here it is ${own.serial}`,
            fix: SYNC,
          },
        ];
  return [...old, ...DIFFERENCES.flatMap((difference) => differenceFindings(difference, rrsets, at, own))];
}

interface Difference {
  readonly type: number;
  readonly code: string;
}

const DIFFERENCES: readonly Difference[] = [
  { type: RRTYPE.DNSKEY, code: 'DIAGNOSE_SERVER_DNSKEY' },
  { type: RRTYPE.CDS, code: 'DIAGNOSE_SERVER_CDS' },
  { type: RRTYPE.CDNSKEY, code: 'DIAGNOSE_SERVER_CDS' },
  { type: RRTYPE.NS, code: 'DIAGNOSE_SERVER_NS' },
];

function differenceFindings(
  { type, code }: Difference,
  rrsets: Interview['rrsets'],
  at: string,
  own: OwnZone,
): DiagnosisFinding[] {
  if (!rrsets.has(type)) return [];
  const there = rrsets.get(type)?.rdatas ?? [];
  const here = own.apex.get(type) ?? [];
  const [onlyThere, onlyHere] = [without(there, here), without(here, there)];
  if (onlyThere.length + onlyHere.length === 0) return [];
  const listed = (rdatas: readonly Uint8Array[]) => rdatas.map((rdata) => wordFor(type, rdata)).join(', ');
  const sides = [
    ...(onlyThere.length === 0 ? [] : [`only there: ${listed(onlyThere)}`]),
    ...(onlyHere.length === 0 ? [] : [`only here: ${listed(onlyHere)}`]),
  ];
  const evidence = `${at} has other ${formatType(type)} records: ${sides.join('; ')}`;
  return [{ level: 'warning', code, evidence, fix: SYNC }];
}

/** The host of an NS, the tag of a key. */
function wordFor(type: number, rdata: Uint8Array): string {
  if (type === RRTYPE.NS) return formatName(rdata);
  return `${type === RRTYPE.CDS ? getU16(rdata, 0) : keyTag(rdata)}`;
}

function without(some: readonly Uint8Array[], others: readonly Uint8Array[]): Uint8Array[] {
  return some.filter((one) => !others.some((other) => Buffer.compare(one, other) === 0));
}
