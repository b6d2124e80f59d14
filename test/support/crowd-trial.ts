/** A server before a crowd that holds connections and does not use them: do others have their answers, in bounded memory? */
import { makeCertificate } from './certificates.ts';
import { countServed, residentMiB, startCrowd } from './crowd.ts';
import { Daemon } from './daemon.ts';
import { versionedZone } from './daemon-watch.ts';
import { freePort, Workplace } from './processes.ts';

export interface TrialSetup {
  readonly idle: number;
  readonly slow: number;
  /** Clients with a use for their connections, one after the other. */
  readonly clients: number;
  readonly isTls: boolean;
  /** Limits of the server, as in its configuration. */
  readonly tcp: string;
}

export interface TrialResult {
  readonly served: number;
  readonly restMiB: number;
  readonly crowdedMiB: number;
}

/** Runs one trial. */
export async function tryCrowd({ idle, slow, clients, isTls, tcp }: TrialSetup): Promise<TrialResult> {
  const workplace = new Workplace();
  const { certificate, key } = await makeCertificate(workplace.path);
  const tlsPort = await freePort();
  const configuration = [
    `listenTls: ["127.0.0.1:${tlsPort}"]`,
    `tls: { certificate: ${certificate}, key: ${key} }`,
    `tcp: ${tcp}`,
  ].join('\n');
  const zones = { 'one.example.zone': versionedZone('one.example.', 1) };
  const daemon = await Daemon.start({ workplace, zones, configuration });
  const port = isTls ? tlsPort : daemon.port;
  try {
    const restMiB = residentMiB(daemon.process.pid);
    const crowd = await startCrowd({ workplace, port, idle, slow, isTls });
    const served = await countServed({ address: '127.0.0.1', port }, clients, isTls);
    const crowdedMiB = residentMiB(daemon.process.pid);
    await crowd.stop('SIGKILL');
    return { served, restMiB, crowdedMiB };
  } finally {
    await daemon.process.stop('SIGKILL');
    workplace.remove();
  }
}
