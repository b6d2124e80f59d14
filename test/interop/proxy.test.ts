/** The PROXY protocol as kdig speaks it, over UDP and TCP; kdig has none for TLS, so there Node is the client. */
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { RRTYPE } from '../../src/wire/iana.ts';
import { nameOf } from '../../src/wire/name.ts';
import { encodeQuery } from '../support/asker.ts';
import { makeCertificate } from '../support/certificates.ts';
import { Daemon } from '../support/daemon.ts';
import { versionedZone } from '../support/daemon-watch.ts';
import { describeWithPeers, getPeer } from '../support/peers.ts';
import { freePort, run, Workplace } from '../support/processes.ts';
import { proxyHeader } from '../support/proxy-headers.ts';
import { framed } from '../support/streamclient.ts';

const ZONES = { 'one.example.zone': versionedZone('one.example.', 1) };

describeWithPeers(['kdig', 'openssl'], 'a server behind a proxy', () => {
  const workplace = new Workplace();
  let daemon: Daemon;
  let tlsPort: number;

  const kdig = async (...options: string[]): Promise<string> => {
    const fixed = ['@127.0.0.1', '-p', `${daemon.port}`];
    const { stdout } = await run(getPeer('kdig'), [
      ...[...fixed, '+retry=0', '+timeout=2', ...options],
      ...['one.example.', 'SOA'],
    ]);
    return /status: (\w+)/.exec(stdout)?.[1] ?? 'none';
  };

  beforeAll(async () => {
    const files = await makeCertificate(workplace.at(''));
    tlsPort = await freePort();
    const configuration = [
      'proxyFrom: [127.0.0.1]',
      `listenTls: ["127.0.0.1:${tlsPort}"]`,
      `tls: { certificate: ${files.certificate}, key: ${files.key} }`,
    ].join('\n');
    daemon = await Daemon.start({ workplace, zones: ZONES, configuration, wait: false });
    await daemon.waitForLog(/"serving"/);
  });

  afterAll(async () => {
    if (!daemon.process.hasEnded) await daemon.stop();
    workplace.remove();
  });

  it.each(['+notcp', '+tcp'])(
    'answers through a proxy with %s, and not without its header',
    async (transport) => {
      for (const client of ['192.0.2.7#5353-192.0.2.53#53', '2001:db8::7#5353-2001:db8::53#53']) {
        expect(await kdig(transport, `+proxy=${client}`)).toBe('NOERROR');
      }
      expect(await kdig(transport)).toBe('none');
    },
  );

  it.each([
    ['before TLS', true],
    ['inside of TLS', false],
  ])('takes the header %s', async (_place, isOutside) => {
    const socket = connect(tlsPort, '127.0.0.1');
    const header = proxyHeader('192.0.2.7', 5353, 1);
    if (isOutside) socket.write(header);
    const tls = connectTls({ socket, rejectUnauthorized: false });
    if (!isOutside) tls.write(header);
    tls.write(framed(encodeQuery(77, { name: nameOf('one.example.'), type: RRTYPE.SOA }, false)));
    const answer = await new Promise<Buffer>((resolve, reject) => {
      tls.once('data', resolve);
      tls.once('error', reject);
    });
    expect(answer.readUInt16BE(2)).toBe(77);
    tls.destroy();
  });

  it('answers who is no proxy as ever', async () => {
    expect(await kdig('-b', '127.0.0.2')).toBe('NOERROR');
    expect(await kdig('-b', '127.0.0.2', '+tcp')).toBe('NOERROR');
  });

  it('counts what it dropped', async () => {
    const { stdout } = await daemon.keyturn('--json', 'status');
    expect(JSON.parse(stdout).counters.badProxyHeaders).toBeGreaterThanOrEqual(2);
  });
});
