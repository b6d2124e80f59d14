/**
 * One look at the parent: every address of every server of the parent zone is asked for the DS RRset of the child, over
 * TCP, and each answer is judged for itself (ROLLOVER 3.4).
 */
import type { UnixSeconds } from '../base/time.ts';
import { RRTYPE } from '../wire/iana.ts';
import { lowerName, type Name } from '../wire/name.ts';
import type { ParentFinder } from './finder.ts';
import { judgeDs, type Unknown, unknown, type Verdict } from './judge.ts';
import type { Network } from './network.ts';
import { questionFor } from './question.ts';
import type { NameServer } from './servers.ts';
import { newVerifications } from './verifications.ts';

/** What one address said. */
export interface Sight {
  readonly server: NameServer;
  readonly verdict: Verdict;
}

/** What all of them said. */
export interface Look {
  readonly kind: 'look';
  /** The parent zone. */
  readonly parent: Name;
  /** False if nothing that it says can be validated. */
  readonly isParentSecure: boolean;
  readonly sights: readonly Sight[];
}

/** Looks once; `now` is the instant by which signatures are judged. Never rejects. */
export async function lookAtDs(
  finder: ParentFinder,
  network: Network,
  child: Name,
  now: UnixSeconds,
): Promise<Look | Unknown> {
  const parent = await finder.parentOf(child, now);
  if ('kind' in parent) return parent;
  const query = questionFor(lowerName(child), RRTYPE.DS);
  const looked = { ...parent, verifications: newVerifications() };
  const sights = await Promise.all(
    parent.servers.map(async (server): Promise<Sight & { readonly isOutOfReach: boolean }> => {
      const octets = await network.exchange(server, query);
      if (!('fault' in octets)) {
        return { server, verdict: judgeDs(octets, child, looked, now), isOutOfReach: false };
      }
      const isOutOfReach = octets.code === 'no route';
      return { server, verdict: unknown('PARENT_SILENT', octets.fault), isOutOfReach };
    }),
  );
  // A host without IPv6 can say nothing of it; as long as it reaches others, that is no fault of the parent.
  const reached = sights.filter(({ isOutOfReach }) => !isOutOfReach);
  const counted = reached.length > 0 ? reached : sights;
  // Keys that were replaced, or servers that moved, are not remembered for longer than it takes to notice.
  if (counted.some(({ verdict }) => verdict.kind === 'unknown')) finder.forget(parent.apex, now);
  return {
    kind: 'look',
    parent: parent.apex,
    isParentSecure: parent.keys !== null,
    sights: counted.map(({ server, verdict }) => ({ server, verdict })),
  };
}
