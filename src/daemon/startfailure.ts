/** What stands in the way of a start, in words for a person: what, and what to do. */
import { FileStoreError } from '../base/ports.ts';
import { SocketError } from '../control/socket.ts';
import { ZonesDirectoryError } from '../store/zones.ts';
import { ListenError } from '../transport/listen.ts';
import { explainListenFailure } from './portholder.ts';
import { StartError } from './starterror.ts';
import type { ListenFailure } from './supervisor.ts';

/** A StartError for what an operator can mend; any other error as it is. */
export function explanationOf(error: unknown): unknown {
  if (error instanceof SocketError) return new StartError(error.message, error.fix, { cause: error });
  if (error instanceof ZonesDirectoryError) {
    return new StartError(error.message, 'create it', { cause: error });
  }
  if (error instanceof FileStoreError) {
    return new StartError(error.message, 'make the keys directory writable for this user', { cause: error });
  }
  if (isListenFailure(error) || error instanceof ListenError) {
    const { message, fix } = explainListenFailure(error);
    return new StartError(message, fix);
  }
  return error;
}

function isListenFailure(error: unknown): error is ListenFailure {
  return typeof error === 'object' && error !== null && 'kind' in error && error.kind === 'listenFailed';
}
