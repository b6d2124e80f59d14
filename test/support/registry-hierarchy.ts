/**
 * A hierarchy of servers of other makes: a root and a TLD by `named`, or by `knotd`, and a registry of the test's own that
 * hears NOTIFY, looks at CDS, believes first ones by policy and has `dnssec-cds` judge all others.
 */
import type { Above } from './above.ts';
import { CdsScanner, ScannedParent } from './cds-scanner.ts';
import type { Daemon } from './daemon.ts';
import type { ParentMake } from './ds-server.ts';
import {
  childDelegations,
  dsyncRows,
  type Hierarchy,
  HOST_ADDRESSES,
  HOSTS,
  OPERATOR,
  REGISTRY_ADDRESS,
  ROOT,
  startOperator,
  TLD,
  tldDelegation,
} from './hierarchy.ts';
import { CHILD } from './live-rollover.ts';
import { NotifyListener } from './notify-listener.ts';
import { ParentZone } from './parent-zone.ts';
import type { Workplace } from './processes.ts';
import { byExtraChecks, bySignals, type ServerPlace } from './registry-policy.ts';

/** So rarely the registry looks without being told. */
const POLL_MS = 1_000;

/** Starts root, TLD and the operator of the children, whose keys have `policy`. */
export async function startRegistryHierarchy(
  make: ParentMake,
  policy: string,
  workplace: Workplace,
): Promise<Hierarchy> {
  const listener = await NotifyListener.start(REGISTRY_ADDRESS);
  const root = await ParentZone.start({ origin: ROOT, rows: tldDelegation(), make }, workplace);
  const rows = [...childDelegations(), ...dsyncRows(listener.port)];
  const tld = await ParentZone.start({ origin: TLD, rows, make }, workplace);
  await root.setDs(TLD, [await tld.ownDs()]);
  const rootDs = await root.ownDs();
  const daemon = await startOperator({ root: root.port, tld: tld.port }, rootDs, policy, workplace);
  const stubs = [root, tld].map((zone) => ({ origin: zone.origin, port: zone.port }));
  const registry = { root, tld, listener, daemon, workplace };
  return {
    daemon,
    stubs,
    rootDs,
    rootPort: root.port,
    tldPort: tld.port,
    above: (resolver) => followedBy(registry, resolver),
  };
}

interface Registry {
  readonly root: ParentZone;
  readonly tld: ParentZone;
  readonly listener: NotifyListener;
  readonly daemon: Daemon;
  readonly workplace: Workplace;
}

/** The zone of the operator is believed by extra checks, the child by signals in that zone: one waits for the other. */
function followedBy({ root, tld, listener, daemon, workplace }: Registry, resolver: ServerPlace): Above {
  const servers = HOST_ADDRESSES.map((address) => ({ address, port: tld.port }));
  const operator = new CdsScanner(tld, { origin: OPERATOR, port: daemon.port }, workplace, {
    pollMs: POLL_MS,
    firstDs: byExtraChecks(OPERATOR, servers),
  });
  operator.start();
  const above = new ScannedParent(tld, { origin: CHILD, port: daemon.port }, workplace, {
    pollMs: POLL_MS,
    firstDs: bySignals(CHILD, servers, HOSTS, resolver),
  });
  listener.onNotice = ({ name }) => {
    if (name === CHILD) above.scan();
    else if (name === OPERATOR) operator.scan();
  };
  above.beside.push(operator, listener, root);
  return above;
}
