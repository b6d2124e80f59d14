/** How keys look: a line for each record, what it waits for, and what an import would do. */
import type { KeyDetail, KeyImport, KeyList, KeyShown } from '../control/key-shapes.ts';
import { FAILURE } from '../control/operation.ts';
import { keyWord } from '../control/words.ts';
import { arrow, marked, type Output, table } from './output.ts';

const HEAD = ['TAG', 'ROLE', 'ALGORITHM', 'GOAL', 'RECORD', 'STATE', 'SINCE', 'NEXT'];

/** `key list`. */
export function printKeys(output: Output, { zone, keys }: KeyList): void {
  if (keys.length === 0) {
    output.note(`${zone} has no keys`);
    return;
  }
  const rows = keys.flatMap((key) => rowsOf(output, key));
  output.print(table(HEAD, rows));
  for (const { tag, file } of keys) output.print(`key ${tag}: ${file}`);
}

/** A line for each record of a key; the first one says whose they are. */
function rowsOf(output: Output, key: KeyDetail): string[][] {
  const whose = [String(key.tag), keyWord(key), key.algorithmName, key.goal === 'IN' ? 'stays' : 'goes'];
  const records = Object.entries(key.records).flatMap(([name, record]) =>
    record === null ? [] : [[name, record.state, record.since, nextWords(output, record)]],
  );
  return records.map((cells, index) => [...(index === 0 ? whose : ['', '', '', '']), ...cells]);
}

type KeyRecord = NonNullable<KeyDetail['records']['dnskey']>;

function nextWords(output: Output, { next }: KeyRecord): string {
  if (next === null) return '-';
  const when = next.at === null ? '' : ` at ${next.at}`;
  return `${arrow(output)} ${next.to}${when}`;
}

/** `key show`. */
export function printKey(output: Output, { zone, key }: KeyShown): void {
  const line = (name: string, value: string | null) => {
    if (value !== null) output.print(`  ${name.padEnd(14)} ${value}`);
  };
  const goal = key.goal === 'IN' ? 'stays' : 'goes';
  output.print(`${zone} key ${key.tag}: ${keyWord(key)}, ${key.algorithmName}, flags ${key.flags}, ${goal}`);
  line('id', key.id);
  line('file', key.file);
  line('made', key.createdAt);
  line('published', key.publishedAt ?? 'never');
  if (key.predecessor !== null) line('replaces', `key ${key.predecessor}`);
  if (key.successor !== null) line('replaced by', `key ${key.successor}`);
  for (const [name, record] of Object.entries(key.records)) {
    if (record === null) continue;
    line(name, `${record.state} since ${record.since}`);
    const because = key.history.findLast((one) => one.record === name)?.because;
    if (because !== undefined) line('', because);
    if (record.next !== null) line('', `${nextWords(output, record)}: ${record.next.because}`);
  }
  const { seenAllAt, goneAllAt } = key.dsObservation;
  if (seenAllAt !== null) line('DS seen', `on all servers of the parent since ${seenAllAt}`);
  if (goneAllAt !== null) line('DS gone', `from all servers of the parent since ${goneAllAt}`);
  output.print(`${zone} IN DNSKEY ${key.dnskeyRdata}`);
  for (const rdata of key.dsRdata) output.print(`${zone} IN DS ${rdata}`);
}

/** A dry run that would be refused ends as the refusal would; keys that are there but not served are data that is wrong. */
export function importExit({ dryRun, covered, loaded }: KeyImport): number {
  if (dryRun) return covered === false ? FAILURE.REFUSED.exit : 0;
  return loaded?.outcome === 'failed' ? FAILURE.DATA_WRONG.exit : 0;
}

/** `key import`. */
export function printImport(output: Output, result: KeyImport): void {
  const { zone, keys, covered, served, rollover, wouldServe, dryRun } = result;
  const rows = keys.map((key) => [
    ...[String(key.tag), keyWord(key), key.algorithmName, key.goal === 'IN' ? 'stays' : 'goes'],
    ...[key.dnskey ?? '-', key.krrsig ?? '-', key.zrrsig ?? '-', key.ds ?? '-', key.source],
  ]);
  output.print(table(['TAG', 'ROLE', 'ALGORITHM', 'GOAL', 'DNSKEY', 'KRRSIG', 'ZRRSIG', 'DS', 'FROM'], rows));
  for (const words of result.notes) output.print(`  ${marked(output, 'warn', words)}`);
  for (const { tag, stays } of served ?? []) {
    const words = `key ${tag} is served now and ${stays ? 'stays' : 'would go'}`;
    output.print(`  ${marked(output, stays ? 'ok' : 'error', words)}`);
  }
  if (covered === null) {
    const words = 'nobody looked at what is served now: name the old server with --served-by';
    output.print(`  ${marked(output, 'warn', words)}`);
  }
  const tags = wouldServe.dnskey.map(({ tag }) => tag).join(', ');
  const verb = dryRun ? 'would be' : 'is';
  output.print(`  DNSKEY ${verb} ${tags || 'none'}, signed by ${wouldServe.keySigners.join(', ') || 'none'}`);
  output.print(`  zone data ${verb} signed by ${wouldServe.zoneSigners.join(', ') || 'none'}`);
  if (rollover !== null) {
    const { type, method, incoming, outgoing } = rollover;
    const pair = `${outgoing.join(', ')} ${arrow(output)} ${incoming.join(', ')}`;
    output.print(`  the ${type} rollover ${pair} goes on (${method})`);
  }
  output.print(`  ${outcomeOf(output, result)}`);
  if (result.command !== null) output.print(`  next: ${result.command}`);
  if (dryRun)
    output.note(`nothing was changed of ${zone}${covered === false ? '' : '; run it without --dry-run'}`);
}

function outcomeOf(output: Output, { zone, dryRun, loaded, path, covered }: KeyImport): string {
  if (dryRun) {
    return covered === false
      ? marked(output, 'error', 'it would be refused')
      : marked(output, 'ok', `the keys can be imported into ${path}`);
  }
  if (loaded === null)
    return marked(output, 'ok', `the keys are in ${path}; put the file of ${zone} into the zones directory`);
  if (loaded.outcome === 'served')
    return marked(output, 'ok', `the keys are in ${path}; ${zone} is served with them`);
  return marked(output, 'error', `the keys are in ${path}, but ${zone} is not served: ${loaded.message}`);
}
