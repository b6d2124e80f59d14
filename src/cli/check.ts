/** `keyturn zone check`: everything that is wrong with zone files, without a server. */
import fs from 'node:fs';
import path from 'node:path';
import { counted, type Diagnostic, formatDiagnostic, hasErrors, severityWords } from '../base/diagnostic.ts';
import { SCHEMA_VERSION } from '../control/operation.ts';
import { loadZone } from '../daemon/loadzone.ts';
import type { LoadOutcome } from '../daemon/messages.ts';
import { problemOfFault } from '../daemon/problem.ts';
import {
  isHashedName,
  isZoneFileName,
  originOfFileName,
  originOfHead,
  zoneFileName,
} from '../store/zonename.ts';
import { formatName, lowerName, type Name, parseName } from '../wire/name.ts';
import { ZoneImage } from '../zone/image.ts';
import type { Output } from './output.ts';

const LIMIT_OCTETS = 2 ** 32 - 1;
const SEED = 0;

/** The verdict on one file. */
interface Verdict {
  readonly file: string;
  readonly zone: string | null;
  readonly serial: number | null;
  readonly records: number | null;
  readonly diagnostics: readonly Diagnostic[];
}

/** Checks files and reports; returns the exit code: 0 if they would be served, 1 if not. */
export function checkFiles(
  files: readonly string[],
  options: { readonly origin?: string | undefined; readonly json: boolean },
  output: Output,
): number {
  const verdicts = files.map((file) => checkFile(fileOf(file), options.origin));
  const isGood = verdicts.every((verdict) => !hasErrors(verdict.diagnostics));
  if (options.json) {
    output.print(JSON.stringify({ schema_version: SCHEMA_VERSION, ok: isGood, files: verdicts }));
  } else {
    for (const verdict of verdicts) report(verdict, output);
  }
  return isGood ? 0 : 1;
}

/** The file itself, or that of the zone in `zones/` if a zone was named. */
function fileOf(named: string): string {
  if (fs.existsSync(named)) return named;
  const origin = parseName(named.endsWith('.') ? named : `${named}.`);
  const ofZone = typeof origin === 'string' ? named : path.join('zones', zoneFileName(origin));
  return fs.existsSync(ofZone) ? ofZone : named;
}

function checkFile(file: string, originText: string | undefined): Verdict {
  const nothing = { file, zone: null, serial: null, records: null };
  const origin = originOf(file, originText);
  if (typeof origin === 'string') {
    const diagnostic = {
      ...{ severity: 'error' as const, code: 'ZONE_FILE_NAME', message: `its zone is not known: ${origin}` },
      ...{ file, line: 0, column: 0, fix: 'name the zone with --origin' },
    };
    return { ...nothing, diagnostics: [diagnostic] };
  }
  const zone = formatName(origin);
  const outcome = loadFile(file, origin);
  if (outcome.kind === 'fault') {
    return { ...nothing, zone, diagnostics: problemOfFault(outcome.fault, file).diagnostics };
  }
  if (outcome.kind !== 'loaded') {
    return { ...nothing, zone, diagnostics: outcome.kind === 'broken' ? outcome.diagnostics : [] };
  }
  const image = ZoneImage.open(outcome.image);
  return { file, zone, serial: image.serial, records: image.recordCount, diagnostics: outcome.diagnostics };
}

/** Loads the file as the server would; what it includes must be in its directory or below. */
export function loadFile(file: string, origin: Name): LoadOutcome {
  const directory = fs.existsSync(file) ? fs.realpathSync(path.dirname(file)) : path.dirname(file);
  return loadZone({
    directory,
    file,
    origin,
    limitOctets: LIMIT_OCTETS,
    expected: undefined,
    isFresh: false,
    servedDigest: undefined,
    seed: SEED,
    denial: { mode: 'nsec', optOut: false },
  });
}

function originOf(file: string, text: string | undefined): Name | string {
  if (text !== undefined) {
    const name = parseName(text.endsWith('.') ? text : `${text}.`);
    return typeof name === 'string' ? `"${text}" is no domain name (${name})` : lowerName(name);
  }
  const name = path.basename(file);
  if (!isZoneFileName(name)) return `the file is not named after it, like example.com.zone`;
  if (!isHashedName(name)) return originOfFileName(name);
  const head = fs.existsSync(file) ? fs.readFileSync(file, 'latin1').slice(0, 8_192) : '';
  return originOfHead(head) ?? 'the file does not begin with $ORIGIN';
}

function report(verdict: Verdict, output: Output): void {
  for (const diagnostic of verdict.diagnostics) output.print(formatDiagnostic(diagnostic));
  const what =
    verdict.serial === null
      ? 'would not be served'
      : `zone ${verdict.zone} serial ${verdict.serial}, ${counted(verdict.records ?? 0, 'record')}`;
  output.print(`${verdict.file}: ${what}: ${severityWords(verdict.diagnostics)}`);
}
