/**
 * The daemon, composed: configuration → claim on the keys → threads → zones → sockets → control socket. Everything
 * that the parts need is handed to them here; this is the only place that knows them all.
 */

import type { Socket } from 'node:net';
import { makeTableMemory } from './answer/ratelimit-table.ts';
import { counted } from './base/diagnostic.ts';
import type { FileStore, Random } from './base/ports.ts';
import { createHandlers } from './control/handlers.ts';
import { hasPredecessor, releaseOnDemand } from './control/handover.ts';
import { ControlServer } from './control/server.ts';
import { type Claim, claimKeys } from './control/socket.ts';
import { returnLargeBlocks } from './daemon/allocator.ts';
import { BulkRunner } from './daemon/bulk.ts';
import { CertificateKeeper, type CertificateOptions } from './daemon/certificate.ts';
import { cookieSecretsOf, rereadCookieSecrets } from './daemon/cookies.ts';
import { COMPACTING, QUIET_MS } from './daemon/crowds.ts';
import { compactSoon } from './daemon/garbage.ts';
import { programVersion } from './daemon/installation.ts';
import { LiveConfig, type ReadConfig } from './daemon/liveconfig.ts';
import type { AnswerSetup } from './daemon/messages.ts';
import { ServiceManager } from './daemon/notify.ts';
import { parentsOf } from './daemon/parents.ts';
import { SYSTEM_CLOCK, SYSTEM_RANDOM } from './daemon/ports.ts';
import { helperThreads, letAnswersGoFirst } from './daemon/precedence.ts';
import { Publisher } from './daemon/publisher.ts';
import { Scheduler } from './daemon/scheduler.ts';
import { guardProcess, handleSignals } from './daemon/signals.ts';
import { planSockets, type SocketPlan, type SocketSituation } from './daemon/sockets.ts';
import { StartError } from './daemon/starterror.ts';
import { explanationOf } from './daemon/startfailure.ts';
import { Succession, type SuccessionContext } from './daemon/succession.ts';
import { startSummary } from './daemon/summary.ts';
import { Supervisor } from './daemon/supervisor.ts';
import { ZonesWatch } from './daemon/watch.ts';
import { Zones } from './daemon/zones.ts';
import { keepOpen } from './dnssec/privatekey.ts';
import { EventRing } from './ops/events.ts';
import type { Log } from './ops/log.ts';
import { LogLevels } from './ops/loglevel.ts';
import type { Config } from './store/config.ts';
import { DiskFileStore } from './store/files.ts';
import { STREAM_DEFAULTS } from './transport/limits.ts';
import { chooseUdp, type UdpKind } from './transport/udp-choice.ts';

/** This thread signs what zones begin with, each with its own keys and seldom: threads that answer keep many more. */
const OPEN_KEYS = 64;
/** Zones that take longer to load do not keep the others from being served. */
const MAX_START_MS = 30_000;
/** And none of them, if its file is never still, keeps the others from bulk work. */
const LONGEST_START_MS = 600_000;

export interface ServeOptions {
  readonly config: Config;
  readonly log: Log;
  /** Reads the configuration again, as it was read for this one; throws with a message for a person. */
  readonly reread: () => ReadConfig;
  readonly replaceKeys: boolean;
  /** Let the process that has the keys hand them over, and answer until this one does. */
  readonly isTakeover: boolean;
  /** Prints a line for a person. */
  readonly print: (line: string) => void;
}

/** Runs the daemon until a signal ends it. Throws StartError. */
export async function serve({
  config: given,
  log,
  reread,
  replaceKeys,
  isTakeover,
  print,
}: ServeOptions): Promise<void> {
  // Everything we create is for our eyes only: keys, state, sockets.
  process.umask(0o077);
  const helpers = helperThreads();
  returnLargeBlocks();
  keepOpen(OPEN_KEYS);
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
  // Threads are started again although the control plane has ended: each has a scheduler of its own.
  const threadScheduler = new Scheduler(clock);
  const manager = new ServiceManager(process.env, process.pid, log);
  const udp = udpOf(given, log);
  const udpThreads = udp === 'batched' ? given.workers : 1;
  const succession = isTakeover ? await takeOver(given, udp, { publisher, scheduler, log }) : undefined;
  const mayShare = succession !== undefined;
  const { config, handed } = planned(given, { udp, udpThreads, mayShare, log });
  const { listen, transport, keysDirectory, zonesDirectory: directory } = config;
  const onConnection = releaseOnDemand(keysDirectory, {
    retire: () => retire(),
    drain: () => end('handed over'),
    failed: (error) => log.error({ error: error.message }, 'the keys cannot be handed over; they stay here'),
  });
  if (!isTakeover) await refuseBesidePredecessor(keysDirectory);
  const claim = await claimDirectory(files, keysDirectory, onConnection);
  const supervisor = new Supervisor({
    ...{ listen, udp, udpThreads, transport, handed, mayShare, seed, clock, log, events, publisher },
    scheduler: threadScheduler,
    answers: answersOf(config, random),
    onNotified: (child) => zones.children.notified(child),
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
  zones.monitor?.wait();
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
  let controlEnd: Promise<unknown> | undefined;
  const endControl = () => {
    watch.stop();
    scheduler.close();
    controlEnd ??= Promise.all([control.stop(), bulk.close(), zones.close()]);
    return controlEnd;
  };
  const retire = async () => {
    tellServer('retired', 'the keys are handed over');
    await endControl();
    await claim.release();
    log.info({}, 'the keys are handed over; answering until the next process does');
  };
  const stop = async () => {
    manager.tell('STOPPING=1');
    tellServer('stopping', 'the server stops');
    threadScheduler.close();
    await Promise.all([endControl(), supervisor.stop()]);
    await claim.release();
  };
  const rescan = () => {
    if (controlEnd !== undefined) return;
    manager.tell('RELOADING=1', `MONOTONIC_USEC=${process.hrtime.bigint() / 1_000n}`);
    live.reload(zones);
    watch.lookNow();
    certificate?.look();
    const use = (secrets: readonly Uint8Array[]) => supervisor.setCookieSecrets(secrets);
    rereadCookieSecrets(config.edns.cookies, random, log, use);
    manager.tell('READY=1');
  };
  const end = handleSignals({ log, stop, rescan });
  try {
    certificate?.start();
    supervisor.start();
    zones.turns.start();
    watch.start();
    if (zones.alarms.length > 0) throw new StartError(zones.alarms[0]!.message, zones.alarms[0]!.fix);
    // Whoever asks before all zones are loaded would be refused: the sockets open after that.
    const settled = () => Promise.race([zones.settled(), scheduler.sleep('start', MAX_START_MS)]);
    await (succession?.ready(zones) ?? settled());
    await supervisor.listen();
    zones.monitor?.begin(zones.all());
    await control.start();
    void Promise.resolve(succession?.finish()).then(() => supervisor.becomeAlone());
    bulk.resume();
    zones.handover.deliveries.start();
  } catch (error) {
    await stop();
    throw explanationOf(error);
  }
  tellServer('started', `keyturn ${version} serves`);
  log.info({ version, listen, control: config.controlPath, pid: process.pid }, 'serving');
  manager.tell('READY=1', `STATUS=serving ${counted(zones.all().length, 'zone')}`);
  manager.watch(scheduler);
  // A start that takes long serves before all zones are there.
  void Promise.race([zones.settled(), scheduler.sleep('bulk work', LONGEST_START_MS)]).then(() => {
    zones.turns.started();
    letAnswersGoFirst(helpers);
    supervisor.collect();
    scheduler.after(COMPACTING, QUIET_MS, compactSoon);
  });
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

/** Of the times in edns-tcp-keepalive (RFC 7828 §3.1). */
const KEEPALIVE_UNIT_MS = 100;

/** How data threads answer. Throws StartError. Nobody shall know in advance where an account of the rate limit lies. */
function answersOf(
  { rateLimit, isMinimal, synthesis, edns, transport, policies }: Config,
  random: Random,
): AnswerSetup {
  const accounts =
    rateLimit === null ? new SharedArrayBuffer(0) : makeTableMemory(rateLimit.accounts, random.octets(8));
  const { cookies, nsid, reportAgent, identity } = edns;
  const idleMs = transport.streams.idleMs ?? STREAM_DEFAULTS.idleMs;
  return {
    ...{ rateLimit, accounts, isMinimal, synthesis, identity },
    cookies: { secrets: cookieSecretsOf(cookies, random), isRequired: cookies.mode === 'require' },
    opt: { nsid, reportAgent, keepalive: Math.floor(idleMs / KEEPALIVE_UNIT_MS) },
    takesNotify: [...policies.values()].some(({ children }) => children.accept !== 'none'),
  };
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

/** Has the keys handed over, if a process has them. Throws StartError. */
async function takeOver(
  { keysDirectory }: Config,
  udp: UdpKind,
  context: SuccessionContext,
): Promise<Succession | undefined> {
  if (udp !== 'batched') {
    throw new StartError(
      'taking over needs batched UDP: node:dgram cannot share a port',
      'stop the running server, then start without --takeover',
    );
  }
  try {
    return await Succession.begin(keysDirectory, context);
  } catch (error) {
    throw explanationOf(error);
  }
}

/** No key state may go on beside a process that still answers by the one before. Throws StartError. */
async function refuseBesidePredecessor(keysDirectory: string): Promise<void> {
  if (!(await hasPredecessor(keysDirectory))) return;
  throw new StartError(
    `a process that has handed over the keys in ${keysDirectory} answers still`,
    'take over from it with --takeover, or stop it first',
  );
}

/** The sockets, and the configuration with what they are bound to. Throws StartError. */
function planned(config: Config, situation: SocketSituation): SocketPlan {
  try {
    return planSockets(config, situation);
  } catch (error) {
    throw explanationOf(error);
  }
}

/** Makes the keys directory and claims it for this process. Throws StartError. */
async function claimDirectory(
  files: FileStore,
  keysDirectory: string,
  onConnection: (socket: Socket) => void,
): Promise<Claim> {
  try {
    await files.makeDirectory(keysDirectory);
    return await claimKeys(keysDirectory, onConnection);
  } catch (error) {
    throw explanationOf(error);
  }
}
