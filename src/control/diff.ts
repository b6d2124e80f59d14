/** `zone.diff`: the file of a zone as it is now, against what is served. Changes nothing. */
import fs from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import type { LoadQueue } from '../daemon/loadqueue.ts';
import type { LoadOutcome } from '../daemon/messages.ts';
import { problemOfFault } from '../daemon/problem.ts';
import type { Zone } from '../daemon/zone.ts';
import { formatRdata } from '../rdata/text.ts';
import type { Config } from '../store/config.ts';
import { formatType } from '../wire/iana.ts';
import { formatName } from '../wire/name.ts';
import { compareImages, type ImageChange } from '../zone/diff.ts';
import { ZoneImage } from '../zone/image.ts';
import type { ZoneChange, ZoneDiff } from './diff-shapes.ts';

/** RFC 1982 §3.2: serials are compared modulo 2^32. */
const HALF = 0x8000_0000;

export interface DiffContext {
  readonly config: Config;
  readonly loads: Pick<LoadQueue, 'load'>;
}

/** Loads the file without serving it, and compares; at most `limit` changes are listed. */
export async function diffOf(context: DiffContext, zone: Zone, limit: number): Promise<ZoneDiff> {
  const file = { path: zone.path, outcome: await load(context, zone) };
  return diffFrom({ name: zone.name, served: zone.served?.image }, file, limit);
}

/** Compares what is served of a zone with a file that was loaded, or was to be. */
export async function diffFrom(
  { name, served }: { readonly name: string; readonly served: ZoneImage | undefined },
  { path, outcome }: { readonly path: string; readonly outcome: LoadOutcome },
  limit: number,
): Promise<ZoneDiff> {
  const nothing = { added: 0, removed: 0, retimed: 0, changes: [], more: 0, notes: [] };
  const common = { zone: name, served: served === undefined ? null : sideOf(served) };
  if (outcome.kind !== 'loaded') {
    return { ...common, ...nothing, outcome: 'rejected', file: null, diagnostics: faultsOf(outcome, path) };
  }
  const image = ZoneImage.open(outcome.image);
  const counts = await countChanges(served, image, limit);
  const isSame = counts.added + counts.removed + counts.retimed === 0;
  return {
    ...common,
    ...counts,
    outcome: isSame ? 'same' : 'different',
    file: sideOf(image),
    notes: isSame || served === undefined ? [] : serialNotes(served.serial, image.serial),
    diagnostics: [...outcome.diagnostics],
  };
}

function load({ config, loads }: DiffContext, zone: Zone): Promise<LoadOutcome> {
  return loads.load({
    directory: fs.realpathSync(config.zonesDirectory),
    file: zone.path,
    origin: zone.origin,
    limitOctets: config.maxZoneFileOctets,
    expected: undefined,
    isFresh: false,
    servedDigest: undefined,
    seed: 0,
    denial: null,
    ...zone.contentRules,
  });
}

function faultsOf(outcome: Exclude<LoadOutcome, { kind: 'loaded' }>, path: string): ZoneDiff['diagnostics'] {
  if (outcome.kind === 'fault') return [...problemOfFault(outcome.fault, path).diagnostics];
  return outcome.kind === 'broken' ? [...outcome.diagnostics] : [];
}

function sideOf({ serial, recordCount }: ZoneImage): { serial: number; records: number } {
  return { serial, records: recordCount };
}

/** What changed, counted and listed; others have their turn meanwhile. */
export async function countChanges(
  before: ZoneImage | undefined,
  after: ZoneImage,
  limit: number,
): Promise<Pick<ZoneDiff, 'added' | 'removed' | 'retimed' | 'changes' | 'more'>> {
  const counts = { added: 0, removed: 0, retimed: 0 };
  const changes: ZoneChange[] = [];
  let more = 0;
  for (const change of compareImages(before, after)) {
    if (change === undefined) {
      await setImmediate();
      continue;
    }
    counts[change.kind]++;
    if (changes.length < limit) changes.push(wordsOf(change));
    else more++;
  }
  return { ...counts, changes, more };
}

function wordsOf(change: ImageChange): ZoneChange {
  const { image, rrset, kind } = change;
  const type = image.type(rrset);
  const common = {
    change: kind,
    name: formatName(image.u8, image.nameAt(image.owner(rrset))),
    type: formatType(type),
    ttl: image.ttl(rrset),
  };
  if (kind === 'retimed') return { ...common, ttlBefore: change.ttlBefore, data: null };
  return { ...common, ttlBefore: null, data: formatRdata(type, image.u8, change.at, change.octets) };
}

function serialNotes(before: number, after: number): string[] {
  const ahead = (after - before) >>> 0;
  if (ahead === 0) {
    return [`records differ and the serial is ${after} in both: secondaries will not notice (RFC 1982)`];
  }
  if (ahead < HALF) return [];
  return [`the serial goes back from ${before} to ${after}: secondaries will not take it (RFC 1982)`];
}
