/** How the parents of zones are found, as the configuration says. */
import { ParentFinder } from '../parent/finder.ts';
import type { Network } from '../parent/network.ts';
import { IANA_ROOT } from '../parent/root.ts';
import type { Config } from '../store/config.ts';
import type { Name } from '../wire/name.ts';
import { ParentNet, type ParentNetCounters } from './parentnet.ts';

/** What looks at parents need. */
export interface ParentsContext {
  readonly network: Network & {
    /** Messages in any second, at most. */
    readonly rate: number;
    readonly counters: ParentNetCounters;
    close(): void;
  };
  readonly finder: ParentFinder;
  /** Parents are told of new CDS records. */
  readonly isPushing: boolean;
  /** Where parents may report why they do not follow (RFC 9859 §4.3); none if the configuration names none. */
  readonly reportAgent?: Name | null;
}

/** Undefined if nobody shall look at parents. */
export function parentsOf({ parents, edns }: Config): ParentsContext | undefined {
  if (parents === undefined) return undefined;
  const { anchors: written, port, rate, timeout, notify: isPushing } = parents;
  const anchors =
    written === 'iana'
      ? [IANA_ROOT]
      : written.map(({ zone: apex, ds, servers }) => {
          // Nobody asks for the names of servers that are configured.
          return { apex, ds, servers: servers.map((server) => ({ name: apex, ...server })) };
        });
  const network = new ParentNet({ rate, timeoutMs: timeout * 1_000 });
  return {
    network,
    finder: new ParentFinder({ network, anchors, port }),
    isPushing,
    reportAgent: edns.reportAgent,
  };
}
