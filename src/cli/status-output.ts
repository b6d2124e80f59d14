/** How the state of the server looks: what it does, how looks at parents do, and what needs a person. */
import type { StatusResult } from '../control/shapes.ts';
import { serverMemoryWords } from './memory-output.ts';
import { marked, type Output, printNeeds } from './output.ts';
import { printParents } from './parent-output.ts';

/** With compact denial: signatures for names that exist only because somebody asked, and what their budget cut. */
function printSynthesis(output: Output, counters: StatusResult['counters']): void {
  const of = (name: string): number => counters[name] ?? 0;
  const [made, reused] = [of('synthesizedMade'), of('synthesizedReused')];
  if (made + reused === 0) return;
  const over = `${of('budgetTruncated')} sent to TCP, ${of('budgetDropped')} dropped`;
  output.print(`  made-up names   ${made} signatures, ${reused} reused; over the budget: ${over}`);
}

/** What was not answered, or not as a whole, if there was any. */
function printAbuse(output: Output, counters: StatusResult['counters']): void {
  const of = (name: string): number => counters[name] ?? 0;
  const [limited, cut, bounced] = [of('rateLimited'), of('amplificationCut'), of('reflectedResponse')];
  if (limited + cut > 0) {
    const became = `${of('rateDropped')} dropped, ${of('rateTruncated')} sent to TCP; ${cut} too large`;
    output.print(`  rate limit      ${limited} answers over it: ${became}`);
  }
  const [port, address, self] = [of('reflectedPort'), of('reflectedAddress'), of('reflectedSelf')];
  if (port + address + self + bounced > 0) {
    output.print(
      `  not answered    ${bounced} responses, ${port + address + self} queries from where nobody asks`,
    );
  }
}

/** `status`. */
export function printStatus(output: Output, status: StatusResult): void {
  const { zones, counters, threads } = status;
  output.print(`keyturn ${status.version}, process ${status.pid}, since ${status.startedAt}`);
  output.print(`  listening on    ${status.listen.join(', ')}`);
  output.print(
    `  zones           ${zones.served} served, ${zones.stale} stale, ${zones.failed} failed, ${zones.held} held`,
  );
  const { queries = 0, responses = 0, signaturesMade = 0, signaturesReused = 0 } = counters;
  output.print(`  queries         ${queries}, answered ${responses}`);
  output.print(
    `  signatures      ${signaturesMade} made, ${signaturesReused} reused, ${counters.signaturesBad ?? 0} bad`,
  );
  output.print(`  memory          ${serverMemoryWords(status.memory)}`);
  printSynthesis(output, counters);
  printAbuse(output, counters);
  for (const { name, running, restarts } of threads) {
    if (running && restarts === 0) continue;
    output.print(`  thread ${name.padEnd(8)} ${running ? 'running' : 'down'}, restarted ${restarts} times`);
  }
  for (const { what, at } of status.due.slice(0, 5)) output.print(`  due             ${at} ${what}`);
  for (const { message, fix } of status.alarms)
    output.print(`${marked(output, 'error', message)}\n    fix: ${fix}`);
  for (const { zone, code, message, level, fix } of status.problems) {
    output.print(marked(output, level === 'critical' ? 'error' : 'warn', `${zone}: ${message} [${code}]`));
    output.print(`    fix: ${fix}`);
  }
  if (status.parents !== null) printParents(output, status.parents);
  printNeeds(output, status.needs);
  if (status.alarms.length + status.problems.length + status.needs.length === 0)
    output.print(marked(output, 'ok', 'nothing needs you'));
}
