/** What only a person can do for the keys of a zone, in words. Without a monitor of the parent that is to look at its DS. */
import { formatInstant } from '../base/time.ts';
import type { Key, KeyRole } from '../kasp/key.ts';
import type { Waiting } from '../kasp/step.ts';
import { findKey, type ZoneState } from '../kasp/zonestate.ts';
import { givenUp } from './missing.ts';
import type { ZoneSigning } from './signing.ts';

export interface ZoneNeed {
  readonly what: string;
  /** What to type, when it is done. */
  readonly command: string;
}

/** Everything that a zone needs of a person, each thing once. */
export function zoneNeeds(
  zone: string,
  { zoneState: state, waiting, missing }: Pick<ZoneSigning, 'zoneState' | 'waiting' | 'missing'>,
): ZoneNeed[] {
  const { pausedSince } = state;
  const given = missing.length === 0 ? [] : givenUp(state);
  const needs = missing.filter(({ id }) => !given.includes(id)).map((key) => lossOf(zone, key));
  if (pausedSince !== null) {
    const what = `the keys were paused at ${formatInstant(pausedSince)}, and wait until you let them go on`;
    needs.push({ what, command: `keyturn rollover resume ${zone}` });
  }
  needs.push(...waiting.flatMap((wait) => needOf(zone, state, wait) ?? []));
  const seen = new Set<string>();
  return needs.filter(({ command }) => !seen.has(command) && seen.add(command));
}

/** A key that is gone: what is to be done first, and what if that is impossible. */
function lossOf(zone: string, { tag, roles }: Key): ZoneNeed {
  const type = typeOf(roles);
  const what =
    `private half of ${type.toUpperCase()} ${tag} to be restored from a backup; ` +
    'only if there is none, replace the key, and see first what breaks';
  // A KSK can take over zone signing at once; nothing can take over from a key with a DS.
  const emergency = type === 'zsk' ? 'continuity' : 'containment';
  const command = `keyturn rollover start ${zone} --type ${type} --emergency ${emergency} --dry-run`;
  return { what, command };
}

function typeOf(roles: readonly KeyRole[]): 'csk' | 'ksk' | 'zsk' {
  if (roles.length > 1) return 'csk';
  return roles[0] === 'key-signing' ? 'ksk' : 'zsk';
}

/** What a wait needs of a person; undefined if it ends without. */
export function needOf(
  zone: string,
  { keys, delegation, goal, rollover }: ZoneState,
  { keyId, tag, record, reason, because }: Waiting,
): ZoneNeed | undefined {
  const confirm = `keyturn rollover confirm-ds ${zone}`;
  const key = findKey({ keys }, keyId);
  const isStaying = key?.goal === 'IN';
  if (reason === 'parent_ds' && isStaying && (delegation !== 'none' || rollover !== null)) {
    const what = `DS of key ${tag} to be put in at the parent (keyturn ds ${zone}) and to be confirmed`;
    return { what, command: `${confirm} --key ${tag} --seen` };
  }
  if (reason === 'parent_ds_gone') {
    const { seenAllAt = null, lastSeenAnywhereAt = null } = key?.dsObservation ?? {};
    const wasSeen = seenAllAt !== null || lastSeenAnywhereAt !== null;
    const where = wasSeen ? 'at the parent' : 'at the parent, if it ever came there,';
    const what = `DS of key ${tag} to be removed ${where} and to be confirmed as gone`;
    return { what, command: `${confirm} ${goal === 'insecure' ? '--none' : `--key ${tag} --gone`}` };
  }
  if (reason === 'delegation_unconfirmed' && record === 'ds') {
    const what = `whether the parent has a DS of key ${tag} is not known (if it has none: ${confirm} --none)`;
    return { what, command: `${confirm} --key ${tag} --seen` };
  }
  return reason === 'clock_step' ? { what: because, command: 'keyturn clock confirm' } : undefined;
}
