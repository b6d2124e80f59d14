/** The configuration file that a command line names. */
import fs from 'node:fs';
import { OperationError } from '../control/operation.ts';

/** Its text. Throws OperationError, with `fix`, if it cannot be read. */
export function configText(file: string, fix: string): string {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch (error) {
    const message = `the configuration cannot be read: ${(error as Error).message}`;
    throw new OperationError('USAGE_WRONG', 'CONFIG_UNREADABLE', message, fix);
  }
}
