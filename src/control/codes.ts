/**
 * Every stable code that Keyturn prints, explained: diagnostics of files, errors and refusals of operations, problems
 * of keys, alarms, reasons of waits. A test walks the sources and holds this table to be complete.
 */
import { nearest } from '../store/config-words.ts';
import { BOOTSTRAP_CODES } from './codes-bootstrap.ts';
import { CALL_CODES, FAILURE_CODES } from './codes-calls.ts';
import { CHILD_CODES } from './codes-children.ts';
import { CONFIG_CODES, START_CODES } from './codes-config.ts';
import { DIAGNOSE_CODES } from './codes-diagnose.ts';
import { GUARD_CODES } from './codes-guards.ts';
import { KEY_CODES, KEY_FILE_CODES, KEY_STORE_CODES, STATE_CODES } from './codes-keys.ts';
import { ORDER_CODES, REFUSAL_CODES } from './codes-orders.ts';
import { PARENT_CODES, PARENT_FINDING_CODES, PARENT_WAIT_CODES, PUSH_CODES } from './codes-parent.ts';
import { POLICY_CODES } from './codes-policy.ts';
import { SERVER_ALARM_CODES, SERVER_CONFIG_CODES } from './codes-server.ts';
import { WAIT_CODES } from './codes-waits.ts';
import { ALARM_CODES, HEALTH_CODES, ZONE_CONTENT_CODES, ZONE_SERVICE_CODES } from './codes-zone.ts';
import { ZONE_FAULT_CODES, ZONE_TEXT_CODES } from './codes-zonefile.ts';
import type { Explanation, Explanations } from './explanation.ts';

/** Codes of one kind, in the order in which they are listed. */
export interface CodeGroup {
  readonly title: string;
  readonly codes: Explanations;
}

export const CODE_GROUPS: readonly CodeGroup[] = [
  { title: 'zone files', codes: { ...ZONE_FAULT_CODES, ...ZONE_TEXT_CODES } },
  { title: 'records of a zone', codes: ZONE_CONTENT_CODES },
  { title: 'service of a zone', codes: ZONE_SERVICE_CODES },
  {
    title: 'keys and their states',
    codes: { ...KEY_CODES, ...KEY_FILE_CODES, ...STATE_CODES, ...KEY_STORE_CODES },
  },
  { title: 'why a key waits', codes: WAIT_CODES },
  {
    title: 'looks at the parent',
    codes: { ...PARENT_CODES, ...PARENT_FINDING_CODES, ...PARENT_WAIT_CODES, ...PUSH_CODES },
  },
  { title: 'the first DS of a zone', codes: BOOTSTRAP_CODES },
  { title: 'requests of children', codes: CHILD_CODES },
  { title: 'guards of what the parent names', codes: GUARD_CODES },
  { title: 'diagnosis of a zone', codes: DIAGNOSE_CODES },
  { title: 'orders that are refused', codes: { ...REFUSAL_CODES, ...ORDER_CODES } },
  { title: 'policies', codes: POLICY_CODES },
  { title: 'alarms and health', codes: { ...ALARM_CODES, ...SERVER_ALARM_CODES, ...HEALTH_CODES } },
  { title: 'configuration and start', codes: { ...CONFIG_CODES, ...SERVER_CONFIG_CODES, ...START_CODES } },
  { title: 'calls and commands', codes: CALL_CODES },
  { title: 'kinds of failure', codes: FAILURE_CODES },
];

export const CODES: ReadonlyMap<string, Explanation> = new Map(
  CODE_GROUPS.flatMap(({ codes }) => Object.entries(codes)),
);

const KEY_STORE = 'KEY_STORE_';

/** The code as it is listed, and what it means; undefined if there is none of that name. Case does not matter. */
export function explain(
  code: string,
): { readonly code: string; readonly explanation: Explanation } | undefined {
  for (const spelt of [code, code.toUpperCase(), code.toLowerCase()]) {
    const explanation = CODES.get(spelt);
    if (explanation !== undefined) return { code: spelt, explanation };
  }
  // What follows is a word of the system, of which there are many.
  const upper = code.toUpperCase();
  if (!new RegExp(`^${KEY_STORE}E[A-Z0-9]+$`).test(upper)) return undefined;
  return { code: upper, explanation: KEY_STORE_CODES.KEY_STORE_OTHER };
}

/** The code that was meant by a word that is none. */
export function nearestCode(word: string): string | undefined {
  return nearest(word, [...CODES.keys()]);
}
