/**
 * Cookies across servers with one secret (RFC 9018): what each of `named`, `nsd`, `knotd` and Keyturn makes for a client
 * is taken by all four, and what none of them made by none.
 */
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ORIGIN, SECRET } from '../support/conformance-case.ts';
import { CookieServer } from '../support/cookie-peers.ts';
import { Daemon } from '../support/daemon.ts';
import { PEER_NAMES, type PeerExtra, type PeerName, PeerServer } from '../support/differential-peers.ts';
import { describeWithPeers } from '../support/peers.ts';
import { Workplace } from '../support/processes.ts';
import { wholeCookie } from '../support/siphash.ts';
import { hex } from '../support/wiretext.ts';

const SECRET_HEX = Buffer.from(SECRET).toString('hex');
const LOOPBACK = Uint8Array.of(127, 0, 0, 1);
const CLIENT = hex('2464c4abcf10c957');
const ZONE = `$ORIGIN ${ORIGIN}
$TTL 60
@ SOA ns hostmaster 1 3600 600 86400 60
@ NS ns
ns A 192.0.2.1
www A 192.0.2.2
`;

/** What a server of ours is told: to insist on cookies. Its file of secrets stands beside its configuration. */
const CONFIGURATION = 'cookies: { mode: require, secretFile: secrets }\n';

/** named and knotd are told to insist on cookies, which nsd cannot. */
const EXTRAS: Readonly<Record<PeerName, PeerExtra>> = {
  named: {
    server: [
      'answer-cookie yes',
      'cookie-algorithm siphash24',
      `cookie-secret "${SECRET_HEX}"`,
      'require-server-cookie yes',
    ],
  },
  nsd: { server: ['answer-cookie: yes', `cookie-secret: "${SECRET_HEX}"`] },
  knotd: {
    sections: ['mod-cookies:', '  - id: fixed', `    secret: 0x${SECRET_HEX}`, '    badcookie-slip: 1'],
    template: ['global-module: mod-cookies/fixed'],
  },
};

describe('cookies as the tests make them', () => {
  it('are those of RFC 9018 appendix A', () => {
    const make = (secret: string, client: string, address: string, time: number) =>
      Buffer.from(wholeCookie(hex(secret), hex(client), hex(address), time)).toString('hex');
    expect(make(SECRET_HEX, '2464c4abcf10c957', 'c6336464', 1_559_731_985)).toBe(
      '2464c4abcf10c957010000005cf79f111f8130c3eee29480',
    );
    const ipv6 = '20010db80220000159ded0f4876982b8';
    expect(make('445536bcd2513298075a5d379663c962', '22681ab97d52c298', ipv6, 1_559_741_961)).toBe(
      '22681ab97d52c298010000005cf7c609a6bb79d16625507a',
    );
  });
});

describeWithPeers(['named', 'nsd', 'knotd'], 'cookies of one secret', () => {
  const workplace = new Workplace();
  const places = [workplace];
  const running: { stop(): Promise<void> }[] = [];
  const servers: CookieServer[] = [];

  beforeAll(async () => {
    const zone = { origin: ORIGIN, text: ZONE };
    const peers = await Promise.all(
      PEER_NAMES.map((name) => PeerServer.start(name, [zone], workplace, EXTRAS[name])),
    );
    running.push(...peers);
    for (const { name, port } of peers) {
      servers.push(new CookieServer(name, port, name === 'nsd' ? 'another' : 'badcookie'));
    }
    servers.push(await startOurs('keyturn', [SECRET]));
  });

  /** A Keyturn with these secrets. */
  async function startOurs(name: string, secrets: readonly Uint8Array[]): Promise<CookieServer> {
    const place = new Workplace();
    places.push(place);
    const rows = secrets.map((secret) => `${Buffer.from(secret).toString('hex')}\n`);
    writeFileSync(place.at('secrets'), rows.join(''), { mode: 0o600 });
    const zones = { 'sweep.example.zone': ZONE };
    const daemon = await Daemon.start({ workplace: place, zones, configuration: CONFIGURATION });
    running.push(daemon);
    return new CookieServer(name, daemon.port, 'badcookie');
  }

  afterAll(async () => {
    for (const server of servers) server.close();
    await Promise.all(running.map((server) => server.stop()));
    for (const place of places) place.remove();
  });

  /** Names of the servers that take a cookie. */
  async function takers(cookie: Uint8Array): Promise<string[]> {
    const taken = await Promise.all(servers.map((server) => server.takes(cookie)));
    return servers.filter((_, index) => taken[index]).map(({ name }) => name);
  }

  const ALL = [...PEER_NAMES, 'keyturn'];

  it('are taken by all, whoever made them', async () => {
    const made = await Promise.all(servers.map((server) => server.make(CLIENT)));
    await sleep(1_100); // a cookie of this second could also be one that was made anew
    for (const [index, cookie] of made.entries()) {
      expect(await takers(cookie), `made by ${servers[index]!.name}`).toEqual(ALL);
    }
  });

  it.each([
    ['29 minutes old', 29 * 60],
    ['4 minutes ahead', -4 * 60],
  ])('are taken by all if they are %s', async (_, age) => {
    const now = Math.floor(Date.now() / 1_000);
    expect(await takers(wholeCookie(SECRET, CLIENT, LOOPBACK, now - age))).toEqual(ALL);
  });

  it('are taken while their secret rolls over, and made by the new one', async () => {
    const next = hex('445536bcd2513298075a5d379663c962');
    const rolling = await startOurs('rolling', [next, SECRET]);
    for (const server of servers)
      expect(await rolling.takes(await server.make(CLIENT)), server.name).toBe(true);
    const made = await rolling.make(CLIENT);
    rolling.close();
    const time = Buffer.from(made).readUInt32BE(12);
    expect(made).toEqual(wholeCookie(next, CLIENT, LOOPBACK, time));
    await sleep(1_100);
    expect(await takers(made)).toEqual([]);
  });

  it.each([
    ['an hour and a minute old', 61 * 60, SECRET, LOOPBACK],
    ['6 minutes ahead', -6 * 60, SECRET, LOOPBACK],
    ['of another secret', 60, new Uint8Array(16), LOOPBACK],
    ['of another address', 60, SECRET, Uint8Array.of(127, 0, 0, 2)],
  ])('are taken by none if they are %s', async (_, age, secret, address) => {
    const now = Math.floor(Date.now() / 1_000);
    expect(await takers(wholeCookie(secret, CLIENT, address, now - age))).toEqual([]);
  });
});
