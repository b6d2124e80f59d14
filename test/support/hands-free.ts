/**
 * Root, TLD and child without an operator: whoever the parents are, the child gets its first DS, rolls and leaves by
 * itself, and resolvers that trust nothing but the root are asked all the time.
 */

import { startBelowRootOf } from './below-root.ts';
import { DsTrace } from './ds-trace.ts';
import { type Hierarchy, OPERATOR } from './hierarchy.ts';
import { CHILD, LiveRollover, startResolvers } from './live-rollover.ts';
import { startOwnHierarchy } from './own-hierarchy.ts';
import { Workplace } from './processes.ts';
import { startRegistryHierarchy } from './registry-hierarchy.ts';

/** Who the parents are. */
export const PARENTS = ['named', 'knotd', 'keyturn', 'keyturn, all in one process'] as const;
/** Whose root is above a TLD of ours, which is rolled, too. */
export const ROOTS = ['keyturn, all in one process', 'keyturn below named', 'keyturn below knotd'] as const;
export type Parents = (typeof PARENTS | typeof ROOTS)[number];

function startHierarchy(parents: Parents, policy: string, workplace: Workplace): Promise<Hierarchy> {
  if (parents === 'keyturn below named') return startBelowRootOf('named', policy, workplace);
  if (parents === 'keyturn below knotd') return startBelowRootOf('knotd', policy, workplace);
  if (parents === 'named' || parents === 'knotd') return startRegistryHierarchy(parents, policy, workplace);
  return startOwnHierarchy(parents !== 'keyturn', policy, workplace);
}

/** Starts it; `policy`: more lines of the policy of the child. Resolves when the child is secure. */
export async function startHandsFree(parents: Parents, policy = ''): Promise<LiveRollover> {
  const workplace = new Workplace();
  const { daemon, stubs, rootDs, rootPort, tldPort, above } = await startHierarchy(
    parents,
    policy,
    workplace,
  );
  const children = [OPERATOR, CHILD].map((origin) => ({ origin, port: daemon.port }));
  const resolvers = await startResolvers([...stubs, ...children], `. DS ${rootDs}`, workplace);
  const resolver = { address: '127.0.0.1', port: resolvers[0]!.port };
  const trace = new DsTrace(CHILD, daemon.port, tldPort);
  const parts = {
    daemon,
    above: above(resolver, trace),
    resolvers,
    workplace,
    news: 'monitored',
    ...{ trace, rootPort },
  } as const;
  return LiveRollover.begin(parts);
}
