/**
 * Gathers what `bootstrap` judges: CDS, CDNSKEY and DNSKEY at the apex of a child from every address of its name servers,
 * and what is signaled for it, validated from the trust anchor down (RFC 9615 §4.2). Nothing is taken from a cache but
 * zone cuts (RFC 9615 §5.2).
 */
import type { UnixSeconds } from '../base/time.ts';
import { formatType, RRTYPE } from '../wire/iana.ts';
import { equalNames, formatName, lowerName, type Name } from '../wire/name.ts';
import {
  type ApexAnswer,
  type ApexRRset,
  askApexes,
  isApexFault,
  knownRRset,
  MAX_ADDRESSES,
} from './apex-gather.ts';
import {
  type ApexSight,
  type BootstrapFacts,
  type BootstrapFault,
  bootstrapFault,
  type Heard,
  type SignalSight,
} from './bootstrap.ts';
import type { DelegatedHost } from './delegation.ts';
import { typesProvenAt } from './denial.ts';
import { type Budget, type FoundZone, newBudget, type ParentFinder } from './finder.ts';
import { readResponse, type Unknown, type Verdict } from './judge.ts';
import type { Look } from './look.ts';
import type { Network } from './network.ts';
import { questionFor } from './question.ts';
import { findRRset, type ReceivedRRset } from './rrset.ts';
import type { NameServer } from './servers.ts';
import { signalingHosts, signalingName } from './signal.ts';
import { faultOf, type Signers } from './validate.ts';

/** The ways to name servers. */
export interface Ways {
  readonly finder: ParentFinder;
  readonly network: Network;
}

/** Questions on the way down to all signaling zones together: a child may name name servers that cost much to find. */
const MAX_QUESTIONS = 200;
/** Servers of a signaling zone that are asked one after the other. */
const MAX_SERVERS_TRIED = 6;

/** Asks everybody once; never rejects. `hosts` are the name servers of the delegation. */
export async function gatherBootstrap(
  ways: Ways,
  child: Name,
  hosts: readonly DelegatedHost[],
  now: UnixSeconds,
): Promise<Pick<BootstrapFacts, 'hosts' | 'apexes' | 'signals'>> {
  const zone = lowerName(child);
  const names = hosts.map(({ name }) => name);
  const signaling = signalingHosts(zone, names).filter((host) => signalingName(zone, host) !== undefined);
  const budget = newBudget(MAX_QUESTIONS);
  const [apexes, signals] = await Promise.all([
    apexesOf(ways, zone, hosts),
    Promise.all(signaling.map((host) => signalOf(ways, zone, host, { now, budget }))),
  ]);
  return { hosts: names, apexes, signals };
}

/** What all servers of the parent have together: unknown if one of them does not say. */
export function dsIn(look: Look | Unknown): Verdict {
  if (look.kind === 'unknown') return look;
  const verdicts = look.sights.map(({ verdict }) => verdict);
  const found = verdicts.find((verdict) => verdict.kind === 'known' && verdict.ds.length > 0);
  return found ?? verdicts.find(({ kind }) => kind === 'unknown') ?? { kind: 'known', ds: [], ttl: 0 };
}

// ---- The apex ----

async function apexesOf(
  { network, finder }: Ways,
  zone: Name,
  hosts: readonly DelegatedHost[],
): Promise<ApexSight[]> {
  const servers = hosts.flatMap(({ name, addresses }) =>
    addresses.map((address): NameServer => ({ name, address, port: finder.port })),
  );
  const answers = await askApexes(network, servers.slice(0, MAX_ADDRESSES), zone);
  return [...answers.map(sightOf), ...servers.slice(MAX_ADDRESSES).map(leftOut)];
}

function leftOut(server: NameServer): ApexSight {
  const text = `${server.address} was not asked: the name servers have over ${MAX_ADDRESSES} addresses`;
  const fault = bootstrapFault('BOOTSTRAP_APEX_UNKNOWN', text);
  return { server, cds: fault, cdnskey: fault, dnskey: undefined };
}

function sightOf({ server, cds, cdnskey, dnskey }: ApexAnswer): ApexSight {
  // With too many keys to look at nothing can follow from what is asked for.
  const asked = isApexFault(dnskey) && dnskey.isTooMuch ? dnskey : cds;
  return { server, cds: heardIn(asked), cdnskey: heardIn(cdnskey), dnskey: knownRRset(dnskey) };
}

function heardIn(found: ApexRRset): Heard {
  if (!isApexFault(found)) return { kind: 'heard', rdatas: found?.rdatas ?? [] };
  return bootstrapFault(found.isTooMuch ? 'BOOTSTRAP_TOO_COSTLY' : 'BOOTSTRAP_APEX_UNKNOWN', found.text);
}

// ---- The signals ----

async function signalOf(
  ways: Ways,
  child: Name,
  host: Name,
  { now, budget }: { readonly now: UnixSeconds; readonly budget: Budget },
): Promise<SignalSight> {
  const name = signalingName(child, host)!;
  const both = (heard: Heard): SignalSight => ({ host, cds: heard, cdnskey: heard });
  const zone = await ways.finder.zoneOf(name, now, budget);
  if ('kind' in zone) {
    // That the name is not there has been validated.
    return both(zone.reason === 'PARENT_NO_NAME' ? NOTHING : faultBy(zone, name));
  }
  if (zone.keys === null) {
    const text = `${formatName(name)}: ${formatName(zone.apex)} has no chain of trust`;
    return both(bootstrapFault('BOOTSTRAP_SIGNAL_INSECURE', text));
  }
  if (equalNames(zone.apex, 0, name, 0)) {
    const text = `${formatName(name)} is a zone of its own: its CDS are not a signal`;
    return both(bootstrapFault('BOOTSTRAP_SIGNAL_CUT', text));
  }
  const signed = { ...zone, keys: zone.keys, verifications: budget.verifications };
  const [cds, cdnskey] = await Promise.all(
    [RRTYPE.CDS, RRTYPE.CDNSKEY].map((type) => askZone(ways.network, signed, name, type)),
  );
  // If neither is there, nothing rests on a proof.
  const isSignaled = [cds!, cdnskey!].some((told) => !isFault(told) && told.rrset !== undefined);
  const judged = [cds!, cdnskey!].map((told) =>
    isSignaled ? judgeSignal(told, signed, now) : plainly(told),
  );
  return { host, cds: judged[0]!, cdnskey: judged[1]! };
}

const NOTHING: Heard = { kind: 'heard', rdatas: [] };

type SignedZone = FoundZone & Signers;

/** What a server of the signaling zone answers. */
interface Told {
  readonly name: Name;
  readonly type: number;
  readonly rrset: ReceivedRRset | undefined;
  readonly authority: readonly ReceivedRRset[];
}

/** Asks one server after the other, as a resolver does, until one gives an authoritative answer. */
async function askZone(
  network: Network,
  zone: SignedZone,
  name: Name,
  type: number,
): Promise<Told | BootstrapFault> {
  const what = `${formatType(type)} of ${formatName(name)}`;
  let last = bootstrapFault(
    'BOOTSTRAP_SIGNAL_UNKNOWN',
    `${what}: ${formatName(zone.apex)} has no name servers`,
  );
  for (const server of zone.servers.slice(0, MAX_SERVERS_TRIED)) {
    const octets = await network.exchange(server, questionFor(name, type));
    const response = 'fault' in octets ? octets : readResponse(octets, name, type);
    if ('answer' in response && response.isAuthoritative) {
      return { name, type, rrset: findRRset(response.answer, name, type), authority: response.authority };
    }
    const why =
      'answer' in response ? 'it is not authoritative' : 'fault' in response ? response.fault : response.text;
    last = bootstrapFault('BOOTSTRAP_SIGNAL_UNKNOWN', `${what} at ${server.address}: ${why}`);
  }
  return last;
}

function isFault(told: Told | BootstrapFault): told is BootstrapFault {
  return 'kind' in told;
}

function plainly(told: Told | BootstrapFault): Heard {
  return isFault(told) ? told : NOTHING;
}

/** What counts of an answer: records that are signed, or the proof that there are none of this type. */
function judgeSignal(told: Told | BootstrapFault, zone: SignedZone, now: UnixSeconds): Heard {
  if (isFault(told)) return told;
  const { name, type, rrset, authority } = told;
  const what = `${formatType(type)} of ${formatName(name)}`;
  if (rrset !== undefined) {
    const fault = faultOf(rrset, zone, now);
    if (fault === undefined) return { kind: 'heard', rdatas: rrset.rdatas };
    return bootstrapFault('BOOTSTRAP_SIGNAL_BOGUS', `${what}: ${fault}`);
  }
  const types = typesProvenAt(name, authority, zone, now);
  const isDenied = types !== undefined && !types.includes(type) && !types.includes(RRTYPE.CNAME);
  if (isDenied) return NOTHING;
  return bootstrapFault('BOOTSTRAP_SIGNAL_BOGUS', `${what}: there is no proof that there are none`);
}

function faultBy({ reason, text }: Unknown, name: Name): BootstrapFault {
  const code = reason === 'PARENT_BOGUS' ? 'BOOTSTRAP_SIGNAL_BOGUS' : 'BOOTSTRAP_SIGNAL_UNKNOWN';
  return bootstrapFault(code, `${formatName(name)}: ${text}`);
}
