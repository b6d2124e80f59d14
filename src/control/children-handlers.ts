/** Handlers of the operations that are about the children of a zone. */
import type { ChildView } from '../daemon/children.ts';
import { cutsOf } from '../daemon/childscan.ts';
import type { Zone } from '../daemon/zone.ts';
import type { Zones } from '../daemon/zones.ts';
import { currentCaller } from './caller.ts';
import type { CHILDREN_OPERATIONS } from './children-operations.ts';
import type { ChildrenView } from './children-shapes.ts';
import { iso } from './describe.ts';
import { getZone, notServed, originOf } from './find.ts';
import { OperationError } from './operation.ts';
import type { Handlers } from './server.ts';

export function createChildrenHandlers({
  zones,
}: {
  readonly zones: Zones;
}): Pick<Handlers, keyof typeof CHILDREN_OPERATIONS> {
  const { children } = zones;
  const shown = (name: string, of: string): ChildrenView => {
    const zone = getZone(zones, name);
    return viewOf(zone, [known(zone, of, children.view(zone, originOf(of)))]);
  };
  return {
    'children.list': ({ zone }) => {
      const parent = getZone(zones, zone);
      return viewOf(parent, children.views(parent));
    },
    'children.show': ({ zone, child }) => shown(zone, child),
    'children.scan': async ({ zone, child }) => {
      const parent = getZone(zones, zone);
      if (zones.monitor === undefined) throw notAsked();
      return viewOf(parent, [known(parent, child, await children.look(parent, originOf(child)))]);
    },
    'children.forget': async ({ zone, child }) => {
      const parent = getZone(zones, zone);
      known(parent, child, children.view(parent, originOf(child)));
      if (!(await children.release(parent, originOf(child), currentCaller()))) {
        const message = `the DS of ${child} is as the file of ${parent.name} has it already`;
        throw new OperationError('REFUSED', 'CHILD_NOT_TAKEN', message);
      }
      await parent.settled();
      return shown(zone, child);
    },
  };
}

function known(zone: Zone, child: string, view: ChildView | undefined): ChildView {
  if (view !== undefined) return view;
  const message = `${zone.name} does not delegate ${child}`;
  throw new OperationError(
    'NO_SUCH_OBJECT',
    'NO_SUCH_CHILD',
    message,
    'put its NS records into the zone file',
  );
}

function notAsked(): OperationError {
  const message = 'the configuration does not say how name servers are found';
  const fix = 'add to the configuration: parents: { anchors: iana }';
  return new OperationError('REFUSED', 'PARENT_NOT_WATCHED', message, fix);
}

function viewOf(zone: Zone, views: readonly ChildView[]): ChildrenView {
  if (zone.served === undefined) throw notServed(zone.name);
  return {
    zone: zone.name,
    accept: zone.policy.children.accept,
    delegations: cutsOf(zone.served.image).length,
    children: views.map(({ child, ds, taken, lookedAt, outcome }) => ({
      child,
      ds: [...ds],
      from: taken === undefined ? 'file' : 'child',
      takenAt: iso(taken?.at ?? null),
      takenBy: taken?.by ?? null,
      lookedAt: iso(lookedAt),
      outcome: outcome?.kind ?? null,
      faults:
        outcome?.kind === 'refused'
          ? outcome.faults.map(({ reason, text }) => ({ code: reason, because: text }))
          : [],
    })),
  };
}
