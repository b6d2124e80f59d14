/** Gathers what a diagnosis needs from outside: the parent, the delegation, every name server over UDP and TCP. */
import type { UnixSeconds } from '../base/time.ts';
import type { ParentsContext } from '../daemon/parents.ts';
import { type Delegation, delegationOf } from '../parent/delegation.ts';
import { findNotifyTarget } from '../parent/dsync.ts';
import { interview } from '../parent/interview.ts';
import type { Unknown } from '../parent/judge.ts';
import { lookAtDs } from '../parent/look.ts';
import { distinct, type NameServer } from '../parent/servers.ts';
import { lowerName, type Name } from '../wire/name.ts';
import type { Outside } from './diagnose-facts.ts';

/** Addresses of name servers that are asked, ten messages each at most. */
export const MAX_SERVERS = 32;

/** Looks once at everything. Never rejects; all servers are asked at once, as far as the network has room. */
export async function gatherOutside(
  { finder, network }: ParentsContext,
  origin: Name,
  now: UnixSeconds,
): Promise<Outside> {
  const zone = lowerName(origin);
  const [look, delegation, dsync] = await Promise.all([
    lookAtDs(finder, network, zone, now),
    delegationOf(finder, network, zone, now),
    findNotifyTarget(finder, zone, now),
  ]);
  const servers = serversOf(delegation, finder.port);
  const asked = servers.slice(0, MAX_SERVERS);
  const interviews = await Promise.all(asked.map((server) => interview(network, server, zone)));
  return { look, delegation, interviews, left: servers.length - asked.length, dsync };
}

/** Each address once. */
function serversOf(delegation: Delegation | Unknown, port: number): NameServer[] {
  if (delegation.kind === 'unknown') return [];
  return distinct(
    delegation.hosts.flatMap(({ name, addresses }) => addresses.map((address) => ({ name, address, port }))),
  );
}
