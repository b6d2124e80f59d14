/** SIGHUP: policies of the configuration come into force in a daemon at work, and a wrong configuration does not. */
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Daemon } from '../support/daemon.ts';
import { dig } from '../support/dig.ts';
import { Workplace, waitUntil } from '../support/processes.ts';

const ZONE = `$TTL 300
@ SOA ns h 7 7200 900 1209600 300
@ NS ns
ns A 192.0.2.1
www A 192.0.2.2
sub NS ns.sub
ns.sub A 192.0.2.3
`;
const policy = (values: string) => `policies:\n  default: { bootstrapHold: 0s${values} }\n`;

describe('a configuration that is read again', () => {
  const workplace = new Workplace();
  let daemon: Daemon;
  beforeAll(async () => {
    daemon = await Daemon.start({ workplace, zones: { 'example.com.zone': ZONE } });
  });
  afterAll(async () => {
    await daemon.stop();
    workplace.remove();
  });

  const ask = (name: string, type: string) => dig(daemon.port, name, type, '+dnssec');
  async function rdatas(name: string, type: string, wanted: string): Promise<string[]> {
    const { answer, authority } = await ask(name, type);
    return [...answer, ...authority].filter((record) => record.type === wanted).map(({ rdata }) => rdata);
  }
  const reload = (values: string) => {
    writeFileSync(workplace.at('keyturn.yaml'), policy(values));
    process.kill(daemon.process.pid, 'SIGHUP');
  };
  const proves = (type: string, rdata: RegExp) =>
    waitUntil(
      async () => (await rdatas('sub.example.com', 'DS', type)).some((found) => rdata.test(found)),
      `${type} ${rdata}`,
      15_000,
      daemon.process,
    );

  it('switches the proofs of a zone and keeps its serial, its keys and its signatures', async () => {
    const serial = await daemon.serial('example.com');
    const signatures = await rdatas('www.example.com', 'A', 'RRSIG');
    const keys = await rdatas('example.com', 'DNSKEY', 'DNSKEY');
    reload(', denial: nsec3');
    await proves('NSEC3', / NS$/);
    expect(await rdatas('nothing.example.com', 'A', 'NSEC')).toEqual([]);
    expect(await rdatas('example.com', 'NSEC3PARAM', 'NSEC3PARAM')).toEqual(['1 0 0 -']);
    reload(', denial: nsec3, optOut: true');
    await proves('NSEC3', /^1 1 0 - /);
    reload('');
    await proves('NSEC', /^www\.example\.com\. NS RRSIG NSEC$/);
    expect(await rdatas('nothing.example.com', 'A', 'NSEC3')).toEqual([]);
    expect(await rdatas('example.com', 'NSEC3PARAM', 'NSEC3PARAM')).toEqual([]);
    expect(await rdatas('www.example.com', 'A', 'RRSIG')).toEqual(signatures);
    expect(await rdatas('example.com', 'DNSKEY', 'DNSKEY')).toEqual(keys);
    expect(await daemon.serial('example.com')).toBe(serial);
  });

  it('keeps what was in force if the configuration is wrong, and says what needs another start', async () => {
    reload(', denial: nsec5');
    await daemon.waitForLog(/CONFIG_WRONG/);
    await proves('NSEC', /./);
    writeFileSync(workplace.at('keyturn.yaml'), `${policy(', dnskeyTtl: 30m')}maxZoneFileOctets: 1000000\n`);
    process.kill(daemon.process.pid, 'SIGHUP');
    await daemon.waitForLog(/takes effect at the next start/);
    await waitUntil(
      async () =>
        (await ask('example.com', 'DNSKEY')).answer.some(
          ({ ttl, type }) => type === 'DNSKEY' && ttl === 1_800,
        ),
      'the new TTL of DNSKEY',
      15_000,
      daemon.process,
    );
  });
});
