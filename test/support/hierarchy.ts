/**
 * The zones of a small Internet and where they are: a root, a TLD, and below it the zone of a DNS operator and the zone
 * that is watched, whose name servers have names of that operator. The root is told by an anchor; all others are found, by
 * addresses in the zones and one port, which is that of the TLD on 127.0.0.1.
 */
import { nameOf } from '../../src/wire/name.ts';
import type { Above } from './above.ts';
import { Daemon } from './daemon.ts';
import type { DsTrace } from './ds-trace.ts';
import { CHILD, policyText } from './live-rollover.ts';
import type { Workplace } from './processes.ts';
import type { ServerPlace } from './registry-policy.ts';
import { watchedZone } from './rollover-watch.ts';
import type { Stub } from './unbound.ts';

export const ROOT = '.';
export const TLD = 'test.';
export const OPERATOR = 'operator.test.';
export const HOSTS: readonly string[] = [`ns1.${OPERATOR}`, `ns2.${OPERATOR}`];

/** Of all that is not the operator's: `named` has no other address of a loopback. */
export const LOOPBACK = '127.0.0.1';
/** Of `HOSTS`. */
export const HOST_ADDRESSES = ['127.0.40.3', '127.0.40.4'] as const;
/** Where the parent of another make wants to be told of new CDS. */
export const REGISTRY_ADDRESS = '127.0.40.9';

const TYPE_CDS = 59;
const SCHEME_NOTIFY = 1;

/** A hierarchy that runs. */
export interface Hierarchy {
  /** The server of the child. */
  readonly daemon: Daemon;
  /** Where resolvers find what is above the children. */
  readonly stubs: readonly Stub[];
  /** RDATA of the DS of the root, the one thing that resolvers and the child's server trust. */
  readonly rootDs: string;
  /** Of 127.0.0.1. */
  readonly rootPort: number;
  readonly tldPort: number;
  /** Begins to follow the child's requests; a registry of the test's own asks `resolver` what is validated. */
  readonly above: (resolver: ServerPlace, trace: DsTrace) => Above;
}

export function tldDelegation(): string[] {
  return [`${TLD} IN NS ns.${TLD}`, `ns.${TLD} IN A ${LOOPBACK}`];
}

/** The operator's servers have the children, too. */
export function childDelegations(): string[] {
  return [
    ...[OPERATOR, CHILD].flatMap((origin) => HOSTS.map((host) => `${origin} IN NS ${host}`)),
    ...HOSTS.map((host, i) => `${host} IN A ${HOST_ADDRESSES[i]}`),
  ];
}

/** DSYNC for all children of the TLD (RFC 9859), in the form that every server reads (RFC 3597). */
export function dsyncRows(port: number): string[] {
  const registry = `registry.${TLD}`;
  const head = Buffer.of(0, TYPE_CDS, SCHEME_NOTIFY, port >> 8, port & 255);
  const rdata = Buffer.concat([head, nameOf(registry)]).toString('hex');
  return [
    `*._dsync.${TLD} IN TYPE66 \\# ${rdata.length / 2} ${rdata}`,
    `${registry} IN A ${REGISTRY_ADDRESS}`,
  ];
}

/** The zone file of the operator; TTLs are those of the zone that is watched. */
export function operatorZone(): string {
  return [
    '$TTL 2',
    `${OPERATOR} SOA ${HOSTS[0]} hostmaster.${OPERATOR} 1 3600 600 86400 2`,
    ...HOSTS.map((host) => `${OPERATOR} NS ${host}`),
    ...HOSTS.map((host, i) => `${host} A ${HOST_ADDRESSES[i]}`),
    '',
  ].join('\n');
}

/** Ports of 127.0.0.1. */
export interface HierarchyPorts {
  readonly root: number;
  /** Of the operator's addresses, too. */
  readonly tld: number;
}

/** The part of a configuration that makes a server look at the parents of its zones, from the root on. */
export function lookingFromRoot({ root, tld }: HierarchyPorts, rootDs: string): string {
  const anchor = `{ zone: ".", ds: ["${rootDs}"], servers: ["${LOOPBACK}:${root}"] }`;
  return `parents: { anchors: [${anchor}], port: ${tld} }\n`;
}

/** Starts the operator: its own zone and the child's, signed, without DS; `policy`: more lines of their policy. */
export function startOperator(
  ports: HierarchyPorts,
  rootDs: string,
  policy: string,
  workplace: Workplace,
): Promise<Daemon> {
  return Daemon.start({
    workplace,
    zones: { [`${OPERATOR}zone`]: operatorZone(), [`${CHILD}zone`]: watchedZone(CHILD, HOSTS) },
    // Caches must have nothing unsigned any more when the DS comes.
    configuration: `${lookingFromRoot(ports, rootDs)}policies:\n${policyText('default', policy, 'auto')}`,
    args: HOST_ADDRESSES.flatMap((address) => ['--listen', `${address}:${ports.tld}`]),
  });
}
