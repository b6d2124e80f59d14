/** Key files written by the command line itself: keys of a zone for other programs, and new keys. */
import path from 'node:path';
import { FileStoreError } from '../base/ports.ts';
import { originOf } from '../control/find.ts';
import { OperationError, SCHEMA_VERSION } from '../control/operation.ts';
import { tag as tagSchema } from '../control/params.ts';
import { keyWord } from '../control/words.ts';
import { SYSTEM_CLOCK, SYSTEM_RANDOM } from '../daemon/ports.ts';
import { findAlgorithm, parseAlgorithm } from '../dnssec/algorithm.ts';
import type { Key } from '../kasp/key.ts';
import { createKeys } from '../store/create.ts';
import { type ExportFormat, exportKeys } from '../store/export-keys.ts';
import { DiskFileStore } from '../store/files.ts';
import { ROLES_OF } from '../store/import-key.ts';
import { keyFileBase } from '../store/keyfile.ts';
import { KeystoreError } from '../store/keypairs.ts';
import { StateError } from '../store/state.ts';
import type { RoleWord } from '../store/words.ts';
import { formatName } from '../wire/name.ts';
import { askBefore } from './ask.ts';
import type { Runner } from './runner.ts';

/** Options as commander gives them. */
export interface ExportFlags {
  readonly to: string;
  readonly key?: string;
  readonly format: ExportFormat;
  readonly private?: boolean;
  readonly keys?: string;
}

export interface GenerateFlags {
  readonly to: string;
  readonly algorithm: string;
  readonly role: RoleWord;
}

/** `key export ZONE --to DIR`. Throws OperationError. */
export async function exportCommand(zone: string, flags: ExportFlags, runner: Runner): Promise<void> {
  const origin = originOf(zone);
  const tag = flags.key === undefined ? undefined : tagOf(flags.key);
  const hasPrivate = flags.private === true;
  if (flags.format === 'pem' && !hasPrivate) {
    const fix = 'add --private, or leave --format out for the public halves';
    throw new OperationError('USAGE_WRONG', 'PRIVATE_MISSING', 'PEM files hold private halves alone', fix);
  }
  const name = formatName(origin);
  const to = path.resolve(flags.to);
  if (hasPrivate) {
    await askBefore(`whoever can read ${to} can sign as ${name}; the files are not encrypted`, runner);
  }
  const { format } = flags;
  const keysDirectory = path.resolve(flags.keys ?? path.dirname(runner.controlPath));
  const files = new DiskFileStore();
  const options = { files, keysDirectory, origin, now: SYSTEM_CLOCK.now(), to, format, tag, hasPrivate };
  const exported = await knownErrors(() => exportKeys(options));
  if (exported.length === 0) {
    throw new OperationError('NO_SUCH_OBJECT', 'NO_SUCH_KEY', `${name} has no key ${tag ?? ''}`.trim());
  }
  show(
    name,
    exported.map(({ key, files: written }) => ({ ...summaryOf(key), files: [...written] })),
    runner,
  );
}

/** `key generate ZONE --to DIR`. Throws OperationError. */
export async function generateCommand(zone: string, flags: GenerateFlags, runner: Runner): Promise<void> {
  const origin = originOf(zone);
  const algorithm = parseAlgorithm(flags.algorithm)?.number;
  if (algorithm === undefined) {
    const fix = 'name one like ECDSAP256SHA256, ECDSAP384SHA384 or ED25519';
    const message = `"${flags.algorithm}" is no algorithm to sign with`;
    throw new OperationError('USAGE_WRONG', 'ALGORITHM_UNKNOWN', message, fix);
  }
  const to = path.resolve(flags.to);
  const directory = { files: new DiskFileStore(), path: to, origin };
  const making = { random: SYSTEM_RANDOM, now: SYSTEM_CLOCK.now(), keys: [], tombstones: [] };
  const made = await knownErrors(() =>
    createKeys(directory, [{ roles: ROLES_OF[flags.role], algorithm }], making),
  );
  const written = made.map((key) => {
    const base = `${to}/${keyFileBase(origin, key.algorithm, key.tag)}`;
    return { ...summaryOf(key), files: [`${base}.key`, `${base}.private`] };
  });
  show(formatName(origin), written, runner);
}

interface WrittenKey {
  readonly tag: number;
  readonly role: string;
  readonly algorithm: number;
  readonly algorithmName: string;
  readonly flags: number;
  readonly files: readonly string[];
}

function summaryOf(key: Key): Omit<WrittenKey, 'files'> {
  const { tag, algorithm, flags } = key;
  return { tag, role: keyWord(key), algorithm, algorithmName: findAlgorithm(algorithm)!.mnemonic, flags };
}

function show(zone: string, keys: readonly WrittenKey[], runner: Runner): void {
  runner.show({ schema_version: SCHEMA_VERSION, zone, keys }, () => {
    for (const { files } of keys) for (const file of files) runner.output.print(file);
    for (const { tag, role, algorithmName } of keys) {
      runner.output.note(`key ${tag} of ${zone}: ${role}, ${algorithmName}`);
    }
  });
}

function tagOf(text: string): number {
  const parsed = tagSchema.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new OperationError('USAGE_WRONG', 'BAD_PARAMETERS', `--key: ${parsed.error.issues[0]!.message}`);
}

/** Turns the errors of keys and disks into those of commands. */
async function knownErrors<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof FileStoreError) {
      throw new OperationError(
        'DATA_WRONG',
        `KEY_STORE_${error.code}`,
        error.message,
        'see to that and try again',
      );
    }
    if (!(error instanceof KeystoreError) && !(error instanceof StateError)) throw error;
    const { code, message } = error;
    if (code === 'KEYS_NOT_FOUND') {
      const fix = 'name the keys directory with --keys';
      throw new OperationError('NO_SUCH_OBJECT', code, message, fix);
    }
    throw new OperationError(code === 'KEYS_PRESENT' ? 'REFUSED' : 'DATA_WRONG', code, message);
  }
}
