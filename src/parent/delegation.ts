/**
 * The delegation of a zone as its parent has it: the NS records below the cut and their glue, asked of every server of the
 * parent, and where the name servers can be reached. Nothing of it is signed (RFC 4035 §2.2): it is for people to judge.
 */
import type { UnixSeconds } from '../base/time.ts';
import { RRTYPE } from '../wire/iana.ts';
import { equalNames, formatName, isAtOrBelow, lowerName, type Name } from '../wire/name.ts';
import { type Budget, type FoundZone, newBudget, type ParentFinder } from './finder.ts';
import { type Response, readResponse, type Unknown, unknown } from './judge.ts';
import type { Network } from './network.ts';
import { questionFor } from './question.ts';
import { findRRset } from './rrset.ts';
import { addressesIn, hostsOf, type NameServer } from './servers.ts';

/** A name server of a delegation. */
export interface DelegatedHost {
  /** In lower case. */
  readonly name: Name;
  /** Addresses that servers of the parent give with the delegation. */
  readonly glue: readonly string[];
  /** Where it can be reached: its glue, or what its own zone says; none if it cannot be found. */
  readonly addresses: readonly string[];
}

/** What one address of the parent refers to; null if it gives no delegation. */
export interface Referral {
  readonly server: NameServer;
  readonly hosts: readonly Name[] | null;
}

export interface Delegation {
  readonly kind: 'delegation';
  readonly parent: Name;
  /** Hosts that any server of the parent names. */
  readonly hosts: readonly DelegatedHost[];
  readonly referrals: readonly Referral[];
}

/** Hosts whose addresses are looked up. */
const MAX_HOSTS = 32;
/** Questions about all of them together: a delegation may name hosts that cost much to find. */
const MAX_QUESTIONS = 400;

interface Heard extends Referral {
  readonly response: Response | null;
}

/** Asks all servers of the parent once. Never rejects. */
export async function delegationOf(
  finder: ParentFinder,
  network: Network,
  child: Name,
  now: UnixSeconds,
): Promise<Delegation | Unknown> {
  const parent = await finder.parentOf(child, now);
  if ('kind' in parent) return parent;
  const heard = await Promise.all(parent.servers.map((server) => referralOf(network, server, child)));
  const names = distinctNames(heard.flatMap(({ hosts }) => hosts ?? [])).slice(0, MAX_HOSTS);
  if (names.length === 0) {
    return unknown(
      'PARENT_NOT_DELEGATED',
      `no server of ${formatName(parent.apex)} gives name servers of ${formatName(child)}`,
    );
  }
  const budget = newBudget(MAX_QUESTIONS);
  const where: Where = { finder, child, parent, now, budget };
  const hosts = await Promise.all(names.map((name) => hostOf(name, heard, where)));
  const referrals = heard.map(({ server, hosts: said }) => ({ server, hosts: said }));
  return { kind: 'delegation', parent: parent.apex, hosts, referrals };
}

async function referralOf(network: Network, server: NameServer, child: Name): Promise<Heard> {
  const octets = await network.exchange(server, questionFor(lowerName(child), RRTYPE.NS));
  const response = 'fault' in octets ? undefined : readResponse(octets, child, RRTYPE.NS);
  if (response === undefined || 'kind' in response) return { server, hosts: null, response: null };
  // A server that has both zones answers from the child.
  const ns =
    findRRset(response.answer, child, RRTYPE.NS) ?? findRRset(response.authority, child, RRTYPE.NS) ?? null;
  return { server, hosts: ns === null ? null : hostsOf(ns), response };
}

interface Where {
  readonly finder: ParentFinder;
  readonly child: Name;
  readonly parent: FoundZone;
  readonly now: UnixSeconds;
  readonly budget: Budget;
}

async function hostOf(name: Name, heard: readonly Heard[], where: Where): Promise<DelegatedHost> {
  const { finder, child, parent, now, budget } = where;
  const said = isAtOrBelow(name, parent.apex)
    ? heard.flatMap(({ response }) => (response === null ? [] : addressesIn(response.additional, name)))
    : [];
  const glue = [...new Set(said)];
  // What is inside the zone itself can only be had as glue.
  const known = isAtOrBelow(name, child) ? [] : await finder.addressesOf(name, now, budget);
  return { name, glue, addresses: known.length > 0 ? known : glue };
}

function distinctNames(names: readonly Name[]): Name[] {
  return names.filter((name, i) => names.findIndex((one) => equalNames(one, 0, name, 0)) === i);
}
