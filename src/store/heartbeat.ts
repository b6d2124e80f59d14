/**
 * `clock.json` in the keys directory: the newest time that key states went by, written down now and then. A clock that
 * is behind it at the next start is wrong, whatever it says.
 *
 *     { "format": 1, "keyTime": "2026-11-24T12:00:00Z" }
 */
import { type FileStore, FileStoreError } from '../base/ports.ts';
import { formatInstant, type UnixSeconds } from '../base/time.ts';
import { asObject, must, readInstant, ShapeError } from './json-shape.ts';

export const HEARTBEAT_FILE = 'clock.json';
const FORMAT = 1;
const MAX_OCTETS = 4_096;

/** The newest key time of former processes; undefined if none is known. Throws ShapeError and FileStoreError. */
export function loadHeartbeat(files: FileStore, keysDirectory: string): UnixSeconds | undefined {
  let octets: Uint8Array;
  try {
    octets = files.read(`${keysDirectory}/${HEARTBEAT_FILE}`, MAX_OCTETS);
  } catch (error) {
    if (error instanceof FileStoreError && error.code === 'ENOENT') return undefined;
    throw error;
  }
  let document: unknown;
  try {
    document = JSON.parse(Buffer.from(octets).toString('utf8'));
  } catch (error) {
    throw new ShapeError(`not JSON: ${(error as Error).message}`);
  }
  const { format, keyTime } = asObject(document);
  must(format === FORMAT, `the format of the clock is ${FORMAT}`);
  return readInstant(keyTime);
}

/** Writes a key time down, durably. Throws FileStoreError. */
export async function saveHeartbeat(
  files: FileStore,
  keysDirectory: string,
  keyTime: UnixSeconds,
): Promise<void> {
  const text = `${JSON.stringify({ format: FORMAT, keyTime: formatInstant(keyTime) })}\n`;
  await files.replaceDurable(`${keysDirectory}/${HEARTBEAT_FILE}`, Buffer.from(text));
}
