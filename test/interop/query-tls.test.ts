/** `keyturn query` over TLS: who answered, and whether that is who was meant. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import tls from 'node:tls';
import { decode, encode } from 'dns-packet';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runCaptured } from '../support/captured.ts';
import { makeCertificate } from '../support/certificates.ts';
import { describeWithPeers } from '../support/peers.ts';
import { Workplace } from '../support/processes.ts';

describeWithPeers(['openssl'], 'query over TLS', () => {
  const place = new Workplace();
  const queries: Buffer[] = [];
  let server: tls.Server;
  let certificate: string;

  beforeAll(async () => {
    const files = await makeCertificate(place.path, 'ns.example.net');
    certificate = files.certificate;
    const [cert, key] = [readFileSync(files.certificate), readFileSync(files.key)];
    server = tls.createServer({ cert, key, ALPNProtocols: ['dot'] }, (socket) => {
      socket.on('error', () => socket.destroy());
      socket.once('data', (framed) => {
        queries.push(framed.subarray(2));
        const { id, questions } = decode(framed.subarray(2));
        const answers = [{ type: 'A' as const, name: 'www.example.com', ttl: 60, data: '192.0.2.1' }];
        const reply = encode({ type: 'response', id: id!, questions: questions!, answers });
        const length = Buffer.alloc(2);
        length.writeUInt16BE(reply.length, 0);
        socket.end(Buffer.concat([length, reply]));
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterAll(() => {
    server.close();
    place.remove();
  });

  function query(...more: string[]) {
    const { port } = server.address() as AddressInfo;
    return runCaptured('query', 'www.example.com', '@127.0.0.1', '-p', String(port), ...more);
  }

  it('tells the name and the fingerprint of whoever it is', async () => {
    const { code, out } = await query('--tls');
    expect(code).toBe(0);
    expect(out).toContain('192.0.2.1');
    expect(out).toMatch(
      /over TLS \(TLSv1\.3, ns\.example\.net, not verified, SHA-256 (?:[0-9A-F]{2}:){31}[0-9A-F]{2}\)/,
    );
    expect(queries.at(-1)!.length % 128).toBe(0);
  });

  it('verifies the name by the authorities that were named', async () => {
    const { code, out } = await query('--tls-host', 'ns.example.net', '--tls-ca', certificate, '--json');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      transport: 'tls',
      tls: { subject: 'ns.example.net', isVerified: true },
    });
  });

  it.each([
    ['another name', ['--tls-host', 'other.example.net'], true],
    ['an authority that nobody knows', ['--tls-host', 'ns.example.net'], false],
  ])('takes no answer from %s', async (_, more, knowsAuthority) => {
    const before = queries.length;
    const { code, out, err } = await query(...more, ...(knowsAuthority ? ['--tls-ca', certificate] : []));
    expect({ code, out }).toEqual({ code: 3, out: '' });
    expect(err).toContain('NO_ANSWER');
    // The question was not told to whoever that is.
    expect(queries.length).toBe(before);
  });
});
