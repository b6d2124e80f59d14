/** How health, events and the level of the log look. */
import { formatDuration } from '../base/time.ts';
import type { EventLine, Finding, HealthResult, LogLevelResult } from '../control/watch-shapes.ts';
import { marked, type Output, printNeeds } from './output.ts';

const MARKS = { ok: 'ok', warning: 'warn', critical: 'error' } as const;

/** `health`. */
export function printHealth(output: Output, health: HealthResult): void {
  const { level, zones, rollovers, signaturesLeft, needs, findings, more } = health;
  const fine = needs.length === 0 ? 'nothing needs a person' : 'nothing is wrong';
  const words = level === 'ok' ? fine : `${level}: ${findings.length + more} to see to`;
  output.print(marked(output, MARKS[level], words));
  output.print(
    `  zones           ${zones.served} served, ${zones.stale} stale, ${zones.failed} failed, ${zones.held} held`,
  );
  output.print(`  rollovers       ${rollovers.running} running, ${rollovers.stalled} stalled`);
  if (signaturesLeft !== null) output.print(`  signatures      the first expires ${inWords(signaturesLeft)}`);
  for (const finding of findings) printFinding(output, finding);
  if (more > 0) output.print(`  and ${more} more`);
  printNeeds(output, needs);
}

function printFinding(output: Output, { level, code, zone, message, fix }: Finding): void {
  const where = zone === null ? '' : `${zone}: `;
  output.print(marked(output, MARKS[level], `${where}${message} [${code}]`));
  output.print(`    fix: ${fix}`);
}

function inWords(left: number): string {
  return left > 0 ? `in ${formatDuration(left)}` : `${formatDuration(-left)} ago`;
}

// ---- Monitoring plugins ----

/** Exit codes of monitoring plugins, by level; 3 is "unknown". */
export const NAGIOS_EXIT = { ok: 0, warning: 1, critical: 2 } as const;
export const NAGIOS_UNKNOWN = 3;

/** One line and performance data, as Nagios, Icinga and their kin take it. */
export function nagiosLine({
  level,
  zones,
  rollovers,
  signaturesLeft,
  findings,
  more,
}: HealthResult): string {
  const [first] = findings;
  const where = first === undefined || first.zone === null ? '' : `${first.zone}: `;
  const others = findings.length + more - 1;
  const told =
    first === undefined
      ? `${zones.served} zones served`
      : `${where}${first.message} [${first.code}]${others > 0 ? `, and ${others} more` : ''}`;
  const data = [
    `zones=${zones.total}`,
    `served=${zones.served}`,
    `stale=${zones.stale}`,
    `failed=${zones.failed}`,
    `held=${zones.held}`,
    `rollovers=${rollovers.running}`,
    `stalled=${rollovers.stalled}`,
    ...(signaturesLeft === null ? [] : [`signatures_left=${signaturesLeft}s`]),
  ];
  return `KEYTURN ${level.toUpperCase()} - ${pluginText(told)} | ${data.join(' ')}`;
}

/** A bar would end the text, a line end the line. */
export function pluginText(text: string): string {
  return text.replace(/\|/g, '/').replace(/[\r\n]+/g, ' ');
}

// ---- Events, log ----

/** An event, as a line. */
export function eventText(line: EventLine): string {
  if (line.kind === 'missed') return `(${line.missed} events are missing here: they fell out of memory)`;
  const { at, zone, kind, message } = line as Exclude<EventLine, { kind: 'missed' }>;
  return `${at} ${zone ?? 'server'} ${kind}: ${message}`;
}

/** `log level`. */
export function printLogLevel(output: Output, { level, until, usual }: LogLevelResult): void {
  const back =
    until === null ? ', until it is changed or the server ends' : ` until ${until}, then ${usual} again`;
  output.print(marked(output, 'ok', `the log has level ${level}${back}`));
}
