/** A draft of a zone file is loaded here, and compared here with what the server exports: the server reads no file. */
import { diffFrom } from '../control/diff.ts';
import { originOf } from '../control/find.ts';
import { OperationError, SCHEMA_VERSION } from '../control/operation.ts';
import { checkParams, optionWord } from '../control/parameters.ts';
import { formatName, type Name } from '../wire/name.ts';
import { compileZone } from '../zone/compile.ts';
import { ZoneImage } from '../zone/image.ts';
import { ZoneRecords } from '../zone/records.ts';
import { parseZoneFile } from '../zonefile/parser.ts';
import { loadFile } from './check.ts';
import { diffExit, printDiff } from './diff-output.ts';
import type { Runner } from './runner.ts';

const SEED = 0;

/** Compares and prints. Throws OperationError. */
export async function diffDraft(file: string, given: object, runner: Runner): Promise<void> {
  const { zone, limit } = checkParams('zone.diff', given, optionWord);
  const origin = originOf(zone);
  const served = await servedImage(origin, runner);
  const draft = { path: file, outcome: loadFile(file, origin) };
  const diff = await diffFrom({ name: formatName(origin), served }, draft, limit);
  runner.show({ schema_version: SCHEMA_VERSION, ...diff }, () => printDiff(runner.output, diff));
  runner.exitCode = diffExit(diff);
}

/** What is served of a zone; undefined if it is known and not served. Throws OperationError. */
async function servedImage(origin: Name, runner: Runner): Promise<ZoneImage | undefined> {
  const name = formatName(origin);
  const parts: Buffer[] = [];
  try {
    await runner.stream('zone.export', { zone: name }, (part) => parts.push(part));
  } catch (error) {
    if (error instanceof OperationError && error.code === 'ZONE_NOT_SERVED') return undefined;
    throw error;
  }
  const text = Buffer.concat(parts);
  const records = new ZoneRecords(text.length);
  parseZoneFile(text, { file: name, origin }, records);
  const { image } = compileZone(records, origin, { seed: SEED, nsec: false });
  if (image !== undefined) return ZoneImage.open(image);
  throw new OperationError('DATA_WRONG', 'OPERATION_FAILED', `what the server exports of ${name} is no zone`);
}
