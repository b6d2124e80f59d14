/** Operations on keys: rollovers, what is known of the DS at the parent, going signed and going insecure. */
import { assert } from '../base/assert.ts';
import { plus } from '../base/time.ts';
import { asKnown, type Order } from '../daemon/orders.ts';
import type { Zone } from '../daemon/zone.ts';
import { parseAlgorithm } from '../dnssec/algorithm.ts';
import type { Key } from '../kasp/key.ts';
import type { RolloverRequest } from '../kasp/step.ts';
import { carryOut, fittingTypes, notesOn, type RolloverContext, refuse } from './carry-out.ts';
import { refuseContradiction } from './contradiction.ts';
import { iso, needsOf, rolloverStatusOf } from './describe.ts';
import { dryRun, orderPlan } from './dry-run.ts';
import { trailOf } from './failures.ts';
import { findSigned, getZone, type SignedZone } from './find.ts';
import { OperationError } from './operation.ts';
import type { Params } from './operations.ts';
import { planOf } from './plans.ts';
import type { StartedType } from './rollover-operations.ts';
import type { Handlers } from './server.ts';
import type { RolloverChange } from './shapes.ts';
import { unsign } from './unsign.ts';

const DAY = 86_400;

type RolloverHandlers = Pick<
  Handlers,
  Extract<keyof Handlers, `rollover.${string}` | 'zone.sign' | 'zone.unsign' | 'clock.confirm'>
>;

/** The handlers of all operations on keys. */
export function createRolloverHandlers(context: RolloverContext): RolloverHandlers {
  const { zones, clock } = context;
  const order = (zone: string, given: Order) => carryOut(context, findSigned(zones, zone), given);
  return {
    'zone.sign': ({ zone, newKeys }) => order(zone, { kind: 'secure', isAnew: newKeys }),
    'zone.unsign': (params) => unsign(context, params),
    'rollover.start': (params) => start(context, params),
    'rollover.status': ({ zone }) => {
      const found = findSigned(zones, zone);
      return rolloverStatusOf(found.zone, found.signing);
    },
    'rollover.confirm-ds': (params) => confirmDs(context, params),
    'rollover.cancel': ({ zone, id }) => order(zone, { kind: 'cancel', ...(id !== undefined && { id }) }),
    'rollover.pause': ({ zone }) => order(zone, { kind: 'pause' }),
    'rollover.resume': ({ zone }) => order(zone, { kind: 'resume' }),
    'rollover.plan': ({ zone, parentDelay, days }) => {
      const options = { until: plus(clock.now(), days * DAY), parentDelay };
      return planOf(findSigned(zones, zone), options, clock.now());
    },
    'rollover.list': ({ zone }) => {
      const chosen = zone === undefined ? zones.all() : [getZone(zones, zone)];
      return { rollovers: chosen.flatMap(rolloversListed) };
    },
    'rollover.history': ({ zone, limit }) => historyOf(findSigned(zones, zone), limit),
    'clock.confirm': () => {
      zones.trustClock();
      return { confirmed: true };
    },
  };
}

function rolloversListed(zone: Zone) {
  const { signing } = zone;
  if (signing === undefined) return [];
  return signing.rollovers.map(({ type, step, startedAt, isStalled, cancelledAt }) => ({
    ...{ zone: zone.name, type, step, stalled: isStalled, cancelled: cancelledAt !== null },
    startedAt: iso(startedAt)!,
    nextAt: iso(signing.nextWake),
    needs: needsOf(zone),
  }));
}

function historyOf({ zone, signing }: SignedZone, limit: number) {
  const { entries, torn, brokenAt } = trailOf(signing);
  return {
    zone: zone.name,
    trail: { torn, brokenAt: iso(brokenAt) },
    entries: entries
      .slice(-limit)
      .map(({ at, generation, kind, details }) => ({ ...details, at: iso(at)!, generation, kind })),
  };
}

// ---- Start ----

async function start(context: RolloverContext, params: Params<'rollover.start'>): Promise<RolloverChange> {
  const found = findSigned(context.zones, params.zone);
  const { type } = params;
  if (type === undefined) {
    throw new OperationError('USAGE_WRONG', 'TYPE_MISSING', 'say what to roll', fittingTypes(found.signing));
  }
  const { forceUnsafe } = params;
  if (forceUnsafe !== undefined && params.emergency !== 'containment') throw nothingToForce(params);
  const request = asKnown(found.signing, requestOf({ ...params, type }));
  const order: Order = { kind: 'start', request, forceUnsafe };
  if (!params.dryRun && request.emergency !== 'containment') return carryOut(context, found, order);
  const now = context.clock.now();
  refuse(found, order, now);
  const plan = orderPlan(found, request, now);
  // What containment breaks is told also when it is done.
  if (!params.dryRun) return { ...(await carryOut(context, found, order)), plan };
  const command = `keyturn rollover start ${found.zone.name} ${optionsOf({ ...params, type })}`;
  return dryRun(found, plan, { notes: notesOn(found.signing, request), command });
}

/** A reason is asked for only by what breaks validation on purpose. */
function nothingToForce({ emergency }: Params<'rollover.start'>): OperationError {
  const message =
    emergency === undefined
      ? '--force-unsafe does not go with an ordinary rollover: what safety forbids is not forced there'
      : '--force-unsafe does not go with --emergency continuity, which keeps the chain of trust';
  const fix = 'leave it out; if a bad key must go at once, whatever breaks, say --emergency containment';
  return new OperationError('USAGE_WRONG', 'NOTHING_TO_FORCE', message, fix);
}

/** The options of `rollover start` that were given, but for the one that makes it dry. */
function optionsOf({ type, to, method, emergency }: Partial<Params<'rollover.start'>>): string {
  const given = Object.entries({ type, to, method, emergency }).filter(([, value]) => value !== undefined);
  return given.map(([name, value]) => `--${name} ${value}`).join(' ');
}

/** What the words of an operator ask for. Throws OperationError. */
export function requestOf(
  params: Pick<Params<'rollover.start'>, 'to' | 'method' | 'emergency'> & { readonly type: StartedType },
): RolloverRequest {
  const { type, to, method, emergency } = params;
  const asked = {
    type,
    ...(method === undefined ? {} : { method }),
    ...(emergency === undefined ? {} : { emergency }),
  };
  if (to === undefined) return asked;
  if (type === 'algorithm') {
    const algorithm = parseAlgorithm(to)?.number;
    if (algorithm !== undefined) return { ...asked, algorithm };
    const fix = 'name one like ECDSAP256SHA256, ECDSAP384SHA384 or ED25519';
    throw new OperationError('USAGE_WRONG', 'ALGORITHM_UNKNOWN', `"${to}" is no algorithm to sign with`, fix);
  }
  if (type === 'scheme' && (to === 'csk' || to === 'ksk-zsk')) return { ...asked, scheme: to };
  const fix =
    type === 'scheme' ? 'say --to csk or --to ksk-zsk' : `--to goes with --type algorithm or scheme`;
  throw new OperationError('USAGE_WRONG', 'TO_UNSUITABLE', `--to ${to} does not fit --type ${type}`, fix);
}

// ---- DS ----

/** Keys that can have a DS, and what is said of each. */
interface Told {
  readonly tag: number;
  readonly seen: boolean;
}

/** Says what the parent has: of one key, of one that came and one that went, or that it has nothing. */
async function confirmDs(
  context: RolloverContext,
  params: Params<'rollover.confirm-ds'>,
): Promise<RolloverChange> {
  const found = findSigned(context.zones, params.zone);
  const told = toldOf(params);
  const ttl = params.ttl ?? null;
  const orders: Order[] = params.none
    ? [{ kind: 'no-ds' }]
    : told.map(({ tag, seen }) => ({ kind: 'ds', keyId: keyWithDs(found, tag).id, seen, ttl }));
  // All or nothing: what is refused is refused before anything is believed.
  for (const order of orders) refuse(found, order, context.clock.now());
  await refuseContradiction(context.zones.monitor, found, orders);
  const changed: string[] = [];
  let change: RolloverChange | undefined;
  for (const order of orders) {
    change = await carryOut(context, found, order);
    changed.push(...change.changed);
  }
  assert(change !== undefined, 'something was told');
  return { ...change, changed };
}

/** `--key TAG --seen`, `--seen TAG`, `--seen NEW --gone OLD` or `--none`. Throws OperationError. */
function toldOf({ key, seen, gone, none }: Params<'rollover.confirm-ds'>): Told[] {
  const tagOf = (said: boolean | number) => (said === true ? key : said === false ? undefined : said);
  const isTold = (said: boolean | number | undefined) => said !== undefined && said !== false;
  const given = [
    ...(isTold(seen) ? [{ tag: tagOf(seen!), seen: true }] : []),
    ...(isTold(gone) ? [{ tag: tagOf(gone!), seen: false }] : []),
  ];
  const told = given.filter((one): one is Told => one.tag !== undefined);
  const tags = new Set(told.map(({ tag }) => tag));
  const isWhole = told.length === given.length && tags.size === told.length;
  const isKeyUsed = key === undefined || tags.has(key);
  if (none ? given.length === 0 && key === undefined : isWhole && told.length > 0 && isKeyUsed) return told;
  const message = none
    ? '--none is about all keys'
    : given.length > told.length
      ? 'which key is it?'
      : 'say what the parent has';
  const fix = 'say --key TAG --seen, --key TAG --gone, --seen NEW --gone OLD, or --none';
  throw new OperationError('USAGE_WRONG', 'KEY_OR_NONE', message, fix);
}

/** The key of a zone with a tag, if it can have a DS. Throws OperationError. */
function keyWithDs({ zone, signing }: SignedZone, tag: number): Key {
  const { keys } = signing.zoneState;
  const key = keys.find((one) => one.tag === tag);
  if (key !== undefined && key.states.ds !== null) return key;
  const known = keys.filter(({ states }) => states.ds !== null).map((one) => one.tag);
  const fix = `keys that can have a DS: ${known.join(', ') || 'none'}`;
  throw key === undefined
    ? new OperationError('NO_SUCH_OBJECT', 'NO_SUCH_KEY', `${zone.name} has no key ${tag}`, fix)
    : new OperationError('USAGE_WRONG', 'KEY_WITHOUT_DS', `key ${tag} is a ZSK and has no DS`, fix);
}
