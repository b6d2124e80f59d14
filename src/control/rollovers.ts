/** Operations on keys: rollovers, what is known of the DS at the parent, going signed and going insecure. */
import { assert } from '../base/assert.ts';
import type { Clock } from '../base/ports.ts';
import { formatInstant, plus, type UnixSeconds } from '../base/time.ts';
import { asKnown, type Order, obey, orderRefusal } from '../daemon/orders.ts';
import { problemOfError } from '../daemon/problem.ts';
import type { Scheduler } from '../daemon/scheduler.ts';
import type { ZoneSigning } from '../daemon/signing.ts';
import type { Zone } from '../daemon/zone.ts';
import type { Zones } from '../daemon/zones.ts';
import { findAlgorithm, parseAlgorithm } from '../dnssec/algorithm.ts';
import type { Key } from '../kasp/key.ts';
import type { RefusalCode } from '../kasp/refusal.ts';
import { insteadOf } from '../kasp/request.ts';
import type { RolloverRequest } from '../kasp/step.ts';
import { rolloversOf } from '../kasp/zonestate.ts';
import { currentCaller } from './caller.ts';
import { iso, needsOf, nextWords, rolloverStatusOf } from './describe.ts';
import { findSigned, getZone } from './find.ts';
import { OperationError } from './operation.ts';
import type { Params } from './operations.ts';
import { planOf } from './plans.ts';
import { STARTED_TYPES, type StartedType } from './rollover-operations.ts';
import type { Handlers } from './server.ts';
import type { RolloverChange } from './shapes.ts';
import { keyWord } from './words.ts';

/** A command waits this long until all threads serve what it changed. */
const SERVED_MS = 10_000;
/** How far a dry run looks. */
const DRY_RUN_DAYS = 400;

export interface RolloverContext {
  readonly clock: Clock;
  readonly zones: Zones;
  readonly scheduler: Scheduler;
}

/** A zone whose keys are at work. */
export interface SignedZone {
  readonly zone: Zone;
  readonly signing: ZoneSigning;
}

type RolloverHandlers = Pick<
  Handlers,
  Extract<keyof Handlers, `rollover.${string}` | 'zone.sign' | 'zone.unsign' | 'clock.confirm'>
>;

/** The handlers of all operations on keys. */
export function createRolloverHandlers(context: RolloverContext): RolloverHandlers {
  const { zones, clock } = context;
  const order = (zone: string, given: Order) => carryOut(context, findSigned(zones, zone), given);
  return {
    'zone.sign': ({ zone }) => order(zone, { kind: 'secure' }),
    'zone.unsign': ({ zone }) => order(zone, { kind: 'insecure' }),
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
      const options = { until: daysAfter(clock.now(), days), parentDelay };
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

function daysAfter(now: UnixSeconds, days: number): UnixSeconds {
  return plus(now, days * 86_400);
}

function rolloversListed(zone: Zone) {
  const { signing } = zone;
  if (signing === undefined) return [];
  return rolloversOf(signing.zoneState).map(({ type, step, startedAt, isStalled, cancelledAt }) => ({
    ...{ zone: zone.name, type, step, stalled: isStalled, cancelled: cancelledAt !== null },
    startedAt: iso(startedAt)!,
    nextAt: iso(signing.nextWake),
    needs: needsOf(zone),
  }));
}

async function historyOf({ zone, signing }: SignedZone, limit: number) {
  const { entries, torn, brokenAt } = await knownErrors(signing, () => signing.history());
  return {
    zone: zone.name,
    trail: { torn, brokenAt: iso(brokenAt) },
    entries: entries
      .slice(-limit)
      .map(({ at, generation, kind, details }) => ({ ...details, at: iso(at)!, generation, kind })),
  };
}

// ---- Orders ----

/** Obeys an order, or says why not; waits until what follows from it is served. */
async function carryOut(
  { scheduler, zones }: Pick<RolloverContext, 'scheduler' | 'zones'>,
  { zone, signing }: SignedZone,
  order: Order,
): Promise<RolloverChange> {
  let before = signing.zoneState.keys;
  let notes: string[] = [];
  const who = currentCaller();
  const { published } = await knownErrors(signing, () =>
    zone.keeper.change(async (at) => {
      refuse({ zone, signing }, order, at.now);
      before = signing.zoneState.keys;
      notes = order.kind === 'start' ? notesOn(signing, order.request) : [];
      const change = await obey(signing, order, at);
      return { ...change, events: change.events.map((event) => ({ ...event, who })) };
    }),
  );
  // What could not be served for want of a key may be without it.
  const served = zone.served === undefined ? zones.reload(zone.origin) : published;
  await Promise.race([served, scheduler.sleep(`order ${zone.name}`, SERVED_MS)]);
  scheduler.cancel(`order ${zone.name}`);
  const made = signing.zoneState.keys.filter(({ id }) => !before.some((key) => key.id === id));
  return {
    ...rolloverStatusOf(zone, signing),
    changed: knownWords(zone.name, order, before) ?? [
      ...changedWords(zone.name, order, signing, made),
      ...notes,
    ],
    next: nextWords(signing),
    command: needsOf(zone)[0]?.command ?? `keyturn rollover status ${zone.name}`,
    plan: null,
  };
}

/** Turns the errors of keys and disks into those of operations. */
async function knownErrors<T>(signing: ZoneSigning, act: () => T | Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof OperationError) throw error;
    const { code, message } = problemOfError(error, signing.keys.path);
    throw new OperationError(
      'DATA_WRONG',
      code,
      `nothing was changed: ${message}`,
      'see to that and try again',
    );
  }
}

/** What was asked for in a way that cannot be meant, not what safety forbids. */
const USAGE: readonly RefusalCode[] = [
  'WRONG_SCHEME',
  'ALGORITHM_UNKNOWN',
  'METHOD_UNSUITABLE',
  'EMERGENCY_UNSUITABLE',
];

function refuse({ zone, signing }: SignedZone, order: Order, now: UnixSeconds): void {
  const refusal = orderRefusal(signing, order, now);
  if (refusal !== undefined) {
    const { code, message, fix } = refusal;
    const kind = USAGE.includes(code) ? 'USAGE_WRONG' : 'REFUSED';
    throw new OperationError(kind, code, message, code === 'WRONG_SCHEME' ? fittingTypes(signing) : fix);
  }
  const problem = zone.signingProblem;
  const isObservation = order.kind === 'ds' || order.kind === 'no-ds';
  const isRemedy =
    problem?.code === 'KEY_MISSING' && order.kind === 'start' && order.request.emergency !== undefined;
  if (problem === undefined || isObservation || isRemedy) return;
  throw new OperationError(
    'REFUSED',
    'KEYS_FROZEN',
    `the keys of ${zone.name} stay as they are: ${problem.message}`,
    problem.code === 'KEY_MISSING'
      ? `${needsOf(zone)[0]?.what ?? 'restore it'}: ${needsOf(zone)[0]?.command ?? 'keyturn zone reload'}`
      : 'see to that first; it is tried again every minute',
  );
}

/** What was told was known before. */
function knownWords(name: string, order: Order, before: readonly Key[]): string[] | undefined {
  if (order.kind !== 'ds') return undefined;
  const key = before.find(({ id }) => id === order.keyId);
  const { seenAllAt = null, goneAllAt = null } = key?.dsObservation ?? {};
  const since = order.seen ? seenAllAt : goneAllAt;
  if (key === undefined || since === null) return undefined;
  const what = `the DS of key ${key.tag} is ${order.seen ? 'on all servers' : 'on no server'} of the parent`;
  return [`${name}: that ${what} was known already, since ${formatInstant(since)}`];
}

function changedWords(name: string, order: Order, signing: ZoneSigning, made: readonly Key[]): string[] {
  const { rollover } = signing.zoneState;
  const words = made.map((key) => {
    const algorithm = findAlgorithm(key.algorithm)?.mnemonic ?? `algorithm ${key.algorithm}`;
    return `made ${keyWord(key)} ${key.tag} (${algorithm})`;
  });
  switch (order.kind) {
    case 'start': {
      const { type, emergency } = order.request;
      const how = emergency === undefined ? '' : `, in an emergency (${emergency})`;
      return [...words, `started the ${type} rollover of ${name}${how}`];
    }
    case 'cancel':
      return [`${name}: the rollover is being undone${rollover === null ? ', at once' : ''}`];
    case 'pause':
      return [`${name}: the keys are paused; nothing that is served of them changes`];
    case 'resume':
      return [`${name}: the keys go on`];
    case 'ds': {
      const tag = signing.zoneState.keys.find(({ id }) => id === order.keyId)?.tag;
      return [
        `${name}: the DS of key ${tag} is ${order.seen ? 'on all servers' : 'on no server'} of the parent`,
      ];
    }
    case 'no-ds':
      return [`${name}: no server of the parent has a DS of it`];
    case 'insecure':
      return [`${name} is going insecure: CDS and CDNSKEY ask the parent to remove the DS`];
    case 'secure':
      return [...words, `${name} is being signed`];
  }
}

// ---- Start ----

async function start(context: RolloverContext, params: Params<'rollover.start'>): Promise<RolloverChange> {
  const found = findSigned(context.zones, params.zone);
  const { type } = params;
  if (type === undefined) {
    throw new OperationError('USAGE_WRONG', 'TYPE_MISSING', 'say what to roll', fittingTypes(found.signing));
  }
  const request = asKnown(found.signing, requestOf({ ...params, type }));
  const order: Order = { kind: 'start', request };
  if (!params.dryRun && request.emergency !== 'containment') return carryOut(context, found, order);
  const now = context.clock.now();
  refuse(found, order, now);
  const plan = planOf(found, { request, until: daysAfter(now, DRY_RUN_DAYS) }, now);
  // What containment breaks is told also when it is done.
  if (!params.dryRun) return { ...(await carryOut(context, found, order)), plan };
  const command = `keyturn rollover start ${found.zone.name} ${optionsOf({ ...params, type })}`;
  const done = `it would be done at ${plan.doneAt ?? 'no known time'}; nothing was changed`;
  const next = [...notesOn(found.signing, request), done];
  return { ...rolloverStatusOf(found.zone, found.signing), changed: [], next, command, plan };
}

/** The options of `rollover start` that were given, but for the one that makes it dry. */
function optionsOf({ type, to, method, emergency }: Partial<Params<'rollover.start'>>): string {
  const given = Object.entries({ type, to, method, emergency }).filter(([, value]) => value !== undefined);
  return given.map(([name, value]) => `--${name} ${value}`).join(' ');
}

/** What an operator should know of how a rollover is done. */
function notesOn({ zoneState, policy }: ZoneSigning, request: RolloverRequest): string[] {
  const note = insteadOf(zoneState, request, policy);
  return note === null ? [] : [note];
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

/** Which values of `--type` fit the keys of a zone. */
function fittingTypes({ zoneState }: ZoneSigning): string {
  const isCsk = zoneState.keys.some((key) => key.goal === 'IN' && keyWord(key) === 'CSK');
  const types = STARTED_TYPES.filter((type) => (isCsk ? type !== 'ksk' && type !== 'zsk' : type !== 'csk'));
  return `the zone has ${isCsk ? 'one CSK' : 'KSK and ZSK'}: --type ${types.join(', ')}`;
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
