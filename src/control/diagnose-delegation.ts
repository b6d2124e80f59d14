/** What is wrong with the delegation of a zone, held against its own NS and address records. Pure. */
import type { DelegatedHost, Delegation, Referral } from '../parent/delegation.ts';
import { RRTYPE } from '../wire/iana.ts';
import { equalNames, formatName, isAtOrBelow, type Name } from '../wire/name.ts';
import type { OwnZone } from './diagnose-facts.ts';
import type { DiagnosisFinding } from './diagnose-shapes.ts';

/** RFC 1034 §4.1: a zone has two name servers at least. */
const ENOUGH_SERVERS = 2;

/** Judges what the parent delegates to. */
export function delegationFindings(delegation: Delegation, own: OwnZone): DiagnosisFinding[] {
  return [
    ...setFindings(delegation, own),
    ...referralFindings(delegation.referrals),
    ...delegation.hosts.flatMap((host) => hostFindings(host, own)),
    ...fewFindings(delegation.hosts),
    ...sharedFindings(delegation.hosts),
  ];
}

/** The NS records on both sides of the cut (RFC 1034 §4.2.2). */
function setFindings({ parent, hosts }: Delegation, own: OwnZone): DiagnosisFinding[] {
  const delegated = hosts.map(({ name }) => name);
  const ns = own.apex.get(RRTYPE.NS) ?? [];
  const where = formatName(parent);
  const missing = without(ns, delegated).map(
    (host): DiagnosisFinding => ({
      level: 'warning',
      code: 'DIAGNOSE_NS_MISSING',
      evidence: `${formatName(host)} is a name server of ${own.name} by its own NS records, not by those of ${where}`,
      fix: `have it added to the delegation, or take its NS record out of the zone`,
    }),
  );
  const extra = without(delegated, ns).map(
    (host): DiagnosisFinding => ({
      level: 'warning',
      code: 'DIAGNOSE_NS_EXTRA',
      evidence: `${where} delegates ${own.name} to ${formatName(host)}, which the zone's own NS records do not name`,
      fix: 'have it taken out of the delegation, or add an NS record for it to the zone',
    }),
  );
  return [...missing, ...extra];
}

/** Servers of the parent that refer to others than the rest. */
function referralFindings(referrals: readonly Referral[]): DiagnosisFinding[] {
  const told = referrals.flatMap(({ server, hosts }) => (hosts === null ? [] : [{ server, hosts }]));
  const [first] = told;
  if (first === undefined) return [];
  const others = told.filter(
    ({ hosts }) => without(hosts, first.hosts).length + without(first.hosts, hosts).length > 0,
  );
  return others.map(({ server, hosts }) => ({
    level: 'warning',
    code: 'DIAGNOSE_DELEGATION_MIXED',
    evidence: `${server.address} delegates to ${listed(hosts)}, ${first.server.address} to ${listed(first.hosts)}`,
    fix: "wait until the parent's servers are alike; if they stay so, tell whoever runs the parent zone",
  }));
}

function hostFindings({ name, glue, addresses }: DelegatedHost, own: OwnZone): DiagnosisFinding[] {
  const host = formatName(name);
  if (!isAtOrBelow(name, own.origin)) {
    if (addresses.length > 0) return [];
    const evidence = `no address of ${host} can be found`;
    const fix = `see to its address records in the zone that it is in, or take it out of the name servers`;
    return [{ level: 'warning', code: 'DIAGNOSE_HOST_NO_ADDRESS', evidence, fix }];
  }
  const here = own.addressesOf(name);
  if (here.length === 0) {
    const evidence = `${host} is a name server of the zone and inside it, and has no address records here`;
    const fix = `add its A and AAAA records to the zone`;
    return [{ level: 'warning', code: 'DIAGNOSE_HOST_NO_ADDRESS', evidence, fix }];
  }
  if (glue.length === 0) {
    const evidence = `${host} is inside the zone and the parent has no glue for it; here it is at ${here.join(', ')}`;
    const fix = `have the addresses of ${host} added to the delegation as glue`;
    return [{ level: 'warning', code: 'DIAGNOSE_GLUE_MISSING', evidence, fix }];
  }
  if (isSameSet(glue, here)) return [];
  const evidence = `${host} is at ${glue.join(', ')} by the glue of the parent, at ${here.join(', ')} by the zone`;
  const fix = `have the glue corrected, or the address records of ${host} in the zone`;
  return [{ level: 'warning', code: 'DIAGNOSE_GLUE_OTHER', evidence, fix }];
}

function fewFindings(hosts: readonly DelegatedHost[]): DiagnosisFinding[] {
  if (hosts.length >= ENOUGH_SERVERS) return [];
  const evidence = `the delegation names one server: ${listed(hosts.map(({ name }) => name))}`;
  const fix = 'add another name server, best in another network';
  return [{ level: 'warning', code: 'DIAGNOSE_ONE_SERVER', evidence, fix }];
}

/** Addresses that several hosts have. */
function sharedFindings(hosts: readonly DelegatedHost[]): DiagnosisFinding[] {
  const addresses = [...new Set(hosts.flatMap((host) => host.addresses))];
  return addresses.flatMap((address) => {
    const at = hosts.filter((host) => host.addresses.includes(address)).map(({ name }) => name);
    if (at.length < 2) return [];
    const evidence = `${listed(at)} are all at ${address}`;
    const fix = 'give each name server an address of its own: one that fails takes the others with it';
    return [{ level: 'warning', code: 'DIAGNOSE_SAME_ADDRESS', evidence, fix }];
  });
}

function without(names: readonly Name[], others: readonly Name[]): Name[] {
  return names.filter((name) => !others.some((other) => equalNames(name, 0, other, 0)));
}

function listed(names: readonly Name[]): string {
  return names.map((name) => formatName(name)).join(', ');
}

function isSameSet(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((one) => others.includes(one));
}
