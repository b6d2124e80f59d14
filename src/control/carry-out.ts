/** Obeying what an operator orders about the keys of a zone: refusals, the audit trail, what was changed in words. */
import type { Clock } from '../base/ports.ts';
import { formatInstant, type UnixSeconds } from '../base/time.ts';
import { type Order, obey, orderRefusal } from '../daemon/orders.ts';
import type { Scheduler } from '../daemon/scheduler.ts';
import type { ZoneSigning } from '../daemon/signing.ts';
import type { Zones } from '../daemon/zones.ts';
import { findAlgorithm } from '../dnssec/algorithm.ts';
import type { Key } from '../kasp/key.ts';
import type { RefusalCode } from '../kasp/refusal.ts';
import { insteadOf } from '../kasp/request.ts';
import type { RolloverRequest } from '../kasp/step.ts';
import { currentCaller } from './caller.ts';
import { needsOf, nextWords, rolloverStatusOf } from './describe.ts';
import { knownErrors } from './failures.ts';
import type { SignedZone } from './find.ts';
import { OperationError } from './operation.ts';
import { STARTED_TYPES } from './rollover-operations.ts';
import type { RolloverChange } from './shapes.ts';
import { keyWord } from './words.ts';

/** A command waits this long until all threads serve what it changed. */
const SERVED_MS = 10_000;

export interface RolloverContext {
  readonly clock: Clock;
  readonly zones: Zones;
  readonly scheduler: Scheduler;
}

/** Obeys an order, or says why not; waits until what follows from it is served. Throws OperationError. */
export async function carryOut(
  { scheduler, zones }: Pick<RolloverContext, 'scheduler' | 'zones'>,
  { zone, signing }: SignedZone,
  order: Order,
): Promise<RolloverChange> {
  let before = signing.zoneState.keys;
  let notes: string[] = [];
  const who = currentCaller();
  const { published } = await knownErrors(() =>
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

/** What was asked for in a way that cannot be meant, not what safety forbids. */
const USAGE: readonly RefusalCode[] = [
  'WRONG_SCHEME',
  'ALGORITHM_UNKNOWN',
  'METHOD_UNSUITABLE',
  'EMERGENCY_UNSUITABLE',
];

/** Throws OperationError if the order is not obeyed as things are. */
export function refuse({ zone, signing }: SignedZone, order: Order, now: UnixSeconds): void {
  const refusal = orderRefusal(signing, order, now);
  if (refusal !== undefined) {
    const { code, message, fix } = refusal;
    const kind = USAGE.includes(code) ? 'USAGE_WRONG' : 'REFUSED';
    throw new OperationError(kind, code, message, code === 'WRONG_SCHEME' ? fittingTypes(signing) : fix);
  }
  const problem = zone.signingProblem;
  const isObservation = order.kind === 'ds' || order.kind === 'no-ds';
  const isRemedy = problem?.code === 'KEY_MISSING' && isEmergency(order);
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

/** An emergency replaces a key that is missing, or does without any. */
function isEmergency(order: Order): boolean {
  if (order.kind === 'insecure') return order.forceUnsafe !== undefined;
  return order.kind === 'start' && order.request.emergency !== undefined;
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
      return order.forceUnsafe === undefined
        ? [`${name} is going insecure: CDS and CDNSKEY ask the parent to remove the DS`]
        : [`${name} is served unsigned, at once: ${order.forceUnsafe}`];
    case 'secure':
      return [...words, `${name} is being signed`];
  }
}

/** What an operator should know of how a rollover is done. */
export function notesOn({ zoneState, policy }: ZoneSigning, request: RolloverRequest): string[] {
  const note = insteadOf(zoneState, request, policy);
  return note === null ? [] : [note];
}

/** Which values of `--type` fit the keys of a zone. */
export function fittingTypes({ zoneState }: ZoneSigning): string {
  const isCsk = zoneState.keys.some((key) => key.goal === 'IN' && keyWord(key) === 'CSK');
  const types = STARTED_TYPES.filter((type) => (isCsk ? type !== 'ksk' && type !== 'zsk' : type !== 'csk'));
  return `the zone has ${isCsk ? 'one CSK' : 'KSK and ZSK'}: --type ${types.join(', ')}`;
}
