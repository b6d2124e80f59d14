/** What the start tells a person. */
import dgram from 'node:dgram';
import net from 'node:net';
import { describe, expect, it } from 'vitest';
import { explainListenFailure, findHolder } from '../../../src/daemon/portholder.ts';
import { digLine, startSummary } from '../../../src/daemon/summary.ts';
import type { Zone } from '../../../src/daemon/zone.ts';
import { defaultConfig } from '../../../src/store/config.ts';
import { parseListen } from '../../../src/store/listen.ts';

type ListenText = string;
const configOn = (...listen: ListenText[]) =>
  defaultConfig({ listen: listen.map((text) => parseListen(text) as { address: string; port: number }) });
const signed = (name: string) => ({ name, signing: {} }) as Pick<Zone, 'name' | 'signing'>;
const unsigned = (name: string) => ({ name, signing: undefined }) as Pick<Zone, 'name' | 'signing'>;

describe('dig line', () => {
  it('works as it stands, for any address and name', () => {
    const line = (listen: string, zone: string) => digLine(configOn(listen), signed(zone));
    expect(line('127.0.0.1:5300', 'example.com.')).toBe('dig @127.0.0.1 -p 5300 example.com SOA +dnssec');
    expect(line('192.0.2.1:53', '.')).toBe('dig @192.0.2.1 . SOA +dnssec');
    expect(line('0.0.0.0:53', 'a.')).toBe('dig @127.0.0.1 a SOA +dnssec');
    expect(line('[::]:5300', 'a.')).toBe('dig @::1 -p 5300 a SOA +dnssec');
    expect(line('127.0.0.1:53', "a'b\\032c.")).toBe("dig @127.0.0.1 'a'\\''b\\032c' SOA +dnssec");
    expect(digLine(configOn('127.0.0.1:53'), unsigned('a.'))).toBe('dig @127.0.0.1 a SOA');
  });
});

describe('summary', () => {
  const zone = (name: string, isServed = true) =>
    ({
      ...signed(name),
      served: isServed ? {} : undefined,
      problem: isServed ? undefined : {},
    }) as unknown as Zone;

  it('counts, and shows twenty zones at most', () => {
    const zones = Array.from({ length: 23 }, (_, i) => zone(`z${i}.`));
    const lines = startSummary(configOn('127.0.0.1:53'), [...zones, zone('bad.', false)], '1.2.3');
    expect(lines[0]).toBe(
      'keyturn 1.2.3 serves 23 zones (23 signed, 1 not loaded (see the log)) on 127.0.0.1:53',
    );
    expect(lines.filter((line) => line.includes('dig @'))).toHaveLength(20);
    expect(lines.at(-1)).toMatch(/3 more/);
  });

  it('tells zones that are still loading from those that failed', () => {
    const loading = { ...zone('slow.', false), problem: undefined } as unknown as Zone;
    const lines = startSummary(configOn('127.0.0.1:53'), [loading, zone('bad.', false)], '1');
    expect(lines).toEqual([
      'keyturn 1 serves 0 zones (0 signed, 1 not loaded (see the log), 1 still loading) on 127.0.0.1:53',
    ]);
  });

  it('says what to do without zones', () => {
    expect(startSummary(configOn('[::1]:53'), [], '1').join('\n')).toMatch(/\[::1\]:53\n.*put a file like/);
  });
});

describe('a port in use', () => {
  it('is explained with the process that has it', async () => {
    const tcp = net.createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => tcp.once('listening', resolve));
    const { port } = tcp.address() as net.AddressInfo;
    const failure = { transport: 'tcp' as const, address: '127.0.0.1', port, code: 'EADDRINUSE' };
    expect(findHolder(failure)?.pid).toBe(process.pid);
    expect(explainListenFailure(failure)).toMatchObject({
      message: expect.stringMatching(`127.0.0.1:${port} \\(tcp\\) is in use by process ${process.pid} `),
      fix: expect.stringMatching('--listen'),
    });
    await new Promise((resolve) => tcp.close(resolve));
    expect(findHolder(failure)).toBeUndefined();
  });

  it('is found behind a wildcard and for IPv6', async () => {
    const udp = dgram.createSocket({ type: 'udp6', ipv6Only: true });
    await new Promise<void>((resolve) => udp.bind(0, '::', resolve));
    const { port } = udp.address();
    expect(findHolder({ transport: 'udp', address: '::1', port })?.pid).toBe(process.pid);
    expect(
      findHolder({ transport: 'udp', address: '::1', port: port === 1_024 ? 1_025 : port - 1 })?.pid,
    ).not.toBe(process.pid);
    udp.close();
  });

  it('has words for other reasons', () => {
    const explain = (code: string) =>
      explainListenFailure({ transport: 'udp', address: '::1', port: 53, code }).message;
    expect(explain('EACCES')).toMatch(/\[::1\]:53 \(udp\): only privileged/);
    expect(explain('EADDRNOTAVAIL')).toMatch(/no such address/);
    expect(explain('EMFILE')).toMatch(/EMFILE/);
  });
});
