/**
 * `key.import`: reads the keys of another signer, says what would be served with them and whether what is served now
 * would stay covered, and makes them those of the zone. Refused is what would take a served DNSKEY away at once.
 */
import path from 'node:path';
import type { FileStore, Random } from '../base/ports.ts';
import type { UnixSeconds } from '../base/time.ts';
import { problemOfError } from '../daemon/problem.ts';
import type { Zone } from '../daemon/zone.ts';
import { dnskeyRdata, keyTag, readDnskey } from '../dnssec/dnskey.ts';
import { compareRdata } from '../dnssec/rrsig.ts';
import type { Key } from '../kasp/key.ts';
import { next } from '../kasp/next.ts';
import type { Policy } from '../kasp/policy.ts';
import { dnskeySet, dnskeySigners, zoneSigners } from '../kasp/records.ts';
import type { ZoneState } from '../kasp/zonestate.ts';
import { keysOf } from '../kasp/zonestate.ts';
import { type Config, policyOf } from '../store/config.ts';
import { keyId } from '../store/create.ts';
import { readForeignKeys } from '../store/import-read.ts';
import { type SettledKey, servedRecord, settleKeys } from '../store/import-roles.ts';
import { adoptedState } from '../store/import-state.ts';
import { type ImportTarget, probeKeys, refusePresent, writeImport } from '../store/import-write.ts';
import { KeystoreError } from '../store/keypairs.ts';
import { zoneKeysPath } from '../store/keystore.ts';
import { formatName } from '../wire/name.ts';
import { currentCaller } from './caller.ts';
import type { RolloverContext } from './carry-out.ts';
import { algorithmName, keySummary } from './describe.ts';
import { originOf } from './find.ts';
import type { KeyImport } from './key-shapes.ts';
import { type FailureKind, OperationError } from './operation.ts';
import type { Params } from './operations.ts';

export interface KeyContext extends RolloverContext {
  readonly config: Config;
  readonly files: FileStore;
  readonly random: Random;
}

/** Keys that would do, and the state that they make. */
interface Prepared {
  readonly settled: readonly SettledKey[];
  readonly zoneState: ZoneState;
  /** After the steps that would be taken at once. */
  readonly served: ZoneState;
  readonly notes: readonly string[];
}

/** For which answers that caches have of the zone the preview reckons, in seconds; nothing is decided by it. */
const PREVIEW_NEGATIVE_TTL = 3_600;

/** Imports keys, or says what that would do. Throws OperationError. */
export async function importKeys(context: KeyContext, params: Params<'key.import'>): Promise<KeyImport> {
  const { clock, config, files, random, zones } = context;
  const origin = originOf(params.zone);
  const zone = zones.find(origin);
  const now = clock.now();
  const { policy } = policyOf(config, origin);
  const target = { files, random, keysDirectory: config.keysDirectory, origin, policy, now };
  const served = servedNow(zone, params.served);
  const prepared = await importErrors(() => prepare(target, params, served));
  const report = reportOf(target, params, prepared, served);
  if (params.dryRun) return report;
  if (report.covered === false && params.forceUnsafe === undefined) throw uncovered(report);
  await importErrors(() => write(target, params, prepared));
  return { ...report, loaded: await load(context, zone) };
}

function prepare(
  target: ImportTarget,
  params: Params<'key.import'>,
  served: readonly Uint8Array[] | undefined,
): Prepared {
  const { files, random, origin, policy, now } = target;
  refusePresent(target);
  const relative = params.path.find((one) => !path.isAbsolute(one));
  if (relative !== undefined) {
    throw new OperationError(
      'USAGE_WRONG',
      'PATH_RELATIVE',
      `${relative} is no absolute path; the server has a directory of its own`,
      'begin it with a slash; keyturn key import does so by itself',
    );
  }
  const foreign = readForeignKeys(params.path, { files, origin, now, format: params.format });
  const { keys: settled, notes } = settleKeys(foreign.keys, { served, words: params.roles ?? [], now });
  if (settled.length === 0) {
    const why = [...foreign.notes, ...notes].join('; ');
    throw new KeystoreError('KEYS_INACTIVE', `none of the keys is in use: ${why}`);
  }
  probeKeys(settled, random);
  const zoneState = adoptedState(settled, {
    policy,
    now,
    servedTtl: params.servedTtl ?? null,
    newId: () => keyId(random),
  });
  return {
    settled,
    zoneState,
    served: preview(zoneState, policy, now),
    notes: [...foreign.notes, ...notes],
  };
}

/** The state after the steps that are taken when the zone is loaded. */
function preview(state: ZoneState, policy: Policy, now: UnixSeconds): ZoneState {
  const facts = { maxTtl: state.zoneTtl.current, negativeTtl: PREVIEW_NEGATIVE_TTL };
  return next(state, facts, policy, now).zoneState;
}

async function write(
  target: ImportTarget,
  params: Params<'key.import'>,
  { settled, zoneState }: Prepared,
): Promise<void> {
  const event = {
    ...{ kind: 'order', order: 'key import', by: currentCaller() },
    tags: zoneState.keys.map(({ tag }) => tag).join(', '),
    from: settled.map(({ source }) => source).join(', '),
    ...(params.forceUnsafe === undefined ? {} : { forceUnsafe: params.forceUnsafe }),
  };
  await writeImport(target, settled, zoneState, event);
}

async function load({ zones }: KeyContext, zone: Zone | undefined): Promise<KeyImport['loaded']> {
  if (zone === undefined) return null;
  await zones.reload(zone.origin);
  const problem = zone.problem ?? zone.signingProblem;
  return problem === undefined
    ? { outcome: 'served', message: null }
    : { outcome: 'failed', message: `${problem.message} [${problem.code}]` };
}

// ---- What is served now ----

/** DNSKEY records that came with the zone file or that somebody saw; undefined if nobody looked. */
function servedNow(zone: Zone | undefined, told: readonly string[] | undefined): Uint8Array[] | undefined {
  const fromFile = zone?.foreign?.foreignKeys ?? [];
  const looked = (told ?? []).map(rdataOf);
  const all = [...fromFile, ...looked];
  if (all.length === 0 && told === undefined) return undefined;
  return all.filter((rdata, index) => all.findIndex((other) => compareRdata(rdata, other) === 0) === index);
}

/** `257 3 13 BASE64`, as the table of operations has checked. */
function rdataOf(text: string): Uint8Array {
  const [flags, , algorithm, ...base64] = text.split(' ');
  const publicKey = Uint8Array.from(Buffer.from(base64.join(''), 'base64'));
  return dnskeyRdata(Number(flags), Number(algorithm), publicKey);
}

// ---- Reports ----

function reportOf(
  { keysDirectory, origin }: ImportTarget,
  params: Params<'key.import'>,
  { settled, zoneState, served: after, notes }: Prepared,
  served: readonly Uint8Array[] | undefined,
): KeyImport {
  const zone = formatName(origin);
  const dnskeys = dnskeySet(after.keys);
  const stays = (rdata: Uint8Array) => dnskeys.some((own) => compareRdata(own, rdata) === 0);
  const rows = served?.map((rdata) => ({ ...recordOf(rdata), stays: stays(rdata) })) ?? null;
  const { rollover } = after;
  const tagsOf = (keys: readonly Key[]) => keys.map(({ tag }) => tag);
  return {
    zone,
    dryRun: params.dryRun,
    keys: after.keys.map((key, index) => ({
      ...keySummary(key),
      algorithmName: algorithmName(key.algorithm),
      source: settled[index]!.source,
      served: served === undefined ? null : servedRecord(key, served) !== undefined,
    })),
    served: rows,
    covered: rows === null ? null : rows.every((row) => row.stays),
    wouldServe: {
      dnskey: dnskeys.map(recordOf),
      keySigners: tagsOf(dnskeySigners(after.keys)),
      zoneSigners: tagsOf(zoneSigners(after.keys)),
    },
    rollover:
      rollover === null
        ? null
        : {
            ...{ type: rollover.type, method: rollover.method },
            incoming: tagsOf(keysOf(zoneState, rollover.incoming)),
            outgoing: tagsOf(keysOf(zoneState, rollover.outgoing)),
          },
    delegation: zoneState.delegation,
    notes: [...notes],
    path: zoneKeysPath(keysDirectory, origin),
    loaded: null,
    command: params.dryRun ? null : `keyturn key list ${zone}`,
  };
}

function recordOf(rdata: Uint8Array): { tag: number; flags: number; algorithm: number } {
  const { flags = 0, algorithm = 0 } = readDnskey(rdata) ?? {};
  return { tag: keyTag(rdata), flags, algorithm };
}

function uncovered({ zone, served }: KeyImport): OperationError {
  const gone = (served ?? []).filter(({ stays }) => !stays).map(({ tag }) => tag);
  return new OperationError(
    'REFUSED',
    'KEYS_UNCOVERED',
    `${zone} is served with keys that would go at once (${gone.join(', ')}); validators may rely on them`,
    'import these as well, or let the old signer remove them first',
  );
}

// ---- Errors ----

const KINDS: Readonly<Record<string, FailureKind>> = {
  KEYS_PRESENT: 'REFUSED',
  KEY_ROLES: 'USAGE_WRONG',
  KEYS_NOT_FOUND: 'NO_SUCH_OBJECT',
};

const FIXES: Readonly<Record<string, string>> = {
  KEYS_PRESENT:
    'if nobody relies on these, take the zone file away, move them elsewhere, import, put the file back',
  KEY_ROLES:
    'say --roles csk, ksk or zsk, one for each file with commas, or --served-by ADDRESS of the old server',
  KEY_UNREADABLE: 'let the user that runs the server read it, or copy it where that user can',
  KEYS_NOT_FOUND: 'name key files, or a directory that holds them, as the server sees it',
};

/** Turns the errors of keys and disks into those of the operation, with what to do about them. */
async function importErrors<T>(act: () => T | Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof OperationError) throw error;
    const { code, message } = problemOfError(error, '');
    const kind = KINDS[code] ?? 'DATA_WRONG';
    const fix = FIXES[code] ?? 'see to that and try again; nothing was changed';
    throw new OperationError(kind, code, message, fix);
  }
}
