/**
 * The conformance sweep: every message of the tables to four servers that are configured alike, and what came back
 * told in words. Each message has a socket of its own, so that an answer cannot be taken for that of another.
 */
import { createSocket } from 'node:dgram';
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { NSID_TEXT, ORIGIN, SECRET, type SweepCase } from './conformance-case.ts';
import { COOKIE_CASES } from './conformance-cookies.ts';
import { EDNS_CASES } from './conformance-edns.ts';
import { MESSAGE_CASES } from './conformance-messages.ts';
import { CLOSED, type Reply, SILENCE, wordsOf } from './conformance-told.ts';
import { Daemon } from './daemon.ts';
import { PEER_NAMES, type PeerExtra, type PeerName, PeerServer } from './differential-peers.ts';
import { makeKey, signWithBind } from './named.ts';
import type { Workplace } from './processes.ts';
import { framed, StreamClient } from './streamclient.ts';

export const SWEEP_CASES: readonly SweepCase[] = [...EDNS_CASES, ...COOKIE_CASES, ...MESSAGE_CASES];

/** Nobody answers later than this on one machine; silence takes both tries. */
const TRY_MS = 1_500;
const TRIES = 2;
const IN_FLIGHT = 24;

const text = (octets: number): string => {
  const strings = Array.from({ length: Math.ceil(octets / 200) }, (_, i) => `"${`${i}`.padStart(199, 'x')}"`);
  return strings.join(' ');
};

const ZONE = `$ORIGIN ${ORIGIN}
$TTL 300
@ IN SOA ns1 hostmaster 1 3600 600 86400 60
@ IN NS ns1
@ IN NS ns2
ns1 IN A 192.0.2.1
ns2 IN A 192.0.2.2
www IN A 192.0.2.80
mid IN TXT ${text(900)}
big IN TXT ${text(2_000)}
*.wild IN TXT "w"
sub IN NS ns.sub
ns.sub IN A 192.0.2.53
`;

const SECRET_HEX = Buffer.from(SECRET).toString('hex');
const NSID_HEX = Buffer.from(NSID_TEXT).toString('hex');

/** Cookies and NSID on, sizes as each has them by default. */
const EXTRAS: Readonly<Record<PeerName, PeerExtra>> = {
  named: {
    server: [
      'answer-cookie yes',
      'cookie-algorithm siphash24',
      `cookie-secret "${SECRET_HEX}"`,
      `server-id "${NSID_TEXT}"`,
      'max-udp-size 1232',
      'minimal-responses no-auth-recursive',
    ],
  },
  nsd: {
    server: [
      'answer-cookie: yes',
      `cookie-secret: "${SECRET_HEX}"`,
      `nsid: "${NSID_HEX}"`,
      'ipv4-edns-size: 1232',
      'refuse-any: yes',
    ],
  },
  knotd: {
    server: [`nsid: "${NSID_TEXT}"`, 'udp-max-payload: 1232'],
    sections: ['mod-cookies:', '  - id: fixed', `    secret: 0x${SECRET_HEX}`, '    badcookie-slip: 1'],
    template: ['global-module: mod-cookies/fixed'],
  },
};

const CONFIGURATION = `cookies: { secretFile: secrets }
identity: { nsid: ${NSID_TEXT}, version: ${NSID_TEXT}, hostname: ${NSID_TEXT} }
`;

/** A server in the sweep. */
export interface Swept {
  readonly name: 'keyturn' | PeerName;
  readonly port: number;
  stop(): Promise<void>;
}

/** Starts the three peers with the zone signed by BIND's tools, and Keyturn with the unsigned one. */
export async function startSwept(workplace: Workplace): Promise<Swept[]> {
  const file = workplace.at('sweep.zone');
  writeFileSync(file, ZONE);
  const signed = await signWithBind({ origin: ORIGIN, file }, await makeKey(ORIGIN, workplace.path));
  const zone = { origin: ORIGIN, text: readFileSync(signed, 'latin1') };
  const peers = PEER_NAMES.map((name) => PeerServer.start(name, [zone], workplace, EXTRAS[name]));
  return Promise.all([startOurs(workplace), ...peers]);
}

/** Starts Keyturn with the unsigned zone; `args` go on its command line. */
export async function startOurs(workplace: Workplace, args: readonly string[] = []): Promise<Swept> {
  writeFileSync(workplace.at('secrets'), `${SECRET_HEX}\n`, { mode: 0o600 });
  const server = await Daemon.start({
    workplace,
    zones: { 'sweep.example.zone': ZONE },
    configuration: CONFIGURATION,
    args: [...args],
  });
  return { name: 'keyturn', port: server.port, stop: () => server.stop() };
}

/** Words by case, for one server. */
export async function sweepServer(server: Swept, cases: readonly SweepCase[]): Promise<string[][]> {
  const told = new Array<string[]>(cases.length);
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < cases.length) {
      const at = next++;
      told[at] = await sweepOne(server.port, cases[at]!);
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
  return told;
}

async function sweepOne(port: number, one: SweepCase): Promise<string[]> {
  const octets = one.octets(Math.floor(Date.now() / 1_000));
  for (let tries = 1; ; tries++) {
    const reply = one.transport === 'udp' ? await askUdp(port, octets) : await askStream(port, one, octets);
    if (reply === SILENCE && tries < TRIES) continue;
    const request = one.transport === 'stream' ? octets.subarray(2) : octets;
    const words = wordsOf(request, reply);
    return one.transport === 'udp' && reply.length > limitOf(octets) ? [...words, 'oversize'] : words;
  }
}

/** Octets that an answer over UDP may have: 512, or what the OPT record at the end of a well-formed query says. */
function limitOf(query: Uint8Array): number {
  const at = query.length >= 23 ? Buffer.from(query).indexOf(Uint8Array.of(0, 0, 41), 12) : -1;
  const size = at < 0 || at + 5 > query.length ? 512 : (query[at + 3]! << 8) | query[at + 4]!;
  return Math.max(512, Math.min(size, 1_400));
}

function askUdp(port: number, octets: Uint8Array): Promise<Reply> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    const finish = (reply: Reply): void => {
      clearTimeout(timer);
      socket.close();
      resolve(reply);
    };
    const timer = setTimeout(() => finish(SILENCE), TRY_MS);
    socket.once('message', (reply) => finish(new Uint8Array(reply)));
    socket.once('error', () => finish(CLOSED));
    socket.send(octets, port, '127.0.0.1');
  });
}

async function askStream(port: number, one: SweepCase, octets: Uint8Array): Promise<Reply> {
  const client = await StreamClient.open({ address: '127.0.0.1', port });
  const timeout = new AbortController();
  client.send(one.transport === 'tcp' ? framed(octets) : octets);
  const late = sleep(TRY_MS, SILENCE, { signal: timeout.signal }).catch(() => SILENCE);
  const reply = await Promise.race([client.next(), late]);
  timeout.abort();
  await client.close();
  if (reply === SILENCE) return SILENCE;
  return reply === undefined ? CLOSED : (reply as Uint8Array);
}
