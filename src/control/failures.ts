/** Errors of keys and disks, as those of operations. */
import { problemOfError } from '../daemon/problem.ts';
import type { ZoneSigning } from '../daemon/signing.ts';
import type { AuditTrail } from '../store/audit.ts';
import { OperationError } from './operation.ts';

/** Does what changes something. Throws OperationError. */
export async function knownErrors<T>(act: () => T | Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw failureOf(error, 'nothing was changed: ');
  }
}

/** What happened to the keys of a zone. Throws OperationError. */
export function trailOf(signing: ZoneSigning): AuditTrail {
  try {
    return signing.keys.history();
  } catch (error) {
    throw failureOf(error, '');
  }
}

/** Throws what is no error of keys and disks. */
function failureOf(error: unknown, effect: string): OperationError {
  if (error instanceof OperationError) return error;
  const { code, message } = problemOfError(error, '');
  return new OperationError('DATA_WRONG', code, `${effect}${message}`, 'see to that and try again');
}
