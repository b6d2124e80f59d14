/**
 * Claims on Unix sockets. A socket file outlives a process that was killed, so one that is there proves nothing: only
 * a connection does. The claim on the keys directory keeps a second daemon away from it; the control socket is another.
 */
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';

const MAX_PATH_OCTETS = 103;
const CONNECT_MS = 2_000;
/** Of the socket that says that a keys directory is in use. */
export const LOCK_NAME = 'lock.sock';

/** A socket cannot be claimed. */
export class SocketError extends Error {
  override readonly name = 'SocketError';
  readonly code: 'SOCKET_IN_USE' | 'SOCKET_PATH' | 'SOCKET_FAILED';
  readonly fix: string;
  constructor(code: SocketError['code'], message: string, fix: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.fix = fix;
  }
}

/** Makes the place for a socket: creates its directory (0700), removes a file that no process listens on. */
export async function prepareSocket(file: string): Promise<void> {
  if (Buffer.byteLength(file) > MAX_PATH_OCTETS) {
    throw new SocketError(
      'SOCKET_PATH',
      `the path of a socket is at most ${MAX_PATH_OCTETS} octets long: ${file}`,
      'name a shorter one with --control, or a shorter keys directory with --keys',
    );
  }
  try {
    fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
    const before = fs.lstatSync(file, { throwIfNoEntry: false });
    if (before === undefined) return;
    if (!before.isSocket()) {
      throw new SocketError(
        'SOCKET_PATH',
        `${file} is there and is no socket`,
        'remove it, or name another path',
      );
    }
    if (await isListening(file)) {
      throw new SocketError('SOCKET_IN_USE', `another process listens on ${file}`, 'stop it first');
    }
    // Only the very file that nobody listened on goes: another start may have put its own there by now.
    if (fs.lstatSync(file, { throwIfNoEntry: false })?.ino === before.ino) fs.unlinkSync(file);
  } catch (error) {
    if (error instanceof SocketError) throw error;
    const { message } = error as Error;
    throw new SocketError('SOCKET_FAILED', message, `make ${path.dirname(file)} writable`, { cause: error });
  }
}

function isListening(file: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(file);
    const timer = setTimeout(() => finish(() => resolve(true)), CONNECT_MS);
    const finish = (then: () => void) => {
      clearTimeout(timer);
      socket.destroy();
      then();
    };
    socket.once('connect', () => finish(() => resolve(true)));
    socket.once('error', (error: NodeJS.ErrnoException) => {
      const isStale = error.code === 'ECONNREFUSED' || error.code === 'ENOENT';
      finish(() => (isStale ? resolve(false) : reject(error)));
    });
  });
}

/** A claim on a directory; ends with the process at the latest. */
export interface Claim {
  release(): Promise<void>;
}

/**
 * Claims a keys directory for this process; `onConnection` hears those who ask for it. Throws SocketError if another
 * process has it.
 */
export async function claimKeys(
  keysDirectory: string,
  onConnection: (socket: net.Socket) => void = (socket) => socket.destroy(),
): Promise<Claim> {
  const file = path.join(keysDirectory, LOCK_NAME);
  try {
    await prepareSocket(file);
  } catch (error) {
    if (!(error instanceof SocketError) || error.code !== 'SOCKET_IN_USE') throw error;
    throw new SocketError(
      'SOCKET_IN_USE',
      `another keyturn uses the keys in ${keysDirectory}; two would sign with different states`,
      'stop the other one, take over from it with --takeover, or give this one a keys directory of its own with --keys',
    );
  }
  const server = net.createServer(onConnection);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(
        new SocketError('SOCKET_FAILED', error.message, `make ${keysDirectory} writable`, { cause: error }),
      );
    });
    server.listen(file, resolve);
  });
  fs.chmodSync(file, 0o600);
  // A checkout leaves the directory open to others.
  fs.chmodSync(keysDirectory, 0o700);
  server.unref();
  // Who asked for the keys is still connected; that the socket is gone is what counts.
  return {
    release: async () => {
      server.close();
    },
  };
}
