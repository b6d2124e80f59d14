/**
 * A TLD of ours, the operator and the child in one Keyturn, below a root of another make. Its registry follows the CDS
 * of the TLD: what it is told first comes from an operator, as it does for every TLD.
 */
import { CdsScanner } from './cds-scanner.ts';
import { Daemon } from './daemon.ts';
import type { ParentMake } from './ds-server.ts';
import {
  type Hierarchy,
  HOST_ADDRESSES,
  lookingFromRoot,
  OPERATOR,
  ROOT,
  TLD,
  tldDelegation,
} from './hierarchy.ts';
import { CHILD } from './live-rollover.ts';
import { configurationOf, filesOf, makeKeys, OwnParent } from './own-hierarchy.ts';
import { ParentZone } from './parent-zone.ts';
import { freePort, type Workplace } from './processes.ts';

/** Starts it; `policy`: more lines of the policy of the operator's zones. */
export async function startBelowRootOf(
  make: ParentMake,
  policy: string,
  workplace: Workplace,
): Promise<Hierarchy> {
  const root = await ParentZone.start({ origin: ROOT, rows: tldDelegation(), make }, workplace);
  const zones = [TLD, OPERATOR, CHILD];
  const process = { zones, port: await freePort(), workplace };
  const { port } = process;
  const known = await makeKeys([process], policy);
  const rootDs = await root.ownDs();
  const looking = lookingFromRoot({ root: root.port, tld: port }, rootDs);
  const daemon = await Daemon.start({
    ...{ workplace, port, zones: filesOf(zones, known, 2) },
    configuration: looking + configurationOf(policy, process, true),
    args: HOST_ADDRESSES.flatMap((address) => ['--listen', `${address}:${port}`]),
  });
  const registry = new CdsScanner(root, { origin: TLD, port }, workplace);
  await registry.bring(known.get(TLD)!);
  const stop = async (): Promise<void> => {
    await registry.stop();
    await root.stop();
  };
  return {
    ...{ daemon, rootDs, rootPort: root.port, tldPort: port },
    stubs: [root, { origin: TLD, port }].map((zone) => ({ origin: zone.origin, port: zone.port })),
    above: (_resolver, trace) => new OwnParent(daemon, known, trace, stop, () => registry.check()),
  };
}
