/** The DS of a zone: which its parent shall have, which shall leave it, and when. */
import { formatInstant, type UnixSeconds } from '../base/time.ts';
import type { ParentMonitor } from '../daemon/monitor.ts';
import type { ZoneSigning } from '../daemon/signing.ts';
import type { Zone } from '../daemon/zone.ts';
import { tagOfDs } from '../dnssec/ds.ts';
import { type Key, recordGoal, stateOf } from '../kasp/key.ts';
import { dnskeyOf, wantedDs } from '../kasp/records.ts';
import { keysInLook } from '../parent/named.ts';
import { UNWATCHED, type Watch } from '../parent/watch.ts';
import { algorithmName, iso } from './describe.ts';
import { notServed } from './find.ts';
import { OperationError } from './operation.ts';
import type { DsResult, LeavingDs } from './shapes.ts';
import { stepWords } from './words.ts';

/** Until when the zone must not ask for a DS; null if it does, or need not wait. */
export function dsFrom(zone: Zone): UnixSeconds | null {
  return zone.signing?.waiting.find(({ reason }) => reason === 'bootstrap_hold')?.until ?? null;
}

/** The DS and DNSKEY records of all key-signing keys that shall stay, and what becomes of the others. */
export function dsOf(zone: Zone, monitor: ParentMonitor | undefined): DsResult {
  const { signing, served, name } = zone;
  if (signing === undefined) {
    throw served === undefined
      ? notServed(name)
      : new OperationError('NO_SUCH_OBJECT', 'ZONE_UNSIGNED', `${name} is served unsigned and has no DS`);
  }
  const { keys } = signing.keys.zoneState;
  const staying = keys.filter((key) => key.goal === 'IN' && key.roles.includes('key-signing'));
  const from = dsFrom(zone);
  return {
    zone: name,
    ds: wantedDs(keys, zone.origin, signing.policy).map((rdata) => ({
      keyTag: tagOfDs(rdata),
      algorithm: rdata[2]!,
      algorithmName: algorithmName(rdata[2]!),
      digestType: rdata[3]!,
      digest: Buffer.from(rdata.subarray(4)).toString('hex').toUpperCase(),
    })),
    dnskey: staying.map((key) => ({
      keyTag: key.tag,
      flags: key.flags,
      protocol: 3 as const,
      algorithm: key.algorithm,
      publicKey: Buffer.from(dnskeyOf(key).subarray(4)).toString('base64'),
    })),
    leaving: leavingDs(zone, signing, monitor?.knownOf(zone).watch ?? UNWATCHED),
    notBefore: iso(from),
    caution: cautionOf(staying, from),
  };
}

function cautionOf(staying: readonly Key[], from: UnixSeconds | null): string | null {
  if (from !== null) {
    return `do not hand these to the parent before ${formatInstant(from)}: caches may still hold the unsigned zone`;
  }
  const isEarly = staying.some((key) => stateOf(key, 'dnskey') === 'hidden');
  return isEarly ? 'do not hand these to the parent yet: the zone is not signed with them' : null;
}

// ---- What leaves ----

/** Whether the parent has a DS: it was seen there, nobody could say, or it is not. */
type Presence = 'seen' | 'unknown' | 'gone';

function leavingDs(zone: Zone, signing: ZoneSigning, watch: Watch): LeavingDs[] {
  const { keys } = signing.zoneState;
  const named = isLooked(watch) ? keysInLook(watch, zone.origin, keys) : null;
  const presenceOf = (key: Key): Presence => {
    if (named === null) return toldPresence(key, signing);
    return named.includes(key) ? 'seen' : 'gone';
  };
  const isReplaced = keys
    .filter((key) => key.states.ds !== null && recordGoal(key, 'ds') === 'IN')
    .every(({ dsObservation }) => dsObservation.seenAllAt !== null);
  return keys
    .filter((key) => recordGoal(key, 'ds') === 'OUT' && stateOf(key, 'ds') !== 'hidden')
    .map((key) => ({ key, presence: presenceOf(key) }))
    .filter(({ presence }) => presence !== 'gone')
    .map(({ key, presence }) => ({
      keyTag: key.tag,
      algorithm: key.algorithm,
      algorithmName: algorithmName(key.algorithm),
      seen: presence === 'seen',
      ...removalOf(key, signing, isReplaced),
    }));
}

/** True if the last look says what the parent has. */
function isLooked({ last }: Watch): boolean {
  const isKnown = ({ verdict }: { readonly verdict: { readonly kind: string } }) => verdict.kind === 'known';
  return last !== null && last.outcome.kind === 'look' && last.outcome.sights.every(isKnown);
}

/** Without a look that says it: what the state and the operator's word tell. */
function toldPresence(key: Key, { zoneState }: ZoneSigning): Presence {
  const { goneAllAt, lastSeenAnywhereAt } = key.dsObservation;
  const isDenied = zoneState.dsWords.some(({ keyId, seen }) => keyId === key.id && !seen);
  if (goneAllAt !== null || isDenied || zoneState.delegation === 'none') return 'gone';
  return lastSeenAnywhereAt === null ? 'unknown' : 'seen';
}

/** A DS may be removed when the zone asks for that, and if others are to come in its place, when those are there. */
function removalOf(
  key: Key,
  { waiting, zoneState }: ZoneSigning,
  isReplaced: boolean,
): Pick<LeavingDs, 'when' | 'from' | 'because'> {
  if (stateOf(key, 'ds') === 'unretentive') {
    return isReplaced
      ? { when: 'now', from: null, because: 'nothing needs it any more' }
      : { when: 'replaced', from: null, because: 'without another DS the zone would be insecure' };
  }
  const own = waiting.find(({ keyId, record }) => keyId === key.id && record === 'ds');
  if (own !== undefined) return { when: 'later', from: iso(own.until), because: own.because };
  const other = waiting.find(({ record, to }) => record === 'ds' && to === 'omnipresent');
  if (other !== undefined) {
    const because = `first the DS of key ${other.tag}: ${other.because}`;
    return { when: 'later', from: iso(other.until), because };
  }
  const step = zoneState.rollover?.step;
  const because = step === undefined ? 'validators need it' : `first: ${stepWords(step)}`;
  return { when: 'later', from: null, because };
}
