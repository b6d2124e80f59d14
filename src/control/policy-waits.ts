/**
 * How long each kind of rollover takes at least under a policy: the machine itself on a virtual clock (kasp/plan), with
 * a parent that does what it is asked for. What the parent takes for that has no bound and is not counted.
 */
import { plus, type UnixSeconds } from '../base/time.ts';
import { hiddenKey } from '../kasp/key.ts';
import { type Plan, type PlannedEvent, plan } from '../kasp/plan.ts';
import type { Policy } from '../kasp/policy.ts';
import { planOf, SCHEME_ROLES } from '../kasp/request.ts';
import type { Facts, RolloverRequest } from '../kasp/step.ts';
import { newZoneState, type ZoneState } from '../kasp/zonestate.ts';
import { ALGORITHM } from '../wire/iana.ts';
import type { PolicyRollover } from './policy-shapes.ts';
import { stepWords } from './words.ts';

type PolicyStep = PolicyRollover['steps'][number];

const START = 0 as UnixSeconds;
const CENTURY = 100 * 365 * 86_400;

/** A zone whose data has the largest TTL that the policy allows, and that was served unsigned before. */
export function factsUnder(policy: Policy): Facts {
  return { maxTtl: policy.maxZoneTtl, negativeTtl: policy.maxZoneTtl };
}

/** The state of a zone that gets its first keys at `now`. */
export function newZone({ scheme, algorithm }: Policy, now: UnixSeconds): ZoneState {
  const keys = SCHEME_ROLES[scheme].map((roles, at) => {
    const publicKey = new Uint8Array(64).fill(at + 1);
    return hiddenKey({ id: `first-${at}`, algorithm, roles, publicKey }, now);
  });
  return newZoneState(keys);
}

/** What was found of policies: they never change. */
const FOUND = new WeakMap<Policy, readonly PolicyRollover[]>();

/** Every kind of rollover that fits the scheme of a policy, going signed first. */
export function rolloversUnder(policy: Policy): PolicyRollover[] {
  const found = FOUND.get(policy) ?? findRollovers(policy);
  FOUND.set(policy, found);
  return [...found];
}

function findRollovers(policy: Policy): PolicyRollover[] {
  const lasting: Policy = { ...policy, lifetime: { csk: 'unlimited', ksk: 'unlimited', zsk: 'unlimited' } };
  const signing = look(newZone(policy, START), lasting, { now: START });
  const settled = { state: signing.end, now: plus(START, CENTURY) };
  const rolled = requestsFor(policy).flatMap((request) => {
    const method = planOf(settled.state, request, lasting);
    if ('code' in method) return [];
    const planned = look(settled.state, lasting, { now: settled.now, request });
    return [rolloverOf(request.type, method.method, stepsOf(planned, settled.now))];
  });
  return [rolloverOf('sign', 'sign', signingSteps(signing)), ...rolled];
}

function look(
  state: ZoneState,
  policy: Policy,
  options: { readonly now: UnixSeconds; readonly request?: RolloverRequest },
): Plan {
  // Before the CDS that asked for something else has left all caches, nothing that is seen of the parent lasts.
  const parentDelay = policy.cdsTtl + policy.propagation + 1;
  return plan(state, factsUnder(policy), policy, {
    ...options,
    until: plus(options.now, CENTURY),
    parentDelay,
  });
}

function requestsFor({ scheme, algorithm }: Policy): RolloverRequest[] {
  const { ECDSAP256SHA256, ED25519 } = ALGORITHM;
  const other = algorithm === ECDSAP256SHA256 ? ED25519 : ECDSAP256SHA256;
  const own: RolloverRequest[] = scheme === 'csk' ? [{ type: 'csk' }] : [{ type: 'zsk' }, { type: 'ksk' }];
  return [
    ...own,
    { type: 'algorithm', algorithm: other },
    { type: 'scheme', scheme: scheme === 'csk' ? 'ksk-zsk' : 'csk' },
    { type: 'insecure' },
  ];
}

function rolloverOf(type: string, method: string, steps: PolicyStep[]): PolicyRollover {
  const seconds = steps.reduce((sum, step) => sum + step.seconds, 0);
  return { type, method, seconds, parentActs: steps.filter(({ parent }) => parent).length, steps };
}

// ---- From what the machine does to steps ----

/** A step begins, or the last one ends. */
interface Turn {
  readonly at: UnixSeconds;
  readonly step: string;
}

function stepsOf({ events, doneAt }: Plan, startedAt: UnixSeconds): PolicyStep[] {
  const turns: Turn[] = events.flatMap(({ at, event }) =>
    event.kind === 'rollover' && (event.event === 'step' || event.event === 'done')
      ? [{ at, step: event.step }]
      : [],
  );
  const whole = turns[0]?.at === startedAt ? turns : [{ at: startedAt, step: 'start' }, ...turns];
  const ended = whole.at(-1)?.step === 'done' ? whole : [...whole, { at: doneAt ?? startedAt, step: 'done' }];
  return ended.slice(0, -1).map((turn, index) => stepOf(turn, ended[index + 1]!.at, events));
}

/** Going signed is no rollover: signatures reach all caches, the parent is asked, its DS reaches all caches. */
function signingSteps({ events }: Plan): PolicyStep[] {
  const at = (isIt: (event: PlannedEvent['event']) => boolean) =>
    events.find(({ event }) => isIt(event))?.at ?? START;
  const asked = at((event) => event.kind === 'edge' && event.record === 'ds' && event.to === 'rumoured');
  const acted = at((event) => event.kind === 'parent');
  const done = at((event) => event.kind === 'edge' && event.record === 'ds' && event.to === 'omnipresent');
  return [
    stepOf({ at: START, step: 'sign' }, asked, events),
    stepOf({ at: asked, step: 'request' }, acted, events),
    stepOf({ at: acted, step: 'soak' }, done, events),
  ];
}

function stepOf({ at, step }: Turn, until: UnixSeconds, events: readonly PlannedEvent[]): PolicyStep {
  const ending = events.filter((one) => one.at === until).map(({ event }) => event);
  const parent = ending.some(({ kind }) => kind === 'parent');
  const reasons = ending.flatMap((event) =>
    event.kind === 'edge' && (event.to === 'omnipresent' || event.to === 'hidden') ? [event.because] : [],
  );
  const because = parent ? 'the parent acts' : [...new Set(reasons)].join('; ');
  return { step, words: stepWords(step), seconds: parent ? 0 : until - at, parent, because };
}
