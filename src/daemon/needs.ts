/** What only a person can do for the keys of a zone, in words. Without a monitor of the parent that is to look at its DS. */
import { formatInstant } from '../base/time.ts';
import type { Waiting } from '../kasp/step.ts';
import { findKey, type ZoneState } from '../kasp/zonestate.ts';

export interface ZoneNeed {
  readonly what: string;
  /** What to type, when it is done. */
  readonly command: string;
}

/** Everything that a zone needs of a person, each thing once. */
export function zoneNeeds(zone: string, state: ZoneState, waiting: readonly Waiting[]): ZoneNeed[] {
  const { pausedSince } = state;
  const needs: ZoneNeed[] = [];
  if (pausedSince !== null) {
    const what = `the keys were paused at ${formatInstant(pausedSince)}, and wait until you let them go on`;
    needs.push({ what, command: `keyturn rollover resume ${zone}` });
  }
  needs.push(...waiting.flatMap((wait) => needOf(zone, state, wait) ?? []));
  const seen = new Set<string>();
  return needs.filter(({ command }) => !seen.has(command) && seen.add(command));
}

/** What a wait needs of a person; undefined if it ends without. */
export function needOf(
  zone: string,
  { keys, delegation, goal, rollover }: ZoneState,
  { keyId, tag, record, reason, because }: Waiting,
): ZoneNeed | undefined {
  const confirm = `keyturn rollover confirm-ds ${zone}`;
  const isStaying = findKey({ keys }, keyId)?.goal === 'IN';
  if (reason === 'parent_ds' && isStaying && (delegation !== 'none' || rollover !== null)) {
    const what = `DS of key ${tag} to be put in at the parent (keyturn ds ${zone}) and to be confirmed`;
    return { what, command: `${confirm} --key ${tag} --seen` };
  }
  if (reason === 'parent_ds_gone') {
    const what = `DS of key ${tag} to be removed at the parent and to be confirmed as gone`;
    return { what, command: `${confirm} ${goal === 'insecure' ? '--none' : `--key ${tag} --gone`}` };
  }
  if (reason === 'delegation_unconfirmed' && record === 'ds') {
    const what = `whether the parent has a DS of key ${tag} is not known (if it has none: ${confirm} --none)`;
    return { what, command: `${confirm} --key ${tag} --seen` };
  }
  return reason === 'clock_step' ? { what: because, command: 'keyturn clock confirm' } : undefined;
}
