/** One look of a parent at one child: to whom it is delegated, what its servers ask for, and what follows from that. */
import type { UnixSeconds } from '../base/time.ts';
import type { ChildrenPolicy } from '../kasp/policy.ts';
import { type ChildFault, judgeUpdate } from '../parent/acceptance.ts';
import { type BootstrapFault, dsOf, judgeBootstrap } from '../parent/bootstrap.ts';
import { gatherBootstrap } from '../parent/bootstrap-gather.ts';
import { gatherChild } from '../parent/child-gather.ts';
import type { DelegatedHost } from '../parent/delegation.ts';
import { newBudget } from '../parent/finder.ts';
import { RRTYPE } from '../wire/iana.ts';
import { isAtOrBelow, lowerName, type Name } from '../wire/name.ts';
import { formatAddress } from '../wire/peer.ts';
import { nodeOf, rdatasAt } from '../zone/contents.ts';
import { NO_NODE, NODE_FLAG, type NodeIndex, type ZoneImage } from '../zone/image.ts';
import type { ParentsContext } from './parents.ts';

/** A child as its parent's image has it. */
export interface Delegated {
  readonly child: Name;
  /** DS RDATA that is served. */
  readonly ds: readonly Uint8Array[];
  readonly image: ZoneImage;
  readonly node: NodeIndex;
}

/** Questions on the way to the addresses of all name servers of a child: it may name some that cost much to find. */
const MAX_QUESTIONS = 200;

/** What a look led to. `accepted`: the child shall have this DS RRset, by this proof. */
export type ScanOutcome =
  | { readonly kind: 'nothing' | 'same' }
  | {
      readonly kind: 'accepted';
      readonly ds: readonly Uint8Array[];
      readonly inception: UnixSeconds;
      readonly by: 'CDS' | 'signals';
    }
  | { readonly kind: 'refused'; readonly faults: readonly (ChildFault | BootstrapFault)[] };

/** The delegation of a child; undefined if the zone does not delegate it. */
export function delegatedIn(image: ZoneImage, name: Name): Delegated | undefined {
  const child = lowerName(name);
  const node = nodeOf(image, child);
  if (node === NO_NODE || !isCut(image, node)) return undefined;
  return { child, ds: rdatasAt(image, node, RRTYPE.DS), image, node };
}

/** All zone cuts of an image. */
export function cutsOf(image: ZoneImage): NodeIndex[] {
  const cuts: NodeIndex[] = [];
  for (let node = 0; node < image.nodeCount; node++) {
    if (isCut(image, node as NodeIndex)) cuts.push(node as NodeIndex);
  }
  return cuts;
}

/** A zone cut that is not below another one. */
function isCut(image: ZoneImage, node: NodeIndex): boolean {
  return (image.flags(node) & NODE_FLAG.CUT) !== 0 && image.barrier(node) === node;
}

/** Asked again, it would cost as much again. */
const TOO_COSTLY: readonly string[] = ['CHILD_TOO_COSTLY', 'BOOTSTRAP_TOO_COSTLY'];

/** Whether a child that has told is looked at again after this: its servers do not change at once. */
export function isWorthAgain(outcome: ScanOutcome): boolean {
  return outcome.kind === 'refused' && !outcome.faults.some(({ reason }) => TOO_COSTLY.includes(reason));
}

/** Why a request is not followed; empty if it is not refused. */
export function textOf(outcome: ScanOutcome | undefined): string {
  return outcome?.kind === 'refused' ? outcome.faults.map(({ text }) => text).join('; ') : '';
}

/** Looks once. Never rejects. */
export async function scanChild(
  ways: ParentsContext,
  delegated: Delegated,
  rules: { readonly accept: ChildrenPolicy['accept']; readonly takenInception: UnixSeconds | null },
  now: UnixSeconds,
): Promise<ScanOutcome> {
  const { child, ds } = delegated;
  if (ds.length === 0 && rules.accept !== 'bootstrap') return { kind: 'nothing' };
  const hosts = await hostsOf(ways, delegated, now);
  if (ds.length > 0) {
    const sights = await gatherChild(ways.network, child, hosts, ways.finder.port);
    const verdict = judgeUpdate({ child, ds, sights, takenInception: rules.takenInception }, now);
    return verdict.kind === 'accepted' ? { ...verdict, by: 'CDS' } : verdict;
  }
  const gathered = await gatherBootstrap(ways, child, hosts, now);
  const verdict = judgeBootstrap({ child, ds: { kind: 'known', ds: [], ttl: 0 }, ...gathered }, now);
  if (verdict.kind === 'accepted') {
    return { kind: 'accepted', ds: dsOf(child, verdict), inception: 0 as UnixSeconds, by: 'signals' };
  }
  // A child that is unsigned asks for nothing, as most do.
  const isSilent = verdict.faults.some(({ reason }) => reason === 'BOOTSTRAP_NO_CDS');
  return isSilent ? { kind: 'nothing' } : { kind: 'refused', faults: verdict.faults };
}

/** The name servers of a delegation, with glue, or where they can be found. */
function hostsOf(
  { finder }: ParentsContext,
  { image, node }: Delegated,
  now: UnixSeconds,
): Promise<DelegatedHost[]> {
  const names = rdatasAt(image, node, RRTYPE.NS).map(lowerName);
  const budget = newBudget(MAX_QUESTIONS);
  return Promise.all(
    names.map(async (name): Promise<DelegatedHost> => {
      const glue = addressesIn(image, name);
      const addresses = glue.length > 0 ? glue : await finder.addressesOf(name, now, budget);
      return { name, glue, addresses };
    }),
  );
}

/** Addresses of a host that the zone has: its own data, or glue. */
function addressesIn(image: ZoneImage, name: Name): string[] {
  if (!isAtOrBelow(name, image.origin)) return [];
  const node = nodeOf(image, name);
  if (node === NO_NODE) return [];
  const ipv4 = rdatasAt(image, node, RRTYPE.A).map((rdata) => formatAddress(4, rdata));
  const ipv6 = rdatasAt(image, node, RRTYPE.AAAA).map((rdata) => formatAddress(6, rdata));
  return [...ipv4, ...ipv6];
}
