/** `dnsviz` and `zonemaster-cli` in a tree of our zones: how they are run, and what they found, as plain text. */
import { readFileSync, writeFileSync } from 'node:fs';
import { namesIn, type OutsideTree } from './outside-tree.ts';
import { getPeer } from './peers.ts';
import type { Output, Workplace } from './processes.ts';

const WITHIN_MS = 100_000;

/** What a tester found in a zone. */
export interface TesterReport {
  /** Lines that begin with a level, worst of all tests first in neither order. */
  readonly findings: readonly string[];
  /** How many things were looked at. */
  readonly looked: number;
  /** All that it printed. */
  readonly text: string;
}

function mustEnd({ code, signal, stdout, stderr }: Output, what: string): string {
  if (code === 0) return stdout;
  throw new Error(`${what} ended with ${code ?? signal}\n${stderr.slice(-2_000)}\n${stdout.slice(-2_000)}`);
}

/** All tests of zonemaster for a zone; messages of level NOTICE and worse are findings. */
export async function runZonemaster(
  tree: OutsideTree,
  origin: string,
  workplace: Workplace,
  ...more: string[]
): Promise<TesterReport> {
  const hints = workplace.at('hints');
  writeFileSync(hints, tree.hints);
  const fixed = ['--hints', hints, '--level', 'INFO', '--no-progress', '--show-module', '--show-testcase'];
  const args = [origin.slice(0, -1), ...fixed, '--locale', 'C.UTF-8', ...more];
  const output = await tree.run(getPeer('zonemaster-cli'), args, WITHIN_MS);
  const text = mustEnd(output, `zonemaster-cli ${origin}`);
  const rows = text.split('\n').filter((line) => /^ *\d+\.\d+ [A-Z]/.test(line));
  const findings = rows.map((line) => line.trim()).filter((line) => !/^\S+ INFO /.test(line));
  return { findings, looked: rows.length, text };
}

/** dnsviz 0.9.4 asks pygraphviz for its version in a way that pygraphviz 1.7 of the same Debian has no more. */
const DNSVIZ_OF_DEBIAN = `
import runpy, sys, types, pygraphviz
if not hasattr(pygraphviz, 'release'):
    pygraphviz.release = types.SimpleNamespace(version=pygraphviz.__version__)
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name='__main__')
`;

/** Asks all servers of the tree about names of these zones; returns the file with what they said. */
export async function probe(
  tree: OutsideTree,
  origins: readonly string[],
  workplace: Workplace,
): Promise<string> {
  const file = workplace.at('probe.json');
  const where = ['-x', `.:${tree.rootServers.join(',')}`, '-a', '.'];
  const args = ['probe', '-A', '-E', ...where, '-o', file, ...origins.flatMap(namesIn)];
  mustEnd(await tree.run(getPeer('dnsviz'), args, WITHIN_MS), 'dnsviz probe');
  return file;
}

/** Judges a probe with `anchor` (DNSKEY records) as trust anchor. Errors, warnings, and what is not valid are findings. */
export async function grok(
  tree: OutsideTree,
  probed: string,
  anchor: string,
  workplace: Workplace,
): Promise<TesterReport> {
  const [keys, file] = [workplace.at('anchor'), workplace.at('grok.json')];
  writeFileSync(keys, anchor);
  const judge = ['grok', '-C', '-l', 'info', '-r', probed, '-t', keys, '-o', file];
  const args = ['-c', DNSVIZ_OF_DEBIAN, getPeer('dnsviz'), ...judge];
  mustEnd(await tree.run('/usr/bin/python3', args, WITHIN_MS), 'dnsviz grok');
  const text = readFileSync(file, 'utf8');
  const statuses: string[] = [];
  const findings: string[] = [];
  collect(JSON.parse(text) as Json, '', { statuses, findings });
  return { findings, looked: statuses.length, text };
}

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** What grok says of answers, signatures, keys, DS and zones that are as they should be. */
const GOOD = new Set(['NOERROR', 'NXDOMAIN', 'NODATA', 'SECURE', 'VALID']);

function collect(value: Json, at: string, into: { statuses: string[]; findings: string[] }): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, part] of Object.entries(value as Record<string, Json>)) {
    if (key === 'errors' || key === 'warnings') {
      for (const one of part as readonly Json[])
        into.findings.push(`${key} at ${at}: ${JSON.stringify(one)}`);
    } else if (key === 'status' && typeof part === 'string') {
      into.statuses.push(part);
      if (!GOOD.has(part)) into.findings.push(`status at ${at}: ${part}`);
    } else collect(part, `${at}/${key}`, into);
  }
}
