/** Problems of zones: faults of files and errors of keys in one form, that of diagnostics. */
import type { Diagnostic } from '../base/diagnostic.ts';
import { FileStoreError } from '../base/ports.ts';
import { ApexSignatureError } from '../signer/apex.ts';
import { EpochError } from '../signer/epoch.ts';
import { KeystoreError } from '../store/keypairs.ts';
import { StateError } from '../store/state.ts';
import type { ZoneFault } from '../store/zonefile.ts';
import { ForeignKeysError } from './foreignkeys.ts';

/** Why a zone is not served as its file says. */
export interface Problem {
  readonly code: string;
  readonly message: string;
  /** At least one error. */
  readonly diagnostics: readonly Diagnostic[];
}

/** The problem of a file that is not read. */
export function problemOfFault(fault: ZoneFault, file: string): Problem {
  return problem(fault.code, fault.message, file, fault.fix);
}

/** The problem that an error of keys or signatures is; any other error is a programmer's and is thrown on. */
export function problemOfError(error: unknown, file: string): Problem {
  if (error instanceof ForeignKeysError) return problem(error.code, error.message, file, error.fix);
  if (error instanceof KeystoreError || error instanceof StateError) {
    return problem(error.code, error.message, file);
  }
  if (error instanceof FileStoreError) return problem(`KEY_STORE_${error.code}`, error.message, file);
  if (error instanceof EpochError || error instanceof ApexSignatureError) {
    return problem('SIGNATURE_BAD', error.message, file);
  }
  throw error;
}

function problem(code: string, message: string, file: string, fix?: string): Problem {
  const fixed = fix === undefined ? {} : { fix };
  return {
    code,
    message,
    diagnostics: [{ severity: 'error', code, message, file, line: 0, column: 0, ...fixed }],
  };
}
