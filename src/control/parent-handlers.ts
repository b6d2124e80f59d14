/** Handlers of the operations that are about the parent of a zone. */
import type { Clock } from '../base/ports.ts';
import type { Zones } from '../daemon/zones.ts';
import { tagOfDs } from '../dnssec/ds.ts';
import { dnskeyOf } from '../kasp/records.ts';
import type { Sight } from '../parent/look.ts';
import { foreignDs, sightOf, UNWATCHED, type Watch } from '../parent/watch.ts';
import { formatName } from '../wire/name.ts';
import { iso, parentReasonsOf } from './describe.ts';
import { diagnose } from './diagnose.ts';
import { findSigned, getZone, type SignedZone } from './find.ts';
import { outcomesOf } from './handover-handlers.ts';
import { OperationError } from './operation.ts';
import type { PARENT_OPERATIONS } from './parent-operations.ts';
import type { ParentView } from './parent-shapes.ts';
import { preflightOf } from './preflight.ts';
import type { Handlers } from './server.ts';

export function createParentHandlers({
  zones,
  clock,
}: {
  readonly zones: Zones;
  readonly clock: Pick<Clock, 'now'>;
}): Pick<Handlers, keyof typeof PARENT_OPERATIONS> {
  return {
    'parent.show': ({ zone }) => viewOf(findSigned(zones, zone), zones),
    'parent.look': async ({ zone }) => {
      const found = findSigned(zones, zone);
      if (zones.monitor === undefined) throw notWatched();
      await zones.monitor.look(found.zone);
      return viewOf(found, zones);
    },
    'parent.preflight': ({ zone }) => {
      const found = getZone(zones, zone);
      if (zones.monitor === undefined) throw notWatched();
      const { parents } = zones.monitor;
      return preflightOf(found, { parents, signals: zones.vouching.signalsFor(found) }, clock.now());
    },
    diagnose: ({ zone }) => diagnose(getZone(zones, zone), zones.monitor?.parents, clock.now()),
  };
}

function notWatched(): OperationError {
  const message = 'the configuration does not say how parents are found';
  const fix = 'add to the configuration: parents: { anchors: iana }';
  return new OperationError('REFUSED', 'PARENT_NOT_WATCHED', message, fix);
}

function viewOf({ zone, signing }: SignedZone, { monitor, handover }: Zones): ParentView {
  const { watch, nextAt } = monitor?.knownOf(zone) ?? { watch: UNWATCHED, nextAt: null };
  const { last, rounds } = watch;
  const outcome = last?.outcome;
  const look = outcome?.kind === 'look' ? outcome : undefined;
  const lost = outcome?.kind === 'unknown' ? outcome : undefined;
  const keys = signing.zoneState.keys.filter(({ states }) => states.ds !== null);
  const sights = look?.sights ?? [];
  return {
    zone: zone.name,
    isWatched: monitor !== undefined,
    lookedAt: iso(last?.at ?? null),
    nextLookAt: iso(nextAt),
    parent: look === undefined ? null : formatName(look.parent),
    isSecure: look?.isParentSecure ?? null,
    code: lost?.reason ?? null,
    because: lost?.text ?? null,
    agreeing: rounds.length,
    wanted: signing.policy.monitor.rounds,
    keys: keys.map((key) => ({ tag: key.tag, ds: sightOf(sights, zone.origin, dnskeyOf(key)) })),
    servers: sights.map((sight) => serverOf(sight, watch)),
    push: monitor?.push?.outcomeOf(zone) ?? null,
    handover: outcomesOf(handover.deliveries.dsOf(zone.name)),
    foreign: foreignDs(watch, zone.origin, keys.map(dnskeyOf)).map(tagOfDs),
    reasons: parentReasonsOf(zone),
  };
}

function serverOf({ server, verdict }: Sight, { silent }: Watch): ParentView['servers'][number] {
  const silentSince = iso(silent.get(server.address)?.since ?? null);
  const at = { server: formatName(server.name), address: server.address, silentSince };
  if (verdict.kind === 'unknown') {
    return { ...at, ds: null, ttl: null, code: verdict.reason, because: verdict.text };
  }
  const ttl = verdict.ds.length > 0 ? verdict.ttl : null;
  return { ...at, ds: verdict.ds.map(tagOfDs), ttl, code: null, because: null };
}
