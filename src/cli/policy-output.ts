/** How policies look: their values and what these mean, how long rollovers take, what is wrong, and what would come. */
import { counted, severityWords } from '../base/diagnostic.ts';
import { formatDuration } from '../base/time.ts';
import type { PolicyCheck, PolicyList, PolicyRollover, PolicySimulation } from '../control/policy-shapes.ts';
import { marked, type Output, table } from './output.ts';
import { PLAN_HEAD, planCells } from './rollover-output.ts';

/** Rollovers of a zone under a policy, in the words of operators. */
const ROLLOVER_WORDS: Readonly<Record<string, string>> = {
  sign: 'going signed',
  zsk: 'new ZSK',
  ksk: 'new KSK',
  csk: 'new CSK',
  algorithm: 'other algorithm',
  scheme: 'other scheme',
  insecure: 'going unsigned',
};

/** `policy show`. */
export function printPolicies(output: Output, { policies }: PolicyList): void {
  policies.forEach(({ policy, zones, values, rollovers }, index) => {
    if (index > 0) output.print('');
    output.print(`policy ${policy}, followed by ${counted(zones, 'zone')}`);
    const rows = values.map(({ key, text, origin, fallback, meaning, used }) => [
      `  ${key}`,
      text,
      origin === 'default' ? 'default' : `set (default: ${fallback})`,
      used ? meaning : `(not with this scheme) ${meaning}`,
    ]);
    output.print(table(['  VALUE', 'IS', 'ORIGIN', 'MEANING'], rows));
    output.print('');
    printRollovers(output, rollovers);
  });
}

/** How long each rollover takes, and the sum that it is. */
function printRollovers(output: Output, rollovers: readonly PolicyRollover[]): void {
  output.print('  how long it takes at least, the time of the parent not counted:');
  const rows = rollovers.map(({ type, method, seconds, parentActs }) => [
    `    ${ROLLOVER_WORDS[type] ?? type}`,
    type === method ? '-' : method,
    formatDuration(seconds),
    parentActs === 0 ? '-' : counted(parentActs, 'time'),
  ]);
  output.print(table(['    ROLLOVER', 'METHOD', 'AT LEAST', 'PARENT ACTS'], rows));
  for (const { type, steps } of rollovers) {
    output.print(`  ${ROLLOVER_WORDS[type] ?? type}:`);
    for (const { words, seconds, parent, because } of steps) {
      const how = parent ? 'parent' : formatDuration(seconds);
      output.print(`    ${how.padEnd(10)} ${words}${parent ? '' : `: ${because}`}`);
    }
  }
}

/** `policy check`. */
export function printPolicyCheck(output: Output, { policies }: PolicyCheck): void {
  for (const { policy, zones, rollovers, findings } of policies) {
    const isBad = findings.some(({ severity }) => severity === 'error');
    const level = isBad ? 'error' : findings.length > 0 ? 'warn' : 'ok';
    const followers = zones === 0 ? '' : `, followed by ${counted(zones, 'zone')}`;
    output.print(marked(output, level, `policy ${policy}${followers}: ${severityWords(findings)}`));
    const sums = rollovers.map(
      ({ type, seconds }) => `${ROLLOVER_WORDS[type] ?? type} ${formatDuration(seconds)}`,
    );
    output.print(`  takes at least: ${sums.join(', ')}`);
    for (const { severity, code, key, zone, message } of findings) {
      const about = zone === null ? key : `${zone} ${key}`;
      output.print(
        `  ${marked(output, severity === 'error' ? 'error' : 'warn', `${about}: ${message} [${code}]`)}`,
      );
    }
  }
}

/** `policy simulate`. */
export function printSimulation(output: Output, result: PolicySimulation): void {
  const { policy, zone, set, rows, rollovers, from, until, parentDelay, zoneTtl, notes } = result;
  const who = zone === null ? 'a new zone' : zone;
  const changes = set.length === 0 ? '' : ` with ${set.join(', ')}`;
  output.print(`${who} under policy ${policy}${changes}, from ${from} to ${until}; nothing is changed`);
  const lines = rows.map((row) => [row.at, ...planCells(row), row.until ?? '-']);
  output.print(table(['FROM', ...PLAN_HEAD, 'UNTIL'], lines));
  printReasons(output, rows);
  output.print(`  ${sumOf(result)}`);
  if (rollovers.some(({ doneAt }) => doneAt === null)) output.print('  the last one is not done by then');
  const assumed = `the parent acts ${formatDuration(parentDelay)} after it is asked`;
  output.print(`  assumed: ${assumed}; the largest TTL of the zone is ${formatDuration(zoneTtl)}`);
  for (const note of notes) output.print(`  ${marked(output, 'warn', note)}`);
}

/** Why rows last as long as they do: each step of each kind once, for they repeat themselves. */
function printReasons(output: Output, rows: PolicySimulation['rows']): void {
  const reasons = new Map<string, string[]>();
  for (const { step, because } of rows) {
    const why = because.join('; ');
    // Dates are of one rollover, and the reasons those of all of its kind.
    const id = `${step} ${why.replace(/\d{4}-[\d-]+T[\d:]+Z/g, '')}`;
    if (because.length > 0 && !reasons.has(id)) reasons.set(id, [`  ${step ?? '-'}`, why]);
  }
  output.print(table(['  STEP', 'WAITS FOR'], [...reasons.values()]));
}

function sumOf({ rollovers, rows }: PolicySimulation): string {
  const types = [...new Set(rollovers.map(({ type }) => type))];
  const counts = types.map((type) =>
    counted(rollovers.filter((one) => one.type === type).length, `${type} rollover`),
  );
  const acts = rollovers.reduce((sum, { parentActs }) => sum + parentActs, 0);
  const most = Math.max(0, ...rows.map(({ dnskey }) => dnskey.length));
  const what = counts.length === 0 ? 'no rollover' : counts.join(', ');
  return `${what}; the parent acts ${counted(acts, 'time')} for them; at most ${counted(most, 'key')} at once`;
}
