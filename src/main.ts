/**
 * The daemon, composed: configuration → claim on the keys → threads → zones → sockets → control socket. Everything
 * that the parts need is handed to them here; this is the only place that knows them all.
 */
import { makeTableMemory } from './answer/ratelimit-table.ts';
import type { FileStore, Random } from './base/ports.ts';
import { createHandlers } from './control/handlers.ts';
import { ControlServer } from './control/server.ts';
import { type Claim, claimKeys } from './control/socket.ts';
import { BulkRunner } from './daemon/bulk.ts';
import { CertificateKeeper, type CertificateOptions } from './daemon/certificate.ts';
import { LiveConfig, type ReadConfig } from './daemon/liveconfig.ts';
import type { AnswerSetup } from './daemon/messages.ts';
import { parentsOf } from './daemon/parents.ts';
import { SYSTEM_CLOCK, SYSTEM_RANDOM } from './daemon/ports.ts';
import { Publisher } from './daemon/publisher.ts';
import { Scheduler } from './daemon/scheduler.ts';
import { guardProcess, handleSignals } from './daemon/signals.ts';
import { StartError } from './daemon/starterror.ts';
import { explanationOf } from './daemon/startfailure.ts';
import { startSummary } from './daemon/summary.ts';
import { Supervisor } from './daemon/supervisor.ts';
import { programVersion } from './daemon/version.ts';
import { ZonesWatch } from './daemon/watch.ts';
import { Zones } from './daemon/zones.ts';
import { EventRing } from './ops/events.ts';
import type { Log } from './ops/log.ts';
import { LogLevels } from './ops/loglevel.ts';
import type { Config } from './store/config.ts';
import { DiskFileStore } from './store/files.ts';
import { chooseUdp, type UdpKind } from './transport/udp-choice.ts';

/** Zones that take longer to load do not keep the others from being served. */
const MAX_START_MS = 30_000;

export interface ServeOptions {
  readonly config: Config;
  readonly log: Log;
  /** Reads the configuration again, as it was read for this one; throws with a message for a person. */
  readonly reread: () => ReadConfig;
  readonly replaceKeys: boolean;
  /** Prints a line for a person. */
  readonly print: (line: string) => void;
}

/** Runs the daemon until a signal ends it. Throws StartError. */
export async function serve({ config, log, reread, replaceKeys, print }: ServeOptions): Promise<void> {
  // Everything we create is for our eyes only: keys, state, sockets.
  process.umask(0o077);
  guardProcess(log);
  const clock = SYSTEM_CLOCK;
  const startedAt = clock.now();
  const version = programVersion();
  const events = new EventRing(clock);
  const files = new DiskFileStore();
  const scheduler = new Scheduler(clock);
  const publisher = new Publisher();
  const random = SYSTEM_RANDOM;
  const seed = new DataView(random.octets(4).buffer).getUint32(0);
  const { listen, transport, keysDirectory, zonesDirectory: directory } = config;
  const udp = udpOf(config, log);
  const claim = await claimDirectory(files, keysDirectory);
  const udpThreads = udp === 'batched' ? config.workers : 1;
  const supervisor = new Supervisor({
    ...{ listen, udp, udpThreads, transport, seed, log, events, scheduler, publisher },
    answers: answersOf(config, random),
  });
  const zones = new Zones(config, {
    ...{ clock, scheduler, publisher, log, events, seed },
    loads: supervisor.loads,
    limitOctets: config.maxZoneFileOctets,
    isUnsigned: config.isUnsigned,
    parents: parentsOf(config),
    signing: { files, random, keysDirectory, replaceKeys },
    lookSoon: (ms) => watch.lookSoon(ms),
  });
  const watch = new ZonesWatch({ directory, log, scheduler, look: () => zones.look() });
  const bulk = new BulkRunner({ clock, scheduler, zones, files, random, keysDirectory, log, events });
  const certificate = certificateOf(config, { clock, scheduler, log, events, supervisor });
  const live = new LiveConfig({ config, read: reread, log, events });
  const handlers = createHandlers({
    get config() {
      return live.current;
    },
    alarms: () => [...zones.alarms, ...(certificate?.alarms ?? [])],
    ...{ clock, zones, supervisor, scheduler, bulk, version, startedAt, events, files, random },
    levels: new LogLevels(log, config.logLevel, scheduler),
  });
  const control = new ControlServer(config.controlPath, handlers, log);
  const tellServer = (event: string, message: string) =>
    events.add({ kind: 'server', zone: null, message, details: { event, version } });
  const stop = async () => {
    tellServer('stopping', 'the server stops');
    watch.stop();
    scheduler.close();
    await Promise.all([control.stop(), supervisor.stop(), bulk.close(), zones.close()]);
    await claim.release();
  };
  const rescan = () => {
    live.reload(zones);
    watch.lookNow();
    certificate?.look();
  };
  handleSignals({ log, stop, rescan });
  try {
    certificate?.start();
    supervisor.start();
    watch.start();
    if (zones.alarms.length > 0) throw new StartError(zones.alarms[0]!.message, zones.alarms[0]!.fix);
    // Whoever asks before all zones are loaded would be refused: the sockets open after that.
    await Promise.race([zones.settled(), scheduler.sleep('start', MAX_START_MS)]);
    await supervisor.listen();
    await control.start();
    bulk.resume();
  } catch (error) {
    await stop();
    throw explanationOf(error);
  }
  tellServer('started', `keyturn ${version} serves`);
  log.info({ version, listen, control: config.controlPath, pid: process.pid }, 'serving');
  for (const line of startSummary(config, zones.all(), version)) print(line);
}

/** Who looks after the certificate, if TLS is spoken. */
function certificateOf(
  { tls: files }: Config,
  { supervisor, ...rest }: Omit<CertificateOptions, 'files' | 'show'> & { readonly supervisor: Supervisor },
): CertificateKeeper | undefined {
  if (files === undefined) return undefined;
  return new CertificateKeeper({ ...rest, files, show: (shown) => supervisor.setCertificate(shown) });
}

/** How data threads answer. Nobody shall know in advance where an account of the rate limit lies. */
function answersOf({ rateLimit, isMinimal, synthesis }: Config, random: Random): AnswerSetup {
  const accounts =
    rateLimit === null ? new SharedArrayBuffer(0) : makeTableMemory(rateLimit.accounts, random.octets(8));
  return { rateLimit, accounts, isMinimal, synthesis };
}

/** The UDP transport, told in the log with its reason. Throws StartError if the wanted one cannot be had. */
function udpOf(config: Config, log: Log): UdpKind {
  const { kind, because } = chooseUdp(config.udp);
  if (kind === undefined) {
    throw new StartError(
      `batched UDP cannot be had: ${because}`,
      'use --udp dgram, or install koffi (npm ci)',
    );
  }
  log.info({ udp: kind, because }, `UDP is ${kind}: ${because}`);
  if (kind === 'dgram' && config.workers > 1) {
    const message = 'UDP runs in one thread: node:dgram cannot share a port among threads';
    log.warn({ workers: config.workers }, message);
  }
  return kind;
}

/** Makes the keys directory and claims it for this process. Throws StartError. */
async function claimDirectory(files: FileStore, keysDirectory: string): Promise<Claim> {
  try {
    await files.makeDirectory(keysDirectory);
    return await claimKeys(keysDirectory);
  } catch (error) {
    throw explanationOf(error);
  }
}
