/**
 * What both kinds of data threads do: keep a table of zones that messages change between two queries, answer through
 * it, acknowledge, and tell of errors. A thread knows no keys but those that it signs with, and no file.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { RateLimiter } from '../answer/ratelimit.ts';
import { Responder } from '../answer/respond.ts';
import { type ServedZone, ZoneTable } from '../answer/zonetable.ts';
import { Counters } from '../base/counters.ts';
import { unixSeconds } from '../base/time.ts';
import type { HandedSocket } from '../transport/handed.ts';
import { type ListenAddress, ListenError } from '../transport/listen.ts';
import type { Certificate } from '../transport/tls.ts';
import type { Respond } from '../wire/peer.ts';
import { Budget } from './budget.ts';
import { eachPublication } from './columns.ts';
import { collectSoon, forgetStartSoon, noteDropped } from './garbage.ts';
import { limitedOf } from './limited.ts';
import type { DataSetup, FromData, ToData } from './messages.ts';
import { openQuickSigner } from './openssl.ts';
import { SignedRows } from './signedrows.ts';

/** What a data thread needs of a server; both transports are one. */
export interface Server {
  start(): Promise<void>;
  stop(): Promise<void>;
  readonly addresses: readonly ListenAddress[];
  /** Of servers that speak TLS. */
  setCertificate?(certificate: Certificate): void;
}

const FAULT_INTERVAL_MS = 1_000;
const LIMITED_INTERVAL_MS = 1_000;
/** Reports of resolvers that come faster are not told: they come again as long as something fails. */
const REPORT_INTERVAL_MS = 50;
/** Each may cost a look at a child. */
const NOTIFICATIONS_PER_SECOND = 200;

/** Makes the server of a thread for sockets that are there already, or for those that it opens itself. */
type MakeServer = (handed: readonly HandedSocket[] | null, respond: Respond, setup: DataSetup) => Server;

/** Runs this thread with the server that `makeServer` makes when it shall listen, until it is told to stop. */
export function runDataThread(makeServer: MakeServer): void {
  const port = parentPort;
  if (port === null) throw new Error('a data thread is started by the supervisor');
  const tell = (message: FromData) => port.postMessage(message);
  const setup = workerData as DataSetup;
  const { seed, answers } = setup;
  const counters = new Counters(setup.counters);
  const table = new ZoneTable();
  const { rateLimit, accounts, ...rest } = answers;
  const limiter = rateLimit === null ? null : new RateLimiter(rateLimit, accounts, counters);
  const quick = openQuickSigner();
  const responder = new Responder(table, counters, seed, { ...rest, limiter, ...(quick && { quick }) });
  const answer = answering(responder, tell);
  const respond = limiter === null ? answer : reporting(answer, limiter, table, tell);
  let server: Server | undefined;
  let certificate: Certificate | undefined;
  const acknowledge = acknowledger(tell);
  /** Messages of many zones since this thread was collected last. */
  let crowds = 0;
  const apply = (message: ToData) => {
    if (message.kind === 'publish') {
      drop(responder, table.publish(message.id, message.epoch));
      acknowledge(message.version);
    } else if (message.kind === 'publishMany') {
      crowds++;
      eachPublication(message, (id, epoch) => drop(responder, table.publish(id, epoch)));
      acknowledge(message.version);
    } else if (message.kind === 'publishSigned') {
      crowds++;
      const source = new SignedRows(message);
      for (const [row, id] of source.ids().entries()) drop(responder, table.publishFrom(id, source, row));
      acknowledge(message.version);
    } else if (message.kind === 'collect') {
      if (crowds > 0) collectSoon();
    } else if (message.kind === 'remove') {
      drop(responder, table.remove(message.id));
      acknowledge(message.version);
    } else if (message.kind === 'certificate') {
      certificate = message.certificate;
      server?.setCertificate?.(certificate);
    } else if (message.kind === 'cookies') {
      responder.setCookieSecrets(message.secrets);
    } else if (message.kind === 'listen') {
      // Before anybody waits for answers: messages of many zones are gone through now.
      if (server === undefined) forgetStartSoon();
      crowds = 0;
      server ??= makeServer(message.handed, respond, setup);
      if (certificate !== undefined) server.setCertificate?.(certificate);
      void open(server, tell);
    } else {
      void Promise.resolve(server?.stop()).then(() => {
        tell({ kind: 'stopped' });
        port.close();
      });
    }
  };
  port.on('message', (messages: readonly ToData[]) => {
    for (const message of messages) apply(message);
  });
}

/** A zone is no longer served: its memory shall go back. */
function drop(responder: Responder, zone: ServedZone | undefined): void {
  if (zone === undefined) return;
  responder.release();
  noteDropped(zone.octets);
}

/** The responder with a clock, read once a query; what it caught is told, at most once a second. */
function answering(responder: Responder, tell: (message: FromData) => void): Respond {
  let lastToldMs = Number.NEGATIVE_INFINITY;
  let lastReportMs = Number.NEGATIVE_INFINITY;
  const notifications = new Budget(NOTIFICATIONS_PER_SECOND);
  return (request, octets, peer, response) => {
    const written = responder.respond(request, octets, peer, unixSeconds(Date.now() / 1000), response);
    if (responder.lastReport !== null) {
      const report = responder.lastReport;
      responder.lastReport = null;
      if (performance.now() - lastReportMs >= REPORT_INTERVAL_MS) {
        lastReportMs = performance.now();
        tell({ kind: 'report', report });
      }
    }
    if (responder.lastNotified !== null) {
      const child = responder.lastNotified;
      responder.lastNotified = null;
      // Who gets no answer tells again.
      if (notifications.take(performance.now()) > 0) return 0;
      tell({ kind: 'notified', child });
    }
    if (responder.lastFault !== null) {
      const fault = responder.lastFault;
      responder.lastFault = null;
      if (performance.now() - lastToldMs >= FAULT_INTERVAL_MS) {
        lastToldMs = performance.now();
        const query = Buffer.from(request.subarray(0, Math.min(octets, 512))).toString('hex');
        tell({ kind: 'fault', text: `${fault instanceof Error ? fault.stack : fault} for query ${query}` });
      }
    }
    return written;
  };
}

/** A responder that tells who went over the rate limit, at most once a second: the counters know of all. */
function reporting(
  respond: Respond,
  limiter: RateLimiter,
  table: ZoneTable,
  tell: (message: FromData) => void,
): Respond {
  let lastToldMs = Number.NEGATIVE_INFINITY;
  return (request, octets, peer, response) => {
    const written = respond(request, octets, peer, response);
    const report = limiter.takeReport();
    if (report !== null && performance.now() - lastToldMs >= LIMITED_INTERVAL_MS) {
      lastToldMs = performance.now();
      tell({ kind: 'limited', limited: limitedOf(report, table) });
    }
    return written;
  };
}

/** Acknowledges the last version that was applied in one turn of the loop: one message for many. */
function acknowledger(tell: (message: FromData) => void): (version: number) => void {
  let applied = 0;
  let isPending = false;
  return (version) => {
    applied = version;
    if (isPending) return;
    isPending = true;
    setImmediate(() => {
      isPending = false;
      tell({ kind: 'applied', version: applied });
    });
  };
}

async function open(server: Server, tell: (message: FromData) => void): Promise<void> {
  try {
    await server.start();
    tell({ kind: 'listening', addresses: server.addresses });
  } catch (error) {
    if (!(error instanceof ListenError)) throw error;
    const { transport, address, port, code } = error;
    tell({ kind: 'listenFailed', transport, address, port, code });
  }
}
