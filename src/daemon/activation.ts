/** Sockets that systemd opened for us (sd_listen_fds): descriptors from 3 on, as many as LISTEN_FDS says. */
import { type HandedSocket, inspectSocket } from '../transport/handed.ts';
import { loadLibc } from '../transport/libc.ts';
import { StartError } from './starterror.ts';

const FIRST_FD = 3;
/** FileDescriptorName= of sockets on which TLS is spoken. */
const TLS_NAME = 'tls';

/** The part of the environment that is ours, and the process that it is meant for. */
export interface Activation {
  readonly environment: NodeJS.ProcessEnv;
  readonly pid: number;
}

/** The sockets that were handed over; none without systemd. Takes the variables away. Throws StartError. */
export function activatedSockets({ environment, pid }: Activation): HandedSocket[] {
  const { LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES = '' } = environment;
  delete environment.LISTEN_PID;
  delete environment.LISTEN_FDS;
  delete environment.LISTEN_FDNAMES;
  const count = Number(LISTEN_FDS ?? 0);
  if (Number(LISTEN_PID) !== pid || !(count > 0)) return [];
  const libc = loadLibc();
  if (typeof libc === 'string') {
    throw new StartError(
      `sockets of systemd cannot be used: ${libc}`,
      'install koffi (npm ci), or start the service without its socket unit',
    );
  }
  const names = LISTEN_FDNAMES.split(':');
  return Array.from({ length: count }, (_, i) => {
    const fd = FIRST_FD + i;
    const found = inspectSocket(libc, fd);
    if (found === undefined) {
      throw new StartError(
        `descriptor ${fd}, which systemd handed over, is no UDP or TCP socket`,
        'name only ListenDatagram= and ListenStream= with addresses and ports in the socket unit',
      );
    }
    const isTls = found.kind === 'tcp' && names[i] === TLS_NAME;
    return { fd, kind: isTls ? 'tls' : found.kind, listen: found.listen, worker: null, isLent: true };
  });
}
