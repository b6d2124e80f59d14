/** Before anything is read or written: which sockets the threads are handed, and as whom the process runs. */
import type { Log } from '../ops/log.ts';
import type { Config } from '../store/config.ts';
import type { HandedSocket } from '../transport/handed.ts';
import type { ListenAddress } from '../transport/listen.ts';
import type { UdpKind } from '../transport/udp-choice.ts';
import { activatedSockets } from './activation.ts';
import { withinDescriptors } from './descriptors.ts';
import { become, bindEarly } from './privileges.ts';
import { StartError } from './starterror.ts';

export interface SocketPlan {
  /** The configuration with the addresses that are really served. */
  readonly config: Config;
  /** Sockets of all threads that are there already; null: they are opened when the zones are loaded. */
  readonly handed: readonly HandedSocket[] | null;
}

export interface SocketSituation {
  readonly udp: UdpKind;
  readonly udpThreads: number;
  readonly mayShare: boolean;
  readonly log: Log;
}

/** Takes the sockets of systemd, or binds and drops privileges, as configured. Throws StartError or ListenError. */
export function planSockets(given: Config, situation: SocketSituation): SocketPlan {
  const { log } = situation;
  const config = withinDescriptors(given, log);
  const activated = activatedSockets({ environment: process.env, pid: process.pid });
  const { identity } = config;
  const isRoot = process.getuid?.() === 0;
  const mustDrop = identity !== undefined && isRoot;
  if ((activated.length > 0 || mustDrop) && situation.udp !== 'batched') {
    throw new StartError(
      'sockets of systemd and the key user need batched UDP',
      'use --udp auto, and install koffi (npm ci)',
    );
  }
  const plan = activated.length > 0 ? planActivated(config, activated) : planOwn(config, situation, mustDrop);
  if (mustDrop) {
    become(identity);
    log.info({ ...identity }, `running as user ${identity.user} from now on`);
  } else if (isRoot) {
    log.warn(
      {},
      'running as root: name a user to become in the configuration (user), or in the service unit',
    );
  }
  return plan;
}

function planActivated(config: Config, handed: readonly HandedSocket[]): SocketPlan {
  const transport = { ...config.transport, tlsListen: placesOf(handed, ({ kind }) => kind === 'tls') };
  return { config: { ...config, transport, listen: placesOf(handed, ({ kind }) => kind !== 'tls') }, handed };
}

function planOwn(config: Config, { udpThreads, mayShare }: SocketSituation, mustDrop: boolean): SocketPlan {
  const { listen, transport } = config;
  const { tlsListen } = transport;
  return { config, handed: mustDrop ? bindEarly({ listen, tlsListen, udpThreads, mayShare }) : null };
}

/** Where the chosen sockets are bound, each place once. */
function placesOf(
  handed: readonly HandedSocket[],
  isChosen: (socket: HandedSocket) => boolean,
): ListenAddress[] {
  const places = handed
    .filter(isChosen)
    .map(({ listen }) => [`${listen.address} ${listen.port}`, listen] as const);
  return [...new Map(places).values()];
}
