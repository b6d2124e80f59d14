/** DNS over TLS (RFC 7858) as others speak it: kdig, openssl s_client, Node's own client; and the certificate's renewal. */
import { copyFileSync, writeFileSync } from 'node:fs';
import { connect, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { RRTYPE } from '../../src/wire/iana.ts';
import { nameOf } from '../../src/wire/name.ts';
import { encodeQuery } from '../support/asker.ts';
import { makeCertificate } from '../support/certificates.ts';
import { Daemon } from '../support/daemon.ts';
import { versionedZone } from '../support/daemon-watch.ts';
import { describeWithPeers, getPeer } from '../support/peers.ts';
import { freePort, run, Workplace, waitUntil } from '../support/processes.ts';

const ZONES = { 'one.example.zone': versionedZone('one.example.', 1) };

describeWithPeers(['kdig', 'openssl'], 'DNS over TLS', () => {
  const workplace = new Workplace();
  const [certificate, key] = [workplace.at('server.pem'), workplace.at('server.key')];
  let daemon: Daemon;
  let port: number;

  const install = async (name: string, days?: number) => {
    const made = await makeCertificate(workplace.at(''), name, days);
    copyFileSync(made.certificate, certificate);
    copyFileSync(made.key, key);
  };
  const kdig = (...options: string[]) =>
    run(getPeer('kdig'), [
      ...['@127.0.0.1', '-p', `${port}`, '+tls', '+retry=0', '+timeout=5', ...options],
      ...['one.example.', 'SOA'],
    ]);
  const sClient = (...options: string[]) =>
    run(getPeer('openssl'), ['s_client', '-connect', `127.0.0.1:${port}`, ...options]);
  const open = (options: { alpn?: string; session?: Buffer } = {}): Promise<TLSSocket> =>
    new Promise((resolve, reject) => {
      const socket = connect({
        ...{ host: '127.0.0.1', port, rejectUnauthorized: false },
        ...(options.alpn !== undefined && { ALPNProtocols: [options.alpn] }),
        ...(options.session !== undefined && { session: options.session }),
      });
      socket.once('secureConnect', () => resolve(socket));
      socket.once('error', reject);
    });
  /** The ID of the answer to a query. */
  const ask = async (socket: TLSSocket, id: number): Promise<number> => {
    const query = encodeQuery(id, { name: nameOf('one.example.'), type: RRTYPE.SOA }, false);
    socket.write(Buffer.concat([Uint8Array.of(query.length >> 8, query.length), query]));
    const answer = await new Promise<Buffer>((resolve) => socket.once('data', resolve));
    return answer.readUInt16BE(2);
  };

  beforeAll(async () => {
    await install('ns.example.net');
    port = await freePort();
    const configuration = [
      `listenTls: ["127.0.0.1:${port}"]`,
      'tls: { certificate: server.pem, key: server.key }',
      'tcp: { message: 2s }',
    ].join('\n');
    daemon = await Daemon.start({ workplace, zones: ZONES, configuration });
  });

  afterAll(async () => {
    if (!daemon.process.hasEnded) await daemon.stop();
    workplace.remove();
  });

  it('answers kdig, which checks name and authority', async () => {
    const { code, stdout } = await kdig(`+tls-ca=${certificate}`, '+tls-hostname=ns.example.net', '+dnssec');
    expect(code).toBe(0);
    expect(stdout).toMatch(/TLS session \(TLS1\.3\)/);
    expect(stdout).toMatch(/NOERROR/);
    expect(stdout).toMatch(/RRSIG/);
  });

  it('speaks TLS 1.3 and 1.2, nothing older, and the protocol dot or none', async () => {
    expect((await sClient('-tls1_3', '-alpn', 'dot')).stdout).toMatch(/ALPN protocol: dot/);
    expect((await sClient('-tls1_2')).stdout).toMatch(/No ALPN negotiated[\s\S]*Protocol\s*: TLSv1\.2/);
    expect((await sClient('-tls1_1', '-cipher', 'ALL:@SECLEVEL=0')).stdout).toMatch(/no peer certificate/);
    expect((await sClient('-alpn', 'h2')).stdout).toMatch(/no peer certificate/);
  });

  it('resumes a session', async () => {
    const first = await open({ alpn: 'dot' });
    const session = new Promise<Buffer>((resolve) => first.once('session', resolve));
    expect(await ask(first, 7)).toBe(7);
    const second = await open({ session: await session });
    expect(second.isSessionReused()).toBe(true);
    expect(await ask(second, 8)).toBe(8);
    first.destroy();
    second.destroy();
  });

  it('shows a new certificate to new connections without dropping the old ones', async () => {
    const before = await open();
    await install('ns2.example.net');
    daemon.process.signal('SIGHUP');
    await waitUntil(
      async () => /ns2\.example\.net/.test((await sClient()).stdout),
      'the new certificate',
      15_000,
      daemon.process,
    );
    expect(await ask(before, 9)).toBe(9);
    before.destroy();
  });

  it('keeps a good certificate when the new one is bad, and says so until it is mended', async () => {
    writeFileSync(certificate, 'not a certificate\n');
    daemon.process.signal('SIGHUP');
    await daemon.waitForLog(/"code":"TLS_CERTIFICATE".*cannot be used/);
    expect((await sClient()).stdout).toMatch(/ns2\.example\.net/);
    expect((await daemon.keyturn('status')).stdout).toMatch(/TLS certificate .* cannot be used/);
    expect((await daemon.keyturn('health')).code).not.toBe(0);
    await install('ns3.example.net', 3);
    daemon.process.signal('SIGHUP');
    await daemon.waitForLog(/"code":"TLS_CERTIFICATE".*ends at/);
    await install('ns3.example.net');
    daemon.process.signal('SIGHUP');
    await daemon.waitForLog(/TLS_CERTIFICATE is over/);
    expect((await sClient()).stdout).toMatch(/ns3\.example\.net/);
  });

  it('stands clients that speak no TLS, or stop in the middle of it', async () => {
    const { stdout } = await run(getPeer('kdig'), [
      '@127.0.0.1',
      '-p',
      `${port}`,
      '+tcp',
      '+retry=0',
      '+timeout=4',
      'one.example.',
    ]);
    expect(stdout).not.toMatch(/NOERROR/);
    const socket = await open();
    expect(await ask(socket, 10)).toBe(10);
    socket.destroy();
  });
});

describeWithPeers(['openssl'], 'DNS over TLS that cannot be', () => {
  it.each([
    ['without a certificate', 'listenTls: ["127.0.0.1:5399"]', /CONFIG_NO_CERTIFICATE|needs a certificate/],
    [
      'with one that is not there',
      'listenTls: ["127.0.0.1:5399"]\ntls: { certificate: a.pem, key: a.key }',
      /a\.pem/,
    ],
  ])('does not start %s', async (_case, configuration, message) => {
    const workplace = new Workplace();
    const daemon = await Daemon.start({ workplace, zones: ZONES, configuration, wait: false });
    const { code } = await daemon.process.ended;
    expect(code).not.toBe(0);
    expect(daemon.process.lines.join('\n')).toMatch(message);
    workplace.remove();
  });
});
