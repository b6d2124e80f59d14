/**
 * Root, TLD and child without an operator: whoever the parents are, the child gets its first DS, rolls and leaves by
 * itself, and resolvers that trust nothing but the root are asked all the time.
 */

import type { ParentMake } from './ds-server.ts';
import { DsTrace } from './ds-trace.ts';
import { OPERATOR } from './hierarchy.ts';
import { CHILD, LiveRollover, startResolvers } from './live-rollover.ts';
import { Workplace } from './processes.ts';
import { startRegistryHierarchy } from './registry-hierarchy.ts';

/** Starts it; `policy`: more lines of the policy of the child. Resolves when the child is secure. */
export async function startHandsFree(make: ParentMake, policy = ''): Promise<LiveRollover> {
  const workplace = new Workplace();
  const { daemon, stubs, rootDs, tldPort, above } = await startRegistryHierarchy(make, policy, workplace);
  const children = [OPERATOR, CHILD].map((origin) => ({ origin, port: daemon.port }));
  const resolvers = await startResolvers([...stubs, ...children], `. DS ${rootDs}`, workplace);
  const resolver = { address: '127.0.0.1', port: resolvers[0]!.port };
  const trace = new DsTrace(CHILD, daemon.port, tldPort);
  const parts = { daemon, above: above(resolver), resolvers, workplace, news: 'monitored', trace } as const;
  return LiveRollover.begin(parts);
}
