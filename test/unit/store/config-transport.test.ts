import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../../src/store/config.ts';

const parse = (text: string) => parseConfig(text, '/etc/keyturn/keyturn.yaml');

describe('what the configuration says about transports', () => {
  it('leaves limits to the server that are not written', () => {
    expect(parse('').config?.transport).toEqual({ streams: {}, tlsListen: [], proxies: [] });
  });

  it('takes limits in the units of the server', () => {
    const text = `tcp: { connections: 500, connectionsPerAddress: 5, idle: 20s, message: 2, stall: 1m, queryOctets: 4096,
      pipeline: 8, unsentOctets: 100000, memory: 50000000 }`;
    expect(parse(text).config?.transport.streams).toEqual({
      ...{
        maxConnections: 500,
        maxConnectionsPerAddress: 5,
        idleMs: 20_000,
        messageMs: 2_000,
        stallMs: 60_000,
      },
      ...{ maxRequestOctets: 4_096, queriesPerTurn: 8, maxUnsentOctets: 100_000, maxHeldOctets: 50_000_000 },
    });
  });

  it('finds the certificate beside the configuration, and wants one for TLS', () => {
    const { config } = parse('listenTls: ["[::1]:853"]\ntls: { certificate: a.pem, key: /keys/a.key }');
    expect(config?.transport.tlsListen).toEqual([{ address: '::1', port: 853 }]);
    expect(config?.tls).toEqual({ certificate: '/etc/keyturn/a.pem', key: '/keys/a.key' });
    const { diagnostics } = parse('listenTls: ["[::1]:853"]');
    expect(diagnostics.map(({ code, line }) => `${line} ${code}`)).toEqual(['1 CONFIG_NO_CERTIFICATE']);
  });

  it('takes proxies as prefixes or addresses', () => {
    const proxies = parse('proxyFrom: [192.0.2.0/28, "2001:db8::7"]').config?.transport.proxies;
    expect(proxies?.map(({ family, bits }) => [family, bits])).toEqual([
      [4, 28],
      [6, 128],
    ]);
  });

  it.each([
    'tcp: { connections: 0 }',
    'tcp: { idle: 0s }',
    'tcp: { queryOctets: 100 }',
    'tcp: { speed: 3 }',
    'proxyFrom: [192.0.2.1/28]',
    'tls: { certificate: a.pem }',
    'user: ""',
  ])('refuses %s', (text) => {
    expect(parse(text).config).toBeUndefined();
  });
});
