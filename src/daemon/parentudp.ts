/** One message in one datagram, and the one that answers it: NOTIFY to parents, and questions of `diagnose`. */
import { createSocket } from 'node:dgram';
import type { NetworkFault, ServerAddress } from '../parent/network.ts';
import { getId, HEADER } from '../wire/header.ts';
import { faultOf, silentFor } from './parenttcp.ts';

/** Resolves with the datagram of the server that has the id of the message; never rejects. */
export async function sendDatagram(
  { address, port }: ServerAddress,
  message: Uint8Array,
  timeoutMs: number,
): Promise<Uint8Array | NetworkFault> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  const outcome = await new Promise<Uint8Array | NetworkFault>((resolve) => {
    // What came while the event loop was busy is read before the time is up.
    const timer = setTimeout(() => setImmediate(() => resolve(silentFor(timeoutMs))), timeoutMs);
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(faultOf(error)));
    socket.once('close', () => clearTimeout(timer));
    socket.on('message', (octets) => {
      if (octets.length >= HEADER.OCTETS && getId(octets) === getId(message))
        resolve(Uint8Array.from(octets));
    });
    // A connected socket hears its peer alone, and of ports on which nobody listens.
    socket.once('connect', () => socket.send(message));
    socket.connect(port, address);
  });
  socket.close();
  return outcome;
}
